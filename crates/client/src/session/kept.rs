//! Reading while the server cannot be reached: the sealed details of all items are kept in memory,
//! for a process that holds the keys anyway. They are opened as those that a server sends.

use std::collections::HashSet;

use keyarc_vault::DetailsError;
use keyarc_wire::{DetailsRequest, DetailsResponse, ItemId, SealedDetails};

use super::Session;
use crate::{ApiFailure, ClientError, Host, Transport};

impl<T: Transport, H: Host> Session<T, H> {
    /// Fetches the sealed details of all items whose newest are not kept yet, and forgets those of
    /// items that are gone. What does not verify is [`ClientError::Tampered`] and is not kept; what
    /// is changed this moment is left for the next time.
    pub async fn keep_details(&self) -> Result<(), ClientError> {
        let there: HashSet<ItemId> = self.look(|vault| {
            let ids = vault.item_ids().into_iter();
            ids.filter(|item| vault.summary(*item).is_some()).collect()
        });
        self.kept
            .borrow_mut()
            .retain(|item, _| there.contains(item));
        let missing: Vec<ItemId> = {
            let kept = self.kept.borrow();
            let is_kept = |item: &ItemId| kept.get(item).is_some_and(|one| self.is_newest(one));
            there.into_iter().filter(|item| !is_kept(item)).collect()
        };
        self.each_batch(&missing, |batch| {
            for details in batch {
                match self.look(|vault| vault.open_details(&details)) {
                    Ok(_) => drop(self.kept.borrow_mut().insert(details.item_id, details)),
                    Err(DetailsError::Outdated | DetailsError::NotFound) => {}
                    Err(DetailsError::Tampered) if self.was_overtaken(&details) => {}
                    Err(DetailsError::Tampered) => return Err(ClientError::Tampered),
                }
            }
            Ok(())
        })
        .await
    }

    /// Of how many items details are kept, and their bytes.
    pub fn kept_details(&self) -> (usize, u64) {
        let kept = self.kept.borrow();
        let bytes = kept.values().map(|one| one.details.0.len() as u64);
        (kept.len(), bytes.sum())
    }

    /// From now on items are read of what is kept, and the server is not asked for them; or it is
    /// again. An item that is not kept is [`ClientError::Unreachable`] then.
    pub fn read_kept(&self, kept: bool) {
        self.reads_kept.set(kept);
    }

    /// The sealed details of some items, from wherever they are read.
    pub(super) async fn details_of(&self, items: &[ItemId]) -> Result<DetailsResponse, ApiFailure> {
        if self.reads_kept.get() {
            let kept = self.kept.borrow();
            let newest = |item: &ItemId| kept.get(item).filter(|one| self.is_newest(one)).cloned();
            let details = items.iter().map(newest);
            let details = details.collect::<Option<_>>().ok_or(ApiFailure::NoAnswer)?;
            return Ok(DetailsResponse { details });
        }
        let vault = self.look(|vault| vault.id());
        let request = DetailsRequest {
            item_ids: items.to_vec(),
        };
        self.noted(self.api.details(vault, &request, self.host.now_ms()).await)
    }

    /// Whether these are the details of an item as it is now.
    fn is_newest(&self, details: &SealedDetails) -> bool {
        let known = self.look(|vault| vault.summary(details.item_id).map(|row| row.version));
        known == Some(details.version)
    }
}
