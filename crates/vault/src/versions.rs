//! The versions of an item that were replaced: what the server kept of them, opened and put in
//! order. What is missing or does not open stands in the list, too.

use std::fmt;

use keyarc_wire::{ItemId, Sealed, SealedVersion};
use serde::{Deserialize, Serialize};

use crate::{
    DetailsError, Item, ItemSummary, UnlockedVault,
    entry::Entry,
    record::OverviewRecord,
    seal::{Unreadable, details_hash, open_details, open_overview},
};

/// How long an item lies in the trash before it may be deleted for good without being asked for.
pub const TRASH_KEPT_DAYS: u32 = 30;

/// One line of an item's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// It opens as what it says it is.
    Read(VersionRow),
    /// The server has something under this number that does not.
    Unreadable {
        /// Which version.
        version: u64,
    },
    /// The server shows none of these.
    Missing {
        /// The newest of them.
        newest: u64,
        /// The oldest of them.
        oldest: u64,
    },
}

/// A version, without its secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionRow {
    /// Which version.
    pub version: u64,
    /// What the item was called.
    pub name: String,
    /// It was in the trash.
    pub trashed: bool,
    /// When it was written, Unix milliseconds; `None` when nothing tells.
    pub written_at_ms: Option<u64>,
    /// The time is the server's word. Otherwise it was sealed by the writer, by their own clock.
    pub time_is_servers: bool,
    /// It came here in an archive, and was written into another vault then.
    pub from_archive: bool,
    /// What it changed of the version before; `None` when that one is missing or does not open.
    pub changes: Option<Vec<Change>>,
}

impl fmt::Debug for VersionRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VersionRow({}, {:?})", self.version, self.changes)
    }
}

/// What a version changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// It is the first.
    Created,
    /// It went to the trash.
    Trashed,
    /// It came back from there.
    Restored,
    /// The name.
    Name,
    /// The secret, or whatever its kind has in its place.
    Content,
    /// Which fields there are beside the secret.
    Fields,
    /// Which files are attached, or what they are called.
    Attachments,
    /// It was saved, and what overviews tell stayed the same. Notes or values of fields may be
    /// others.
    Saved,
    /// The folder.
    Folder,
    /// The tags.
    Tags,
    /// The environment.
    Environment,
    /// The provider.
    Provider,
    /// The day on which it stops working.
    Expiry,
    /// When the secret was changed, or how often it is to be.
    Rotation,
    /// What a test of the key found.
    Tested,
    /// It was starred.
    Starred,
    /// The star was taken away.
    Unstarred,
}

/// A replaced version whose overview opens.
pub struct OldVersion {
    entry: Entry,
}

impl OldVersion {
    /// The row that it had.
    pub fn summary(&self) -> ItemSummary {
        self.entry.summary(Vec::new())
    }

    pub(crate) fn entry(&self) -> &Entry {
        &self.entry
    }
}

/// A version with all that bears on its line.
struct Kept {
    version: u64,
    /// The version now was not.
    replaced_at_ms: Option<u64>,
    /// `None` when it does not open.
    record: Option<OverviewRecord>,
}

impl UnlockedVault {
    /// The history of an item, newest first, beginning with the version now. `kept` is all that
    /// the server has of it, newest first.
    ///
    /// [`DetailsError::Tampered`] for what no honest server says: a version twice, out of order,
    /// or not below the one now.
    pub fn history(
        &self,
        item: ItemId,
        kept: &[SealedVersion],
    ) -> Result<Vec<Version>, DetailsError> {
        let entry = self.items.get(item).ok_or(DetailsError::NotFound)?;
        let mut all = vec![Kept {
            version: entry.version,
            replaced_at_ms: None,
            record: Some(entry.record.clone()),
        }];
        for sealed in kept {
            let above = all.last().map_or(0, |above| above.version);
            if sealed.version == 0 || sealed.version >= above {
                return Err(DetailsError::Tampered);
            }
            let opened = self.open_version(item, sealed);
            all.push(Kept {
                version: sealed.version,
                replaced_at_ms: Some(sealed.replaced_at_ms),
                record: opened.ok().map(|opened| opened.entry.record.clone()),
            });
        }
        let mut lines = Vec::with_capacity(all.len() + 1);
        for (at, kept) in all.iter().enumerate() {
            let below = all.get(at + 1);
            let before = below.filter(|below| below.version + 1 == kept.version);
            lines.push(match &kept.record {
                Some(record) => Version::Read(row(kept.version, record, before)),
                None => Version::Unreadable {
                    version: kept.version,
                },
            });
            let oldest = below.map_or(1, |below| below.version + 1);
            if oldest < kept.version {
                lines.push(Version::Missing {
                    newest: kept.version - 1,
                    oldest,
                });
            }
        }
        Ok(lines)
    }

    /// Opens the overview of a replaced version as what it says it is, and as nothing else.
    pub fn open_version(
        &self,
        item: ItemId,
        sealed: &SealedVersion,
    ) -> Result<OldVersion, DetailsError> {
        let SealedVersion {
            version, overview, ..
        } = sealed;
        let record = open_overview(&self.key, self.place, item, *version, overview)
            .map_err(|Unreadable| DetailsError::Tampered)?;
        Ok(OldVersion {
            entry: Entry::new(item, *version, record),
        })
    }

