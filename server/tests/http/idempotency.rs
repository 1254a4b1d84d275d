//! Requests that are sent again with the same `Idempotency-Key`.

use std::time::Duration;

use keyarc_testkit::{TestServer, build, on_both};
use keyarc_wire::{
    AccountResponse, ErrorCode, Fixed, KeepPinsRequest, VaultId, WriteItemsRequest,
    WriteItemsResponse, limits, paths,
};
use reqwest::StatusCode;

use crate::common::{Answer, Person, another_server, connect, write as send_text};

const KEY: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";

/// Somebody, and their vault.
async fn owner(server: &TestServer) -> (Person<'_>, VaultId) {
    let person = Person::signed_up(server, 1).await;
    (person, build::vault_id(1))
}

/// A write of one item on top of what is there.
async fn next_write(person: &Person<'_>, vault: VaultId, item: u64) -> WriteItemsRequest {
    let write = build::change([build::write(item, 0)], []);
    person.following(vault, write).await
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == "true"
}

on_both! {
    async fn a_write_whose_answer_was_lost_is_not_done_twice(db) {
        let server = another_server(db).await;
        let (person, vault) = owner(&server).await;
        let items = paths::items(vault);
        let write = next_write(&person, vault, 1).await;
        let first = person.post_keyed(&items, KEY, &write).await;
        assert_eq!(first.json::<WriteItemsResponse>().revision, 1);
        assert!(!is_replayed(&first));
        for _ in 0..2 {
            let again = person.post_keyed(&items, KEY, &write).await;
            assert_eq!((again.status, &again.body), (first.status, &first.body));
            assert_eq!(again.header("content-type"), "application/json");
            assert_eq!(again.header("cache-control"), "no-store");
            assert!(is_replayed(&again));
        }
        // Without the key it is what it was: too late.
        person.post(&items, &write).await.error(ErrorCode::ManifestStale);

        // Others go on, and it still is the answer of that key.
        let later = next_write(&person, vault, 2).await;
        let second = person.post_keyed(&items, "another", &later).await;
        assert_eq!(second.json::<WriteItemsResponse>().revision, 2);
        let again = person.post_keyed(&items, KEY, &write).await;
        assert_eq!((again.json::<WriteItemsResponse>().revision, is_replayed(&again)), (1, true));

        // A key is for one request: not for another body, nor for the same at another place.
        person.post_keyed(&items, KEY, &later).await.error(ErrorCode::IdempotencyKeyReused);
        let elsewhere = paths::items(build::vault_id(9));
        person.post_keyed(&elsewhere, KEY, &write).await.error(ErrorCode::IdempotencyKeyReused);
    }

    async fn a_large_write_is_read_once_and_done_once(db) {
        let server = another_server(db).await;
        let (person, vault) = owner(&server).await;
        let many = build::change((1..=400).map(|item| build::write(item, 0)), []);
        let many = person.following(vault, many).await;
        let length = serde_json::to_vec(&many).expect("JSON").len();
        assert!(length > 4 * limits::BODY, "{length}");
        let items = paths::items(vault);
        let first = person.post_keyed(&items, KEY, &many).await;
        assert_eq!(first.json::<WriteItemsResponse>().revision, 1);
        let again = person.post_keyed(&items, KEY, &many).await;
        assert_eq!((again.json::<WriteItemsResponse>().revision, is_replayed(&again)), (1, true));
    }

    async fn an_error_is_not_kept(db) {
        let server = another_server(db).await;
        let (person, vault) = owner(&server).await;
        let items = paths::items(vault);
        let first = next_write(&person, vault, 1).await;
        let stale = next_write(&person, vault, 2).await;
        person.post_keyed(&items, "first", &first).await.json::<WriteItemsResponse>();
        for _ in 0..2 {
            person.post_keyed(&items, KEY, &stale).await.error(ErrorCode::ManifestStale);
        }
        // Made anew it is another request, and the key was not used up.
        let anew = next_write(&person, vault, 2).await;
        let done = person.post_keyed(&items, KEY, &anew).await;
        assert_eq!((done.json::<WriteItemsResponse>().revision, is_replayed(&done)), (2, false));
    }

    async fn whoever_hangs_up_finds_the_answer_later(db) {
        let server = another_server(db).await;
        let (person, vault) = owner(&server).await;
        let items = paths::items(vault);
        let (_, cookie) = person.credential.clone().expect("a cookie");
        let mut found = 0;
        for revision in 1..=12 {
            let write = next_write(&person, vault, revision).await;
            let body = serde_json::to_string(&write).expect("JSON");
            let key = format!("write-{revision}");
            let mut stream = connect(&server).await;
            let head = format!(
                "POST {items} HTTP/1.1\r\nhost: {}\r\norigin: {}\r\ncookie: {cookie}\r\n\
                 idempotency-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                server.address(), server.origin(), body.len(),
            );
            send_text(&mut stream, &format!("{head}{body}")).await;
            // Now and then the server has begun by then, now and then it has not.
            tokio::time::sleep(Duration::from_micros(200 * revision)).await;
            drop(stream);
            let mut tries = 0;
            let answer = loop {
                let again = person.post_keyed(&items, &key, &write).await;
                if again.status.is_success() {
                    break again;
                }
                again.error(ErrorCode::RequestUnderWay);
                tries += 1;
                assert!(tries < 2_000, "{key} never ends");
                tokio::time::sleep(Duration::from_millis(5)).await;
            };
            found += u32::from(is_replayed(&answer));
            assert_eq!(answer.json::<WriteItemsResponse>().revision, revision);
        }
        assert!(found > 0, "every one had hung up before anything began");
    }

    async fn of_many_at_a_time_one_is_carried_out(db) {
        let server = another_server(db).await;
        let (person, vault) = owner(&server).await;
        let items = paths::items(vault);
        let write = next_write(&person, vault, 1).await;
        let tries = (0..6).map(|_| person.post_keyed(&items, KEY, &write));
        let answers = futures::future::join_all(tries).await;
        let done = answers.iter().filter(|one| one.status.is_success() && !is_replayed(one));
        assert_eq!(done.count(), 1);
        for answer in answers.iter().filter(|one| !one.status.is_success()) {
            answer.error(ErrorCode::RequestUnderWay);
        }
        let again = person.post_keyed(&items, KEY, &write).await;
        assert_eq!((again.json::<WriteItemsResponse>().revision, is_replayed(&again)), (1, true));
    }
}

