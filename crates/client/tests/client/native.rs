//! The native transport against a server that answers as it is told.

use keyarc_client::{
    Api, ApiFailure, HttpRequest, Method, NativeHost, NativeTransport, Patience, Transport as _,
    TransportError,
};
use keyarc_wire::{ChallengeRequest, Handle};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use zeroize::Zeroizing;

/// Answers each connection with the next of these bytes; returns the origin and what was asked.
async fn serve(answers: Vec<String>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = tokio::spawn(async move {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut socket, _) = listener.accept().await.expect("accepts");
            let mut request = vec![0; 8192];
            let mut length = 0;
            while !complete(&request[..length]) {
                length += socket.read(&mut request[length..]).await.expect("reads");
            }
            asked.push(String::from_utf8_lossy(&request[..length]).into_owned());
            socket.write_all(answer.as_bytes()).await.expect("writes");
            socket.shutdown().await.expect("closes");
        }
        asked
    });
    (origin, asked)
}

/// Is the head there, and as much of a body as it announces?
fn complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().expect("a number"))
}

fn answer(head: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn get(max_response: usize) -> HttpRequest {
    HttpRequest {
        method: Method::Get,
        path: "/x".into(),
        body: None,
        body_type: "application/json",
        accept: "application/json",
        bearer: None,
        max_response,
        patience: Patience::Short,
    }
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_not_read() {
    let body = "x".repeat(1_000);
    let answers = vec![answer("200 OK", &body), answer("200 OK", &body)];
    let (origin, _asked) = serve(answers).await;
    let transport = NativeTransport::new(&origin).expect("loopback");
    assert_eq!(
        transport.send(get(999)).await.err(),
        Some(TransportError::TooLarge)
    );
    assert_eq!(
        transport.send(get(1_000)).await.expect("fits").body.len(),
        1_000
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_a_closed_door_is_no_answer() {
    let redirect = answer("302 Found\r\nlocation: http://127.0.0.1:1/", "");
    let (origin, asked) = serve(vec![redirect]).await;
    let transport = NativeTransport::new(&origin).expect("loopback");
    assert_eq!(transport.send(get(10)).await.expect("answers").status, 302);
    asked.await.expect("ends");
    assert_eq!(
        transport.send(get(10)).await.err(),
        Some(TransportError::NoAnswer)
    );
}

#[tokio::test]
async fn a_session_token_is_exchanged_and_a_refused_access_token_renewed_once() {
    let json = "content-type: application/json";
    let refresh = |token: &str| {
        let body = format!(r#"{{"access_token":"{token}","expires_at_ms":99999999999999}}"#);
        answer(&format!("200 OK\r\n{json}"), &body)
    };
    let refused = answer(
        "401 Unauthorized\r\ncontent-type: application/problem+json",
        r#"{"code":"unauthenticated","message":"No.","action":"Log in."}"#,
    );
    let done = answer("204 No Content", "");
    let answers = vec![
        refresh("first"),
        done.clone(),
        refused,
        refresh("second"),
        done,
    ];
    let (origin, asked) = serve(answers).await;
    let api = Api::new(NativeTransport::new(&origin).expect("loopback"));
    api.use_session_token(Zeroizing::new("kas1_token".into()));
    for _ in 0..2 {
        api.dismiss_notices(1).await.expect("answers");
    }
    let bearers: Vec<_> = asked
        .await
        .expect("ends")
        .iter()
        .map(|request| {
            let line = request
                .lines()
                .find_map(|line| line.strip_prefix("authorization: Bearer "));
            line.unwrap_or_default().to_owned()
        })
        .collect();
    assert_eq!(
        bearers,
        ["kas1_token", "first", "first", "kas1_token", "second"]
    );
}

#[tokio::test]
async fn calls_without_a_session_carry_no_token() {
    let body = format!(r#"{{"nonce":"{}","expires_at_ms":1}}"#, "A".repeat(43));
    let good = answer(
        "200 OK\r\ncontent-type: application/json; charset=utf-8",
        &body,
    );
    let html = answer("200 OK\r\ncontent-type: text/html", &body);
    let (origin, asked) = serve(vec![good, html]).await;
    let api = Api::new(NativeTransport::new(&origin).expect("loopback"));
    api.use_session_token(Zeroizing::new("kas1_token".into()));
    let request = ChallengeRequest {
        handle: Handle([1; 6]),
    };
    assert_eq!(
        api.challenge(&request)
            .await
            .expect("answers")
            .expires_at_ms,
        1
    );
    assert_eq!(
        api.challenge(&request).await.err(),
        Some(ApiFailure::Malformed)
    );
    let asked = asked.await.expect("ends");
    assert!(
        asked
            .iter()
            .all(|request| !request.to_lowercase().contains("authorization"))
    );
    assert!(
        asked[0].starts_with("POST /auth/challenge ") && asked[0].ends_with(r#""010101010101"}"#)
    );
}

#[tokio::test]
async fn the_native_host_has_a_clock_and_waits() {
    use keyarc_client::Host as _;
    let before = NativeHost.now_ms();
    NativeHost.sleep(50).await;
    let waited = NativeHost.now_ms() - before;
    assert!((40..20_000).contains(&waited), "{waited} ms");
    assert!(before > 1_700_000_000_000);
}
