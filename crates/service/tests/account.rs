//! Sign-up, the account, health, forgetting.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keyarc_service::{Policy, ServiceError, Services, account, cleanup, health};
use keyarc_signature::ManifestBody;
use keyarc_testkit::{
    FixedClock, TestClient, authenticate,
    build::{
        self, ORIGIN, manifest, new_vault, sealed, services, services_with, signing_key, vault_id,
    },
    count_queries, on_both,
};
use keyarc_wire::{AccountId, Bytes, NewVault, NoticeKind, Sealed, SignUpRequest};

/// No point has the y-coordinate 2.
const NOT_ON_THE_CURVE: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[0] = 2;
    bytes
};

fn unlimited() -> Policy {
    Policy {
        origins: vec![ORIGIN.to_owned()],
        sign_ups_per_minute: 10_000,
        ..Policy::default()
    }
}

async fn sign_up(
    services: &Services,
    client: &TestClient,
    request: &SignUpRequest,
) -> Result<keyarc_service::session::LoggedIn, ServiceError> {
    account::sign_up(services, client.address, request, None).await
}

on_both! {
    async fn a_sign_up_makes_account_vault_and_session(db) {
        let services = services(db.store(), &FixedClock::new());
        let client = TestClient::new(1);
        let mut request = client.sign_up_request(&services);
        request.email = Some("Ada@Example.org".to_owned());
        let (signed_up, queries) = count_queries(sign_up(&services, &client, &request)).await;
        let signed_up = signed_up.unwrap();
        assert_eq!(queries, 13);
        let found = &signed_up.response.account;
        assert_eq!(found.id, AccountId(keyarc_signature::user_id(&request.bundle.0)));
        assert_eq!(found.email, request.email);
        assert_eq!(found.bundle, request.bundle);
        assert_eq!(found.keyset, request.keyset);
        assert_eq!(found.vaults.len(), 1);
        assert_eq!((found.vaults[0].id, found.vaults[0].revision), (request.vault.id, 0));
        assert_eq!(found.created_at_ms, services.now_ms());
        assert_eq!(signed_up.response.session_token, None);
        let context = authenticate(&services, &signed_up).await.unwrap();
        assert_eq!(account::get(&context).await.unwrap(), *found);
    }

    async fn every_broken_rule_is_named_and_changes_nothing(db) {
        let services = services_with(db.store(), &FixedClock::new(), unlimited());
        let client = TestClient::new(1);
        type Spoil = fn(&mut SignUpRequest);
        let cases: &[(&str, Spoil)] = &[
            ("device_name", |request| request.device_name.clear()),
            ("device_name", |request| request.device_name = "x".repeat(101)),
            ("device_name", |request| request.device_name = "a\u{202e}b".to_owned()),
            ("terms_version", |request| request.terms_version = "2020-01".to_owned()),
            ("terms_version", |request| request.terms_version.clear()),
            ("email", |request| request.email = Some(String::new())),
            ("email", |request| request.email = Some("nobody".to_owned())),
            ("bundle", |request| request.bundle.0.clear()),
            ("bundle", |request| request.bundle.0.push(0)),
            ("bundle", |request| request.bundle.0[60] ^= 1),
            ("bundle", |request| *request.bundle.0.last_mut().unwrap() ^= 1),
            ("auth_public_key", |request| request.auth_public_key.0 = [0; 32]),
            ("auth_public_key", |request| request.auth_public_key.0 = NOT_ON_THE_CURVE),
            ("keyset.version", |request| request.keyset.version = 0),
            ("keyset.version", |request| request.keyset.version = 2),
            ("keyset.wrapped_root_key", |request| request.keyset.wrapped_root_key = Sealed(vec![])),
            ("keyset.keyring", |request| request.keyset.keyring = sealed(0, 93)),
            ("keyset.keyring", |request| request.keyset.keyring = sealed(0, 4097)),
            ("vault.wrapped_key", |request| request.vault.wrapped_key.0[3] = 2),
        ];
        for (at, (expected, spoil)) in cases.iter().enumerate() {
            let mut request = client.sign_up_request(&services);
            spoil(&mut request);
            let refused = sign_up(&services, &client, &request).await;
            assert!(
                matches!(&refused, Err(ServiceError::Invalid { field, .. }) if field == expected),
                "{at} {expected}: {refused:?}"
            );
        }
        for table in ["SELECT COUNT(*) FROM accounts", "SELECT COUNT(*) FROM used_nonces"] {
            assert_eq!(db.store().count(table).await.unwrap(), 0);
        }
        client.sign_up(&services).await.unwrap();
    }

    async fn a_sign_up_must_prove_its_key(db) {
        let services = services_with(db.store(), &FixedClock::new(), unlimited());
        let (client, other) = (TestClient::new(1), TestClient::new(2));
        let good = || client.sign_up_request(&services);
        for request in [
            SignUpRequest { proof: client.proof(&services, keyarc_auth::LoginPurpose::Login), ..good() },
            SignUpRequest { proof: other.sign_up_request(&services).proof, ..good() },
            SignUpRequest { handle: build::handle(3), ..good() },
            SignUpRequest { auth_public_key: other.sign_up_request(&services).auth_public_key, ..good() },
            SignUpRequest {
                proof: client.sign(&services, keyarc_auth::LoginPurpose::SignUp, "https://evil.test", good().proof.server_nonce.0),
                ..good()
            },
        ] {
            let refused = sign_up(&services, &client, &request).await;
            assert!(matches!(refused, Err(ServiceError::LoginRefused)), "{refused:?}");
        }
    }

    async fn a_sign_up_is_made_once(db) {
        let services = services_with(db.store(), &FixedClock::new(), unlimited());
        let client = TestClient::new(1);
        let first = client.sign_up_request(&services);
        sign_up(&services, &client, &first).await.unwrap();
        assert!(matches!(sign_up(&services, &client, &first).await, Err(ServiceError::LoginRefused)));
        // The same person again, with a fresh challenge.
        let again = sign_up(&services, &client, &client.sign_up_request(&services)).await;
        assert!(matches!(again, Err(ServiceError::HandleTaken)), "{again:?}");
        // Another person with an id that is taken.
        let other = TestClient::new(2);
        let vault = |of: u64, signer: u64| NewVault {
            id: vault_id(of),
            manifest: Bytes(
                ManifestBody { vault: vault_id(of).0, ..*manifest(of, None).body() }
                    .sign(&signing_key(signer))
                    .encode(),
            ),
            ..new_vault(of)
        };
        let taken = SignUpRequest { vault: vault(1, 2), ..other.sign_up_request(&services) };
        let refused = sign_up(&services, &other, &taken).await;
        assert!(matches!(&refused, Err(ServiceError::Invalid { field, .. }) if field == "vault.id"), "{refused:?}");
        let taken = SignUpRequest {
            bundle: first.bundle.clone(),
            vault: vault(2, 1),
            ..other.sign_up_request(&services)
        };
        let refused = sign_up(&services, &other, &taken).await;
        assert!(matches!(&refused, Err(ServiceError::Invalid { field, .. }) if field == "bundle"), "{refused:?}");
        // A manifest of another vault, of another person, or none.
        for manifest in [vault(1, 2).manifest, vault(2, 1).manifest, Bytes(Vec::new())] {
            let vault = NewVault { manifest, ..new_vault(2) };
            let wrong = SignUpRequest { vault, ..other.sign_up_request(&services) };
            let refused = sign_up(&services, &other, &wrong).await;
            assert!(
                matches!(&refused, Err(ServiceError::Invalid { field, .. }) if field == "vault.manifest"),
                "{refused:?}"
            );
        }
        other.sign_up(&services).await.unwrap();
    }

    async fn an_address_that_is_known_is_answered_like_any_other(db) {
        let clock = FixedClock::new();
        let services = services_with(db.store(), &clock, unlimited());
        let (ada, eve) = (TestClient::new(1), TestClient::new(2));
        let with = |client: &TestClient, email: &str| SignUpRequest {
            email: Some(email.to_owned()),
            ..client.sign_up_request(&services)
        };
        let (first, for_new) = count_queries(sign_up(&services, &ada, &with(&ada, "ada@example.org"))).await;
        clock.advance_ms(5);
        let (second, for_known) = count_queries(sign_up(&services, &eve, &with(&eve, "ADA@example.org"))).await;
        assert_eq!(for_new, for_known);
        let second = second.unwrap().response.account;
        assert_eq!(second.email.as_deref(), Some("ADA@example.org"));
        assert!(second.notices.is_empty());
        let ada = authenticate(&services, &first.unwrap()).await.unwrap();
        let notices = account::get(&ada).await.unwrap().notices;
        assert_eq!(notices.len(), 1);
        assert_eq!(notices[0].kind, NoticeKind::EmailUsedAgain);
        assert_eq!(notices[0].at_ms, FixedClock::START_MS + 5);
        account::dismiss_notices(&ada).await.unwrap();
        assert!(account::get(&ada).await.unwrap().notices.is_empty());
    }

    async fn sign_ups_are_limited_by_address(db) {
        let clock = FixedClock::new();
        let services = services(db.store(), &clock);
        let address = TestClient::new(1).address;
        let at_one = |number| TestClient::new(number).at(address);
        for number in 0..10 {
            at_one(number).sign_up(&services).await.unwrap();
        }
        let limited = at_one(10).sign_up(&services).await;
        assert!(matches!(limited, Err(ServiceError::RateLimited { retry_after_seconds: 60 })), "{limited:?}");
        TestClient::new(11).sign_up(&services).await.unwrap();
        clock.advance_ms(60_000);
        at_one(10).sign_up(&services).await.unwrap();
    }

    async fn a_session_of_a_browser_that_signs_up_again_ends(db) {
        let services = services(db.store(), &FixedClock::new());
        let (first, second) = (TestClient::new(1), TestClient::new(2));
        let before = first.sign_up(&services).await.unwrap();
        let request = second.sign_up_request(&services);
        let previous = before.token.to_text();
        account::sign_up(&services, second.address, &request, Some(&previous)).await.unwrap();
        assert!(matches!(authenticate(&services, &before).await, Err(ServiceError::Unauthenticated)));
    }

    async fn health_follows_the_database(db) {
        let store = db.another().await;
        let services = services(&store, &FixedClock::new());
        health::ready(&services).await.unwrap();
        store.close().await;
        assert!(matches!(health::ready(&services).await, Err(ServiceError::Unavailable(_))));
        let refused = TestClient::new(1).sign_up(&services).await;
        assert!(matches!(refused, Err(ServiceError::Unavailable(_))), "{refused:?}");
    }

    async fn what_has_expired_is_forgotten(db) {
        let clock = FixedClock::new();
        let services = services(db.store(), &clock);
        TestClient::new(1).sign_up(&services).await.unwrap();
        assert_eq!(cleanup::run(&services).await.unwrap(), cleanup::Cleaned::default());
        clock.advance_ms(8 * 24 * 3_600_000);
        let cleaned = cleanup::run(&services).await.unwrap();
        assert_eq!(cleaned, cleanup::Cleaned { nonces: 1, sessions: 1, counters: 1, rekeys: 0, links: 0, attachments: 0, deliveries: 0, answers: 0, machine: 0 });
    }
}
