//! Sync, writes, details, and who may.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use futures::TryStreamExt as _;
use keyarc_service::{Context, ServiceError, account, vault};
use keyarc_signature::{ManifestBody, VaultManifest};
use keyarc_testkit::{
    FixedClock, TestClient,
    build::{
        change, follow_head, item_id, items_of, manifest, purge, sealed, services, signing_key,
        vault_id, write, write_overview,
    },
    count_queries, on_both,
};
use keyarc_wire::{
    Bytes, Change, ChangesDecoder, DetailsRequest, Fixed, ItemChange, ItemWrite, KeepPinsRequest,
    Sealed, VaultId, WriteItemsRequest, WriteItemsResponse,
};

/// The items changed after a revision, and the version of the newest manifest.
async fn sync(context: &Context, vault: VaultId, since: u64) -> (Vec<ItemChange>, u64) {
    let body = vault::changes(context, vault, since, None).await.unwrap();
    let bytes = body.try_collect::<Vec<_>>().await.unwrap().concat();
    let mut decoder = ChangesDecoder::new(&bytes).unwrap();
    let mut changes = Vec::new();
    while let Some(change) = decoder.next().unwrap() {
        changes.push(change);
    }
    let head = changes.iter().find_map(|change| match change {
        Change::Manifest(manifest) => Some(VaultManifest::decode(&manifest.0).unwrap()),
        _ => None,
    });
    let mut items = items_of(changes);
    items.sort_by_key(|item| item.item_id);
    (items, head.unwrap().body().version)
}

/// Writes with a manifest that follows the vault's head.
async fn write_items(
    context: &Context,
    vault: VaultId,
    request: WriteItemsRequest,
) -> Result<WriteItemsResponse, ServiceError> {
    let (_, request) = follow_head(context.services.store(), vault, request).await;
    vault::write_items(context, vault, request).await
}

fn details_of(items: impl IntoIterator<Item = u64>) -> DetailsRequest {
    DetailsRequest {
        item_ids: items.into_iter().map(item_id).collect(),
    }
}

