//! The recovery key of an open account: making it, revoking it, and proving that it still exists.

use keyarc_auth::{Change, NewRecovery};
use keyarc_crypto::{
    Checkpoint, RecoveryContext, RecoveryEnding, RecoveryKey, RootKey, StateContext,
};
use keyarc_wire::{
    AccountId, ChangeRecoveryRequest, Fixed, KeepRecoveryNoteRequest, NewRecoveryKey, RecoveryInfo,
    RecoveryKeyInfo, Sealed,
};
use rand_core::CryptoRng;

use super::{Session, kit::checkpoint};
use crate::{ClientError, Host, Stage, Transport, recovery_note::RecoveryNote};

const DAY_MS: u64 = 24 * 3_600_000;
/// A kit that was never proven is asked for this long after it was made.
const FIRST_ASKED_AFTER_MS: u64 = 30 * DAY_MS;
/// And then this long after it was proven, or the question put off.
const ASKED_EVERY_MS: u64 = 180 * DAY_MS;
/// What the note is bound to: this account and nothing else.
const LABEL: &str = "recovery";

/// How an account stands to recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryState {
    /// It never had a recovery key.
    Never,
    /// The last one was revoked.
    Revoked,
    /// There is one, and what the account noted about it does not open: somebody else put it
    /// there, or the server shows another one.
    Unknown,
    /// There is one.
    InForce {
        /// When it was made, Unix milliseconds.
        made_at_ms: u64,
        /// When somebody last proved to have it.
        proven_at_ms: Option<u64>,
        /// Whether it is time to ask for it again.
        ask: bool,
    },
}

/// A recovery key that is not in force yet.
pub struct MadeRecoveryKey {
    key: RecoveryKey,
    version: u32,
    checkpoint: Checkpoint,
}

impl MadeRecoveryKey {
    /// For the kit.
    pub fn key(&self) -> &RecoveryKey {
        &self.key
    }

    /// For the kit.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

impl<T: Transport, H: Host> Session<T, H> {
    /// The state of the recovery key at this moment.
    pub fn recovery(&self) -> RecoveryState {
        let now_ms = self.host.now_ms();
        match &*self.recovery.borrow() {
            None => RecoveryState::Never,
            Some(RecoveryInfo { key: None, .. }) => RecoveryState::Revoked,
            Some(RecoveryInfo {
                version,
                key: Some(key),
            }) => match open_note(&self.root, self.account, *version, &key.note) {
                None => RecoveryState::Unknown,
                Some(note) => RecoveryState::InForce {
                    made_at_ms: note.made_at_ms,
                    proven_at_ms: note.proven_at_ms,
                    ask: is_due(&note, now_ms),
                },
            },
        }
    }

    /// Makes a recovery key, without putting it in force. [`ClientError::WrongPassword`] when
    /// that is not the password.
    pub async fn make_recovery_key(&self, password: &str) -> Result<MadeRecoveryKey, ClientError> {
        self.check_password(password).await?;
        let known = self
            .recovery
            .borrow()
            .as_ref()
            .map_or(0, |info| info.version);
        Ok(MadeRecoveryKey {
            key: RecoveryKey::make(&mut self.host.rng()),
            version: known.checked_add(1).ok_or(ClientError::Tampered)?,
            checkpoint: self.checkpoint()?,
        })
    }

    /// Puts a recovery key in force. The one before opens nothing any more.
    pub async fn put_recovery_key(
        &self,
        origin: &str,
        password: &str,
        made: &MadeRecoveryKey,
    ) -> Result<(), ClientError> {
        let sealed = seal(
            &self.root,
            self.account,
            made.version,
            &made.key,
            self.host.now_ms(),
            &mut self.host.rng(),
        )?;
        self.change_recovery(origin, password, made.version, Some(sealed))
            .await
    }

