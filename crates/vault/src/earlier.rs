//! What items were before, on its way from one vault into another: read out of a vault that has
//! it, carried by an archive, and sealed as versions of a new item.

use std::fmt;

use keyarc_wire::{ItemId, ItemVersion, SealedVersion, limits};

use crate::{
    Content, DetailsError, Item, ItemDraft, OldVersion, UnlockedVault, check::CheckLog,
    record::Origin, versions::written,
};

/// So many versions before one are kept by a server, whatever they changed.
const KEPT_ALWAYS: u64 = 50;

/// A version that a vault has of before, without its secret.
pub struct Past {
    old: OldVersion,
    origin: Origin,
    /// What is secret of it is that of the version before it in the list.
    shares: bool,
}

/// All that a vault has of what an item was before, the oldest first.
pub struct PastOf {
    /// What opens.
    pub versions: Vec<Past>,
    /// How many of the newest 50 are not there.
    pub missing: u32,
}

/// A version that an item had before, with its secret, as an archive carries it.
#[derive(Clone, PartialEq, Eq)]
pub struct Earlier {
    /// What it was. Where it shares its secret, that and all that is sealed with it is empty.
    pub(crate) draft: ItemDraft,
    /// It has the secret of the version before it, and what is sealed with that.
    pub(crate) shares: bool,
    /// The name under which programs knew it.
    pub(crate) variable: Option<String>,
    /// Unix milliseconds.
    pub(crate) updated_at_ms: u64,
    /// It lay in the trash.
    pub(crate) in_trash: bool,
    /// What tests of its key had found.
    pub(crate) checks: Option<CheckLog>,
    pub(crate) origin: Origin,
}

/// Versions of one item that follow each other, the oldest first. What is left out of them leaves
/// a gap that the next one tells of.
#[derive(Default)]
pub struct EarlierChain {
    versions: Vec<Earlier>,
    /// There is a secret that the next one can share.
    has_secret: bool,
    after_gap: bool,
}

impl Past {
    /// Which version of which item it is.
    pub fn place(&self) -> ItemVersion {
        let entry = self.old.entry();
        ItemVersion {
            item_id: entry.id,
            version: entry.version,
        }
    }

    /// Whether what is secret of it is that of the version before it in the list.
    pub fn shares(&self) -> bool {
        self.shares
    }

    /// Its overview.
    pub fn old(&self) -> &OldVersion {
        &self.old
    }

    /// As an archive carries it; `item` is it with its secret, unless it shares that.
    pub fn earlier(&self, item: Option<&Item>) -> Earlier {
        let record = &self.old.entry().record;
        let draft = match item {
            Some(item) => ItemDraft::of(item),
            None => ItemDraft::of(&Item {
                summary: self.old.summary(),
                content: nothing(),
                notes: String::new(),
                fields: Vec::new(),
                places: Vec::new(),
                check: None,
                attachments: Vec::new(),
            }),
        };
        Earlier {
            draft: ItemDraft {
                id: None,
                base_version: 0,
                ..draft
            },
            shares: item.is_none(),
            variable: record.variable.clone(),
            updated_at_ms: record.updated_at_ms,
            in_trash: record.trashed_at_ms.is_some(),
            checks: record.checks.clone(),
            origin: self.origin,
        }
    }
}

impl Earlier {
    /// What it was. Where it has the secret of the version before it, that, and all that is sealed
    /// with it, is empty.
    pub fn draft(&self) -> &ItemDraft {
        &self.draft
    }
}

/// In the place of a secret that is shared.
pub(crate) fn nothing() -> Content {
    Content::Note {
        text: String::new(),
    }
}

impl EarlierChain {
    /// Takes the next version; `None` for one that is there and cannot be taken. Returns whether
    /// it was taken: one that shares a secret which was left out is left out, too.
    pub fn push(&mut self, next: Option<Earlier>) -> bool {
        match next {
            Some(mut next) if self.has_secret || !next.shares => {
                next.origin.after_gap |= self.after_gap;
                self.has_secret = true;
                self.after_gap = false;
                self.versions.push(next);
                true
            }
            _ => {
                self.has_secret = false;
                self.after_gap = true;
                false
            }
        }
    }

    /// What was taken last.
    pub(crate) fn last(&self) -> Option<&Earlier> {
        self.versions.last()
    }

    /// What was taken, the oldest first.
    pub fn finish(self) -> Vec<Earlier> {
        self.versions
    }
}

impl UnlockedVault {
    /// What an item was before its version `below`. `kept` is all that the server has of it, the
    /// oldest first.
    ///
    /// [`DetailsError::Outdated`] when the item is gone, or has another version by now than the
    /// server's answer is about; [`DetailsError::Tampered`] for what no honest server says: a
    /// version twice, out of order, of number 0, more of them than any keeps, or one that does not
    /// open as what it says it is.
    pub fn past(
        &self,
        item: ItemId,
        below: u64,
        kept: &[SealedVersion],
    ) -> Result<PastOf, DetailsError> {
        let entry = self.items.get(item).ok_or(DetailsError::Outdated)?;
        if kept.len() > limits::EARLIER_PER_ITEM {
            return Err(DetailsError::Tampered);
        }
        let mut versions: Vec<Past> = Vec::new();
        let mut before: Option<&SealedVersion> = None;
        for sealed in kept {
            let number = sealed.version;
            if number <= before.map_or(0, |before| before.version) {
                return Err(DetailsError::Tampered);
            }
            if number >= entry.version {
                return Err(DetailsError::Outdated);
            }
            let old = self.open_version(item, sealed)?;
            let record = &old.entry().record;
            let last = versions.last().map(|last| last.old.entry());
            let follows = before.filter(|before| before.version + 1 == number);
            let before_it = last.map(|last| &last.record);
            let (made_at_ms, by_server) = written(
                number,
                record,
                follows.map(|before| (before.replaced_at_ms, before_it)),
            );
            let gap_there = record.origin.is_some_and(|origin| origin.after_gap);
            let origin = Origin {
                made_at_ms,
                by_server,
                after_gap: gap_there || (number > 1 && follows.is_none()),
            };
            let shares = last.is_some_and(|last| last.record.details_hash == record.details_hash);
            versions.push(Past {
                old,
                origin,
                shares,
            });
            before = Some(sealed);
        }
        // What was replaced since the item was read is what it is, and not what it was.
        versions.retain(|past| past.place().version < below);
        let from = below.saturating_sub(KEPT_ALWAYS).max(1);
        let there = versions
            .iter()
            .filter(|past| past.place().version >= from)
            .count() as u64;
        Ok(PastOf {
            missing: below.saturating_sub(from).saturating_sub(there) as u32,
            versions,
        })
    }
}

impl fmt::Debug for Earlier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Earlier({:?}, redacted)", self.origin)
    }
}
