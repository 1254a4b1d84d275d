//! Passkeys: proving the password again, making one, and opening the vault by one.
//!
//! What an authenticator does happens elsewhere, where a person sees it: here its answers are
//! bytes. Its PRF output is a key and is treated like one.

use keyarc_auth::{LoginPurpose, LoginStatement};
use keyarc_crypto::{AccountContext, PasskeyContext, PasskeyKeys, RootKey, SetupCode, UnlockKeys};
use keyarc_wire::{
    AccountResponse, AddPasskeyRequest, Bytes, ChallengeRequest, ClientKind, ErrorCode, Fixed,
    FreshProof, Handle, LoginProof, PasskeyAssertion, PasskeyAttestation, PasskeyCreation,
    PasskeyLoginRequest, PasskeyUnlock, RecoveryCodes, Sealed, UnlockingPasskey,
};
use rand_core::Rng as _;

use super::{
    Session,
    enter::{Entering, begun},
};
use crate::{Api, ClientError, Host, Stage, Transport};

/// By what an account's root key is opened.
#[derive(Clone, Copy)]
pub(super) enum Way<'a> {
    /// Password and setup code.
    Password(&'a UnlockKeys),
    /// A passkey and the setup code.
    Passkey(&'a PasskeyKeys, &'a [u8]),
}

impl Way<'_> {
    /// Opens the root key of what a server says is the account.
    pub(super) fn root_key(
        self,
        account: &AccountResponse,
        context: &AccountContext,
    ) -> Result<RootKey, ClientError> {
        match self {
            Self::Password(unlock) => {
                RootKey::unwrap(&account.keyset.wrapped_root_key.0, unlock, context)
            }
            Self::Passkey(keys, credential_id) => {
                let own = |passkey: &&UnlockingPasskey| passkey.credential_id.0 == credential_id;
                let own = account.passkeys.iter().find(own);
                let own = own.ok_or(ClientError::Tampered)?;
                let context = PasskeyContext {
                    account_id: context.account_id,
                    credential_id,
                };
                RootKey::unwrap_by_passkey(&own.wrapped_root_key.0, keys, &context)
            }
        }
        .map_err(|_| ClientError::Tampered)
    }
}

/// A passkey that an authenticator made.
pub struct NewPasskey<'a> {
    /// From [`Session::begin_passkey`].
    pub token: Fixed<32>,
    /// What the owner calls it.
    pub name: &'a str,
    /// What was made.
    pub attestation: PasskeyAttestation,
    /// What it gives for [`keyarc_crypto::prf_input`]; absent when it has no such output.
    pub prf: Option<&'a [u8]>,
}

/// A passkey that is in force.
pub struct AddedPasskey {
    /// Whether it opens the vault. If not, it is a second factor only.
    pub unlocks: bool,
    /// For when it is lost, if the account had no second factor before.
    pub recovery_codes: Option<RecoveryCodes>,
}

/// What opens an account by a passkey.
pub struct PasskeyLogIn<'a> {
    /// The origin of the server, for example `https://keyarc.example`.
    pub origin: &'a str,
    /// From this device.
    pub code: &'a SetupCode,
    /// What the owner sees in the list of sessions.
    pub device_name: &'a str,
    /// Where the session is kept.
    pub client: ClientKind,
    /// What this device saw before, as [`Host::keep_pins`] was given it.
    pub pins: Option<&'a [u8]>,
}

/// A log-in by a passkey that has not signed yet.
pub struct PendingPasskey<T, H> {
    api: Api<T>,
    host: H,
    origin: String,
    code: SetupCode,
    challenge: Fixed<32>,
    device_name: String,
    client: ClientKind,
    pins: Option<Vec<u8>>,
}

impl<T: Transport, H: Host> Session<T, H> {
    /// Proves that whoever is there knows the password, for what a session alone must not do.
    /// [`ClientError::WrongPassword`] when they do not; nothing is sent then.
    pub async fn prove_password(
        &self,
        origin: &str,
        password: &str,
    ) -> Result<FreshProof, ClientError> {
        let keyset = self.keyset_in_force().await?;
        let unlock = self.unlock_keys(password, &keyset).await?;
        let handle = self.handle;
        let challenge = self.api.challenge(&ChallengeRequest { handle }).await;
        let nonce = self.noted(challenge)?.nonce;
        let sign = |statement: &LoginStatement<'_>| statement.sign(unlock.auth());
        let proof = prove(
            &self.host,
            LoginPurpose::Confirm,
            origin,
            handle,
            nonce,
            sign,
        );
        Ok(FreshProof { handle, proof })
    }

    /// Says how a passkey is to be made. Takes the password.
    pub async fn begin_passkey(
        &self,
        origin: &str,
        password: &str,
    ) -> Result<PasskeyCreation, ClientError> {
        let fresh = self.prove_password(origin, password).await?;
        let begun = self.api.begin_passkey(&fresh, self.host.now_ms()).await;
        self.noted(begun).map_err(|failure| match failure.code() {
            // Not for the password, which opened the keys in force a moment ago.
            Some(ErrorCode::LoginRefused) => ClientError::LogInExpired,
            _ => failure.into(),
        })
    }

