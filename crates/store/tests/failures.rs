//! What breaks: the disk fills, the database goes away.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures::TryStreamExt as _;
use keyarc_store::{DbKind, Store, StoreError};
use keyarc_testkit::{
    build::{
        account, change, item_id, items_of, login_key, nonce, session, signed_up, write, write_next,
    },
    on_both,
};
use keyarc_wire::VaultId;

/// Makes the next writes fail as they do on a full disk.
async fn fill_the_disk(store: &Store) {
    match store.kind() {
        // The lowest limit there is: the size that the file has.
        DbKind::Sqlite => store.sabotage("PRAGMA max_page_count = 1").await.unwrap(),
        DbKind::Postgres => {
            store
                .sabotage(
                    "CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$
                     BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END $$",
                )
                .await
                .unwrap();
            for trigger in [
                "CREATE TRIGGER disk_is_full BEFORE INSERT ON items EXECUTE FUNCTION disk_is_full()",
                "CREATE TRIGGER disk_is_full BEFORE INSERT ON sessions EXECUTE FUNCTION disk_is_full()",
            ] {
                store.sabotage(trigger).await.unwrap();
            }
        }
    }
}

async fn count(store: &Store, vault: VaultId) -> usize {
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
    async fn a_full_disk_refuses_writes_and_leaves_reads(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        write_next(store, vault, change([write(1, 0)], [])).await.unwrap();
        fill_the_disk(store).await;
        let many = change((2..5_000).map(|item| write(item, 0)), []);
        let refused = write_next(store, vault, many).await;
        assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
        assert_eq!(count(store, vault).await, 1);
        assert!(store.session_by_token(&session(1).token_hash).await.unwrap().is_some());
        assert!(store.details(vault, &[item_id(1)], 1 << 20).await.is_ok());
        store.ping().await.unwrap();
    }

    async fn writing_goes_on_when_there_is_room_again(db) {
        let store = db.store();
        let vault = signed_up(store, 1).await;
        fill_the_disk(store).await;
        let many = || change((2..5_000).map(|item| write(item, 0)), []);
        assert!(write_next(store, vault, many()).await.is_err());
        match store.kind() {
            DbKind::Sqlite => store.sabotage("PRAGMA max_page_count = 1000000").await.unwrap(),
            DbKind::Postgres => store.sabotage("DROP TRIGGER disk_is_full ON items").await.unwrap(),
        }
        write_next(store, vault, many()).await.unwrap();
        assert_eq!(count(store, vault).await, 4_998);
    }

    async fn a_closed_store_is_unavailable(db) {
        let store = db.another().await;
        store.close().await;
        assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
        assert!(matches!(
            store.begin_session(&login_key(1), &session(1), &nonce(1), None, None).await,
            Err(StoreError::Unavailable(_))
        ));
    }
}

#[tokio::test]
async fn connections_that_were_cut_heal() {
    let Some(db) = keyarc_testkit::TempDb::postgres().await else {
        return;
    };
    let vault = signed_up(db.store(), 1).await;
    let store = db.another().await;
    store.vault_owner(vault).await.unwrap();
    db.store()
        .sabotage(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await
        .unwrap();
    // At most what was in the pool fails, and as unavailable.
    let mut healed = false;
    for _ in 0..10 {
        match store.vault_owner(vault).await {
            Ok(owner) => {
                assert_eq!(owner, Some(account(1).id));
                healed = true;
                break;
            }
            Err(error) => assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}"),
        }
    }
    assert!(healed);
}
