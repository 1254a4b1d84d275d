//! Clients that are slow, large or many.

use std::time::Duration;

use keyarc_testkit::{TempDb, TestServer, build};
use keyarc_wire::{ErrorCode, limits, paths};
use reqwest::{Method, StatusCode};
use tokio::{io::AsyncReadExt as _, net::TcpSocket, time::Instant};

use crate::common::{Person, connect, get, post, read_to_end, send, write};

const SOON: Duration = Duration::from_secs(5);

async fn impatient_server() -> TestServer {
    TestServer::start_with(TempDb::sqlite().await, |config| {
        config.waits.headers = Duration::from_millis(300);
        config.waits.body_pause = Duration::from_millis(300);
        config.waits.body_grace = Duration::from_millis(600);
        config.waits.write_stall = Duration::from_millis(500);
    })
    .await
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let server = impatient_server().await;
    let mut silent = connect(&server).await;
    assert_eq!(read_to_end(&mut silent, SOON).await.as_deref(), Some(""));
}

#[tokio::test]
async fn headers_that_drip_are_cut_off_however_steadily_they_come() {
    let server = impatient_server().await;
    let (mut reader, mut writer) = connect(&server).await.into_split();
    let dripping = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        let _ = writer.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").await;
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if writer.write_all(b"X-Drip: 1\r\n").await.is_err() {
                break;
            }
        }
    });
    let started = Instant::now();
    let mut bytes = Vec::new();
    let _ = tokio::time::timeout(SOON, reader.read_to_end(&mut bytes))
        .await
        .expect("cut off");
    assert!(started.elapsed() < Duration::from_secs(2));
    dripping.abort();
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_last_response() {
    let server = impatient_server().await;
    let mut idle = connect(&server).await;
    write(&mut idle, "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let text = read_to_end(&mut idle, SOON).await.expect("closed");
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

fn challenge_head(length: usize) -> String {
    format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n",
        paths::CHALLENGE
    )
}

#[tokio::test]
async fn a_body_that_stops_is_refused() {
    let server = impatient_server().await;
    let mut stream = connect(&server).await;
    write(&mut stream, &challenge_head(30)).await;
    write(&mut stream, "{\"handle\":").await;
    let text = read_to_end(&mut stream, SOON).await.expect("closed");
    assert!(
        text.starts_with("HTTP/1.1 400") && text.contains("too slowly"),
        "{text}"
    );
}

#[tokio::test]
async fn a_body_that_drips_is_refused() {
    let server = impatient_server().await;
    let (mut reader, mut writer) = connect(&server).await.into_split();
    let dripping = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        let _ = writer.write_all(challenge_head(60_000).as_bytes()).await;
        for _ in 0..200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if writer.write_all(b"{").await.is_err() {
                break;
            }
        }
    });
    let mut bytes = vec![0; 12];
    tokio::time::timeout(SOON, reader.read_exact(&mut bytes))
        .await
        .expect("soon")
        .expect("bytes");
    assert_eq!(bytes, b"HTTP/1.1 400");
    dripping.abort();
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_cut_off() {
    let server = impatient_server().await;
    let person = Person::signed_up(&server, 1).await;
    let vault = build::vault_id(1);
    // More than the socket buffers of both sides hold.
    let items = (0..2_000).map(|item| keyarc_wire::ItemWrite {
        overview: build::sealed(1, limits::OVERVIEW),
        ..build::write(item, 0)
    });
    let written = person.write_items(vault, build::change(items, [])).await;
    assert_eq!(written.status, StatusCode::OK, "{}", written.text());

    let socket = TcpSocket::new_v4().expect("a socket");
    socket
        .set_recv_buffer_size(8 * 1024)
        .expect("a small buffer");
    let mut stream = socket
        .connect(server.address())
        .await
        .expect("the server accepts");
    let (name, value) = person.credential.clone().expect("a cookie");
    let path = paths::changes(vault, 0, None);
    write(
        &mut stream,
        &format!("GET {path} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\n\r\n"),
    )
    .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let text = read_to_end(&mut stream, SOON).await.expect("cut off");
    assert!(text.starts_with("HTTP/1.1 200"));
    assert!(text.len() < 2_000 * limits::OVERVIEW / 2, "{}", text.len());
}

