//! What the session believes of its vault's history, and what it keeps of it for the next one.

use keyarc_crypto::StateContext;
use keyarc_signature::{ManifestBody, VaultManifest};
use keyarc_vault::Tree;
use keyarc_wire::{Bytes, Fixed, KeepPinsRequest, Sealed, WriteItemsRequest};

use super::Session;
use crate::{Changes, ClientError, Host, Pin, Pins, Transport, Trust, history, pins::LABEL};

/// Other devices are told no more often than this while somebody works.
const TELL_EVERY_MS: u64 = 60_000;
/// How often the device keeps what it has kept already.
const KEEP_EVERY_MS: u64 = 60_000;

impl<T: Transport, H: Host> Session<T, H> {
    /// The lowest version from which the server has to show the whole history.
    pub(super) fn history_from(&self) -> Option<u64> {
        let belief = self.belief.borrow();
        match &belief.head {
            Some(head) => Some(head.body().version),
            None => {
                let seen = belief.seen.iter().map(|pin| pin.version);
                seen.chain(belief.floor.map(|floor| floor.version)).min()
            }
        }
    }

    /// Checks a sync against what was signed and what was seen before. `Ok` says that its
    /// changes may be applied.
    pub(super) fn believe(&self, changes: &Changes) -> Result<(), ClientError> {
        let vault = self.look(|vault| vault.id());
        let owner = self.keyring.signing_key().verifying_key();
        let (known, seen, floor) = {
            let belief = self.belief.borrow();
            match &belief.head {
                Some(head) => (belief.trust_of_head, vec![Pin::of(head)], None),
                None => (Trust::Fresh, belief.seen.clone(), belief.floor),
            }
        };
        let manifests = changes.manifests();
        let shown = history::read(
            manifests,
            vault,
            self.key_epoch,
            &owner,
            &seen,
            floor.as_ref(),
        );
        let Ok(shown) = shown else {
            return self.refuse_as(Trust::Broken);
        };
        let in_session = self.belief.borrow().head.is_some();
        if in_session && shown.trust.is_alarm() {
            // What is open stays as it is: it is newer, or of the history that was believed.
            return self.refuse_as(shown.trust);
        }
        let body = shown.head.body();
        let signed = Tree {
            items: body.items,
            root: body.root,
        };
        // A revision beyond the head would make later syncs skip what is in between.
        let is_signed = changes.highest() <= body.version
            && self
                .vault
                .borrow_mut()
                .expect(changes.iter(), signed)
                .is_ok();
        if !is_signed {
            return self.refuse_as(Trust::Broken);
        }
        let trust = if in_session { known } else { shown.trust };
        self.set_trust(trust);
        let mut belief = self.belief.borrow_mut();
        belief.trust_of_head = trust;
        belief.head = Some(shown.head);
        Ok(())
    }

    /// The signed manifest that follows the head once a request is carried out.
    pub(super) fn next_manifest(
        &self,
        request: &WriteItemsRequest,
    ) -> Result<VaultManifest, ClientError> {
        self.check_current()?;
        if !self.trust().may_write() {
            return Err(ClientError::ReadOnly);
        }
        let belief = self.belief.borrow();
        // Without a first sync nothing is known to write after.
        let head = belief.head.as_ref().ok_or(ClientError::Unreachable)?;
        let mut vault = self.vault.borrow_mut();
        let Tree { items, root } = vault.tree_after(request);
        let body = ManifestBody {
            vault: vault.id().0,
            version: head.body().version.saturating_add(1),
            prev: head.hash(),
            key_epoch: self.key_epoch,
            team_head: [0; 32],
            items,
            root,
            time_ms: self.host.now_ms(),
        };
        Ok(body.sign(self.keyring.signing_key()))
    }

    /// Whether a manifest follows the head that is believed.
    pub(super) fn is_next(&self, manifest: &VaultManifest) -> bool {
        let belief = self.belief.borrow();
        belief
            .head
            .as_ref()
            .is_some_and(|head| manifest.follows(head))
    }

    /// Takes a manifest of our own as the head: the server says that it is stored.
    pub(super) fn advance(&self, manifest: VaultManifest) {
        self.belief.borrow_mut().head = Some(manifest);
        self.keep_pins();
    }

