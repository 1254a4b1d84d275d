//! Second factors: enrolment, the second half of a log-in, recovery, turning off, rotation.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use keyarc_auth::ServerKeys;
use keyarc_service::{
    Policy, ServiceError, Services,
    second_factor::{self, begin_totp, confirm_totp, renew_recovery_codes, turn_off},
    session::{self, LoggedIn},
};
use keyarc_testkit::{
    FixedClock, SeededEntropy, TestClient, TotpApp, authenticate,
    build::{ORIGIN, services_with},
    count_queries, on_both,
};
use keyarc_wire::{
    Bytes, ClientKind, Fixed, LoginRequest, SecondFactorChallenge, SecondFactorKind,
    SecondFactorRequest,
};

const STEP: u64 = 30_000;
const MINUTE: u64 = 60_000;

fn unlimited() -> Policy {
    Policy {
        origins: vec![ORIGIN.to_owned()],
        log_ins_per_minute: 10_000,
        sign_ups_per_minute: 10_000,
        ..Policy::default()
    }
}

/// Somebody with a second factor, at a time when its first code is used up.
struct Story {
    services: Services,
    clock: FixedClock,
    client: TestClient,
    app: TotpApp,
}

impl Story {
    async fn begin(db: &keyarc_testkit::TempDb) -> Self {
        let clock = FixedClock::new();
        let services = services_with(db.store(), &clock, unlimited());
        let client = TestClient::new(1);
        let context = client.signed_up(&services).await;
        let app = TotpApp::enrol(&client, &context).await;
        clock.advance_ms(STEP);
        Self {
            services,
            clock,
            client,
            app,
        }
    }

    fn code(&self) -> String {
        self.app.code(self.services.now_ms())
    }

    /// The first half of a log-in.
    async fn first_half(&self) -> (LoginRequest, SecondFactorChallenge) {
        let request = self
            .client
            .log_in_request(&self.services, ClientKind::Browser);
        let challenge = challenge(&self.services, &self.client, &request).await;
        (request, challenge)
    }

    async fn second_half(&self, code: &str) -> Result<LoggedIn, ServiceError> {
        let (log_in, challenge) = self.first_half().await;
        self.send(log_in, challenge.token, code).await
    }

    async fn send(
        &self,
        log_in: LoginRequest,
        token: Fixed<32>,
        code: &str,
    ) -> Result<LoggedIn, ServiceError> {
        let request = SecondFactorRequest {
            log_in,
            token,
            code: code.to_owned(),
        };
        second_factor::log_in(&self.services, self.client.address, &request, None).await
    }
}

async fn challenge(
    services: &Services,
    client: &TestClient,
    request: &LoginRequest,
) -> SecondFactorChallenge {
    match session::log_in(services, client.address, request, None).await {
        Err(ServiceError::SecondFactorRequired(challenge)) => challenge,
        other => panic!("the second factor is not asked for: {other:?}"),
    }
}

fn refused(outcome: Result<impl std::fmt::Debug, ServiceError>) -> bool {
    matches!(outcome, Err(ServiceError::SecondFactorRefused))
}

fn log_in_refused(outcome: Result<impl std::fmt::Debug, ServiceError>) -> bool {
    matches!(outcome, Err(ServiceError::LoginRefused))
}

