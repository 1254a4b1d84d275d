//! What is handed in with a token that writes: it waits, is taken or discarded, and is bounded.

use std::net::{IpAddr, Ipv4Addr};

use keyarc_auth::{HandInStatement, HandedIn};
use keyarc_service::{ServiceError, account, machine, vault};
use keyarc_testkit::{
    TempDb, TestClient,
    build::{ORIGIN, change, follow_head, id, item_id, sealed, vault_id, write},
    count_queries, on_both,
};
use keyarc_wire::{
    Change, DiscardChangesRequest, Fixed, HandInRequest, MachineChangeId, MachineChangeName,
    MachineUseKind, NewMachineChange, SealedChange, WaitingChange, WaitingChangesRequest,
    WriteItemsRequest, limits,
};

use crate::story::{Story, key, token, wish};

/// A person with token 100, which writes.
async fn begin(db: &TempDb) -> Story {
    Story::with(db, |request| request.writes = true).await
}

fn change_id(number: u64) -> MachineChangeId {
    MachineChangeId(id(number))
}

/// A change of an item, made on its version 1.
fn of(item: u64, name: u64) -> NewMachineChange {
    NewMachineChange {
        change_id: change_id(name),
        item_id: item_id(item),
        base_version: 1,
        replaces: None,
        change: sealed(name as u8, 350),
    }
}

/// What the holder of a token sends.
fn signed(story: &Story, token_number: u64, changes: Vec<NewMachineChange>) -> HandInRequest {
    story.nonce.set(story.nonce.get() + 1);
    let mut request = HandInRequest {
        token_id: token(token_number),
        origin: ORIGIN.to_owned(),
        time_ms: story.services.now_ms(),
        client_nonce: Fixed([story.nonce.get(); 32]),
        signature: Fixed([0; 64]),
        changes,
    };
    request.signature = Fixed(signature(&request, token_number));
    request
}

fn signature(request: &HandInRequest, by: u64) -> [u8; 64] {
    let changes: Vec<HandedIn<'_>> = request
        .changes
        .iter()
        .map(|one| HandedIn {
            change: one.change_id.0,
            item: one.item_id.0,
            base: one.base_version,
            replaces: one.replaces.map(|replaced| replaced.0),
            sealed: one.change.as_ref(),
        })
        .collect();
    let statement = HandInStatement {
        origin: &request.origin,
        token: request.token_id.0,
        time_ms: request.time_ms,
        client_nonce: request.client_nonce.0,
        changes: &changes,
    };
    statement.sign(&key(by))
}

async fn send(story: &Story, request: HandInRequest) -> Result<(), ServiceError> {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    machine::hand_in(&story.services, address, request).await
}

async fn hand_in(story: &Story, changes: Vec<NewMachineChange>) -> Result<(), ServiceError> {
    send(story, signed(story, 100, changes)).await
}

async fn waiting(story: &Story) -> Vec<WaitingChange> {
    let first = WaitingChangesRequest::default();
    let page = machine::waiting(&story.context, &first).await.unwrap();
    assert_eq!(page.next, None);
    page.changes
}

/// The names of the changes that wait, by their numbers, in the order of the items.
async fn names(story: &Story) -> Vec<MachineChangeId> {
    let all = waiting(story).await;
    all.iter().map(|one| one.sealed.change_id).collect()
}

fn name(item: u64, change: u64) -> MachineChangeName {
    MachineChangeName {
        token_id: token(100),
        item_id: item_id(item),
        change_id: change_id(change),
    }
}

/// Writes to the vault of person 1.
async fn write_vault(story: &Story, request: WriteItemsRequest) -> Result<u64, ServiceError> {
    let (_, request) = follow_head(story.services.store(), vault_id(1), request).await;
    let written = vault::write_items(&story.context, vault_id(1), request).await?;
    Ok(written.revision)
}

fn taking(item: u64, base: u64, names: Vec<MachineChangeName>) -> WriteItemsRequest {
    WriteItemsRequest {
        takes: names,
        ..change([write(item, base)], [])
    }
}

