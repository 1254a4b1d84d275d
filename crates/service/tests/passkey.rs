//! Passkeys: making them, the second half of a log-in, a log-in by one alone, removal.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use keyarc_auth::{LoginPurpose, LoginStatement};
use keyarc_service::{
    Context, Policy, ServiceError, Services, account, passkey,
    second_factor::{self, log_in_by_passkey},
    session::{self, LoggedIn},
};
use keyarc_signature::SigningKey;
use keyarc_testkit::{
    Authenticator, FixedClock, TempDb, TestClient, TotpApp, authenticate,
    build::{self, ORIGIN, sealed, services_with},
    on_both,
};
use keyarc_wire::{
    AddPasskeyRequest, Bytes, ClientKind, Fixed, LoginProof, LoginRequest, PasskeyAdded,
    PasskeyFactorRequest, PasskeyLoginRequest, PasskeyUnlock, SecondFactorChallenge,
    SecondFactorKind, SecondFactorRequest, limits,
};

const MINUTE: u64 = 60_000;
/// Another name of the same server.
const OTHER: &str = "https://other.test";

/// Somebody without a second factor, and their authenticator.
struct Story {
    services: Services,
    clock: FixedClock,
    client: TestClient,
    context: Context,
    device: Authenticator,
}

/// The key that a passkey's output gives.
fn unlock_key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

fn unlock() -> PasskeyUnlock {
    PasskeyUnlock {
        public_key: Fixed(unlock_key(9).public_key()),
        wrapped_root_key: sealed(7, 350),
    }
}

fn refused(outcome: Result<impl std::fmt::Debug, ServiceError>) -> bool {
    matches!(outcome, Err(ServiceError::PasskeyRefused))
}

fn log_in_refused(outcome: Result<impl std::fmt::Debug, ServiceError>) -> bool {
    matches!(outcome, Err(ServiceError::LoginRefused))
}

impl Story {
    async fn begin(db: &TempDb) -> Self {
        let clock = FixedClock::new();
        let policy = Policy {
            origins: vec![ORIGIN.to_owned(), OTHER.to_owned()],
            log_ins_per_minute: 10_000,
            sign_ups_per_minute: 10_000,
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
            device: Authenticator::new(1, ORIGIN),
        }
    }

    async fn token(&self) -> Fixed<32> {
        let fresh = self.client.confirm(&self.services);
        let creation = passkey::begin(&self.context, self.client.address, &fresh).await;
        creation.unwrap().token
    }

    /// A request that is right.
    async fn request(&self, device: &mut Authenticator) -> AddPasskeyRequest {
        let token = self.token().await;
        AddPasskeyRequest {
            origin: ORIGIN.to_owned(),
            token,
            name: "Laptop".to_owned(),
            attestation: device.create(token),
            unlock: Some(unlock()),
        }
    }

    async fn add(&mut self) -> PasskeyAdded {
        let mut device = self.device.clone();
        let request = self.request(&mut device).await;
        self.device = device;
        passkey::add(&self.context, &request).await.unwrap()
    }

    async fn remove(&self, credential_id: &[u8]) -> Result<(), ServiceError> {
        let fresh = self.client.confirm(&self.services);
        let id = Bytes(credential_id.to_vec());
        passkey::remove(&self.context, self.client.address, &id, &fresh).await
    }

    async fn first_half(&self) -> (LoginRequest, SecondFactorChallenge) {
        let request = self
            .client
            .log_in_request(&self.services, ClientKind::Browser);
        let outcome = session::log_in(&self.services, self.client.address, &request, None).await;
        match outcome {
            Err(ServiceError::SecondFactorRequired(challenge)) => (request, challenge),
            other => panic!("the second factor is not asked for: {other:?}"),
        }
    }

