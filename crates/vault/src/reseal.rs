//! A vault sealed anew under another key, item by item.

use std::collections::HashMap;

use keyarc_crypto::{RootKey, SealError, VaultKey, VaultKeyContext};
use keyarc_wire::{ItemChange, ItemId, Sealed, SealedDetails, StagedItem};
use minicbor::bytes::ByteArray;
use rand_core::CryptoRng;

use crate::{
    DetailsError, Tree, UnlockedVault,
    leaves::{Leaves, leaf_of},
    seal::{
        Place, content_fingerprint, details_hash, encode_details, password_fingerprint,
        seal_details, seal_overview,
    },
};

/// The next key of a vault, and which items it has sealed so far.
pub struct Resealing {
    place: Place,
    key: VaultKey,
    /// By item, the version that it was sealed for and its leaf.
    sealed: HashMap<ItemId, (u64, [u8; 32])>,
}

/// Why an item was not sealed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResealError {
    /// Its details do not open.
    #[error(transparent)]
    Details(#[from] DetailsError),
    /// It cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl UnlockedVault {
    /// Makes the key of the next epoch, and wraps it under the root key that it will belong to.
    /// `None` when there is no next epoch.
    pub fn begin_resealing(
        &self,
        root: &RootKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<(Resealing, Sealed)>, SealError> {
        let Some(epoch) = self.place.epoch.checked_add(1) else {
            return Ok(None);
        };
        let key = VaultKey::make(rng);
        let context = VaultKeyContext {
            owner: self.place.owner.0,
            vault: self.place.vault.0,
            epoch,
        };
        let wrapped = root.wrap_vault_key(&key, &context, rng)?;
        let resealing = Resealing {
            place: Place {
                epoch,
                ..self.place
            },
            key,
            sealed: HashMap::new(),
        };
        Ok(Some((resealing, Sealed(wrapped))))
    }
}

impl Resealing {
    /// The epoch of the next key.
    pub fn key_epoch(&self) -> u32 {
        self.place.epoch
    }

    /// The items of a vault that are not sealed as they are now.
    pub fn pending(&self, vault: &UnlockedVault) -> Vec<ItemId> {
        vault
            .items
            .iter()
            .filter(|entry| {
                let sealed = self.sealed.get(&entry.id).map(|(version, _)| *version);
                sealed != entry.version.checked_add(1)
            })
            .map(|entry| entry.id)
            .collect()
    }

    /// Seals an item for the version after the one that it has.
    pub fn reseal(
        &mut self,
        vault: &UnlockedVault,
        details: &SealedDetails,
        rng: &mut impl CryptoRng,
    ) -> Result<StagedItem, ResealError> {
        let item = vault.open_details(details)?;
        let id = details.item_id;
        let entry = vault.items.get(id).ok_or(DetailsError::NotFound)?;
        let version = entry.version.saturating_add(1);
        let plaintext = encode_details(
            &item.content,
            &item.notes,
            &item.fields,
            &item.places,
            item.check.as_ref(),
            &item.attachments,
        );
        let details = seal_details(&self.key, self.place, id, version, &plaintext, rng)?;
        let mut record = entry.record.clone();
        record.details_version = version;
        record.details_hash = ByteArray::from(details_hash(&details));
        // Keyed by the vault's key, so that it is another one too.
        record.fingerprint = ByteArray::from(content_fingerprint(&self.key, &item.content));
        record.password_fingerprint =
            password_fingerprint(&self.key, &item.content).map(ByteArray::from);
        let overview = seal_overview(&self.key, self.place, id, version, &record, rng)?;
        let change = ItemChange {
            item_id: id,
            version,
            revision: 0,
            live: Some((version, overview.clone())),
        };
        self.sealed.insert(id, (version, leaf_of(&change)));
        Ok(StagedItem {
            item_id: id,
            version,
            overview,
            details,
            attachments: item.attachments.iter().map(|one| one.id).collect(),
        })
    }

    /// Some items have to be sealed once more.
    pub fn forget(&mut self, items: &[ItemId]) {
        for item in items {
            self.sealed.remove(item);
        }
    }

    /// All items have to be sealed once more.
    pub fn forget_all(&mut self) {
        self.sealed.clear();
    }

    /// The tree of the vault as it will be: the items of now as they were sealed anew, and the
    /// tombstones as they are. `None` while an item is [pending](Self::pending).
    pub fn tree(&self, vault: &UnlockedVault) -> Option<Tree> {
        let mut leaves = Leaves::default();
        let mut all = Vec::new();
        for entry in vault.items.iter() {
            let (version, leaf) = self.sealed.get(&entry.id)?;
            if entry.version.checked_add(1) != Some(*version) {
                return None;
            }
            all.push((entry.id, *leaf));
        }
        let tombstones = vault.tombstones().map(|(item_id, version)| {
            let change = ItemChange {
                item_id,
                version,
                revision: 0,
                live: None,
            };
            (item_id, leaf_of(&change))
        });
        leaves.set_all(all.into_iter().chain(tombstones));
        Some(Tree {
            items: leaves.count(),
            root: leaves.root(),
        })
    }
}

impl std::fmt::Debug for Resealing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Resealing(epoch {})", self.place.epoch)
    }
}