on_both! {
    async fn what_is_written_syncs(db) {
        let services = services(db.store(), &FixedClock::new());
        let context = TestClient::new(1).signed_up(&services).await;
        let vault = vault_id(1);
        assert_eq!(sync(&context, vault, 0).await, (vec![], 0));
        let written = write_items(&context, vault, change([write(1, 0), write(2, 0)], []));
        assert_eq!(written.await.unwrap().revision, 1);
        let written = write_items(&context, vault, change([write_overview(1, 1)], [purge(2, 1)]));
        assert_eq!(written.await.unwrap().revision, 2);
        let expected = vec![
            ItemChange { item_id: item_id(1), version: 2, revision: 2, live: Some((1, sealed(2, 350))) },
            ItemChange { item_id: item_id(2), version: 2, revision: 2, live: None },
        ];
        assert_eq!(sync(&context, vault, 0).await, (expected.clone(), 2));
        assert_eq!(sync(&context, vault, 1).await, (expected, 2));
        assert_eq!(sync(&context, vault, 2).await, (vec![], 2));
        let found = vault::details(&context, vault, &details_of([1, 2, 3])).await.unwrap();
        assert_eq!(found.details.len(), 1);
        assert_eq!(found.details[0].details, sealed(0x81, 350));
    }

    async fn queries_do_not_grow_with_items(db) {
        let services = services(db.store(), &FixedClock::new());
        let context = TestClient::new(1).signed_up(&services).await;
        let vault = vault_id(1);
        for (range, total) in [(0..1, 1), (1..3_000, 3_000)] {
            let request = change(range.map(|item| write(item, 0)), []);
            let (_, request) = follow_head(db.store(), vault, request).await;
            let (_, queries) = count_queries(vault::write_items(&context, vault, request)).await;
            assert_eq!(queries, 6);
            let ((changes, _), queries) = count_queries(sync(&context, vault, 0)).await;
            assert_eq!((changes.len(), queries), (total, 2));
        }
    }

    async fn a_conflict_names_the_current_versions(db) {
        let services = services(db.store(), &FixedClock::new());
        let context = TestClient::new(1).signed_up(&services).await;
        let vault = vault_id(1);
        write_items(&context, vault, change([write(1, 0)], [])).await.unwrap();
        let refused = write_items(&context, vault, change([write(1, 0), write(2, 0)], [])).await;
        let Err(ServiceError::Conflict(conflicts)) = refused else { panic!("{refused:?}") };
        assert_eq!(conflicts.len(), 1);
        assert_eq!((conflicts[0].item_id, conflicts[0].current_version), (item_id(1), 1));
    }

    async fn a_manifest_must_follow_the_head_and_be_the_owners(db) {
        let services = services(db.store(), &FixedClock::new());
        let context = TestClient::new(1).signed_up(&services).await;
        TestClient::new(2).signed_up(&services).await;
        let vault = vault_id(1);
        let first = manifest(1, None);
        let next = manifest(1, Some(&first));
        let with = |manifest: Vec<u8>| WriteItemsRequest {
            manifest: Bytes(manifest),
            ..change([write(1, 0)], [])
        };
        let of = |body: ManifestBody| body.sign(&signing_key(1)).encode();
        for wrong in [
            Vec::new(),
            next.encode()[1..].to_vec(),
            // Signed by somebody else, of another vault, of another key.
            next.body().sign(&signing_key(2)).encode(),
            of(ManifestBody { vault: vault_id(2).0, ..*next.body() }),
            of(ManifestBody { key_epoch: 2, ..*next.body() }),
        ] {
            let refused = vault::write_items(&context, vault, with(wrong)).await;
            assert!(
                matches!(&refused, Err(ServiceError::Invalid { field, .. }) if field == "manifest"),
                "{refused:?}"
            );
        }
        for stale in [
            first.encode(),
            manifest(1, Some(&next)).encode(),
            of(ManifestBody { prev: [7; 32], ..*next.body() }),
        ] {
            let refused = vault::write_items(&context, vault, with(stale)).await;
            assert!(matches!(refused, Err(ServiceError::ManifestStale)), "{refused:?}");
        }
        assert_eq!(sync(&context, vault, 0).await, (vec![], 0));
        vault::write_items(&context, vault, with(next.encode())).await.unwrap();
        assert_eq!(sync(&context, vault, 0).await.1, 1);
        // The same once more is late.
        let again = vault::write_items(&context, vault, with(next.encode())).await;
        assert!(matches!(again, Err(ServiceError::ManifestStale)), "{again:?}");
    }

    async fn the_history_comes_from_the_version_asked_for(db) {
        let services = services(db.store(), &FixedClock::new());
        let context = TestClient::new(1).signed_up(&services).await;
        for item in 0..5 {
            write_items(&context, vault_id(1), change([write(item, 0)], [])).await.unwrap();
        }
        for (from, expected) in [
            (None, vec![5]),
            (Some(0), vec![0, 1, 2, 3, 4, 5]),
            (Some(3), vec![3, 4, 5]),
            (Some(6), vec![5]),
            (Some(u64::MAX), vec![5]),
        ] {
            let body = vault::changes(&context, vault_id(1), 5, from).await.unwrap();
            let bytes = body.try_collect::<Vec<_>>().await.unwrap().concat();
            let mut decoder = ChangesDecoder::new(&bytes).unwrap();
            let mut versions = Vec::new();
            while let Some(Change::Manifest(manifest)) = decoder.next().unwrap() {
                versions.push(VaultManifest::decode(&manifest.0).unwrap().body().version);
            }
            versions.sort_unstable();
            assert_eq!(versions, expected, "{from:?}");
        }
    }

    async fn pins_are_kept_for_the_accounts_other_devices(db) {
        let clock = FixedClock::new();
        let services = services(db.store(), &clock);
        let ada = TestClient::new(1).signed_up(&services).await;
        let eve = TestClient::new(2).signed_up(&services).await;
        let keep = |device: u8, pins: Sealed| KeepPinsRequest { device: Fixed([device; 16]), pins };
        for device in 0..20 {
            clock.advance_ms(1_000);
            account::keep_pins(&ada, &keep(device, sealed(device, 350))).await.unwrap();
        }
        account::keep_pins(&ada, &keep(19, sealed(99, 350))).await.unwrap();
        let mut kept: Vec<u8> = account::get(&ada).await.unwrap().pins.iter().map(|p| p.0[10]).collect();
        kept.sort_unstable();
        let mut expected: Vec<u8> = (4..19).collect();
        expected.push(99);
        assert_eq!(kept, expected, "the oldest went first");
        assert!(account::get(&eve).await.unwrap().pins.is_empty());
        let refused = account::keep_pins(&ada, &keep(1, sealed(1, 5_000))).await;
        assert!(matches!(&refused, Err(ServiceError::Invalid { field, .. }) if field == "pins"));
    }

    async fn not_there_and_not_yours_are_alike(db) {
        let services = services(db.store(), &FixedClock::new());
        let ada = TestClient::new(1).signed_up(&services).await;
        let eve = TestClient::new(2).signed_up(&services).await;
        write_items(&ada, vault_id(1), change([write(1, 0)], [])).await.unwrap();
        let mut queries = Vec::new();
        for vault in [vault_id(1), vault_id(9)] {
            let (refused, count) = count_queries(vault::changes(&eve, vault, 0, None)).await;
            assert!(matches!(refused.map(|_| ()), Err(ServiceError::NotFound)));
            queries.push(count);
            let refused = write_items(&eve, vault, change([write(1, 1)], [])).await;
            assert!(matches!(refused, Err(ServiceError::NotFound)), "{refused:?}");
            let refused = vault::details(&eve, vault, &details_of([1])).await;
            assert!(matches!(refused, Err(ServiceError::NotFound)), "{refused:?}");
        }
        assert_eq!(queries, [1, 1]);
        let (changes, _) = sync(&ada, vault_id(1), 0).await;
        assert_eq!(changes[0].version, 1);
    }

    async fn every_broken_rule_is_named_and_changes_nothing(db) {
        let services = services(db.store(), &FixedClock::new());
        let context = TestClient::new(1).signed_up(&services).await;
        let with = |write: ItemWrite| change([self::write(1, 0), write], []);
        let cases: Vec<(&str, WriteItemsRequest)> = vec![
            ("writes", change([], [])),
            ("writes", change((0..20_001).map(|item| write(item, 0)), [])),
            ("writes", change((0..20_000).map(|item| write(item, 0)), [purge(30_000, 1)])),
            ("writes[1].overview", with(ItemWrite { overview: Sealed(vec![]), ..write(2, 0) })),
            ("writes[1].overview", with(ItemWrite { overview: sealed(0, 16 * 1024 + 1), ..write(2, 0) })),
            ("writes[1].overview", with(ItemWrite { overview: Sealed(vec![0; 350]), ..write(2, 0) })),
            ("writes[1].details", with(ItemWrite { details: Some(sealed(0, 93)), ..write(2, 0) })),
            ("writes[1].details", with(ItemWrite { details: Some(sealed(0, 1024 * 1024 + 1)), ..write(2, 0) })),
            ("writes[1].details", with(write_overview(2, 0))),
            ("writes[1].base_version", with(write(2, u64::MAX))),
            ("writes[1].base_version", with(write(2, i64::MAX as u64))),
            ("writes[1].item_id", with(write(1, 0))),
            ("purges[0].item_id", change([write(1, 0)], [purge(1, 1)])),
            ("purges[1].item_id", change([], [purge(1, 1), purge(1, 1)])),
            ("purges[0].base_version", change([], [purge(1, 0)])),
            ("purges[0].base_version", change([], [purge(1, u64::MAX)])),
        ];
        for (expected, request) in cases {
            let refused = write_items(&context, vault_id(1), request).await;
            assert!(
                matches!(&refused, Err(ServiceError::Invalid { field, .. }) if field == expected),
                "{expected}: {refused:?}"
            );
        }
        assert_eq!(sync(&context, vault_id(1), 0).await, (vec![], 0));
        for request in [details_of([]), details_of(0..1_001), details_of([1, 1])] {
            let refused = vault::details(&context, vault_id(1), &request).await;
            assert!(matches!(&refused, Err(ServiceError::Invalid { field, .. }) if field == "item_ids"));
        }
    }

    async fn details_that_would_fill_the_memory_are_refused(db) {
        let services = services(db.store(), &FixedClock::new());
        let context = TestClient::new(1).signed_up(&services).await;
        let big = |item| ItemWrite { details: Some(sealed(7, 1024 * 1024)), ..write(item, 0) };
        write_items(&context, vault_id(1), change((0..17).map(big), [])).await.unwrap();
        let refused = vault::details(&context, vault_id(1), &details_of(0..17)).await;
        assert!(matches!(&refused, Err(ServiceError::Invalid { field, .. }) if field == "item_ids"), "{refused:?}");
        let found = vault::details(&context, vault_id(1), &details_of(0..16)).await.unwrap();
        assert_eq!(found.details.len(), 16);
    }

    async fn a_long_body_comes_in_chunks(db) {
        let services = services(db.store(), &FixedClock::new());
        let context = TestClient::new(1).signed_up(&services).await;
        write_items(&context, vault_id(1), change((0..2_000).map(|item| write(item, 0)), [])).await.unwrap();
        let body = vault::changes(&context, vault_id(1), 0, None).await.unwrap();
        let chunks: Vec<_> = body.try_collect().await.unwrap();
        assert!(chunks.len() > 5, "{}", chunks.len());
        assert!(chunks.iter().all(|chunk| chunk.len() < 96 * 1024));
        assert_eq!(sync(&context, vault_id(1), 0).await.0.len(), 2_000);
    }

    async fn a_full_disk_is_told_and_reading_goes_on(db) {
        let services = services(db.store(), &FixedClock::new());
        let client = TestClient::new(1);
        let logged_in = client.sign_up(&services).await.unwrap();
        let context = keyarc_testkit::authenticate(&services, &logged_in).await.unwrap();
        write_items(&context, vault_id(1), change([write(1, 0)], [])).await.unwrap();
        match db.store().kind() {
            keyarc_store::DbKind::Sqlite => {
                db.store().sabotage("PRAGMA max_page_count = 1").await.unwrap();
            }
            keyarc_store::DbKind::Postgres => {
                for statement in [
                    "CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$
                     BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END $$",
                    "CREATE TRIGGER disk_is_full BEFORE INSERT ON items EXECUTE FUNCTION disk_is_full()",
                    "CREATE TRIGGER disk_is_full BEFORE UPDATE ON sessions EXECUTE FUNCTION disk_is_full()",
                ] {
                    db.store().sabotage(statement).await.unwrap();
                }
            }
        }
        let many = change((2..3_000).map(|item| write(item, 0)), []);
        let refused = write_items(&context, vault_id(1), many).await;
        assert!(matches!(refused, Err(ServiceError::StorageFull(_))), "{refused:?}");
        assert_eq!(sync(&context, vault_id(1), 0).await.0.len(), 1);
        assert_eq!(vault::details(&context, vault_id(1), &details_of([1])).await.unwrap().details.len(), 1);
    }
}

/// The time of last use cannot be written, and that must not lock anybody out.
#[tokio::test]
async fn a_full_disk_ends_no_session() {
    let Some(db) = keyarc_testkit::TempDb::postgres().await else {
        return;
    };
    let clock = FixedClock::new();
    let services = services(db.store(), &clock);
    let logged_in = TestClient::new(1).sign_up(&services).await.unwrap();
    for statement in [
        "CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END $$",
        "CREATE TRIGGER disk_is_full BEFORE UPDATE ON sessions EXECUTE FUNCTION disk_is_full()",
    ] {
        db.store().sabotage(statement).await.unwrap();
    }
    clock.advance_ms(3_600_000);
    keyarc_testkit::authenticate(&services, &logged_in)
        .await
        .unwrap();
}
