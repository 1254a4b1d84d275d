//! Passkeys over HTTP: made, used as the second half, used alone, and what is refused.

use keyarc_auth::{LoginPurpose, LoginStatement};
use keyarc_signature::SigningKey;
use keyarc_testkit::{Authenticator, TestServer, build};
use keyarc_wire::{
    AddPasskeyRequest, Bytes, ChallengeRequest, ChallengeResponse, ClientKind, ErrorCode, Fixed,
    LoginProof, LoginResponse, PasskeyAdded, PasskeyCreation, PasskeyFactorRequest,
    PasskeyLoginRequest, PasskeyUnlock, SecondFactorKind, SecondFactorStatus, paths,
};
use reqwest::StatusCode;
use serde_json::json;

use crate::common::{Answer, Person};

/// The key that the passkey's output gives.
fn key() -> SigningKey {
    SigningKey::from_seed(&[9; 32])
}

/// The same server by its name, since addresses have no passkeys.
fn named(server: &TestServer) -> String {
    server.origin().replace("127.0.0.1", "localhost")
}

async fn begin(person: &Person<'_>) -> Answer {
    person
        .post(paths::PASSKEYS_BEGIN, &person.confirm().await)
        .await
}

/// A person with a passkey.
async fn with_passkey(server: &TestServer) -> (Person<'_>, Authenticator) {
    let person = Person::signed_up(server, 1).await;
    let mut device = Authenticator::new(1, &named(server));
    let creation: PasskeyCreation = begin(&person).await.json();
    let answer = person
        .post(paths::PASSKEYS_ADD, &adding(&mut device, creation.token))
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let added: PasskeyAdded = answer.json();
    assert_eq!(
        added.recovery_codes.map(|codes| codes.codes.len()),
        Some(10)
    );
    (person, device)
}

fn adding(device: &mut Authenticator, token: Fixed<32>) -> AddPasskeyRequest {
    AddPasskeyRequest {
        origin: device.origin.clone(),
        token,
        name: "Laptop".to_owned(),
        attestation: device.create(token),
        unlock: Some(PasskeyUnlock {
            public_key: Fixed(key().public_key()),
            wrapped_root_key: build::sealed(7, 350),
        }),
    }
}

async fn alone(person: &Person<'_>, device: &mut Authenticator) -> PasskeyLoginRequest {
    let handle = build::handle(person.number);
    let challenge: ChallengeResponse = person
        .post(paths::CHALLENGE, &ChallengeRequest { handle })
        .await
        .json();
    let origin = device.origin.clone();
    let statement = LoginStatement {
        purpose: LoginPurpose::Login,
        origin: &origin,
        handle: handle.0,
        server_nonce: challenge.nonce.0,
        client_nonce: [6; 32],
        time_ms: 1,
    };
    let signature = Fixed(statement.sign(&key()));
    PasskeyLoginRequest {
        handle,
        proof: LoginProof {
            server_nonce: challenge.nonce,
            client_nonce: Fixed([6; 32]),
            time_ms: 1,
            signature,
            origin,
        },
        assertion: device.get(challenge.nonce),
        client: ClientKind::Browser,
        device_name: "a browser".to_owned(),
    }
}

#[tokio::test]
async fn a_passkey_is_made_and_is_the_second_half_of_a_log_in() {
    let server = TestServer::start().await;
    let (mut person, mut device) = with_passkey(&server).await;
    let status: SecondFactorStatus = person
        .post("/rpc/second-factor/status", &json!({}))
        .await
        .json();
    assert_eq!(status.passkeys.len(), 1);
    assert_eq!(status.passkeys[0].host, "localhost");
    person.credential = None;

    let mut log_in = person.log_in_request(ClientKind::Browser).await;
    // By the address there is no passkey to be asked for.
    let error = person.post(paths::LOGIN, &log_in).await;
    let error = error.error(ErrorCode::SecondFactorRequired);
    let challenge = error.second_factor.expect("how to go on");
    assert_eq!(challenge.factors, [SecondFactorKind::RecoveryCode]);
    let statement = alone(&person, &mut device).await.proof;
    log_in.proof = signed_by_password(&person, &statement);
    let error = person.post(paths::LOGIN, &log_in).await;
    let error = error.error(ErrorCode::SecondFactorRequired);
    let challenge = error.second_factor.expect("how to go on");
    assert_eq!(challenge.factors[0], SecondFactorKind::Passkey);
    assert_eq!(challenge.passkeys, [Bytes(device.credential_id.clone())]);

    let send = async |device: &mut Authenticator| {
        let request = PasskeyFactorRequest {
            log_in: log_in.clone(),
            token: challenge.token,
            assertion: device.get(challenge.token),
        };
        person.post(paths::LOGIN_PASSKEY_FACTOR, &request).await
    };
    let mut elsewhere = device.clone();
    elsewhere.origin = "http://evil.example".to_owned();
    let answer = send(&mut elsewhere).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    answer.error(ErrorCode::PasskeyRefused);
    let answer = send(&mut device).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(answer.header("set-cookie").starts_with("keyarc-session="));
    send(&mut device).await.error(ErrorCode::LoginRefused);
}

