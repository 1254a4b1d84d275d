//! Items that are created with a history, and histories of many items.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keyarc_service::{Context, ServiceError, vault, versions};
use keyarc_store::{SECRETS_KEPT, VERSIONS_KEPT};
use keyarc_testkit::{
    FixedClock, TestClient,
    build::{
        attachment_id, change, earlier, follow_head, item_id, services, vault_id, write,
        write_overview,
    },
    count_queries, on_both,
};
use keyarc_wire::{
    EarlierWrite, HistoriesRequest, ItemVersion, ItemVersionsRequest, ItemWrite, Sealed,
    WriteItemsRequest, limits,
};

async fn create(
    context: &Context,
    writes: Vec<ItemWrite>,
    earlier: Vec<EarlierWrite>,
) -> Result<(), ServiceError> {
    let request = WriteItemsRequest {
        earlier,
        ..change(writes, [])
    };
    let store = context.services.store();
    let (_, request) = follow_head(store, vault_id(1), request).await;
    vault::write_items(context, vault_id(1), request)
        .await
        .map(drop)
}

fn history(item: u64, last: u64) -> Vec<EarlierWrite> {
    (1..=last)
        .map(|version| earlier(item, version, true))
        .collect()
}

fn ask(items: impl IntoIterator<Item = u64>, after: Option<(u64, u64)>) -> HistoriesRequest {
    HistoriesRequest {
        item_ids: items.into_iter().map(item_id).collect(),
        after: after.map(|(item, version)| ItemVersion {
            item_id: item_id(item),
            version,
        }),
    }
}

#[test]
fn a_history_that_comes_along_is_as_long_as_one_that_is_kept() {
    let kept = (VERSIONS_KEPT + SECRETS_KEPT) as usize;
    assert_eq!(limits::EARLIER_PER_ITEM, kept);
}

on_both! {
    async fn a_history_stands_whole_and_in_its_order_or_is_refused(db) {
        let services = services(db.store(), &FixedClock::new());
        let context = TestClient::new(1).signed_up(&services).await;
        let longest = limits::EARLIER_PER_ITEM as u64;
        let too_large = EarlierWrite { overview: Sealed(vec![1; limits::OVERVIEW + 1]), ..earlier(1, 1, true) };
        let no_envelope = EarlierWrite { details: Some(Sealed(vec![1])), ..earlier(1, 1, true) };
        let naming = |own, names: &[u64]| EarlierWrite {
            attachments: names.iter().copied().map(attachment_id).collect(),
            ..earlier(1, 2, own)
        };
        let mut twice = history(1, 2);
        twice.extend(history(1, 2));
        let many = (0..=limits::EARLIER_PER_WRITE as u64).map(|item| earlier(item, 1, true));
        let many_writes = (0..=limits::EARLIER_PER_WRITE as u64).map(|item| write(item, 1));
        for (what, writes, earlier) in [
            ("without details", vec![write(1, 1)], vec![earlier(1, 1, false)]),
            ("not from the first on", vec![write(1, 2)], vec![earlier(1, 2, true)]),
            ("with a gap", vec![write(1, 3)], vec![earlier(1, 1, true), earlier(1, 3, true)]),
            ("backwards", vec![write(1, 2)], vec![earlier(1, 2, true), earlier(1, 1, true)]),
            ("twice", vec![write(1, 2)], twice),
            ("of no item", vec![write(2, 0)], history(1, 1)),
            ("fewer than the write says", vec![write(1, 3)], history(1, 2)),
            ("more than it says", vec![write(1, 1)], history(1, 2)),
            ("without details now", vec![write_overview(1, 1)], history(1, 1)),
            ("too long", vec![write(1, longest + 1)], history(1, longest + 1)),
            ("too large", vec![write(1, 1)], vec![too_large]),
            ("a file without details", vec![write(1, 2)], vec![earlier(1, 1, true), naming(false, &[1])]),
            ("a file twice", vec![write(1, 2)], vec![earlier(1, 1, true), naming(true, &[1, 1])]),
            ("a file that is nowhere", vec![write(1, 2)], vec![earlier(1, 1, true), naming(true, &[1])]),
            ("no envelope", vec![write(1, 1)], vec![no_envelope]),
            ("too many together", many_writes.collect(), many.collect()),
        ] {
            let refused = create(&context, writes, earlier).await;
            assert!(matches!(refused, Err(ServiceError::Invalid { .. })), "{what}: {refused:?}");
        }
        let request = ItemVersionsRequest { item_id: item_id(1), before: None };
        let nothing = versions::list(&context, vault_id(1), &request).await;
        assert!(matches!(nothing, Err(ServiceError::NotFound)));
        create(&context, vec![write(1, longest), write(2, 0)], history(1, longest)).await.unwrap();
        let page = versions::list(&context, vault_id(1), &request).await.unwrap();
        assert_eq!((page.current_version, page.more), (longest + 1, true));
        // Whoever wrote the same item first is not overwritten.
        let refused = create(&context, vec![write(1, longest)], history(1, longest)).await;
        assert!(matches!(refused, Err(ServiceError::Conflict(_))), "{refused:?}");
    }

    async fn histories_are_told_in_pages_to_their_owner_alone(db) {
        let services = services(db.store(), &FixedClock::new());
        let ada = TestClient::new(1).signed_up(&services).await;
        let eve = TestClient::new(2).signed_up(&services).await;
        let count = limits::HISTORIES_PER_PAGE as u64 / 2 + 3;
        let all: Vec<EarlierWrite> = (0..count).flat_map(|item| history(item, 2)).collect();
        create(&ada, (0..count).map(|item| write(item, 2)).collect(), all).await.unwrap();
        let first = ask(0..count, None);
        let (page, queries) = count_queries(versions::of_items(&ada, vault_id(1), &first)).await;
        let page = page.unwrap();
        assert_eq!((page.versions.len(), page.more, queries), (limits::HISTORIES_PER_PAGE, true, 2));
        let last = page.versions.last().unwrap();
        let after = ItemVersion { item_id: last.item_id, version: last.sealed.version };
        let rest = HistoriesRequest { after: Some(after), ..first.clone() };
        let rest = versions::of_items(&ada, vault_id(1), &rest).await.unwrap();
        assert_eq!((rest.versions.len(), rest.more), (6, false));
        let nothing = versions::of_items(&ada, vault_id(1), &ask([90_000], None)).await.unwrap();
        assert!(nothing.versions.is_empty() && !nothing.more);
        for foreign in [vault_id(1), vault_id(9)] {
            let refused = versions::of_items(&eve, foreign, &first).await;
            assert!(matches!(refused, Err(ServiceError::NotFound)), "{refused:?}");
        }
        let too_many = ask(0..=limits::DETAILS_PER_REQUEST as u64, None);
        for bad in [ask([], None), ask([1, 2, 1], None), too_many] {
            let refused = versions::of_items(&ada, vault_id(1), &bad).await;
            assert!(matches!(refused, Err(ServiceError::Invalid { .. })), "{refused:?}");
        }
    }
}
