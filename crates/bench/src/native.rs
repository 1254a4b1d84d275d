//! Native Rust opening and searching a vault: what the browser is compared with.

use keyarc_client::{Host as _, NativeHost};
use keyarc_crypto::{RootKey, VaultKey, VaultKeyContext};
use keyarc_vault::{Day, ListQuery, LockedVault, Tree, UnlockedVault};
use keyarc_wire::{AccountId, ItemChange, Sealed, VaultId, VaultInfo, WriteItemsRequest};
use serde_json::{Value, json};

use crate::sample;

const OWNER: AccountId = AccountId([1; 16]);
const VAULT: VaultId = VaultId([2; 16]);
const RUNS: u32 = 5;
const TODAY: Day = Day(20_799);

/// Opens and searches 10,000 and 50,000 items.
pub fn measure() -> anyhow::Result<Value> {
    let small = of_size(10_000)?;
    let large = of_size(50_000)?;
    Ok(json!({ "10000": small, "50000": large }))
}

fn of_size(count: usize) -> anyhow::Result<Value> {
    let sealed = SealedVault::make(count)?;
    let open_ms = sample::best_ms(RUNS, || sealed.open());
    let vault = sealed.open()?;
    anyhow::ensure!(vault.live_items() as usize == count, "every item opens");
    let list = |text: &str| {
        let query = ListQuery {
            text: text.to_owned(),
            limit: 80,
            ..ListQuery::default()
        };
        vault.list(&query, TODAY).total
    };
    // Letter by letter: the same question twice would be answered from memory.
    let typed = || ["", "s", "st", "str", "stri", "strip", "stripe"].map(list);
    let overviews: usize = sealed
        .changes
        .iter()
        .filter_map(|c| c.live.as_ref())
        .map(|l| l.1.0.len())
        .sum();
    Ok(json!({
        "open_ms": open_ms,
        "typed_search_ms": sample::best_ms(RUNS, typed),
        "overview_bytes": overviews,
    }))
}

/// A vault as a server keeps it.
struct SealedVault {
    root: RootKey,
    info: VaultInfo,
    changes: Vec<ItemChange>,
    signed: Tree,
}

impl SealedVault {
    fn make(count: usize) -> anyhow::Result<Self> {
        let mut rng = NativeHost.rng();
        let root = RootKey::make(&mut rng);
        let place = VaultKeyContext {
            owner: OWNER.0,
            vault: VAULT.0,
            epoch: 1,
        };
        let wrapped = root.wrap_vault_key(&VaultKey::make(&mut rng), &place, &mut rng)?;
        let info = VaultInfo {
            id: VAULT,
            key_epoch: 1,
            wrapped_key: Sealed(wrapped),
            revision: 1,
        };
        let mut empty = unlocked(&info, &root)?;
        let writes = (0..count)
            .map(|number| Ok(empty.seal_draft(&sample::draft(number), sample::NOW_MS, &mut rng)?))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let changes = writes.iter().map(|write| ItemChange {
            item_id: write.item_id,
            version: 1,
            revision: 1,
            live: Some((1, write.overview.clone())),
        });
        Ok(Self {
            changes: changes.collect(),
            signed: empty.tree_after(&WriteItemsRequest {
                writes,
                ..WriteItemsRequest::default()
            }),
            root,
            info,
        })
    }

    /// As a client does: first that these are the items that were signed, then each of them.
    fn open(&self) -> anyhow::Result<UnlockedVault> {
        let mut vault = unlocked(&self.info, &self.root)?;
        vault.expect(self.changes.iter().cloned(), self.signed)?;
        vault.apply(self.changes.iter().cloned());
        Ok(vault)
    }
}

fn unlocked(info: &VaultInfo, root: &RootKey) -> anyhow::Result<UnlockedVault> {
    LockedVault::new(info.clone(), OWNER)
        .unlock(root)
        .map_err(|(_, error)| error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_really_opens() {
        let vault = SealedVault::make(3)
            .expect("sealed")
            .open()
            .expect("opened");
        assert_eq!((vault.live_items(), vault.unreadable()), (3, 0));
    }
}
