//! Change of all keys.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use keyarc_service::{Context, Policy, ServiceError, Services, account, rekey, vault};
use keyarc_signature::VaultManifest;
use keyarc_testkit::{
    FixedClock, TempDb, TestClient, authenticate,
    build::{self, ORIGIN, change, item_id, sealed, services_with, vault_id, write, write_next},
    count_queries, on_both,
};
use keyarc_wire::{Bytes, ClientKind, Fixed, RekeyRequest, StageItemsRequest, StagedItem};

/// Spoils a part of a request.
type Edit = fn(&mut RekeyRequest);

const REKEY: [u8; 16] = [9; 16];

/// Somebody with an item.
struct Story {
    services: Services,
    client: TestClient,
    context: Context,
}

impl Story {
    async fn begin(db: &TempDb) -> Self {
        let policy = Policy {
            origins: vec![ORIGIN.to_owned()],
            log_ins_per_minute: 10_000,
            ..Policy::default()
        };
        let services = services_with(db.store(), &FixedClock::new(), policy);
        let client = TestClient::new(1);
        let context = client.signed_up(&services).await;
        write_next(services.store(), vault_id(1), change([write(1, 0)], []))
            .await
            .unwrap();
        Self {
            services,
            client,
            context,
        }
    }

    async fn stage(&self, items: Vec<StagedItem>) -> Result<(), ServiceError> {
        let request = StageItemsRequest {
            rekey: Fixed(REKEY),
            items,
        };
        rekey::stage(&self.context, request).await
    }

    async fn head(&self) -> VaultManifest {
        let head = self
            .services
            .store()
            .vault_head(vault_id(1))
            .await
            .unwrap()
            .unwrap();
        VaultManifest::decode(&head.manifest.0).unwrap()
    }

    async fn request(&self) -> RekeyRequest {
        self.client
            .rekey_request(&self.services, REKEY, &self.head().await, 11)
    }

    async fn change(&self, request: &RekeyRequest) -> Result<(), ServiceError> {
        rekey::change(&self.context, self.client.address, request).await
    }

    async fn epoch(&self) -> u32 {
        account::get(&self.context).await.unwrap().vaults[0].key_epoch
    }
}

fn staged(number: u64, version: u64) -> StagedItem {
    StagedItem {
        item_id: item_id(number),
        version,
        overview: sealed(0x61, 350),
        details: sealed(0x62, 606),
        attachments: Vec::new(),
    }
}

