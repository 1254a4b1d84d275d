//! The tree over a vault's items whose root a manifest signs.
//!
//! ```text
//! live item  = SHA-256(0 ‖ item id 16 ‖ version u64 ‖ SHA-256(sealed overview))
//! tombstone  = SHA-256(1 ‖ item id 16 ‖ version u64)
//! tree(none) = 32 zero bytes;  tree(one leaf) = that leaf
//! tree(more) = SHA-256(2 ‖ tree(ids whose next bit is 0) ‖ tree(ids whose next bit is 1))
//! ```
//! The root is `tree` of all items from the first bit of their ids, the most significant first.
//! An overview names the hash of its details, so that the root covers those as well. Where a
//! leaf stands follows from its id alone: a change touches one path, whoever made the others.

use keyarc_wire::{ItemChange, ItemId};
use sha2::{Digest as _, Sha256};

const LIVE: u8 = 0;
const TOMBSTONE: u8 = 1;
const NODE: u8 = 2;
/// Bits of an id that name its bucket.
const BUCKET_BITS: usize = 10;
/// Subtrees that are kept hashed: one for each beginning of an id.
const BUCKETS: usize = 1 << BUCKET_BITS;

type Hash = [u8; 32];

/// What a change makes of an item.
pub(crate) fn leaf_of(change: &ItemChange) -> Hash {
    let hash = Sha256::new();
    let hash = match &change.live {
        Some((_, overview)) => hash
            .chain_update([LIVE])
            .chain_update(change.item_id.0)
            .chain_update(change.version.to_be_bytes())
            .chain_update(Sha256::digest(&overview.0)),
        None => hash
            .chain_update([TOMBSTONE])
            .chain_update(change.item_id.0)
            .chain_update(change.version.to_be_bytes()),
    };
    hash.finalize().into()
}

/// All leaves of a vault, tombstones included.
#[derive(Debug, Clone)]
pub(crate) struct Leaves {
    buckets: Vec<Bucket>,
    count: u32,
    /// The root, as long as it is that of the leaves.
    root: Option<Hash>,
}

#[derive(Debug, Clone, Default)]
struct Bucket {
    /// In the order of the ids. A plain list: a bucket of a large vault has tens of leaves, and
    /// a map would take half as much memory again.
    leaves: Vec<(ItemId, Hash)>,
    /// `None` since the last change.
    tree: Option<Hash>,
}

/// Leaves as they were before some were changed.
#[derive(Debug)]
pub(crate) enum Before {
    /// There was none, as before a first sync: nothing has to be kept for each of its items.
    Nothing,
    /// What stood in the place of those that were changed, in the order of the changes.
    Leaves(Vec<(ItemId, Option<Hash>)>),
}

impl Default for Leaves {
    fn default() -> Self {
        Self {
            buckets: vec![Bucket::default(); BUCKETS],
            count: 0,
            root: None,
        }
    }
}

impl Leaves {
    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Sets the leaves of some items and returns what undoes it.
    pub(crate) fn set_all(&mut self, leaves: impl Iterator<Item = (ItemId, Hash)>) -> Before {
        if self.count == 0 {
            for (id, leaf) in leaves {
                self.set(id, Some(leaf));
            }
            return Before::Nothing;
        }
        let before = leaves.map(|(id, leaf)| (id, self.set(id, Some(leaf))));
        Before::Leaves(before.collect())
    }

    /// Undoes a change, the last one first.
    pub(crate) fn undo(&mut self, before: Before) {
        match before {
            Before::Nothing => *self = Self::default(),
            Before::Leaves(leaves) => {
                for (id, leaf) in leaves.into_iter().rev() {
                    self.set(id, leaf);
                }
            }
        }
    }

    /// The root.
    pub(crate) fn root(&mut self) -> Hash {
        if let Some(root) = self.root {
            return root;
        }
        for bucket in &mut self.buckets {
            if bucket.tree.is_none() {
                bucket.tree = Some(tree(&bucket.leaves, BUCKET_BITS));
            }
        }
        let root = of_buckets(&self.buckets).0;
        self.root = Some(root);
        root
    }

    fn set(&mut self, id: ItemId, leaf: Option<Hash>) -> Option<Hash> {
        let bucket = self.buckets.get_mut(bucket_of(id))?;
        bucket.tree = None;
        self.root = None;
        let at = bucket.leaves.binary_search_by_key(&id, |(id, _)| *id);
        let before = match (at, leaf) {
            (Ok(at), Some(leaf)) => Some(std::mem::replace(&mut bucket.leaves[at].1, leaf)),
            (Ok(at), None) => Some(bucket.leaves.remove(at).1),
            (Err(at), Some(leaf)) => {
                bucket.leaves.insert(at, (id, leaf));
                None
            }
            (Err(_), None) => None,
        };
        match (before, leaf) {
            (None, Some(_)) => self.count += 1,
            (Some(_), None) => self.count -= 1,
            _ => {}
        }
        before
    }
}

/// The bucket that the first bits of an id name.
fn bucket_of(id: ItemId) -> usize {
    usize::from(u16::from_be_bytes([id.0[0], id.0[1]])) >> (16 - BUCKET_BITS)
}

