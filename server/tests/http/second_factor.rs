//! The second half of a log-in, over HTTP.

use std::time::{SystemTime, UNIX_EPOCH};

use keyarc_testkit::{TestServer, TotpApp};
use keyarc_wire::{
    ApiError, ClientKind, ErrorCode, LoginRequest, LoginResponse, RecoveryCodes, SecondFactorKind,
    SecondFactorRequest, SecondFactorStatus, TotpEnrolment, paths,
};
use reqwest::StatusCode;
use serde_json::json;

use crate::common::{Answer, Person};

/// The server's own clock is that of the machine.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_millis() as u64
}

/// Turns the second factor on, as the settings page does. The app's code of now is used up.
async fn enrol(person: &Person<'_>) -> TotpApp {
    let fresh = person.confirm().await;
    let enrolment: TotpEnrolment = person
        .post("/rpc/second-factor/begin", &json!({ "fresh": fresh }))
        .await
        .json();
    let mut app = TotpApp::of(&enrolment);
    let confirmation = json!({
        "sealed_secret": enrolment.sealed_secret,
        "code": app.code(now_ms()),
    });
    let codes: RecoveryCodes = person
        .post("/rpc/second-factor/confirm", &confirmation)
        .await
        .json();
    app.recovery_codes = codes.codes;
    app
}

/// The first half, and what it is answered with.
async fn first_half(person: &Person<'_>, client: ClientKind) -> (LoginRequest, ApiError) {
    let request = person.log_in_request(client).await;
    let answer = person.post(paths::LOGIN, &request).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    (request, answer.error(ErrorCode::SecondFactorRequired))
}

async fn second_half(
    person: &Person<'_>,
    (log_in, required): &(LoginRequest, ApiError),
    code: &str,
) -> Answer {
    let challenge = required.second_factor.as_ref().expect("how to go on");
    let request = SecondFactorRequest {
        log_in: log_in.clone(),
        token: challenge.token,
        code: code.to_owned(),
    };
    person.post(paths::LOGIN_SECOND_FACTOR, &request).await
}

#[tokio::test]
async fn without_the_code_there_is_no_session_and_no_ciphertext() {
    let server = TestServer::start().await;
    let mut person = Person::signed_up(&server, 1).await;
    let app = enrol(&person).await;
    let browser = person.credential.take();

    let request = person.log_in_request(ClientKind::Browser).await;
    let answer = person.post(paths::LOGIN, &request).await;
    let text = answer.text().to_owned();
    assert!(answer.headers.get("set-cookie").is_none());
    assert!(answer.headers.get("www-authenticate").is_none());
    for word in ["account", "keyset", "wrapped", "kas1_", "vaults"] {
        assert!(!text.contains(&format!("\"{word}")), "{text}");
    }
    let required = answer.error(ErrorCode::SecondFactorRequired);
    let challenge = required.second_factor.as_ref().expect("how to go on");
    assert_eq!(
        challenge.factors,
        [SecondFactorKind::Totp, SecondFactorKind::RecoveryCode]
    );
    let halves = (request, required);

    let wrong = second_half(&person, &halves, &app.wrong_code(now_ms())).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert!(wrong.headers.get("set-cookie").is_none());
    wrong.error(ErrorCode::SecondFactorRefused);

    // The next code is good a step early, so that nobody has to wait for it here.
    let right = second_half(&person, &halves, &app.code(now_ms() + 30_000)).await;
    assert_eq!(right.status, StatusCode::OK, "{}", right.text());
    assert!(
        right
            .header("set-cookie")
            .starts_with("keyarc-session=kas1_")
    );
    assert_eq!(right.json::<LoginResponse>().session_token, None);

    // The session from before is still in force.
    person.credential = browser;
    let status: SecondFactorStatus = person
        .post("/rpc/second-factor/status", &json!({}))
        .await
        .json();
    assert!(status.since_ms.is_some());
    assert_eq!(status.recovery_codes_left, 10);
}

#[tokio::test]
async fn a_program_gets_its_token_after_the_code() {
    let server = TestServer::start().await;
    let person = Person::signed_up(&server, 1).await;
    let app = enrol(&person).await;
    let halves = first_half(&person, ClientKind::Api).await;
    let answer = second_half(&person, &halves, &app.recovery_codes[0]).await;
    assert!(answer.headers.get("set-cookie").is_none());
    assert!(answer.json::<LoginResponse>().session_token.is_some());
}

