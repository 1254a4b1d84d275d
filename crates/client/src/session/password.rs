//! Change of password: new keys for the account, all of them or none.
//!
//! The root key stays as it is and is wrapped anew. The server swaps the wraps and the key that
//! log-ins are checked against in one step. Whether it has is never taken from its answer, which
//! may be lost, late or a lie, but looked up: every envelope holds 192 random bits, so the keyset
//! in force is the new one, byte for byte, or it is not.

use keyarc_auth::Change;
use keyarc_crypto::{AccountContext, KdfError, PasswordKey, RootKey, SetupCode, Suite, UnlockKeys};
use keyarc_wire::{ChangePasswordRequest, ErrorCode, Fixed, Keyset, Sealed};

use super::{Session, proof::new_keys};
use crate::{ApiFailure, Backoff, ClientError, Host, PasswordError, Stage, Transport};

/// How often a request whose answer was lost is sent. The pauses between add up to more than a
/// minute, unless chance shortens them all: by then its nonce has run out, and the server says so.
const TRIES: u32 = 8;

/// What changes the password.
pub struct ChangePassword<'a> {
    /// The origin of the server, for example `https://keyarc.example`.
    pub origin: &'a str,
    /// The password in force.
    pub current: &'a str,
    /// The one to be. Whether it is strong enough is the caller's to say.
    pub new: &'a str,
    /// How keys are to be derived from it. Another suite makes another setup code,
    /// [`Session::setup_code`]: its owner must have it before the change is made.
    pub suite: Suite,
}

impl<T: Transport, H: Host> Session<T, H> {
    /// How keys are derived from the password in force.
    pub fn suite(&self) -> Suite {
        self.code.borrow().suite()
    }

    /// The account's setup code under a suite. The one in force is that under [`Self::suite`].
    pub fn setup_code(&self, suite: Suite) -> SetupCode {
        self.code.borrow().with_suite(suite)
    }

    /// Is this the password in force? [`ClientError::WrongPassword`] when it is not.
    pub async fn check_password(&self, password: &str) -> Result<(), ClientError> {
        let keyset = self.keyset_in_force().await?;
        self.unlock_keys(password, &keyset).await.map(drop)
    }

    /// Puts a new password in force and ends every other session of the account. On success the
    /// setup code in force is that of the suite asked for.
    ///
    /// Tried again after [`PasswordError::Unknown`] it finds out what became of the first try.
    pub async fn change_password(&self, wish: &ChangePassword<'_>) -> Result<(), PasswordError> {
        let code = self.setup_code(wish.suite);
        let before = self.keyset_in_force().await?;
        let is_unsettled = self.unsettled.borrow().as_ref() == Some(&before);
        if is_unsettled {
            let unlock = derive(&self.host, wish.new, &code).await?;
            if self.opens(&before, &unlock) {
                self.settle(code, before);
                return Ok(());
            }
        }
        let proving = self.unlock_keys(wish.current, &before).await?;
        let unlock = derive(&self.host, wish.new, &code).await?;
        let after = self.rewrapped(&before, &unlock)?;
        let request = self.signed(wish.origin, after, &proving, &unlock).await?;

        self.host.progress(Stage::Sending, 0);
        *self.unsettled.borrow_mut() = Some(request.keyset.clone());
        let swapped = self.swap(&before, &request).await;
        match &swapped {
            Ok(()) => self.settle(code, request.keyset),
            Err(PasswordError::Unknown) => {}
            Err(_) => drop(self.unsettled.borrow_mut().take()),
        }
        self.host.progress(Stage::Sending, 100);
        swapped
    }

    /// Sends the request until its outcome is known.
    async fn swap(
        &self,
        before: &Keyset,
        request: &ChangePasswordRequest,
    ) -> Result<(), PasswordError> {
        let mut backoff = Backoff::default();
        // From the first lost answer on a copy of the request may still be on its way.
        let mut lost = false;
        for attempt in 1..=TRIES {
            let sent = self.api.change_password(request, self.host.now_ms()).await;
            let sent = self.noted(sent);
            lost |= sent == Err(ApiFailure::NoAnswer);
            match self.keyset_in_force().await {
                Ok(now) if now == request.keyset => return Ok(()),
                Ok(now) if now == *before => match sent {
                    Ok(()) => return Err(ClientError::Tampered.into()),
                    Err(ApiFailure::NoAnswer) => {}
                    // The nonce has run out, for every copy.
                    Err(failure) if lost && failure.code() == Some(ErrorCode::LoginRefused) => {
                        return Err(ClientError::Unreachable.into());
                    }
                    Err(_) if lost => {}
                    Err(failure) => return Err(refusal(failure)),
                },
                // What was sent for this very version, in part.
                Ok(now) if now.keyring == request.keyset.keyring => {
                    return Err(ClientError::Tampered.into());
                }
                Ok(_) => return Err(PasswordError::ChangedElsewhere),
                Err(ClientError::Unreachable) => lost = true,
                Err(ClientError::SessionEnded) if lost => return Err(PasswordError::Unknown),
                Err(error) => return Err(error.into()),
            }
            if attempt < TRIES {
                let pause = backoff.next_ms(&mut self.host.rng());
                self.host.sleep(pause).await;
            }
        }
        Err(PasswordError::Unknown)
    }

