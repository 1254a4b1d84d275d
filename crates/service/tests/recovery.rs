//! Recovery keys and recoveries.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use keyarc_auth::LoginPurpose;
use keyarc_service::{
    Context, Policy, ServiceError, Services, account, password, recovery, session,
};
use keyarc_testkit::{
    FixedClock, TempDb, TestClient, TotpApp, authenticate,
    build::{self, ORIGIN, sealed, services_with},
    count_queries, on_both,
};
use keyarc_wire::{
    ClientKind, FinishRecoveryRequest, Fixed, KeepRecoveryNoteRequest, RecoverRequest,
    RecoverResponse, RecoverSecondFactor, RecoveryInfo,
};

/// Somebody with a recovery key.
struct Story {
    services: Services,
    clock: FixedClock,
    client: TestClient,
    context: Context,
}

impl Story {
    async fn begin(db: &TempDb) -> Self {
        let clock = FixedClock::new();
        let policy = Policy {
            origins: vec![ORIGIN.to_owned()],
            log_ins_per_minute: 10_000,
            ..Policy::default()
        };
        let services = services_with(db.store(), &clock, policy);
        let client = TestClient::new(1);
        let context = client.signed_up(&services).await;
        Self {
            services,
            clock,
            client,
            context,
        }
    }

    async fn begun(&self, request: &RecoverRequest) -> Result<RecoverResponse, ServiceError> {
        recovery::begin(&self.services, self.client.address, request).await
    }

    async fn finished(
        &self,
        request: &FinishRecoveryRequest,
    ) -> Result<session::LoggedIn, ServiceError> {
        recovery::finish(&self.services, self.client.address, request, None).await
    }

    async fn ticket(&self) -> [u8; 32] {
        self.begun(&self.client.recover_request(&self.services, 1))
            .await
            .unwrap()
            .ticket
            .0
    }

    async fn change(&self, version: u32, make: bool) -> Result<(), ServiceError> {
        let request = self
            .client
            .change_recovery_request(&self.services, version, make);
        recovery::change(&self.context, self.client.address, &request).await
    }

    async fn info(&self) -> Option<RecoveryInfo> {
        account::get(&self.context).await.unwrap().recovery
    }
}

fn refused<T>(outcome: Result<T, ServiceError>) -> bool {
    matches!(outcome, Err(ServiceError::LoginRefused))
}