#[tokio::test]
async fn keys_belong_to_an_account_and_a_session() {
    let server = TestServer::start().await;
    let (one, mut two) = (
        Person::signed_up(&server, 1).await,
        Person::signed_up(&server, 2).await,
    );
    for person in [&one, &two] {
        let dismissed = person.post_keyed(paths::NOTICES_DISMISS, KEY, &()).await;
        assert_eq!(dismissed.status, StatusCode::NO_CONTENT);
        assert!(!is_replayed(&dismissed), "{}", person.number);
        let again = person.post_keyed(paths::NOTICES_DISMISS, KEY, &()).await;
        assert_eq!((again.status, again.body.len()), (dismissed.status, 0));
        assert_eq!(again.header("content-type"), "");
        assert!(is_replayed(&again));
    }
    // Whoever has no session gets no answer of anybody's.
    two.credential = None;
    let refused = two.post_keyed(paths::NOTICES_DISMISS, KEY, &()).await;
    refused.error(ErrorCode::Unauthenticated);
}

#[tokio::test]
async fn bad_keys_and_bodies_are_refused_and_change_nothing() {
    let server = TestServer::start().await;
    let person = Person::signed_up(&server, 1).await;
    let pins = |byte| KeepPinsRequest {
        device: Fixed([7; 16]),
        pins: build::sealed(byte, 350),
    };
    let longest = "k".repeat(255);
    for bad in ["", "two words", "\u{e4}", &format!("{longest}k")] {
        let refused = person.post_keyed(paths::PINS, bad, &pins(1)).await;
        let error = refused.error(ErrorCode::InvalidRequest);
        assert_eq!(error.field.as_deref(), Some("Idempotency-Key"), "{bad:?}");
    }
    let account: AccountResponse = person.get(paths::ACCOUNT).await.json();
    assert!(account.pins.is_empty());

    // What is no request of this kind uses no key up, and is refused as without one.
    let malformed = person.post_keyed(paths::PINS, &longest, &"no").await;
    malformed.error(ErrorCode::InvalidRequest);
    let large = "x".repeat(limits::BODY);
    let too_large = person.post_keyed(paths::PINS, &longest, &large).await;
    too_large.error(ErrorCode::PayloadTooLarge);
    let kept = person.post_keyed(paths::PINS, &longest, &pins(1)).await;
    assert_eq!(kept.status, StatusCode::NO_CONTENT);

    // What takes no key does not look at one: it reads, or is answered for once.
    for _ in 0..2 {
        let answer = person
            .post_keyed(paths::PASSKEYS_BEGIN, KEY, &person.confirm().await)
            .await;
        assert!(
            answer.status.is_success() && !is_replayed(&answer),
            "{}",
            answer.text()
        );
    }
}
