//! What a server does with a vault.

use keyarc_signature::VaultManifest;
use keyarc_wire::*;

use super::{Answer, Server, Stored, attachments::StoredAttachment, problem, refuse, respond};

/// A version of an item that was replaced.
#[derive(Clone)]
pub struct Replaced {
    at_ms: u64,
    overview: Sealed,
    details: Sealed,
}

impl Replaced {
    fn new(before: Stored, at_ms: u64) -> Self {
        let (_, overview, details) = before.live.expect("live");
        Self {
            at_ms,
            overview,
            details,
        }
    }
}

impl Server {
    /// At some time, Unix milliseconds, with so many versions of an item in one answer.
    pub fn new(clock_ms: u64, page: usize) -> Self {
        Self {
            clock_ms,
            page,
            ..Self::default()
        }
    }

    /// Forgets a version of an item, as a server would that keeps back, or kept nothing.
    pub fn forget_version(&mut self, item: ItemId, version: u64) {
        for account in self.accounts.values_mut() {
            account.versions.remove(&(item, version));
        }
    }

    pub(super) fn item_versions(&self, handle: Handle, request: &ItemVersionsRequest) -> Answer {
        let account = &self.accounts[&handle];
        let stored = account.items.get(&request.item_id);
        let Some(stored) = stored.filter(|stored| stored.live.is_some()) else {
            return refuse(404, ErrorCode::NotFound);
        };
        let before = request.before.unwrap_or(u64::MAX);
        let all = account.versions.iter().rev();
        let mut versions: Vec<SealedVersion> = all
            .filter(|((item, version), _)| *item == request.item_id && *version < before)
            .map(|((_, version), replaced)| SealedVersion {
                version: *version,
                replaced_at_ms: replaced.at_ms,
                overview: replaced.overview.clone(),
            })
            .collect();
        let more = versions.len() > self.page;
        versions.truncate(self.page);
        let answer = ItemVersionsResponse {
            current_version: stored.version,
            versions,
            more,
        };
        self.json("/versions", &answer)
    }

    pub(super) fn version_details(
        &self,
        handle: Handle,
        request: &VersionDetailsRequest,
    ) -> Answer {
        let kept = &self.accounts[&handle].versions;
        let details = request.versions.iter().filter_map(|wanted| {
            let replaced = kept.get(&(wanted.item_id, wanted.version))?;
            Some(SealedVersionDetails {
                item_id: wanted.item_id,
                version: wanted.version,
                details: replaced.details.clone(),
            })
        });
        let details: Vec<SealedVersionDetails> = details.collect();
        if details.len() > self.page {
            return refuse(422, ErrorCode::InvalidRequest);
        }
        self.json("/versions/details", &VersionDetailsResponse { details })
    }

    pub(super) fn histories(&self, handle: Handle, request: &HistoriesRequest) -> Answer {
        let kept = &self.accounts[&handle].versions;
        let after = request.after.map(|after| (after.item_id, after.version));
        let of_them = kept.iter().filter(|(place, _)| {
            request.item_ids.contains(&place.0) && after.is_none_or(|after| **place > after)
        });
        let mut versions: Vec<HistoryVersion> = of_them
            .map(|((item, version), replaced)| HistoryVersion {
                item_id: *item,
                sealed: SealedVersion {
                    version: *version,
                    replaced_at_ms: replaced.at_ms,
                    overview: replaced.overview.clone(),
                },
            })
            .collect();
        let more = versions.len() > self.page;
        versions.truncate(self.page);
        self.json("/versions/of-items", &HistoriesResponse { versions, more })
    }

    pub(super) fn moment(&self, handle: Handle, request: &MomentRequest) -> Answer {
        let account = &self.accounts[&handle];
        let kept = &account.versions;
        let is_live = |item: &ItemId| account.items.get(item).is_some_and(|it| it.live.is_some());
        let mut versions: Vec<MomentVersion> = Vec::new();
        for ((item, version), replaced) in kept {
            let is_first = versions.last().is_none_or(|last| last.item_id != *item);
            let comes = request.after.is_none_or(|after| *item > after);
            if !(comes && is_first && is_live(item) && replaced.at_ms > request.at_ms) {
                continue;
            }
            let before = kept.get(&(*item, version - 1));
            versions.push(MomentVersion {
                item_id: *item,
                since_ms: before.map(|before| before.at_ms),
                sealed: SealedVersion {
                    version: *version,
                    replaced_at_ms: replaced.at_ms,
                    overview: replaced.overview.clone(),
                },
            });
        }
        let more = versions.len() > self.page;
        versions.truncate(self.page);
        self.json("/moment", &MomentResponse { versions, more })
    }