on_both! {
    async fn what_is_handed_in_waits_for_the_owner_and_is_shown_to_the_holder(db) {
        let story = begin(db).await;
        assert!(account::get(&story.context).await.unwrap().machine_writes);
        let new = NewMachineChange { base_version: 0, ..of(9, 52) };
        hand_in(&story, vec![of(1, 51), new]).await.unwrap();
        let all = waiting(&story).await;
        assert_eq!(all.len(), 2);
        assert_eq!(all[0], WaitingChange {
            token_id: token(100),
            handed_in_at_ms: story.services.now_ms(),
            sealed: SealedChange {
                change_id: change_id(51),
                item_id: item_id(1),
                base_version: 1,
                change: sealed(51, 350),
            },
        });
        assert_eq!(all[1].sealed.base_version, 0);
        let told = machine::list(&story.context).await.unwrap().tokens;
        assert_eq!((told[0].writes, told[0].waiting), (true, 2));
        assert_eq!(told[0].last_use.as_ref().unwrap().kind, MachineUseKind::HandedIn);
        let opened = story.open(&story.request(100, &[])).await.unwrap();
        let mut shown: Vec<SealedChange> = Vec::new();
        for record in opened {
            if let Change::Waiting(waiting) = record {
                shown.push(waiting);
            }
        }
        shown.sort_by_key(|one| one.item_id);
        assert_eq!(shown, all.into_iter().map(|one| one.sealed).collect::<Vec<_>>());
        assert_eq!(story.kinds().await, [MachineUseKind::Opened, MachineUseKind::HandedIn]);
    }

    async fn only_a_token_that_writes_hands_in_and_signs_all_of_it(db) {
        let story = begin(db).await;
        let good = signed(&story, 100, vec![of(1, 51)]);
        type Spoil = fn(&mut HandInRequest);
        let spoilt: [Spoil; 8] = [
            |request| request.token_id = token(999),
            |request| request.origin = "https://evil.example".to_owned(),
            |request| request.client_nonce = Fixed([77; 32]),
            |request| request.time_ms += 1,
            |request| request.changes[0].base_version = 2,
            |request| request.changes[0].replaces = Some(change_id(1)),
            |request| request.changes[0].change = sealed(9, 350),
            |request| request.changes.push(of(2, 52)),
        ];
        for (number, spoil) in spoilt.into_iter().enumerate() {
            let mut request = good.clone();
            spoil(&mut request);
            let refused = send(&story, request).await;
            assert!(matches!(refused, Err(ServiceError::LoginRefused)), "{number}: {refused:?}");
        }
        assert!(story.kinds().await.is_empty() && waiting(&story).await.is_empty());
        send(&story, good.clone()).await.unwrap();
        let again = send(&story, good).await;
        assert!(matches!(again, Err(ServiceError::LoginRefused)), "the nonce was used");
        // One that reads is told so, and noted.
        let (request, _) = wish(101, &[7]);
        machine::make(&story.context, request).await.unwrap();
        let refused = send(&story, signed(&story, 101, vec![of(7, 53)])).await;
        assert!(matches!(refused, Err(ServiceError::TokenReadsOnly)), "{refused:?}");
        let told = machine::list(&story.context).await.unwrap().tokens;
        let reading = told.iter().find(|one| one.id == token(101)).unwrap();
        assert_eq!(reading.last_use.as_ref().unwrap().kind, MachineUseKind::RefusedReadsOnly);
        assert!(!reading.writes);
        assert_eq!(names(&story).await, [change_id(51)]);
    }

    async fn one_change_of_an_item_waits_and_nothing_takes_its_place_unseen(db) {
        let story = begin(db).await;
        hand_in(&story, vec![of(1, 51)]).await.unwrap();
        let conflict = async |one: NewMachineChange| {
            let refused = hand_in(&story, vec![one]).await;
            assert!(matches!(refused, Err(ServiceError::ChangesConflict)), "{refused:?}");
        };
        // The answer was lost: the very same change once more.
        hand_in(&story, vec![of(1, 51)]).await.unwrap();
        // Nothing else takes its name: its owner may have looked at it.
        conflict(NewMachineChange { change: of(1, 52).change, ..of(1, 51) }).await;
        conflict(NewMachineChange { base_version: 2, ..of(1, 51) }).await;
        conflict(of(1, 52)).await;
        let on = |name: u64, replaced: u64| NewMachineChange {
            replaces: Some(change_id(replaced)),
            ..of(1, name)
        };
        conflict(on(52, 50)).await;
        conflict(NewMachineChange { base_version: 2, ..on(52, 51) }).await;
        conflict(NewMachineChange { item_id: item_id(2), ..on(52, 51) }).await;
        // With another one that fits, none of them is handed in.
        let both = hand_in(&story, vec![of(2, 60), of(1, 52)]).await;
        assert!(matches!(both, Err(ServiceError::ChangesConflict)));
        assert_eq!(names(&story).await, [change_id(51)]);
        hand_in(&story, vec![on(52, 51)]).await.unwrap();
        assert_eq!(names(&story).await, [change_id(52)]);
        assert_eq!(waiting(&story).await[0].sealed.change, sealed(52, 350));
        conflict(on(53, 51)).await;
        // Of the same item another token has its own.
        let (mut request, _) = wish(101, &[1]);
        request.writes = true;
        machine::make(&story.context, request).await.unwrap();
        send(&story, signed(&story, 101, vec![of(1, 51)])).await.unwrap();
        assert_eq!(waiting(&story).await.len(), 2);
    }

    async fn a_write_takes_what_it_names_or_nothing_is_written(db) {
        let story = begin(db).await;
        write_vault(&story, change([write(1, 0), write(2, 0)], [])).await.unwrap();
        hand_in(&story, vec![of(1, 51), of(2, 52)]).await.unwrap();
        let before = names(&story).await;
        for (request, why) in [
            (taking(1, 1, vec![name(1, 50)]), "another change"),
            (taking(1, 1, vec![MachineChangeName { token_id: token(101), ..name(1, 51) }]), "another token"),
        ] {
            let refused = write_vault(&story, request).await;
            assert!(matches!(refused, Err(ServiceError::ChangesConflict)), "{why}: {refused:?}");
        }
        for (request, why) in [
            (taking(1, 1, vec![name(2, 52)]), "of an item that is not written"),
            (taking(1, 1, vec![name(1, 51), name(1, 51)]), "twice"),
        ] {
            let refused = write_vault(&story, request).await;
            assert!(matches!(refused, Err(ServiceError::Invalid { field, .. }) if field == "takes"), "{why}");
        }
        // An item that was changed meanwhile is a conflict as ever, and what waits waits.
        let stale = write_vault(&story, taking(1, 7, vec![name(1, 51)])).await;
        assert!(matches!(stale, Err(ServiceError::Conflict(_))));
        assert_eq!(names(&story).await, before);
        assert_eq!(write_vault(&story, taking(1, 1, vec![name(1, 51)])).await.unwrap(), 2);
        assert_eq!(names(&story).await, [change_id(52)]);
        // Nobody takes it twice.
        let twice = write_vault(&story, taking(1, 2, vec![name(1, 51)])).await;
        assert!(matches!(twice, Err(ServiceError::ChangesConflict)));
        // Nor in a copy.
        let (request, _) = story.signed(taking(2, 1, vec![name(2, 52)]), &story.head);
        let refused = story.write(request).await;
        assert!(matches!(refused, Err(ServiceError::Invalid { field, .. }) if field == "takes"));
        assert_eq!(names(&story).await, [change_id(52)]);
    }

    async fn the_owner_discards_and_nobody_else(db) {
        let story = begin(db).await;
        hand_in(&story, vec![of(1, 51), of(2, 52)]).await.unwrap();
        let eve = TestClient::new(2).signed_up(&story.services).await;
        let all = DiscardChangesRequest { changes: vec![name(1, 51), name(2, 52)] };
        machine::discard(&eve, &all).await.unwrap();
        let first = WaitingChangesRequest::default();
        assert!(machine::waiting(&eve, &first).await.unwrap().changes.is_empty());
        let (_, stolen) = follow_head(
            story.services.store(), vault_id(2), taking(1, 0, vec![name(1, 51)])
        ).await;
        let refused = vault::write_items(&eve, vault_id(2), stolen).await;
        assert!(matches!(refused, Err(ServiceError::ChangesConflict)), "{refused:?}");
        assert_eq!(names(&story).await, [change_id(51), change_id(52)]);
        // One that took the place of another has another name.
        let other = DiscardChangesRequest { changes: vec![name(1, 50)] };
        machine::discard(&story.context, &other).await.unwrap();
        assert_eq!(waiting(&story).await.len(), 2);
        let one = DiscardChangesRequest { changes: vec![name(1, 51)] };
        machine::discard(&story.context, &one).await.unwrap();
        machine::discard(&story.context, &one).await.unwrap();
        assert_eq!(names(&story).await, [change_id(52)]);
        let none = DiscardChangesRequest { changes: Vec::new() };
        assert!(machine::discard(&story.context, &none).await.is_err());
        // Its place is free.
        hand_in(&story, vec![of(1, 53)]).await.unwrap();
        machine::revoke(&story.context, token(100)).await.unwrap();
        assert!(waiting(&story).await.is_empty());
        let late = hand_in(&story, vec![of(1, 54)]).await;
        assert!(matches!(late, Err(ServiceError::TokenRevoked)), "{late:?}");
        assert!(!account::get(&story.context).await.unwrap().machine_writes);
    }

    async fn so_many_wait_and_so_large(db) {
        let story = begin(db).await;
        let many = limits::MACHINE_CHANGES as u64;
        for (changes, field) in [
            (Vec::new(), "changes"),
            ((0..=many).map(|item| of(item, item)).collect(), "changes"),
            (vec![of(1, 51), of(1, 52)], "changes[1].item_id"),
            (vec![NewMachineChange { change: sealed(1, limits::MACHINE_CHANGE + 1), ..of(1, 51) }], "changes[0].change"),
            (vec![NewMachineChange { base_version: u64::MAX, ..of(1, 51) }], "changes[0].base_version"),
        ] {
            let refused = hand_in(&story, changes).await;
            assert!(matches!(&refused, Err(ServiceError::Invalid { field: named, .. }) if *named == field), "{field}: {refused:?}");
        }
        hand_in(&story, (0..many).map(|item| of(item, item + 1)).collect()).await.unwrap();
        let full = hand_in(&story, vec![of(many, 900)]).await;
        assert!(matches!(full, Err(ServiceError::ChangesFull)), "{full:?}");
        assert_eq!(waiting(&story).await.len(), limits::MACHINE_CHANGES);
        // What is large comes in pages.
        let (mut request, _) = wish(101, &[1]);
        request.writes = true;
        machine::make(&story.context, request).await.unwrap();
        let large = |item: u64| NewMachineChange {
            change: sealed(1, limits::MACHINE_CHANGE),
            ..of(item, item + 500)
        };
        for item in 0..3 {
            send(&story, signed(&story, 101, vec![large(item)])).await.unwrap();
        }
        let full = send(&story, signed(&story, 101, vec![large(3)])).await;
        assert!(matches!(full, Err(ServiceError::ChangesFull)), "{full:?}");
        let mut found = 0;
        let mut request = WaitingChangesRequest::default();
        let mut pages = 0;
        loop {
            let page = machine::waiting(&story.context, &request).await.unwrap();
            assert!(!page.changes.is_empty() && page.changes.len() <= limits::WAITING_PER_PAGE);
            found += page.changes.len();
            pages += 1;
            match page.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
        assert_eq!((found, pages), (limits::MACHINE_CHANGES + 3, 2));
    }

    async fn handing_in_and_taking_cost_as_many_statements_for_any_number(db) {
        let story = begin(db).await;
        write_vault(&story, change((0..40).map(|item| write(item, 0)), [])).await.unwrap();
        let (one, for_one) = count_queries(hand_in(&story, vec![of(0, 1)])).await;
        one.unwrap();
        let many = (1..40).map(|item| of(item, item + 1)).collect();
        let (handed_in, for_many) = count_queries(hand_in(&story, many)).await;
        handed_in.unwrap();
        assert_eq!(for_one, for_many);
        let (first, for_one) = count_queries(
            write_vault(&story, taking(0, 1, vec![name(0, 1)]))
        ).await;
        first.unwrap();
        let request = WriteItemsRequest {
            takes: (1..40).map(|item| name(item, item + 1)).collect(),
            ..change((1..40).map(|item| write(item, 1)), [])
        };
        let (rest, for_many) = count_queries(write_vault(&story, request)).await;
        rest.unwrap();
        assert_eq!(for_one, for_many);
        assert!(waiting(&story).await.is_empty());
    }
}
