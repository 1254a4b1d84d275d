//! The copy of some items that a machine token opens: which items those are, and how they are sealed
//! once more under the copy's own key.
//!
//! A copy is a vault of its own with a key of its own, so that who holds the token can open what was
//! copied and nothing else. An item has the id that it has in the vault. What left the copy leaves a
//! tombstone, and may come back as the version after that: whoever opens a copy starts from nothing
//! each time, and an owner's client only asks it what it holds.

use std::{collections::HashMap, fmt};

use keyarc_crypto::{RootKey, SealError, VaultKey, VaultKeyContext};
use keyarc_wire::{
    AccountId, ItemChange, ItemId, ItemPurge, ItemWrite, MachineTokenId, Sealed, SealedDetails,
    VaultId, VaultInfo, WriteItemsRequest,
};
use minicbor::{CborLen, Decode, Encode, bytes::ByteArray};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    DetailsError, DraftError, LABEL_MAX, ResealError, Tree, TreeMismatch, UnlockError,
    UnlockedVault,
    draft::{broken, environment, folder, is_visible, single_line},
    entry::{Entry, is_within},
    leaves::{Leaves, leaf_of},
    record::{decode_record, encode_record},
    seal::{
        Place, content_fingerprint, details_hash, encode_details, open_overview,
        password_fingerprint, seal_details, seal_overview,
    },
};

mod change;

pub use change::{ChangeVerdict, MachineChange};

/// Most folders, and most environments, of a scope.
pub const SCOPE_MAX: usize = 50;
/// The epoch of a copy's key: it has one for its life.
const KEY_EPOCH: u32 = 1;

/// Which items a token reads. What is in the trash is in no scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Encode, Decode, CborLen)]
pub struct MachineScope {
    /// Items of these folders and of those in them; of any without one.
    #[n(0)]
    pub folders: Vec<String>,
    /// Items of these environments; of any, and of none, without one.
    #[n(1)]
    pub environments: Vec<String>,
}

impl MachineScope {
    /// The same in its normal form, if it keeps the rules that folders and environments of items
    /// keep. `field` of an error is `folder` or `environment`.
    pub fn checked(&self) -> Result<Self, DraftError> {
        let mut folders = Vec::new();
        for text in &self.folders {
            let path = folder(text)?;
            if path.is_empty() {
                return Err(broken("folder", "needs a name"));
            }
            folders.push(path);
        }
        let mut environments = Vec::new();
        for text in &self.environments {
            let name = environment(Some(text))?;
            environments.push(name.ok_or_else(|| broken("environment", "needs a name"))?);
        }
        for (field, given) in [("folder", &mut folders), ("environment", &mut environments)] {
            given.sort_unstable();
            given.dedup();
            if given.len() > SCOPE_MAX {
                return Err(broken(field, format!("is one of more than {SCOPE_MAX}")));
            }
        }
        Ok(Self {
            folders,
            environments,
        })
    }

    fn covers(&self, entry: &Entry) -> bool {
        entry.is_live() && self.covers_place(&entry.record.folder, entry.environment())
    }

    /// Whether an item of a folder and an environment is in it.
    fn covers_place(&self, folder: &str, environment: Option<&str>) -> bool {
        let folders = &self.folders;
        let of_folder = folders.is_empty() || folders.iter().any(|one| is_within(folder, one));
        let of_environment = self.environments.is_empty()
            || environment.is_some_and(|own| self.environments.iter().any(|one| one == own));
        of_folder && of_environment
    }
}

/// What an account notes about a machine token for itself. It names the token and the copy, so that a
/// server cannot put the note of one to another.
#[derive(Clone, PartialEq, Eq, Encode, Decode, CborLen)]
pub struct MachineNote {
    #[n(0)]
    token: ByteArray<16>,
    #[n(1)]
    copy: ByteArray<16>,
    /// What the owner calls it.
    #[n(2)]
    pub name: String,
    /// What it reads.
    #[n(3)]
    pub scope: MachineScope,
    /// Absent where it reads, as in all notes of before.
    #[n(4)]
    more: Option<More>,
}

/// What a token may besides reading.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(index_only)]
enum More {
    /// Hand in changes. The number is that of the access in the grant.
    #[n(2)]
    Write,
}

impl MachineNote {
    /// A note about a token. The name has something to see in it, at most
    /// [`LABEL_MAX`] characters, on one line.
    pub fn new(
        token: MachineTokenId,
        copy: VaultId,
        name: &str,
        scope: &MachineScope,
        writes: bool,
    ) -> Result<Self, DraftError> {
        let name = name.trim();
        if !name.chars().any(is_visible) {
            return Err(broken("name", "needs a name"));
        }
        single_line("name", name, LABEL_MAX)?;
        Ok(Self {
            token: token.0.into(),
            copy: copy.0.into(),
            name: name.to_owned(),
            scope: scope.checked()?,
            more: writes.then_some(More::Write),
        })
    }

