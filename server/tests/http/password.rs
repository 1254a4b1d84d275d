//! Change of password over HTTP, on both databases.

use keyarc_auth::{Change, ChangeStatement, LoginPurpose, NewKeys};
use keyarc_server::config::Secret;
use keyarc_testkit::{TempDb, TestServer, build, on_both};
use keyarc_wire::{
    AccountResponse, ChangePasswordRequest, ClientKind, ErrorCode, Fixed, LoginResponse,
    RefreshResponse, paths,
};
use reqwest::StatusCode;

use crate::common::{Person, post};

/// A change to the key of another number, signed by the one the person has.
async fn request(person: &Person<'_>, version: u32, key: u64) -> ChangePasswordRequest {
    let new = build::new_keyset(version, key);
    let mut proof = person.proof(LoginPurpose::Login).await;
    let statement = ChangeStatement {
        origin: &proof.origin,
        handle: build::handle(person.number).0,
        server_nonce: proof.server_nonce.0,
        client_nonce: proof.client_nonce.0,
        time_ms: proof.time_ms,
        change: Change::Password(NewKeys {
            version,
            auth_public_key: new.auth_public_key,
            wrapped_root_key: new.keyset.wrapped_root_key.as_ref(),
            keyring: new.keyset.keyring.as_ref(),
        }),
    };
    proof.signature = Fixed(statement.sign(&build::auth_key(person.key)));
    ChangePasswordRequest {
        handle: build::handle(person.number),
        keyset: new.keyset,
        auth_public_key: Fixed(new.auth_public_key),
        proof,
    }
}

on_both! {
    async fn a_change_ends_the_other_sessions_and_the_old_password(db) {
        let url = db.url().to_owned();
        let server = TestServer::start_with(TempDb::sqlite().await, |config| {
            config.database_url = Secret::new(url);
        })
        .await;
        let mut person = Person::signed_up(&server, 1).await;
        let mut elsewhere = Person::new(&server, 1);
        assert_eq!(elsewhere.log_in(ClientKind::Browser).await.status, StatusCode::OK);
        let mut program = Person::new(&server, 1);
        program.log_in(ClientKind::Api).await;
        let access: RefreshResponse = program.post(paths::REFRESH, &()).await.json();
        program.bear(&access.access_token);
        program.get(paths::ACCOUNT).await.json::<AccountResponse>();

        let change = request(&person, 2, 11).await;
        let answer = person.post(paths::PASSWORD, &change).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.body.is_empty() && answer.headers.get("set-cookie").is_none());

        let account: AccountResponse = person.get(paths::ACCOUNT).await.json();
        assert_eq!(account.keyset, change.keyset);
        for ended in [&elsewhere, &program] {
            ended.get(paths::ACCOUNT).await.error(ErrorCode::Unauthenticated);
        }
        // The same request once more is refused, and changes nothing.
        person.post(paths::PASSWORD, &change).await.error(ErrorCode::LoginRefused);
        let again: AccountResponse = person.get(paths::ACCOUNT).await.json();
        assert_eq!(again, account);

        elsewhere.log_in(ClientKind::Browser).await.error(ErrorCode::LoginRefused);
        elsewhere.key = 11;
        let back: LoginResponse = elsewhere.log_in(ClientKind::Browser).await.json();
        assert_eq!(back.account.keyset, change.keyset);
        // What does not follow on the keys in force is a conflict.
        person.key = 11;
        let ahead = request(&person, 4, 12).await;
        let error = person.post(paths::PASSWORD, &ahead).await.error(ErrorCode::Conflict);
        assert!(error.conflicts.is_empty());
        assert_eq!(elsewhere.get(paths::ACCOUNT).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_stolen_cookie_does_not_change_the_password_and_a_proof_alone_neither() {
    let server = TestServer::start().await;
    let person = Person::signed_up(&server, 1).await;
    let mut thief = Person::new(&server, 1);
    thief.credential = person.credential.clone();
    thief.key = 66;
    let forged = request(&thief, 2, 66).await;
    let refused = thief.post(paths::PASSWORD, &forged).await;
    refused.error(ErrorCode::LoginRefused);
    assert_eq!(refused.header("www-authenticate"), "");

    let mut without = Person::new(&server, 1);
    let good = request(&without, 2, 11).await;
    let refused = without.post(paths::PASSWORD, &good).await;
    refused.error(ErrorCode::Unauthenticated);
    // Nor somebody else's session with it.
    without.credential = Person::signed_up(&server, 2).await.credential;
    let good = request(&without, 2, 11).await;
    let refused = without.post(paths::PASSWORD, &good).await;
    refused.error(ErrorCode::LoginRefused);

    let account: AccountResponse = person.get(paths::ACCOUNT).await.json();
    assert_eq!(account.keyset, build::keyset());
    let body = serde_json::to_vec(&request(&person, 2, 11).await).expect("JSON");
    post(&server, paths::PASSWORD, body)
        .await
        .error(ErrorCode::Unauthenticated);
}

#[tokio::test]
async fn changes_are_limited_like_log_ins() {
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.rates.login = std::num::NonZeroU32::new(2).expect("not zero");
    })
    .await;
    let person = Person::signed_up(&server, 1).await;
    for _ in 0..2 {
        let mut wrong = request(&person, 2, 11).await;
        wrong.proof.signature.0[0] ^= 1;
        person
            .post(paths::PASSWORD, &wrong)
            .await
            .error(ErrorCode::LoginRefused);
    }
    let good = request(&person, 2, 11).await;
    let limited = person.post(paths::PASSWORD, &good).await;
    let error = limited.error(ErrorCode::RateLimited);
    assert!(error.retry_after_seconds.is_some_and(|wait| wait > 0));
}