on_both! {
    async fn a_recovery_gives_what_the_key_opens_and_then_puts_new_keys_in_force(db) {
        let story = Story::begin(db).await;
        let there = story.client.log_in(&story.services, ClientKind::Api).await.unwrap();
        let request = story.client.recover_request(&story.services, 1);
        let (begun, queries) = count_queries(story.begun(&request)).await;
        let begun = begun.unwrap();
        assert_eq!(queries, 3);
        let key = build::recovery_key_request(1);
        assert_eq!((begun.version, begun.wrapped_root_key), (1, key.wrapped_root_key));
        assert_eq!(begun.keyset, build::keyset());
        assert_eq!(begun.bundle.0, build::bundle(1));
        assert_eq!(begun.account.0, story.context.actor.account_id.0);
        // No session yet, and nothing has ended.
        assert!(authenticate(&story.services, &there).await.is_ok());

        let finish = story.client.finish_recovery_request(&story.services, 1, begun.ticket.0, 2, 11);
        let (finished, queries) = count_queries(story.finished(&finish)).await;
        let finished = finished.unwrap();
        assert_eq!(queries, 13);
        assert_eq!(finished.response.account.keyset, finish.keyset);
        assert!(authenticate(&story.services, &finished).await.is_ok());
        let ended = authenticate(&story.services, &there).await;
        assert!(matches!(ended, Err(ServiceError::Unauthenticated)), "{ended:?}");
        assert_eq!(session::list(&authenticate(&story.services, &finished).await.unwrap()).await.unwrap().len(), 1);
        assert!(refused(story.client.log_in(&story.services, ClientKind::Browser).await));
        assert!(story.client.with_key(11).log_in(&story.services, ClientKind::Browser).await.is_ok());
        // The recovery key stays in force, the ticket does not.
        let again = story.client.finish_recovery_request(&story.services, 1, begun.ticket.0, 3, 12);
        assert!(refused(story.finished(&again).await));
        assert!(story.begun(&story.client.recover_request(&story.services, 1)).await.is_ok());
    }

    async fn whatever_is_wrong_is_refused_alike(db) {
        let story = Story::begin(db).await;
        let without = TestClient::new(2);
        let nobody = TestClient::new(3);
        let mut request = without.sign_up_request(&story.services);
        request.recovery = None;
        account::sign_up(&story.services, without.address, &request, None).await.unwrap();
        let good = || story.client.recover_request(&story.services, 1);
        let login = story.client.proof(&story.services, LoginPurpose::Login);
        let used = good();
        assert!(story.begun(&used).await.is_ok());
        let mut wrong = vec![
            ("a key that never was", story.client.recover_request(&story.services, 9)),
            ("an account without a recovery key", without.recover_request(&story.services, 1)),
            ("nobody", nobody.recover_request(&story.services, 1)),
            ("a log-in", RecoverRequest { proof: login, ..good() }),
            ("a used proof", used),
            ("another origin", RecoverRequest { proof: keyarc_wire::LoginProof { origin: "https://evil.test".to_owned(), ..good().proof }, ..good() }),
            ("another handle", RecoverRequest { handle: build::handle(2), ..good() }),
        ];
        let token = RecoverSecondFactor { token: Fixed([1; 32]), code: "123456".to_owned() };
        wrong.push(("a token from nowhere", RecoverRequest { second_factor: Some(token), ..good() }));
        for (what, request) in wrong {
            assert!(refused(story.begun(&request).await), "{what}");
        }
        // The key that unknown handles are checked against opens nothing.
        let dummy = keyarc_signature::SigningKey::from_seed(&[0; 32]);
        let mut request = nobody.recover_request(&story.services, 1);
        let statement = keyarc_auth::LoginStatement {
            purpose: LoginPurpose::Recovery,
            origin: &request.proof.origin,
            handle: request.handle.0,
            server_nonce: request.proof.server_nonce.0,
            client_nonce: request.proof.client_nonce.0,
            time_ms: request.proof.time_ms,
        };
        let signature = statement.sign(&dummy);
        request.proof.signature = Fixed(signature);
        assert!(refused(story.begun(&request).await));
    }

    async fn known_and_unknown_take_as_many_queries(db) {
        let story = Story::begin(db).await;
        let mut counts = Vec::new();
        for request in [
            story.client.recover_request(&story.services, 9),
            TestClient::new(3).recover_request(&story.services, 1),
        ] {
            let (outcome, queries) = count_queries(story.begun(&request)).await;
            assert!(refused(outcome));
            counts.push(queries);
        }
        assert_eq!(counts[0], counts[1]);
    }

    async fn the_second_half_is_for_its_ticket_keys_and_account(db) {
        let story = Story::begin(db).await;
        TestClient::new(2).signed_up(&story.services).await;
        let ticket = story.ticket().await;
        let good = || story.client.finish_recovery_request(&story.services, 1, ticket, 2, 11);
        let wrong = [
            ("no ticket", FinishRecoveryRequest { ticket: Fixed([0; 32]), ..good() }),
            ("another key", story.client.finish_recovery_request(&story.services, 2, ticket, 2, 11)),
            ("another account", TestClient::new(2).finish_recovery_request(&story.services, 1, ticket, 2, 11)),
            ("other keys than were signed", FinishRecoveryRequest { auth_public_key: Fixed(build::auth_key(12).public_key()), ..good() }),
            ("a proof of the first half", FinishRecoveryRequest { proof: story.client.recover_request(&story.services, 1).proof, ..good() }),
        ];
        for (what, request) in wrong {
            assert!(refused(story.finished(&request).await), "{what}");
        }
        let skipped = story.client.finish_recovery_request(&story.services, 1, ticket, 3, 11);
        assert!(matches!(story.finished(&skipped).await, Err(ServiceError::KeysConflict)));
        let mut unfit = good();
        unfit.keyset.keyring = sealed(0, 10);
        assert!(matches!(story.finished(&unfit).await, Err(ServiceError::Invalid { .. })));
        story.clock.advance_ms(15 * 60_000 + 1);
        assert!(refused(story.finished(&good()).await), "too late");
        let ticket = story.ticket().await;
        let fresh = story.client.finish_recovery_request(&story.services, 1, ticket, 2, 11);
        assert!(story.finished(&fresh).await.is_ok());
    }

    async fn the_second_factor_stands_between(db) {
        let story = Story::begin(db).await;
        let app = TotpApp::enrol(&story.client, &story.context).await;
        story.clock.advance_ms(30_000);
        let request = story.client.recover_request(&story.services, 1);
        let token = match story.begun(&request).await {
            Err(ServiceError::SecondFactorRequired(challenge)) => challenge.token,
            other => panic!("{other:?}"),
        };
        // The proof alone is worth nothing any more, and a wrong code leaves the token good.
        assert!(refused(story.begun(&request).await));
        let with = |code: &str| RecoverRequest {
            second_factor: Some(RecoverSecondFactor { token, code: code.to_owned() }),
            ..request.clone()
        };
        let wrong = story.begun(&with(&app.wrong_code(story.services.now_ms()))).await;
        assert!(matches!(wrong, Err(ServiceError::SecondFactorRefused)), "{wrong:?}");
        let right = with(&app.code(story.services.now_ms()));
        assert!(story.begun(&right).await.is_ok());
        // Code and token serve once.
        let again = story.begun(&right).await;
        assert!(matches!(again, Err(ServiceError::SecondFactorRefused)), "{again:?}");
        let other = with(&app.recovery_codes[0]);
        assert!(refused(story.begun(&other).await));
    }

    async fn a_recovery_counts_as_a_log_in(db) {
        let story = Story::begin(db).await;
        let services = services_with(db.store(), &story.clock, Policy {
            origins: vec![ORIGIN.to_owned()],
            log_ins_per_minute: 2,
            ..Policy::default()
        });
        for _ in 0..2 {
            let wrong = story.client.recover_request(&services, 9);
            assert!(refused(recovery::begin(&services, story.client.address, &wrong).await));
        }
        let right = story.client.recover_request(&services, 1);
        let limited = recovery::begin(&services, story.client.address, &right).await;
        assert!(matches!(limited, Err(ServiceError::RateLimited { .. })), "{limited:?}");
        let limited = story.client.log_in(&services, ClientKind::Browser).await;
        assert!(matches!(limited, Err(ServiceError::RateLimited { .. })));
    }

    async fn a_new_key_ends_the_one_before_and_a_revocation_the_last(db) {
        let story = Story::begin(db).await;
        let ticket = story.ticket().await;
        story.change(2, true).await.unwrap();
        assert_eq!(story.info().await.unwrap().version, 2);
        assert!(refused(story.begun(&story.client.recover_request(&story.services, 1)).await));
        assert!(story.begun(&story.client.recover_request(&story.services, 2)).await.is_ok());
        // Also for a recovery that had begun.
        let late = story.client.finish_recovery_request(&story.services, 1, ticket, 2, 11);
        assert!(refused(story.finished(&late).await));
        story.change(3, false).await.unwrap();
        assert_eq!(story.info().await, Some(RecoveryInfo { version: 3, key: None }));
        assert!(refused(story.begun(&story.client.recover_request(&story.services, 2)).await));
        let stale = story.change(3, true).await;
        assert!(matches!(stale, Err(ServiceError::KeysConflict)), "{stale:?}");
        story.change(4, true).await.unwrap();
    }

    async fn a_session_alone_changes_no_recovery_key(db) {
        let story = Story::begin(db).await;
        let stranger = TestClient::new(2);
        stranger.signed_up(&story.services).await;
        let good = || story.client.change_recovery_request(&story.services, 2, true);
        let mut other_key = good();
        other_key.key = Some(build::nth_recovery_key_request(1, 7));
        let mut revoked = good();
        revoked.key = None;
        let mut password = good();
        password.proof = story.client.change_password_request(&story.services, 2, 11).proof;
        for request in [
            other_key,
            revoked,
            password,
            story.client.with_key(5).change_recovery_request(&story.services, 2, true),
            stranger.change_recovery_request(&story.services, 2, true),
        ] {
            assert!(refused(recovery::change(&story.context, story.client.address, &request).await));
        }
        let mut unfit = good();
        unfit.key = Some(keyarc_wire::NewRecoveryKey { note: sealed(0, 2_000), ..build::nth_recovery_key_request(1, 2) });
        let outcome = recovery::change(&story.context, story.client.address, &unfit).await;
        assert!(matches!(outcome, Err(ServiceError::Invalid { .. })), "{outcome:?}");
        assert_eq!(story.info().await.unwrap().version, 1);
        // And a change of password leaves the recovery key what it is.
        let request = story.client.change_password_request(&story.services, 2, 11);
        password::change(&story.context, story.client.address, &request).await.unwrap();
        assert!(story.begun(&story.client.recover_request(&story.services, 1)).await.is_ok());
    }

    async fn a_note_is_kept_for_the_key_in_force(db) {
        let story = Story::begin(db).await;
        let keep = async |version, note| {
            recovery::keep_note(&story.context, &KeepRecoveryNoteRequest { version, note }).await
        };
        keep(1, sealed(0x44, 350)).await.unwrap();
        assert_eq!(story.info().await.unwrap().key.unwrap().note, sealed(0x44, 350));
        assert!(matches!(keep(2, sealed(0x44, 350)).await, Err(ServiceError::KeysConflict)));
        assert!(matches!(keep(1, sealed(0x44, 1_025)).await, Err(ServiceError::Invalid { .. })));
    }
}
