//! Unlocking by what a device keeps in the password's place.

use keyarc_crypto::{SetupCode, UnlockKeys};
use keyarc_wire::ClientKind;

use super::{
    Session,
    enter::{LoggingIn, Proving},
    password::password_key,
};
use crate::{Api, ClientError, Host, Stage, Transport};

/// What opens an account without its password.
pub struct KeptLogIn<'a> {
    /// The origin of the server, for example `https://keyarc.example`.
    pub origin: &'a str,
    /// From this device.
    pub code: &'a SetupCode,
    /// What [`Session::keep_unlock`] gave.
    pub kept: &'a [u8],
    /// What the owner sees in the list of sessions.
    pub device_name: &'a str,
    /// Where the session is kept.
    pub client: ClientKind,
    /// What this device saw before, as [`Host::keep_pins`] was given it.
    pub pins: Option<&'a [u8]>,
}

impl<T: Transport, H: Host> Session<T, H> {
    /// What opens this account without its password from now on, together with the setup code, until
    /// the password is changed. It is sealed, and is to be kept where the setup code is not.
    /// [`ClientError::WrongPassword`] when it is not the password in force.
    pub async fn keep_unlock(&self, password: &str) -> Result<Vec<u8>, ClientError> {
        if password.is_empty() {
            return Err(ClientError::WrongPassword);
        }
        let keyset = self.keyset_in_force().await?;
        let code = self.setup_code(self.suite());
        let key = password_key(&self.host, password, &code).await?;
        if !self.opens(&keyset, &UnlockKeys::derive(&key, &code)) {
            return Err(ClientError::WrongPassword);
        }
        UnlockKeys::keep(&key, &code, &mut self.host.rng()).map_err(|_| ClientError::Sealing)
    }

    /// As [`Session::begin_log_in`], by what was kept. [`ClientError::WrongPassword`] when the
    /// password was changed since, or it is of another account.
    pub async fn begin_log_in_by_kept(
        transport: T,
        host: H,
        wish: &KeptLogIn<'_>,
    ) -> Result<LoggingIn<T, H>, ClientError> {
        let unlock = UnlockKeys::of_kept(wish.kept, wish.code);
        let unlock = unlock.map_err(|_| ClientError::WrongPassword)?;
        let api = Api::new(transport);
        host.progress(Stage::Fetching, 0);
        let who = Proving {
            origin: wish.origin,
            code: wish.code,
            unlock: &unlock,
        };
        let request = who.log_in_request(&api, &host, wish.device_name, wish.client);
        let request = request.await?;
        Self::begin_proven(api, host, unlock, wish.code, wish.pins, request).await
    }
}
