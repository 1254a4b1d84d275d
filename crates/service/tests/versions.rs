//! Versions of an item, and who may see them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keyarc_service::{Context, ServiceError, vault, versions};
use keyarc_testkit::{
    FixedClock, TestClient,
    build::{change, follow_head, item_id, purge, sealed, services, vault_id, write},
    count_queries, on_both,
};
use keyarc_wire::{
    ItemVersion, ItemVersionsRequest, ItemVersionsResponse, MomentRequest, VaultId,
    VersionDetailsRequest, WriteItemsRequest, limits,
};

async fn write_items(context: &Context, vault: VaultId, request: WriteItemsRequest) {
    let (_, request) = follow_head(context.services.store(), vault, request).await;
    vault::write_items(context, vault, request).await.unwrap();
}

async fn list(
    context: &Context,
    vault: VaultId,
    item: u64,
    before: Option<u64>,
) -> Result<ItemVersionsResponse, ServiceError> {
    let request = ItemVersionsRequest {
        item_id: item_id(item),
        before,
    };
    versions::list(context, vault, &request).await
}

async fn details(
    context: &Context,
    vault: VaultId,
    item: u64,
    version: u64,
) -> Result<Vec<u8>, ServiceError> {
    let request = VersionDetailsRequest {
        versions: vec![ItemVersion {
            item_id: item_id(item),
            version,
        }],
    };
    let found = versions::details(context, vault, &request).await?;
    let mut found = found.details.into_iter();
    found
        .next()
        .map(|one| one.details.0)
        .ok_or(ServiceError::NotFound)
}

on_both! {
    async fn versions_come_in_pages_with_the_time_at_which_they_were_replaced(db) {
        let clock = FixedClock::new();
        let services = services(db.store(), &clock);
        let context = TestClient::new(1).signed_up(&services).await;
        let vault = vault_id(1);
        let last = limits::VERSIONS_PER_PAGE as u64 + 3;
        for base in 0..last {
            clock.advance_ms(1_000);
            write_items(&context, vault, change([write(1, base)], [])).await;
        }
        let (first, queries) = count_queries(list(&context, vault, 1, None)).await;
        let first = first.unwrap();
        assert_eq!(queries, 2);
        assert_eq!((first.current_version, first.more), (last, true));
        assert_eq!(first.versions.len(), limits::VERSIONS_PER_PAGE);
        let newest = &first.versions[0];
        assert_eq!(newest.version, last - 1);
        assert_eq!(newest.replaced_at_ms, FixedClock::START_MS + last * 1_000);
        let oldest = first.versions.last().unwrap().version;
        let rest = list(&context, vault, 1, Some(oldest)).await.unwrap();
        let numbers: Vec<u64> = rest.versions.iter().map(|one| one.version).collect();
        assert_eq!((numbers, rest.more), (vec![2, 1], false));
        let (found, queries) = count_queries(details(&context, vault, 1, 2)).await;
        assert_eq!((found.unwrap(), queries), (sealed(0x82, 350).0, 2));
    }

    async fn details_are_asked_for_within_bounds_and_once_each(db) {
        let services = services(db.store(), &FixedClock::new());
        let context = TestClient::new(1).signed_up(&services).await;
        let version = |item| ItemVersion { item_id: item_id(item), version: 1 };
        let too_many = (0..=limits::VERSION_DETAILS_PER_REQUEST as u64).map(version).collect();
        for versions in [vec![], vec![version(1), version(2), version(1)], too_many] {
            let request = VersionDetailsRequest { versions };
            let refused = versions::details(&context, vault_id(1), &request).await;
            assert!(matches!(refused, Err(ServiceError::Invalid { .. })), "{refused:?}");
        }
    }

    async fn a_moment_is_told_in_pages_to_its_owner_alone(db) {
        let clock = FixedClock::new();
        let services = services(db.store(), &clock);
        let context = TestClient::new(1).signed_up(&services).await;
        let eve = TestClient::new(2).signed_up(&services).await;
        let vault = vault_id(1);
        let count = limits::MOMENT_PER_PAGE as u64 + 5;
        write_items(&context, vault, change((0..count).map(|item| write(item, 0)), [])).await;
        clock.advance_ms(1_000);
        write_items(&context, vault, change((0..count).map(|item| write(item, 1)), [])).await;
        let ask = |after| MomentRequest { at_ms: FixedClock::START_MS, after };
        let (first, queries) = count_queries(versions::moment(&context, vault, &ask(None))).await;
        let first = first.unwrap();
        assert_eq!(queries, 2);
        assert_eq!((first.versions.len(), first.more), (limits::MOMENT_PER_PAGE, true));
        let after = first.versions.last().map(|last| last.item_id);
        let rest = versions::moment(&context, vault, &ask(after)).await.unwrap();
        assert_eq!((rest.versions.len(), rest.more), (5, false));
        for foreign in [vault, vault_id(9)] {
            let refused = versions::moment(&eve, foreign, &ask(None)).await;
            assert!(matches!(refused, Err(ServiceError::NotFound)), "{refused:?}");
        }
    }

    async fn not_there_not_kept_and_not_yours_are_alike(db) {
        let services = services(db.store(), &FixedClock::new());
        let ada = TestClient::new(1).signed_up(&services).await;
        let eve = TestClient::new(2).signed_up(&services).await;
        for base in 0..2 {
            write_items(&ada, vault_id(1), change([write(1, base), write(2, base)], [])).await;
        }
        assert!(list(&ada, vault_id(1), 1, None).await.is_ok());
        write_items(&ada, vault_id(1), change([], [purge(2, 2)])).await;
        for (who, vault, item, version) in [
            (&eve, vault_id(1), 1, 1),
            (&eve, vault_id(2), 1, 1),
            (&eve, vault_id(9), 1, 1),
            (&ada, vault_id(1), 2, 1),
            (&ada, vault_id(1), 9, 1),
        ] {
            let refused = list(who, vault, item, None).await;
            assert!(matches!(refused, Err(ServiceError::NotFound)), "{refused:?}");
            let refused = details(who, vault, item, version).await;
            assert!(matches!(refused, Err(ServiceError::NotFound)), "{refused:?}");
        }
        for version in [0, 2, 3, u64::MAX] {
            let refused = details(&ada, vault_id(1), 1, version).await;
            assert!(matches!(refused, Err(ServiceError::NotFound)), "{refused:?}");
        }
    }
}
