//! Cookies, bearers and access tokens.

use keyarc_testkit::{TempDb, TestServer};
use keyarc_wire::{AccountResponse, ClientKind, ErrorCode, LoginResponse, RefreshResponse, paths};
use reqwest::StatusCode;

use crate::common::{Person, get};

#[tokio::test]
async fn a_browser_gets_a_cookie_and_no_token() {
    let server = TestServer::start().await;
    let mut person = Person::new(&server, 1);
    let answer = person.sign_up().await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("keyarc-session=kas1_"), "{cookie}");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Strict"), "{cookie}");
    assert!(
        cookie.contains("; Path=/; ") && !cookie.contains("Domain"),
        "{cookie}"
    );
    let max_age = cookie
        .split("Max-Age=")
        .nth(1)
        .and_then(|rest| rest.split(';').next());
    let seconds: u64 = max_age.and_then(|text| text.parse().ok()).expect("seconds");
    assert!(
        (30 * 86_400 - 60..=30 * 86_400).contains(&seconds),
        "{seconds}"
    );
    assert_eq!(answer.json::<LoginResponse>().session_token, None);
    assert!(!answer.text().contains("kas1_"));
}

#[tokio::test]
async fn over_tls_the_cookie_is_bound_to_the_host() {
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.public_origin = keyarc_server::config::Origin::parse("https://keyarc.example");
    })
    .await;
    // The test has no TLS, so the log-in is signed for another origin and refused; logging out
    // without a session is refused as well. The name shows in what is read.
    let plain = [("cookie", "keyarc-session=kas1_x")];
    let secure = [("cookie", "__Host-keyarc=kas1_x")];
    for cookie in [plain, secure] {
        let answer =
            crate::common::send(&server, reqwest::Method::GET, paths::ACCOUNT, &cookie, "").await;
        answer.error(ErrorCode::Unauthenticated);
    }
    assert_eq!(
        server.state().cookie(),
        keyarc_server::SessionCookie::Secure
    );
}

#[tokio::test]
async fn logging_out_ends_the_session_and_the_cookie() {
    let server = TestServer::start().await;
    let person = Person::signed_up(&server, 1).await;
    let answer = person.post(paths::LOGOUT, &()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(
        answer
            .header("set-cookie")
            .starts_with("keyarc-session=; Path=/; Max-Age=0")
    );
    let answer = person.get(paths::ACCOUNT).await;
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    answer.error(ErrorCode::Unauthenticated);
}

#[tokio::test]
async fn logging_in_again_ends_the_session_that_the_browser_had() {
    let server = TestServer::start().await;
    let mut person = Person::signed_up(&server, 1).await;
    let before = person.credential.clone();
    assert_eq!(
        person.log_in(ClientKind::Browser).await.status,
        StatusCode::OK
    );
    let after = person.credential.clone();
    assert_ne!(before, after);
    assert_eq!(person.get(paths::ACCOUNT).await.status, StatusCode::OK);
    person.credential = before;
    person
        .get(paths::ACCOUNT)
        .await
        .error(ErrorCode::Unauthenticated);
}

#[tokio::test]
async fn a_program_exchanges_its_token_for_access() {
    let server = TestServer::start().await;
    let browser = Person::signed_up(&server, 1).await;
    let mut program = Person::new(&server, 1);
    let answer = program.log_in(ClientKind::Api).await;
    assert!(answer.headers.get("set-cookie").is_none());

    // The long-lived token is not for everyday use.
    program
        .get(paths::ACCOUNT)
        .await
        .error(ErrorCode::Unauthenticated);
    let long_lived = program.credential.clone();
    let access: RefreshResponse = program.post(paths::REFRESH, &()).await.json();
    program.bear(&access.access_token);
    let account: AccountResponse = program.get(paths::ACCOUNT).await.json();
    let own: AccountResponse = browser.get(paths::ACCOUNT).await.json();
    assert_eq!(account.id, own.id);
    assert_ne!(account.session_id, own.session_id);

    // An access token cannot prolong itself, and ends with its session.
    program
        .post(paths::REFRESH, &())
        .await
        .error(ErrorCode::Unauthenticated);
    let short_lived = std::mem::replace(&mut program.credential, long_lived);
    assert_eq!(
        program.post(paths::LOGOUT, &()).await.status,
        StatusCode::NO_CONTENT
    );
    program.credential = short_lived;
    program
        .get(paths::ACCOUNT)
        .await
        .error(ErrorCode::Unauthenticated);
}

#[tokio::test]
async fn a_browsers_cookie_is_not_exchanged_for_access() {
    let server = TestServer::start().await;
    let person = Person::signed_up(&server, 1).await;
    person
        .post(paths::REFRESH, &())
        .await
        .error(ErrorCode::Unauthenticated);
}

#[tokio::test]
async fn every_wrong_credential_is_refused_alike() {
    let server = TestServer::start().await;
    let mut person = Person::new(&server, 1);
    let mut bodies = Vec::new();
    for credential in [
        None,
        Some(("cookie", "keyarc-session=kas1_nonsense".to_owned())),
        Some(("cookie", "keyarc-session=".to_owned())),
        Some(("authorization", "Basic eDp5".to_owned())),
        Some(("authorization", "Bearer".to_owned())),
        Some(("authorization", "Bearer ey.ey.x".to_owned())),
        Some(("authorization", format!("Bearer kas1_{}", "A".repeat(43)))),
    ] {
        person.credential = credential;
        let mut error = person
            .get(paths::ACCOUNT)
            .await
            .error(ErrorCode::Unauthenticated);
        error.request_id = None;
        bodies.push(error);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
}

#[tokio::test]
async fn server_functions_know_the_caller() {
    let server = TestServer::start().await;
    let person = Person::signed_up(&server, 1).await;
    let answer = person
        .post("/rpc/sessions/list", &serde_json::json!({}))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(
        answer.text().contains("\"device_name\":\"a browser\""),
        "{}",
        answer.text()
    );

    let stranger = Person::new(&server, 2);
    let answer = stranger
        .post("/rpc/sessions/list", &serde_json::json!({}))
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.text());
    assert_eq!(
        get(&server, "/rpc/sessions/list").await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    get(&server, "/rpc/none").await.error(ErrorCode::NotFound);
}
