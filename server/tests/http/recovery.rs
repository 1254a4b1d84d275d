//! Recovery and change of all keys over HTTP.

use keyarc_auth::{Change, ChangeStatement, LoginPurpose, LoginStatement, NewKeys};
use keyarc_signature::SigningKey;
use keyarc_testkit::{TestServer, build};
use keyarc_wire::{
    ClientKind, FinishRecoveryRequest, Fixed, LoginProof, LoginResponse, RecoverRequest,
    RecoverResponse, StageItemsRequest, paths,
};
use reqwest::StatusCode;

use crate::common::{Answer, Person};

/// A proof over a fresh challenge, by any key.
async fn proof(person: &Person<'_>, key: &SigningKey, change: Option<Change<'_>>) -> LoginProof {
    let mut proof = person.proof(LoginPurpose::Recovery).await;
    let handle = build::handle(person.number).0;
    let (server_nonce, client_nonce) = (proof.server_nonce.0, proof.client_nonce.0);
    let (origin, time_ms) = (proof.origin.clone(), proof.time_ms);
    let signature = match change {
        None => LoginStatement {
            purpose: LoginPurpose::Recovery,
            origin: &origin,
            handle,
            server_nonce,
            client_nonce,
            time_ms,
        }
        .sign(key),
        Some(change) => ChangeStatement {
            origin: &origin,
            handle,
            server_nonce,
            client_nonce,
            time_ms,
            change,
        }
        .sign(key),
    };
    proof.signature = Fixed(signature);
    proof
}

async fn recover(person: &Person<'_>, key: &SigningKey) -> Answer {
    let request = RecoverRequest {
        handle: build::handle(person.number),
        proof: proof(person, key, None).await,
        second_factor: None,
    };
    person.post(paths::RECOVER, &request).await
}

async fn with_recovery_key(server: &TestServer) -> Person<'_> {
    let mut person = Person::new(server, 1);
    let mut request = person.sign_up_request().await;
    request.recovery = Some(build::recovery_key_request(1));
    let answer = person.post(paths::SIGN_UP, &request).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    person.log_in(ClientKind::Browser).await;
    person
}

#[tokio::test]
async fn the_recovery_key_sets_another_password() {
    let server = TestServer::start().await;
    let person = with_recovery_key(&server).await;
    let key = build::recovery_auth_key(1, 1);
    let stranger = Person::new(&server, 1);
    let answer = recover(&stranger, &key).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.headers.get("set-cookie").is_none(), "no session yet");
    let begun: RecoverResponse = answer.json();
    let new = build::new_keyset(2, 11);
    let keys = NewKeys {
        version: 2,
        auth_public_key: new.auth_public_key,
        wrapped_root_key: new.keyset.wrapped_root_key.as_ref(),
        keyring: new.keyset.keyring.as_ref(),
    };
    let finish = FinishRecoveryRequest {
        handle: build::handle(1),
        ticket: begun.ticket,
        proof: proof(&stranger, &key, Some(Change::Recovery(keys))).await,
        keyset: new.keyset.clone(),
        auth_public_key: Fixed(new.auth_public_key),
        client: ClientKind::Browser,
        device_name: "a new browser".to_owned(),
    };
    let answer = stranger.post(paths::RECOVER_FINISH, &finish).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(answer.header("set-cookie").contains("HttpOnly"));
    assert_eq!(answer.json::<LoginResponse>().account.keyset, new.keyset);
    // The session of before has ended.
    let ended = person.get(paths::ACCOUNT).await;
    assert_eq!(ended.status, StatusCode::UNAUTHORIZED);
    let again = stranger.post(paths::RECOVER_FINISH, &finish).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn who_has_a_recovery_key_is_told_to_nobody_without_it() {
    let server = TestServer::start().await;
    let known = with_recovery_key(&server).await;
    Person::signed_up(&server, 2).await;
    let wrong = build::recovery_auth_key(1, 9);
    let mut told = Vec::new();
    for (what, number) in [("a wrong key", 1), ("no recovery key", 2), ("nobody", 3)] {
        let answer = recover(&Person::new(&server, number), &wrong).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
        let mut body: serde_json::Value = serde_json::from_slice(&answer.body).expect("a problem");
        let id = body["request_id"].take();
        let headers: Vec<_> = answer
            .headers
            .iter()
            .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
            .map(|(name, value)| (name.to_string(), value.clone()))
            .collect();
        told.push((body, id.as_str().map(str::len), answer.body.len(), headers));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
    drop(known);
}

#[tokio::test]
async fn keys_are_changed_within_a_session_alone() {
    let server = TestServer::start().await;
    let stranger = Person::new(&server, 1);
    let stage = StageItemsRequest {
        rekey: Fixed([1; 16]),
        items: Vec::new(),
    };
    for path in [paths::REKEY_ITEMS, paths::REKEY_DISCARD] {
        let answer = stranger.post(path, &stage).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let person = Person::signed_up(&server, 1).await;
    let answer = person.post(paths::REKEY_ITEMS, &stage).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
    let too_large = serde_json::json!({ "rekey": "x".repeat(9 * 1024 * 1024), "items": [] });
    let answer = person.post(paths::REKEY_ITEMS, &too_large).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let answer = person.post(paths::REKEY_DISCARD, &()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
}
