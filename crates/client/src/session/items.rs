use std::collections::{HashMap, HashSet};

use keyarc_crypto::SealError;
use keyarc_vault::{CheckNote, Item, ItemDraft, OverviewChange, WriteError, import::PlannedItem};
use keyarc_wire::{ItemId, WriteItemsRequest, limits};

use super::{Session, read::percent, write::Refused};
use crate::{ClientError, Host, SaveError, Stage, Transport};

/// How often a change of overviews alone is put on top of what somebody else wrote meanwhile.
pub(super) const REBASE_TRIES: u32 = 4;
/// Planned items sealed between two reports of progress.
pub(super) const SEAL_AT_ONCE: usize = 250;

impl<T: Transport, H: Host> Session<T, H> {
    /// Creates an item or saves the next version of one, and returns it as it is now.
    ///
    /// While the server does not answer this waits and tries again. When somebody else saved
    /// first nothing is written and the error carries what is stored.
    pub async fn save(&self, draft: &ItemDraft) -> Result<Item, SaveError> {
        let (today, now) = (self.host.today(), self.host.now_ms());
        let sealed =
            self.look(|vault| vault.seal_draft_on(draft, today, now, &mut self.host.rng()));
        let write = sealed.map_err(not_sealed)?;
        let item = write.item_id;
        let request = WriteItemsRequest {
            writes: vec![write],
            ..WriteItemsRequest::default()
        };
        match self.write(request).await {
            Ok(()) => {}
            Err(Refused::Conflict) => {
                let current = self.current(item).await?;
                return Err(SaveError::Conflict { current });
            }
            Err(refused) => return Err(refused.into()),
        }
        let summary = self
            .look(|vault| vault.summary(item))
            .ok_or(ClientError::NotFound)?;
        Ok(Item {
            summary,
            content: draft.content.clone(),
            notes: draft.notes.clone(),
            fields: draft.kept_fields(),
            places: draft.kept_places(),
            check: draft.check.clone(),
            attachments: draft.attachments.clone(),
        })
    }

    /// Stars or unstars an item.
    pub async fn set_favourite(&self, item: ItemId, favourite: bool) -> Result<(), ClientError> {
        if self.look(|vault| vault.summary(item).is_none()) {
            return Err(ClientError::NotFound);
        }
        self.change_overviews(&[item], OverviewChange::Favourite(favourite))
            .await
    }

    /// Moves items to the trash. Those that are gone already are passed over.
    pub async fn trash(&self, items: &[ItemId]) -> Result<(), ClientError> {
        self.change_overviews(items, OverviewChange::Trash).await
    }

    /// Takes items out of the trash. Those deleted for good meanwhile are passed over.
    pub async fn restore(&self, items: &[ItemId]) -> Result<(), ClientError> {
        self.change_overviews(items, OverviewChange::Restore).await
    }

    /// Notes what tests found, in as few writes as that takes. What says nothing new is not
    /// written, and items that are gone are passed over.
    pub async fn note_checks(&self, notes: &[CheckNote]) -> Result<(), ClientError> {
        // Of several notes of one item the last counts: an item is written once in a write.
        let last: HashMap<ItemId, &CheckNote> =
            notes.iter().map(|note| (note.item, note)).collect();
        let mut seen = HashSet::with_capacity(last.len());
        let items: Vec<ItemId> = notes
            .iter()
            .map(|note| note.item)
            .filter(|item| seen.insert(*item))
            .collect();
        self.rebasing(&items, |chunk| {
            let seal = |item: &ItemId| {
                let (note, mut rng) = (last.get(item)?, self.host.rng());
                self.look(|vault| vault.seal_check(note, &mut rng)).ok()?
            };
            WriteItemsRequest {
                writes: chunk.iter().filter_map(seal).collect(),
                ..WriteItemsRequest::default()
            }
        })
        .await
    }

    /// Deletes items in the trash for good. Those which are not in the trash, or not any more,
    /// stay as they are.
    pub async fn purge(&self, items: &[ItemId]) -> Result<(), ClientError> {
        self.rebasing(items, |chunk| {
            self.look(|vault| WriteItemsRequest {
                purges: chunk
                    .iter()
                    .filter_map(|item| vault.purge(*item).ok())
                    .collect(),
                ..WriteItemsRequest::default()
            })
        })
        .await
    }

