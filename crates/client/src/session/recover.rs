//! Coming back without the password, by the recovery key.
//!
//! The first half brings what the recovery key opens, and no session. Only when a new password is
//! chosen does anything change, all at once.

use keyarc_auth::{Change, LoginPurpose, LoginStatement};
use keyarc_crypto::{
    AccountContext, Checkpoint, Keyring, Kit, RecoveryContext, RecoveryKeys, RootKey, SetupCode,
};
use keyarc_wire::{
    ChallengeRequest, ClientKind, ErrorCode, FinishRecoveryRequest, Fixed, Handle, Keyset,
    LoginProof, RecoverRequest, RecoverResponse, RecoverSecondFactor, Sealed,
    SecondFactorChallenge,
};
use rand_core::Rng as _;
use zeroize::Zeroize as _;

use super::{
    Session,
    enter::{Answer, Entering, Proving, begun, check_identity, keyset_seen, log_in},
    passkey::Way,
    password::derive,
    proof::{new_keys, prove_change},
};
use crate::{Api, ApiFailure, ClientError, Host, PasswordError, Stage, Transport};

/// What a recovery begins with.
pub struct Recover<'a> {
    /// The origin of the server, for example `https://keyarc.example`.
    pub origin: &'a str,
    /// The codes of the recovery kit.
    pub kit: &'a Kit,
    /// What this device saw before, as [`Host::keep_pins`] was given it.
    pub pins: Option<&'a [u8]>,
}

/// How far a recovery came.
pub enum Recovering<T, H> {
    /// A new password may be chosen.
    Ready(Box<Recovery<T, H>>),
    /// The recovery key is right; a code is missing.
    SecondFactor(Box<PendingRecovery<T, H>>),
}

/// Who recovers, and what with.
struct Claim<T, H> {
    api: Api<T>,
    host: H,
    origin: String,
    code: SetupCode,
    keys: RecoveryKeys,
    checkpoint: Option<Checkpoint>,
    pins: Option<Vec<u8>>,
}

/// A recovery that lacks its second factor. Dropping it wipes the keys.
pub struct PendingRecovery<T, H> {
    claim: Claim<T, H>,
    request: RecoverRequest,
    challenge: SecondFactorChallenge,
}

/// Why a code led no further.
pub struct RecoveryRefused<T, H> {
    /// What happened.
    pub error: ClientError,
    /// The recovery, where another code may still be tried.
    pub pending: Option<Box<PendingRecovery<T, H>>>,
}

/// A recovery that lacks its new password. Dropping it wipes the keys.
pub struct Recovery<T, H> {
    claim: Claim<T, H>,
    root: RootKey,
    keyring: Keyring,
    answer: RecoverResponse,
}

impl<T: Transport, H: Host> Session<T, H> {
    /// Shows the recovery key to the server and opens what comes. A kit that was replaced or
    /// revoked, a key of another account and an account that does not exist are
    /// [`ClientError::WrongPassword`] alike: the server does not tell.
    pub async fn begin_recovery(
        transport: T,
        host: H,
        wish: &Recover<'_>,
    ) -> Result<Recovering<T, H>, ClientError> {
        host.progress(Stage::Fetching, 0);
        let claim = Claim {
            api: Api::new(transport),
            host,
            origin: wish.origin.to_owned(),
            code: wish.kit.setup_code.with_suite(wish.kit.setup_code.suite()),
            keys: wish.kit.recovery_key.derive_keys(),
            checkpoint: wish.kit.checkpoint,
            pins: wish.pins.map(<[u8]>::to_vec),
        };
        let request = RecoverRequest {
            handle: claim.handle(),
            proof: claim.prove().await?,
            second_factor: None,
        };
        match claim.api.recover(&request).await {
            Ok(answer) => Ok(Recovering::Ready(Box::new(claim.open(answer)?))),
            Err(ApiFailure::Refused(error)) if error.code == ErrorCode::SecondFactorRequired => {
                let challenge = error.second_factor.ok_or(ClientError::Tampered)?;
                Ok(Recovering::SecondFactor(Box::new(PendingRecovery {
                    claim,
                    request,
                    challenge,
                })))
            }
            Err(failure) => Err(refused(failure)),
        }
    }
}

