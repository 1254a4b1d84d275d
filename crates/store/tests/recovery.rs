//! Recovery keys: what they are checked against, and what they put in force.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keyarc_store::{NewRecovery, RecoveryOutcome, RecoveryRow, Store};
use keyarc_testkit::{
    FixedClock,
    build::{
        account, handle, login_key, new_keyset, nonce, recovery_key, sealed, session, signed_up,
    },
    count_queries, on_both,
};
use keyarc_wire::RecoveryInfo;

/// A recovery key to come into force, or none.
fn new(version: u32, made: Option<u32>) -> NewRecovery {
    NewRecovery {
        version,
        key: made.map(|made| recovery_key(1, made)),
        changed_at_ms: FixedClock::START_MS + u64::from(version),
    }
}

async fn change(store: &Store, new: &NewRecovery, number: u64) -> RecoveryOutcome {
    store
        .change_recovery(&login_key(1), new, &nonce(number))
        .await
        .unwrap()
}

async fn in_force(store: &Store) -> Option<RecoveryRow> {
    store.recovery(handle(1)).await.unwrap()
}

async fn info(store: &Store) -> Option<RecoveryInfo> {
    store
        .account(account(1).id)
        .await
        .unwrap()
        .unwrap()
        .recovery
}

async fn recover(
    store: &Store,
    proven: &RecoveryRow,
    version: u32,
    number: u64,
) -> RecoveryOutcome {
    let nonces = [&nonce(number), &nonce(number + 100)];
    let (keys, session) = (new_keyset(version, number), session(number));
    store
        .recover(proven, &keys, &session, nonces, None)
        .await
        .unwrap()
}

