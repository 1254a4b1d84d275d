//! The vault as it was at a moment, and items that become again what they were.

use std::collections::{HashMap, HashSet};

use keyarc_vault::{DetailsError, Item, OldVersion, Then};
use keyarc_wire::{
    ErrorCode, ItemId, ItemVersion, ItemWrite, MomentRequest, MomentVersion, SealedVersionDetails,
    VersionDetailsRequest, WriteItemsRequest, limits,
};

use super::{
    Session,
    items::{REBASE_TRIES, not_sealed},
    read::{percent, vault_failure},
    write::Refused,
};
use crate::{ClientError, Host, SaveError, Stage, Transport};

/// Versions whose details are fetched at once.
const DETAILS_AT_ONCE: usize = 200;
/// How often an answer that was overtaken by a change is fetched anew.
const TRIES: u32 = 3;

/// What came of making items again what they were.
pub struct Returned {
    /// Items that are.
    pub changed: u32,
    /// Items whose secret of then the server does not have any more, or that are gone.
    pub lost: u32,
    /// Takes it back.
    pub undo: ReturnUndo,
}

/// What items were before they became again what they had been.
#[derive(Default)]
pub struct ReturnUndo(Vec<(OldVersion, u64)>);

impl ReturnUndo {
    /// The items that became what they had been, each with the version by which it did.
    pub fn made(&self) -> impl Iterator<Item = ItemVersion> {
        self.0.iter().map(|(old, made)| ItemVersion {
            item_id: old.summary().id,
            version: *made,
        })
    }
}

impl<T: Transport, H: Host> Session<T, H> {
    /// What every item was at a moment, Unix milliseconds by the server's clock, in the order of
    /// their names.
    pub async fn moment(&self, at_ms: u64) -> Result<Vec<Then>, ClientError> {
        self.sync().await?;
        for _ in 0..TRIES {
            let revision = self.look(|vault| vault.revision());
            let shown = self.fetch_moment(at_ms).await?;
            let found = self.look(|vault| vault.moment(at_ms, &shown));
            match found {
                Ok(all) => return Ok(all),
                // Somebody may have written meanwhile: then the answer is about a newer vault.
                Err(_) => {
                    self.sync().await?;
                    if self.look(|vault| vault.revision()) == revision {
                        return Err(ClientError::Tampered);
                    }
                }
            }
        }
        Err(ClientError::Tampered)
    }

    /// Makes items again what they were, in one write: all of them, but for those whose secret
    /// of then is not kept, or none.
    ///
    /// [`ClientError::TooLarge`] for more than [`limits::ITEMS_PER_WRITE`].
    pub async fn return_to(&self, versions: &[&OldVersion]) -> Result<Returned, SaveError> {
        if versions.len() > limits::ITEMS_PER_WRITE {
            return Err(ClientError::TooLarge.into());
        }
        let mut tries = 0;
        loop {
            let writes = self.seal_returns(versions).await?;
            let undo = writes.iter().filter_map(|write| {
                let now = self.look(|vault| vault.as_it_is(write.item_id))?;
                Some((now, write.base_version.saturating_add(1)))
            });
            let undo = ReturnUndo(undo.collect());
            let changed = writes.len() as u32;
            tries += 1;
            let request = WriteItemsRequest {
                writes,
                ..WriteItemsRequest::default()
            };
            let written = match changed {
                0 => Ok(()),
                _ => self.write(request).await,
            };
            match written {
                Ok(()) => {
                    return Ok(Returned {
                        changed,
                        lost: versions.len() as u32 - changed,
                        undo,
                    });
                }
                Err(Refused::Conflict) if tries < REBASE_TRIES => {}
                Err(refused) => return Err(refused.into()),
            }
        }
    }

    /// Takes [`Self::return_to`] back in one write, except for what was changed since. Returns
    /// how many items are as they were before, and how many are not.
    pub async fn undo_return(&self, undo: &ReturnUndo) -> Result<(u32, u32), SaveError> {
        let is_untouched = |(old, made): &&(OldVersion, u64)| {
            let id = old.summary().id;
            self.look(|vault| vault.summary(id).map(|row| row.version)) == Some(*made)
        };
        let untouched = undo.0.iter().filter(is_untouched);
        let versions: Vec<&OldVersion> = untouched.map(|(old, _)| old).collect();
        let done = self.return_to(&versions).await?;
        Ok((done.changed, undo.0.len() as u32 - done.changed))
    }