impl<T: Transport, H: Host> PendingRecovery<T, H> {
    /// Sends the code of an authenticator app, or a recovery code.
    pub async fn finish(
        mut self: Box<Self>,
        code: &str,
    ) -> Result<Box<Recovery<T, H>>, RecoveryRefused<T, H>> {
        self.request.second_factor = Some(RecoverSecondFactor {
            token: self.challenge.token,
            code: code.to_owned(),
        });
        let answer = self.claim.api.recover(&self.request).await;
        if let Some(mut second) = self.request.second_factor.take() {
            second.code.zeroize();
        }
        match answer {
            Ok(answer) => match self.claim.open(answer) {
                Ok(recovery) => Ok(Box::new(recovery)),
                Err(error) => Err(RecoveryRefused {
                    error,
                    pending: None,
                }),
            },
            Err(failure) => {
                let over = failure.code() == Some(ErrorCode::LoginRefused);
                let error = match failure.into() {
                    ClientError::WrongPassword => ClientError::LogInExpired,
                    other => other,
                };
                Err(RecoveryRefused {
                    error,
                    pending: (!over).then_some(self),
                })
            }
        }
    }
}

impl<T: Transport, H: Host> Recovery<T, H> {
    /// The setup code of the kit, which is the account's from now on.
    pub fn setup_code(&self) -> &SetupCode {
        &self.claim.code
    }

    /// Puts a new password in force, ends every session of the account, and opens the vault.
    ///
    /// After [`PasswordError::Unknown`] a log-in with the new password tells what became of it.
    pub async fn finish(
        self: Box<Self>,
        password: &str,
        device_name: &str,
        client: ClientKind,
    ) -> Result<Session<T, H>, PasswordError> {
        let Self {
            claim,
            root,
            keyring,
            answer,
        } = *self;
        let Claim {
            api,
            host,
            origin,
            code,
            keys,
            checkpoint,
            pins,
        } = claim;
        let unlock = derive(&host, password, &code).await?;
        let before = answer.keyset.version;
        let place = AccountContext {
            account_id: answer.account.0,
            keyset_version: before.checked_add(1).ok_or(ClientError::Tampered)?,
        };
        let sealing = |_| ClientError::Sealing;
        let mut rng = host.rng();
        let wrapped = root.wrap(&unlock, &place, &mut rng).map_err(sealing)?;
        let wrapped_keyring = root
            .wrap_keyring(&keyring, &place, &mut rng)
            .map_err(sealing)?;
        let keyset = Keyset {
            version: place.keyset_version,
            wrapped_root_key: Sealed(wrapped),
            keyring: Sealed(wrapped_keyring),
        };
        let auth_public_key = unlock.auth().public_key();
        let handle = Handle(code.handle());
        let change = Change::Recovery(new_keys(&keyset, auth_public_key));
        let proof = prove_change(&api, &host, &origin, handle, change, keys.auth())
            .await
            .map_err(ClientError::from)?;
        let request = FinishRecoveryRequest {
            handle,
            ticket: answer.ticket,
            keyset,
            auth_public_key: Fixed(auth_public_key),
            proof,
            client,
            device_name: device_name.to_owned(),
        };
        host.progress(Stage::Sending, 0);
        let account = match api.finish_recovery(&request).await {
            Ok(answer) => begun(&api, client, answer)?,
            Err(ApiFailure::NoAnswer | ApiFailure::Malformed) => {
                return Err(PasswordError::Unknown);
            }
            Err(failure) if failure.code() == Some(ErrorCode::Internal) => {
                return Err(PasswordError::Unknown);
            }
            Err(failure) => {
                let refused = match failure.code() {
                    Some(ErrorCode::Conflict) => PasswordError::ChangedElsewhere,
                    Some(ErrorCode::LoginRefused) => ClientError::LogInExpired.into(),
                    _ => return Err(ClientError::from(failure).into()),
                };
                // A request that came twice is refused the second time: whether the new password
                // is in force is looked up.
                let who = Proving {
                    origin: &origin,
                    code: &code,
                    unlock: &unlock,
                };
                let log_in_request = who.log_in_request(&api, &host, device_name, client).await;
                let looked_up = match log_in_request {
                    Ok(request) => log_in(&api, &request).await,
                    Err(error) => Err(error),
                };
                match looked_up {
                    Ok(Answer::Account(account)) => *account,
                    Err(ClientError::WrongPassword) => return Err(refused),
                    Ok(Answer::SecondFactor(_)) | Err(_) => return Err(PasswordError::Unknown),
                }
            }
        };
        host.progress(Stage::Sending, 100);
        if account.keyset != request.keyset {
            return Err(ClientError::Tampered.into());
        }
        let session = Session::open(Entering {
            api,
            host,
            account,
            way: Way::Password(&unlock),
            code: &code,
            pins: pins.as_deref(),
            floor: checkpoint,
        })?;
        match session.fetch().await {
            // The password is in force; only the vault did not come.
            Err(ClientError::Unreachable) => Err(PasswordError::Unknown),
            fetched => {
                fetched?;
                Ok(session)
            }
        }
    }
}