/// The same nonce and origin, signed with the key of the password.
fn signed_by_password(person: &Person<'_>, proof: &LoginProof) -> LoginProof {
    let statement = LoginStatement {
        purpose: LoginPurpose::Login,
        origin: &proof.origin,
        handle: build::handle(person.number).0,
        server_nonce: proof.server_nonce.0,
        client_nonce: proof.client_nonce.0,
        time_ms: proof.time_ms,
    };
    LoginProof {
        signature: Fixed(statement.sign(&build::auth_key(person.number))),
        ..proof.clone()
    }
}

#[tokio::test]
async fn a_passkey_opens_by_itself_once() {
    let server = TestServer::start().await;
    let (mut person, mut device) = with_passkey(&server).await;
    person.credential = None;
    let request = alone(&person, &mut device).await;
    let answer = person.post(paths::LOGIN_PASSKEY, &request).await;
    let opened: LoginResponse = answer.json();
    assert_eq!(opened.account.passkeys.len(), 1);
    assert!(answer.header("set-cookie").starts_with("keyarc-session="));

    // A replay, and everybody who is nobody, get one and the same answer.
    let mut answers = vec![person.post(paths::LOGIN_PASSKEY, &request).await];
    let mut unknown = alone(&person, &mut device).await;
    unknown.assertion.credential_id = Bytes(vec![7; 20]);
    let mut forged = alone(&person, &mut device).await;
    forged.proof.signature.0[0] ^= 1;
    let mut elsewhere = device.clone();
    elsewhere.host = "evil.example".to_owned();
    let elsewhere = alone(&person, &mut elsewhere).await;
    let nobody = alone(&Person::new(&server, 3), &mut device).await;
    for request in [unknown, forged, elsewhere, nobody] {
        answers.push(person.post(paths::LOGIN_PASSKEY, &request).await);
    }
    let mut errors: Vec<_> = answers
        .iter()
        .map(|answer| {
            assert!(answer.headers.get("set-cookie").is_none());
            let mut error = answer.error(ErrorCode::LoginRefused);
            error.request_id = None;
            (answer.status, error)
        })
        .collect();
    errors.dedup();
    assert_eq!(errors.len(), 1, "{errors:?}");
}

#[tokio::test]
async fn none_is_made_or_removed_without_session_and_password() {
    let server = TestServer::start().await;
    let (mut person, mut device) = with_passkey(&server).await;
    let id = Bytes(device.credential_id.clone());
    let fresh = person.confirm().await;
    let remove = json!({ "credential_id": id, "fresh": fresh });
    let session = person.credential.take();
    begin(&person).await.error(ErrorCode::Unauthenticated);
    let request = adding(&mut device, Fixed([1; 32]));
    let answer = person.post(paths::PASSKEYS_ADD, &request).await;
    answer.error(ErrorCode::Unauthenticated);
    let answer = person.post("/rpc/passkeys/remove", &remove).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);

    person.credential = session;
    let answer = person.post(paths::PASSKEYS_ADD, &request).await;
    answer.error(ErrorCode::PasskeyRefused);
    person.key = 77;
    begin(&person).await.error(ErrorCode::LoginRefused);
    let wrong = json!({ "credential_id": id, "fresh": person.confirm().await });
    let answer = person.post("/rpc/passkeys/remove", &wrong).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.text());
    let rename = json!({ "credential_id": id, "name": "Blue" });
    let answer = person.post("/rpc/passkeys/rename", &rename).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let answer = person.post("/rpc/passkeys/remove", &remove).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let answer = person.post("/rpc/passkeys/remove", &remove).await;
    assert_eq!(
        answer.status,
        StatusCode::UNAUTHORIZED,
        "the proof has served"
    );
}
