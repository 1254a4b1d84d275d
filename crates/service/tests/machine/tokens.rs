//! Made by their owner, used by whoever holds them, and by nobody else.

use std::net::{IpAddr, Ipv4Addr};

use futures::TryStreamExt as _;
use keyarc_auth::MachineStatement;
use keyarc_service::{ServiceError, account, cleanup, machine, vault};
use keyarc_signature::VaultManifest;
use keyarc_testkit::{
    FixedClock, TestClient,
    build::{ORIGIN, change, item_id, purge, sealed, signing_key, vault_id, write, write_with},
    count_queries, on_both,
};
use keyarc_wire::{
    Bytes, Change, Fixed, MachineRequest, MachineUseKind, MachineUsesRequest,
    MakeMachineTokenRequest, Sealed, WriteItemsRequest, limits,
};

use crate::story::{Story, counts, key, records, refused, token, wish};

const DAY: u64 = 24 * 3_600_000;
const MINUTE: u64 = 60_000;

on_both! {
    async fn a_token_opens_its_copy_and_nothing_else(db) {
        let story = Story::begin(db).await;
        // The vault itself holds something, and so does the copy of another token.
        let (request, _) = wish(101, &[7]);
        machine::make(&story.context, request).await.unwrap();
        let all = story.open(&story.request(100, &[])).await.unwrap();
        assert_eq!(counts(&all), [2, 0, 1, 2, 1]);
        assert!(all.contains(&Change::Grant(sealed(1, 350))));
        for change in &all {
            if let Change::Item(item) = change {
                assert!([item_id(1), item_id(2)].contains(&item.item_id));
                assert_eq!((item.version, item.revision), (1, 1));
            }
            if let Change::Details(details) = change {
                assert_eq!((details.version, details.details_version), (1, 1));
                assert_eq!(Some(&details.details), write(1, 0).details.as_ref());
            }
        }
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let wanted = story.request(100, &[2, 7]);
        let found = machine::details(&story.services, address, &wanted).await.unwrap();
        assert_eq!(found.details.len(), 1, "item 7 is of another copy");
        assert_eq!(found.details[0].item_id, item_id(2));
        let told = machine::list(&story.context).await.unwrap().tokens;
        let used = told[0].last_use.clone().unwrap();
        assert_eq!((used.kind, used.address.as_str()), (MachineUseKind::Details, "this machine"));
        assert_eq!(told[1].last_use, None);
        // Copies are no vaults of the account.
        let account = db.store().account(story.context.actor.account_id).await.unwrap().unwrap();
        assert_eq!(account.vaults.len(), 1);
        let foreign = vault::changes(&story.context, vault_id(100), 0, None).await;
        assert!(matches!(foreign.err(), Some(ServiceError::NotFound)));
    }

    async fn only_the_key_of_the_token_opens_once_and_now(db) {
        let story = Story::begin(db).await;
        let good = story.request(100, &[]);
        let sign = |edit: fn(&mut MachineRequest), by: u64| {
            let mut request = story.request(100, &[]);
            edit(&mut request);
            let statement = MachineStatement {
                origin: &request.origin,
                token: request.token_id.0,
                time_ms: request.time_ms,
                client_nonce: request.client_nonce.0,
                items: &[],
            };
            request.signature = Fixed(statement.sign(&key(by)));
            request
        };
        for (request, why) in [
            (sign(|_| {}, 101), "another key"),
            (sign(|request| request.token_id = token(999), 100), "an unknown token"),
            (sign(|request| request.origin = "https://evil.example".into(), 100), "another origin"),
            (MachineRequest { client_nonce: Fixed([77; 32]), ..good.clone() }, "another nonce"),
            (MachineRequest { time_ms: good.time_ms + 1, ..good.clone() }, "another time"),
        ] {
            assert!(refused(story.open(&request).await), "{why}");
        }
        // Nothing of that was a use, and none of it used up the nonce.
        assert!(story.kinds().await.is_empty());
        let signed_for_details = story.request(100, &[1]);
        let asked_for_all = MachineRequest { item_ids: Vec::new(), ..signed_for_details };
        assert!(refused(story.open(&asked_for_all).await));
        assert!(story.open(&good).await.is_ok());
        assert!(refused(story.open(&good).await), "a second time");
        // Another token may choose the same nonce.
        let (request, _) = wish(101, &[7]);
        machine::make(&story.context, request).await.unwrap();
        story.nonce.set(story.nonce.get() - 1);
        assert!(story.open(&story.request(101, &[])).await.is_ok());
    }

    async fn a_clock_that_is_wrong_is_told_by_how_much(db) {
        let story = Story::begin(db).await;
        let now = story.services.now_ms();
        for (time_ms, fits) in [
            (now - 5 * MINUTE, true),
            (now + 5 * MINUTE, true),
            (now - 5 * MINUTE - 1, false),
            (now + 5 * MINUTE + 1, false),
        ] {
            let mut request = story.request(100, &[]);
            request.time_ms = time_ms;
            let statement = MachineStatement {
                origin: ORIGIN,
                token: token(100).0,
                time_ms,
                client_nonce: request.client_nonce.0,
                items: &[],
            };
            request.signature = Fixed(statement.sign(&key(100)));
            match story.open(&request).await {
                Ok(_) => assert!(fits, "{time_ms}"),
                Err(ServiceError::ClockSkew { server_time_ms }) => {
                    assert!(!fits, "{time_ms}");
                    assert_eq!(server_time_ms, now);
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        // What was used is remembered for as long as its time is accepted.
        let early = story.request(100, &[]);
        story.open(&early).await.unwrap();
        story.clock.advance_ms(5 * MINUTE);
        cleanup::run(&story.services).await.unwrap();
        assert!(refused(story.open(&early).await));
        story.clock.advance_ms(1);
        assert!(matches!(story.open(&early).await, Err(ServiceError::ClockSkew { .. })));
    }

    async fn what_is_over_or_elsewhere_is_refused_and_noted(db) {
        let story = Story::with(db, |request| {
            request.expires_at_ms = Some(FixedClock::START_MS + DAY);
            request.networks = vec!["10.0.0.0/8".to_owned(), "2001:db8::/32".to_owned()];
        }).await;
        assert!(story.open_from("10.9.8.7", &story.request(100, &[])).await.is_ok());
        assert!(story.open_from("2001:db8::1", &story.request(100, &[])).await.is_ok());
        story.clock.advance_ms(1);
        let outside = story.open_from("203.0.113.7", &story.request(100, &[])).await;
        assert!(matches!(outside, Err(ServiceError::AddressRefused)), "{outside:?}");
        // Whoever does not have the key learns nothing of it.
        let mut request = story.request(100, &[]);
        request.signature = Fixed([0; 64]);
        assert!(refused(story.open_from("203.0.113.7", &request).await));
        story.clock.advance_ms(DAY);
        let late = story.open_from("10.9.8.7", &story.request(100, &[])).await;
        assert!(matches!(late, Err(ServiceError::TokenExpired)), "{late:?}");
        story.clock.advance_ms(1);
        machine::revoke(&story.context, token(100)).await.unwrap();
        machine::revoke(&story.context, token(100)).await.unwrap();
        let gone = story.open_from("10.9.8.7", &story.request(100, &[])).await;
        assert!(matches!(gone, Err(ServiceError::TokenRevoked)), "{gone:?}");
        use MachineUseKind::*;
        assert_eq!(
            story.kinds().await,
            [RefusedRevoked, RefusedExpired, RefusedAddress, Opened, Opened]
        );
    }

    async fn revoking_deletes_the_copy_at_once_and_the_token_after_90_days(db) {
        let story = Story::begin(db).await;
        assert!(account::get(&story.context).await.unwrap().machine_tokens);
        machine::revoke(&story.context, token(100)).await.unwrap();
        assert!(!account::get(&story.context).await.unwrap().machine_tokens);
        let rows = async |table: &'static str| db.store().count(table).await.unwrap();
        assert_eq!(rows("SELECT COUNT(*) FROM machine_items").await, 0);
        assert_eq!(rows("SELECT COUNT(*) FROM machine_manifests").await, 0);
        let (request, _) = story.signed(change([write(3, 0)], []), &story.head);
        assert!(matches!(story.write(request).await, Err(ServiceError::NotFound)));
        let told = machine::list(&story.context).await.unwrap().tokens;
        assert_eq!(told[0].revoked_at_ms, Some(FixedClock::START_MS));
        assert!(story.open(&story.request(100, &[])).await.is_err());
        story.clock.advance_ms(90 * DAY);
        cleanup::run(&story.services).await.unwrap();
        assert_eq!(rows("SELECT COUNT(*) FROM machine_tokens").await, 1);
        story.clock.advance_ms(1);
        let cleaned = cleanup::run(&story.services).await.unwrap();
        assert_eq!(cleaned.machine, 2, "the token, and the use that was refused");
        assert_eq!(rows("SELECT COUNT(*) FROM machine_tokens").await, 0);
        assert_eq!(rows("SELECT COUNT(*) FROM machine_uses").await, 0);
        assert!(refused(story.open(&story.request(100, &[])).await));
    }

    async fn a_copy_follows_its_manifests_and_what_left_may_come_back(db) {
        let story = Story::begin(db).await;
        let (request, second) =
            story.signed(change([write(1, 1), write(3, 0)], [purge(2, 1)]), &story.head);
        assert_eq!(story.write(request.clone()).await.unwrap(), 2);
        assert!(matches!(story.write(request).await, Err(ServiceError::ManifestStale)));
        let all = story.open(&story.request(100, &[])).await.unwrap();
        assert_eq!(counts(&all), [2, 1, 2, 2, 1]);
        // Out of step with an item, nothing is written.
        let (request, _) = story.signed(change([write(1, 1)], []), &second);
        let conflict = story.write(request).await;
        assert!(matches!(conflict, Err(ServiceError::Conflict(one)) if one[0].current_version == 2));
        // Back in the scope, it goes on from its tombstone.
        let (request, third) = story.signed(change([write(2, 2)], []), &second);
        assert_eq!(story.write(request).await.unwrap(), 3);
        let all = story.open(&story.request(100, &[])).await.unwrap();
        assert_eq!(counts(&all), [3, 0, 3, 3, 1]);
        // The owner asks for what is new alone.
        let since = machine::changes(&story.context, token(100), 2, None).await.unwrap();
        let bytes = since.try_collect::<Vec<_>>().await.unwrap().concat();
        assert_eq!(counts(&records(&bytes)), [1, 0, 1, 0, 0]);
        assert!(records(&bytes).contains(&Change::Manifest(Bytes(third.encode()))));
        let from = machine::changes(&story.context, token(100), 3, Some(1)).await.unwrap();
        let bytes = from.try_collect::<Vec<_>>().await.unwrap().concat();
        assert_eq!(counts(&records(&bytes)), [0, 0, 3, 0, 0]);
    }

    async fn details_that_do_not_fit_are_asked_for(db) {
        let story = Story::begin(db).await;
        let large = |item: u64| keyarc_wire::ItemWrite {
            details: Some(sealed(5, limits::DETAILS)),
            ..write(item, 0)
        };
        let (request, _) = story.signed(change((10..15).map(large), []), &story.head);
        story.write(request).await.unwrap();
        let all = story.open(&story.request(100, &[])).await.unwrap();
        assert_eq!(counts(&all), [7, 0, 2, 0, 1], "all details or none");
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let wanted = story.request(100, &[1, 2, 10, 14]);
        let found = machine::details(&story.services, address, &wanted).await.unwrap();
        assert_eq!(found.details.len(), 4);
        for (items, why) in [
            (Vec::new(), "none"),
            (vec![1, 1], "one twice"),
            ((0..=limits::MACHINE_DETAILS_PER_REQUEST as u64).collect(), "too many"),
        ] {
            let request = story.request(100, &items);
            let refused = machine::details(&story.services, address, &request).await;
            assert!(matches!(refused, Err(ServiceError::Invalid { .. })), "{why}");
        }
    }

    async fn nobody_else_looks_after_a_token(db) {
        let story = Story::begin(db).await;
        let eve = TestClient::new(2).signed_up(&story.services).await;
        let not_found = |outcome: Option<ServiceError>| matches!(outcome, Some(ServiceError::NotFound));
        assert!(machine::list(&eve).await.unwrap().tokens.is_empty());
        assert!(not_found(machine::revoke(&eve, token(100)).await.err()));
        assert!(not_found(machine::changes(&eve, token(100), 0, None).await.err()));
        let uses = machine::uses(&eve, token(100), &MachineUsesRequest::default()).await;
        assert!(not_found(uses.err()));
        let (request, _) = story.signed(change([write(3, 0)], []), &story.head);
        assert!(not_found(machine::write_items(&eve, token(100), request).await.err()));
        assert!(story.open(&story.request(100, &[])).await.is_ok());
        // Nor is a token of somebody else taken over, or a copy.
        let (mut request, _) = wish(100, &[]);
        request.vault.id = vault_id(200);
        assert!(machine::make(&eve, request).await.is_err());
    }

    async fn what_is_no_token_is_refused(db) {
        let story = Story::begin(db).await;
        type Spoil = fn(&mut MakeMachineTokenRequest);
        let spoilt: [(Spoil, &str); 14] = [
            (|request| request.first = WriteItemsRequest { manifest: request.first.manifest.clone(), ..change([], [purge(1, 1)]) }, "first"),
            (|request| request.first.writes[0].base_version = 1, "first"),
            (|request| request.token_id = token(100), "token_id"),
            (|request| request.vault.id = vault_id(100), "first.manifest"),
            (|request| request.grant = Sealed(vec![1; 350]), "grant"),
            (|request| request.note = sealed(1, limits::MACHINE_NOTE + 1), "note"),
            (|request| request.vault.wrapped_key = Sealed(Vec::new()), "vault.wrapped_key"),
            (|request| request.auth_public_key = Fixed([0; 32]), "auth_public_key"),
            (|request| request.expires_at_ms = Some(FixedClock::START_MS), "expires_at_ms"),
            (|request| request.networks = vec!["10.0.0.1/8".to_owned()], "networks"),
            (|request| request.vault.manifest = request.first.manifest.clone(), "vault.manifest"),
            (|request| request.first.manifest = request.vault.manifest.clone(), "first.manifest"),
            (|request| request.first.writes[0].details = None, "writes[0].details"),
            (|request| request.first.writes = vec![write_with(1, 0, &[1])], "writes[0]"),
        ];
        for (spoil, field) in spoilt {
            let (mut request, _) = wish(300, &[1]);
            spoil(&mut request);
            match machine::make(&story.context, request).await {
                Err(ServiceError::Invalid { field: named, .. }) => assert_eq!(named, field),
                other => panic!("{field}: {other:?}"),
            }
        }
        // Signed by somebody else.
        let (mut request, _) = wish(300, &[1]);
        let body = *VaultManifest::decode(&request.vault.manifest.0).unwrap().body();
        request.vault.manifest = Bytes(body.sign(&signing_key(2)).encode());
        assert!(machine::make(&story.context, request).await.is_err());
        assert_eq!(machine::list(&story.context).await.unwrap().tokens.len(), 1);
    }

    async fn an_account_has_a_hundred_at_most(db) {
        let story = Story::begin(db).await;
        for number in 1..limits::MACHINE_TOKENS as u64 {
            let (request, _) = wish(100 + number, &[]);
            machine::make(&story.context, request).await.unwrap();
        }
        let (request, _) = wish(900, &[]);
        let more = machine::make(&story.context, request.clone()).await;
        assert!(matches!(more, Err(ServiceError::Invalid { .. })), "{more:?}");
        machine::revoke(&story.context, token(100)).await.unwrap();
        machine::make(&story.context, request).await.unwrap();
    }

    async fn uses_are_listed_by_pages_and_bounded(db) {
        let story = Story::begin(db).await;
        for _ in 0..limits::MACHINE_USES_PER_PAGE + 5 {
            story.open(&story.request(100, &[])).await.unwrap();
        }
        let mut seen = 0;
        let mut before = None;
        loop {
            let request = MachineUsesRequest { before };
            let page = machine::uses(&story.context, token(100), &request).await.unwrap();
            seen += page.uses.len();
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen, limits::MACHINE_USES_PER_PAGE + 5, "none lost, none twice");
        // Old ones go, whatever the token does.
        story.clock.advance_ms(90 * DAY + 1);
        let cleaned = cleanup::run(&story.services).await.unwrap();
        assert_eq!(cleaned.machine, seen as u64);
    }

    async fn requests_are_limited_for_token_and_address(db) {
        let story = Story::begin(db).await;
        let mut nonce = 0_u32;
        let mut ask = async |host: u32| {
            nonce += 1;
            let mut request = story.request(100, &[]);
            story.nonce.set(0);
            request.client_nonce.0[..4].copy_from_slice(&nonce.to_be_bytes());
            let address = IpAddr::V4(Ipv4Addr::from(0xc000_0200 | host));
            machine::open(&story.services, address, &request).await.err()
        };
        // The signature is wrong, and it counts all the same.
        for host in 0..120 {
            assert!(matches!(ask(host).await, Some(ServiceError::LoginRefused)), "{host}");
        }
        let limited = ask(121).await;
        assert!(matches!(limited, Some(ServiceError::RateLimited { retry_after_seconds: 60 })), "{limited:?}");
    }

    async fn a_copy_costs_as_many_statements_for_any_number_of_items(db) {
        let story = Story::begin(db).await;
        let (few, next) = story.signed(change([write(10, 0)], []), &story.head);
        let (_, for_few) = count_queries(story.write(few)).await;
        let (many, next) = story.signed(change((20..2_020).map(|item| write(item, 0)), []), &next);
        let (_, for_many) = count_queries(story.write(many)).await;
        assert_eq!(for_few, for_many);
        let (gone, _) = story.signed(change([], (20..2_020).map(|item| purge(item, 1))), &next);
        story.write(gone).await.unwrap();
        let (all, opening) = count_queries(story.open(&story.request(100, &[]))).await;
        assert_eq!(counts(&all.unwrap())[..2], [3, 2_000]);
        assert!(opening <= 9, "{opening}");
    }
}
