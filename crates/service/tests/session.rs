//! Log-in, sessions, access tokens.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keyarc_auth::{LoginPurpose, SessionToken};
use keyarc_service::{
    Policy, ServiceError, Services, account,
    session::{self, Credential, LoggedIn},
};
use keyarc_testkit::{
    FixedClock, HERE, TestClient, authenticate,
    build::{self, ORIGIN, services, services_with},
    count_queries, on_both,
};
use keyarc_wire::{ChallengeRequest, ClientKind, LoginRequest, SessionId};

const DAY: u64 = 24 * 3_600_000;

async fn log_in(
    services: &Services,
    client: &TestClient,
    request: &LoginRequest,
) -> Result<LoggedIn, ServiceError> {
    session::log_in(services, client.address, request, None).await
}

/// So many attempts that limits do not matter.
fn unlimited() -> Policy {
    Policy {
        origins: vec![ORIGIN.to_owned(), "http://localhost:3000".to_owned()],
        log_ins_per_minute: 10_000,
        sign_ups_per_minute: 10_000,
        ..Policy::default()
    }
}

on_both! {
    async fn a_log_in_begins_a_session(db) {
        let services = services(db.store(), &FixedClock::new());
        let client = TestClient::new(1);
        let signed_up = client.sign_up(&services).await.unwrap();
        let logged_in = client.log_in(&services, ClientKind::Browser).await.unwrap();
        assert_eq!(logged_in.response.session_token, None);
        assert_eq!(logged_in.expires_at_ms, services.now_ms() + 30 * DAY);
        assert_eq!(logged_in.response.account.id, signed_up.response.account.id);
        assert_ne!(logged_in.response.account.session_id, signed_up.response.account.session_id);
        let context = authenticate(&services, &logged_in).await.unwrap();
        assert_eq!(context.actor.account_id, logged_in.response.account.id);
        assert_eq!(context.actor.session_id, logged_in.response.account.session_id);
        assert_eq!(account::get(&context).await.unwrap(), logged_in.response.account);
        // The other device is still logged in.
        authenticate(&services, &signed_up).await.unwrap();
    }

    async fn every_wrong_log_in_is_refused_alike(db) {
        let clock = FixedClock::new();
        let services = services_with(db.store(), &clock, unlimited());
        let (client, stranger) = (TestClient::new(1), TestClient::new(2));
        client.sign_up(&services).await.unwrap();
        let good = || client.log_in_request(&services, ClientKind::Browser);
        let mut wrong = vec![
            // An unknown handle, correctly signed by whoever has it.
            stranger.log_in_request(&services, ClientKind::Browser),
            // Another person's key for this handle.
            LoginRequest { handle: build::handle(1), ..stranger.log_in_request(&services, ClientKind::Browser) },
            // A sign-up's signature.
            LoginRequest { proof: client.proof(&services, LoginPurpose::SignUp), ..good() },
            // Signed for another server, or claimed to be.
            LoginRequest { proof: client.sign(&services, LoginPurpose::Login, "https://evil.test", good().proof.server_nonce.0), ..good() },
            // A nonce that no server made, and one that was made for another handle.
            LoginRequest { proof: client.sign(&services, LoginPurpose::Login, ORIGIN, [0; 32]), ..good() },
            LoginRequest { proof: client.sign(&services, LoginPurpose::Login, ORIGIN, stranger.proof(&services, LoginPurpose::Login).server_nonce.0), ..good() },
        ];
        for spoil in [
            |request: &mut LoginRequest| request.proof.signature.0[0] ^= 1,
            |request: &mut LoginRequest| request.proof.signature.0[63] ^= 0x80,
            |request: &mut LoginRequest| request.proof.client_nonce.0[31] ^= 1,
            |request: &mut LoginRequest| request.proof.time_ms += 1,
            |request: &mut LoginRequest| request.proof.origin = "http://localhost:3000".to_owned(),
            |request: &mut LoginRequest| request.proof.origin.clear(),
        ] {
            let mut request = good();
            spoil(&mut request);
            wrong.push(request);
        }
        for (at, request) in wrong.iter().enumerate() {
            let refused = log_in(&services, &client, request).await;
            assert!(matches!(refused, Err(ServiceError::LoginRefused)), "{at}: {refused:?}");
        }
        // None of it used anything up, or began anything.
        assert_eq!(db.store().count("SELECT COUNT(*) FROM used_nonces").await.unwrap(), 1);
        assert_eq!(db.store().count("SELECT COUNT(*) FROM sessions").await.unwrap(), 1);
        log_in(&services, &client, &good()).await.unwrap();
    }

    /// The dummy key is no secret. Whoever signs with it still has no account.
    async fn the_dummy_key_opens_nothing(db) {
        let services = services(db.store(), &FixedClock::new());
        let handle = build::handle(77);
        let nonce = session::challenge(&services, &ChallengeRequest { handle }).unwrap().nonce;
        let statement = keyarc_auth::LoginStatement {
            purpose: LoginPurpose::Login,
            origin: ORIGIN,
            handle: handle.0,
            server_nonce: nonce.0,
            client_nonce: [6; 32],
            time_ms: services.now_ms(),
        };
        let key = keyarc_signature::SigningKey::from_seed(&[0; 32]);
        let client = TestClient::new(77);
        let mut request = client.log_in_request(&services, ClientKind::Api);
        request.proof.server_nonce = nonce;
        request.proof.signature.0 = statement.sign(&key);
        assert!(matches!(log_in(&services, &client, &request).await, Err(ServiceError::LoginRefused)));
    }

    async fn known_and_unknown_handles_take_the_same_queries(db) {
        let services = services_with(db.store(), &FixedClock::new(), unlimited());
        let (client, stranger) = (TestClient::new(1), TestClient::new(2));
        client.sign_up(&services).await.unwrap();
        let mut wrong = client.log_in_request(&services, ClientKind::Browser);
        wrong.proof.signature.0[0] ^= 1;
        let unknown = stranger.log_in_request(&services, ClientKind::Browser);
        let (_, for_known) = count_queries(log_in(&services, &client, &wrong)).await;
        let (_, for_unknown) = count_queries(log_in(&services, &stranger, &unknown)).await;
        assert_eq!((for_known, for_unknown), (2, 2));
    }

    async fn a_nonce_is_good_once(db) {
        let services = services(db.store(), &FixedClock::new());
        let client = TestClient::new(1);
        client.sign_up(&services).await.unwrap();
        let request = client.log_in_request(&services, ClientKind::Browser);
        log_in(&services, &client, &request).await.unwrap();
        let replay = log_in(&services, &client, &request).await;
        assert!(matches!(replay, Err(ServiceError::LoginRefused)), "{replay:?}");
    }

    async fn a_nonce_is_good_for_a_minute(db) {
        let clock = FixedClock::new();
        let services = services(db.store(), &clock);
        let client = TestClient::new(1);
        client.sign_up(&services).await.unwrap();
        let (last, late) = (
            client.log_in_request(&services, ClientKind::Browser),
            client.log_in_request(&services, ClientKind::Browser),
        );
        clock.advance_ms(60_000);
        log_in(&services, &client, &last).await.unwrap();
        clock.advance_ms(1);
        assert!(matches!(log_in(&services, &client, &late).await, Err(ServiceError::LoginRefused)));
    }

    async fn of_concurrent_replays_one_succeeds(db) {
        let services = services_with(db.store(), &FixedClock::new(), unlimited());
        let client = TestClient::new(1);
        client.sign_up(&services).await.unwrap();
        let request = client.log_in_request(&services, ClientKind::Api);
        let attempts: Vec<_> = (0..12).map(|_| {
            let (services, request) = (services.clone(), request.clone());
            tokio::spawn(async move { log_in(&services, &client, &request).await })
        }).collect();
        let mut begun = 0;
        for attempt in attempts {
            match attempt.await.unwrap() {
                Ok(_) => begun += 1,
                Err(error) => assert!(matches!(error, ServiceError::LoginRefused), "{error:?}"),
            }
        }
        assert_eq!(begun, 1);
    }

    async fn the_session_that_the_browser_still_had_ends(db) {
        let services = services(db.store(), &FixedClock::new());
        let client = TestClient::new(1);
        let first = client.sign_up(&services).await.unwrap();
        let previous = first.token.to_text();
        let request = client.log_in_request(&services, ClientKind::Browser);
        let second = session::log_in(&services, client.address, &request, Some(&previous)).await.unwrap();
        assert!(matches!(authenticate(&services, &first).await, Err(ServiceError::Unauthenticated)));
        authenticate(&services, &second).await.unwrap();
        // Rubbish in the cookie is no obstacle, and an API client has no cookie.
        let request = client.log_in_request(&services, ClientKind::Browser);
        session::log_in(&services, client.address, &request, Some("rubbish")).await.unwrap();
        let request = client.log_in_request(&services, ClientKind::Api);
        let previous = second.token.to_text();
        session::log_in(&services, client.address, &request, Some(&previous)).await.unwrap();
        authenticate(&services, &second).await.unwrap();
    }

    async fn rubbish_is_no_session(db) {
        let services = services(db.store(), &FixedClock::new());
        let unknown = SessionToken::make([9; 32]).to_text();
        for credential in [
            Credential::SessionToken(""),
            Credential::SessionToken("kas1_"),
            Credential::SessionToken(&unknown),
            Credential::AccessToken(""),
            Credential::AccessToken("a.b.c"),
            Credential::AccessToken(&unknown),
        ] {
            let refused = session::authenticate(&services, HERE, credential).await;
            assert!(matches!(refused, Err(ServiceError::Unauthenticated)), "{refused:?}");
        }
    }

    async fn a_session_ends_after_a_rest_and_at_its_end(db) {
        let clock = FixedClock::new();
        let services = services(db.store(), &clock);
        let rested = TestClient::new(1).sign_up(&services).await.unwrap();
        clock.advance_ms(7 * DAY - 1);
        let used = TestClient::new(2).sign_up(&services).await.unwrap();
        authenticate(&services, &rested).await.unwrap();
        clock.advance_ms(7 * DAY);
        assert!(matches!(authenticate(&services, &rested).await, Err(ServiceError::Unauthenticated)));
        assert!(matches!(authenticate(&services, &used).await, Err(ServiceError::Unauthenticated)));
        // Used every day, it still ends after thirty.
        let busy = TestClient::new(3).sign_up(&services).await.unwrap();
        for _ in 0..29 {
            clock.advance_ms(DAY);
            authenticate(&services, &busy).await.unwrap();
        }
        clock.advance_ms(DAY);
        assert!(matches!(authenticate(&services, &busy).await, Err(ServiceError::Unauthenticated)));
    }

    async fn last_use_is_written_once_a_minute(db) {
        let clock = FixedClock::new();
        let services = services(db.store(), &clock);
        let logged_in = TestClient::new(1).sign_up(&services).await.unwrap();
        let queries = async || count_queries(authenticate(&services, &logged_in)).await.1;
        assert_eq!(queries().await, 1);
        clock.advance_ms(59_999);
        assert_eq!(queries().await, 1);
        clock.advance_ms(1);
        assert_eq!(queries().await, 2);
        assert_eq!(queries().await, 1);
        let context = authenticate(&services, &logged_in).await.unwrap();
        let sessions = session::list(&context).await.unwrap();
        assert_eq!(sessions[0].last_used_at_ms, FixedClock::START_MS + 60_000);
        // It began elsewhere.
        assert_eq!(sessions[0].network.as_deref(), Some("203.0.x.x"));
    }

    async fn log_out_and_revocation_work_at_the_next_request(db) {
        let services = services(db.store(), &FixedClock::new());
        let client = TestClient::new(1);
        let here = client.sign_up(&services).await.unwrap();
        let there = client.log_in(&services, ClientKind::Api).await.unwrap();
        let context = authenticate(&services, &here).await.unwrap();
        let sessions = session::list(&context).await.unwrap();
        assert_eq!(sessions.len(), 2);
        assert_eq!(sessions.iter().filter(|session| session.current).count(), 1);
        let other = sessions.iter().find(|session| !session.current).unwrap();
        assert_eq!(other.device_name, "a device");
        session::revoke(&context, other.id).await.unwrap();
        assert!(matches!(authenticate(&services, &there).await, Err(ServiceError::Unauthenticated)));
        assert!(matches!(session::revoke(&context, other.id).await, Err(ServiceError::NotFound)));
        session::log_out(&context).await.unwrap();
        assert!(matches!(authenticate(&services, &here).await, Err(ServiceError::Unauthenticated)));
        session::log_out(&context).await.unwrap();
    }

    async fn all_others_end_at_their_next_request(db) {
        let services = services_with(db.store(), &FixedClock::new(), unlimited());
        let client = TestClient::new(1);
        let here = client.signed_up(&services).await;
        let bystander = TestClient::new(2).sign_up(&services).await.unwrap();
        let mut others = Vec::new();
        for kind in [ClientKind::Browser, ClientKind::Api] {
            others.push(client.log_in(&services, kind).await.unwrap());
        }
        assert_eq!(session::list(&here).await.unwrap().len(), 3);
        assert_eq!(session::revoke_others(&here).await.unwrap(), 2);
        assert_eq!(session::revoke_others(&here).await.unwrap(), 0);
        for other in &others {
            assert!(matches!(authenticate(&services, other).await, Err(ServiceError::Unauthenticated)));
        }
        let left = session::list(&here).await.unwrap();
        assert!(left.len() == 1 && left[0].current);
        assert_eq!(left[0].network.as_deref(), Some("198.18.x.x"));
        authenticate(&services, &bystander).await.unwrap();
    }

    async fn the_session_of_another_is_not_found(db) {
        let services = services(db.store(), &FixedClock::new());
        let ada = TestClient::new(1).signed_up(&services).await;
        let eve = TestClient::new(2).signed_up(&services).await;
        for id in [ada.actor.session_id, SessionId([0; 16])] {
            assert!(matches!(session::revoke(&eve, id).await, Err(ServiceError::NotFound)));
        }
        assert_eq!(session::list(&ada).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_challenge_writes_nothing_and_is_alike_for_all() {
    let db = keyarc_testkit::TempDb::sqlite().await;
    let services = services(db.store(), &FixedClock::new());
    TestClient::new(1).sign_up(&services).await.unwrap();
    for number in [1, 2] {
        let request = ChallengeRequest {
            handle: build::handle(number),
        };
        let (challenge, queries) =
            count_queries(async { session::challenge(&services, &request) }).await;
        let challenge = challenge.unwrap();
        assert_eq!(queries, 0);
        assert_eq!(challenge.expires_at_ms, services.now_ms() + 60_000);
        assert_eq!(challenge.nonce.0[..8], services.now_ms().to_be_bytes());
    }
}

/// An import that takes long must not make reading wait for the time of last use.
#[tokio::test]
async fn a_busy_writer_delays_nobody() {
    let db = keyarc_testkit::TempDb::sqlite().await;
    let clock = FixedClock::new();
    let services = services(db.store(), &clock);
    let logged_in = TestClient::new(1).sign_up(&services).await.unwrap();
    let busy = db.another().await;
    busy.sabotage("BEGIN IMMEDIATE").await.unwrap();
    clock.advance_ms(120_000);
    let authenticated = authenticate(&services, &logged_in);
    tokio::time::timeout(std::time::Duration::from_secs(3), authenticated)
        .await
        .unwrap()
        .unwrap();
    busy.sabotage("ROLLBACK").await.unwrap();
}
