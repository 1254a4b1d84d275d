//! Writing, purging, reading details.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use futures::TryStreamExt as _;
use keyarc_store::{DetailsOutcome, Store, WriteOutcome};
use keyarc_testkit::{
    build::{
        change, item_id, items_of, purge, sealed, signed_up, vault_id, write, write_next,
        write_overview,
    },
    on_both,
};
use keyarc_wire::{ItemChange, SealedDetails, VaultId, VersionConflict};

async fn all(store: &Store, vault: VaultId) -> Vec<ItemChange> {
    since(store, vault, 0).await
}

async fn since(store: &Store, vault: VaultId, revision: u64) -> Vec<ItemChange> {
    let chunks: Vec<_> = store
        .changes(vault, revision, None)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    let mut rows = items_of(chunks.concat());
    rows.sort_by_key(|row| row.item_id);
    rows
}

async fn details(store: &Store, vault: VaultId, items: &[u64]) -> Vec<SealedDetails> {
    let ids: Vec<_> = items.iter().copied().map(item_id).collect();
    match store.details(vault, &ids, 1 << 30).await.unwrap() {
        DetailsOutcome::Found(mut found) => {
            found.sort_by_key(|details| details.item_id);
            found
        }
        DetailsOutcome::TooLarge => panic!("the limit is larger than any test's details"),
    }
}

fn written(revision: u64) -> WriteOutcome {
    WriteOutcome::Written { revision }
}

fn conflicts(conflicts: &[(u64, u64)]) -> WriteOutcome {
    WriteOutcome::Conflict(
        conflicts
            .iter()
            .map(|&(item, current_version)| VersionConflict {
                item_id: item_id(item),
                current_version,
            })
            .collect(),
    )
}

