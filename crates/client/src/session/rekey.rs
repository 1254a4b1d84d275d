//! "I was compromised": new keys throughout, and every item sealed anew under them.
//!
//! Nothing of the new keys is ever sealed under the old ones, which are assumed to be known to
//! somebody else. They live in this object alone until the swap, so that a change of keys which is
//! cut off by the end of the program begins anew, with other keys; what was staged by then is of
//! no use to anybody and is dropped.

use keyarc_auth::{Change, NewAccountKeys};
use keyarc_crypto::{
    AccountContext, Checkpoint, Keyring, RecoveryKey, RootKey, SetupCode, Suite, UnlockKeys,
};
use keyarc_signature::{ManifestBody, UserBundle};
use keyarc_vault::{DetailsError, ResealError, Resealing, UnlockedVault};
use keyarc_wire::{
    AccountResponse, Bytes, DetailsRequest, ErrorCode, Fixed, ItemId, Keyset, NewRecoveryKey,
    RekeyRequest, Sealed, StageItemsRequest, StagedItem,
};
use rand_core::Rng as _;

use super::{
    Session,
    enter::Entering,
    kit::checkpoint,
    passkey::Way,
    password::derive,
    proof::new_keys,
    read::{batch_of, percent},
    recovery::{seal, statement},
};
use crate::{ApiFailure, Backoff, ClientError, Host, PasswordError, Stage, Transport};

/// How often a request whose answer was lost is sent.
const TRIES: u32 = 8;
/// How often the swap is tried anew after somebody wrote to the vault.
const ROUNDS: u32 = 16;
/// Items whose details are fetched at once, unless they are too large.
const FETCHED_AT_ONCE: usize = 500;
/// Bytes of sealed items that are sent at once: with base64 well below the limit of a batch.
const SENT_AT_ONCE: usize = 3 * 1024 * 1024;

/// What all keys are changed to.
pub struct ChangeAllKeys<'a> {
    /// The password in force.
    pub current: &'a str,
    /// The one to be. Whether it is strong enough is the caller's to say.
    pub new: &'a str,
    /// How keys are to be derived from it.
    pub suite: Suite,
}

/// New keys that are not in force yet, and how far the items are sealed under them. Dropping it
/// gives the change up and wipes the keys.
pub struct Rekey {
    id: [u8; 16],
    code: SetupCode,
    recovery_key: RecoveryKey,
    checkpoint: Checkpoint,
    unlock: UnlockKeys,
    keyring: Keyring,
    keyset: Keyset,
    bundle: UserBundle,
    resealing: Resealing,
    wrapped_vault_key: Sealed,
    recovery_version: u32,
    recovery: NewRecoveryKey,
    /// It may be in force.
    sent: bool,
}

impl Rekey {
    /// The setup code that will be in force: same handle, another secret.
    pub fn setup_code(&self) -> &SetupCode {
        &self.code
    }

    /// The recovery key that will be in force.
    pub fn recovery_key(&self) -> &RecoveryKey {
        &self.recovery_key
    }

    /// For the kit.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

/// What became of a swap.
enum Swap {
    Made(Box<AccountResponse>),
    /// Somebody wrote to the vault first.
    Stale,
}

impl<T: Transport + Clone, H: Host + Clone> Session<T, H> {
    /// Makes new keys, without putting them in force. Their owner must have the kit that they
    /// make before [`Self::rekey`]. [`ClientError::WrongPassword`] when that is not the password.
    pub async fn begin_rekey(&self, wish: &ChangeAllKeys<'_>) -> Result<Rekey, ClientError> {
        self.check_password(wish.current).await?;
        self.sync().await?;
        self.check_readable()?;
        let head = self.belief.borrow().head.clone();
        let head = head.ok_or(ClientError::Unreachable)?;
        let (version, recovery_version) = {
            let known = self
                .recovery
                .borrow()
                .as_ref()
                .map_or(0, |info| info.version);
            let version = self.keyset.borrow().version;
            (version.checked_add(1), known.checked_add(1))
        };
        let version = version.ok_or(ClientError::Tampered)?;
        let recovery_version = recovery_version.ok_or(ClientError::Tampered)?;
        let mut rng = self.host.rng();
        let code = self.code.borrow().with_fresh_secret(wish.suite, &mut rng);
        let unlock = derive(&self.host, wish.new, &code).await?;
        let root = RootKey::make(&mut rng);
        let keyring = Keyring::make(&mut rng);
        let bundle = keyring
            .rotation(&self.keyring, &self.bundle)
            .ok_or(ClientError::Tampered)?;
        let sealing = |_| ClientError::Sealing;
        let place = AccountContext {
            account_id: self.account.0,
            keyset_version: version,
        };
        let wrapped_root_key = root.wrap(&unlock, &place, &mut rng).map_err(sealing)?;
        let wrapped_keyring = root
            .wrap_keyring(&keyring, &place, &mut rng)
            .map_err(sealing)?;
        let (resealing, wrapped_vault_key) = self
            .look(|vault| vault.begin_resealing(&root, &mut rng))
            .map_err(sealing)?
            .ok_or(ClientError::Tampered)?;
        let recovery_key = RecoveryKey::make(&mut rng);
        let now_ms = self.host.now_ms();
        let recovery = seal(
            &root,
            self.account,
            recovery_version,
            &recovery_key,
            now_ms,
            &mut rng,
        )?;
        let mut id = [0; 16];
        rng.fill_bytes(&mut id);
        Ok(Rekey {
            id,
            code,
            recovery_key,
            checkpoint: checkpoint(version, &head),
            unlock,
            keyring,
            keyset: Keyset {
                version,
                wrapped_root_key: Sealed(wrapped_root_key),
                keyring: Sealed(wrapped_keyring),
            },
            bundle,
            resealing,
            wrapped_vault_key,
            recovery_version,
            recovery,
            sent: false,
        })
    }

