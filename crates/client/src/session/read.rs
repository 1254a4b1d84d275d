use std::collections::HashSet;

use keyarc_vault::{DetailsError, Item};
use keyarc_wire::{DetailsResponse, ErrorCode, ItemChange, ItemId, SealedDetails, limits};

use super::Session;
use crate::{ApiFailure, Changes, ClientError, Host, Stage, Transport};

/// Progress is reported each time so many items were opened.
const REPORT_EVERY: u32 = 500;
/// How often details that were overtaken by a change are fetched anew.
const REVEAL_TRIES: u32 = 3;

impl<T: Transport, H: Host> Session<T, H> {
    /// Fetches and opens what changed since the last time. Returns whether anything did.
    pub async fn sync(&self) -> Result<bool, ClientError> {
        let _turn = self.turn.lock().await;
        self.sync_in_turn().await
    }

    /// As [`Self::sync`], for callers that hold the turn.
    pub(super) async fn sync_in_turn(&self) -> Result<bool, ClientError> {
        self.check_current()?;
        let (id, since) = self.look(|vault| (vault.id(), vault.revision()));
        let from = self.history_from();
        let fetched = self.noted(self.api.changes(id, since, from, self.host.now_ms()).await);
        let changes = fetched.map_err(vault_failure)?;
        // Later syncs bring little, and nobody waits for them.
        let stage = |stage| {
            if since == 0 {
                self.host.progress(stage, 0);
            }
        };
        stage(Stage::Verifying);
        self.believe(&changes)?;
        stage(Stage::Opening);
        let changed = self.open_changes(&changes)?;
        self.keep_pins();
        Ok(changed)
    }

    /// One item with its secret.
    pub async fn reveal(&self, item: ItemId) -> Result<Item, ClientError> {
        for _ in 0..REVEAL_TRIES {
            let known = self.look(|vault| vault.summary(item).map(|row| row.version));
            let Some(version) = known else {
                return Err(ClientError::NotFound);
            };
            let Some(sealed) = self.fetch_details(item).await? else {
                // Deleted for good elsewhere: take note of it.
                self.sync().await?;
                return Err(ClientError::NotFound);
            };
            let overtaken =
                self.look(|vault| vault.summary(item).map(|row| row.version)) != Some(version);
            if overtaken {
                continue;
            }
            match self.look(|vault| vault.open_details(&sealed)) {
                Ok(item) => {
                    self.remember(vec![sealed]);
                    return Ok(item);
                }
                Err(DetailsError::Outdated) => drop(self.sync().await?),
                Err(DetailsError::NotFound | DetailsError::Tampered) => {
                    return Err(ClientError::Tampered);
                }
            }
        }
        Err(ClientError::Tampered)
    }

    /// Many items with their secrets, by one request, or more when they are too large for one.
    /// What was changed or deleted meanwhile is left out.
    pub async fn read_many(&self, items: &[ItemId]) -> Result<Vec<Item>, ClientError> {
        let mut read = Vec::with_capacity(items.len());
        self.each_batch(items, |batch| {
            let mut opened = Vec::with_capacity(batch.len());
            for details in batch {
                match self.look(|vault| vault.open_details(&details)) {
                    Ok(item) => {
                        read.push(item);
                        opened.push(details);
                    }
                    Err(DetailsError::Outdated | DetailsError::NotFound) => {}
                    // It may have been saved from here while the answer was on its way.
                    Err(DetailsError::Tampered) if self.was_overtaken(&details) => {}
                    Err(DetailsError::Tampered) => return Err(ClientError::Tampered),
                }
            }
            self.remember(opened);
            Ok(())
        })
        .await?;
        Ok(read)
    }

    /// The sealed details of many items, in as many batches as their size takes.
    pub(super) async fn each_batch(
        &self,
        items: &[ItemId],
        mut each: impl FnMut(Vec<SealedDetails>) -> Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        let mut rest = items;
        let mut at_once = limits::DETAILS_PER_REQUEST;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(at_once.min(rest.len()));
            let Some(details) = batch_of(self.details_of(chunk).await, chunk)? else {
                at_once = (chunk.len() / 2).max(1);
                continue;
            };
            each(details)?;
            rest = after;
        }
        Ok(())
    }

    pub(super) fn was_overtaken(&self, details: &SealedDetails) -> bool {
        let known = self.look(|vault| vault.summary(details.item_id).map(|row| row.version));
        known.is_some_and(|version| version > details.version)
    }

    /// A session whose keys are not in force any more, or may not be, neither reads nor writes:
    /// what the server shows would look like a forgery to it.
    pub(super) fn check_current(&self) -> Result<(), ClientError> {
        if self.retired.get() {
            return Err(ClientError::Refused {
                message: "The keys are being changed.".into(),
                action: "Do it again afterwards.".into(),
            });
        }
        Ok(())
    }

    async fn fetch_details(&self, item: ItemId) -> Result<Option<SealedDetails>, ClientError> {
        let answer = self.details_of(&[item]).await;
        let mut details = answer.map_err(vault_failure)?.details;
        match (details.pop(), details.is_empty()) {
            (None, _) => Ok(None),
            (Some(only), true) if only.item_id == item => Ok(Some(only)),
            _ => Err(ClientError::Tampered),
        }
    }

    /// Opens what a sync brought, and notes which waiting writes it shows to be done.
    pub(super) fn open_changes(&self, changes: &Changes) -> Result<bool, ClientError> {
        let total = changes.count();
        let mut waiting = self.waiting.borrow_mut();
        let mut opened = 0;
        let stream = changes.iter().inspect(|change: &ItemChange| {
            for write in waiting.iter_mut() {
                write.look_for(change);
            }
            opened += 1;
            if opened % REPORT_EVERY == 0 {
                self.host.progress(Stage::Opening, percent(opened, total));
            }
        });
        let mut vault = self.vault.borrow_mut();
        vault.reserve(total);
        let report = vault.apply(stream);
        if report.refused > 0 {
            return Err(ClientError::Tampered);
        }
        let head = self
            .belief
            .borrow()
            .head
            .as_ref()
            .map(|head| head.body().version);
        vault.advance_to(head.unwrap_or_default());
        Ok(report.changed > 0 || report.unreadable > 0)
    }
}

/// The details of a batch; `None` when they are too large to be fetched at once.
pub(crate) fn batch_of(
    answer: Result<DetailsResponse, ApiFailure>,
    items: &[ItemId],
) -> Result<Option<Vec<SealedDetails>>, ClientError> {
    let details = match answer {
        Ok(answer) => answer.details,
        Err(failure) if failure.code() == Some(ErrorCode::InvalidRequest) && items.len() > 1 => {
            return Ok(None);
        }
        Err(failure) => return Err(vault_failure(failure)),
    };
    let asked: HashSet<ItemId> = items.iter().copied().collect();
    match details.iter().all(|one| asked.contains(&one.item_id)) {
        true => Ok(Some(details)),
        false => Err(ClientError::Tampered),
    }
}

/// The account's own vault is not found when a cookie of another account has taken the place of
/// this one's: the session has ended as surely as by a 401.
pub(crate) fn vault_failure(failure: ApiFailure) -> ClientError {
    match ClientError::from(failure) {
        ClientError::NotFound => ClientError::SessionEnded,
        other => other,
    }
}

pub(super) fn percent(done: u32, total: u32) -> u8 {
    (u64::from(done) * 100 / u64::from(total.max(1))).min(100) as u8
}