    /// The account's keyset at the server. It is the one that this session knows, or a newer one
    /// that was made by somebody who holds the root key: another tab with the same cookie.
    pub(super) async fn keyset_in_force(&self) -> Result<Keyset, ClientError> {
        let account = self.noted(self.api.account(self.host.now_ms()).await)?;
        if account.id != self.account {
            // A cookie of another account has taken the place of this one's.
            return Err(ClientError::SessionEnded);
        }
        *self.recovery.borrow_mut() = account.recovery;
        let keyset = account.keyset;
        let is_ours = {
            let known = self.keyset.borrow();
            if keyset.version > known.version {
                let place = self.place(keyset.version);
                self.root.unwrap_keyring(&keyset.keyring.0, &place).is_ok()
            } else {
                keyset == *known
            }
        };
        if is_ours {
            Ok(keyset)
        } else {
            Err(ClientError::Tampered)
        }
    }

    /// Derives the keys of the password in force, and tells when it is not that.
    pub(super) async fn unlock_keys(
        &self,
        password: &str,
        keyset: &Keyset,
    ) -> Result<UnlockKeys, ClientError> {
        if password.is_empty() {
            return Err(ClientError::WrongPassword);
        }
        let code = self.setup_code(self.suite());
        let unlock = derive(&self.host, password, &code).await?;
        if self.opens(keyset, &unlock) {
            Ok(unlock)
        } else {
            Err(ClientError::WrongPassword)
        }
    }

    pub(super) fn opens(&self, keyset: &Keyset, unlock: &UnlockKeys) -> bool {
        let wrapped = &keyset.wrapped_root_key.0;
        RootKey::unwrap(wrapped, unlock, &self.place(keyset.version)).is_ok()
    }

    /// The same root key and keyring, for the next version of the keyset.
    fn rewrapped(&self, before: &Keyset, unlock: &UnlockKeys) -> Result<Keyset, ClientError> {
        let keyring = self
            .root
            .unwrap_keyring(&before.keyring.0, &self.place(before.version))
            .map_err(|_| ClientError::Tampered)?;
        let version = before.version.checked_add(1).ok_or(ClientError::Tampered)?;
        let place = self.place(version);
        let mut rng = self.host.rng();
        let sealing = |_| ClientError::Sealing;
        let wrapped_root_key = self.root.wrap(unlock, &place, &mut rng).map_err(sealing)?;
        let keyring = self
            .root
            .wrap_keyring(&keyring, &place, &mut rng)
            .map_err(sealing)?;
        Ok(Keyset {
            version,
            wrapped_root_key: Sealed(wrapped_root_key),
            keyring: Sealed(keyring),
        })
    }

    async fn signed(
        &self,
        origin: &str,
        keyset: Keyset,
        proving: &UnlockKeys,
        unlock: &UnlockKeys,
    ) -> Result<ChangePasswordRequest, ClientError> {
        let auth_public_key = unlock.auth().public_key();
        let change = Change::Password(new_keys(&keyset, auth_public_key));
        let proof = self.prove(origin, change, proving.auth()).await?;
        Ok(ChangePasswordRequest {
            handle: self.handle,
            keyset,
            auth_public_key: Fixed(auth_public_key),
            proof,
        })
    }

    fn settle(&self, code: SetupCode, keyset: Keyset) {
        *self.code.borrow_mut() = code;
        *self.keyset.borrow_mut() = keyset;
        self.unsettled.borrow_mut().take();
        // From here on the keys before are old ones.
        self.keep_pins();
    }

    fn place(&self, keyset_version: u32) -> AccountContext {
        AccountContext {
            account_id: self.account.0,
            keyset_version,
        }
    }
}

pub(super) async fn derive<H: Host>(
    host: &H,
    password: &str,
    code: &SetupCode,
) -> Result<UnlockKeys, ClientError> {
    let key = password_key(host, password, code).await?;
    Ok(UnlockKeys::derive(&key, code))
}

pub(super) async fn password_key<H: Host>(
    host: &H,
    password: &str,
    code: &SetupCode,
) -> Result<PasswordKey, ClientError> {
    host.progress(Stage::Deriving, 0);
    let key = host
        .derive_password_key(password, code)
        .await
        .map_err(|error| match error {
            KdfError::Password | KdfError::Parameters | KdfError::Memory => ClientError::Derivation,
        })?;
    host.progress(Stage::Deriving, 100);
    Ok(key)
}

/// Why the server refused a change that it has not made.
fn refusal(failure: ApiFailure) -> PasswordError {
    match failure.code() {
        // Not for the password, which opened the keys in force a moment ago.
        Some(ErrorCode::LoginRefused) => ClientError::Refused {
            message: "The server did not accept the change.".into(),
            action: "Nothing was changed. Try again.".into(),
        }
        .into(),
        _ => ClientError::from(failure).into(),
    }
}
