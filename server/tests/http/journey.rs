//! The whole journey over HTTP, on both databases.

use keyarc_signature::VaultManifest;
use keyarc_testkit::{TestServer, build, on_both};
use keyarc_wire::{
    AccountResponse, CHANGES_MEDIA_TYPE, Change, ChangesDecoder, ClientKind, DetailsRequest,
    DetailsResponse, ErrorCode, HistoriesRequest, HistoriesResponse, ItemChange, ItemVersion,
    ItemVersionsRequest, ItemVersionsResponse, LoginResponse, MomentRequest, MomentResponse,
    VaultId, VersionDetailsRequest, VersionDetailsResponse, WriteItemsResponse, paths,
};
use reqwest::StatusCode;

use crate::common::{Answer, Person, another_server};

fn decode(answer: &Answer) -> (Vec<ItemChange>, u64) {
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
    assert_eq!(answer.header("content-type"), CHANGES_MEDIA_TYPE);
    let mut decoder = ChangesDecoder::new(&answer.body).expect("a stream");
    let mut changes = Vec::new();
    while let Some(change) = decoder.next().expect("a record") {
        changes.push(change);
    }
    let head = changes.iter().find_map(|change| match change {
        Change::Manifest(manifest) => VaultManifest::decode(&manifest.0).ok(),
        _ => None,
    });
    (
        build::items_of(changes),
        head.expect("a manifest").body().version,
    )
}

async fn changes(person: &Person<'_>, vault: VaultId, since: u64) -> (Vec<ItemChange>, u64) {
    decode(&person.get(&paths::changes(vault, since, None)).await)
}

on_both! {
    async fn sign_up_write_sync_reveal_conflict_purge(db) {
        let server = another_server(db).await;
        let mut person = Person::new(&server, 1);
        let account = person.sign_up().await.json::<LoginResponse>().account;
        let vault = account.vaults[0].id;
        assert_eq!(vault, build::vault_id(1));
        assert_eq!(changes(&person, vault, 0).await, (vec![], 0));

        // Three items in one write.
        let write = build::change((1..=3).map(|item| build::write(item, 0)), []);
        let written: WriteItemsResponse = person.write_items(vault, write.clone()).await.json();
        assert_eq!(written.revision, 1);
        let (all, revision) = changes(&person, vault, 0).await;
        assert_eq!((all.len(), revision), (3, 1));
        assert!(all.iter().all(|change| change.version == 1 && change.live.is_some()));

        // An edit of the overview alone keeps the details.
        let edit = build::change([build::write_overview(1, 1)], []);
        person.write_items(vault, edit.clone()).await.json::<WriteItemsResponse>();
        let (fresh, revision) = changes(&person, vault, 1).await;
        assert_eq!((fresh.len(), revision), (1, 2));
        assert_eq!(fresh[0].live.as_ref().map(|(details, _)| *details), Some(1));
        let request = DetailsRequest { item_ids: vec![build::item_id(1), build::item_id(99)] };
        let details: DetailsResponse = person.post(&paths::details(vault), &request).await.json();
        assert_eq!(details.details.len(), 1);
        assert_eq!((details.details[0].version, details.details[0].details_version), (2, 1));
        assert_eq!(Some(&details.details[0].details), build::write(1, 0).details.as_ref());

        // What it replaced is there still, with the details that it had.
        let asked = ItemVersionsRequest { item_id: build::item_id(1), before: None };
        let kept: ItemVersionsResponse = person.post(&paths::item_versions(vault), &asked).await.json();
        assert_eq!((kept.current_version, kept.versions.len(), kept.more), (2, 1, false));
        assert_eq!(kept.versions[0].overview, build::write(1, 0).overview);
        let first = ItemVersion { item_id: build::item_id(1), version: 1 };
        let first = VersionDetailsRequest { versions: vec![first] };
        let theirs: VersionDetailsResponse = person.post(&paths::version_details(vault), &first).await.json();
        assert_eq!(Some(&theirs.details[0].details), build::write(1, 0).details.as_ref());
        let of_both = HistoriesRequest { item_ids: request.item_ids.clone(), after: None };
        let all: HistoriesResponse = person.post(&paths::histories(vault), &of_both).await.json();
        assert_eq!((all.versions.len(), all.more), (1, false));
        assert_eq!((all.versions[0].item_id, &all.versions[0].sealed), (build::item_id(1), &kept.versions[0]));
        let at_the_start = MomentRequest { at_ms: 0, after: None };
        let then: MomentResponse = person.post(&paths::moment(vault), &at_the_start).await.json();
        assert_eq!((then.versions.len(), then.more), (1, false));
        assert_eq!(then.versions[0].sealed, kept.versions[0]);
        assert_eq!((then.versions[0].item_id, then.versions[0].since_ms), (build::item_id(1), None));

        // The same edit again comes too late, and takes nothing else with it.
        let late = build::change([build::write(1, 1), build::write(4, 0)], []);
        let error = person.write_items(vault, late.clone()).await.error(ErrorCode::Conflict);
        assert_eq!(error.conflicts.len(), 1);
        assert_eq!(error.conflicts[0].item_id, build::item_id(1));
        assert_eq!(error.conflicts[0].current_version, 2);
        assert_eq!(changes(&person, vault, 2).await, (vec![], 2));

        // A purge leaves a tombstone.
        let purge = build::change([], [build::purge(2, 1)]);
        person.write_items(vault, purge.clone()).await.json::<WriteItemsResponse>();
        let (gone, revision) = changes(&person, vault, 2).await;
        assert_eq!((gone.len(), revision), (1, 3));
        assert_eq!((gone[0].item_id, &gone[0].live), (build::item_id(2), &None));

        // A new device finds everything.
        let mut device = Person::new(&server, 1);
        let answer = device.log_in(ClientKind::Browser).await.json::<LoginResponse>();
        assert_eq!(answer.account.id, account.id);
        assert_eq!(answer.account.keyset, account.keyset);
        assert_eq!(changes(&device, vault, 0).await.0.len(), 3);

        // Somebody else finds nothing, not even that there is something.
        let stranger = Person::signed_up(&server, 2).await;
        stranger.get(&paths::changes(vault, 0, None)).await.error(ErrorCode::NotFound);
        stranger.write_items(vault, write.clone()).await.error(ErrorCode::NotFound);
        stranger.post(&paths::details(vault), &request).await.error(ErrorCode::NotFound);
        stranger.post(&paths::item_versions(vault), &asked).await.error(ErrorCode::NotFound);
        stranger.post(&paths::histories(vault), &of_both).await.error(ErrorCode::NotFound);
        stranger.post(&paths::version_details(vault), &first).await.error(ErrorCode::NotFound);
        stranger.post(&paths::moment(vault), &at_the_start).await.error(ErrorCode::NotFound);
    }

    async fn two_instances_see_one_account(db) {
        let (one, two) = (another_server(db).await, another_server(db).await);
        let mut person = Person::signed_up(&one, 1).await;
        let here: AccountResponse = person.get(paths::ACCOUNT).await.json();
        let credential = person.credential.take();
        let mut elsewhere = Person::new(&two, 1);
        elsewhere.credential = credential;
        let there: AccountResponse = elsewhere.get(paths::ACCOUNT).await.json();
        assert_eq!(here, there);
        assert_eq!(elsewhere.post(paths::LOGOUT, &()).await.status, StatusCode::NO_CONTENT);
        person.credential = elsewhere.credential;
        person.get(paths::ACCOUNT).await.error(ErrorCode::Unauthenticated);
    }

    async fn ten_thousand_items_stream_through(db) {
        let server = another_server(db).await;
        let person = Person::signed_up(&server, 1).await;
        let vault = build::vault_id(1);
        let write = build::change((0..10_000).map(|item| build::write(item, 0)), []);
        person.write_items(vault, write.clone()).await.json::<WriteItemsResponse>();
        let answer = person.get(&paths::changes(vault, 0, None)).await;
        // Its length is not known beforehand: nothing holds the whole of it.
        assert!(answer.headers.get("content-length").is_none());
        assert!(answer.body.len() < 5_000_000, "{}", answer.body.len());
        assert_eq!(decode(&answer).0.len(), 10_000);
    }
}

