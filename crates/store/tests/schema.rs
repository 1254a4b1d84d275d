//! The two schemas are one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, path::Path};

use keyarc_store::{OpenError, Store, StoreError, StoreOptions};
use keyarc_testkit::{TempDb, on_both};

#[tokio::test]
async fn both_databases_have_the_same_schema() {
    let Some(postgres) = TempDb::postgres().await else {
        return;
    };
    let sqlite = TempDb::sqlite().await;
    let (postgres, sqlite) = (
        postgres.store().schema().await.unwrap(),
        sqlite.store().schema().await.unwrap(),
    );
    assert!(
        sqlite
            .columns
            .contains(&"items.overview bytes null".to_owned()),
        "{sqlite:?}"
    );
    assert!(
        sqlite
            .indexes
            .contains(&"items(vault_id,revision) plain".to_owned()),
        "{sqlite:?}"
    );
    assert_eq!(sqlite.foreign_keys.len(), 28, "{sqlite:?}");
    assert_eq!(sqlite, postgres);
}

#[test]
fn migrations_come_in_pairs() {
    let names = |folder: &str| -> BTreeSet<_> {
        std::fs::read_dir(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("migrations")
                .join(folder),
        )
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect()
    };
    assert!(!names("sqlite").is_empty());
    assert_eq!(names("sqlite"), names("postgres"));
}

#[test]
fn migrations_only_expand() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for dialect in ["sqlite", "postgres"] {
        for file in std::fs::read_dir(folder.join(dialect)).unwrap() {
            let path = file.unwrap().path();
            let sql = std::fs::read_to_string(&path).unwrap().to_uppercase();
            for word in ["DROP ", "RENAME ", "DELETE FROM", "SET NOT NULL"] {
                assert!(!sql.contains(word), "{}: {word}", path.display());
            }
        }
    }
}

on_both! {
    async fn preparing_again_changes_nothing(db) {
        let before = db.store().schema().await.unwrap();
        db.store().prepare().await.unwrap();
        db.another().await.close().await;
        assert_eq!(db.store().schema().await.unwrap(), before);
    }

    async fn instances_that_start_together_wait_for_one_another(db) {
        let (a, b, c) = tokio::join!(db.another(), db.another(), db.another());
        for store in [a, b, c] {
            store.ping().await.unwrap();
        }
    }

    /// During a rolling deploy the old binary may restart over the new schema.
    async fn a_migration_of_a_newer_binary_is_no_obstacle(db) {
        db.store().sabotage(
            "INSERT INTO _sqlx_migrations
             (version, description, success, checksum, execution_time)
             SELECT 9000, 'newer', true, checksum, 0 FROM _sqlx_migrations WHERE version = 1",
        ).await.unwrap();
        db.store().prepare().await.unwrap();
    }

    async fn a_migration_that_was_edited_is_refused(db) {
        db.store().sabotage("UPDATE _sqlx_migrations SET description = 'x', checksum = version_hash
             FROM (SELECT checksum || checksum AS version_hash FROM _sqlx_migrations) AS other")
            .await.unwrap();
        let refused = db.store().prepare().await;
        assert!(matches!(refused, Err(OpenError::Migration(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn sqlite_is_set_up_for_durability() {
    let db = TempDb::sqlite().await;
    let store = db.store();
    assert_eq!(store.text("PRAGMA journal_mode").await.unwrap(), "wal");
    assert_eq!(store.count("PRAGMA synchronous").await.unwrap(), 2);
    assert_eq!(store.count("PRAGMA foreign_keys").await.unwrap(), 1);
    assert_eq!(store.count("PRAGMA secure_delete").await.unwrap(), 1);
    assert_eq!(store.count("PRAGMA query_only").await.unwrap(), 1);
}

#[tokio::test]
async fn a_sync_walks_the_index() {
    let db = TempDb::sqlite().await;
    let plan = db
        .store()
        .sqlite_plan(
            "EXPLAIN QUERY PLAN SELECT item_id, version, revision, details_version, overview
             FROM items WHERE vault_id = x'00' AND revision > 3",
        )
        .await
        .unwrap();
    assert_eq!(
        plan,
        ["SEARCH items USING INDEX items_by_revision (vault_id=? AND revision>?)"]
    );
}

#[tokio::test]
async fn a_file_in_a_new_folder_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a/b/keyarc.db");
    let options = StoreOptions::new(format!("sqlite://{}", file.display()));
    let store = Store::connect(&options).await.unwrap();
    store.ping().await.unwrap();
    store.close().await;
    assert!(file.exists());
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let options = StoreOptions::new(format!("sqlite://{}", folder.path().display()));
    let refused = Store::connect(&options).await;
    assert!(
        matches!(refused, Err(OpenError::Store(StoreError::Unavailable(_)))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keyarc.db");
    std::fs::write(
        &file,
        "this is no database, however long it may be".repeat(100),
    )
    .unwrap();
    let refused = Store::connect(&StoreOptions::new(format!("sqlite://{}", file.display()))).await;
    assert!(
        matches!(refused, Err(OpenError::Store(StoreError::Broken(_)))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_and_may_come_later() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let options = StoreOptions::new(format!("postgres://keyarc@127.0.0.1:{port}/keyarc"));
    let store = Store::open(&options).unwrap();
    let refused = store.prepare().await;
    assert!(
        matches!(refused, Err(OpenError::Store(StoreError::Unavailable(_)))),
        "{refused:?}"
    );
    assert!(matches!(
        store.ping().await,
        Err(StoreError::Unavailable(_))
    ));
}
