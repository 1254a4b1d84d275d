//! Rate limits and whose address counts.

use std::num::NonZeroU32;

use keyarc_testkit::{TempDb, TestServer};
use keyarc_wire::{ClientKind, ErrorCode, paths};
use reqwest::{Method, StatusCode};

use crate::common::{Answer, Person, send};

fn per_minute(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).expect("not zero")
}

async fn challenge_from(server: &TestServer, forwarded: &str) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("x-forwarded-for", forwarded),
    ];
    let body = r#"{"handle":"010203040506"}"#;
    send(server, Method::POST, paths::CHALLENGE, &headers, body).await
}

#[track_caller]
fn assert_limited(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let seconds: u32 = answer.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
    let error = answer.error(ErrorCode::RateLimited);
    assert_eq!(error.retry_after_seconds, Some(seconds));
}

#[tokio::test]
async fn strangers_are_limited_and_cannot_change_their_address() {
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.rates.general = per_minute(3);
    })
    .await;
    for forged in ["203.0.113.1", "203.0.113.2", "203.0.113.3"] {
        assert_eq!(challenge_from(&server, forged).await.status, StatusCode::OK);
    }
    assert_limited(&challenge_from(&server, "203.0.113.4").await);
    // Pages, files and probes are not limited.
    for path in ["/", "/health/live", "/health/ready"] {
        let answer = send(&server, Method::GET, path, &[], "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_counts_for_itself() {
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.rates.general = per_minute(2);
        config.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    for client in ["203.0.113.1", "203.0.113.2"] {
        for _ in 0..2 {
            // What the client itself claims stands further left and does not count.
            let answer = challenge_from(&server, &format!("1.1.1.1, {client}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{client}");
        }
        assert_limited(&challenge_from(&server, &format!("2.2.2.2, {client}")).await);
    }
}

#[tokio::test]
async fn log_ins_are_limited_by_handle_wherever_they_come_from() {
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.rates.login = per_minute(2);
        config.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let mut person = Person::signed_up(&server, 1).await;
    let (one, two) = (
        person.log_in_request(ClientKind::Browser).await,
        &mut person,
    );
    let body = serde_json::to_string(&one).expect("text");
    let attempt = async |address: &str| {
        let headers = [
            ("content-type", "application/json"),
            ("x-forwarded-for", address),
        ];
        send(&server, Method::POST, paths::LOGIN, &headers, body.clone()).await
    };
    assert_eq!(attempt("203.0.113.1").await.status, StatusCode::OK);
    // The nonce was used, so the second is refused; it counts all the same.
    attempt("203.0.113.2").await.error(ErrorCode::LoginRefused);
    assert_limited(&attempt("203.0.113.3").await);
    // Another account is not concerned.
    assert_eq!(two.get(paths::ACCOUNT).await.status, StatusCode::OK);
}

#[tokio::test]
async fn sign_ups_are_limited_by_address() {
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.rates.sign_up = per_minute(2);
    })
    .await;
    for number in 1..=2 {
        Person::signed_up(&server, number).await;
    }
    assert_limited(&Person::new(&server, 3).sign_up().await);
}

#[tokio::test]
async fn an_account_is_limited_across_its_sessions() {
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.rates.account = per_minute(4);
        config.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let person = Person::signed_up(&server, 1).await;
    let (name, value) = person.credential.clone().expect("a cookie");
    let from = async |address: &str| {
        let headers = [(name, value.as_str()), ("x-forwarded-for", address)];
        send(&server, Method::GET, paths::ACCOUNT, &headers, "").await
    };
    for host in 1..=4 {
        assert_eq!(
            from(&format!("203.0.113.{host}")).await.status,
            StatusCode::OK
        );
    }
    assert_limited(&from("203.0.113.9").await);
}

#[tokio::test]
async fn guessing_tokens_is_limited_like_a_stranger() {
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.rates.general = per_minute(2);
    })
    .await;
    let guess = async || {
        let headers = [("authorization", "Bearer guess")];
        send(&server, Method::GET, paths::ACCOUNT, &headers, "").await
    };
    for _ in 0..2 {
        guess().await.error(ErrorCode::Unauthenticated);
    }
    assert_limited(&guess().await);
}
