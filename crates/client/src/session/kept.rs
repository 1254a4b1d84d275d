//! Sealed details that are kept in memory, for a process that holds the keys anyway: those of all items,
//! to read while the server cannot be reached, or those that were read before, to fetch them no more than
//! once. They are opened as those that a server sends.

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

    /// From now on what is read is kept, too, as long as it is of at most so many bytes together; what is
    /// kept is forgotten at once when it would become more.
    pub fn remember_details(&self, most: u64) {
        self.remembers.set(most);
    }

    /// Keeps what was opened just now, where it is to be remembered.
    pub(super) fn remember(&self, opened: Vec<SealedDetails>) {
        let most = self.remembers.get();
        let bytes = |details: &SealedDetails| details.details.0.len() as u64;
        let more: u64 = opened.iter().map(bytes).sum();
        if more > most {
            return;
        }
        let mut kept = self.kept.borrow_mut();
        if kept.values().map(bytes).sum::<u64>() + more > most {
            kept.clear();
        }
        kept.extend(opened.into_iter().map(|one| (one.item_id, one)));
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
