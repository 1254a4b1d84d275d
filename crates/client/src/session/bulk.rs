//! Changes of many items: one write for all of them, and another one to take it back.

use keyarc_vault::{BulkChange, UndoStep, WriteError};
use keyarc_wire::{ItemId, ItemWrite, WriteItemsRequest, limits};

use super::{
    Session,
    items::{REBASE_TRIES, SEAL_AT_ONCE, not_sealed},
    read::percent,
    write::Refused,
};
use crate::{ClientError, Host, SaveError, Stage, Transport};

/// What a change of many items did.
pub struct Bulk {
    /// Items that were changed. The others were so already, or are gone.
    pub changed: u32,
    /// Takes it back.
    pub undo: BulkUndo,
}

/// How every item was before a change.
#[derive(Default)]
pub struct BulkUndo(Vec<UndoStep>);

/// What came of taking a change back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undone {
    /// Items that are as they were.
    pub restored: u32,
    /// Items that somebody changed or deleted since. They stay as they are now.
    pub left: u32,
}

impl<T: Transport, H: Host> Session<T, H> {
    /// Changes many items in one write: all of them, or none. When somebody else writes at the
    /// same time, the change is made on top of what they wrote.
    ///
    /// [`ClientError::TooLarge`] when more than [`limits::ITEMS_PER_WRITE`] items would change;
    /// [`SaveError::Draft`] when the change breaks a rule, for whichever item.
    pub async fn change_many(
        &self,
        items: &[ItemId],
        change: &BulkChange,
    ) -> Result<Bulk, SaveError> {
        let checked = change.check()?;
        let mut tries = 0;
        loop {
            // All that one change trashes goes there in one moment.
            let now = self.host.now_ms();
            let (writes, undo) = self
                .seal_many(items, |item| {
                    let mut rng = self.host.rng();
                    self.look(|vault| vault.seal_bulk_change(*item, &checked, now, &mut rng))
                })
                .await?
                .into_iter()
                .unzip();
            let undo = BulkUndo(undo);
            tries += 1;
            match self.write_many(writes).await {
                Ok(changed) => return Ok(Bulk { changed, undo }),
                Err(Refused::Conflict) if tries < REBASE_TRIES => {}
                Err(refused) => return Err(refused.into()),
            }
        }
    }

    /// Takes a change back in one write, except for what was changed since.
    pub async fn undo_many(&self, undo: &BulkUndo) -> Result<Undone, SaveError> {
        let total = undo.0.len() as u32;
        let mut tries = 0;
        loop {
            let writes = self
                .seal_many(&undo.0, |step| {
                    let mut rng = self.host.rng();
                    self.look(|vault| vault.seal_undo(step, &mut rng))
                })
                .await?;
            tries += 1;
            match self.write_many(writes).await {
                Ok(restored) => {
                    let left = total.saturating_sub(restored);
                    return Ok(Undone { restored, left });
                }
                Err(Refused::Conflict) if tries < REBASE_TRIES => {}
                Err(refused) => return Err(refused.into()),
            }
        }
    }

    /// Deletes items in the trash for good, in one write, and returns how many.
    /// [`ClientError::TooLarge`] when they are more than [`limits::ITEMS_PER_WRITE`].
    pub async fn purge_many(&self, items: &[ItemId]) -> Result<u32, ClientError> {
        let in_trash = |item: &&ItemId| self.look(|vault| vault.purge(**item).is_ok());
        let items: Vec<ItemId> = items.iter().filter(in_trash).copied().collect();
        if items.len() > limits::ITEMS_PER_WRITE {
            return Err(ClientError::TooLarge);
        }
        self.purge(&items).await?;
        Ok(items.len() as u32)
    }

    /// Seals one after the other, and lets others have a turn in between: thousands take a
    /// while. What changes meanwhile is noticed when it is written.
    async fn seal_many<I, S>(
        &self,
        items: &[I],
        seal: impl Fn(&I) -> Result<Option<S>, WriteError>,
    ) -> Result<Vec<S>, SaveError> {
        let total = items.len() as u32;
        let mut sealed = Vec::with_capacity(items.len().min(limits::ITEMS_PER_WRITE));
        for (at, chunk) in items.chunks(SEAL_AT_ONCE).enumerate() {
            if at > 0 {
                let done = (at * SEAL_AT_ONCE) as u32;
                self.host.progress(Stage::Sealing, percent(done, total));
                self.host.sleep(0).await;
            }
            for item in chunk {
                sealed.extend(seal(item).map_err(not_sealed)?);
            }
            if sealed.len() > limits::ITEMS_PER_WRITE {
                return Err(ClientError::TooLarge.into());
            }
        }
        if items.len() > SEAL_AT_ONCE {
            self.host.progress(Stage::Sending, 0);
        }
        Ok(sealed)
    }

    /// Returns how many items were written, which may be none.
    async fn write_many(&self, writes: Vec<ItemWrite>) -> Result<u32, Refused> {
        let count = writes.len() as u32;
        if count > 0 {
            let request = WriteItemsRequest {
                writes,
                ..WriteItemsRequest::default()
            };
            self.write(request).await?;
        }
        Ok(count)
    }
}
