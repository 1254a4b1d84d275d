//! Two at once, over two instances of the store.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use keyarc_store::{BeginOutcome, WriteOutcome};
use keyarc_testkit::{
    FixedClock,
    build::{account, change, nonce, session, signed_up, write},
    on_both,
};

const NOW: u64 = FixedClock::START_MS;

on_both! {
    async fn of_two_writers_one_wins_and_the_other_hears_of_it(db) {
        let vault = signed_up(db.store(), 1).await;
        let (one, two) = (db.another().await, db.another().await);
        for round in 0..20 {
            let request = || change((1..=50).map(|item| write(item, round)), []);
            let (a, b) = tokio::join!(
                tokio::spawn({ let one = one.clone(); let r = request(); async move { one.write_items(vault, r).await } }),
                tokio::spawn({ let two = two.clone(); let r = request(); async move { two.write_items(vault, r).await } }),
            );
            let outcomes = [a.unwrap().unwrap(), b.unwrap().unwrap()];
            let won = WriteOutcome::Written { revision: round + 1 };
            assert_eq!(outcomes.iter().filter(|outcome| **outcome == won).count(), 1);
            let lost = outcomes.iter().find_map(|outcome| match outcome {
                WriteOutcome::Conflict(conflicts) => Some(conflicts),
                _ => None,
            }).unwrap();
            assert_eq!(lost.len(), 50);
            assert!(lost.iter().all(|conflict| conflict.current_version == round + 1));
        }
    }

    async fn writers_to_different_items_all_succeed_one_after_another(db) {
        let vault = signed_up(db.store(), 1).await;
        let stores = [db.another().await, db.another().await];
        let writers: Vec<_> = (0..24).map(|item| {
            let store = stores[item % 2].clone();
            let request = change([write(item as u64, 0)], []);
            tokio::spawn(async move { store.write_items(vault, request).await.unwrap() })
        }).collect();
        let mut revisions = BTreeSet::new();
        for writer in writers {
            let WriteOutcome::Written { revision } = writer.await.unwrap() else {
                panic!("nobody else wrote this item")
            };
            revisions.insert(revision);
        }
        assert_eq!(revisions, (1..=24).collect());
    }

    async fn of_many_replays_of_a_nonce_one_succeeds(db) {
        signed_up(db.store(), 1).await;
        let stores = [db.another().await, db.another().await];
        let attempts: Vec<_> = (10..26).map(|number| {
            let store = stores[number % 2].clone();
            tokio::spawn(async move {
                let session = session(number as u64);
                store.begin_session(account(1).id, &session, &nonce(7), None, None).await.unwrap()
            })
        }).collect();
        let mut begun = 0;
        for attempt in attempts {
            begun += usize::from(attempt.await.unwrap() == BeginOutcome::Begun);
        }
        assert_eq!(begun, 1);
        assert_eq!(db.store().sessions(account(1).id).await.unwrap().len(), 2);
    }

    async fn no_hit_is_lost(db) {
        let stores = [db.another().await, db.another().await];
        let hits: Vec<_> = (0..40_usize).map(|number| {
            let store = stores[number % 2].clone();
            // In either order: neither may wait for the other for ever.
            let mut keys = [[1; 16], [2; 16]];
            if number % 3 == 0 { keys.reverse(); }
            tokio::spawn(async move { store.hit(&keys, 60_000, NOW).await.unwrap() })
        }).collect();
        let mut seen = BTreeSet::new();
        for hit in hits {
            for counter in hit.await.unwrap() {
                assert!(seen.insert((counter.key, counter.hits)), "a number was given twice");
            }
        }
        assert_eq!(seen.len(), 80);
        assert_eq!(seen.iter().map(|(_, hits)| *hits).max(), Some(40));
    }
}
