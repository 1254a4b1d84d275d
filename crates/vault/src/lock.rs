//! A vault without its key, and with it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
};

use keyarc_crypto::{RootKey, SealError, VaultKey, VaultKeyContext};
use keyarc_wire::{
    AccountId, ItemChange, ItemId, ItemPurge, SealedDetails, VaultId, VaultInfo, WriteItemsRequest,
};

use crate::{
    Day, DraftError, Facets, Item, ItemSummary, ListQuery, ListView,
    entry::Entry,
    leaves::{Leaves, leaf_of},
    list::Items,
    seal::{Place, Unreadable, details_hash, open_details, open_overview},
};

/// A vault whose key is still wrapped. Nothing of its content is in memory.
pub struct LockedVault {
    info: VaultInfo,
    owner: AccountId,
}

/// The vault key does not open: it is not this account's, or what the server sent is not what
/// was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the vault key does not open")]
pub struct UnlockError;

/// A vault with its key and the overviews of its items. Dropping it wipes both.
pub struct UnlockedVault {
    info: VaultInfo,
    pub(crate) place: Place,
    pub(crate) key: VaultKey,
    pub(crate) items: Items,
    revision: u64,
    /// Items whose newest overview does not open, and its version.
    unreadable: BTreeMap<ItemId, u64>,
    /// Items deleted for good, which must not come back.
    deleted: HashMap<ItemId, u64>,
    leaves: Leaves,
}

/// What a manifest says of all items together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tree {
    /// Items, those deleted for good included.
    pub items: u32,
    /// The root over them (see `docs/protocol.md`, "Manifests").
    pub root: [u8; 32],
}

/// The items are not those that the manifest was signed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the items are not those that the manifest was signed for")]
pub struct TreeMismatch;

/// What a batch of changes did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ApplyReport {
    /// Items added, replaced or removed.
    pub changed: u32,
    /// Changes whose overview does not open, or does not fit its record. The item's last
    /// readable state stays, and [`UnlockedVault::unreadable`] counts it.
    pub unreadable: u32,
    /// Changes that would have gone back behind what was already seen: an older version, or an
    /// item deleted for good. An honest server sends none.
    pub refused: u32,
}

/// Details cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DetailsError {
    /// The vault has no such item.
    #[error("the item is not there")]
    NotFound,
    /// The item has changed since the last sync; sync and ask again.
    #[error("the item has changed since the last sync")]
    Outdated,
    /// These are not the details that the item's overview names: older ones, another item's, or
    /// altered ones.
    #[error("the details are not the ones that belong to the item")]
    Tampered,
}

/// An item cannot be sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A field breaks a rule.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The vault has no such item.
    #[error("the item is not there")]
    NotFound,
    /// Only what is in the trash can be deleted for good.
    #[error("the item is not in the trash")]
    NotInTrash,
    /// Sealing failed; nothing was written.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// A change of what stands in the overview alone. The secret part stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverviewChange {
    /// Stars or unstars.
    Favourite(bool),
    /// Moves to the trash.
    Trash,
    /// Takes out of the trash.
    Restore,
}

impl LockedVault {
    /// A vault as the server lists it, of the account that asks.
    pub fn new(info: VaultInfo, owner: AccountId) -> Self {
        Self { info, owner }
    }

    /// The vault.
    pub fn id(&self) -> VaultId {
        self.info.id
    }

    /// Opens the vault key. The vault comes back locked when that fails.
    pub fn unlock(self, root: &RootKey) -> Result<UnlockedVault, (Self, UnlockError)> {
        let context = VaultKeyContext {
            owner: self.owner.0,
            vault: self.info.id.0,
            epoch: self.info.key_epoch,
        };
        match root.unwrap_vault_key(&self.info.wrapped_key.0, &context) {
            Ok(key) => Ok(UnlockedVault::with_key(self.info, self.owner, key)),
            Err(_) => Err((self, UnlockError)),
        }
    }
}

impl UnlockedVault {
    /// A vault whose key is at hand, before anything of it is known.
    pub(crate) fn with_key(info: VaultInfo, owner: AccountId, key: VaultKey) -> Self {
        Self {
            place: Place {
                owner,
                vault: info.id,
                epoch: info.key_epoch,
            },
            info,
            key,
            items: Items::default(),
            revision: 0,
            unreadable: BTreeMap::new(),
            deleted: HashMap::new(),
            leaves: Leaves::default(),
        }
    }

