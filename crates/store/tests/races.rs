//! Two at once, over two instances of the store.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use keyarc_store::{BeginOutcome, PasswordOutcome, WriteOutcome};
use keyarc_testkit::{
    FixedClock,
    build::{account, change, login_key, new_keyset, nonce, session, signed_up, write, write_next},
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
                tokio::spawn({ let one = one.clone(); let r = request(); async move { write_next(&one, vault, r).await } }),
                tokio::spawn({ let two = two.clone(); let r = request(); async move { write_next(&two, vault, r).await } }),
            );
            let outcomes = [a.unwrap().unwrap(), b.unwrap().unwrap()];
            let won = WriteOutcome::Written { revision: round + 1 };
            assert_eq!(outcomes.iter().filter(|outcome| **outcome == won).count(), 1);
            // Whoever came second follows a head that is none any more, or looked later and
            // finds its items changed.
            let lost = outcomes.iter().find(|outcome| **outcome != won).unwrap();
            match lost {
                WriteOutcome::Stale => {}
                WriteOutcome::Conflict(conflicts) => {
                    assert_eq!(conflicts.len(), 50);
                    assert!(conflicts.iter().all(|conflict| conflict.current_version == round + 1));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    async fn writers_to_different_items_all_succeed_one_after_another(db) {
        let vault = signed_up(db.store(), 1).await;
        let stores = [db.another().await, db.another().await];
        let writers: Vec<_> = (0..24).map(|item| {
            let store = stores[item % 2].clone();
            let request = change([write(item as u64, 0)], []);
            tokio::spawn(async move {
                loop {
                    match write_next(&store, vault, request.clone()).await.unwrap() {
                        WriteOutcome::Stale => {}
                        outcome => break outcome,
                    }
                }
            })
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
                store.begin_session(&login_key(1), &session, &nonce(7), None, None).await.unwrap()
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

    async fn of_two_changes_of_password_one_wins(db) {
        signed_up(db.store(), 1).await;
        let (one, two) = (db.another().await, db.another().await);
        let mut key = login_key(1);
        for version in 2..12_u32 {
            let attempts = [(one.clone(), 100), (two.clone(), 200)].map(|(store, offset)| {
                let number = offset + u64::from(version);
                let new = new_keyset(version, number);
                tokio::spawn(async move {
                    let asking = session(1).id;
                    let outcome = store.change_password(&key, asking, &new, &nonce(number)).await;
                    (outcome.unwrap(), new.auth_public_key)
                })
            });
            let mut won = Vec::new();
            for attempt in attempts {
                match attempt.await.unwrap() {
                    (PasswordOutcome::Changed, public) => won.push(public),
                    (outcome, _) => assert_eq!(outcome, PasswordOutcome::Conflict),
                }
            }
            assert_eq!(won.len(), 1, "version {version}");
            key.auth_public_key = won[0];
            let found = db.store().login_key(account(1).handle).await.unwrap();
            assert_eq!(found, Some(key));
        }
    }

    /// Whoever comes first, no session of the old key is left.
    async fn a_log_in_beside_a_change_of_password_does_not_outlive_it(db) {
        signed_up(db.store(), 1).await;
        let (one, two) = (db.another().await, db.another().await);
        let mut key = login_key(1);
        for version in 2..22_u32 {
            let number = 100 + u64::from(version);
            let new = new_keyset(version, number);
            let public = new.auth_public_key;
            let (changing, entering) = (one.clone(), two.clone());
            let change = tokio::spawn(async move {
                changing.change_password(&key, session(1).id, &new, &nonce(number)).await.unwrap()
            });
            let enter = tokio::spawn(async move {
                let (session, nonce) = (session(number), nonce(1_000 + number));
                entering.begin_session(&key, &session, &nonce, None, None).await.unwrap()
            });
            assert_eq!(change.await.unwrap(), PasswordOutcome::Changed);
            enter.await.unwrap();
            let sessions = db.store().sessions(account(1).id).await.unwrap();
            assert_eq!(sessions.len(), 1, "version {version}");
            key.auth_public_key = public;
        }
    }
}