on_both! {
    async fn new_keys_are_in_force_and_the_vault_is_written_on_with_them_alone(db) {
        let story = Story::begin(db).await;
        let there = story.client.log_in(&story.services, ClientKind::Api).await.unwrap();
        let (outcome, queries) = count_queries(story.stage(vec![staged(1, 2)])).await;
        outcome.unwrap();
        assert_eq!(queries, 3);
        let request = story.request().await;
        let (outcome, queries) = count_queries(story.change(&request)).await;
        outcome.unwrap();
        assert_eq!(queries, 25);
        let now = account::get(&story.context).await.unwrap();
        assert_eq!((now.keyset, now.rotations.0), (request.keyset.clone(), request.bundle.0.clone()));
        assert_eq!(now.bundle.0, build::bundle(1));
        assert_eq!((now.vaults[0].key_epoch, now.recovery.unwrap().version), (2, 2));
        assert!(matches!(authenticate(&story.services, &there).await, Err(ServiceError::Unauthenticated)));
        let refused = story.client.log_in(&story.services, ClientKind::Browser).await;
        assert!(matches!(refused, Err(ServiceError::LoginRefused)));

        // The old signing key writes nothing any more; the new one does.
        let head = story.head().await;
        let body = keyarc_signature::ManifestBody {
            version: head.body().version + 1,
            prev: head.hash(),
            ..*head.body()
        };
        for (key, accepted) in [(build::signing_key(1), false), (build::signing_key(1_001), true)] {
            let mut request = change([write(2, 0)], []);
            request.manifest = Bytes(body.sign(&key).encode());
            let outcome = vault::write_items(&story.context, vault_id(1), request).await;
            assert_eq!(outcome.is_ok(), accepted, "{outcome:?}");
        }
    }

    async fn a_session_alone_changes_nothing_and_neither_does_what_was_not_signed(db) {
        let story = Story::begin(db).await;
        TestClient::new(2).signed_up(&story.services).await;
        story.stage(vec![staged(1, 2)]).await.unwrap();
        let good = story.request().await;
        let edits: [(&str, Edit); 9] = [
            ("rekey", |r| r.rekey = Fixed([8; 16])),
            ("keyset", |r| r.keyset.keyring = sealed(1, 350)),
            ("key", |r| r.auth_public_key = Fixed(build::auth_key(12).public_key())),
            ("bundle", |r| r.bundle = Bytes(build::bundle(1))),
            ("vault", |r| r.vault = vault_id(2)),
            ("epoch", |r| r.key_epoch = 3),
            ("vault key", |r| r.wrapped_vault_key = sealed(2, 350)),
            ("manifest", |r| r.manifest = Bytes(Vec::new())),
            ("recovery", |r| r.recovery_key = build::nth_recovery_key_request(1, 9)),
        ];
        for (what, edit) in edits {
            let mut request = good.clone();
            edit(&mut request);
            let outcome = story.change(&request).await;
            assert!(matches!(outcome, Err(ServiceError::LoginRefused)), "{what}: {outcome:?}");
        }
        let other = story.client.with_key(5).rekey_request(&story.services, REKEY, &story.head().await, 11);
        assert!(matches!(story.change(&other).await, Err(ServiceError::LoginRefused)));
        assert_eq!(story.epoch().await, 1);
        story.change(&good).await.unwrap();
        // Not twice.
        assert!(matches!(story.change(&good).await, Err(ServiceError::LoginRefused)));
    }

    async fn it_waits_for_every_item_as_it_is_now(db) {
        let story = Story::begin(db).await;
        let stale = async || {
            let outcome = story.change(&story.request().await).await;
            assert!(matches!(outcome, Err(ServiceError::ManifestStale)), "{outcome:?}");
            assert_eq!(story.epoch().await, 1);
        };
        stale().await;
        story.stage(vec![staged(1, 2)]).await.unwrap();
        let before = story.request().await;
        write_next(story.services.store(), vault_id(1), change([write(1, 1)], [])).await.unwrap();
        // The manifest follows a head that is not the head any more.
        assert!(matches!(story.change(&before).await, Err(ServiceError::ManifestStale)));
        stale().await;
        story.stage(vec![staged(1, 3)]).await.unwrap();
        rekey::discard(&story.context).await.unwrap();
        stale().await;
        story.stage(vec![staged(1, 3)]).await.unwrap();
        story.change(&story.request().await).await.unwrap();
    }

    async fn what_is_staged_must_look_like_items(db) {
        let story = Story::begin(db).await;
        let wrong = [
            vec![staged(1, 1)],
            vec![staged(1, u64::MAX)],
            vec![staged(1, 2), staged(1, 2)],
            vec![StagedItem { overview: sealed(1, 20), ..staged(1, 2) }],
            vec![StagedItem { details: sealed(1, 1024 * 1024 + 1), ..staged(1, 2) }],
            (0..1_001).map(|number| staged(number, 2)).collect(),
        ];
        for items in wrong {
            let outcome = story.stage(items).await;
            assert!(matches!(outcome, Err(ServiceError::Invalid { .. })), "{outcome:?}");
        }
        assert_eq!(account::get(&story.context).await.unwrap().rekey_begun_at_ms, None);
        story.stage(Vec::new()).await.unwrap();
        assert!(account::get(&story.context).await.unwrap().rekey_begun_at_ms.is_some());
    }
}