    /// Forgets the key and everything opened with it.
    pub fn lock(self) -> LockedVault {
        LockedVault {
            info: self.info,
            owner: self.place.owner,
        }
    }

    /// The vault.
    pub fn id(&self) -> VaultId {
        self.info.id
    }

    /// The same vault, locked and without any item.
    pub fn locked_twin(&self) -> LockedVault {
        LockedVault {
            info: self.info.clone(),
            owner: self.place.owner,
        }
    }

    /// Every item that could be opened, those in the trash too.
    pub fn item_ids(&self) -> Vec<ItemId> {
        self.items.iter().map(|entry| entry.id).collect()
    }

    /// How many items there are, those in the trash included.
    pub fn count(&self) -> usize {
        self.items.iter().count()
    }

    /// The revision up to which changes were applied; 0 before the first.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Items outside the trash.
    pub fn live_items(&self) -> u32 {
        self.items.live()
    }

    /// Items whose newest state does not open. They are in the vault, and nobody may act as if
    /// they were not.
    pub fn unreadable(&self) -> u32 {
        self.unreadable.len() as u32
    }

    /// Checks that these changes lead to what a manifest was signed for. Only then may they be
    /// [applied](Self::apply). When they do not, nothing is changed.
    pub fn expect(
        &mut self,
        changes: impl IntoIterator<Item = ItemChange>,
        signed: Tree,
    ) -> Result<(), TreeMismatch> {
        let leaves = changes
            .into_iter()
            .map(|change| (change.item_id, leaf_of(&change)));
        let before = self.leaves.set_all(leaves);
        if self.tree() == signed {
            return Ok(());
        }
        self.leaves.undo(before);
        Err(TreeMismatch)
    }

    /// What the next manifest says, if this request is carried out.
    pub fn tree_after(&mut self, request: &WriteItemsRequest) -> Tree {
        let changes = self.changes_of(request);
        let leaves = changes
            .iter()
            .map(|change| (change.item_id, leaf_of(change)));
        let before = self.leaves.set_all(leaves);
        let tree = self.tree();
        self.leaves.undo(before);
        tree
    }

    /// The items known now.
    pub fn tree(&mut self) -> Tree {
        Tree {
            items: self.leaves.count(),
            root: self.leaves.root(),
        }
    }

    pub(crate) fn set_leaves(&mut self, changes: &[ItemChange]) {
        let leaves = changes
            .iter()
            .map(|change| (change.item_id, leaf_of(change)));
        self.leaves.set_all(leaves);
    }

    /// The version that an item has, also of one that does not open; 0 when there is none.
    pub(crate) fn known_version(&self, id: ItemId) -> u64 {
        let known = self.items.get(id).map_or(0, |entry| entry.version);
        known.max(self.unreadable.get(&id).copied().unwrap_or(0))
    }

    /// Whether an item was deleted for good.
    pub(crate) fn is_deleted(&self, id: ItemId) -> bool {
        self.deleted.contains_key(&id)
    }

    /// Whether every item of a request is at the version that it expects.
    pub fn is_current(&self, request: &WriteItemsRequest) -> bool {
        let created: HashSet<ItemId> = request.earlier.iter().map(|one| one.item_id).collect();
        let writes = request
            .writes
            .iter()
            .map(|w| match created.contains(&w.item_id) {
                true => (w.item_id, 0),
                false => (w.item_id, w.base_version),
            });
        let purges = request.purges.iter().map(|p| (p.item_id, p.base_version));
        writes
            .chain(purges)
            .all(|(id, base)| self.known_version(id) == base && !self.is_deleted(id))
    }

    /// Makes room for so many items that come with a first sync. Later ones bring few, and of
    /// items that are known.
    pub fn reserve(&mut self, items: u32) {
        if self.revision == 0 {
            self.items.reserve(items as usize);
        }
    }

    /// Takes changes from the server. Each is opened and checked on its own, so a batch may be
    /// given in parts; the revision rises to the highest seen, so the parts have to come in the
    /// order of their revisions.
    pub fn apply(&mut self, changes: impl IntoIterator<Item = ItemChange>) -> ApplyReport {
        let mut report = ApplyReport::default();
        for change in changes {
            self.revision = self.revision.max(change.revision);
            self.apply_one(change, &mut report);
        }
        report
    }

    /// Notes that the vault has no change between the revision known and this one. What a
    /// sync's end says, once all its changes were applied.
    pub fn advance_to(&mut self, revision: u64) {
        self.revision = self.revision.max(revision);
    }