    /// Seals every item anew and puts the new keys in force, all at once, and returns the session
    /// that holds them. This session is of no use from then on. `current` is the password in
    /// force before.
    ///
    /// When it fails nothing has changed, and it may be called again with the same keys: it goes
    /// on where it was. After [`PasswordError::Unknown`] that tells what became of the swap.
    pub async fn rekey(
        &self,
        rekey: &mut Rekey,
        origin: &str,
        current: &str,
    ) -> Result<Self, PasswordError> {
        let _turn = self.turn.lock().await;
        if rekey.sent {
            // An earlier try may have come through.
            let account = self.account_in_force().await?;
            if account.keyset == rekey.keyset {
                return self.enter(rekey, account).await;
            }
            self.retired.set(false);
        }
        let before = self.keyset_in_force().await?;
        if before.version.checked_add(1) != Some(rekey.keyset.version) {
            return Err(PasswordError::ChangedElsewhere);
        }
        let proving = self.unlock_keys(current, &before).await?;
        let mut stale = false;
        for _ in 0..ROUNDS {
            self.sync_in_turn().await?;
            self.check_readable()?;
            if stale && self.look(|vault| rekey.resealing.pending(vault).is_empty()) {
                // What was staged is gone: another device began a change of keys too. Copies of
                // the request that are still on their way must not meet what is staged anew.
                rekey.resealing.forget_all();
                self.host.rng().fill_bytes(&mut rekey.id);
            }
            self.stage_pending(rekey).await?;
            // Items that went or changed meanwhile are seen to in the next round.
            let Some(request) = self.signed_rekey(rekey, origin, &proving).await? else {
                continue;
            };
            match self.put_in_force(rekey, &before, &request).await? {
                Swap::Made(account) => return self.enter(rekey, *account).await,
                Swap::Stale => stale = true,
            }
        }
        Err(ClientError::Refused {
            message: "Somebody keeps writing to the vault.".into(),
            action: "Nothing was changed. End the other sessions and try again.".into(),
        }
        .into())
    }

    /// When a change of keys was begun that was not finished, Unix milliseconds.
    pub fn rekey_begun_at_ms(&self) -> Option<u64> {
        self.rekey_begun_at_ms.get()
    }

    /// Drops what the server keeps aside of a change of keys that was not finished.
    pub async fn discard_rekey(&self) -> Result<(), ClientError> {
        self.noted(self.api.discard_rekey(self.host.now_ms()).await)?;
        self.rekey_begun_at_ms.set(None);
        Ok(())
    }

    /// What does not open cannot be sealed anew, and would be lost.
    fn check_readable(&self) -> Result<(), ClientError> {
        if !self.trust().may_write() {
            return Err(ClientError::ReadOnly);
        }
        match self.look(UnlockedVault::unreadable) {
            0 => Ok(()),
            count => Err(ClientError::Refused {
                message: format!("{count} items cannot be opened and would be lost."),
                action: "Nothing was changed. Update KeyArc, or delete them, then try again."
                    .into(),
            }),
        }
    }

    /// Seals what is not sealed yet, batch by batch, and has the server keep it aside.
    async fn stage_pending(&self, rekey: &mut Rekey) -> Result<(), ClientError> {
        let pending = self.look(|vault| rekey.resealing.pending(vault));
        let total = pending.len();
        let mut at_once = FETCHED_AT_ONCE;
        let mut done = 0;
        self.host.progress(Stage::Sealing, 0);
        if total == 0 {
            // The change has begun all the same: what another one staged is dropped.
            self.stage(rekey.id, Vec::new()).await?;
        }
        while done < total {
            let chunk = &pending[done..total.min(done + at_once)];
            let Some(staged) = self.reseal(rekey, chunk).await? else {
                at_once = (at_once / 2).max(1);
                continue;
            };
            if let Err(error) = self.stage(rekey.id, staged).await {
                rekey.resealing.forget(chunk);
                return Err(error);
            }
            done += chunk.len();
            self.host
                .progress(Stage::Sealing, percent(done as u32, total as u32));
        }
        Ok(())
    }

