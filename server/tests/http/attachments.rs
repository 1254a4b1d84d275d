//! Attachments over HTTP: there as a whole, nobody else's, and limited before a byte is read.

use keyarc_testkit::{TempDb, TestServer, build, on_both};
use keyarc_wire::{
    AttachmentUpload, BeginAttachmentRequest, CHUNK_MEDIA_TYPE, ErrorCode, Sealed,
    WriteItemsResponse, limits, paths,
};
use reqwest::{Method, StatusCode};

use crate::common::{Answer, Person, connect, read_to_end, send, write};

/// Envelopes of two chunks.
const BYTES: u64 = limits::ATTACHMENT_CHUNK as u64 + 606;

fn begin(number: u64, bytes: u64) -> BeginAttachmentRequest {
    BeginAttachmentRequest {
        attachment_id: build::attachment_id(number),
        bytes,
    }
}

fn chunk(number: u32) -> String {
    paths::attachment_chunk(build::vault_id(1), build::attachment_id(1), number)
}

async fn put(person: &Person<'_>, path: &str, media_type: &str, Sealed(body): Sealed) -> Answer {
    let origin = person.server.origin();
    let mut headers = vec![("origin", origin.as_str()), ("content-type", media_type)];
    if let Some((name, value)) = &person.credential {
        headers.push((name, value));
    }
    send(person.server, Method::PUT, path, &headers, body).await
}

on_both! {
    async fn a_file_is_uploaded_piece_by_piece_and_read_back(db) {
        let url = db.url().to_owned();
        let server = TestServer::start_with(TempDb::sqlite().await, |config| {
            config.database_url = keyarc_server::config::Secret::new(url);
        })
        .await;
        let person = Person::signed_up(&server, 1).await;
        let vault = build::vault_id(1);
        let attachments = paths::attachments(vault);
        let begun: AttachmentUpload = person.post(&attachments, &begin(1, BYTES)).await.json();
        assert_eq!(begun, AttachmentUpload { chunks: 2, received: vec![] });
        let last = build::sealed(9, 606);
        for _ in 0..2 {
            let answer = put(&person, &chunk(1), CHUNK_MEDIA_TYPE, last.clone()).await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
        }
        let begun: AttachmentUpload = person.post(&attachments, &begin(1, BYTES)).await.json();
        assert_eq!(begun.received, [1]);
        let named = build::change([build::write_with(1, 0, &[1])], []);
        let error = person.write_items(vault, named.clone()).await.error(ErrorCode::InvalidRequest);
        assert_eq!(error.field.as_deref(), Some("writes"));

        let first = build::sealed(8, limits::ATTACHMENT_CHUNK);
        let answer = put(&person, &chunk(0), CHUNK_MEDIA_TYPE, first.clone()).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
        person.write_items(vault, named).await.json::<WriteItemsResponse>();
        for (number, envelope) in [(0, first), (1, last)] {
            let answer = person.get(&chunk(number)).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.header("content-type"), CHUNK_MEDIA_TYPE);
            assert_eq!(answer.header("cache-control"), "no-store");
            assert!(answer.body == envelope.0);
        }
        let discard = paths::discard_attachment(vault, build::attachment_id(1));
        assert_eq!(person.post(&discard, &()).await.status, StatusCode::NO_CONTENT);
        assert_eq!(person.get(&chunk(0)).await.status, StatusCode::OK, "an item names it");

        // Somebody else finds nothing, not even that there is something.
        let stranger = Person::signed_up(&server, 2).await;
        stranger.post(&attachments, &begin(1, BYTES)).await.error(ErrorCode::NotFound);
        stranger.get(&chunk(0)).await.error(ErrorCode::NotFound);
        stranger.post(&discard, &()).await.error(ErrorCode::NotFound);
        put(&stranger, &chunk(0), CHUNK_MEDIA_TYPE, build::sealed(1, 606)).await.error(ErrorCode::NotFound);
        Person::new(&server, 3).get(&chunk(0)).await.error(ErrorCode::Unauthenticated);
    }
}

