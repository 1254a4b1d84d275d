//! Long syncs: constant queries, and nobody starved.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use keyarc_store::{Store, StoreError};
use keyarc_testkit::{
    build::{
        change, follow_head, item_id, items_of, login_key, nonce, purge, session, signed_up, write,
        write_next, write_overview,
    },
    count_queries, on_both,
};
use keyarc_wire::{AccountId, VaultId};

async fn filled(store: &Store, items: u64) -> VaultId {
    let vault = signed_up(store, 1).await;
    write_next(
        store,
        vault,
        change((0..items).map(|item| write(item, 0)), []),
    )
    .await
    .unwrap();
    vault
}

async fn sync(store: &Store, vault: VaultId) -> usize {
    let chunks: Vec<_> = store
        .changes(vault, 0, None)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    items_of(chunks.concat()).len()
}

on_both! {
    async fn the_number_of_statements_does_not_depend_on_the_number_of_items(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        let mut first = 0;
        for count in [1, 100, 5_000] {
            let range = first..first + count;
            first += count;
            let writes = range.clone().map(|item| write(item, 0));
            let (head, request) = follow_head(store, vault, change(writes, [])).await;
            let (_, queries) = count_queries(store.write_items(vault, head, request, 1)).await;
            assert_eq!(queries, 5, "creating {count} items");

            let writes = range.clone().map(|item| write_overview(item, 1));
            let (head, request) = follow_head(store, vault, change(writes, [])).await;
            let (_, queries) = count_queries(store.write_items(vault, head, request, 1)).await;
            assert_eq!(queries, 6, "changing {count} overviews");

            let stale = range.clone().map(|item| write(item, 1));
            let (head, request) = follow_head(store, vault, change(stale, [])).await;
            let (_, queries) = count_queries(store.write_items(vault, head, request, 1)).await;
            assert_eq!(queries, 2, "refusing {count} items");

            let (rows, queries) = count_queries(sync(store, vault)).await;
            assert_eq!((rows, queries), (first as usize, 1));

            let ids: Vec<_> = range.clone().take(1_000).map(item_id).collect();
            let (_, queries) = count_queries(store.details(vault, &ids, 1 << 24)).await;
            assert_eq!(queries, 1, "details of {count} items");

            let purges = range.map(|item| purge(item, 2));
            let (head, request) = follow_head(store, vault, change([], purges)).await;
            let (_, queries) = count_queries(store.write_items(vault, head, request, 1)).await;
            assert_eq!(queries, 5, "purging {count} items");
        }
    }

    async fn a_log_in_and_a_request_take_few_statements(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let account = AccountId(item_id(1).0);
        let (_, queries) = count_queries(store.hit(&[[1; 16], [2; 16]], 1, 1)).await;
        assert_eq!(queries, 1);
        let (_, queries) =
            count_queries(store.begin_session(&login_key(1), &session(7), &nonce(7), None, None)).await;
        assert_eq!(queries, 3);
        let (_, queries) = count_queries(store.account(account)).await;
        assert_eq!(queries, 4);
        let (_, queries) = count_queries(store.session_by_token(&session(7).token_hash)).await;
        assert_eq!(queries, 1);
    }

    async fn long_syncs_do_not_starve_short_reads_or_writes(db) {
        let vault = filled(db.store(), 3_000).await;
        let store = db.another_with(|options| {
            options.connections = 1;
            options.syncs = 2;
            options.sync_wait = Duration::from_millis(100);
        }).await;
        // Two clients take one chunk each and then fall silent.
        let mut slow = Vec::new();
        for _ in 0..2 {
            let mut changes = store.changes(vault, 0, None).await.unwrap();
            changes.next().await.unwrap().unwrap();
            slow.push(changes);
        }
        store.vault_owner(vault).await.unwrap();
        write_next(&store, vault, change([write(9_000, 0)], [])).await.unwrap();
        // A third waits for its turn, and is told so.
        assert!(matches!(store.changes(vault, 0, None).await, Err(StoreError::Busy)));
        // A client that goes away makes room.
        drop(slow.pop());
        let store = db.another_with(|options| options.sync_wait = Duration::from_secs(10)).await;
        assert_eq!(sync(&store, vault).await, 3_001);
        // What the other began reading is the state as it was then.
        let rest: Vec<_> = slow.pop().unwrap().try_collect().await.unwrap();
        assert!(items_of(rest.concat()).iter().all(|row| row.revision == 1));
    }

    async fn a_client_that_goes_away_gives_its_turn_back(db) {
        let vault = filled(db.store(), 3_000).await;
        let store = db.another_with(|options| options.syncs = 1).await;
        for _ in 0..5 {
            let mut changes = store.changes(vault, 0, None).await.unwrap();
            changes.next().await.unwrap().unwrap();
        }
        assert_eq!(sync(&store, vault).await, 3_000);
    }

    async fn a_client_that_stops_reading_is_given_up(db) {
        let vault = filled(db.store(), 3_000).await;
        let store = db.another_with(|options| {
            options.syncs = 1;
            options.sync_stall = Duration::from_millis(50);
        }).await;
        let mut stuck = store.changes(vault, 0, None).await.unwrap();
        stuck.next().await.unwrap().unwrap();
        // Its turn is free although it was not dropped.
        assert_eq!(sync(&store, vault).await, 3_000);
        // What it then reads must not look complete.
        let rest: Result<Vec<_>, _> = stuck.try_collect().await;
        assert!(matches!(rest, Err(StoreError::Stalled)), "{rest:?}");
    }

    async fn a_client_that_reads_far_too_slowly_is_given_up(db) {
        let vault = filled(db.store(), 3_000).await;
        let store = db.another_with(|options| {
            options.sync_stall = Duration::from_millis(500);
            options.sync_pace = Duration::from_millis(1);
        }).await;
        let mut slow = store.changes(vault, 0, None).await.unwrap();
        let mut chunks = 0;
        let end = loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            match slow.try_next().await {
                Ok(Some(_)) => chunks += 1,
                end => break end,
            }
        };
        assert!(matches!(end, Err(StoreError::Stalled)), "{end:?}");
        assert!((3..12).contains(&chunks), "{chunks}");
    }

    async fn chunks_are_small(db) {
        let vault = filled(db.store(), 3_000).await;
        let mut changes = db.store().changes(vault, 0, None).await.unwrap();
        let mut chunks = 0;
        while let Some(chunk) = changes.try_next().await.unwrap() {
            let bytes: usize =
                items_of(chunk).iter().filter_map(|row| row.live.as_ref()).map(|live| live.1.0.len()).sum();
            assert!(bytes < 64 * 1024 + 16 * 1024, "{bytes}");
            chunks += 1;
        }
        assert!(chunks > 10, "{chunks}");
    }
}
