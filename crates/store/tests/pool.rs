//! Connections: closed when they rest, kept while they are used, and never in the way of an end.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use futures::future::join_all;
use keyarc_store::Store;
use keyarc_testkit::{TempDb, on_both};
use tokio::time::{sleep, timeout};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

async fn shrinks(store: &Store, to: u32) -> bool {
    let shrinking = async {
        while store.connections() > to {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, shrinking).await.is_ok()
}

async fn eight_at_once(store: &Store) {
    for answer in join_all((0..8).map(|_| store.ping())).await {
        answer.unwrap();
    }
}

on_both! {
    async fn connections_at_rest_are_closed_and_opened_anew(db) {
        let store = db.another_with(|options| options.rest = Duration::from_millis(50)).await;
        for _ in 0..3 {
            eight_at_once(&store).await;
            assert!(store.connections() > 0);
            assert!(shrinks(&store, 0).await, "{} are left", store.connections());
        }
    }

    async fn a_little_use_keeps_few_connections(db) {
        let store = db.another_with(|options| options.rest = Duration::from_millis(400)).await;
        eight_at_once(&store).await;
        let most = store.connections();
        assert!(most > 4, "{most} were opened");
        let using = async {
            loop {
                store.ping().await.unwrap();
                sleep(Duration::from_millis(150)).await;
            }
        };
        let has_shrunk = tokio::select! {
            () = using => false,
            has_shrunk = shrinks(&store, 4) => has_shrunk,
        };
        assert!(has_shrunk, "{} are left", store.connections());
    }
}

/// What the task of sqlx did not stand: connections taken and given back on several threads while those
/// at rest are looked for. It ran for ever then, and nothing could be closed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_busy_pool_closes_whatever_looks_after_it() {
    let db = TempDb::sqlite().await;
    for _ in 0..20 {
        let store = db
            .another_with(|options| {
                options.rest = Duration::ZERO;
                options.connections = 2;
            })
            .await;
        let busy = (0..4).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..1_000 {
                    store.ping().await.unwrap();
                }
            })
        });
        for done in join_all(busy).await {
            done.unwrap();
        }
        timeout(PATIENCE, store.close()).await.unwrap();
    }
}