    async fn second_half(
        &self,
        (log_in, challenge): &(LoginRequest, SecondFactorChallenge),
        device: &mut Authenticator,
    ) -> Result<LoggedIn, ServiceError> {
        let request = PasskeyFactorRequest {
            log_in: log_in.clone(),
            token: challenge.token,
            assertion: device.get(challenge.token),
        };
        log_in_by_passkey(&self.services, self.client.address, &request, None).await
    }

    /// A log-in by a passkey alone, with the key of its output.
    fn unlock_request(&self, device: &mut Authenticator, key: &SigningKey) -> PasskeyLoginRequest {
        let unsigned = self.client.proof(&self.services, LoginPurpose::Login);
        let handle = build::handle(1);
        let statement = LoginStatement {
            purpose: LoginPurpose::Login,
            origin: &unsigned.origin,
            handle: handle.0,
            server_nonce: unsigned.server_nonce.0,
            client_nonce: unsigned.client_nonce.0,
            time_ms: unsigned.time_ms,
        };
        let signature = Fixed(statement.sign(key));
        PasskeyLoginRequest {
            handle,
            assertion: device.get(unsigned.server_nonce),
            proof: LoginProof {
                signature,
                ..unsigned
            },
            client: ClientKind::Browser,
            device_name: "a browser".to_owned(),
        }
    }

    async fn unlock(&self, request: &PasskeyLoginRequest) -> Result<LoggedIn, ServiceError> {
        passkey::log_in(&self.services, self.client.address, request, None).await
    }

    async fn sessions(&self) -> usize {
        session::list(&self.context).await.unwrap().len()
    }
}