impl<T: Transport, H: Host> Claim<T, H> {
    fn handle(&self) -> Handle {
        Handle(self.code.handle())
    }

    async fn prove(&self) -> Result<LoginProof, ClientError> {
        let handle = self.handle();
        let challenge = self.api.challenge(&ChallengeRequest { handle }).await?;
        let mut client_nonce = [0; 32];
        self.host.rng().fill_bytes(&mut client_nonce);
        let statement = LoginStatement {
            purpose: LoginPurpose::Recovery,
            origin: &self.origin,
            handle: handle.0,
            server_nonce: challenge.nonce.0,
            client_nonce,
            time_ms: self.host.now_ms(),
        };
        Ok(LoginProof {
            origin: self.origin.clone(),
            server_nonce: challenge.nonce,
            client_nonce: Fixed(client_nonce),
            time_ms: statement.time_ms,
            signature: Fixed(statement.sign(self.keys.auth())),
        })
    }

    /// Opens what the server gave, and refuses it before anything is changed if it is not this
    /// account's or older than what kit and device know.
    fn open(self, answer: RecoverResponse) -> Result<Recovery<T, H>, ClientError> {
        let tampered = |_| ClientError::Tampered;
        let context = RecoveryContext {
            account_id: answer.account.0,
            version: answer.version,
        };
        let root =
            RootKey::recover(&answer.wrapped_root_key.0, &self.keys, &context).map_err(tampered)?;
        let place = AccountContext {
            account_id: answer.account.0,
            keyset_version: answer.keyset.version,
        };
        let keyring = root
            .unwrap_keyring(&answer.keyset.keyring.0, &place)
            .map_err(tampered)?;
        check_identity(&answer.bundle, &answer.rotations, answer.account, &keyring)?;
        let floor = self.checkpoint.map_or(0, |floor| floor.keyset_version);
        let seen = keyset_seen(&root, answer.account, self.pins.as_deref()).max(floor);
        if answer.keyset.version < seen {
            return Err(ClientError::Tampered);
        }
        Ok(Recovery {
            claim: self,
            root,
            keyring,
            answer,
        })
    }
}

fn refused(failure: ApiFailure) -> ClientError {
    match failure.into() {
        ClientError::SessionEnded => ClientError::WrongPassword,
        other => other,
    }
}