    /// Revokes the recovery key: the kit opens nothing without the password any more.
    pub async fn revoke_recovery_key(
        &self,
        origin: &str,
        password: &str,
    ) -> Result<(), ClientError> {
        let known = self
            .recovery
            .borrow()
            .as_ref()
            .map_or(0, |info| info.version);
        let version = known.checked_add(1).ok_or(ClientError::Tampered)?;
        self.change_recovery(origin, password, version, None).await
    }

    /// Whether these are the last two groups of the recovery key, or the whole of it. If they are,
    /// that it was proven today is noted. What was typed goes nowhere.
    pub async fn prove_recovery_key(&self, typed: &str) -> Result<bool, ClientError> {
        let Some((version, mut note)) = self.note() else {
            return Err(ClientError::NotFound);
        };
        let is_right = RecoveryEnding::parse(typed).is_some_and(|typed| typed.is(&note.ending));
        if is_right {
            note.proven_at_ms = Some(self.host.now_ms());
            self.keep_note(version, &note).await?;
        }
        Ok(is_right)
    }

    /// Notes that the question was put off.
    pub async fn put_recovery_off(&self) -> Result<(), ClientError> {
        let Some((version, mut note)) = self.note() else {
            return Err(ClientError::NotFound);
        };
        note.asked_at_ms = Some(self.host.now_ms());
        self.keep_note(version, &note).await
    }

    /// Where the account stands, for a kit.
    pub(super) fn checkpoint(&self) -> Result<Checkpoint, ClientError> {
        if !self.trust().may_write() {
            return Err(ClientError::ReadOnly);
        }
        let belief = self.belief.borrow();
        let head = belief.head.as_ref().ok_or(ClientError::Unreachable)?;
        Ok(checkpoint(self.keyset.borrow().version, head))
    }

    async fn change_recovery(
        &self,
        origin: &str,
        password: &str,
        version: u32,
        key: Option<NewRecoveryKey>,
    ) -> Result<(), ClientError> {
        let keyset = self.keyset_in_force().await?;
        let proving = self.unlock_keys(password, &keyset).await?;
        let change = Change::RecoveryKey(statement(version, key.as_ref()));
        let proof = self.prove(origin, change, proving.auth()).await?;
        self.host.progress(Stage::Sending, 0);
        let request = ChangeRecoveryRequest {
            handle: self.handle,
            version,
            key,
            proof,
        };
        let sent = self.api.change_recovery(&request, self.host.now_ms()).await;
        let sent = self.noted(sent);
        // Whatever the answer, what is in force is looked up.
        let account = self.noted(self.api.account(self.host.now_ms()).await)?;
        let noted = |info: &RecoveryInfo| info.key.as_ref().map(|key| key.note.clone());
        let wanted = request.key.as_ref().map(|key| key.note.clone());
        let is_ours = account.id == self.account
            && account
                .recovery
                .as_ref()
                .is_some_and(|info| info.version == version && noted(info) == wanted);
        *self.recovery.borrow_mut() = account.recovery;
        self.host.progress(Stage::Sending, 100);
        match sent {
            _ if is_ours => Ok(()),
            Ok(()) => Err(ClientError::Tampered),
            Err(failure) => Err(match failure.into() {
                // Not for the password, which opened the keys in force a moment ago.
                ClientError::WrongPassword => ClientError::Refused {
                    message: "The server did not accept the change.".into(),
                    action: "Nothing was changed. Try again.".into(),
                },
                other => other,
            }),
        }
    }

    /// The note about the key in force, if it opens.
    fn note(&self) -> Option<(u32, RecoveryNote)> {
        let recovery = self.recovery.borrow();
        let info = recovery.as_ref()?;
        let key = info.key.as_ref()?;
        let note = open_note(&self.root, self.account, info.version, &key.note)?;
        Some((info.version, note))
    }

