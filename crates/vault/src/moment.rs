//! The vault as it was at a moment: what each item was then, beside what it is now, and how it
//! becomes that again.

use std::fmt;

use keyarc_wire::{ItemId, ItemWrite, MomentVersion};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    Change, Day, DetailsError, Item, ItemDraft, ItemSummary, OldVersion, UnlockedVault, WriteError,
    seal::seal_overview, versions::changes,
};

/// What an item was at a moment.
pub struct Then {
    id: ItemId,
    /// What is known of it.
    was: Was,
    /// As a search compares it.
    name: Zeroizing<String>,
}

enum Was {
    /// As it is now.
    Same,
    /// Another version than the one now.
    Other(Box<OldVersion>),
    /// There is nothing under that number that opens.
    Unreadable,
    /// The server does not keep versions so old.
    NotKept,
}

/// One line of the vault at a moment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MomentRow {
    /// The item: as it was then, or as it is now where that is not known.
    pub summary: ItemSummary,
    /// How that stands to what it is now.
    pub then: ThenIs,
}

/// How what an item was stands to what it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThenIs {
    /// The same.
    Same,
    /// It has changed since.
    Other {
        /// In what.
        changes: Vec<Change>,
    },
    /// The server has something that does not open.
    Unreadable,
    /// The server does not keep versions so old.
    NotKept,
}

impl fmt::Debug for MomentRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MomentRow({}, {:?})", self.summary.id, self.then)
    }
}

impl Then {
    /// The item.
    pub fn id(&self) -> ItemId {
        self.id
    }

    /// Whether it can become again what it was.
    pub fn can_return(&self) -> bool {
        self.other().is_some()
    }

    /// Whether it is not as it was, or nothing tells.
    pub fn differs(&self) -> bool {
        !matches!(self.was, Was::Same)
    }

    /// Whether its name has this in it, which is in lower case.
    pub fn is_called(&self, part: &str) -> bool {
        self.name.contains(part)
    }

    /// Takes note that the item has become again what it was.
    pub fn mark_returned(&mut self) {
        self.was = Was::Same;
    }

    /// What it was, when it is another version than the one now.
    pub fn other(&self) -> Option<&OldVersion> {
        match &self.was {
            Was::Other(old) => Some(old),
            Was::Same | Was::Unreadable | Was::NotKept => None,
        }
    }
}

impl UnlockedVault {
    /// What every item of the vault was at a moment, Unix milliseconds, in the order of their
    /// names. `shown` is what the server says has changed since. Items that were made later are
    /// left out, and so are those that were deleted for good: nothing is known of them.
    ///
    /// [`DetailsError::Tampered`] for what no honest server says: an item twice, one that is not
    /// there, or a version that is not below the one now.
    pub fn moment(&self, at_ms: u64, shown: &[MomentVersion]) -> Result<Vec<Then>, DetailsError> {
        let mut shown: Vec<&MomentVersion> = shown.iter().collect();
        shown.sort_unstable_by_key(|version| version.item_id);
        if shown.windows(2).any(|two| two[0].item_id == two[1].item_id) {
            return Err(DetailsError::Tampered);
        }
        for version in &shown {
            let entry = self.items.get(version.item_id);
            let entry = entry.ok_or(DetailsError::Outdated)?;
            let number = version.sealed.version;
            if number == 0 || number >= entry.version || version.sealed.replaced_at_ms <= at_ms {
                return Err(DetailsError::Tampered);
            }
        }
        let mut all = Vec::with_capacity(self.count());
        for entry in self.items.iter() {
            let at = shown.binary_search_by_key(&entry.id, |version| version.item_id);
            let version = at.ok().map(|at| shown[at]);
            if entry.record.created_at_ms > at_ms {
                continue;
            }
            let was = match version {
                None => Was::Same,
                Some(version) => match self.open_version(entry.id, &version.sealed) {
                    Err(_) => Was::Unreadable,
                    // It came with an item of an archive, which was not here at the moment.
                    Ok(old) if old.entry().record.origin.is_some() => Was::NotKept,
                    Ok(_) if !was_there(version, at_ms) => Was::NotKept,
                    // It was changed, and changed back.
                    Ok(old) if old.entry().record == entry.record => Was::Same,
                    Ok(old) => Was::Other(Box::new(old)),
                },
            };
            let name = match &was {
                Was::Other(old) => old.summary().name.to_lowercase(),
                _ => entry.sort_name.clone(),
            };
            all.push(Then {
                id: entry.id,
                was,
                name: Zeroizing::new(name),
            });
        }
        all.sort_by(|one, other| (one.name.as_str(), one.id).cmp(&(other.name.as_str(), other.id)));
        Ok(all)
    }

    /// The line of an item. `None` when it was deleted for good since.
    pub fn moment_row(&self, then: &Then) -> Option<MomentRow> {
        let now = self.items.get(then.id)?;
        let (summary, is) = match &then.was {
            Was::Other(old) => {
                let changes = changes(&old.entry().record, &now.record);
                (old.summary(), ThenIs::Other { changes })
            }
            Was::Same => (now.summary(Vec::new()), ThenIs::Same),
            Was::Unreadable => (now.summary(Vec::new()), ThenIs::Unreadable),
            Was::NotKept => (now.summary(Vec::new()), ThenIs::NotKept),
        };
        Some(MomentRow { summary, then: is })
    }

    /// Whether what is secret of a version of before is not what the item has now, so that the
    /// details of that version are needed to make it that again.
    pub fn needs_details(&self, old: &OldVersion) -> bool {
        let entry = old.entry();
        let now = self.items.get(entry.id);
        now.is_some_and(|now| now.record.details_hash != entry.record.details_hash)
    }

    /// Seals what an item was as its next version; `item` is that with its secret, where
    /// [`Self::needs_details`] says so. It goes to the trash or comes out of it when it was there
    /// or not. [`WriteError::NotFound`] when the item is gone.
    pub fn seal_return(
        &self,
        old: &OldVersion,
        item: Option<&Item>,
        (today, now_ms): (Day, u64),
        rng: &mut impl CryptoRng,
    ) -> Result<ItemWrite, WriteError> {
        let then = old.entry();
        let now = self.items.get(then.id).ok_or(WriteError::NotFound)?;
        let trashed_at_ms = then.record.trashed_at_ms.and(
            // Its time in the trash begins anew, unless it lies there.
            now.record.trashed_at_ms.or(Some(now_ms)),
        );
        if let Some(item) = item {
            let draft = ItemDraft {
                base_version: now.version,
                ..ItemDraft::of(item)
            };
            return self.seal_return_of(&draft, trashed_at_ms, (today, now_ms), rng);
        }
        let mut record = then.record.clone();
        record.trashed_at_ms = trashed_at_ms;
        // It is written here and now.
        record.origin = None;
        // The secret is the same: what was found of it since is true of it still.
        record.checks.clone_from(&now.record.checks);
        let version = now.version.saturating_add(1);
        let overview = seal_overview(&self.key, self.place, then.id, version, &record, rng)?;
        Ok(ItemWrite {
            item_id: then.id,
            base_version: now.version,
            overview,
            details: None,
            attachments: Vec::new(),
        })
    }
}

/// Whether the version was there at the moment already. When the one before is not kept, older
/// ones may be missing; its own time tells then, if it has one.
fn was_there(version: &MomentVersion, at_ms: u64) -> bool {
    match version.since_ms {
        Some(since_ms) => since_ms <= at_ms,
        None => version.sealed.version == 1,
    }
}
