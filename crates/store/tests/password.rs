//! New keys in the place of the old ones.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keyarc_store::{BeginOutcome, LoginKey, NewKeyset, PasswordOutcome, Store};
use keyarc_testkit::{
    FixedClock,
    build::{account, auth_key, handle, keyset, login_key, new_keyset, nonce, session, signed_up},
    count_queries, on_both,
};
use keyarc_wire::SessionId;

async fn change(store: &Store, proven: &LoginKey, new: &NewKeyset, number: u64) -> PasswordOutcome {
    store
        .change_password(proven, session(1).id, new, &nonce(number))
        .await
        .unwrap()
}

/// One more session of the first person.
async fn begin(store: &Store, number: u64) {
    let (key, session, nonce) = (login_key(1), session(number), nonce(number));
    let begun = store
        .begin_session(&key, &session, &nonce, None, None)
        .await;
    assert_eq!(begun.unwrap(), BeginOutcome::Begun);
}

async fn sessions(store: &Store, number: u64) -> Vec<SessionId> {
    let sessions = store.sessions(account(number).id).await.unwrap();
    sessions.iter().map(|session| session.id).collect()
}

/// The first person after a change of password, or whoever has that key.
fn with_key(key: u64) -> LoginKey {
    LoginKey {
        auth_public_key: auth_key(key).public_key(),
        ..login_key(1)
    }
}

on_both! {
    async fn a_change_swaps_all_keys_and_ends_all_other_sessions(db) {
        let store = db.store();
        for number in [1, 2] {
            signed_up(store, number).await;
        }
        for number in [3, 4] {
            begin(store, number).await;
        }
        let new = new_keyset(2, 11);
        let (outcome, queries) = count_queries(change(store, &login_key(1), &new, 5)).await;
        assert_eq!((outcome, queries), (PasswordOutcome::Changed, 3));
        assert_eq!(store.account(account(1).id).await.unwrap().unwrap().keyset, new.keyset);
        assert_eq!(store.login_key(handle(1)).await.unwrap(), Some(with_key(11)));
        assert_eq!(sessions(store, 1).await, [session(1).id]);
        let changed_at = "SELECT MAX(changed_at_ms) FROM keysets";
        assert_eq!(store.count(changed_at).await.unwrap(), FixedClock::START_MS as i64 + 1);
        // Nobody else noticed.
        assert_eq!(store.account(account(2).id).await.unwrap().unwrap().keyset, keyset());
        assert_eq!(sessions(store, 2).await, [session(2).id]);
        // And once more, from the new keys.
        let again = change(store, &with_key(11), &new_keyset(3, 12), 6).await;
        assert_eq!(again, PasswordOutcome::Changed);
    }

    async fn what_does_not_follow_on_the_keys_in_force_changes_nothing(db) {
        let store = db.store();
        signed_up(store, 1).await;
        begin(store, 2).await;
        for (at, (proven, version)) in [
            // A version that is in force, one that leaves a gap, one that never was.
            (login_key(1), 1),
            (login_key(1), 3),
            (login_key(1), u32::MAX),
            // Another key, whatever the version.
            (with_key(9), 2),
            // Another account.
            (login_key(7), 2),
        ].into_iter().enumerate() {
            let outcome = change(store, &proven, &new_keyset(version, 11), 20 + at as u64).await;
            assert_eq!(outcome, PasswordOutcome::Conflict, "{at}");
        }
        let used = change(store, &login_key(1), &new_keyset(2, 11), 2).await;
        assert_eq!(used, PasswordOutcome::NonceUsed);
        assert_eq!(store.account(account(1).id).await.unwrap().unwrap().keyset, keyset());
        assert_eq!(store.login_key(handle(1)).await.unwrap(), Some(login_key(1)));
        assert_eq!(sessions(store, 1).await.len(), 2);
        // A conflict uses no nonce up.
        assert_eq!(store.count("SELECT COUNT(*) FROM used_nonces").await.unwrap(), 2);
    }

    async fn the_same_change_twice_happens_once(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let new = new_keyset(2, 11);
        assert_eq!(change(store, &login_key(1), &new, 5).await, PasswordOutcome::Changed);
        assert_eq!(change(store, &login_key(1), &new, 5).await, PasswordOutcome::NonceUsed);
        assert_eq!(change(store, &login_key(1), &new, 6).await, PasswordOutcome::Conflict);
        assert_eq!(store.login_key(handle(1)).await.unwrap(), Some(with_key(11)));
    }

    /// The signature was checked before the change, and the session begins after it.
    async fn a_log_in_by_a_key_that_was_replaced_meanwhile_is_refused(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let seen = store.login_key(handle(1)).await.unwrap().unwrap();
        assert_eq!(change(store, &seen, &new_keyset(2, 11), 5).await, PasswordOutcome::Changed);
        let ended = session(1).token_hash;
        let begun = store.begin_session(&seen, &session(2), &nonce(6), None, Some(&ended)).await;
        assert_eq!(begun.unwrap(), BeginOutcome::KeyChanged);
        assert_eq!(sessions(store, 1).await, [session(1).id]);
        let begun = store.begin_session(&with_key(11), &session(2), &nonce(6), None, None).await;
        assert_eq!(begun.unwrap(), BeginOutcome::Begun);
    }
}