on_both! {
    async fn a_recovery_key_comes_with_the_sign_up_and_is_replaced_and_revoked(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let (row, queries) = count_queries(store.recovery(handle(1))).await;
        let row = row.unwrap().unwrap();
        assert_eq!((row.version, queries), (1, 1));
        assert_eq!(row.auth_public_key, recovery_key(1, 1).auth_public_key);
        assert_eq!(row.keyset, account(1).keyset);
        assert!(row.rotations.0.is_empty() && !row.second_factor);
        let shown = info(store).await.unwrap();
        assert_eq!((shown.version, shown.key.unwrap().note), (1, recovery_key(1, 1).note));

        let (outcome, queries) = count_queries(change(store, &new(2, Some(2)), 5)).await;
        assert_eq!((outcome, queries), (RecoveryOutcome::Changed, 3));
        let row = in_force(store).await.unwrap();
        assert_eq!((row.version, row.auth_public_key), (2, recovery_key(1, 2).auth_public_key));
        assert_eq!(info(store).await.unwrap().key.unwrap().made_at_ms, FixedClock::START_MS + 2);

        assert_eq!(change(store, &new(3, None), 6).await, RecoveryOutcome::Changed);
        assert_eq!(in_force(store).await, None);
        assert_eq!(info(store).await, Some(RecoveryInfo { version: 3, key: None }));
        // Its versions go on, so that no old wrap fits a new key.
        assert_eq!(change(store, &new(1, Some(1)), 7).await, RecoveryOutcome::Conflict);
        assert_eq!(change(store, &new(4, Some(4)), 8).await, RecoveryOutcome::Changed);
        assert_eq!(in_force(store).await.unwrap().version, 4);
    }

    async fn an_account_may_have_none_and_begin_with_version_1(db) {
        let store = db.store();
        let without = keyarc_store::NewAccount { recovery: None, ..account(1) };
        store.sign_up(&without, &session(1), &nonce(1), None).await.unwrap();
        assert_eq!((in_force(store).await, info(store).await), (None, None));
        assert_eq!(change(store, &new(2, Some(2)), 5).await, RecoveryOutcome::Conflict);
        assert_eq!(change(store, &new(1, Some(1)), 6).await, RecoveryOutcome::Changed);
        assert_eq!(in_force(store).await.unwrap().version, 1);
        assert_eq!(store.recovery(handle(2)).await.unwrap(), None);
    }

    async fn nothing_changes_from_an_old_version_by_an_old_key_or_with_a_used_nonce(db) {
        let store = db.store();
        signed_up(store, 1).await;
        for stale in [1, 3] {
            assert_eq!(change(store, &new(stale, Some(9)), u64::from(stale) + 10).await, RecoveryOutcome::Conflict);
        }
        let old = keyarc_store::LoginKey { auth_public_key: [1; 32], ..login_key(1) };
        let outcome = store.change_recovery(&old, &new(2, Some(2)), &nonce(20)).await.unwrap();
        assert_eq!(outcome, RecoveryOutcome::Conflict);
        assert_eq!(change(store, &new(2, Some(2)), 21).await, RecoveryOutcome::Changed);
        assert_eq!(change(store, &new(3, Some(3)), 21).await, RecoveryOutcome::NonceUsed);
        assert_eq!(in_force(store).await.unwrap().version, 2);
    }

    async fn a_note_is_of_the_key_in_force(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let note = sealed(0x77, 350);
        let keep = |version| store.keep_recovery_note(account(1).id, version, &note);
        assert!(!keep(2).await.unwrap());
        let (kept, queries) = count_queries(keep(1)).await;
        assert_eq!((kept.unwrap(), queries), (true, 1));
        assert_eq!(info(store).await.unwrap().key.unwrap().note, note);
        assert_eq!(change(store, &new(2, None), 5).await, RecoveryOutcome::Changed);
        assert!(!keep(2).await.unwrap());
    }

    async fn a_recovery_swaps_the_keys_and_ends_every_session(db) {
        let store = db.store();
        for number in [1, 2] {
            signed_up(store, number).await;
        }
        let proven = in_force(store).await.unwrap();
        let nonces = [&nonce(11), &nonce(12)];
        let keys = new_keyset(2, 11);
        let (outcome, queries) = count_queries(
            store.recover(&proven, &keys, &session(11), nonces, None)
        ).await;
        assert_eq!((outcome.unwrap(), queries), (RecoveryOutcome::Changed, 6));
        let sessions = store.sessions(account(1).id).await.unwrap();
        assert_eq!(sessions.iter().map(|s| s.id).collect::<Vec<_>>(), [session(11).id]);
        assert_eq!(store.sessions(account(2).id).await.unwrap().len(), 1);
        let row = in_force(store).await.unwrap();
        assert_eq!((row.keyset, row.version), (keys.keyset, 1));
        assert_eq!(store.login_key(handle(1)).await.unwrap().unwrap().auth_public_key, keys.auth_public_key);
        let used = "SELECT COUNT(*) FROM recovery_keys WHERE used_at_ms IS NOT NULL";
        assert_eq!(store.count(used).await.unwrap(), 1);
    }

    async fn a_recovery_by_what_is_not_in_force_any_more_changes_nothing(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let proven = in_force(store).await.unwrap();
        // The keyset has moved on.
        assert_eq!(recover(store, &proven, 3, 11).await, RecoveryOutcome::Conflict);
        // One of the two nonces was used.
        store.use_nonce(&nonce(112)).await.unwrap();
        assert_eq!(recover(store, &proven, 2, 12).await, RecoveryOutcome::NonceUsed);
        // The key was replaced, and then revoked.
        assert_eq!(change(store, &new(2, Some(2)), 5).await, RecoveryOutcome::Changed);
        assert_eq!(recover(store, &proven, 2, 13).await, RecoveryOutcome::Conflict);
        let proven = in_force(store).await.unwrap();
        assert_eq!(change(store, &new(3, None), 6).await, RecoveryOutcome::Changed);
        assert_eq!(recover(store, &proven, 2, 14).await, RecoveryOutcome::Conflict);
        let sessions = store.sessions(account(1).id).await.unwrap();
        assert_eq!(sessions.iter().map(|s| s.id).collect::<Vec<_>>(), [session(1).id]);
        assert_eq!(store.account(account(1).id).await.unwrap().unwrap().keyset, account(1).keyset);
        // And nothing of the nonces of what did not happen was used up.
        assert!(store.use_nonce(&nonce(14)).await.unwrap());
    }

    async fn of_two_recoveries_at_once_one_happens(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let proven = in_force(store).await.unwrap();
        let (one, other) = futures::join!(recover(store, &proven, 2, 11), recover(store, &proven, 2, 12));
        let changed = [one, other].iter().filter(|o| **o == RecoveryOutcome::Changed).count();
        assert_eq!(changed, 1, "{one:?} {other:?}");
        assert_eq!(store.sessions(account(1).id).await.unwrap().len(), 1);
    }
}
