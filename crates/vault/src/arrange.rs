//! Changes of many items at once, and taking them back. They touch overviews alone: what is
//! secret stays as it is sealed, and so does the day on which an item was last changed.

use keyarc_wire::{ItemId, ItemWrite};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::{
    Day, DraftError, UnlockedVault, WriteError,
    draft::{broken, check_day, environment, folder, tags},
    entry::Entry,
    record::{Environment, OverviewRecord},
    seal::seal_overview,
};

/// What is done to each of many items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkChange {
    /// Moves into a folder; an empty path is the top.
    Folder(String),
    /// Moves a folder with everything below it, the items in the trash too.
    MoveFolder {
        /// The folder's path.
        from: String,
        /// Its path to be. It may exist: then the two become one.
        to: String,
    },
    /// Adds tags to those that are there.
    AddTags(Vec<String>),
    /// Takes tags off, whatever their case.
    RemoveTags(Vec<String>),
    /// Sets the environment, or takes it off.
    Environment(Option<String>),
    /// Sets the day on which they stop working, or takes it off.
    ExpiresOn(Option<Day>),
    /// Stars or unstars.
    Favourite(bool),
    /// Moves to the trash.
    Trash,
    /// Takes out of the trash.
    Restore,
}

/// A change that keeps the rules, in its normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedChange(BulkChange);

/// How one item was before a change, and how to know that nobody changed it since.
pub struct UndoStep {
    item: ItemId,
    /// The version that the change made.
    version: u64,
    former: Former,
}

enum Former {
    Folder(String),
    Tags(Vec<String>),
    Environment(Option<Environment>),
    ExpiresOn(Option<Day>),
    Favourite(bool),
    TrashedAt(Option<u64>),
}

impl BulkChange {
    /// Checks the change by the rules for what a person enters, so that no item has to be looked
    /// at for a mistake in it. `field` of the error is that of [`crate::ItemDraft`].
    pub fn check(&self) -> Result<CheckedChange, DraftError> {
        let checked = match self {
            Self::Folder(path) => Self::Folder(folder(path)?),
            Self::MoveFolder { from, to } => {
                let to = folder(to)?;
                if to.is_empty() {
                    return Err(broken("folder", "needs a name"));
                }
                if is_below(&to, from) {
                    return Err(broken("folder", "cannot be moved into itself"));
                }
                Self::MoveFolder {
                    from: from.clone(),
                    to,
                }
            }
            Self::AddTags(given) => {
                let tags = tags(given)?;
                if tags.is_empty() {
                    return Err(broken("tags", "need a name"));
                }
                Self::AddTags(tags)
            }
            Self::RemoveTags(given) => {
                Self::RemoveTags(given.iter().map(|tag| tag.to_lowercase()).collect())
            }
            Self::Environment(name) => Self::Environment(environment(name.as_deref())?),
            Self::ExpiresOn(day) => {
                check_day(*day)?;
                Self::ExpiresOn(*day)
            }
            Self::Favourite(_) | Self::Trash | Self::Restore => self.clone(),
        };
        Ok(CheckedChange(checked))
    }
}

impl CheckedChange {
    /// Makes the change, and returns how it was before. `None` when it does not concern the
    /// item, or the item is so already.
    fn make(&self, record: &mut OverviewRecord, now_ms: u64) -> Result<Option<Former>, DraftError> {
        let is_live = record.trashed_at_ms.is_none();
        let concerned = match &self.0 {
            BulkChange::MoveFolder { .. } => true,
            BulkChange::Restore => !is_live,
            _ => is_live,
        };
        if !concerned {
            return Ok(None);
        }
        Ok(match &self.0 {
            BulkChange::Folder(path) => set(&mut record.folder, path.clone()).map(Former::Folder),
            BulkChange::MoveFolder { from, to } => {
                let Some(rest) = rest_below(&record.folder, from) else {
                    return Ok(None);
                };
                // What lies deep may come to lie too deep.
                let path = folder(&format!("{to}{rest}"))?;
                set(&mut record.folder, path).map(Former::Folder)
            }
            BulkChange::AddTags(added) => {
                let all: Vec<String> = record.tags.iter().chain(added).cloned().collect();
                set(&mut record.tags, tags(&all)?).map(Former::Tags)
            }
            BulkChange::RemoveTags(removed) => {
                let left = record.tags.iter().filter(|tag| {
                    let tag = tag.to_lowercase();
                    !removed.contains(&tag)
                });
                let left = left.cloned().collect();
                set(&mut record.tags, left).map(Former::Tags)
            }
            BulkChange::Environment(name) => {
                let to = name.clone().map(Environment);
                set(&mut record.environment, to).map(Former::Environment)
            }
            BulkChange::ExpiresOn(day) => set(&mut record.expires_on, *day).map(Former::ExpiresOn),
            BulkChange::Favourite(on) => set(&mut record.favourite, *on).map(Former::Favourite),
            BulkChange::Trash => {
                // A clock that is behind must not make it look as if it had lain there long.
                let now_ms = now_ms.max(record.updated_at_ms);
                set(&mut record.trashed_at_ms, Some(now_ms)).map(Former::TrashedAt)
            }
            BulkChange::Restore => set(&mut record.trashed_at_ms, None).map(Former::TrashedAt),
        })
    }
}

