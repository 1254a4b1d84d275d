//! Writing: drafts and small changes become sealed writes, and accepted writes become rows.

use keyarc_wire::{ItemChange, ItemId, ItemWrite, WriteItemsRequest};
use minicbor::bytes::ByteArray;
use rand_core::CryptoRng;

mod earlier;
mod taken;

use crate::{
    ApplyReport, Content, Day, ItemDraft, OverviewChange, Rotation, Totp, UnlockedVault,
    WriteError,
    draft::{CheckedDraft, normalise, normalise_typed},
    import::{Kept, PlannedItem},
    material,
    recognise::hint_of,
    record::{Environment, FieldNames, Files, Origin, OverviewRecord, RotationRecord},
    seal::{
        content_fingerprint, details_hash, encode_details, password_fingerprint, seal_details,
        seal_overview,
    },
};

/// Longest hint in characters.
const HINT_MAX: usize = 40;

impl UnlockedVault {
    /// Seals a draft as a new item or as the next version of the one it edits. Nothing changes
    /// here until [`Self::accept`]. As [`Self::seal_draft_on`], where the day is that of UTC.
    pub fn seal_draft(
        &self,
        draft: &ItemDraft,
        now_ms: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<ItemWrite, WriteError> {
        self.seal_draft_on(draft, utc_day(now_ms), now_ms, rng)
    }

    /// Seals a draft where it is the day `today`: when its secret is another one than the item
    /// had, that day is noted as the day of its [`Rotation`].
    pub fn seal_draft_on(
        &self,
        draft: &ItemDraft,
        today: Day,
        now_ms: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<ItemWrite, WriteError> {
        let checked = normalise_typed(draft)?;
        self.seal_checked(draft, checked, Beside::default(), (today, now_ms), rng)
    }

    /// Seals what an import planned, as one atomic change. What an item of an archive was before
    /// becomes its first versions.
    pub fn seal_import(
        &self,
        planned: &[PlannedItem],
        now_ms: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<WriteItemsRequest, WriteError> {
        let now = (utc_day(now_ms), now_ms);
        let mut request = WriteItemsRequest {
            writes: Vec::with_capacity(planned.len()),
            ..WriteItemsRequest::default()
        };
        for item in planned {
            let checked = normalise(&item.draft)?;
            let beside = Beside {
                variable: item.variable.as_deref(),
                kept: item.kept.as_ref(),
                ..Beside::default()
            };
            let mut spot = Spot::fresh(rng);
            if let Some(kept) = &item.kept {
                let earlier = self.seal_earlier(spot.id, kept, now, rng)?;
                spot.base_version = earlier.len() as u64;
                request.earlier.extend(earlier);
            }
            let (write, _) = self.seal_at(&item.draft, checked, beside, spot, now, rng)?;
            request.writes.push(write);
        }
        Ok(request)
    }

    /// Seals a change of the overview alone. It does not count as a change of the item: an item
    /// taken out of the trash stands where it stood before.
    pub fn seal_overview_change(
        &self,
        id: ItemId,
        change: OverviewChange,
        now_ms: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<ItemWrite, WriteError> {
        let entry = self.items.get(id).ok_or(WriteError::NotFound)?;
        let mut record = entry.record.clone();
        match change {
            OverviewChange::Favourite(favourite) => record.favourite = favourite,
            OverviewChange::Trash => {
                // A clock that is behind must not make the item look as if it had lain there long.
                let now_ms = now_ms.max(record.updated_at_ms);
                record.trashed_at_ms.get_or_insert(now_ms);
            }
            OverviewChange::Restore => record.trashed_at_ms = None,
        }
        let version = entry.version.saturating_add(1);
        let overview = seal_overview(&self.key, self.place, id, version, &record, rng)?;
        Ok(ItemWrite {
            item_id: id,
            base_version: entry.version,
            overview,
            details: None,
            attachments: Vec::new(),
        })
    }

    /// Applies a write that the server took and gave `revision`, without fetching it again. The
    /// vault's revision follows only when no other write lies between; otherwise the next sync
    /// brings that one, and this one a second time.
    pub fn accept(&mut self, request: &WriteItemsRequest, revision: u64) -> ApplyReport {
        let known = self.revision();
        let changes = self.changes_of(request);
        self.set_leaves(&changes);
        let report = self.apply(changes);
        if known.checked_add(1) == Some(revision) {
            self.advance_to(revision);
        }
        report
    }

    /// What a request makes of its items, as a sync would bring it after this revision.
    pub(crate) fn changes_of(&self, request: &WriteItemsRequest) -> Vec<ItemChange> {
        let writes = request.writes.iter().map(|write| {
            let version = write.base_version.saturating_add(1);
            let details_version = match write.details {
                Some(_) => version,
                None => self
                    .items
                    .get(write.item_id)
                    .map_or(0, |entry| entry.record.details_version),
            };
            let live = Some((details_version, write.overview.clone()));
            (write.item_id, version, live)
        });
        let purges = request
            .purges
            .iter()
            .map(|purge| (purge.item_id, purge.base_version.saturating_add(1), None));
        writes
            .chain(purges)
            .map(|(item_id, version, live)| ItemChange {
                item_id,
                version,
                revision: self.revision(),
                live,
            })
            .collect()
    }

    /// Seals what an item was as its next version, in the trash or not.
    pub(crate) fn seal_return_of(
        &self,
        draft: &ItemDraft,
        trashed_at_ms: Option<u64>,
        now: (Day, u64),
        rng: &mut impl CryptoRng,
    ) -> Result<ItemWrite, WriteError> {
        let checked = normalise_typed(draft)?;
        let beside = Beside {
            trashed_at_ms: Some(trashed_at_ms),
            ..Beside::default()
        };
        self.seal_checked(draft, checked, beside, now, rng)
    }

    fn seal_checked(
        &self,
        draft: &ItemDraft,
        checked: CheckedDraft,
        beside: Beside<'_>,
        now: (Day, u64),
        rng: &mut impl CryptoRng,
    ) -> Result<ItemWrite, WriteError> {
        let spot = match draft.id {
            Some(id) => {
                let entry = self.items.get(id).ok_or(WriteError::NotFound)?;
                Spot {
                    id,
                    base_version: draft.base_version,
                    existing: Some(&entry.record),
                }
            }
            None => Spot::fresh(rng),
        };
        let (write, _) = self.seal_at(draft, checked, beside, spot, now, rng)?;
        Ok(write)
    }

    fn seal_at(
        &self,
        draft: &ItemDraft,
        checked: CheckedDraft,
        beside: Beside<'_>,
        spot: Spot<'_>,
        (today, now_ms): (Day, u64),
        rng: &mut impl CryptoRng,
    ) -> Result<(ItemWrite, OverviewRecord), WriteError> {
        let Beside { variable, kept, .. } = beside;
        let Spot {
            id,
            base_version,
            existing,
        } = spot;
        let version = base_version.saturating_add(1);
        let plaintext = encode_details(
            &draft.content,
            &draft.notes,
            &checked.fields,
            &checked.places,
            draft.check.as_ref(),
            &draft.attachments,
        );
        let details = seal_details(&self.key, self.place, id, version, &plaintext, rng)?;
        let fingerprint = content_fingerprint(&self.key, &draft.content);
        let password = password_fingerprint(&self.key, &draft.content);
        let record = OverviewRecord {
            name: checked.name,
            kind: draft.content.kind(),
            details_version: version,
            details_hash: ByteArray::from(details_hash(&details)),
            created_at_ms: match (existing, kept) {
                (Some(record), _) => record.created_at_ms,
                (None, Some(kept)) => kept.created_at_ms,
                (None, None) => now_ms,
            },
            updated_at_ms: kept.map_or(now_ms, |kept| kept.updated_at_ms),
            fingerprint: ByteArray::from(fingerprint),
            hint: hint(&draft.content),
            folder: checked.folder,
            tags: checked.tags,
            favourite: draft.favourite,
            environment: checked.environment.map(Environment),
            provider: checked.provider,
            variable: match existing {
                Some(record) => record.variable.clone(),
                None => variable.map(str::to_owned),
            },
            expires_on: draft.expires_on,
            // Its time in the trash begins anew: it must not be gone on the day it came back.
            trashed_at_ms: beside.trashed_at_ms.unwrap_or_else(|| {
                existing
                    .and_then(|record| record.trashed_at_ms)
                    .or_else(|| kept.filter(|kept| kept.in_trash).map(|_| now_ms))
            }),
            field_names: FieldNames::of(&checked.fields),
            rotation: rotation(draft.rotation, existing, (fingerprint, password), today),
            password_fingerprint: password.map(ByteArray::from),
            // What was found of another secret says nothing of this one.
            checks: existing
                .filter(|record| *record.fingerprint == fingerprint)
                .and_then(|record| record.checks.clone())
                .or_else(|| kept.and_then(|kept| kept.checks.clone())),
            files: Files::of(&draft.attachments),
            origin: beside.origin,
            copied_version: None,
        };
        let overview = seal_overview(&self.key, self.place, id, version, &record, rng)?;
        let write = ItemWrite {
            item_id: id,
            base_version,
            overview,
            details: Some(details),
            attachments: draft.attachments.iter().map(|one| one.id).collect(),
        };
        Ok((write, record))
    }
}

/// What an item gets that no form holds.
#[derive(Clone, Copy, Default)]
struct Beside<'a> {
    /// The name under which programs know it.
    variable: Option<&'a str>,
    /// What it was in an archive.
    kept: Option<&'a Kept>,
    /// Since when it lies in the trash, if it does; absent where that stays as it is.
    trashed_at_ms: Option<Option<u64>>,
    /// Where it comes from, of a version of before.
    origin: Option<Origin>,
}

/// Where something is sealed.
struct Spot<'a> {
    id: ItemId,
    /// The version before.
    base_version: u64,
    /// What the item is now.
    existing: Option<&'a OverviewRecord>,
}

impl Spot<'_> {
    /// That of a new item.
    fn fresh(rng: &mut impl CryptoRng) -> Self {
        let mut id = [0; 16];
        rng.fill_bytes(&mut id);
        Self {
            id: ItemId(id),
            base_version: 0,
            existing: None,
        }
    }
}

fn utc_day(now_ms: u64) -> Day {
    Day::from_unix_ms(i64::try_from(now_ms).unwrap_or(i64::MAX), 0)
}

/// What is noted of a rotation, where `new` are the fingerprints of the content and of its
/// password. A day that the draft changes is kept as it says.
fn rotation(
    wish: Rotation,
    existing: Option<&OverviewRecord>,
    (content, password): ([u8; 8], Option<[u8; 8]>),
    today: Day,
) -> Option<RotationRecord> {
    let is_another = existing.is_some_and(|record| match record.password_fingerprint {
        // Another user name is not another password.
        Some(known) => password != Some(*known),
        None => content != *record.fingerprint,
    });
    let known = existing.and_then(|record| record.rotation().rotated_on);
    let rotated_on = match wish.rotated_on {
        named if named != known => named,
        _ if is_another => Some(today),
        named => named,
    };
    // A plan counts from a day: without another one, from that on which the item was made.
    let made_on = || existing.map_or(today, |record| utc_day(record.created_at_ms));
    let rotated_on = rotated_on.or_else(|| wish.every_days.map(|_| made_on()))?;
    Some(RotationRecord {
        rotated_on,
        every_days: wish.every_days,
    })
}

/// What a row shows of a content.
pub(crate) fn hint(content: &Content) -> String {
    let hint = match content {
        Content::ApiKey { value } => hint_of(value),
        Content::Login { username, .. } => username.clone(),
        Content::Note { .. } => String::new(),
        Content::Totp { key } => match Totp::parse(key) {
            Ok(totp) => totp
                .account()
                .or(totp.issuer())
                .unwrap_or_default()
                .to_owned(),
            Err(_) => String::new(),
        },
        Content::Certificate { .. } | Content::SshKey { .. } => material::hint(content),
        Content::EnvironmentSet { variables } if variables.len() == 1 => "1 variable".to_owned(),
        Content::EnvironmentSet { variables } => format!("{} variables", variables.len()),
    };
    match hint.char_indices().nth(HINT_MAX) {
        Some((at, _)) => format!("{}…", &hint[..at]),
        None => hint,
    }
}