    /// Puts a passkey in force, to open the vault by it if it gives what that takes.
    pub async fn add_passkey(
        &self,
        origin: &str,
        made: NewPasskey<'_>,
    ) -> Result<AddedPasskey, ClientError> {
        let credential_id = made.attestation.credential_id.clone();
        let unlock = match made.prf {
            Some(output) => self.unlock_by(output, &credential_id.0)?,
            None => None,
        };
        let request = AddPasskeyRequest {
            origin: origin.to_owned(),
            token: made.token,
            name: made.name.to_owned(),
            attestation: made.attestation,
            unlock,
        };
        let added = self.api.add_passkey(&request, self.host.now_ms()).await;
        let added = self.noted(added)?;
        let unlocks = request.unlock.is_some();
        if unlocks {
            self.passkeys.borrow_mut().push(credential_id);
        }
        Ok(AddedPasskey {
            unlocks,
            recovery_codes: added.recovery_codes,
        })
    }

    /// The passkeys that open the vault, for this device to remember.
    pub fn unlocking_passkeys(&self) -> Vec<Bytes> {
        self.passkeys.borrow().clone()
    }

    /// One was removed from the account.
    pub fn forget_passkey(&self, credential_id: &Bytes) {
        let mut passkeys = self.passkeys.borrow_mut();
        passkeys.retain(|known| known != credential_id);
    }

    /// The account, as authenticators are told: 16 bytes that name it and say nothing else.
    pub fn passkey_user(&self) -> [u8; 16] {
        self.account.0
    }

    /// Asks for what a passkey is to sign.
    pub async fn begin_passkey_log_in(
        transport: T,
        host: H,
        wish: &PasskeyLogIn<'_>,
    ) -> Result<PendingPasskey<T, H>, ClientError> {
        let api = Api::new(transport);
        let handle = Handle(wish.code.handle());
        let challenge = api.challenge(&ChallengeRequest { handle }).await?;
        Ok(PendingPasskey {
            api,
            host,
            origin: wish.origin.to_owned(),
            code: wish.code.with_suite(wish.code.suite()),
            challenge: challenge.nonce,
            device_name: wish.device_name.to_owned(),
            client: wish.client,
            pins: wish.pins.map(<[u8]>::to_vec),
        })
    }

    /// The root key wrapped by a passkey; `None` when its output is good for nothing.
    fn unlock_by(
        &self,
        output: &[u8],
        credential_id: &[u8],
    ) -> Result<Option<PasskeyUnlock>, ClientError> {
        let Ok(keys) = PasskeyKeys::derive(output, &self.code.borrow()) else {
            return Ok(None);
        };
        let context = PasskeyContext {
            account_id: self.account.0,
            credential_id,
        };
        let wrapped = self
            .root
            .wrap_by_passkey(&keys, &context, &mut self.host.rng())
            .map_err(|_| ClientError::Sealing)?;
        Ok(Some(PasskeyUnlock {
            public_key: Fixed(keys.auth().public_key()),
            wrapped_root_key: Sealed(wrapped),
        }))
    }
}

impl<T: Transport, H: Host> PendingPasskey<T, H> {
    /// What the passkey is to sign, within a minute.
    pub fn challenge(&self) -> [u8; 32] {
        self.challenge.0
    }

    /// Proves the passkey and the key of its output, opens what comes, and fetches the vault. The
    /// server gives nothing away before both are proven.
    pub async fn finish(
        self,
        assertion: PasskeyAssertion,
        prf: &[u8],
    ) -> Result<Session<T, H>, ClientError> {
        let keys = PasskeyKeys::derive(prf, &self.code).map_err(|_| ClientError::PasskeyRefused)?;
        self.host.progress(Stage::Fetching, 0);
        let handle = Handle(self.code.handle());
        let sign = |statement: &LoginStatement<'_>| statement.sign(keys.auth());
        let request = PasskeyLoginRequest {
            handle,
            proof: prove(
                &self.host,
                LoginPurpose::Login,
                &self.origin,
                handle,
                self.challenge,
                sign,
            ),
            assertion,
            client: self.client,
            device_name: self.device_name,
        };
        let answer = self.api.log_in_by_passkey(&request).await;
        let answer = answer.map_err(|failure| match failure.code() {
            Some(ErrorCode::LoginRefused) => ClientError::PasskeyRefused,
            // A passkey stands for both factors.
            Some(ErrorCode::SecondFactorRequired) => ClientError::Tampered,
            _ => failure.into(),
        })?;
        let account = begun(&self.api, self.client, answer)?;
        let session = Session::open(Entering {
            api: self.api,
            host: self.host,
            account,
            way: Way::Passkey(&keys, &request.assertion.credential_id.0),
            code: &self.code,
            pins: self.pins.as_deref(),
            floor: None,
        })?;
        session.fetch().await?;
        Ok(session)
    }
}

/// A signed proof over a nonce.
fn prove<H: Host>(
    host: &H,
    purpose: LoginPurpose,
    origin: &str,
    handle: Handle,
    nonce: Fixed<32>,
    sign: impl FnOnce(&LoginStatement<'_>) -> [u8; 64],
) -> LoginProof {
    let mut client_nonce = [0; 32];
    host.rng().fill_bytes(&mut client_nonce);
    let statement = LoginStatement {
        purpose,
        origin,
        handle: handle.0,
        server_nonce: nonce.0,
        client_nonce,
        time_ms: host.now_ms(),
    };
    LoginProof {
        origin: origin.to_owned(),
        server_nonce: nonce,
        client_nonce: Fixed(client_nonce),
        time_ms: statement.time_ms,
        signature: Fixed(sign(&statement)),
    }
}