#[tokio::test]
async fn what_is_no_chunk_is_refused() {
    let server = TestServer::start().await;
    let person = Person::signed_up(&server, 1).await;
    let attachments = paths::attachments(build::vault_id(1));
    let too_large = begin(1, limits::ATTACHMENT + 1);
    let error = person.post(&attachments, &too_large).await;
    assert_eq!(error.status, StatusCode::PAYLOAD_TOO_LARGE);
    let error = error.error(ErrorCode::PayloadTooLarge);
    assert!(error.message.contains("100 MB"), "{error}");
    person
        .post(&attachments, &begin(1, BYTES))
        .await
        .json::<AttachmentUpload>();

    let sealed = |bytes| build::sealed(1, bytes);
    put(&person, &chunk(1), "application/json", sealed(606))
        .await
        .error(ErrorCode::UnsupportedMediaType);
    put(&person, &chunk(1), CHUNK_MEDIA_TYPE, sealed(605))
        .await
        .error(ErrorCode::InvalidRequest);
    let large = sealed(limits::ATTACHMENT_CHUNK + 1);
    put(&person, &chunk(0), CHUNK_MEDIA_TYPE, large)
        .await
        .error(ErrorCode::PayloadTooLarge);
    let plain = Sealed(b"canary".repeat(101));
    let error = put(&person, &chunk(1), CHUNK_MEDIA_TYPE, plain)
        .await
        .error(ErrorCode::InvalidRequest);
    assert!(!error.to_string().contains("canary"));
    for path in [
        chunk(2),
        chunk(1).replace("chunks/1", "chunks/x"),
        chunk(1).replace("chunks/1", "chunks/-1"),
        paths::attachment_chunk(build::vault_id(1), build::attachment_id(2), 0),
        format!("{attachments}/zz/chunks/0"),
    ] {
        put(&person, &path, CHUNK_MEDIA_TYPE, sealed(606))
            .await
            .error(ErrorCode::NotFound);
    }
    let begun: AttachmentUpload = person.post(&attachments, &begin(1, BYTES)).await.json();
    assert!(begun.received.is_empty());
}

#[tokio::test]
async fn the_room_of_an_account_is_configured_and_said() {
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.attachments_mb = 3;
    })
    .await;
    let person = Person::signed_up(&server, 1).await;
    let attachments = paths::attachments(build::vault_id(1));
    person
        .post(&attachments, &begin(1, 2 * BYTES - 606))
        .await
        .json::<AttachmentUpload>();
    let full = person.post(&attachments, &begin(2, BYTES)).await;
    assert_eq!(full.status, StatusCode::INSUFFICIENT_STORAGE);
    let error = full.error(ErrorCode::AttachmentsFull);
    assert!(error.message.contains("3 MB"), "{error}");
    // Given up, it makes room at once.
    let discard = paths::discard_attachment(build::vault_id(1), build::attachment_id(1));
    assert_eq!(
        person.post(&discard, &()).await.status,
        StatusCode::NO_CONTENT
    );
    person
        .post(&attachments, &begin(2, BYTES))
        .await
        .json::<AttachmentUpload>();
}

#[tokio::test]
async fn a_chunk_that_is_announced_too_large_is_refused_before_it_comes() {
    let server = TestServer::start().await;
    let person = Person::signed_up(&server, 1).await;
    let (name, cookie) = person.credential.clone().expect("signed up");
    let mut stream = connect(&server).await;
    let head = format!(
        "PUT {} HTTP/1.1\r\nHost: x\r\nOrigin: {}\r\n{name}: {cookie}\r\n\
         Content-Type: {CHUNK_MEDIA_TYPE}\r\nContent-Length: 99999999\r\n\r\n",
        chunk(0),
        server.origin()
    );
    write(&mut stream, &head).await;
    let answer = read_to_end(&mut stream, std::time::Duration::from_secs(5)).await;
    let answer = answer.expect("closed");
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}