/// The tree over neighbouring buckets, a power of two of them, and how many leaves it has.
fn of_buckets(buckets: &[Bucket]) -> (Hash, usize) {
    match buckets {
        [] => ([0; 32], 0),
        [one] => (one.tree.unwrap_or_default(), one.leaves.len()),
        _ => {
            let (left, right) = buckets.split_at(buckets.len() / 2);
            let ((left, before), (right, after)) = (of_buckets(left), of_buckets(right));
            let tree = match (before, after) {
                (0, 0) => [0; 32],
                (1, 0) => left,
                (0, 1) => right,
                _ => node(&left, &right),
            };
            (tree, before + after)
        }
    }
}

/// The tree over leaves in the order of their ids, which agree in the bits before `bit`. It is
/// at most 128 deep, because ids differ.
fn tree(leaves: &[(ItemId, Hash)], bit: usize) -> Hash {
    match leaves {
        [] => [0; 32],
        [(_, leaf)] => *leaf,
        _ => {
            let is_zero = |id: &ItemId| {
                id.0.get(bit / 8)
                    .is_some_and(|byte| byte & (0x80 >> (bit % 8)) == 0)
            };
            let split = leaves.partition_point(|(id, _)| is_zero(id));
            let (left, right) = leaves.split_at(split);
            node(&tree(left, bit + 1), &tree(right, bit + 1))
        }
    }
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update([NODE])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use keyarc_wire::Sealed;
    use proptest::prelude::*;

    use super::*;

    /// The definition, word for word.
    fn plain(leaves: &BTreeMap<ItemId, Hash>) -> Hash {
        let sorted: Vec<_> = leaves.iter().map(|(id, leaf)| (*id, *leaf)).collect();
        tree(&sorted, 0)
    }

    fn any_leaves() -> impl Strategy<Value = Vec<(ItemId, Hash)>> {
        // Few different bytes, so that ids share long beginnings.
        let id =
            proptest::array::uniform16(prop_oneof![Just(0_u8), Just(1), Just(0x80), any::<u8>()]);
        proptest::collection::vec((id.prop_map(ItemId), any::<Hash>()), 0..40)
    }

    proptest! {
        #[test]
        fn the_kept_tree_is_the_defined_one(leaves in any_leaves()) {
            let mut kept = Leaves::default();
            let mut all = BTreeMap::new();
            for (id, leaf) in leaves {
                kept.set_all([(id, leaf)].into_iter());
                all.insert(id, leaf);
                prop_assert_eq!(kept.root(), plain(&all));
                prop_assert_eq!(kept.count() as usize, all.len());
            }
        }

        #[test]
        fn a_change_can_be_undone(first in any_leaves(), second in any_leaves()) {
            let mut kept = Leaves::default();
            kept.set_all(first.into_iter());
            let (root, count) = (kept.root(), kept.count());
            let before = kept.set_all(second.into_iter());
            kept.undo(before);
            prop_assert_eq!((kept.root(), kept.count()), (root, count));
        }

        #[test]
        fn any_other_leaf_gives_another_root(leaves in any_leaves(), at in any::<prop::sample::Index>(), bit in 0_usize..256) {
            prop_assume!(!leaves.is_empty());
            let mut all: BTreeMap<_, _> = leaves.into_iter().collect();
            let root = plain(&all);
            let id = *all.keys().nth(at.index(all.len())).expect("there is one");
            let removed = all.remove(&id).expect("there is one");
            prop_assert_ne!(plain(&all), root);
            let mut changed = removed;
            changed[bit / 8] ^= 1 << (bit % 8);
            all.insert(id, changed);
            prop_assert_ne!(plain(&all), root);
        }
    }

    #[test]
    fn checked_in_roots() {
        let file = include_str!("../../signature/vectors/vault-manifest.json");
        let file: serde_json::Value = serde_json::from_str(file).expect("JSON");
        let bytes = |text: &serde_json::Value| -> Vec<u8> {
            let text = text.as_str().expect("text");
            (0..text.len() / 2)
                .map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).expect("hex"))
                .collect()
        };
        for case in file["manifests"].as_array().expect("manifests") {
            let mut leaves = Leaves::default();
            for item in case["items"].as_array().expect("items") {
                let overview = &item["overview"];
                let change = ItemChange {
                    item_id: ItemId(bytes(&item["id"]).try_into().expect("an id")),
                    version: item["version"].as_u64().expect("a version"),
                    revision: 0,
                    live: (!overview.is_null()).then(|| (1, Sealed(bytes(overview)))),
                };
                leaves.set_all([(change.item_id, leaf_of(&change))].into_iter());
            }
            assert_eq!(leaves.root().as_slice(), bytes(&case["root"]), "{case}");
        }
    }

    #[test]
    fn an_empty_vault_has_a_root_of_zeros() {
        assert_eq!(Leaves::default().root(), [0; 32]);
    }

    #[test]
    fn a_leaf_says_whether_the_item_lives() {
        let mut change = ItemChange {
            item_id: ItemId([5; 16]),
            version: 3,
            revision: 9,
            live: Some((3, Sealed(vec![1, 2, 3]))),
        };
        let live = leaf_of(&change);
        change.revision = 10;
        assert_eq!(leaf_of(&change), live, "a revision is the server's word");
        change.live = None;
        assert_ne!(leaf_of(&change), live);
    }
}