    /// Takes the state that the server shows for the vault's, although a newer one, or another
    /// history, was seen before. Only a person can decide that, who knows that a backup was
    /// restored. This device forgets what it saw, and writing goes on from there.
    ///
    /// Without an alarm there is nothing to decide. [`ClientError::Refused`] within a session
    /// that began before the alarm: what is open then is not what the server shows.
    pub async fn accept_shown(&self) -> Result<(), ClientError> {
        let _turn = self.turn.lock().await;
        if !self.trust().is_alarm() {
            return Ok(());
        }
        {
            let mut belief = self.belief.borrow_mut();
            if belief.head.is_none() || belief.trust != belief.trust_of_head {
                return Err(ClientError::Refused {
                    message: "What is open here is not what the server shows.".into(),
                    action: "Lock the vault and unlock it, and look at what it shows.".into(),
                });
            }
            belief.trust_of_head = Trust::FreshnessUnverified;
            belief.seen.clear();
            belief.floor = None;
            belief.told_at_ms = 0;
        }
        self.set_trust(Trust::FreshnessUnverified);
        self.keep_pins();
        self.tell_others().await;
        Ok(())
    }

    /// Keeps what was seen on this device, if the vault can be believed. What was kept a moment ago is
    /// not kept again: that would be a write to the disk for each look at the vault. After a while it
    /// is, since the device may have failed to keep it.
    pub(super) fn keep_pins(&self) {
        let Some(pins) = self.pins() else {
            return;
        };
        let now = self.host.now_ms();
        let is_kept = self
            .belief
            .borrow()
            .kept
            .as_ref()
            .is_some_and(|(kept, at_ms)| *kept == pins && now.abs_diff(*at_ms) < KEEP_EVERY_MS);
        if is_kept {
            return;
        }
        if let Some(sealed) = self.sealed(&pins) {
            self.host.keep_pins(&sealed);
            self.belief.borrow_mut().kept = Some((pins, now));
        }
    }

    /// Tells the account's other devices what was seen here. A failure is no fault: the next
    /// time tells more.
    pub(super) async fn tell_others(&self) {
        let now = self.host.now_ms();
        let told = self.belief.borrow().told_at_ms;
        if now.saturating_sub(told) < TELL_EVERY_MS && told != 0 {
            return;
        }
        let Some(sealed) = self.pins().and_then(|pins| self.sealed(&pins)) else {
            return;
        };
        let device = {
            let mut belief = self.belief.borrow_mut();
            belief.told_at_ms = now;
            belief.device
        };
        let request = KeepPinsRequest {
            device: Fixed(device),
            pins: Sealed(sealed),
        };
        let _ = self.api.keep_pins(&request, now).await;
    }

    /// What was seen, encoded; `None` while the vault is not to be believed: what was seen before
    /// stays.
    fn pins(&self) -> Option<Vec<u8>> {
        let belief = self.belief.borrow();
        if !belief.trust.may_write() {
            return None;
        }
        let pins = Pins {
            device: belief.device,
            keyset_version: self.keyset.borrow().version,
            vaults: vec![Pin::of(belief.head.as_ref()?)],
        };
        Some(pins.encode())
    }

    fn sealed(&self, pins: &[u8]) -> Option<Vec<u8>> {
        let context = pins_context(self.account.0);
        self.root
            .seal_state(&context, pins, &mut self.host.rng())
            .ok()
    }

    fn set_trust(&self, trust: Trust) {
        let before = std::mem::replace(&mut self.belief.borrow_mut().trust, trust);
        if before != trust {
            self.host.trust(trust);
        }
    }

    fn refuse_as(&self, trust: Trust) -> Result<(), ClientError> {
        self.set_trust(trust);
        Err(ClientError::Tampered)
    }
}

/// The empty vault's manifest.
pub(super) fn first_manifest(
    vault: [u8; 16],
    time_ms: u64,
    key: &keyarc_signature::SigningKey,
) -> Bytes {
    let body = ManifestBody {
        vault,
        version: 0,
        prev: [0; 32],
        key_epoch: 1,
        team_head: [0; 32],
        items: 0,
        root: [0; 32],
        time_ms,
    };
    Bytes(body.sign(key).encode())
}

pub(super) fn pins_context(owner: [u8; 16]) -> StateContext {
    StateContext {
        owner,
        label: LABEL,
    }
}