    /// Seals some items anew; `None` when their details are too large to be fetched at once.
    async fn reseal(
        &self,
        rekey: &mut Rekey,
        items: &[ItemId],
    ) -> Result<Option<Vec<StagedItem>>, ClientError> {
        let vault = self.look(UnlockedVault::id);
        let request = DetailsRequest {
            item_ids: items.to_vec(),
        };
        let answer = self
            .patiently(|| self.api.details(vault, &request, self.host.now_ms()))
            .await;
        let Some(details) = batch_of(answer, items)? else {
            return Ok(None);
        };
        let mut staged = Vec::with_capacity(details.len());
        for details in &details {
            let mut rng = self.host.rng();
            let sealed = self.look(|vault| rekey.resealing.reseal(vault, details, &mut rng));
            match sealed {
                Ok(item) => staged.push(item),
                // Changed or deleted since: the next sync knows, and the next round sees to it.
                Err(ResealError::Details(DetailsError::Outdated | DetailsError::NotFound)) => {}
                Err(ResealError::Details(DetailsError::Tampered)) => {
                    return Err(ClientError::Tampered);
                }
                Err(ResealError::Seal(_)) => return Err(ClientError::Sealing),
            }
        }
        Ok(Some(staged))
    }

    /// Has the server keep items aside, as many at once as it takes.
    async fn stage(&self, rekey: [u8; 16], items: Vec<StagedItem>) -> Result<(), ClientError> {
        let mut items = items.into_iter().peekable();
        loop {
            let mut batch = Vec::new();
            let mut bytes = 0;
            while bytes < SENT_AT_ONCE
                && let Some(item) = items.next()
            {
                bytes += item.overview.0.len() + item.details.0.len();
                batch.push(item);
            }
            let request = StageItemsRequest {
                rekey: Fixed(rekey),
                items: batch,
            };
            self.patiently(|| self.api.stage_items(&request, self.host.now_ms()))
                .await?;
            if items.peek().is_none() {
                break;
            }
        }
        if self.rekey_begun_at_ms.get().is_none() {
            self.rekey_begun_at_ms.set(Some(self.host.now_ms()));
        }
        Ok(())
    }

    /// Sends what does no harm when it comes twice, until it is answered.
    async fn patiently<R>(
        &self,
        send: impl AsyncFn() -> Result<R, ApiFailure>,
    ) -> Result<R, ApiFailure> {
        let mut backoff = Backoff::default();
        let mut tries = 1;
        loop {
            let sent = self.noted(send().await);
            let away = match &sent {
                Err(failure) => ClientError::from(failure.clone()) == ClientError::Unreachable,
                Ok(_) => false,
            };
            if !away || tries == TRIES {
                return sent;
            }
            tries += 1;
            let pause = backoff.next_ms(&mut self.host.rng());
            self.host.sleep(pause).await;
        }
    }

    /// The request that puts the new keys in force; `None` while an item is not staged as it is.
    async fn signed_rekey(
        &self,
        rekey: &Rekey,
        origin: &str,
        proving: &UnlockKeys,
    ) -> Result<Option<RekeyRequest>, ClientError> {
        let Some(manifest) = self.manifest_after(rekey)? else {
            return Ok(None);
        };
        let vault = self.look(UnlockedVault::id);
        let bundle = rekey.bundle.encode();
        let key_epoch = rekey.resealing.key_epoch();
        let auth_public_key = rekey.unlock.auth().public_key();
        let change = Change::Rekey(NewAccountKeys {
            rekey: rekey.id,
            keys: new_keys(&rekey.keyset, auth_public_key),
            bundle: &bundle,
            vault: vault.0,
            key_epoch,
            wrapped_vault_key: &rekey.wrapped_vault_key.0,
            manifest: &manifest,
            recovery: statement(rekey.recovery_version, Some(&rekey.recovery)),
        });
        let proof = self.prove(origin, change, proving.auth()).await?;
        Ok(Some(RekeyRequest {
            handle: self.handle,
            rekey: Fixed(rekey.id),
            keyset: rekey.keyset.clone(),
            auth_public_key: Fixed(auth_public_key),
            bundle: Bytes(bundle),
            vault,
            key_epoch,
            wrapped_vault_key: rekey.wrapped_vault_key.clone(),
            manifest: Bytes(manifest),
            recovery_version: rekey.recovery_version,
            recovery_key: rekey.recovery.clone(),
            proof,
        }))
    }