on_both! {
    async fn what_is_written_reads_back(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        let outcome = write_next(store, vault, change([write(1, 0), write(2, 0)], [])).await;
        assert_eq!(outcome.unwrap(), written(1));
        let rows = all(store, vault).await;
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0], ItemChange {
            item_id: item_id(1),
            version: 1,
            revision: 1,
            live: Some((1, sealed(1, 350))),
        });
        assert_eq!(details(store, vault, &[1, 9]).await, [SealedDetails {
            item_id: item_id(1),
            version: 1,
            details_version: 1,
            details: sealed(0x81, 350),
        }]);
    }

    async fn details_stay_as_they_are_when_only_the_overview_changes(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        write_next(store, vault, change([write(1, 0)], [])).await.unwrap();
        let outcome = write_next(store, vault, change([write_overview(1, 1)], [])).await.unwrap();
        assert_eq!(outcome, written(2));
        let rows = all(store, vault).await;
        assert_eq!((rows[0].version, rows[0].revision), (2, 2));
        assert_eq!(rows[0].live, Some((1, sealed(2, 350))));
        let details = details(store, vault, &[1]).await;
        assert_eq!((details[0].version, details[0].details_version), (2, 1));
        assert_eq!(details[0].details, sealed(0x81, 350));
    }

    async fn a_stale_write_changes_nothing_and_names_the_current_versions(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        write_next(store, vault, change([write(1, 0), write(2, 0)], [])).await.unwrap();
        write_next(store, vault, change([write(1, 1)], [])).await.unwrap();
        let before = all(store, vault).await;
        // 1 is stale, 2 is right, 3 does not exist, 4 is new and right.
        let stale = change([write(1, 1), write(2, 1), write(3, 7), write(4, 0)], []);
        let outcome = write_next(store, vault, stale).await.unwrap();
        let WriteOutcome::Conflict(mut found) = outcome else { panic!("{outcome:?}") };
        found.sort_by_key(|conflict| conflict.item_id);
        assert_eq!(WriteOutcome::Conflict(found), conflicts(&[(1, 2), (3, 0)]));
        assert_eq!(all(store, vault).await, before);
        // The vault's revision did not move either.
        let outcome = write_next(store, vault, change([write(4, 0)], [])).await.unwrap();
        assert_eq!(outcome, written(3));
    }

    async fn creating_what_exists_is_a_conflict(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        write_next(store, vault, change([write(1, 0)], [])).await.unwrap();
        let outcome = write_next(store, vault, change([write(1, 0)], [])).await.unwrap();
        assert_eq!(outcome, conflicts(&[(1, 1)]));
    }

    async fn a_purge_leaves_a_tombstone_and_no_ciphertext(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        write_next(store, vault, change([write(1, 0), write(2, 0)], [])).await.unwrap();
        let outcome = write_next(store, vault, change([write(2, 1)], [purge(1, 1)])).await.unwrap();
        assert_eq!(outcome, written(2));
        let rows = all(store, vault).await;
        assert_eq!(rows[0], ItemChange { item_id: item_id(1), version: 2, revision: 2, live: None });
        assert!(rows[1].live.is_some());
        assert!(details(store, vault, &[1]).await.is_empty());
        assert_eq!(store.count("SELECT COUNT(*) FROM item_details").await.unwrap(), 1);
    }

    async fn what_was_purged_does_not_come_back(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        write_next(store, vault, change([write(1, 0)], [])).await.unwrap();
        write_next(store, vault, change([], [purge(1, 1)])).await.unwrap();
        for attempt in [
            change([write(1, 0)], []),
            change([write(1, 1)], []),
            change([write(1, 2)], []),
            change([], [purge(1, 2)]),
        ] {
            assert_eq!(write_next(store, vault, attempt).await.unwrap(), conflicts(&[(1, 2)]));
        }
    }

    async fn a_stale_purge_changes_nothing(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        write_next(store, vault, change([write(1, 0)], [])).await.unwrap();
        write_next(store, vault, change([write(1, 1)], [])).await.unwrap();
        let outcome = write_next(store, vault, change([write(2, 0)], [purge(1, 1)])).await.unwrap();
        assert_eq!(outcome, conflicts(&[(1, 2)]));
        assert_eq!(all(store, vault).await.len(), 1);
    }

    async fn equal_ids_in_other_vaults_are_other_items(db) {
        let store = db.store();
        let (a, b) = (signed_up(store, 1).await, signed_up(store, 2).await);
        write_next(store, a, change([write(1, 0)], [])).await.unwrap();
        assert_eq!(write_next(store, b, change([write(1, 0)], [])).await.unwrap(), written(1));
        write_next(store, b, change([write(1, 1)], [])).await.unwrap();
        write_next(store, a, change([], [purge(1, 1)])).await.unwrap();
        assert_eq!(all(store, b).await[0].live, Some((2, sealed(2, 350))));
        assert_eq!(details(store, b, &[1]).await[0].details, sealed(0x82, 350));
        assert!(details(store, a, &[1]).await.is_empty());
    }

    async fn a_vault_that_does_not_exist_takes_nothing(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let outcome = write_next(store, vault_id(9), change([write(1, 0)], [])).await.unwrap();
        assert_eq!(outcome, WriteOutcome::NoVault);
        assert_eq!(store.count("SELECT COUNT(*) FROM items").await.unwrap(), 0);
        assert!(all(store, vault_id(9)).await.is_empty());
        assert_eq!(store.vault_owner(vault_id(9)).await.unwrap(), None);
    }

    async fn twenty_thousand_items_go_in_one_write(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        let writes = (0..20_000).map(|item| write(item, 0));
        assert_eq!(write_next(store, vault, change(writes, [])).await.unwrap(), written(1));
        let again = (0..10_000).map(|item| write_overview(item, 1));
        let purges = (10_000..20_000).map(|item| purge(item, 1));
        assert_eq!(write_next(store, vault, change(again, purges)).await.unwrap(), written(2));
        let rows = all(store, vault).await;
        assert_eq!(rows.len(), 20_000);
        assert_eq!(rows.iter().filter(|row| row.live.is_none()).count(), 10_000);
        assert!(rows.iter().all(|row| row.version == 2 && row.revision == 2));
        assert_eq!(store.count("SELECT COUNT(*) FROM item_details").await.unwrap(), 10_000);
        // All of it stale: every item is named.
        let stale = (0..20_000).map(|item| write(item, 1));
        let outcome = write_next(store, vault, change(stale, [])).await.unwrap();
        let WriteOutcome::Conflict(conflicts) = outcome else { panic!("{outcome:?}") };
        assert_eq!(conflicts.len(), 20_000);
        // Some milliseconds, unless the batch is unfolded once per item.
        let ids: Vec<_> = (0..1_000).collect();
        let found = tokio::time::timeout(Duration::from_secs(5), details(store, vault, &ids));
        assert_eq!(found.await.unwrap().len(), 1_000);
    }

    async fn large_and_odd_bytes_survive(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        let mut big = write(1, 0);
        big.details = Some(sealed(0xff, 1024 * 1024));
        big.overview.0 = (0..16 * 1024).map(|byte| byte as u8).collect();
        let overview = big.overview.clone();
        write_next(store, vault, change([big, write(2, 0)], [])).await.unwrap();
        assert_eq!(all(store, vault).await[0].live, Some((1, overview)));
        assert_eq!(details(store, vault, &[1]).await[0].details, sealed(0xff, 1024 * 1024));
    }

    async fn details_beyond_the_limit_are_not_loaded(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        write_next(store, vault, change((0..10).map(|item| write(item, 0)), [])).await.unwrap();
        let ids: Vec<_> = (0..10).map(item_id).collect();
        assert_eq!(store.details(vault, &ids, 3_499).await.unwrap(), DetailsOutcome::TooLarge);
        assert!(matches!(
            store.details(vault, &ids, 3_500).await.unwrap(),
            DetailsOutcome::Found(found) if found.len() == 10
        ));
    }

    async fn a_sync_brings_what_changed_since(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        write_next(store, vault, change((1..=3).map(|item| write(item, 0)), [])).await.unwrap();
        write_next(store, vault, change([write(2, 1)], [])).await.unwrap();
        write_next(store, vault, change([], [purge(3, 1)])).await.unwrap();
        let items = |rows: Vec<ItemChange>| -> Vec<_> {
            rows.into_iter().map(|row| (row.item_id, row.version, row.revision)).collect()
        };
        let (one, two, three) = (item_id(1), item_id(2), item_id(3));
        assert_eq!(items(since(store, vault, 0).await), [(one, 1, 1), (two, 2, 2), (three, 2, 3)]);
        assert_eq!(items(since(store, vault, 1).await), [(two, 2, 2), (three, 2, 3)]);
        assert_eq!(items(since(store, vault, 2).await), [(three, 2, 3)]);
        assert!(since(store, vault, 3).await.is_empty());
        assert!(since(store, vault, u64::MAX).await.is_empty());
    }
}
