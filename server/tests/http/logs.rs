//! What is written down, and what is not.

use std::sync::Arc;

use keyarc_auth::LoginPurpose;
use keyarc_testkit::{TestServer, build, captured_log};
use keyarc_wire::{ClientKind, RefreshResponse, paths};
use reqwest::Method;

use crate::common::{Person, post, read_to_end, send, write};

fn logged() -> String {
    String::from_utf8(captured_log()).expect("text")
}

#[tokio::test]
async fn the_log_says_what_happened_and_nothing_that_identifies() {
    captured_log();
    let server = TestServer::start().await;
    let number = 0x00ca_9a57_11ee;
    let mut person = Person::new(&server, number);
    let mut request = person.sign_up_request().await;
    request.email = Some("canary@example.org".to_owned());
    request.device_name = "canary laptop".to_owned();
    let answer = person.post(paths::SIGN_UP, &request).await;
    let cookie = answer
        .header("set-cookie")
        .split(';')
        .next()
        .expect("a cookie")
        .to_owned();
    let cookie_value = cookie.split_once('=').expect("a value").1.to_owned();
    person.credential = Some(("cookie", cookie));

    let vault = build::vault_id(number);
    person
        .write_items(vault, build::change([build::write(1, 0)], []))
        .await;
    person.get(&paths::changes(vault, 0, None)).await;
    let proof = person.proof(LoginPurpose::Login).await;
    person.log_in(ClientKind::Api).await;
    let bearer = person.credential.clone().expect("a bearer").1;
    let access: RefreshResponse = person.post(paths::REFRESH, &()).await.json();

    // Things gone wrong are where logs leak.
    let id = "log-test-request-1";
    let headers = [
        ("x-request-id", id),
        ("cookie", "keyarc-session=canary-cookie"),
    ];
    send(
        &server,
        Method::GET,
        "/api/account?canary-query=1",
        &headers,
        "",
    )
    .await;
    send(
        &server,
        Method::GET,
        "/canary-path?canary-query=1",
        &[("user-agent", "canary")],
        "",
    )
    .await;
    send(
        &server,
        Method::from_bytes(b"CANARY").expect("a method"),
        "/",
        &[],
        "",
    )
    .await;
    post(&server, paths::CHALLENGE, r#"{"handle":"canary"}"#).await;
    post(&server, paths::LOGIN, "canary").await;

    let log = logged();
    let line = log
        .lines()
        .find(|line| line.contains(id))
        .expect("the request was logged");
    let line: serde_json::Value = serde_json::from_str(line).expect("a JSON line");
    assert_eq!(line["method"], "GET");
    assert_eq!(line["route"], paths::ACCOUNT);
    assert_eq!(line["status"], 401);
    assert!(line["duration_ms"].is_number());
    assert!(log.contains(&format!("\"route\":\"{}\"", paths::CHANGES_ROUTE)));

    let handle = build::handle(number).to_string();
    let vault = vault.to_string();
    let signature = serde_json::to_string(&proof.signature).expect("text");
    for secret in [
        "canary",
        "CANARY",
        &handle,
        &vault,
        &cookie_value,
        bearer.trim_start_matches("Bearer "),
        &access.access_token,
        signature.trim_matches('"'),
        "127.0.0.1:",
    ] {
        let leak = log.lines().find(|line| line.contains(secret));
        assert!(leak.is_none(), "{secret} is in the log: {leak:?}");
    }
}

#[tokio::test]
async fn a_panic_is_a_500_that_says_nothing() {
    captured_log();
    keyarc_server::middleware::panic::install_hook();
    let router = axum::Router::new()
        .route(
            "/",
            axum::routing::get(async || -> &'static str { panic!("canary in a panic") }),
        )
        .layer(axum::middleware::from_fn(
            keyarc_server::middleware::panic::layer,
        ));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let limits = keyarc_server::listen::Limits {
        connections: 16,
        trusted_proxies: Arc::new([]),
        waits: keyarc_server::config::Waits::default(),
    };
    let serving = tokio::spawn(keyarc_server::listen::serve(
        listener,
        router,
        limits,
        std::future::pending(),
    ));
    for _ in 0..2 {
        let mut stream = tokio::net::TcpStream::connect(address)
            .await
            .expect("accepted");
        write(
            &mut stream,
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        )
        .await;
        let wait = std::time::Duration::from_secs(5);
        let text = read_to_end(&mut stream, wait).await.expect("answered");
        assert!(text.starts_with("HTTP/1.1 500"), "{text}");
        assert!(
            text.contains("\"code\":\"internal\"") && !text.contains("canary"),
            "{text}"
        );
    }
    let log = logged();
    assert!(
        log.contains("\"message\":\"panicked\"") && log.contains("logs.rs"),
        "{log}"
    );
    assert!(!log.contains("canary in a panic"));
    serving.abort();
}