    /// The manifest after the head, of the items as they were sealed anew.
    fn manifest_after(&self, rekey: &Rekey) -> Result<Option<Vec<u8>>, ClientError> {
        let Some(tree) = self.look(|vault| rekey.resealing.tree(vault)) else {
            return Ok(None);
        };
        let belief = self.belief.borrow();
        let head = belief.head.as_ref().ok_or(ClientError::Unreachable)?;
        let body = ManifestBody {
            vault: head.body().vault,
            version: head.body().version.saturating_add(1),
            prev: head.hash(),
            key_epoch: rekey.resealing.key_epoch(),
            team_head: [0; 32],
            items: tree.items,
            root: tree.root,
            time_ms: self.host.now_ms(),
        };
        Ok(Some(body.sign(rekey.keyring.signing_key()).encode()))
    }

    /// Sends the request until its outcome is known. The server's word is not taken for it: what
    /// is in force is looked up.
    async fn put_in_force(
        &self,
        rekey: &mut Rekey,
        before: &Keyset,
        request: &RekeyRequest,
    ) -> Result<Swap, PasswordError> {
        rekey.sent = true;
        self.retired.set(true);
        self.host.progress(Stage::Sending, 0);
        let mut backoff = Backoff::default();
        // From the first lost answer on a copy of the request may still be on its way.
        let mut lost = false;
        for attempt in 1..=TRIES {
            let sent = self.api.rekey(request, self.host.now_ms()).await;
            let sent = self.noted(sent);
            lost |= sent == Err(ApiFailure::NoAnswer);
            match self.account_in_force().await {
                Ok(account) if account.keyset == request.keyset => {
                    self.host.progress(Stage::Sending, 100);
                    return Ok(Swap::Made(Box::new(account)));
                }
                Ok(account) if account.keyset == *before => match sent {
                    Ok(()) => return self.unchanged(ClientError::Tampered),
                    Err(ApiFailure::NoAnswer) => {}
                    // The nonce has run out, for every copy.
                    Err(failure) if lost && failure.code() == Some(ErrorCode::LoginRefused) => {
                        return self.unchanged(ClientError::Unreachable);
                    }
                    // No copy can come through any more: the vault's head is another one, or what
                    // was staged under this name is gone.
                    Err(failure) if failure.code() == Some(ErrorCode::ManifestStale) => {
                        self.retired.set(false);
                        return Ok(Swap::Stale);
                    }
                    Err(_) if lost => {}
                    Err(failure) => return self.unchanged(refusal(failure)),
                },
                Ok(_) => {
                    self.retired.set(false);
                    return Err(PasswordError::ChangedElsewhere);
                }
                Err(ClientError::Unreachable) => lost = true,
                Err(ClientError::SessionEnded) if lost => return Err(PasswordError::Unknown),
                Err(error) => return self.unchanged(error),
            }
            if attempt < TRIES {
                let pause = backoff.next_ms(&mut self.host.rng());
                self.host.sleep(pause).await;
            }
        }
        Err(PasswordError::Unknown)
    }

    fn unchanged<R>(&self, error: ClientError) -> Result<R, PasswordError> {
        self.retired.set(false);
        Err(error.into())
    }

    async fn account_in_force(&self) -> Result<AccountResponse, ClientError> {
        let account = self.noted(self.api.account(self.host.now_ms()).await)?;
        if account.id == self.account {
            Ok(account)
        } else {
            // A cookie of another account has taken the place of this one's.
            Err(ClientError::SessionEnded)
        }
    }

    /// Opens the account with the new keys, and the vault, whose newest manifest must follow the
    /// head of before and be signed by the new key, which has signed nothing else.
    async fn enter(&self, rekey: &Rekey, account: AccountResponse) -> Result<Self, PasswordError> {
        let session = Self::open(Entering {
            api: self.api.again(),
            host: self.host.clone(),
            account,
            way: Way::Password(&rekey.unlock),
            code: &rekey.code,
            pins: None,
            floor: Some(rekey.checkpoint),
        })?;
        session.belief.borrow_mut().device = self.belief.borrow().device;
        // The keys are in force; only the vault is still to come.
        for _ in 1..TRIES {
            match session.fetch().await {
                Err(ClientError::Unreachable) => {
                    let pause = Backoff::default().next_ms(&mut self.host.rng());
                    self.host.sleep(pause).await;
                }
                fetched => {
                    fetched?;
                    return Ok(session);
                }
            }
        }
        Err(PasswordError::Unknown)
    }
}

/// Why the server refused a change that it has not made.
fn refusal(failure: ApiFailure) -> ClientError {
    match failure.code() {
        // Not for the password, which opened the keys in force a moment ago.
        Some(ErrorCode::LoginRefused) => ClientError::Refused {
            message: "The server did not accept the change.".into(),
            action: "Nothing was changed. Try again.".into(),
        },
        _ => failure.into(),
    }
}
