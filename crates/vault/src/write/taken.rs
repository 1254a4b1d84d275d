//! Changes that were handed in with a machine token, as writes of the owner's own.

use keyarc_wire::{ItemId, ItemWrite};
use rand_core::CryptoRng;

use super::{Beside, Spot};
use crate::{
    Day, Item, ItemDraft, MachineChange, OverviewChange, UnlockedVault, WriteError,
    draft::normalise_typed,
};

impl ItemDraft {
    /// What an item is once a change makes it this: what changes do not speak of is as it is in `now`,
    /// the item with its secret, if there is one.
    pub fn taken_over(&self, now: Option<&Item>) -> Self {
        match now {
            Some(now) => Self {
                id: Some(now.summary.id),
                base_version: now.summary.version,
                favourite: now.summary.favourite,
                rotation: now.summary.rotation,
                check: now.check.clone(),
                attachments: now.attachments.clone(),
                ..self.clone()
            },
            None => Self {
                id: None,
                base_version: 0,
                ..self.clone()
            },
        }
    }
}

impl UnlockedVault {
    /// Seals what a change makes of an item, as the version after the one that it has now, whatever
    /// the change was made on: see [`UnlockedVault::judge_change`]. `now` is the item as it is, with
    /// its secret, where there is one that is to be something else; what the change does not speak of
    /// is taken over from it.
    pub fn seal_taken(
        &self,
        item: ItemId,
        change: &MachineChange,
        now: Option<&Item>,
        (today, now_ms): (Day, u64),
        rng: &mut impl CryptoRng,
    ) -> Result<ItemWrite, WriteError> {
        let Some(draft) = &change.put else {
            return self.seal_overview_change(item, OverviewChange::Trash, now_ms, rng);
        };
        let entry = self.items.get(item);
        // The item was changed meanwhile, or it is another one.
        if entry.map(|entry| (entry.id, entry.version))
            != now.map(|now| (now.summary.id, now.summary.version))
        {
            return Err(WriteError::NotFound);
        }
        let wanted = draft.taken_over(now);
        let checked = normalise_typed(&wanted)?;
        let spot = Spot {
            id: item,
            base_version: wanted.base_version,
            existing: entry.map(|entry| &entry.record),
        };
        let (write, _) = self.seal_at(
            &wanted,
            checked,
            Beside::default(),
            spot,
            (today, now_ms),
            rng,
        )?;
        Ok(write)
    }
}