    /// What an item is now, for when it will have been something else.
    pub fn as_it_is(&self, item: ItemId) -> Option<OldVersion> {
        let now = self.items.get(item)?;
        Some(OldVersion {
            entry: Entry::new(item, now.version, now.record.clone()),
        })
    }

    /// Opens the details of a replaced version, which have to be those that its overview names.
    pub fn open_version_details(
        &self,
        old: &OldVersion,
        details: &Sealed,
    ) -> Result<Item, DetailsError> {
        let Entry { id, record, .. } = &old.entry;
        if details_hash(details) != *record.details_hash {
            return Err(DetailsError::Tampered);
        }
        let opened = open_details(&self.key, self.place, *id, record.details_version, details)
            .map_err(|Unreadable| DetailsError::Tampered)?;
        if opened.content.kind() != record.kind {
            return Err(DetailsError::Tampered);
        }
        Ok(Item {
            summary: old.summary(),
            content: opened.content,
            notes: opened.notes,
            fields: opened.fields,
            places: opened.places,
            check: opened.check,
            attachments: opened.attachments,
        })
    }

    /// Items that went to the trash at this moment or before, Unix milliseconds.
    pub fn trashed_until(&self, at_ms: u64) -> Vec<ItemId> {
        let is_old = |trashed_at_ms: Option<u64>| trashed_at_ms.is_some_and(|then| then <= at_ms);
        self.items
            .iter()
            .filter(|entry| is_old(entry.record.trashed_at_ms))
            .map(|entry| entry.id)
            .collect()
    }
}

fn row(version: u64, record: &OverviewRecord, before: Option<&Kept>) -> VersionRow {
    let earlier = before.and_then(|before| before.record.as_ref());
    let changes = match earlier {
        // What it followed where it was written is not here.
        _ if record.origin.is_some_and(|origin| origin.after_gap) => None,
        _ if version == 1 => Some(vec![Change::Created]),
        Some(earlier) => Some(changes(earlier, record)),
        None => None,
    };
    let before = before.and_then(|before| Some((before.replaced_at_ms?, before.record.as_ref())));
    let (written_at_ms, time_is_servers) = written(version, record, before);
    VersionRow {
        version,
        name: record.name.clone(),
        trashed: record.trashed_at_ms.is_some(),
        written_at_ms,
        time_is_servers,
        from_archive: record.origin.is_some(),
        changes,
    }
}

/// When a version was written, Unix milliseconds, and whether that is the server's word. `before`
/// is the version that it replaced: when, and what opens of it.
pub(crate) fn written(
    version: u64,
    record: &OverviewRecord,
    before: Option<(u64, Option<&OverviewRecord>)>,
) -> (Option<u64>, bool) {
    if let Some(origin) = record.origin {
        return (origin.made_at_ms, origin.by_server);
    }
    let earlier = before.and_then(|(_, record)| record);
    let trashed_now = earlier.is_some_and(|earlier| earlier.trashed_at_ms.is_none());
    // What wrote the details wrote its own time, too. Other writes leave it as it is.
    if record.details_version == version {
        (Some(record.updated_at_ms), false)
    } else if trashed_now && record.trashed_at_ms.is_some() {
        (record.trashed_at_ms, false)
    } else {
        (before.map(|(replaced_at_ms, _)| replaced_at_ms), true)
    }
}

pub(crate) fn changes(before: &OverviewRecord, after: &OverviewRecord) -> Vec<Change> {
    let mut changes = Vec::new();
    match (before.trashed_at_ms, after.trashed_at_ms) {
        (None, Some(_)) => changes.push(Change::Trashed),
        (Some(_), None) => changes.push(Change::Restored),
        _ => {}
    }
    let content = before.fingerprint != after.fingerprint || before.kind != after.kind;
    let fields = before.field_names != after.field_names;
    let others = [
        (before.name != after.name, Change::Name),
        (content, Change::Content),
        (fields, Change::Fields),
        (before.files != after.files, Change::Attachments),
        (before.folder != after.folder, Change::Folder),
        (before.tags != after.tags, Change::Tags),
        (before.environment != after.environment, Change::Environment),
        (before.provider != after.provider, Change::Provider),
        (before.expires_on != after.expires_on, Change::Expiry),
        // Another secret is a rotation, too.
        (
            before.rotation != after.rotation && !content,
            Change::Rotation,
        ),
        (before.checks != after.checks, Change::Tested),
        (!before.favourite && after.favourite, Change::Starred),
        (before.favourite && !after.favourite, Change::Unstarred),
    ];
    let others = others.into_iter().filter(|(is_other, _)| *is_other);
    changes.extend(others.map(|(_, change)| change));
    if changes.is_empty() {
        changes.push(Change::Saved);
    }
    changes
}

impl fmt::Debug for OldVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "OldVersion({}, version {})",
            self.entry.id, self.entry.version
        )
    }
}
