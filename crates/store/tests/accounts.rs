//! Sign-up, sessions, notices, counters, and forgetting.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keyarc_store::{
    BeginOutcome, Cleaned, Hit, LoginKey, NewAccount, SessionRow, SignUpOutcome, Store,
};
use keyarc_testkit::{
    FixedClock,
    build::{
        account, handle, keyset, login_key, nonce, sealed, session, signed_up, vault_id, write_next,
    },
    count_queries, on_both,
};
use keyarc_wire::{Notice, NoticeKind, SessionId, VaultInfo};

const NOW: u64 = FixedClock::START_MS;

async fn rows(store: &Store) -> (i64, i64, i64, i64) {
    (
        store.count("SELECT COUNT(*) FROM accounts").await.unwrap(),
        store.count("SELECT COUNT(*) FROM vaults").await.unwrap(),
        store.count("SELECT COUNT(*) FROM sessions").await.unwrap(),
        store
            .count("SELECT COUNT(*) FROM used_nonces")
            .await
            .unwrap(),
    )
}

fn with_email(number: u64, email: &str) -> NewAccount {
    let (email, email_key) = (Some(email.to_owned()), Some(email.to_lowercase()));
    NewAccount {
        email,
        email_key,
        ..account(number)
    }
}

async fn sign_up(store: &Store, number: u64, account: &NewAccount) -> SignUpOutcome {
    store
        .sign_up(account, &session(number), &nonce(number), None)
        .await
        .unwrap()
}