    /// Writes what an import planned, all of it or nothing, and returns how many items it added.
    pub async fn import(&self, planned: &[PlannedItem]) -> Result<u32, SaveError> {
        let added = self.import_while(planned, || true).await?;
        Ok(added.map_or(0, |added| added.len() as u32))
    }

    /// As [`Self::import`], for as long as `goes_on` says so: once it does not, nothing is written
    /// and the answer is `None`, unless the write is on its way to the server already. Otherwise
    /// returns the items that it added.
    pub async fn import_while(
        &self,
        planned: &[PlannedItem],
        goes_on: impl Fn() -> bool,
    ) -> Result<Option<Vec<ItemId>>, SaveError> {
        if planned.len() > limits::ITEMS_PER_WRITE {
            return Err(ClientError::TooLarge.into());
        }
        let total = planned.len() as u32;
        let mut request = WriteItemsRequest::default();
        let mut rest = planned;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(some_of(rest));
            rest = after;
            if !request.writes.is_empty() {
                // So that whoever wants to stop it is heard.
                self.host.sleep(0).await;
            }
            if !goes_on() {
                return Ok(None);
            }
            let sealed = self
                .look(|vault| vault.seal_import(chunk, self.host.now_ms(), &mut self.host.rng()));
            let sealed = sealed.map_err(not_sealed)?;
            request.writes.extend(sealed.writes);
            request.earlier.extend(sealed.earlier);
            self.host
                .progress(Stage::Sealing, percent(request.writes.len() as u32, total));
        }
        let added = request.writes.iter().map(|write| write.item_id).collect();
        if !request.writes.is_empty() {
            self.host.progress(Stage::Sending, 0);
            self.write(request).await?;
            self.host.progress(Stage::Sending, 100);
        }
        Ok(Some(added))
    }

    /// What is stored of an item that somebody else changed.
    async fn current(&self, item: ItemId) -> Result<Option<Box<Item>>, ClientError> {
        match self.reveal(item).await {
            Ok(item) => Ok(Some(Box::new(item))),
            Err(ClientError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn change_overviews(
        &self,
        items: &[ItemId],
        change: OverviewChange,
    ) -> Result<(), ClientError> {
        self.rebasing(items, |chunk| {
            let seal = |item: &ItemId| {
                let (now, mut rng) = (self.host.now_ms(), self.host.rng());
                self.look(|vault| vault.seal_overview_change(*item, change, now, &mut rng))
                    .ok()
            };
            WriteItemsRequest {
                writes: chunk.iter().filter_map(seal).collect(),
                ..WriteItemsRequest::default()
            }
        })
        .await
    }

    /// Writes in parts that one write can take. After a conflict the vault is in sync, so that
    /// the same wish can be sealed anew on top of what it says now.
    async fn rebasing(
        &self,
        items: &[ItemId],
        seal: impl Fn(&[ItemId]) -> WriteItemsRequest,
    ) -> Result<(), ClientError> {
        for chunk in items.chunks(limits::ITEMS_PER_WRITE) {
            let mut tries = 0;
            loop {
                let request = seal(chunk);
                if request.writes.is_empty() && request.purges.is_empty() {
                    break;
                }
                tries += 1;
                match self.write(request).await {
                    Ok(()) => break,
                    Err(Refused::Conflict) if tries < REBASE_TRIES => {}
                    Err(refused) => return Err(refused.into()),
                }
            }
        }
        Ok(())
    }
}

/// How many items, at least one, are sealed between two reports: what they were before counts.
fn some_of(planned: &[PlannedItem]) -> usize {
    let mut weight = 0;
    let fits = |item: &&PlannedItem| {
        weight += 1 + item.earlier().len();
        weight <= SEAL_AT_ONCE
    };
    planned.iter().take_while(fits).count().max(1)
}

pub(super) fn not_sealed(error: WriteError) -> SaveError {
    match error {
        WriteError::Draft(error) => error.into(),
        // The item that the draft edits was deleted for good elsewhere.
        WriteError::NotFound => SaveError::Conflict { current: None },
        WriteError::NotInTrash | WriteError::Seal(SealError::TooLong) => {
            ClientError::TooLarge.into()
        }
        WriteError::Seal(SealError::Randomness) => ClientError::Sealing.into(),
    }
}