on_both! {
    async fn a_passkey_is_a_second_factor_with_recovery_codes(db) {
        let mut story = Story::begin(db).await;
        let codes = story.add().await.recovery_codes.unwrap().codes;
        assert_eq!(codes.len(), 10);
        let status = second_factor::status(&story.context).await.unwrap();
        assert_eq!((status.totp, status.recovery_codes_left), (false, 10));
        assert_eq!(status.since_ms, Some(story.services.now_ms()));
        let [info] = status.passkeys.as_slice() else { panic!("one") };
        assert_eq!((info.name.as_str(), info.host.as_str()), ("Laptop", "keyarc.test"));
        assert!(info.unlocks && info.last_used_at_ms.is_none());

        let halves = story.first_half().await;
        let challenge = &halves.1;
        assert_eq!(challenge.factors, [SecondFactorKind::Passkey, SecondFactorKind::RecoveryCode]);
        assert_eq!(challenge.passkeys, [Bytes(story.device.credential_id.clone())]);
        story.clock.advance_ms(MINUTE);
        let mut device = story.device.clone();
        let logged_in = story.second_half(&halves, &mut device).await.unwrap();
        assert_eq!(logged_in.response.account.passkeys.len(), 1);
        let status = second_factor::status(&story.context).await.unwrap();
        assert_eq!(status.passkeys[0].last_used_at_ms, Some(story.services.now_ms()));
        // The token has served.
        assert!(log_in_refused(story.second_half(&halves, &mut device).await));
        // A lost passkey is what recovery codes are for.
        let (log_in, challenge) = story.first_half().await;
        let request = SecondFactorRequest { log_in, token: challenge.token, code: codes[0].clone() };
        second_factor::log_in(&story.services, story.client.address, &request, None).await.unwrap();
        // There is no app whose codes could be guessed.
        let (log_in, challenge) = story.first_half().await;
        let request = SecondFactorRequest { log_in, token: challenge.token, code: "123456".into() };
        let outcome = second_factor::log_in(&story.services, story.client.address, &request, None);
        assert!(matches!(outcome.await, Err(ServiceError::SecondFactorRefused)));
    }

    async fn nothing_of_it_is_turned_on_without_the_password(db) {
        let story = Story::begin(db).await;
        let address = story.client.address;
        let begin = async |fresh: &_| passkey::begin(&story.context, address, fresh).await;
        let right = story.client.confirm(&story.services);
        // A proof for another purpose, by another password, of another account, or used before.
        let mut log_in = right.clone();
        log_in.proof = story.client.proof(&story.services, LoginPurpose::Login);
        assert!(log_in_refused(begin(&log_in).await));
        let wrong = story.client.with_key(5).confirm(&story.services);
        assert!(log_in_refused(begin(&wrong).await));
        let eve = TestClient::new(2);
        eve.signed_up(&story.services).await;
        assert!(log_in_refused(begin(&eve.confirm(&story.services)).await));
        begin(&right).await.unwrap();
        assert!(log_in_refused(begin(&right).await));
        assert!(log_in_refused(second_factor::begin_totp(&story.context, address, &right).await));
        assert!(log_in_refused(second_factor::begin_totp(&story.context, address, &wrong).await));
    }

    async fn what_was_made_elsewhere_or_otherwise_is_refused(db) {
        let story = Story::begin(db).await;
        type Spoil = fn(&mut Authenticator);
        let spoils: [Spoil; 4] = [
            |device| device.origin = "https://evil.test".to_owned(),
            |device| device.host = "evil.test".to_owned(),
            |device| device.verified = false,
            |device| device.origin = OTHER.to_owned(),
        ];
        for (number, spoil) in spoils.into_iter().enumerate() {
            let mut device = story.device.clone();
            spoil(&mut device);
            let request = story.request(&mut device).await;
            assert!(refused(passkey::add(&story.context, &request).await), "{number}");
        }
        let mut device = story.device.clone();
        let right = story.request(&mut device).await;
        let mut request = right.clone();
        request.origin = "https://evil.test".to_owned();
        assert!(log_in_refused(passkey::add(&story.context, &request).await));
        // Another challenge, one of another session, none of ours, one that is too old.
        let mut request = right.clone();
        request.token = story.token().await;
        assert!(refused(passkey::add(&story.context, &request).await));
        let other = story.client.log_in(&story.services, ClientKind::Browser).await.unwrap();
        let other = authenticate(&story.services, &other).await.unwrap();
        assert!(refused(passkey::add(&other, &right).await));
        let mut request = right.clone();
        request.token = Fixed([9; 32]);
        request.attestation = device.create(request.token);
        assert!(refused(passkey::add(&story.context, &request).await));
        // Another name for the passkey than its own, and nonsense.
        for id in [vec![3; 20], Vec::new(), vec![1; limits::CREDENTIAL_ID + 1]] {
            let mut request = right.clone();
            request.attestation.credential_id = Bytes(id);
            assert!(refused(passkey::add(&story.context, &request).await));
        }
        for at in [0, 40, 100] {
            let mut request = right.clone();
            request.attestation.attestation.0.truncate(at);
            assert!(refused(passkey::add(&story.context, &request).await), "{at}");
        }
        for (name, public_key, wrapped) in [
            ("", unlock().public_key, sealed(7, 350)),
            ("a\u{202e}b", unlock().public_key, sealed(7, 350)),
            ("Laptop", Fixed([0; 32]), sealed(7, 350)),
            ("Laptop", unlock().public_key, keyarc_wire::Sealed(vec![1; 350])),
            ("Laptop", unlock().public_key, sealed(7, limits::WRAPPED_KEY + 1)),
        ] {
            let mut request = right.clone();
            request.name = name.to_owned();
            request.unlock = Some(PasskeyUnlock { public_key, wrapped_root_key: wrapped });
            let outcome = passkey::add(&story.context, &request).await;
            assert!(matches!(outcome, Err(ServiceError::Invalid { .. })), "{outcome:?}");
        }
        assert_eq!(second_factor::status(&story.context).await.unwrap().since_ms, None);
        passkey::add(&story.context, &right).await.unwrap();
        // Its token has served, and it is there already.
        assert!(refused(passkey::add(&story.context, &right).await));
        let again = story.request(&mut device).await;
        let outcome = passkey::add(&story.context, &again).await;
        assert!(matches!(outcome, Err(ServiceError::Invalid { .. })), "{outcome:?}");
        let late = story.request(&mut device).await;
        story.clock.advance_ms(5 * MINUTE + 1);
        assert!(refused(passkey::add(&story.context, &late).await));
    }

    async fn what_was_signed_elsewhere_or_otherwise_is_refused(db) {
        let mut story = Story::begin(db).await;
        story.add().await;
        let halves = story.first_half().await;
        type Spoil = fn(&mut Authenticator);
        let spoils: [(&str, Spoil); 6] = [
            ("another page", |device| device.origin = "https://evil.test".to_owned()),
            ("another name of this server", |device| device.origin = OTHER.to_owned()),
            ("another host", |device| device.host = "evil.test".to_owned()),
            ("nobody was verified", |device| device.verified = false),
            ("a copy, whose counter is behind", |device| device.counter = 1),
            ("an unknown passkey", |device| device.credential_id = vec![8; 20]),
        ];
        for (what, spoil) in spoils {
            let mut device = story.device.clone();
            spoil(&mut device);
            assert!(refused(story.second_half(&halves, &mut device).await), "{what}");
        }
        // Another key under the same name.
        let mut device = Authenticator::new(2, ORIGIN);
        device.credential_id = story.device.credential_id.clone();
        device.counter = 50;
        assert!(refused(story.second_half(&halves, &mut device).await));
        // Another challenge.
        let (log_in, challenge) = &halves;
        let request = PasskeyFactorRequest {
            log_in: log_in.clone(),
            token: challenge.token,
            assertion: story.device.clone().get(Fixed([1; 32])),
        };
        let outcome = log_in_by_passkey(&story.services, story.client.address, &request, None);
        assert!(refused(outcome.await));
        // A bit of what was signed, wherever it is.
        for part in 0..3 {
            let mut assertion = story.device.clone().get(challenge.token);
            let bytes = match part {
                0 => &mut assertion.client_data.0,
                1 => &mut assertion.authenticator_data.0,
                _ => &mut assertion.signature.0,
            };
            *bytes.last_mut().unwrap() ^= 1;
            let request = PasskeyFactorRequest { log_in: log_in.clone(), token: challenge.token, assertion };
            let outcome = log_in_by_passkey(&story.services, story.client.address, &request, None);
            assert!(refused(outcome.await), "{part}");
        }
        assert_eq!(story.sessions().await, 1);
        let mut device = story.device.clone();
        story.second_half(&halves, &mut device).await.unwrap();
        // From here on a counter that does not rise is that of a copy.
        let halves = story.first_half().await;
        assert!(refused(story.second_half(&halves, &mut story.device.clone()).await));
        story.second_half(&halves, &mut device).await.unwrap();
    }

    async fn one_that_counts_nothing_is_good_again_and_again(db) {
        let mut story = Story::begin(db).await;
        story.device.counter = 0;
        story.add().await;
        for _ in 0..3 {
            let halves = story.first_half().await;
            story.second_half(&halves, &mut story.device.clone()).await.unwrap();
        }
    }

    async fn a_passkey_unlocks_by_its_own_key(db) {
        let mut story = Story::begin(db).await;
        story.add().await;
        let mut device = story.device.clone();
        // The key alone, the passkey alone, the password's key, another key: nothing.
        for key in [unlock_key(8), build::auth_key(1), SigningKey::from_seed(&[0; 32])] {
            let request = story.unlock_request(&mut device, &key);
            assert!(log_in_refused(story.unlock(&request).await));
        }
        let mut request = story.unlock_request(&mut device, &unlock_key(9));
        request.assertion = story.unlock_request(&mut device, &unlock_key(9)).assertion;
        assert!(log_in_refused(story.unlock(&request).await));
        let mut request = story.unlock_request(&mut device, &unlock_key(9));
        request.assertion.credential_id = Bytes(vec![8; 20]);
        assert!(log_in_refused(story.unlock(&request).await));
        let mut request = story.unlock_request(&mut device, &unlock_key(9));
        request.handle = build::handle(2);
        assert!(log_in_refused(story.unlock(&request).await));

        let request = story.unlock_request(&mut device, &unlock_key(9));
        let logged_in = story.unlock(&request).await.unwrap();
        let shown = &logged_in.response.account.passkeys[0];
        assert_eq!(shown.wrapped_root_key, unlock().wrapped_root_key);
        authenticate(&story.services, &logged_in).await.unwrap();
        assert_eq!(story.sessions().await, 2);
        // A replay.
        assert!(log_in_refused(story.unlock(&request).await));
        // Too late.
        let request = story.unlock_request(&mut device, &unlock_key(9));
        story.clock.advance_ms(MINUTE + 1);
        assert!(log_in_refused(story.unlock(&request).await));
        // Removed.
        let request = story.unlock_request(&mut device, &unlock_key(9));
        story.remove(&device.credential_id).await.unwrap();
        assert!(log_in_refused(story.unlock(&request).await));
    }

    async fn one_without_an_output_unlocks_nothing(db) {
        let story = Story::begin(db).await;
        let mut device = story.device.clone();
        let mut request = story.request(&mut device).await;
        request.unlock = None;
        passkey::add(&story.context, &request).await.unwrap();
        // Even for whoever knows the seed of the key that stands for nobody's.
        let request = story.unlock_request(&mut device, &SigningKey::from_seed(&[0; 32]));
        assert!(log_in_refused(story.unlock(&request).await));
        let halves = story.first_half().await;
        let logged_in = story.second_half(&halves, &mut device).await.unwrap();
        assert_eq!(logged_in.response.account.passkeys, []);
        assert!(!second_factor::status(&story.context).await.unwrap().passkeys[0].unlocks);
    }

    async fn of_two_who_show_one_assertion_one_succeeds(db) {
        let mut story = Story::begin(db).await;
        story.add().await;
        let mut device = story.device.clone();
        let request = story.unlock_request(&mut device, &unlock_key(9));
        let outcomes = futures::future::join_all((0..8).map(|_| story.unlock(&request))).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    }

    async fn removing_takes_the_password_and_the_last_one_the_codes(db) {
        let mut story = Story::begin(db).await;
        story.add().await;
        let first = story.device.credential_id.clone();
        story.device = Authenticator::new(2, ORIGIN);
        assert!(story.add().await.recovery_codes.is_none());
        let id = Bytes(first.clone());
        let wrong = story.client.with_key(5).confirm(&story.services);
        let outcome = passkey::remove(&story.context, story.client.address, &id, &wrong).await;
        assert!(log_in_refused(outcome));
        // Nobody else's, and none that is not there.
        let eve = TestClient::new(2);
        let eves = eve.signed_up(&story.services).await;
        let fresh = eve.confirm(&story.services);
        let outcome = passkey::remove(&eves, eve.address, &id, &fresh).await;
        assert!(matches!(outcome, Err(ServiceError::NotFound)));
        assert!(matches!(passkey::rename(&eves, &id, "Mine").await, Err(ServiceError::NotFound)));
        passkey::rename(&story.context, &id, " Old laptop ").await.unwrap();
        assert!(passkey::rename(&story.context, &id, "\n").await.is_err());
        let status = second_factor::status(&story.context).await.unwrap();
        assert!(status.passkeys.iter().any(|passkey| passkey.name == "Old laptop"));

        story.remove(&first).await.unwrap();
        assert!(matches!(story.remove(&first).await, Err(ServiceError::NotFound)));
        let halves = story.first_half().await;
        assert_eq!(halves.1.passkeys.len(), 1);
        let mut removed = Authenticator::new(1, ORIGIN);
        removed.counter = 90;
        assert!(refused(story.second_half(&halves, &mut removed).await));
        story.remove(&story.device.credential_id).await.unwrap();
        let status = second_factor::status(&story.context).await.unwrap();
        assert_eq!((status.since_ms, status.recovery_codes_left), (None, 0));
        story.client.log_in(&story.services, ClientKind::Browser).await.unwrap();
    }

    async fn an_app_and_a_passkey_stand_side_by_side(db) {
        let mut story = Story::begin(db).await;
        story.add().await;
        let app = TotpApp::enrol(&story.client, &story.context).await;
        let (_, challenge) = story.first_half().await;
        let all = [SecondFactorKind::Passkey, SecondFactorKind::Totp, SecondFactorKind::RecoveryCode];
        assert_eq!(challenge.factors, all);
        // The app goes, the passkey and the codes stay.
        second_factor::turn_off(&story.context, &app.recovery_codes[0]).await.unwrap();
        let status = second_factor::status(&story.context).await.unwrap();
        assert_eq!((status.totp, status.recovery_codes_left), (false, 10));
        let code = &app.recovery_codes[1];
        assert!(matches!(
            second_factor::turn_off(&story.context, code).await,
            Err(ServiceError::NotFound)
        ));
        // The other way round.
        let app = TotpApp::enrol(&story.client, &story.context).await;
        story.remove(&story.device.credential_id).await.unwrap();
        let (_, challenge) = story.first_half().await;
        assert_eq!(challenge.factors, [SecondFactorKind::Totp, SecondFactorKind::RecoveryCode]);
        second_factor::turn_off(&story.context, &app.recovery_codes[0]).await.unwrap();
        assert_eq!(second_factor::status(&story.context).await.unwrap().since_ms, None);
    }

    async fn a_passkey_serves_at_its_own_host(db) {
        let mut story = Story::begin(db).await;
        story.add().await;
        let nonce = story.client.proof(&story.services, LoginPurpose::Login).server_nonce;
        let mut log_in = story.client.log_in_request(&story.services, ClientKind::Browser);
        log_in.proof = story.client.sign(&story.services, LoginPurpose::Login, OTHER, nonce.0);
        let outcome = session::log_in(&story.services, story.client.address, &log_in, None).await;
        let Err(ServiceError::SecondFactorRequired(challenge)) = outcome else { panic!("asked") };
        assert_eq!(challenge.factors, [SecondFactorKind::RecoveryCode]);
        let mut device = story.device.clone();
        device.origin = OTHER.to_owned();
        device.host = "other.test".to_owned();
        assert!(refused(story.second_half(&(log_in, challenge), &mut device).await));
    }

    async fn a_password_change_leaves_passkeys_alone(db) {
        let mut story = Story::begin(db).await;
        story.add().await;
        let request = story.client.change_password_request(&story.services, 2, 77);
        let address = story.client.address;
        keyarc_service::password::change(&story.context, address, &request).await.unwrap();
        let mut device = story.device.clone();
        let request = story.unlock_request(&mut device, &unlock_key(9));
        let logged_in = story.unlock(&request).await.unwrap();
        assert_eq!(logged_in.response.account.keyset.version, 2);
        let context = authenticate(&story.services, &logged_in).await.unwrap();
        let account = account::get(&context).await.unwrap();
        assert_eq!(account.passkeys, logged_in.response.account.passkeys);
    }

    async fn there_is_an_end_to_how_many_there_are(db) {
        let mut story = Story::begin(db).await;
        for number in 0..limits::PASSKEYS as u8 {
            story.device = Authenticator::new(number + 1, ORIGIN);
            story.add().await;
        }
        let mut device = Authenticator::new(200, ORIGIN);
        let request = story.request(&mut device).await;
        let outcome = passkey::add(&story.context, &request).await;
        assert!(matches!(outcome, Err(ServiceError::Invalid { .. })), "{outcome:?}");
        let fresh = story.client.confirm(&story.services);
        let creation = passkey::begin(&story.context, story.client.address, &fresh).await;
        assert_eq!(creation.unwrap().exclude.len(), limits::PASSKEYS);
    }
}
