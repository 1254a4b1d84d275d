//! Change of password.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keyarc_auth::LoginPurpose;
use keyarc_service::{Policy, ServiceError, Services, account, password, session};
use keyarc_testkit::{
    FixedClock, TestClient, authenticate,
    build::{self, ORIGIN, sealed, services, services_with},
    count_queries, on_both,
};
use keyarc_wire::{ChangePasswordRequest, ClientKind, Keyset, Sealed};

fn unlimited() -> Policy {
    Policy {
        origins: vec![ORIGIN.to_owned(), "http://localhost:3000".to_owned()],
        log_ins_per_minute: 10_000,
        ..Policy::default()
    }
}

async fn in_force(services: &Services) -> Keyset {
    let id = services
        .store()
        .login_key(build::handle(1))
        .await
        .unwrap()
        .unwrap()
        .account_id;
    services.store().account(id).await.unwrap().unwrap().keyset
}

on_both! {
    async fn the_new_password_opens_the_old_one_does_not_and_other_sessions_end(db) {
        let services = services(db.store(), &FixedClock::new());
        let client = TestClient::new(1);
        let here = client.signed_up(&services).await;
        let there = client.log_in(&services, ClientKind::Api).await.unwrap();
        let request = client.change_password_request(&services, 2, 11);
        let (changed, queries) =
            count_queries(password::change(&here, client.address, &request)).await;
        changed.unwrap();
        assert_eq!(queries, 5);
        // The session that asked goes on and sees the new keys; the other one has ended.
        assert_eq!(account::get(&here).await.unwrap().keyset, request.keyset);
        let ended = authenticate(&services, &there).await;
        assert!(matches!(ended, Err(ServiceError::Unauthenticated)), "{ended:?}");
        assert_eq!(session::list(&here).await.unwrap().len(), 1);
        let refused = client.log_in(&services, ClientKind::Browser).await;
        assert!(matches!(refused, Err(ServiceError::LoginRefused)), "{refused:?}");
        let back = client.with_key(11).log_in(&services, ClientKind::Browser).await.unwrap();
        assert_eq!(back.response.account.keyset, request.keyset);
    }

    async fn a_session_alone_changes_nothing(db) {
        let services = services_with(db.store(), &FixedClock::new(), unlimited());
        let (client, stranger) = (TestClient::new(1), TestClient::new(2));
        let here = client.signed_up(&services).await;
        stranger.signed_up(&services).await;
        let good = || client.change_password_request(&services, 2, 11);
        let mut wrong = vec![
            // Signed by the new key, and by another person's.
            client.with_key(11).change_password_request(&services, 2, 11),
            client.with_key(2).change_password_request(&services, 2, 11),
            // Another account, correctly signed for it.
            stranger.change_password_request(&services, 2, 11),
            // A handle that nobody has.
            TestClient::new(3).change_password_request(&services, 2, 11),
            // A signature for something else.
            ChangePasswordRequest { proof: client.proof(&services, LoginPurpose::Login), ..good() },
            ChangePasswordRequest { proof: client.proof(&services, LoginPurpose::SignUp), ..good() },
        ];
        for spoil in [
            |request: &mut ChangePasswordRequest| request.proof.signature.0[0] ^= 1,
            |request: &mut ChangePasswordRequest| request.proof.client_nonce.0[31] ^= 1,
            |request: &mut ChangePasswordRequest| request.proof.server_nonce.0[31] ^= 1,
            |request: &mut ChangePasswordRequest| request.proof.time_ms += 1,
            |request: &mut ChangePasswordRequest| request.proof.origin = "http://localhost:3000".to_owned(),
            |request: &mut ChangePasswordRequest| request.proof.origin.push('x'),
            // Other keys than those that were signed for.
            |request: &mut ChangePasswordRequest| request.keyset.version += 1,
            |request: &mut ChangePasswordRequest| request.keyset.keyring.0[200] ^= 1,
            |request: &mut ChangePasswordRequest| request.keyset.wrapped_root_key.0[200] ^= 1,
            |request: &mut ChangePasswordRequest| request.auth_public_key.0 = build::auth_key(12).public_key(),
        ] {
            let mut request = good();
            spoil(&mut request);
            wrong.push(request);
        }
        for (at, request) in wrong.iter().enumerate() {
            let refused = password::change(&here, client.address, request).await;
            assert!(matches!(refused, Err(ServiceError::LoginRefused)), "{at}: {refused:?}");
        }
        assert_eq!(in_force(&services).await, build::keyset());
        password::change(&here, client.address, &good()).await.unwrap();
    }

    async fn every_broken_rule_is_named(db) {
        let services = services_with(db.store(), &FixedClock::new(), unlimited());
        let client = TestClient::new(1);
        let here = client.signed_up(&services).await;
        type Spoil = fn(&mut ChangePasswordRequest);
        let cases: &[(&str, Spoil)] = &[
            ("auth_public_key", |request| request.auth_public_key.0 = [0; 32]),
            ("keyset.version", |request| request.keyset.version = 0),
            ("keyset.version", |request| request.keyset.version = 1),
            ("keyset.wrapped_root_key", |request| request.keyset.wrapped_root_key = Sealed(vec![])),
            ("keyset.keyring", |request| request.keyset.keyring = sealed(0, 4097)),
        ];
        for (expected, spoil) in cases {
            let mut request = client.change_password_request(&services, 2, 11);
            spoil(&mut request);
            let refused = password::change(&here, client.address, &request).await;
            assert!(
                matches!(&refused, Err(ServiceError::Invalid { field, .. }) if field == expected),
                "{expected}: {refused:?}"
            );
        }
        assert_eq!(in_force(&services).await, build::keyset());
    }

    async fn a_change_must_follow_on_the_keys_in_force_and_happens_once(db) {
        let clock = FixedClock::new();
        let services = services_with(db.store(), &clock, unlimited());
        let client = TestClient::new(1);
        let here = client.signed_up(&services).await;
        let ahead = client.change_password_request(&services, 3, 11);
        let refused = password::change(&here, client.address, &ahead).await;
        assert!(matches!(refused, Err(ServiceError::KeysConflict)), "{refused:?}");

        let late = client.change_password_request(&services, 2, 12);
        let request = client.change_password_request(&services, 2, 11);
        password::change(&here, client.address, &request).await.unwrap();
        for again in [&request, &late] {
            let refused = password::change(&here, client.address, again).await;
            assert!(matches!(refused, Err(ServiceError::LoginRefused)), "{refused:?}");
        }
        assert_eq!(in_force(&services).await, request.keyset);
        // A challenge that has expired.
        let stale = client.with_key(11).change_password_request(&services, 3, 13);
        clock.advance_ms(60_001);
        let refused = password::change(&here, client.address, &stale).await;
        assert!(matches!(refused, Err(ServiceError::LoginRefused)), "{refused:?}");
    }

    async fn changes_and_log_ins_are_limited_together(db) {
        let clock = FixedClock::new();
        let services = services(db.store(), &clock);
        let client = TestClient::new(1);
        let here = client.signed_up(&services).await;
        for _ in 0..5 {
            let mut wrong = client.change_password_request(&services, 2, 11);
            wrong.proof.signature.0[0] ^= 1;
            let refused = password::change(&here, client.address, &wrong).await;
            assert!(matches!(refused, Err(ServiceError::LoginRefused)), "{refused:?}");
        }
        let good = client.change_password_request(&services, 2, 11);
        let limited = password::change(&here, client.address, &good).await;
        assert!(matches!(limited, Err(ServiceError::RateLimited { .. })), "{limited:?}");
        let elsewhere = client.at(TestClient::new(9).address);
        let limited = elsewhere.log_in(&services, ClientKind::Browser).await;
        assert!(matches!(limited, Err(ServiceError::RateLimited { .. })), "{limited:?}");
        clock.advance_ms(60_000);
        let good = client.change_password_request(&services, 2, 11);
        password::change(&here, client.address, &good).await.unwrap();
    }
}