    /// Whether changes are taken that are handed in with it.
    pub fn writes(&self) -> bool {
        self.more.is_some()
    }

    /// The canonical bytes, to be sealed.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        encode_record(self)
    }

    /// Reads exactly what [`encode`](Self::encode) writes, if it is about this token and copy.
    pub fn decode(bytes: &[u8], token: MachineTokenId, copy: VaultId) -> Option<Self> {
        let note: Self = decode_record(bytes).ok()?;
        (*note.token == token.0 && *note.copy == copy.0).then_some(note)
    }
}

impl fmt::Debug for MachineNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MachineNote(redacted)")
    }
}

/// What a copy holds, as its owner's client knows it: versions, and no plaintext.
pub struct MachineCopy {
    place: Place,
    key: VaultKey,
    leaves: Leaves,
    held: HashMap<ItemId, Held>,
    revision: u64,
}

/// An item in a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    version: u64,
    copies: Copies,
}

/// What of the vault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copies {
    /// That of this version.
    Version(u64),
    /// What does not open, or does not say.
    Unknown,
    /// It is gone.
    Nothing,
}

/// How a copy differs from what it should hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopyDifference {
    /// Items of the vault to be sealed for it, in the order of their ids.
    pub put: Vec<ItemId>,
    /// What must not be in it any more.
    pub gone: Vec<ItemPurge>,
}

impl CopyDifference {
    /// The copy is as it should be.
    pub fn is_none(&self) -> bool {
        self.put.is_empty() && self.gone.is_empty()
    }
}

impl MachineCopy {
    /// Makes an empty copy, and its key wrapped for the owner.
    pub fn make(
        owner: AccountId,
        vault: VaultId,
        root: &RootKey,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Sealed), SealError> {
        let key = VaultKey::make(rng);
        let wrapped = root.wrap_vault_key(&key, &key_context(owner, vault), rng)?;
        Ok((Self::empty(owner, vault, key), Sealed(wrapped)))
    }

    /// A copy whose key the owner wrapped, before anything of it is known.
    pub fn open(owner: AccountId, info: &VaultInfo, root: &RootKey) -> Result<Self, UnlockError> {
        if info.key_epoch != KEY_EPOCH {
            return Err(UnlockError);
        }
        let context = key_context(owner, info.id);
        match root.unwrap_vault_key(&info.wrapped_key.0, &context) {
            Ok(key) => Ok(Self::empty(owner, info.id, key)),
            Err(_) => Err(UnlockError),
        }
    }

    fn empty(owner: AccountId, vault: VaultId, key: VaultKey) -> Self {
        Self {
            place: Place {
                owner,
                vault,
                epoch: KEY_EPOCH,
            },
            key,
            leaves: Leaves::default(),
            held: HashMap::new(),
            revision: 0,
        }
    }

    /// The copy.
    pub fn id(&self) -> VaultId {
        self.place.vault
    }

    /// Its key, for the grant.
    pub fn key(&self) -> &VaultKey {
        &self.key
    }

    /// The epoch of its key.
    pub fn key_epoch(&self) -> u32 {
        KEY_EPOCH
    }

    /// The revision up to which it is known.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// How many items are in it.
    pub fn count(&self) -> usize {
        let there = |held: &&Held| held.copies != Copies::Nothing;
        self.held.values().filter(there).count()
    }

    /// Takes what changed, if it leads to what a manifest of this revision was signed for. When it
    /// does not, nothing is changed.
    pub fn take(
        &mut self,
        changes: &[ItemChange],
        signed: Tree,
        revision: u64,
    ) -> Result<(), TreeMismatch> {
        let back = |change: &ItemChange| {
            let known = self.held.get(&change.item_id);
            known.is_some_and(|known| known.version > change.version)
        };
        if changes.iter().any(back) {
            return Err(TreeMismatch);
        }
        let leaves = changes.iter().map(|one| (one.item_id, leaf_of(one)));
        let before = self.leaves.set_all(leaves);
        if self.tree() != signed {
            self.leaves.undo(before);
            return Err(TreeMismatch);
        }
        for change in changes {
            let copies = match &change.live {
                None => Copies::Nothing,
                Some((_, overview)) => self.copied(change.item_id, change.version, overview),
            };
            let held = Held {
                version: change.version,
                copies,
            };
            self.held.insert(change.item_id, held);
        }
        self.revision = revision;
        Ok(())
    }

    fn copied(&self, item: ItemId, version: u64, overview: &Sealed) -> Copies {
        let record = open_overview(&self.key, self.place, item, version, overview);
        match record.ok().and_then(|record| record.copied_version) {
            Some(version) => Copies::Version(version),
            None => Copies::Unknown,
        }
    }