#[tokio::test]
async fn an_address_that_somebody_has_is_answered_like_any_other() {
    let server = TestServer::start().await;
    let sign_up = async |number: u64| {
        let person = Person::new(&server, number);
        let mut request = person.sign_up_request().await;
        request.email = Some("ada@example.org".to_owned());
        person.post(paths::SIGN_UP, &request).await
    };
    let (first, second) = (sign_up(1).await, sign_up(2).await);
    assert_eq!(
        (first.status, second.status),
        (StatusCode::CREATED, StatusCode::CREATED)
    );
    assert_eq!(first.body.len(), second.body.len());
    let names = |answer: &Answer| {
        answer
            .headers
            .keys()
            .map(ToString::to_string)
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names(&first), names(&second));
}

#[tokio::test]
async fn unknown_and_known_handles_are_refused_alike() {
    let server = TestServer::start().await;
    Person::signed_up(&server, 1).await;
    let mut refusals = Vec::new();
    for number in [1, 2] {
        let person = Person::new(&server, number);
        let mut request = person.log_in_request(ClientKind::Browser).await;
        request.proof.signature.0[0] ^= 1;
        let answer = person.post(paths::LOGIN, &request).await;
        assert!(answer.headers.get("set-cookie").is_none());
        let mut error = answer.error(ErrorCode::LoginRefused);
        error.request_id = None;
        refusals.push(error);
    }
    assert_eq!(refusals[0], refusals[1]);
}

#[tokio::test]
async fn bad_revisions_are_named() {
    let server = TestServer::start().await;
    let person = Person::signed_up(&server, 1).await;
    for since in ["-1", "x", "", "1.5"] {
        let path = format!("/api/vaults/{}/changes?since={since}", build::vault_id(1));
        let error = person.get(&path).await.error(ErrorCode::InvalidRequest);
        assert_eq!(error.field.as_deref(), Some("since"), "{since:?}");
    }
}
