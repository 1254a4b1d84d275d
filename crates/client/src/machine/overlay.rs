//! What was handed in with a token that writes and nobody took yet, laid over what its copy has.

use std::collections::HashMap;

use keyarc_vault::{Item, MachineChange, UnlockedVault};
use keyarc_wire::{ItemId, MachineChangeId, MachineTokenId, SealedChange};

/// The copy of a token that writes, with what its holders made of it.
pub(super) struct Overlay {
    vault: UnlockedVault,
    waiting: HashMap<ItemId, Waiting>,
}

/// A change that waits for the owner.
struct Waiting {
    change: MachineChangeId,
    /// What the item is by it; `None` where the vault is another than it was made on, and where the
    /// item went to the trash.
    item: Option<Item>,
    /// Whether it is made on what the copy has.
    fits: bool,
}

/// What waits of an item that somebody wants to change.
pub(super) enum Before {
    /// Nothing.
    Nothing,
    /// This one, whose place another one may take.
    Change(MachineChangeId),
    /// One that was made on something else than the copy has. Only the owner can do something about it.
    Outdated,
}

impl Overlay {
    /// Over a copy that was believed; `None` when one of the changes is none that a holder of the token
    /// sealed, or two are of one item.
    pub(super) fn over(
        vault: UnlockedVault,
        token: MachineTokenId,
        waiting: &[SealedChange],
    ) -> Option<Self> {
        let mut overlay = Self {
            vault,
            waiting: HashMap::with_capacity(waiting.len()),
        };
        for sealed in waiting {
            let change = overlay.vault.open_change(token, sealed)?;
            if overlay.waiting.contains_key(&sealed.item_id) {
                return None;
            }
            overlay.lay(sealed, &change);
        }
        Some(overlay)
    }

    /// The copy as its holders made it.
    pub(super) fn vault(&self) -> &UnlockedVault {
        &self.vault
    }

    /// An item as a change made it; `None` where the copy's own is to be read.
    pub(super) fn item(&self, item: ItemId) -> Option<&Item> {
        self.waiting.get(&item)?.item.as_ref()
    }

    /// What waits of an item.
    pub(super) fn before(&self, item: ItemId) -> Before {
        match self.waiting.get(&item) {
            None => Before::Nothing,
            Some(waiting) if waiting.fits => Before::Change(waiting.change),
            Some(_) => Before::Outdated,
        }
    }

    /// Lays a change over what there is.
    pub(super) fn lay(&mut self, sealed: &SealedChange, change: &MachineChange) {
        let fits = self.vault.base_of(sealed.item_id) == Ok(sealed.base_version);
        let item = match fits {
            true => self.vault.overlay(sealed.item_id, change),
            false => None,
        };
        let waiting = Waiting {
            change: sealed.change_id,
            item,
            fits,
        };
        self.waiting.insert(sealed.item_id, waiting);
    }
}
