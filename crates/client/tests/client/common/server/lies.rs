//! What a server does that lies about what it stores.

use std::collections::BTreeMap;

use keyarc_wire::{ItemId, Sealed};

use super::{Server, Snapshot, Stored};

impl Server {
    /// The one account's vault as it is now.
    pub fn snapshot(&mut self) -> Snapshot {
        let account = self.accounts.values().next().expect("an account");
        Snapshot {
            items: account.items.clone(),
            manifests: account.manifests.clone(),
        }
    }

    /// Puts an earlier state back, as a server would that restores a backup, or lies.
    pub fn restore(&mut self, snapshot: Snapshot) {
        let account = self.accounts.values_mut().next().expect("an account");
        account.response.vaults[0].revision = snapshot.manifests.len() as u64 - 1;
        account.items = snapshot.items;
        account.manifests = snapshot.manifests;
    }

    /// Puts one item back as it was in an earlier state, or away if it was not there.
    pub fn restore_item(&mut self, snapshot: &Snapshot, item: ItemId) {
        let account = self.accounts.values_mut().next().expect("an account");
        match snapshot.items.get(&item) {
            Some(stored) => drop(account.items.insert(item, stored.clone())),
            None => drop(account.items.remove(&item)),
        }
    }

    /// Keeps back what the account's devices told each other.
    pub fn forget_pins(&mut self) {
        let account = self.accounts.values_mut().next().expect("an account");
        account.pins.clear();
        account.response.pins.clear();
    }

    /// Puts one item's sealed details in another's place, or an older state back.
    pub fn swap_details(&mut self, a: ItemId, b: ItemId) {
        for account in self.accounts.values_mut() {
            let of = |id: &ItemId| account.items[id].live.clone().expect("live");
            let (first, second) = (of(&a), of(&b));
            let put = |items: &mut BTreeMap<ItemId, Stored>,
                       id,
                       old: (u64, Sealed, Sealed),
                       new: (u64, Sealed, Sealed)| {
                items.get_mut(&id).expect("there").live = Some((new.0, old.1, new.2));
            };
            put(&mut account.items, a, first.clone(), second.clone());
            put(&mut account.items, b, second, first);
        }
    }
}

impl Snapshot {
    /// What is sealed of every item that is not deleted for good: its id, overview and details.
    pub fn live(&self) -> Vec<(ItemId, Sealed, Sealed)> {
        let live = self.items.iter().filter_map(|(id, stored)| {
            let (_, overview, details) = stored.live.clone()?;
            Some((*id, overview, details))
        });
        live.collect()
    }
}