impl Former {
    fn put_back(&self, record: &mut OverviewRecord) {
        match self {
            Self::Folder(path) => record.folder.clone_from(path),
            Self::Tags(tags) => record.tags.clone_from(tags),
            Self::Environment(name) => record.environment.clone_from(name),
            Self::ExpiresOn(day) => record.expires_on = *day,
            Self::Favourite(on) => record.favourite = *on,
            Self::TrashedAt(at) => record.trashed_at_ms = *at,
        }
    }
}

impl Drop for Former {
    fn drop(&mut self) {
        match self {
            Self::Folder(path) => path.zeroize(),
            Self::Tags(tags) => tags.zeroize(),
            Self::Environment(name) => name.zeroize(),
            Self::ExpiresOn(_) | Self::Favourite(_) | Self::TrashedAt(_) => {}
        }
    }
}

impl UndoStep {
    /// The item that it is about.
    pub fn item(&self) -> ItemId {
        self.item
    }
}

impl UnlockedVault {
    /// Seals what a change makes of one item, and tells how to take it back. `None` when there is
    /// nothing to write: the item is so already, is gone, or is in the trash and the change is
    /// not for what is there. A label that the change makes too long or too many is an error.
    pub fn seal_bulk_change(
        &self,
        id: ItemId,
        change: &CheckedChange,
        now_ms: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<(ItemWrite, UndoStep)>, WriteError> {
        let Some(entry) = self.items.get(id) else {
            return Ok(None);
        };
        let mut record = entry.record.clone();
        let Some(former) = change.make(&mut record, now_ms)? else {
            return Ok(None);
        };
        let write = self.seal_next(entry, &record, rng)?;
        let undo = UndoStep {
            item: id,
            version: write.base_version.saturating_add(1),
            former,
        };
        Ok(Some((write, undo)))
    }

    /// Seals an item as it was before a change. `None` when it was changed since: what somebody
    /// did afterwards is not undone with it.
    pub fn seal_undo(
        &self,
        step: &UndoStep,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<ItemWrite>, WriteError> {
        let entry = self.items.get(step.item);
        let Some(entry) = entry.filter(|entry| entry.version == step.version) else {
            return Ok(None);
        };
        let mut record = entry.record.clone();
        step.former.put_back(&mut record);
        self.seal_next(entry, &record, rng).map(Some)
    }

    /// Every item in a folder or below it, those in the trash too.
    pub fn items_below(&self, folder: &str) -> Vec<ItemId> {
        let below = self.items.iter().filter(|entry| entry.is_within(folder));
        below.map(|entry| entry.id).collect()
    }

    /// Every item in the trash.
    pub fn items_in_trash(&self) -> Vec<ItemId> {
        let thrown = |entry: &&Entry| entry.record.trashed_at_ms.is_some();
        self.items
            .iter()
            .filter(thrown)
            .map(|entry| entry.id)
            .collect()
    }

    fn seal_next(
        &self,
        entry: &Entry,
        record: &OverviewRecord,
        rng: &mut impl CryptoRng,
    ) -> Result<ItemWrite, WriteError> {
        let version = entry.version.saturating_add(1);
        let overview = seal_overview(&self.key, self.place, entry.id, version, record, rng)?;
        Ok(ItemWrite {
            item_id: entry.id,
            base_version: entry.version,
            overview,
            details: None,
            attachments: Vec::new(),
        })
    }
}

/// Sets a value, and returns the one before if it was another.
fn set<T: PartialEq>(place: &mut T, to: T) -> Option<T> {
    (*place != to).then(|| std::mem::replace(place, to))
}

/// Whether a path lies below a folder.
fn is_below(path: &str, folder: &str) -> bool {
    rest_below(path, folder).is_some_and(|rest| !rest.is_empty())
}

/// What follows the folder in a path that is it or lies below it: `/b` for `a/b` in `a`.
fn rest_below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(folder)?;
    (!folder.is_empty() && (rest.is_empty() || rest.starts_with('/'))).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_does_not_go_into_itself() {
        let to = |to: &str| {
            BulkChange::MoveFolder {
                from: "a/b".to_owned(),
                to: to.to_owned(),
            }
            .check()
        };
        assert!(to("a/b/c").is_err());
        assert!(to(" a / b / c/d ").is_err());
        assert!(to("").is_err());
        assert!(to("a").is_ok());
        assert!(to("a/bc").is_ok());
        assert!(to("c/b").is_ok());
    }

    #[test]
    fn what_is_below_a_folder_is_told_by_whole_names() {
        assert_eq!(rest_below("a/b/c", "a/b"), Some("/c"));
        assert_eq!(rest_below("a/b", "a/b"), Some(""));
        assert_eq!(rest_below("a/bc", "a/b"), None);
        assert_eq!(rest_below("a", ""), None);
    }
}