    async fn seal_returns(&self, versions: &[&OldVersion]) -> Result<Vec<ItemWrite>, SaveError> {
        let (today, now_ms) = (self.host.today(), self.host.now_ms());
        let mut writes = Vec::with_capacity(versions.len());
        for (at, chunk) in versions.chunks(DETAILS_AT_ONCE).enumerate() {
            if at > 0 {
                let done = (at * DETAILS_AT_ONCE) as u32;
                let percent = percent(done, versions.len() as u32);
                self.host.progress(Stage::Sealing, percent);
                self.host.sleep(0).await;
            }
            let others: Vec<&OldVersion> = chunk
                .iter()
                .filter(|old| self.look(|vault| vault.needs_details(old)))
                .copied()
                .collect();
            let items = self.version_items(&others).await?;
            let needs: HashSet<ItemId> = others.iter().map(|old| old.summary().id).collect();
            for old in chunk {
                let id = old.summary().id;
                let item = items.get(&id);
                let is_gone = self.look(|vault| vault.summary(id).is_none());
                if is_gone || (needs.contains(&id) && item.is_none()) {
                    continue;
                }
                let mut rng = self.host.rng();
                let sealed =
                    self.look(|vault| vault.seal_return(old, item, (today, now_ms), &mut rng));
                writes.push(sealed.map_err(not_sealed)?);
            }
        }
        Ok(writes)
    }

    /// Versions with their secrets. Those that the server does not have are left out.
    async fn version_items(
        &self,
        versions: &[&OldVersion],
    ) -> Result<HashMap<ItemId, Item>, ClientError> {
        let mut items = HashMap::with_capacity(versions.len());
        let mut rest = versions;
        let mut at_once = versions.len();
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(at_once.min(rest.len()));
            let place = |old: &&OldVersion| ItemVersion {
                item_id: old.summary().id,
                version: old.summary().version,
            };
            let asked: Vec<ItemVersion> = chunk.iter().map(place).collect();
            let wanted: HashMap<ItemVersion, &OldVersion> =
                asked.iter().copied().zip(chunk.iter().copied()).collect();
            let Some(details) = self.fetch_version_details(&asked).await? else {
                at_once = (chunk.len() / 2).max(1);
                continue;
            };
            for one in &details {
                let asked = ItemVersion {
                    item_id: one.item_id,
                    version: one.version,
                };
                let old = wanted.get(&asked).ok_or(ClientError::Tampered)?;
                let item = self.look(|vault| vault.open_version_details(old, &one.details));
                items.insert(
                    one.item_id,
                    item.map_err(|_: DetailsError| ClientError::Tampered)?,
                );
            }
            rest = after;
        }
        Ok(items)
    }

    /// `None` when they are too large to be fetched at once.
    pub(super) async fn fetch_version_details(
        &self,
        wanted: &[ItemVersion],
    ) -> Result<Option<Vec<SealedVersionDetails>>, ClientError> {
        let vault = self.look(|vault| vault.id());
        let request = VersionDetailsRequest {
            versions: wanted.to_vec(),
        };
        let now_ms = self.host.now_ms();
        match self.noted(self.api.version_details(vault, &request, now_ms).await) {
            Ok(answer) => Ok(Some(answer.details)),
            Err(failure)
                if failure.code() == Some(ErrorCode::InvalidRequest) && wanted.len() > 1 =>
            {
                Ok(None)
            }
            Err(failure) => Err(vault_failure(failure)),
        }
    }

    async fn fetch_moment(&self, at_ms: u64) -> Result<Vec<MomentVersion>, ClientError> {
        let vault = self.look(|vault| vault.id());
        let most = self.look(|vault| vault.count());
        let mut shown: Vec<MomentVersion> = Vec::new();
        loop {
            let request = MomentRequest {
                at_ms,
                after: shown.last().map(|last| last.item_id),
            };
            let now_ms = self.host.now_ms();
            let answer = self.noted(self.api.moment(vault, &request, now_ms).await);
            let page = answer.map_err(vault_failure)?;
            let is_page = !page.versions.is_empty() || !page.more;
            // A vault that somebody else adds to meanwhile has a page more at most.
            if !is_page || shown.len() > most + limits::MOMENT_PER_PAGE {
                return Err(ClientError::Tampered);
            }
            shown.extend(page.versions);
            if !page.more {
                return Ok(shown);
            }
        }
    }
}