    async fn keep_note(&self, version: u32, note: &RecoveryNote) -> Result<(), ClientError> {
        let note = seal_note(&self.root, self.account, note, &mut self.host.rng())?;
        let request = KeepRecoveryNoteRequest {
            version,
            note: note.clone(),
        };
        let kept = self.api.keep_recovery_note(&request, self.host.now_ms());
        self.noted(kept.await)?;
        if let Some(RecoveryInfo {
            key: Some(RecoveryKeyInfo { note: known, .. }),
            ..
        }) = &mut *self.recovery.borrow_mut()
        {
            *known = note;
        }
        Ok(())
    }
}

/// What the server keeps of a recovery key.
pub(super) fn seal(
    root: &RootKey,
    account: AccountId,
    version: u32,
    key: &RecoveryKey,
    now_ms: u64,
    rng: &mut impl CryptoRng,
) -> Result<NewRecoveryKey, ClientError> {
    let keys = key.derive_keys();
    let context = RecoveryContext {
        account_id: account.0,
        version,
    };
    let wrapped = root
        .wrap_for_recovery(&keys, &context, rng)
        .map_err(|_| ClientError::Sealing)?;
    let note = RecoveryNote {
        version,
        made_at_ms: now_ms,
        proven_at_ms: None,
        asked_at_ms: None,
        ending: key.ending(),
    };
    Ok(NewRecoveryKey {
        auth_public_key: Fixed(keys.auth().public_key()),
        wrapped_root_key: Sealed(wrapped),
        note: seal_note(root, account, &note, rng)?,
    })
}

/// What a statement says of a recovery key.
pub(super) fn statement(version: u32, key: Option<&NewRecoveryKey>) -> NewRecovery<'_> {
    NewRecovery {
        version,
        key: key.map(|key| keyarc_auth::NewRecoveryKey {
            auth_public_key: key.auth_public_key.0,
            wrapped_root_key: &key.wrapped_root_key.0,
            note: &key.note.0,
        }),
    }
}

fn seal_note(
    root: &RootKey,
    account: AccountId,
    note: &RecoveryNote,
    rng: &mut impl CryptoRng,
) -> Result<Sealed, ClientError> {
    root.seal_state(&context(account), &note.encode(), rng)
        .map(Sealed)
        .map_err(|_| ClientError::Sealing)
}

fn open_note(
    root: &RootKey,
    account: AccountId,
    version: u32,
    sealed: &Sealed,
) -> Option<RecoveryNote> {
    let plaintext = root.open_state(&context(account), &sealed.0).ok()?;
    RecoveryNote::decode(&plaintext).filter(|note| note.version == version)
}

fn context(account: AccountId) -> StateContext {
    StateContext {
        owner: account.0,
        label: LABEL,
    }
}

fn is_due(note: &RecoveryNote, now_ms: u64) -> bool {
    let last = note.proven_at_ms.max(note.asked_at_ms);
    let due_at_ms = match last {
        Some(last) => last.saturating_add(ASKED_EVERY_MS),
        None => note.made_at_ms.saturating_add(FIRST_ASKED_AFTER_MS),
    };
    now_ms >= due_at_ms
}

#[cfg(test)]
mod tests {
    use keyarc_crypto::RECOVERY_ENDING_LEN;

    use super::*;

    #[test]
    fn a_kit_is_asked_for_after_a_month_and_then_twice_a_year() {
        let note = |proven: Option<u64>, asked: Option<u64>| RecoveryNote {
            version: 1,
            made_at_ms: 1_000,
            proven_at_ms: proven,
            asked_at_ms: asked,
            ending: RecoveryEnding::from_bytes(&[0; RECOVERY_ENDING_LEN]),
        };
        for (note, due_at_ms) in [
            (note(None, None), 1_000 + FIRST_ASKED_AFTER_MS),
            (note(Some(5_000), None), 5_000 + ASKED_EVERY_MS),
            (note(Some(5_000), Some(7_000)), 7_000 + ASKED_EVERY_MS),
            (note(None, Some(u64::MAX)), u64::MAX),
        ] {
            assert!(!is_due(&note, due_at_ms - 1));
            assert!(is_due(&note, due_at_ms));
        }
    }
}