on_both! {
    async fn a_log_in_takes_both_halves(db) {
        let story = Story::begin(db).await;
        let before = db.store().count("SELECT COUNT(*) FROM sessions").await.unwrap();
        let (log_in, challenge) = story.first_half().await;
        assert_eq!(challenge.factors, [SecondFactorKind::Totp, SecondFactorKind::RecoveryCode]);
        assert_eq!(challenge.expires_at_ms, story.services.now_ms() + 5 * MINUTE);
        assert_eq!(db.store().count("SELECT COUNT(*) FROM sessions").await.unwrap(), before);
        let logged_in = story.send(log_in, challenge.token, &story.code()).await.unwrap();
        authenticate(&story.services, &logged_in).await.unwrap();
        assert_eq!(db.store().count("SELECT COUNT(*) FROM sessions").await.unwrap(), before + 1);
    }

    async fn only_who_has_the_proof_learns_that_there_is_a_second_factor(db) {
        let story = Story::begin(db).await;
        let plain = TestClient::new(2);
        plain.sign_up(&story.services).await.unwrap();
        let stranger = TestClient::new(3);
        for client in [&story.client, &plain, &stranger] {
            let mut request = client.log_in_request(&story.services, ClientKind::Browser);
            request.proof.signature.0[0] ^= 1;
            let attempt = session::log_in(&story.services, client.address, &request, None);
            let (outcome, queries) = count_queries(attempt).await;
            assert!(log_in_refused(outcome));
            assert_eq!(queries, 2);
        }
    }

    async fn the_first_half_uses_up_its_nonce(db) {
        let story = Story::begin(db).await;
        let (log_in, _) = story.first_half().await;
        let again = session::log_in(&story.services, story.client.address, &log_in, None).await;
        assert!(log_in_refused(again));
    }

    async fn a_token_is_for_one_log_in_of_one_account_within_five_minutes(db) {
        let story = Story::begin(db).await;
        let eve = TestClient::new(2);
        let context = eve.signed_up(&story.services).await;
        let eves_app = TotpApp::enrol(&eve, &context).await;
        story.clock.advance_ms(STEP);
        let eves = eve.log_in_request(&story.services, ClientKind::Browser);
        let eves_token = challenge(&story.services, &eve, &eves).await.token;
        let (log_in, challenge) = story.first_half().await;
        let (other, _) = story.first_half().await;

        // Eve's token for Ada's log-in, Ada's for Eve's, and a log-in's for another of the same.
        assert!(log_in_refused(story.send(log_in.clone(), eves_token, &story.code()).await));
        let code = eves_app.code(story.services.now_ms());
        assert!(log_in_refused(story.send(eves.clone(), challenge.token, &code).await));
        assert!(log_in_refused(story.send(other, challenge.token, &story.code()).await));
        for spoil in [
            |request: &mut LoginRequest| request.proof.signature.0[5] ^= 1,
            |request: &mut LoginRequest| request.proof.client_nonce.0[5] ^= 1,
            |request: &mut LoginRequest| request.proof.server_nonce.0[5] ^= 1,
            |request: &mut LoginRequest| request.proof.origin.push('x'),
            |request: &mut LoginRequest| request.proof.time_ms += 1,
        ] {
            let mut spoiled = log_in.clone();
            spoil(&mut spoiled);
            assert!(log_in_refused(story.send(spoiled, challenge.token, &story.code()).await));
        }
        let mut bent = challenge.token;
        bent.0[31] ^= 1;
        assert!(log_in_refused(story.send(log_in.clone(), bent, &story.code()).await));

        story.clock.advance_ms(5 * MINUTE);
        story.send(log_in.clone(), challenge.token, &story.code()).await.unwrap();
        // It served.
        story.clock.advance_ms(1);
        let code = story.app.code(story.services.now_ms() + STEP);
        assert!(log_in_refused(story.send(log_in, challenge.token, &code).await));
        assert!(log_in_refused(story.send(eves, eves_token, &eves_app.code(story.services.now_ms())).await));
    }

    async fn a_token_serves_for_one_session_only(db) {
        let story = Story::begin(db).await;
        let (log_in, challenge) = story.first_half().await;
        story.send(log_in.clone(), challenge.token, &story.code()).await.unwrap();
        let code = story.app.recovery_codes[0].clone();
        assert!(log_in_refused(story.send(log_in, challenge.token, &code).await));
        // The recovery code was not used up by it.
        story.second_half(&code).await.unwrap();
    }

    async fn a_code_serves_once(db) {
        let story = Story::begin(db).await;
        let code = story.code();
        story.second_half(&code).await.unwrap();
        assert!(refused(story.second_half(&code).await));
        // Nor does one before it, though its time is not over; the next does, a step early.
        let now_ms = story.services.now_ms();
        assert!(refused(story.second_half(&story.app.code(now_ms - STEP)).await));
        story.second_half(&story.app.code(now_ms + STEP)).await.unwrap();
    }

    async fn of_two_who_send_one_code_at_once_one_succeeds(db) {
        let story = Story::begin(db).await;
        let code = story.code();
        let (a, b) = (story.first_half().await, story.first_half().await);
        let outcomes = tokio::join!(
            story.send(a.0, a.1.token, &code),
            story.send(b.0, b.1.token, &code),
        );
        let outcomes = [outcomes.0.is_ok(), outcomes.1.is_ok()];
        assert_eq!(outcomes.iter().filter(|ok| **ok).count(), 1, "{outcomes:?}");
    }

    async fn five_wrong_codes_in_a_quarter_of_an_hour_are_enough(db) {
        let story = Story::begin(db).await;
        let wrong = || story.app.wrong_code(story.services.now_ms());
        let (log_in, challenge) = story.first_half().await;
        for _ in 0..4 {
            assert!(refused(story.send(log_in.clone(), challenge.token, &wrong()).await));
        }
        // What cannot be a code is no attempt, and a right one is not counted.
        assert!(refused(story.send(log_in.clone(), challenge.token, "12345").await));
        story.send(log_in, challenge.token, &story.code()).await.unwrap();
        assert!(refused(story.second_half(&wrong()).await));
        story.clock.advance_ms(STEP);
        let limited = story.second_half(&story.code()).await;
        let Err(ServiceError::RateLimited { retry_after_seconds }) = limited else {
            panic!("not limited: {limited:?}");
        };
        assert_eq!(retry_after_seconds, 15 * 60 - 30);
        // It holds for recovery codes, and within a session as well.
        let code = &story.app.recovery_codes[0];
        assert!(matches!(story.second_half(code).await, Err(ServiceError::RateLimited { .. })));
        story.clock.advance_ms(15 * MINUTE - STEP);
        story.second_half(code).await.unwrap();
    }

    async fn many_guesses_at_once_are_no_more_guesses(db) {
        let story = Story::begin(db).await;
        let (log_in, challenge) = story.first_half().await;
        let wrong = story.app.wrong_code(story.services.now_ms());
        let attempts = (0..20).map(|_| story.send(log_in.clone(), challenge.token, &wrong));
        let outcomes = futures::future::join_all(attempts).await;
        let looked_at = outcomes.into_iter().filter(|outcome| {
            matches!(outcome, Err(ServiceError::SecondFactorRefused))
        });
        assert_eq!(looked_at.count(), 5);
    }

    async fn a_recovery_code_serves_once(db) {
        let story = Story::begin(db).await;
        assert_eq!(story.app.recovery_codes.len(), 10);
        let code = story.app.recovery_codes[3].to_lowercase().replace('-', " ");
        let logged_in = story.second_half(&code).await.unwrap();
        assert!(refused(story.second_half(&code).await));
        let context = authenticate(&story.services, &logged_in).await.unwrap();
        assert_eq!(second_factor::status(&context).await.unwrap().recovery_codes_left, 9);
        // New ones take the place of all.
        let renewed = renew_recovery_codes(&context, &story.app.recovery_codes[0]).await.unwrap();
        assert_eq!(second_factor::status(&context).await.unwrap().recovery_codes_left, 10);
        assert!(refused(story.second_half(&story.app.recovery_codes[1]).await));
        story.second_half(&renewed.codes[0]).await.unwrap();
        // The code that took it was used up, too.
        assert!(refused(renew_recovery_codes(&context, &story.app.recovery_codes[0]).await));
    }

    async fn nothing_of_it_is_stored_in_clear(db) {
        let story = Story::begin(db).await;
        let context = story.client.log_in_request(&story.services, ClientKind::Browser);
        let id = db.store().login_key(context.handle).await.unwrap().unwrap().account_id;
        let row = db.store().second_factor(id).await.unwrap().unwrap();
        let totp = row.totp.unwrap();
        assert_eq!((totp.bytes.len(), row.recovery_codes.len()), (48, 10));
        let debug = format!("{:?}", story.app);
        assert!(debug.contains("redacted"));
    }

    async fn turning_it_off_takes_a_code(db) {
        let story = Story::begin(db).await;
        let context = story.second_half(&story.code()).await.unwrap();
        let context = authenticate(&story.services, &context).await.unwrap();
        for wrong in ["", "x", &story.code(), &story.app.wrong_code(story.services.now_ms())] {
            assert!(refused(turn_off(&context, wrong).await), "{wrong}");
        }
        story.clock.advance_ms(STEP);
        turn_off(&context, &story.code()).await.unwrap();
        assert_eq!(second_factor::status(&context).await.unwrap().since_ms, None);
        story.client.log_in(&story.services, ClientKind::Browser).await.unwrap();
        let code = &story.app.recovery_codes[0];
        assert!(matches!(turn_off(&context, code).await, Err(ServiceError::NotFound)));
        assert!(matches!(renew_recovery_codes(&context, code).await, Err(ServiceError::NotFound)));
        // Another app can take its place.
        TotpApp::enrol(&story.client, &context).await;
    }

    async fn a_log_in_begun_before_it_was_turned_off_begins_again(db) {
        let story = Story::begin(db).await;
        let context = story.second_half(&story.code()).await.unwrap();
        let context = authenticate(&story.services, &context).await.unwrap();
        let (log_in, challenge) = story.first_half().await;
        turn_off(&context, &story.app.recovery_codes[0]).await.unwrap();
        let code = &story.app.recovery_codes[1];
        assert!(log_in_refused(story.send(log_in, challenge.token, code).await));
    }

    async fn an_app_counts_once_its_first_code_was_right(db) {
        let clock = FixedClock::new();
        let services = services_with(db.store(), &clock, unlimited());
        let client = TestClient::new(1);
        let context = client.signed_up(&services).await;
        let begin = async || begin_totp(&context, client.address, &client.confirm(&services)).await;
        let enrolment = begin().await.unwrap();
        let app = TotpApp::of(&enrolment);
        assert!(enrolment.uri.contains(&format!("secret={}", enrolment.secret)));
        assert!(enrolment.uri.starts_with("otpauth://totp/KeyArc:keyarc.test?"));
        let side = enrolment.qr.size as usize;
        assert_eq!(enrolment.qr.modules.0.len(), (side * side).div_ceil(8));
        assert!(enrolment.qr.modules.0[0] >= 0xfe, "the finder pattern");
        for wrong in ["", "000", &app.wrong_code(services.now_ms()), "0000-0000-0000-0000"] {
            let outcome = confirm_totp(&context, &enrolment.sealed_secret, wrong).await;
            assert!(refused(outcome), "{wrong}");
        }
        assert_eq!(second_factor::status(&context).await.unwrap().since_ms, None);
        client.log_in(&services, ClientKind::Browser).await.unwrap();

        // What another account was given, or nobody, is not taken.
        let eve = TestClient::new(2).signed_up(&services).await;
        let code = app.code(services.now_ms());
        for (context, sealed) in [
            (&eve, enrolment.sealed_secret.clone()),
            (&context, Bytes(vec![0; 48])),
            (&context, Bytes(Vec::new())),
        ] {
            let outcome = confirm_totp(context, &sealed, &code).await;
            assert!(matches!(outcome, Err(ServiceError::Invalid { .. })), "{outcome:?}");
        }
        confirm_totp(&context, &enrolment.sealed_secret, &code).await.unwrap();
        let status = second_factor::status(&context).await.unwrap();
        assert_eq!((status.since_ms, status.recovery_codes_left), (Some(services.now_ms()), 10));
        // The code that confirmed it is used up, and there is only one at a time.
        let request = client.log_in_request(&services, ClientKind::Browser);
        let token = challenge(&services, &client, &request).await.token;
        let request = SecondFactorRequest { log_in: request, token, code: code.clone() };
        assert!(refused(second_factor::log_in(&services, client.address, &request, None).await));
        for outcome in [
            begin().await.map(drop),
            confirm_totp(&context, &enrolment.sealed_secret, &code).await.map(drop),
        ] {
            assert!(matches!(outcome, Err(ServiceError::Invalid { .. })), "{outcome:?}");
        }
    }

    async fn a_new_server_secret_takes_second_factors_along(db) {
        let story = Story::begin(db).await;
        let with = |current: u8, previous: Option<u8>| {
            let seed = u64::from(previous.unwrap_or(current)) << 40;
            let previous = previous.map(|byte| [byte; 32]);
            let keys = ServerKeys::derive(&[current; 32], previous.as_ref().map(<[u8; 32]>::as_slice));
            Services::new(
                db.store().clone(),
                keys.unwrap(),
                unlimited(),
                std::sync::Arc::new(story.clock.clone()),
                std::sync::Arc::new(SeededEntropy::new(seed)),
            )
        };
        let log_in = async |services: &Services, code: &str| {
            let log_in = story.client.log_in_request(services, ClientKind::Browser);
            let token = challenge(services, &story.client, &log_in).await.token;
            let request = SecondFactorRequest { log_in, token, code: code.to_owned() };
            second_factor::log_in(services, story.client.address, &request, None).await
        };
        let (during, after) = (with(8, Some(7)), with(8, None));
        assert_eq!(second_factor::reseal(&story.services).await.unwrap(), 0);
        let (nothing, queries) = count_queries(second_factor::reseal(&after)).await;
        assert_eq!((nothing.unwrap(), queries), (0, 0));
        // Forgotten too early: recovery codes still help.
        assert!(refused(log_in(&after, &story.code()).await));
        log_in(&after, &story.app.recovery_codes[0]).await.unwrap();
        // In order.
        log_in(&during, &story.code()).await.unwrap();
        assert_eq!(second_factor::reseal(&during).await.unwrap(), 1);
        assert_eq!(second_factor::reseal(&during).await.unwrap(), 0);
        story.clock.advance_ms(STEP);
        log_in(&after, &story.code()).await.unwrap();
    }
}