#[tokio::test]
async fn neither_a_code_nor_a_token_is_taken_twice() {
    let server = TestServer::start().await;
    let person = Person::signed_up(&server, 1).await;
    let app = enrol(&person).await;
    let code = app.code(now_ms() + 30_000);
    let halves = first_half(&person, ClientKind::Browser).await;
    let answer = second_half(&person, &halves, &code).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    second_half(&person, &halves, &app.recovery_codes[0])
        .await
        .error(ErrorCode::LoginRefused);
    let again = first_half(&person, ClientKind::Browser).await;
    second_half(&person, &again, &code)
        .await
        .error(ErrorCode::SecondFactorRefused);
    let answer = second_half(&person, &again, &app.recovery_codes[0]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

#[tokio::test]
async fn a_token_of_somebody_else_or_of_nobody_is_a_refused_log_in() {
    let server = TestServer::start().await;
    let ada = Person::signed_up(&server, 1).await;
    let eve = Person::signed_up(&server, 2).await;
    let (adas_app, eves_app) = (enrol(&ada).await, enrol(&eve).await);
    let (adas, eves) = (
        first_half(&ada, ClientKind::Browser).await,
        first_half(&eve, ClientKind::Browser).await,
    );
    let mixed = [
        ((adas.0.clone(), eves.1.clone()), &adas_app),
        ((eves.0.clone(), adas.1.clone()), &eves_app),
    ];
    for (halves, app) in &mixed {
        second_half(&ada, halves, &app.recovery_codes[0])
            .await
            .error(ErrorCode::LoginRefused);
    }
    let mut old = adas.clone();
    let challenge = old.1.second_factor.as_mut().expect("how to go on");
    // As if it had been made a day ago.
    challenge.token.0[4] ^= 0x10;
    second_half(&ada, &old, &adas_app.recovery_codes[0])
        .await
        .error(ErrorCode::LoginRefused);
    // None of it used a code up.
    let answer = second_half(&ada, &adas, &adas_app.recovery_codes[0]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

#[tokio::test]
async fn a_wrong_password_does_not_tell_who_has_a_second_factor() {
    let server = TestServer::start().await;
    let with = Person::signed_up(&server, 1).await;
    enrol(&with).await;
    let without = Person::signed_up(&server, 2).await;
    let nobody = Person::new(&server, 3);
    let mut answers = Vec::new();
    for person in [&with, &without, &nobody] {
        let mut request = person.log_in_request(ClientKind::Browser).await;
        request.proof.signature.0[0] ^= 1;
        let answer = person.post(paths::LOGIN, &request).await;
        let mut error = answer.error(ErrorCode::LoginRefused);
        error.request_id = None;
        answers.push((answer.status, error));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn guessing_ends_after_five_codes() {
    let server = TestServer::start().await;
    let person = Person::signed_up(&server, 1).await;
    let app = enrol(&person).await;
    let halves = first_half(&person, ClientKind::Browser).await;
    for _ in 0..5 {
        second_half(&person, &halves, &app.wrong_code(now_ms()))
            .await
            .error(ErrorCode::SecondFactorRefused);
    }
    let limited = second_half(&person, &halves, &app.code(now_ms() + 30_000)).await;
    let seconds: u32 = limited.header("retry-after").parse().expect("seconds");
    assert!((800..=900).contains(&seconds), "{seconds}");
    let error = limited.error(ErrorCode::RateLimited);
    assert_eq!(error.retry_after_seconds, Some(seconds));
    // Nor does another log-in or a session help.
    let again = first_half(&person, ClientKind::Browser).await;
    second_half(&person, &again, &app.recovery_codes[0])
        .await
        .error(ErrorCode::RateLimited);
    let answer = person
        .post(
            "/rpc/second-factor/turn-off",
            &json!({ "code": app.recovery_codes[0] }),
        )
        .await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn it_is_turned_off_and_renewed_by_a_code_alone() {
    let server = TestServer::start().await;
    let mut person = Person::signed_up(&server, 1).await;
    let app = enrol(&person).await;
    for path in ["renew-codes", "turn-off"] {
        let path = format!("/rpc/second-factor/{path}");
        for code in ["", "000000000", app.wrong_code(now_ms()).as_str()] {
            let answer = person.post(&path, &json!({ "code": code })).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        }
        let stranger = Person::new(&server, 9);
        let code = &app.recovery_codes[0];
        let answer = stranger.post(&path, &json!({ "code": code })).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let renewed: RecoveryCodes = person
        .post(
            "/rpc/second-factor/renew-codes",
            &json!({ "code": app.recovery_codes[0] }),
        )
        .await
        .json();
    let answer = person
        .post(
            "/rpc/second-factor/turn-off",
            &json!({ "code": renewed.codes[0] }),
        )
        .await;
    assert!(answer.status.is_success(), "{}", answer.text());
    assert_eq!(
        person.log_in(ClientKind::Browser).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn sessions_tell_no_more_than_their_network() {
    let server = TestServer::start().await;
    let mut person = Person::signed_up(&server, 1).await;
    let first = person.credential.clone();
    person.credential = None;
    person.log_in(ClientKind::Browser).await;
    let answer = person.post("/rpc/sessions/list", &json!({})).await;
    assert_eq!(answer.text().matches("\"this machine\"").count(), 2);
    assert!(!answer.text().contains("127.0"), "{}", answer.text());
    let answer = person.post("/rpc/sessions/revoke-others", &json!({})).await;
    assert_eq!(answer.text(), "1");
    assert_eq!(person.get(paths::ACCOUNT).await.status, StatusCode::OK);
    person.credential = first;
    person
        .get(paths::ACCOUNT)
        .await
        .error(ErrorCode::Unauthenticated);
}