on_both! {
    async fn a_sign_up_reads_back(db) {
        let store = db.store();
        let new = with_email(1, "Ada@Example.org");
        assert_eq!(sign_up(store, 1, &new).await, SignUpOutcome::Made);
        let found = store.account(new.id).await.unwrap().unwrap();
        assert_eq!(found.email.as_deref(), Some("Ada@Example.org"));
        assert_eq!(found.bundle, new.bundle);
        assert_eq!(found.keyset, keyset());
        assert_eq!(found.created_at_ms, NOW);
        assert_eq!(found.vaults, [VaultInfo {
            id: vault_id(1),
            key_epoch: 1,
            wrapped_key: sealed(3, 350),
            revision: 0,
        }]);
        assert!(found.notices.is_empty());
        assert_eq!(store.vault_owner(vault_id(1)).await.unwrap(), Some(new.id));
        assert_eq!(store.login_key(handle(1)).await.unwrap(), Some(LoginKey {
            account_id: new.id,
            auth_public_key: new.auth_public_key,
            second_factor: false,
        }));
        assert_eq!(store.login_key(handle(2)).await.unwrap(), None);
        assert_eq!(store.account(account(2).id).await.unwrap(), None);
    }

    async fn a_sign_up_is_all_or_nothing(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let before = rows(store).await;
        let handle_taken = NewAccount { handle: handle(1), ..account(2) };
        assert_eq!(sign_up(store, 2, &handle_taken).await, SignUpOutcome::HandleTaken);
        let account_exists = NewAccount { id: account(1).id, ..account(2) };
        assert_eq!(sign_up(store, 2, &account_exists).await, SignUpOutcome::AccountExists);
        let vault_exists = NewAccount { vault: account(1).vault, ..account(2) };
        assert_eq!(sign_up(store, 2, &vault_exists).await, SignUpOutcome::VaultExists);
        let used = store.sign_up(&account(2), &session(2), &nonce(1), None).await.unwrap();
        assert_eq!(used, SignUpOutcome::NonceUsed);
        assert_eq!(rows(store).await, before);
        assert_eq!(sign_up(store, 2, &account(2)).await, SignUpOutcome::Made);
    }

    async fn an_address_used_again_leaves_one_notice_with_the_others(db) {
        let store = db.store();
        let ids = [1, 2, 3, 4].map(|number| account(number).id);
        let notices = async |id| store.account(id).await.unwrap().unwrap().notices;
        assert_eq!(sign_up(store, 1, &with_email(1, "a@b.c")).await, SignUpOutcome::Made);
        assert_eq!(sign_up(store, 2, &with_email(2, "A@B.C")).await, SignUpOutcome::Made);
        assert_eq!(sign_up(store, 3, &with_email(3, "x@y.z")).await, SignUpOutcome::Made);
        let later = NewAccount { created_at_ms: NOW + 5, ..with_email(4, "a@b.c") };
        assert_eq!(sign_up(store, 4, &later).await, SignUpOutcome::Made);
        // Nothing is written for it at sign-up, which would take time and tell of the others.
        assert_eq!(store.count("SELECT COUNT(*) FROM notices").await.unwrap(), 0);
        let notice = Notice { kind: NoticeKind::EmailUsedAgain, at_ms: NOW + 5 };
        assert_eq!(notices(ids[0]).await, std::slice::from_ref(&notice));
        assert_eq!(notices(ids[1]).await, [notice]);
        assert!(notices(ids[2]).await.is_empty());
        assert!(notices(ids[3]).await.is_empty());
        store.dismiss_notices(ids[0]).await.unwrap();
        assert!(notices(ids[0]).await.is_empty());
        assert_eq!(notices(ids[1]).await.len(), 1);
        let again = NewAccount { created_at_ms: NOW + 9, ..with_email(5, "a@b.c") };
        assert_eq!(sign_up(store, 5, &again).await, SignUpOutcome::Made);
        let notice = Notice { kind: NoticeKind::EmailUsedAgain, at_ms: NOW + 9 };
        assert_eq!(notices(ids[0]).await, std::slice::from_ref(&notice));
        store.dismiss_notices(ids[0]).await.unwrap();
        store.dismiss_notices(ids[2]).await.unwrap();
        assert!(notices(ids[0]).await.is_empty());
        assert!(notices(ids[2]).await.is_empty());
    }

    async fn accounts_without_an_address_have_nothing_in_common(db) {
        let store = db.store();
        signed_up(store, 1).await;
        signed_up(store, 2).await;
        for number in [1, 2] {
            let id = account(number).id;
            assert!(store.account(id).await.unwrap().unwrap().notices.is_empty());
            store.dismiss_notices(id).await.unwrap();
        }
        assert_eq!(store.count("SELECT COUNT(*) FROM notices").await.unwrap(), 0);
    }

    async fn a_session_is_found_by_token_and_by_id_until_it_ends(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let found = store.session_by_token(&session(1).token_hash).await.unwrap().unwrap();
        assert_eq!(found.id, session(1).id);
        assert_eq!(found.account_id, account(1).id);
        assert_eq!(found.client, session(1).client);
        assert_eq!(found.device_name, "device 1");
        assert_eq!((found.created_at_ms, found.last_used_at_ms), (NOW, NOW));
        assert_eq!(found.expires_at_ms, session(1).expires_at_ms);
        assert_eq!(store.session_by_id(session(1).id).await.unwrap(), Some(found));
        assert_eq!(store.session_by_token(&[0; 32]).await.unwrap(), None);
        assert!(store.end_session(account(1).id, session(1).id).await.unwrap());
        assert!(!store.end_session(account(1).id, session(1).id).await.unwrap());
        assert_eq!(store.session_by_token(&session(1).token_hash).await.unwrap(), None);
    }

    async fn nobody_ends_the_session_of_another(db) {
        let store = db.store();
        signed_up(store, 1).await;
        signed_up(store, 2).await;
        assert!(!store.end_session(account(2).id, session(1).id).await.unwrap());
        assert!(store.session_by_id(session(1).id).await.unwrap().is_some());
    }

    async fn a_log_in_replaces_the_session_it_is_given(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let id = account(1).id;
        let ended = session(1).token_hash;
        let begun = store.begin_session(&login_key(1), &session(2), &nonce(2), None, Some(&ended)).await.unwrap();
        assert_eq!(begun, BeginOutcome::Begun);
        let sessions = store.sessions(id).await.unwrap();
        assert_eq!(sessions.iter().map(|session| session.id).collect::<Vec<_>>(), [session(2).id]);
        // A nonce that was used keeps the session that it would have ended.
        let ended = session(2).token_hash;
        let begun = store.begin_session(&login_key(1), &session(3), &nonce(2), None, Some(&ended)).await.unwrap();
        assert_eq!(begun, BeginOutcome::NonceUsed);
        assert_eq!(store.sessions(id).await.unwrap(), sessions);
    }

    async fn last_use_only_moves_on_and_sorts_the_list(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let id = account(1).id;
        for number in [2, 3] {
            let begun = store.begin_session(&login_key(1), &session(number), &nonce(number), None, None).await;
            assert_eq!(begun.unwrap(), BeginOutcome::Begun);
        }
        store.touch_session(session(2).id, NOW + 9, "203.0.x.x").await.unwrap();
        store.touch_session(session(2).id, NOW + 5, "192.0.x.x").await.unwrap();
        store.touch_session(SessionId([9; 16]), NOW, "192.0.x.x").await.unwrap();
        let sessions = store.sessions(id).await.unwrap();
        let found: Vec<_> =
            sessions.iter().map(|session| (session.id, session.last_used_at_ms)).collect();
        assert_eq!(found, [
            (session(2).id, NOW + 9),
            (session(1).id, NOW),
            (session(3).id, NOW),
        ]);
        let networks: Vec<_> = sessions.iter().map(|session| session.network.as_deref()).collect();
        assert_eq!(networks, [Some("203.0.x.x"), Some("198.51.x.x"), Some("198.51.x.x")]);
    }

    async fn all_other_sessions_end_at_once_and_only_those(db) {
        let store = db.store();
        signed_up(store, 1).await;
        signed_up(store, 2).await;
        let id = account(1).id;
        for number in [3, 4] {
            store.begin_session(&login_key(1), &session(number), &nonce(number), None, None).await.unwrap();
        }
        let end = || store.end_other_sessions(id, session(3).id);
        let (ended, queries) = count_queries(end()).await;
        assert_eq!((ended.unwrap(), queries), (2, 1));
        assert_eq!(end().await.unwrap(), 0);
        let left = |sessions: Vec<SessionRow>| sessions.into_iter().map(|session| session.id);
        let own: Vec<_> = left(store.sessions(id).await.unwrap()).collect();
        assert_eq!(own, [session(3).id]);
        let foreign: Vec<_> = left(store.sessions(account(2).id).await.unwrap()).collect();
        assert_eq!(foreign, [session(2).id]);
    }

    /// Over the new schema the binary before still begins sessions, and knows no network.
    async fn a_session_without_a_network_is_a_session(db) {
        let store = db.store();
        signed_up(store, 1).await;
        store.sabotage("UPDATE sessions SET network = NULL").await.unwrap();
        let found = store.session_by_id(session(1).id).await.unwrap().unwrap();
        assert_eq!(found.network, None);
    }

    async fn a_window_begins_with_its_first_hit(db) {
        let store = db.store();
        let hit = async |now_ms| store.hit(&[[1; 16]], 60_000, now_ms).await.unwrap();
        let expect = |hits, window_ends_at_ms| vec![Hit { key: [1; 16], hits, window_ends_at_ms }];
        assert_eq!(hit(NOW).await, expect(1, NOW + 60_000));
        assert_eq!(hit(NOW + 1).await, expect(2, NOW + 60_000));
        assert_eq!(hit(NOW + 59_999).await, expect(3, NOW + 60_000));
        assert_eq!(hit(NOW + 60_000).await, expect(1, NOW + 120_000));
    }

    async fn a_hit_can_be_taken_back_while_its_window_lasts(db) {
        let store = db.store();
        let hits = async |now_ms| store.hit(&[[1; 16]], 60_000, now_ms).await.unwrap()[0].hits;
        store.take_hit_back(&[1; 16], NOW).await.unwrap();
        assert_eq!(hits(NOW).await, 1);
        store.take_hit_back(&[1; 16], NOW).await.unwrap();
        store.take_hit_back(&[1; 16], NOW).await.unwrap();
        assert_eq!(hits(NOW).await, 1);
        assert_eq!(hits(NOW).await, 2);
        store.take_hit_back(&[1; 16], NOW + 60_000).await.unwrap();
        assert_eq!(hits(NOW + 59_999).await, 3);
    }

    async fn counters_count_apart(db) {
        let store = db.store();
        store.hit(&[[1; 16], [2; 16]], 60_000, NOW).await.unwrap();
        let mut hits = store.hit(&[[2; 16], [3; 16]], 60_000, NOW).await.unwrap();
        hits.sort_by_key(|hit| hit.key);
        let hits: Vec<_> = hits.into_iter().map(|hit| (hit.key[0], hit.hits)).collect();
        assert_eq!(hits, [(2, 2), (3, 1)]);
        assert!(store.hit(&[], 60_000, NOW).await.unwrap().is_empty());
    }

    async fn what_has_expired_is_forgotten_and_nothing_else(db) {
        let store = db.store();
        for number in 1..=2 {
            signed_up(store, number).await;
        }
        store.hit(&[[1; 16]], 60_000, NOW).await.unwrap();
        store.touch_session(session(1).id, NOW + 1_000, "203.0.x.x").await.unwrap();
        const IDLE: u64 = 7 * 24 * 3_600_000;
        let clean = async |now_ms| store.clean_up(now_ms, IDLE).await.unwrap();
        assert_eq!(clean(NOW + 59_999).await, Cleaned::default());
        assert_eq!(clean(NOW + 60_000).await, Cleaned { counters: 1, ..Cleaned::default() });
        // A nonce is kept well past its lifetime.
        assert_eq!(clean(NOW + 11 * 60_000).await, Cleaned::default());
        assert_eq!(clean(NOW + 11 * 60_000 + 1).await, Cleaned { nonces: 2, ..Cleaned::default() });
        assert_eq!(clean(NOW + IDLE - 1).await, Cleaned::default());
        assert_eq!(clean(NOW + IDLE).await, Cleaned { sessions: 1, ..Cleaned::default() });
        store.touch_session(session(1).id, session(1).expires_at_ms, "203.0.x.x").await.unwrap();
        assert_eq!(clean(session(1).expires_at_ms - 1).await, Cleaned::default());
        assert_eq!(clean(session(1).expires_at_ms).await.sessions, 1);
        assert_eq!(rows(store).await, (2, 2, 0, 0));
    }

    async fn deleting_an_account_takes_everything_of_it_along(db) {
        let store = db.store();
        signed_up(store, 1).await;
        let kept = signed_up(store, 2).await;
        for vault in [vault_id(1), kept] {
            let request = keyarc_testkit::build::change([keyarc_testkit::build::write(1, 0)], []);
            write_next(store, vault, request).await.unwrap();
        }
        for number in [1, 2] {
            let factor = keyarc_testkit::build::second_factor();
            assert!(store.add_second_factor(account(number).id, &factor).await.unwrap());
        }
        let statement = match store.kind() {
            keyarc_store::DbKind::Sqlite =>
                "DELETE FROM accounts WHERE account_id = x'00000000000000015a5a5a5a5a5a5a5a'",
            keyarc_store::DbKind::Postgres =>
                "DELETE FROM accounts WHERE account_id = '\\x00000000000000015a5a5a5a5a5a5a5a'",
        };
        store.sabotage(statement).await.unwrap();
        for query in [
            "SELECT COUNT(*) FROM accounts",
            "SELECT COUNT(*) FROM keysets",
            "SELECT COUNT(*) FROM vaults",
            "SELECT COUNT(*) FROM items",
            "SELECT COUNT(*) FROM item_details",
            "SELECT COUNT(*) FROM sessions",
            "SELECT COUNT(*) FROM second_factors",
        ] {
            assert_eq!(store.count(query).await.unwrap(), 1, "{query}");
        }
    }
}
