//! Items that are created with versions which they had elsewhere.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keyarc_store::{Store, VersionDetailsOutcome, WriteOutcome};
use keyarc_testkit::{
    FixedClock,
    build::{
        change, earlier, follow_head, item_id, purge, sealed, signed_up, vault_id, write,
        write_next, write_overview,
    },
    count_queries, on_both,
};
use keyarc_wire::{
    EarlierWrite, HistoryVersion, ItemVersion, ItemWrite, Sealed, SealedVersion, VaultId,
    WriteItemsRequest,
};

fn with(
    writes: impl IntoIterator<Item = ItemWrite>,
    earlier: impl IntoIterator<Item = EarlierWrite>,
) -> WriteItemsRequest {
    WriteItemsRequest {
        earlier: earlier.into_iter().collect(),
        ..change(writes, [])
    }
}

async fn details(store: &Store, vault: VaultId, item: u64, version: u64) -> Option<Sealed> {
    let wanted = [ItemVersion {
        item_id: item_id(item),
        version,
    }];
    match store
        .version_details(vault, &wanted, usize::MAX)
        .await
        .unwrap()
    {
        VersionDetailsOutcome::Found(mut found) => found.pop().map(|one| one.details),
        VersionDetailsOutcome::TooLarge => None,
    }
}

/// Items by their numbers, with their versions, of a page of histories.
async fn histories(
    store: &Store,
    vault: VaultId,
    items: &[u64],
    after: Option<(u64, u64)>,
    limit: u32,
) -> (Vec<(u64, u64)>, bool) {
    let ids: Vec<_> = items.iter().map(|item| item_id(*item)).collect();
    let after = after.map(|(item, version)| ItemVersion {
        item_id: item_id(item),
        version,
    });
    let page = store.histories(vault, &ids, after, limit).await.unwrap();
    let number = |one: &HistoryVersion| (0..100).find(|item| item_id(*item) == one.item_id);
    let told = page
        .versions
        .iter()
        .map(|one| (number(one).unwrap(), one.sealed.version));
    (told.collect(), page.more)
}

/// The secret that a write from this version made.
fn secret(base: u8) -> Sealed {
    sealed((base + 1) | 0x80, 350)
}

on_both! {
    async fn an_item_comes_with_its_versions_as_if_they_had_been_written_here(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        let history = [earlier(1, 1, true), earlier(1, 2, false), earlier(1, 3, true)];
        let request = with([write(1, 3), write(2, 0)], history);
        let outcome = write_next(store, vault, request).await.unwrap();
        assert_eq!(outcome, WriteOutcome::Written { revision: 1 });
        let kept = store.item_versions(vault, item_id(1), None, 100).await.unwrap().unwrap();
        assert_eq!(kept.current_version, 4);
        let version = |version: u64| SealedVersion {
            version,
            replaced_at_ms: FixedClock::START_MS,
            overview: sealed(version as u8, 350),
        };
        let told: Vec<_> = kept.versions.iter().map(|one| one.version).collect();
        assert_eq!(told, [3, 2, 1]);
        assert_eq!(kept.versions[1].overview, version(2).overview);
        for (version, base) in [(1, 0), (2, 0), (3, 2)] {
            assert_eq!(details(store, vault, 1, version).await, Some(secret(base)), "{version}");
        }
        // Shared details are there once.
        let count = "SELECT COUNT(*) FROM item_versions WHERE details IS NOT NULL";
        assert_eq!(store.count(count).await.unwrap(), 2);
        // From there on it is an item like any other.
        write_next(store, vault, change([write_overview(1, 4)], [])).await.unwrap();
        write_next(store, vault, change([write(1, 5), write(2, 1)], [])).await.unwrap();
        assert_eq!(details(store, vault, 1, 4).await, Some(secret(3)));
        let all = histories(store, vault, &[1, 2], None, 10).await.0;
        assert_eq!(all.iter().filter(|(item, _)| *item == 1).count(), 5);
        write_next(store, vault, change([], [purge(1, 6)])).await.unwrap();
        assert_eq!(store.count("SELECT COUNT(*) FROM item_versions").await.unwrap(), 1);
    }

    async fn an_item_that_is_there_gets_no_other_past(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        write_next(store, vault, change([write(1, 0)], [])).await.unwrap();
        // At the very version that the write names, and at another one.
        for base in [1, 2] {
            let history = (1..=base).map(|version| earlier(1, version, true));
            let request = with([write(1, base), write(2, 0)], history);
            let outcome = write_next(store, vault, request).await.unwrap();
            assert!(matches!(outcome, WriteOutcome::Conflict(found) if found.len() == 1), "{base}");
        }
        assert_eq!(store.count("SELECT COUNT(*) FROM items").await.unwrap(), 1);
        assert_eq!(store.count("SELECT COUNT(*) FROM item_versions").await.unwrap(), 0);
        // Nor does one that was deleted for good.
        write_next(store, vault, change([], [purge(1, 1)])).await.unwrap();
        let request = with([write(1, 1)], [earlier(1, 1, true)]);
        let outcome = write_next(store, vault, request).await.unwrap();
        assert!(matches!(outcome, WriteOutcome::Conflict(_)), "{outcome:?}");
    }

    async fn histories_of_many_items_come_in_pages_and_in_order(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        let other = signed_up(store, 2).await;
        for vault in [vault, other] {
            for base in 0..4 {
                let writes = (1..4).map(|item| write(item, base));
                write_next(store, vault, change(writes, [])).await.unwrap();
            }
        }
        let (all, more) = histories(store, vault, &[1, 2, 9], None, 100).await;
        assert!(!more);
        assert!(all.iter().all(|(item, _)| [1, 2].contains(item)));
        let of = |item| all.iter().filter(move |one| one.0 == item).map(|one| one.1);
        assert_eq!(of(1).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(of(2).collect::<Vec<_>>(), [1, 2, 3]);
        let mut paged = Vec::new();
        loop {
            let (page, more) = histories(store, vault, &[1, 2, 9], paged.last().copied(), 2).await;
            assert_eq!(more, paged.len() < 4);
            paged.extend(page);
            if !more {
                break;
            }
        }
        assert_eq!(paged, all);
        assert_eq!(histories(store, vault_id(9), &[1], None, 2).await, (vec![], false));
        // What a change of all keys left behind is nothing to anybody.
        store.sabotage("UPDATE vaults SET key_epoch = 2").await.unwrap();
        assert_eq!(histories(store, vault, &[1, 2], None, 2).await, (vec![], false));
    }

    async fn thousands_of_versions_take_as_many_statements_as_one(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        for (items, depth) in [(0..1, 1), (1..2_001, 5)] {
            let writes = items.clone().map(|item| write(item, depth));
            let history = items.flat_map(|item| {
                (1..=depth).map(move |version| earlier(item, version, version % 2 == 1))
            });
            let request = with(writes, history);
            let (head, request) = follow_head(store, vault, request).await;
            let (outcome, queries) = count_queries(store.write_items(vault, head, request, 1)).await;
            assert!(matches!(outcome, Ok(WriteOutcome::Written { .. })));
            assert_eq!(queries, 6);
        }
        assert_eq!(store.count("SELECT COUNT(*) FROM item_versions").await.unwrap(), 10_001);
        let ids: Vec<_> = (0..1_000).map(item_id).collect();
        let (page, queries) = count_queries(store.histories(vault, &ids, None, 1_000)).await;
        let page = page.unwrap();
        assert_eq!((page.versions.len(), page.more, queries), (1_000, true, 1));
    }
}
