//! Second factors: put in force, used up, encrypted anew, removed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keyarc_store::{
    BeginOutcome, FactorUse, NewSecondFactor, SecondFactorChange, Store, StoredTotpSecret,
};
use keyarc_testkit::{
    FixedClock,
    build::{account, handle, login_key, nonce, second_factor, session, signed_up},
    count_queries, on_both,
};
use keyarc_wire::AccountId;

/// What the code of a step changes in a row at that version.
fn step(base_version: u64, last_step: u64) -> SecondFactorChange {
    SecondFactorChange {
        base_version,
        last_step,
        recovery_codes: vec![[4; 32]],
    }
}

async fn with_factor(store: &Store, number: u64) -> AccountId {
    signed_up(store, number).await;
    let id = account(number).id;
    assert!(store.add_second_factor(id, &second_factor()).await.unwrap());
    id
}

on_both! {
    async fn a_second_factor_reads_back(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let id = account(1).id;
        assert_eq!(store.second_factor(id).await.unwrap(), None);
        assert!(!store.login_key(handle(1)).await.unwrap().unwrap().second_factor);
        assert!(store.add_second_factor(id, &second_factor()).await.unwrap());
        let found = store.second_factor(id).await.unwrap().unwrap();
        assert_eq!(found.version, 1);
        assert_eq!(found.totp, Some(second_factor().totp));
        assert_eq!(found.last_step, 100);
        assert_eq!(found.recovery_codes, [[3; 32], [4; 32]]);
        assert_eq!(found.created_at_ms, FixedClock::START_MS);
        let (known, queries) = count_queries(store.login_key(handle(1))).await;
        assert!(known.unwrap().unwrap().second_factor);
        assert_eq!(queries, 1);
        // Another account has none.
        signed_up(store, 2).await;
        assert!(!store.login_key(handle(2)).await.unwrap().unwrap().second_factor);
    }

    async fn one_in_force_is_not_replaced(db) {
        let store = db.store();
        let id = with_factor(store, 1).await;
        let other = NewSecondFactor { last_step: 7, ..second_factor() };
        assert!(!store.add_second_factor(id, &other).await.unwrap());
        assert_eq!(store.second_factor(id).await.unwrap().unwrap().last_step, 100);
    }

    async fn a_change_is_written_over_the_version_that_was_read(db) {
        let store = db.store();
        let id = with_factor(store, 1).await;
        assert!(!store.change_second_factor(id, &step(2, 101)).await.unwrap());
        assert!(store.change_second_factor(id, &step(1, 101)).await.unwrap());
        assert!(!store.change_second_factor(id, &step(1, 102)).await.unwrap());
        let found = store.second_factor(id).await.unwrap().unwrap();
        assert_eq!((found.version, found.last_step), (2, 101));
        assert_eq!(found.recovery_codes, [[4; 32]]);
        assert!(!store.change_second_factor(account(2).id, &step(1, 101)).await.unwrap());
    }

    async fn a_session_begins_with_the_code_or_not_at_all(db) {
        let store = db.store();
        let id = with_factor(store, 1).await;
        let begin = async |number, change: &SecondFactorChange| {
            store.begin_session(&login_key(1), &session(number), &nonce(number), Some(FactorUse::Code(change)), None).await.unwrap()
        };
        assert_eq!(begin(2, &step(1, 101)).await, BeginOutcome::Begun);
        // Too late: nothing is used up, neither the nonce nor a later code.
        assert_eq!(begin(3, &step(1, 101)).await, BeginOutcome::FactorChanged);
        assert_eq!(begin(3, &step(2, 102)).await, BeginOutcome::Begun);
        assert_eq!(begin(3, &step(3, 103)).await, BeginOutcome::NonceUsed);
        let found = store.second_factor(id).await.unwrap().unwrap();
        assert_eq!((found.version, found.last_step), (3, 102));
        assert_eq!(store.sessions(id).await.unwrap().len(), 3);
    }

    async fn of_many_who_show_one_code_one_succeeds(db) {
        let id = with_factor(db.store(), 1).await;
        let stores = [db.another().await, db.another().await];
        let attempts: Vec<_> = (10..26).map(|number| {
            let store = stores[number % 2].clone();
            tokio::spawn(async move {
                let (session, nonce) = (session(number as u64), nonce(number as u64));
                store.begin_session(&login_key(1), &session, &nonce, Some(FactorUse::Code(&step(1, 101))), None).await.unwrap()
            })
        }).collect();
        let mut begun = 0;
        for attempt in attempts {
            begun += usize::from(attempt.await.unwrap() == BeginOutcome::Begun);
        }
        assert_eq!(begun, 1);
        assert_eq!(db.store().sessions(id).await.unwrap().len(), 2);
    }

    async fn a_nonce_can_be_used_up_by_itself(db) {
        let store = db.store();
        assert!(store.use_nonce(&nonce(5)).await.unwrap());
        assert!(!store.use_nonce(&nonce(5)).await.unwrap());
    }

    async fn it_is_removed_at_the_version_that_was_read(db) {
        let store = db.store();
        let id = with_factor(store, 1).await;
        assert!(!store.remove_totp(id, 2).await.unwrap());
        assert!(store.remove_totp(id, 1).await.unwrap());
        assert!(!store.remove_totp(id, 1).await.unwrap());
        assert_eq!(store.second_factor(id).await.unwrap(), None);
        assert!(store.add_second_factor(id, &second_factor()).await.unwrap());
    }

    async fn secrets_move_to_another_key_page_by_page(db) {
        let store = db.store();
        let mut ids = Vec::new();
        for number in 1..=3 {
            ids.push(with_factor(store, number).await);
        }
        let under = async |after| store.totp_secrets_under(&[1; 8], after, 2).await.unwrap();
        let none = AccountId([0; 16]);
        let page = under(none).await;
        assert_eq!(page.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids[..2]);
        assert_eq!(under(ids[1]).await, [(ids[2], vec![2; 48])]);
        let fresh = StoredTotpSecret { key_id: [9; 8], bytes: vec![8; 48] };
        store.replace_totp_secret(ids[0], &[2; 48], &fresh).await.unwrap();
        // What is there no more is not replaced.
        store.replace_totp_secret(ids[1], &[7; 48], &fresh).await.unwrap();
        assert_eq!(under(none).await.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids[1..]);
        // A code that was being checked meanwhile is still accepted.
        let moved = store.second_factor(ids[0]).await.unwrap().unwrap();
        assert_eq!((moved.version, moved.totp), (1, Some(fresh)));
    }
}
