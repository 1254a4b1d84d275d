//! What a write replaces is kept, and told truly.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keyarc_store::{SECRETS_KEPT, Store, VERSIONS_KEPT, VersionDetailsOutcome};
use keyarc_testkit::{
    FixedClock,
    build::{
        change, item_id, purge, sealed, signed_up, vault_id, write, write_next, write_overview,
    },
    count_queries, on_both,
};
use keyarc_wire::{
    ItemVersion, ItemVersionsResponse, Sealed, SealedVersion, SealedVersionDetails, VaultId,
};

const START: u64 = FixedClock::START_MS;

async fn kept(store: &Store, vault: VaultId, item: u64) -> Option<ItemVersionsResponse> {
    let found = store.item_versions(vault, item_id(item), None, 100).await;
    found.unwrap()
}

/// The numbers of the versions kept, newest first.
async fn numbers(store: &Store, vault: VaultId, item: u64) -> Vec<u64> {
    let kept = kept(store, vault, item).await.unwrap();
    kept.versions.iter().map(|kept| kept.version).collect()
}

async fn details(store: &Store, vault: VaultId, item: u64, version: u64) -> Option<Sealed> {
    let wanted = [ItemVersion {
        item_id: item_id(item),
        version,
    }];
    let outcome = store.version_details(vault, &wanted, usize::MAX).await;
    found(outcome.unwrap()).pop().map(|one| one.details)
}

fn found(outcome: VersionDetailsOutcome) -> Vec<SealedVersionDetails> {
    match outcome {
        VersionDetailsOutcome::Found(found) => found,
        VersionDetailsOutcome::TooLarge => vec![],
    }
}

/// Of a moment so long after the start: the items that have changed since, with the version of
/// then and when that began.
async fn moment(store: &Store, vault: VaultId, at: u64) -> Vec<(u64, u64, Option<u64>)> {
    let found = store.moment(vault, START + at, None, 100).await.unwrap();
    assert!(!found.more);
    let lines = found.versions.into_iter().map(|one| {
        assert!(one.sealed.replaced_at_ms > START + at);
        let item = (0..100).find(|number| item_id(*number) == one.item_id);
        let since = one.since_ms.map(|since| since - START);
        (item.unwrap(), one.sealed.version, since)
    });
    lines.collect()
}

/// The secret that a write from this version made.
fn secret(base: u8) -> Sealed {
    sealed((base + 1) | 0x80, 350)
}