    /// How the copy differs from what the scope makes of the vault as it is.
    pub fn difference(&self, vault: &UnlockedVault, scope: &MachineScope) -> CopyDifference {
        let covered = vault.items.iter().filter(|entry| scope.covers(entry));
        let wanted: HashMap<ItemId, u64> = covered.map(|one| (one.id, one.version)).collect();
        let is_held = |item: &ItemId, version: u64| {
            let held = self.held.get(item).map(|held| held.copies);
            held == Some(Copies::Version(version))
        };
        let mut put: Vec<ItemId> = wanted
            .iter()
            .filter(|(item, version)| !is_held(item, **version))
            .map(|(item, _)| *item)
            .collect();
        put.sort_unstable();
        let unwanted = |(item, held): &(&ItemId, &Held)| {
            held.copies != Copies::Nothing && !wanted.contains_key(item)
        };
        let gone = self.held.iter().filter(unwanted);
        let mut gone: Vec<ItemPurge> = gone
            .map(|(item, held)| ItemPurge {
                item_id: *item,
                base_version: held.version,
            })
            .collect();
        gone.sort_unstable_by_key(|purge| purge.item_id);
        CopyDifference { put, gone }
    }

    /// Seals an item of the vault for the copy, as the version after the one that is there. Its
    /// files stay behind, and so does what it was before.
    pub fn seal(
        &self,
        vault: &UnlockedVault,
        details: &SealedDetails,
        rng: &mut impl CryptoRng,
    ) -> Result<ItemWrite, ResealError> {
        let item = vault.open_details(details)?;
        let id = details.item_id;
        let entry = vault.items.get(id).ok_or(DetailsError::NotFound)?;
        let base_version = self.held.get(&id).map_or(0, |held| held.version);
        let version = base_version.saturating_add(1);
        let plaintext = encode_details(
            &item.content,
            &item.notes,
            &item.fields,
            &item.places,
            item.check.as_ref(),
            &[],
        );
        let details = seal_details(&self.key, self.place, id, version, &plaintext, rng)?;
        let mut record = entry.record.clone();
        record.details_version = version;
        record.details_hash = ByteArray::from(details_hash(&details));
        // Keyed by the vault's key, which the copy does not have.
        record.fingerprint = ByteArray::from(content_fingerprint(&self.key, &item.content));
        record.password_fingerprint =
            password_fingerprint(&self.key, &item.content).map(ByteArray::from);
        record.files = None;
        record.origin = None;
        record.copied_version = Some(entry.version);
        let overview = seal_overview(&self.key, self.place, id, version, &record, rng)?;
        Ok(ItemWrite {
            item_id: id,
            base_version,
            overview,
            details: Some(details),
            attachments: Vec::new(),
        })
    }

    /// What the next manifest says, if this request is carried out.
    pub fn tree_after(&mut self, request: &WriteItemsRequest) -> Tree {
        let leaves = changes_of(request);
        let leaves = leaves.iter().map(|one| (one.item_id, leaf_of(one)));
        let before = self.leaves.set_all(leaves);
        let tree = self.tree();
        self.leaves.undo(before);
        tree
    }

    /// Takes a request of its owner's that the server carried out as this revision.
    pub fn accept(&mut self, request: &WriteItemsRequest, revision: u64) {
        let changes = changes_of(request);
        let leaves = changes.iter().map(|one| (one.item_id, leaf_of(one)));
        self.leaves.set_all(leaves);
        for change in &changes {
            let copies = match &change.live {
                None => Copies::Nothing,
                Some((_, overview)) => self.copied(change.item_id, change.version, overview),
            };
            let version = change.version;
            self.held.insert(change.item_id, Held { version, copies });
        }
        self.revision = revision;
    }

    /// What it holds now.
    pub fn tree(&mut self) -> Tree {
        Tree {
            items: self.leaves.count(),
            root: self.leaves.root(),
        }
    }
}

impl fmt::Debug for MachineCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "MachineCopy({}, revision {})",
            self.place.vault, self.revision
        )
    }
}

impl UnlockedVault {
    /// A copy as the holder of a token opens it, before anything of it is known.
    pub fn granted(owner: AccountId, vault: VaultId, key_epoch: u32, key: VaultKey) -> Self {
        let info = VaultInfo {
            id: vault,
            key_epoch,
            wrapped_key: Sealed(Vec::new()),
            revision: 0,
        };
        Self::with_key(info, owner, key)
    }
}

fn key_context(owner: AccountId, vault: VaultId) -> VaultKeyContext {
    VaultKeyContext {
        owner: owner.0,
        vault: vault.0,
        epoch: KEY_EPOCH,
    }
}

/// What a request makes of the items of a copy, where both parts of each are written.
fn changes_of(request: &WriteItemsRequest) -> Vec<ItemChange> {
    let writes = request.writes.iter().map(|write| {
        let version = write.base_version.saturating_add(1);
        let live = Some((version, write.overview.clone()));
        (write.item_id, version, live)
    });
    let purges = request.purges.iter();
    let purges = purges.map(|one| (one.item_id, one.base_version.saturating_add(1), None));
    writes
        .chain(purges)
        .map(|(item_id, version, live)| ItemChange {
            item_id,
            version,
            revision: 0,
            live,
        })
        .collect()
}