    /// One window of the rows that a query asks for.
    pub fn list(&self, query: &ListQuery, today: Day) -> ListView {
        self.items.list(query, today)
    }

    /// An item was used: it comes first in [`Scope::Recent`](crate::Scope::Recent), until the
    /// vault is locked.
    pub fn note_use(&self, id: ItemId) {
        self.items.note_use(id);
    }

    /// Counts for the navigation.
    pub fn facets(&self, today: Day) -> Facets {
        self.items.facets(today)
    }

    /// One row.
    pub fn summary(&self, id: ItemId) -> Option<ItemSummary> {
        self.items.get(id).map(|entry| entry.summary(Vec::new()))
    }

    /// Rows of the items outside the trash that have a name, whatever the case of their letters. The
    /// name is in lower case.
    pub fn called(&self, name: &str) -> Vec<ItemSummary> {
        self.items.called(name)
    }

    /// Opens details and puts them to the row they belong to.
    pub fn open_details(&self, sealed: &SealedDetails) -> Result<Item, DetailsError> {
        let entry = self
            .items
            .get(sealed.item_id)
            .ok_or(DetailsError::NotFound)?;
        if sealed.version > entry.version {
            return Err(DetailsError::Outdated);
        }
        let named = sealed.version == entry.version
            && sealed.details_version == entry.record.details_version
            && details_hash(&sealed.details) == *entry.record.details_hash;
        if !named {
            return Err(DetailsError::Tampered);
        }
        let version = sealed.details_version;
        let details = open_details(
            &self.key,
            self.place,
            sealed.item_id,
            version,
            &sealed.details,
        )
        .map_err(|Unreadable| DetailsError::Tampered)?;
        if details.content.kind() != entry.record.kind {
            return Err(DetailsError::Tampered);
        }
        Ok(Item {
            summary: entry.summary(Vec::new()),
            content: details.content,
            notes: details.notes,
            fields: details.fields,
            places: details.places,
            check: details.check,
            attachments: details.attachments,
        })
    }

    /// Asks the server to delete an item in the trash for good.
    pub fn purge(&self, id: ItemId) -> Result<ItemPurge, WriteError> {
        match self.items.get(id) {
            Some(entry) if !entry.is_live() => Ok(ItemPurge {
                item_id: id,
                base_version: entry.version,
            }),
            Some(_) => Err(WriteError::NotInTrash),
            None => Err(WriteError::NotFound),
        }
    }

    /// What was deleted for good, with its last version.
    pub(crate) fn tombstones(&self) -> impl Iterator<Item = (ItemId, u64)> {
        self.deleted.iter().map(|(item, version)| (*item, *version))
    }

    fn apply_one(&mut self, change: ItemChange, report: &mut ApplyReport) {
        let ItemChange {
            item_id,
            version,
            live,
            ..
        } = change;
        let known = self.items.get(item_id).map_or(0, |entry| entry.version);
        let unreadable = self.unreadable.get(&item_id).copied().unwrap_or(0);
        if self.deleted.contains_key(&item_id) {
            // The same tombstone again is no news; anything else would bring the item back.
            report.refused += u32::from(live.is_some());
            return;
        }
        if version < known.max(unreadable) {
            report.refused += 1;
            return;
        }
        // Which version wrote the details is said in the overview. What the server says of it
        // decides nothing: it could make items unreadable with it, without an alarm.
        let Some((_, overview)) = live else {
            self.items.remove(item_id);
            self.unreadable.remove(&item_id);
            self.deleted.insert(item_id, version);
            report.changed += 1;
            return;
        };
        match open_overview(&self.key, self.place, item_id, version, &overview) {
            Err(Unreadable) => {
                self.unreadable.insert(item_id, version);
                report.unreadable += 1;
            }
            Ok(record) => {
                self.unreadable.remove(&item_id);
                match self.items.get(item_id) {
                    // Our own write, seen again by a sync.
                    Some(entry) if entry.version == version && entry.record == record => {}
                    // Two contents under one version: somebody rewrote the past.
                    Some(entry) if entry.version == version => report.refused += 1,
                    _ => {
                        self.items.put(Entry::new(item_id, version, record));
                        report.changed += 1;
                    }
                }
            }
        }
    }
}

impl fmt::Debug for LockedVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LockedVault({})", self.info.id)
    }
}

impl fmt::Debug for UnlockedVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "UnlockedVault({}, revision {})",
            self.info.id, self.revision
        )
    }
}