#[tokio::test]
async fn an_announced_large_body_is_refused_before_any_of_it_is_sent() {
    let server = TestServer::start().await;
    let mut stream = connect(&server).await;
    write(&mut stream, &challenge_head(limits::BODY + 1)).await;
    let text = read_to_end(&mut stream, SOON).await.expect("closed");
    assert!(text.starts_with("HTTP/1.1 413"), "{text}");
    assert!(text.contains("\"code\":\"payload_too_large\""), "{text}");
    assert!(text.to_lowercase().contains("connection: close"), "{text}");
}

#[tokio::test]
async fn an_endless_body_is_refused_when_it_has_reached_the_limit() {
    let server = TestServer::start().await;
    let chunk: Vec<u8> = vec![b' '; 16 * 1024];
    let endless = futures::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
    let body = reqwest::Body::wrap_stream(endless);
    post(&server, paths::CHALLENGE, body)
        .await
        .error(ErrorCode::PayloadTooLarge);
}

#[tokio::test]
async fn a_refused_upload_still_gets_its_answer() {
    let server = TestServer::start().await;
    // Larger than what socket buffers hold, so that the client is still sending.
    let body = vec![b' '; 4 * 1024 * 1024];
    post(&server, paths::CHALLENGE, body)
        .await
        .error(ErrorCode::PayloadTooLarge);
}

#[tokio::test]
async fn a_write_may_be_larger_than_other_bodies_but_not_without_a_session() {
    let server = TestServer::start().await;
    let path = format!("/api/vaults/{}/items", "00".repeat(16));
    let body = vec![b' '; 1024 * 1024];
    post(&server, &path, body.clone())
        .await
        .error(ErrorCode::Unauthenticated);

    let person = Person::signed_up(&server, 1).await;
    let (name, value) = person.credential.clone().expect("a cookie");
    let origin = server.origin();
    let headers = [
        ("content-type", "application/json"),
        ("origin", &origin),
        (name, &value),
    ];
    let answer = send(&server, Method::POST, &path, &headers, body).await;
    // Read in full, and then found not to be JSON.
    answer.error(ErrorCode::InvalidRequest);
}

#[tokio::test]
async fn giant_headers_are_refused() {
    let server = TestServer::start().await;
    let answer = send(
        &server,
        Method::GET,
        "/health/live",
        &[("x-big", &"x".repeat(40_000))],
        "",
    )
    .await;
    assert_eq!(answer.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test]
async fn one_address_cannot_take_all_connections() {
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.max_connections = 16;
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..16 {
        held.push(connect(&server).await);
    }
    // The next one waits in the backlog until one of them goes.
    let mut waiting = connect(&server).await;
    write(
        &mut waiting,
        "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert_eq!(
        read_to_end(&mut waiting, Duration::from_millis(300)).await,
        None
    );
    drop(held);
    let text = read_to_end(&mut waiting, SOON).await.expect("answered");
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert_eq!(get(&server, "/health/live").await.status, StatusCode::OK);
}

#[tokio::test]
async fn malformed_requests_get_a_400_and_no_more() {
    let server = TestServer::start().await;
    for nonsense in ["\u{16}\u{3}\u{1}", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
        let mut stream = connect(&server).await;
        write(&mut stream, nonsense).await;
        write(&mut stream, "\r\n\r\n").await;
        let text = read_to_end(&mut stream, SOON).await.expect("closed");
        assert!(
            text.is_empty() || text.starts_with("HTTP/1.1 400"),
            "{nonsense:?}: {text}"
        );
    }
    assert_eq!(get(&server, "/health/live").await.status, StatusCode::OK);
}
