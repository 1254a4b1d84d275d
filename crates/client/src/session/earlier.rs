//! What many items were before, with their secrets, some at a time: for a file that is to hold it.

use std::collections::{HashMap, HashSet, VecDeque};

use keyarc_vault::{DetailsError, Earlier, EarlierChain, Item, Past};
use keyarc_wire::{
    HistoriesRequest, HistoryVersion, ItemId, ItemVersion, SealedVersion, SealedVersionDetails,
    limits,
};

use super::{Session, read::vault_failure};
use crate::{ClientError, Host, Transport};

/// How often an answer that was overtaken by a change is fetched anew.
const TRIES: u32 = 3;

/// What some items were before: overviews that were opened and checked. Their secrets are fetched
/// as they are asked for, so that few are there at a time.
pub struct Histories {
    /// How many versions each of the items has that was not handed out yet, in their order.
    items: VecDeque<usize>,
    /// All of those versions, item by item.
    versions: VecDeque<Past>,
    /// How many of them the secrets were fetched of.
    fetched: usize,
    /// The secrets that are there.
    secrets: HashMap<ItemVersion, Item>,
    missing: u32,
}

impl Histories {
    /// How many versions the server should have and does not, or not their secrets: of the newest
    /// 50 of each item. Those of items that were not handed out yet count as far as is known.
    pub fn missing(&self) -> u32 {
        self.missing
    }
}

impl<T: Transport, H: Host> Session<T, H> {
    /// What some items, at most [`limits::DETAILS_PER_REQUEST`], were before the version that each
    /// is named with. Those that were deleted for good meanwhile have no history. One request for
    /// each [`limits::HISTORIES_PER_PAGE`] versions.
    pub async fn histories(&self, items: &[ItemVersion]) -> Result<Histories, ClientError> {
        for _ in 0..TRIES {
            let revision = self.look(|vault| vault.revision());
            let shown = self.fetch_histories(items).await?;
            match self.open_histories(items, &shown) {
                Ok(histories) => return Ok(histories),
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

    /// What the next of the items was before, in the order in which they were asked for: the
    /// oldest version first. Empty when there is no other item.
    pub async fn next_history(
        &self,
        histories: &mut Histories,
    ) -> Result<Vec<Earlier>, ClientError> {
        let count = histories.items.pop_front().unwrap_or_default();
        let mut chain = EarlierChain::default();
        for _ in 0..count {
            if histories.fetched == 0 {
                self.fetch_secrets(histories).await?;
            }
            histories.fetched = histories.fetched.saturating_sub(1);
            let Some(past) = histories.versions.pop_front() else {
                break;
            };
            let secret = histories.secrets.remove(&past.place());
            let is_known = past.shares() || secret.is_some();
            if !chain.push(is_known.then(|| past.earlier(secret.as_ref()))) {
                histories.missing += 1;
            }
        }
        Ok(chain.finish())
    }

    fn open_histories(
        &self,
        items: &[ItemVersion],
        shown: &HashMap<ItemId, Vec<SealedVersion>>,
    ) -> Result<Histories, DetailsError> {
        let mut histories = Histories {
            items: VecDeque::with_capacity(items.len()),
            versions: VecDeque::new(),
            fetched: 0,
            secrets: HashMap::new(),
            missing: 0,
        };
        for ItemVersion { item_id, version } in items {
            let is_gone = self.look(|vault| vault.summary(*item_id).is_none());
            if is_gone {
                histories.items.push_back(0);
                continue;
            }
            let kept = shown.get(item_id).map_or(&[][..], Vec::as_slice);
            let past = self.look(|vault| vault.past(*item_id, *version, kept))?;
            histories.items.push_back(past.versions.len());
            histories.missing = histories.missing.saturating_add(past.missing);
            histories.versions.extend(past.versions);
        }
        Ok(histories)
    }

    async fn fetch_histories(
        &self,
        items: &[ItemVersion],
    ) -> Result<HashMap<ItemId, Vec<SealedVersion>>, ClientError> {
        let vault = self.look(|vault| vault.id());
        let asked: HashSet<ItemId> = items.iter().map(|item| item.item_id).collect();
        let mut shown: HashMap<ItemId, Vec<SealedVersion>> = HashMap::with_capacity(items.len());
        let mut after: Option<ItemVersion> = None;
        if items.is_empty() {
            return Ok(shown);
        }
        loop {
            let request = HistoriesRequest {
                item_ids: items.iter().map(|item| item.item_id).collect(),
                after,
            };
            let now_ms = self.host.now_ms();
            let answer = self.noted(self.api.histories(vault, &request, now_ms).await);
            let page = answer.map_err(vault_failure)?;
            if page.versions.len() > limits::HISTORIES_PER_PAGE
                || (page.more && page.versions.is_empty())
            {
                return Err(ClientError::Tampered);
            }
            for HistoryVersion { item_id, sealed } in page.versions {
                let place = ItemVersion {
                    item_id,
                    version: sealed.version,
                };
                let comes_after = |before: ItemVersion| {
                    (before.item_id, before.version) < (place.item_id, place.version)
                };
                let of_item = shown.entry(item_id).or_default();
                if !asked.contains(&item_id)
                    || !after.is_none_or(comes_after)
                    || of_item.len() == limits::EARLIER_PER_ITEM
                {
                    return Err(ClientError::Tampered);
                }
                of_item.push(sealed);
                after = Some(place);
            }
            if !page.more {
                return Ok(shown);
            }
        }
    }

    /// Fetches the secrets of the next versions, as many as come in one answer.
    async fn fetch_secrets(&self, histories: &mut Histories) -> Result<(), ClientError> {
        let mut at_once = limits::VERSION_DETAILS_PER_REQUEST;
        loop {
            let mut asked: Vec<ItemVersion> = Vec::new();
            let mut wanted: HashMap<ItemVersion, &Past> = HashMap::new();
            let mut covered = 0;
            for past in &histories.versions {
                if !past.shares() {
                    if asked.len() == at_once {
                        break;
                    }
                    asked.push(past.place());
                    wanted.insert(past.place(), past);
                }
                covered += 1;
            }
            let details = match asked.is_empty() {
                true => Some(Vec::new()),
                false => self.fetch_version_details(&asked).await?,
            };
            let Some(details) = details else {
                at_once = (asked.len() / 2).max(1);
                continue;
            };
            let mut secrets = HashMap::with_capacity(details.len());
            for SealedVersionDetails {
                item_id,
                version,
                details,
            } in &details
            {
                let place = ItemVersion {
                    item_id: *item_id,
                    version: *version,
                };
                let past = wanted.get(&place).ok_or(ClientError::Tampered)?;
                let item = self.look(|vault| vault.open_version_details(past.old(), details));
                secrets.insert(place, item.map_err(|_| ClientError::Tampered)?);
            }
            histories.secrets = secrets;
            histories.fetched = covered;
            return Ok(());
        }
    }
}
