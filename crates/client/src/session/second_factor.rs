use keyarc_crypto::{SetupCode, UnlockKeys};
use keyarc_wire::{
    Bytes, ErrorCode, LoginRequest, LoginResponse, PasskeyAssertion, PasskeyFactorRequest,
    SecondFactorChallenge, SecondFactorKind, SecondFactorRequest,
};
use zeroize::Zeroize as _;

use super::{
    Session,
    enter::{Entering, begun},
    passkey::Way,
};
use crate::{Api, ApiFailure, ClientError, Host, Stage, Transport};

/// A log-in that lacks its second factor. It holds the keys that the password gave: dropping it
/// wipes them.
pub struct PendingLogIn<T, H> {
    api: Api<T>,
    host: H,
    unlock: UnlockKeys,
    code: SetupCode,
    request: LoginRequest,
    challenge: SecondFactorChallenge,
    pins: Option<Vec<u8>>,
}

/// Why a code opened nothing.
pub struct Refused<T, H> {
    /// What happened.
    pub error: ClientError,
    /// The log-in, where another code may still be tried.
    pub pending: Option<Box<PendingLogIn<T, H>>>,
}

impl<T: Transport, H: Host> PendingLogIn<T, H> {
    pub(super) fn new(
        api: Api<T>,
        host: H,
        unlock: UnlockKeys,
        code: SetupCode,
        request: LoginRequest,
        challenge: SecondFactorChallenge,
        pins: Option<Vec<u8>>,
    ) -> Self {
        Self {
            api,
            host,
            unlock,
            code,
            request,
            challenge,
            pins,
        }
    }

    /// The setup code that the log-in began with.
    pub fn setup_code(&self) -> &SetupCode {
        &self.code
    }

    /// What the account accepts, as its server says.
    pub fn factors(&self) -> &[SecondFactorKind] {
        &self.challenge.factors
    }

    /// The passkeys that may sign [`Self::token`], by their ids.
    pub fn passkeys(&self) -> &[Bytes] {
        &self.challenge.passkeys
    }

    /// What a passkey is to sign.
    pub fn token(&self) -> [u8; 32] {
        self.challenge.token.0
    }

    /// Sends what a passkey signed, opens what comes, and fetches the vault.
    pub async fn finish_by_passkey(
        self: Box<Self>,
        assertion: PasskeyAssertion,
    ) -> Result<Session<T, H>, Refused<T, H>> {
        self.host.progress(Stage::Fetching, 0);
        let request = PasskeyFactorRequest {
            log_in: self.request.clone(),
            token: self.challenge.token,
            assertion,
        };
        let answer = self.api.log_in_by_passkey_factor(&request).await;
        self.take(answer).await
    }

    /// Sends the code of an authenticator app, or a recovery code, opens what comes, and fetches
    /// the vault.
    pub async fn finish(self: Box<Self>, code: &str) -> Result<Session<T, H>, Refused<T, H>> {
        self.host.progress(Stage::Fetching, 0);
        let mut request = SecondFactorRequest {
            log_in: self.request.clone(),
            token: self.challenge.token,
            code: code.to_owned(),
        };
        let answer = self.api.log_in_second_factor(&request).await;
        request.code.zeroize();
        self.take(answer).await
    }

    async fn take(
        self: Box<Self>,
        answer: Result<LoginResponse, ApiFailure>,
    ) -> Result<Session<T, H>, Refused<T, H>> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) => {
                let over = failure.code() == Some(ErrorCode::LoginRefused);
                let error = match failure.into() {
                    ClientError::WrongPassword => ClientError::LogInExpired,
                    other => other,
                };
                return Err(Refused {
                    error,
                    pending: (!over).then_some(self),
                });
            }
        };
        self.open(answer).await.map_err(|error| Refused {
            error,
            pending: None,
        })
    }

    async fn open(self: Box<Self>, answer: LoginResponse) -> Result<Session<T, H>, ClientError> {
        let this = *self;
        let account = begun(&this.api, this.request.client, answer)?;
        let session = Session::open(Entering {
            api: this.api,
            host: this.host,
            account,
            way: Way::Password(&this.unlock),
            code: &this.code,
            pins: this.pins.as_deref(),
            floor: None,
        })?;
        session.fetch().await?;
        Ok(session)
    }
}