on_both! {
    async fn what_was_replaced_reads_back_with_the_details_that_it_had(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        write_next(store, vault, change([write(1, 0), write(2, 0)], [])).await.unwrap();
        assert_eq!(kept(store, vault, 1).await, Some(ItemVersionsResponse {
            current_version: 1,
            versions: vec![],
            more: false,
        }));
        // Versions 2 and 3 keep the details of 1; version 4 has its own.
        write_next(store, vault, change([write_overview(1, 1)], [])).await.unwrap();
        write_next(store, vault, change([write_overview(1, 2)], [])).await.unwrap();
        for version in [1, 2] {
            assert_eq!(details(store, vault, 1, version).await, Some(secret(0)), "{version}");
        }
        write_next(store, vault, change([write(1, 3), write(2, 1)], [])).await.unwrap();
        write_next(store, vault, change([write(1, 4)], [])).await.unwrap();
        let version = |version: u64, revision: u64| SealedVersion {
            version,
            replaced_at_ms: START + revision,
            overview: sealed(version as u8, 350),
        };
        assert_eq!(kept(store, vault, 1).await, Some(ItemVersionsResponse {
            current_version: 5,
            versions: vec![version(4, 4), version(3, 3), version(2, 2), version(1, 1)],
            more: false,
        }));
        for version in [1, 2, 3] {
            assert_eq!(details(store, vault, 1, version).await, Some(secret(0)), "{version}");
        }
        assert_eq!(details(store, vault, 1, 4).await, Some(secret(3)));
        // The secret is there once, however many versions share it.
        let count = "SELECT COUNT(*) FROM item_versions WHERE details IS NOT NULL";
        assert_eq!(store.count(count).await.unwrap(), 3);
        assert_eq!(details(store, vault, 2, 1).await, Some(secret(0)));
    }

    async fn versions_come_in_pages(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        for base in 0..6 {
            write_next(store, vault, change([write(1, base)], [])).await.unwrap();
        }
        let page = async |before, limit| {
            let page = store.item_versions(vault, item_id(1), before, limit).await.unwrap().unwrap();
            assert_eq!(page.current_version, 6);
            let numbers: Vec<u64> = page.versions.iter().map(|kept| kept.version).collect();
            (numbers, page.more)
        };
        assert_eq!(page(None, 2).await, (vec![5, 4], true));
        assert_eq!(page(Some(4), 2).await, (vec![3, 2], true));
        assert_eq!(page(Some(2), 2).await, (vec![1], false));
        assert_eq!(page(Some(1), 2).await, (vec![], false));
        assert_eq!(page(Some(u64::MAX), 5).await, (vec![5, 4, 3, 2, 1], false));
    }

    async fn the_newest_are_kept_and_the_secrets_that_they_need(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        let last = u64::from(VERSIONS_KEPT) + 8;
        for base in 0..last {
            // The secret changes with each tenth version.
            let next = if base % 10 == 0 { write(1, base) } else { write_overview(1, base) };
            write_next(store, vault, change([next], [])).await.unwrap();
        }
        // The newest fifty are 8 to 57, and the last version of the first secret is 10.
        let oldest = last - u64::from(VERSIONS_KEPT);
        assert_eq!(numbers(store, vault, 1).await, (oldest..last).rev().collect::<Vec<_>>());
        for version in oldest..last {
            let wrote = (version - 1) / 10 * 10;
            let wanted = Some(secret(wrote as u8));
            assert_eq!(details(store, vault, 1, version).await, wanted, "{version}");
        }
        assert_eq!(details(store, vault, 1, oldest - 1).await, None);
    }

    async fn stars_and_tests_do_not_push_the_secrets_of_before_out(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        // More secrets than are kept, and then more stars than versions are.
        let secrets = u64::from(SECRETS_KEPT) + 3;
        let last = secrets + u64::from(VERSIONS_KEPT) + 2;
        for base in 0..last {
            let next = if base < secrets { write(1, base) } else { write_overview(1, base) };
            write_next(store, vault, change([next], [])).await.unwrap();
        }
        let newest = last - u64::from(VERSIONS_KEPT)..last;
        // The secret of now is with the item; those before it are with their last versions.
        let old = secrets - u64::from(SECRETS_KEPT)..secrets;
        let wanted: Vec<u64> = newest.rev().chain(old.clone().rev()).collect();
        assert_eq!(numbers(store, vault, 1).await, wanted);
        for version in old {
            let wanted = Some(secret(version as u8 - 1));
            assert_eq!(details(store, vault, 1, version).await, wanted, "{version}");
        }
    }

    async fn a_deletion_for_good_takes_the_history_along(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        write_next(store, vault, change([write(1, 0), write(2, 0)], [])).await.unwrap();
        write_next(store, vault, change([write(1, 1), write(2, 1)], [])).await.unwrap();
        write_next(store, vault, change([], [purge(1, 2)])).await.unwrap();
        assert_eq!(kept(store, vault, 1).await, None);
        assert_eq!(details(store, vault, 1, 1).await, None);
        assert_eq!(numbers(store, vault, 2).await, [1]);
        assert_eq!(store.count("SELECT COUNT(*) FROM item_versions").await.unwrap(), 1);
        // As would the end of the account.
        store.sabotage("DELETE FROM accounts").await.unwrap();
        assert_eq!(store.count("SELECT COUNT(*) FROM item_versions").await.unwrap(), 0);
    }

    async fn a_write_that_is_refused_keeps_nothing(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        write_next(store, vault, change([write(1, 0), write(2, 0)], [])).await.unwrap();
        write_next(store, vault, change([write(1, 1), write(2, 7)], [])).await.unwrap();
        assert_eq!(store.count("SELECT COUNT(*) FROM item_versions").await.unwrap(), 0);
    }

    async fn items_and_vaults_have_histories_of_their_own(db) {
        let store = db.store();
        let (a, b) = (signed_up(store, 1).await, signed_up(store, 2).await);
        for vault in [a, b] {
            write_next(store, vault, change([write(1, 0)], [])).await.unwrap();
        }
        write_next(store, a, change([write(1, 1)], [])).await.unwrap();
        assert_eq!(numbers(store, a, 1).await, [1]);
        assert_eq!(numbers(store, b, 1).await, [0; 0]);
        assert_eq!(details(store, b, 1, 1).await, None);
        assert_eq!(kept(store, a, 9).await, None);
        assert_eq!(kept(store, vault_id(9), 1).await, None);
    }

    /// A rollback to a binary that knows nothing of versions leaves a gap, and nothing false.
    async fn what_an_older_binary_replaces_is_a_gap(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        write_next(store, vault, change([write(1, 0)], [])).await.unwrap();
        write_next(store, vault, change([write_overview(1, 1)], [])).await.unwrap();
        // As it wrote version 3, with details of its own.
        for statement in [
            "UPDATE items SET version = 3, details_version = 3",
            "UPDATE item_details SET version = 3",
        ] {
            store.sabotage(statement).await.unwrap();
        }
        write_next(store, vault, change([write(1, 3)], [])).await.unwrap();
        assert_eq!(numbers(store, vault, 1).await, [3, 1]);
        assert_eq!(details(store, vault, 1, 3).await, Some(secret(0)));
        assert_eq!(details(store, vault, 1, 2).await, None);
        // Its secret was replaced by somebody who did not keep it.
        assert_eq!(details(store, vault, 1, 1).await, None);
        // And as it changed all keys: what is sealed under those of before is nothing to anybody.
        store.sabotage("UPDATE vaults SET key_epoch = 2").await.unwrap();
        assert_eq!(numbers(store, vault, 1).await, [0; 0]);
        assert_eq!(details(store, vault, 1, 3).await, None);
        // As it deleted the item for good.
        store.sabotage("DELETE FROM item_details").await.unwrap();
        assert_eq!(store.count("SELECT COUNT(*) FROM item_versions").await.unwrap(), 0);
    }

    async fn reading_takes_one_statement_and_thousands_of_items_as_many_as_one(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        write_next(store, vault, change((0..5_000).map(|item| write(item, 0)), [])).await.unwrap();
        for (range, base) in [(0..1, 1), (1..5_000, 1)] {
            let writes = range.map(|item| write(item, base));
            let request = change(writes, []);
            let (head, request) = keyarc_testkit::build::follow_head(store, vault, request).await;
            let (_, queries) = count_queries(store.write_items(vault, head, request, 1)).await;
            assert_eq!(queries, 7);
        }
        assert_eq!(store.count("SELECT COUNT(*) FROM item_versions").await.unwrap(), 5_000);
        let (_, queries) = count_queries(kept(store, vault, 7)).await;
        assert_eq!(queries, 1);
        let (_, queries) = count_queries(details(store, vault, 7, 1)).await;
        assert_eq!(queries, 1);
        let all: Vec<ItemVersion> = (1..400)
            .map(|item| ItemVersion { item_id: item_id(item), version: 1 })
            .collect();
        let (found, queries) = count_queries(store.version_details(vault, &all, usize::MAX)).await;
        assert!(matches!(found, Ok(VersionDetailsOutcome::Found(found)) if found.len() == 399));
        assert_eq!(queries, 1);
        let (found, queries) = count_queries(store.moment(vault, 0, None, 1_000)).await;
        let found = found.unwrap();
        assert_eq!((found.versions.len(), found.more, queries), (1_000, true, 1));
    }

    async fn a_moment_has_the_version_of_then_of_each_item_that_changed_since(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        let other = signed_up(store, 2).await;
        // Each write is at the revision that it follows, in milliseconds after the start.
        write_next(store, vault, change([write(1, 0), write(2, 0), write(3, 0)], [])).await.unwrap();
        write_next(store, vault, change([write(1, 1)], [])).await.unwrap();
        write_next(store, vault, change([write(1, 2), write_overview(2, 1)], [])).await.unwrap();
        write_next(store, other, change([write(4, 0)], [])).await.unwrap();
        write_next(store, other, change([write(4, 1)], [])).await.unwrap();
        assert_eq!(moment(store, vault, 0).await, [(1, 1, None), (2, 1, None)]);
        assert_eq!(moment(store, vault, 1).await, [(1, 2, Some(1)), (2, 1, None)]);
        assert_eq!(moment(store, vault, 2).await, []);
        // Item by item, whatever the page.
        let first = store.moment(vault, START, None, 1).await.unwrap();
        assert_eq!((first.versions.len(), first.more), (1, true));
        let after = Some(first.versions[0].item_id);
        let second = store.moment(vault, START, after, 1).await.unwrap();
        assert_eq!((second.versions.len(), second.more), (1, false));
        assert!(second.versions[0].item_id > first.versions[0].item_id);
        // What is gone for good was nothing.
        write_next(store, vault, change([], [purge(1, 3)])).await.unwrap();
        assert_eq!(moment(store, vault, 0).await, [(2, 1, None)]);
    }

    async fn details_of_many_versions_are_read_up_to_a_size(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        for base in 0..3 {
            write_next(store, vault, change([write(1, base), write(2, base)], [])).await.unwrap();
        }
        let version = |item, version| ItemVersion { item_id: item_id(item), version };
        let wanted = [version(1, 1), version(2, 2), version(2, 9), version(9, 1)];
        let size = 2 * secret(0).0.len();
        let outcome = store.version_details(vault, &wanted, size).await.unwrap();
        let mut found = found(outcome);
        found.sort_by_key(|one| one.version);
        let found: Vec<_> = found.into_iter().map(|one| (one.item_id, one.version, one.details)).collect();
        assert_eq!(found, [(item_id(1), 1, secret(0)), (item_id(2), 2, secret(1))]);
        let less = store.version_details(vault, &wanted, size - 1).await.unwrap();
        assert_eq!(less, VersionDetailsOutcome::TooLarge);
    }
}