    pub(super) fn carry_out(&mut self, handle: Handle, request: &WriteItemsRequest) -> Answer {
        let now_ms = self.clock_ms;
        let account = self.accounts.get_mut(&handle).expect("logged in");
        let is_created = |item: &ItemId| request.earlier.iter().any(|one| one.item_id == *item);
        let expected = request
            .writes
            .iter()
            .map(|write| match is_created(&write.item_id) {
                true => (write.item_id, 0),
                false => (write.item_id, write.base_version),
            })
            .chain(
                request
                    .purges
                    .iter()
                    .map(|purge| (purge.item_id, purge.base_version)),
            );
        let conflicts: Vec<_> = expected
            .filter_map(|(item_id, base)| {
                let stored = account.items.get(&item_id);
                let gone = stored.is_some_and(|stored| stored.live.is_none());
                let current_version = stored.map_or(0, |stored| stored.version);
                (gone || current_version != base).then_some(VersionConflict {
                    item_id,
                    current_version,
                })
            })
            .collect();
        if !conflicts.is_empty() {
            let mut error = ApiError::new(ErrorCode::Conflict, "Changed.", "Look again.");
            error.conflicts = conflicts;
            return Ok(problem(409, &error));
        }
        let next = VaultManifest::decode(&request.manifest.0).expect("a manifest");
        let head = account.manifests.last().expect("version 0 at least");
        if !next.follows(&VaultManifest::decode(&head.0).expect("a manifest")) {
            return refuse(409, ErrorCode::ManifestStale);
        }
        if !self.take_waiting(&request.takes) {
            return refuse(409, ErrorCode::Conflict);
        }
        let account = self.accounts.get_mut(&handle).expect("logged in");
        let named = request.writes.iter().flat_map(|write| &write.attachments);
        if !named.clone().all(|id| {
            account
                .attachments
                .get(id)
                .is_some_and(StoredAttachment::is_whole)
        }) {
            return refuse(400, ErrorCode::InvalidRequest);
        }
        account.manifests.push(request.manifest.clone());
        account.response.vaults[0].revision += 1;
        let revision = account.response.vaults[0].revision;
        let mut details: Option<Sealed> = None;
        for earlier in &request.earlier {
            details = earlier.details.clone().or(details);
            let replaced = Replaced {
                at_ms: now_ms,
                overview: earlier.overview.clone(),
                details: details.clone().expect("the first has details"),
            };
            let place = (earlier.item_id, earlier.version);
            account.versions.insert(place, replaced);
        }
        for write in &request.writes {
            let version = write.base_version + 1;
            let details = match &write.details {
                Some(details) => (version, details.clone()),
                None => {
                    let live = account.items[&write.item_id].live.as_ref().expect("live");
                    (live.0, live.2.clone())
                }
            };
            let live = Some((details.0, write.overview.clone(), details.1));
            let now = Stored {
                version,
                revision,
                live,
            };
            if let Some(before) = account.items.insert(write.item_id, now) {
                let replaced = Replaced::new(before, now_ms);
                let place = (write.item_id, write.base_version);
                account.versions.insert(place, replaced);
            }
        }
        for purge in &request.purges {
            account
                .versions
                .retain(|(item, _), _| *item != purge.item_id);
            let version = purge.base_version + 1;
            account.items.insert(
                purge.item_id,
                Stored {
                    version,
                    revision,
                    live: None,
                },
            );
        }
        self.json("/items", &WriteItemsResponse { revision })
    }

    pub(super) fn details(&mut self, handle: Handle, request: &DetailsRequest) -> Answer {
        let account = &self.accounts[&handle];
        let details = request.item_ids.iter().filter_map(|item_id| {
            let stored = account.items.get(item_id)?;
            let (details_version, _, details) = stored.live.clone()?;
            Some(SealedDetails {
                item_id: *item_id,
                version: stored.version,
                details_version,
                details,
            })
        });
        let details = details.collect();
        self.json("/details", &DetailsResponse { details })
    }

    pub(super) fn changes(&mut self, handle: Handle, since: u64, from: Option<u64>) -> Answer {
        let account = &self.accounts[&handle];
        let mut changed: Vec<_> = account
            .items
            .iter()
            .filter(|(_, stored)| stored.revision > since)
            .collect();
        changed.sort_by_key(|(_, stored)| stored.revision);
        let mut out = Vec::new();
        encode_changes_start(&mut out);
        for (id, stored) in &changed {
            let live = stored
                .live
                .as_ref()
                .map(|(version, sealed, _)| (*version, sealed.as_ref()));
            encode_change(&mut out, &id.0, stored.version, stored.revision, live);
        }
        let last = account.manifests.len() - 1;
        let from = match from {
            Some(from) if !self.hides_history => last.min(from as usize),
            _ => last,
        };
        for manifest in &account.manifests[from..] {
            encode_manifest(&mut out, &manifest.0);
        }
        let records = changed.len() + account.manifests.len() - from;
        encode_changes_end(&mut out, records as u32);
        if let Some(twist) = &self.twist_changes {
            out = twist(out);
        }
        Ok(respond(200, CHANGES_MEDIA_TYPE, out))
    }
}
