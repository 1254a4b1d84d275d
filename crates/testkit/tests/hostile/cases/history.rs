//! Another past, another present, and a part of it.

use std::sync::{Arc, Mutex};

use keyarc_client::{ClientError, Recovering, SaveError, Trust};
use keyarc_crypto::RecoveryKey;
use keyarc_testkit::{Delivery, mutate::Answer};
use keyarc_vault::ItemDraft;
use keyarc_wire::{Change, ClientKind, ItemChange, WriteItemsRequest, paths};
use serde_json::json;

use crate::{
    device::Device,
    world::{Open, PASSWORD, World, draft, is_sync, records, stream},
};

const NEW: &str = "canary velvet harbour copper";

fn is_item(change: &Change) -> bool {
    matches!(change, Change::Item(_))
}

/// What a sync from the beginning says now.
async fn snapshot(world: &World) -> (Answer, Answer) {
    world.log_in_anew().await.expect("logs in");
    let said = world.proxy.said();
    let sync = said.iter().rfind(|(path, _)| path.contains("since=0"));
    (
        world.last_said(paths::LOGIN),
        sync.expect("there was one").1.clone(),
    )
}

/// Shows an earlier account and an earlier vault, consistent with each other.
fn show(world: &World, (login, sync): &(Answer, Answer), keep_notes: bool) {
    let (login, sync) = (login.clone(), sync.clone());
    world.proxy.lie(move |asked, answer| {
        if is_sync(asked) {
            answer.body.clone_from(&sync.body);
        } else if [paths::LOGIN, paths::RECOVER_FINISH].contains(&asked.path.as_str()) {
            let mut now = answer.value().expect("JSON");
            let then = login.value().expect("JSON");
            now["account"]["vaults"] = then["account"]["vaults"].clone();
            if !keep_notes {
                now["account"]["pins"] = json!([]);
            }
            answer.body = now.to_string().into_bytes();
        }
    });
}

async fn edit(session: &Open, world: &World, number: usize) {
    let item = session.reveal(world.items[number]).await.expect("reveals");
    let edited = ItemDraft {
        id: Some(item.summary.id),
        base_version: item.summary.version,
        favourite: true,
        ..draft(number)
    };
    session.save(&edited).await.expect("saves");
}

#[tokio::test]
async fn a_set_that_was_not_signed_closes_the_vault() {
    let world = World::new("history::a_set_that_was_not_signed_closes_the_vault").await;
    for number in 0..3 {
        world.lie_in_sync(move |mut all| {
            let items: Vec<usize> = (0..all.len()).filter(|at| is_item(&all[*at])).collect();
            all.remove(items[number]);
            all
        });
        world.blocks(&format!("item {number} is missing")).await;
    }
    world.lie_in_sync(|all| all.into_iter().filter(|one| !is_item(one)).collect());
    world.blocks("no item at all").await;
    world.lie_in_sync(|mut all| {
        let mut more = all
            .iter()
            .find(|one| is_item(one))
            .expect("an item")
            .clone();
        if let Change::Item(item) = &mut more {
            item.item_id.0[0] ^= 1;
        }
        all.push(more);
        all
    });
    world.blocks("an item too many").await;
    // Order means nothing, and neither does saying the same twice: the set is what was signed.
    world.lie_in_sync(|mut all| {
        all.reverse();
        all
    });
    let session = world.log_in().await.expect("opens");
    assert_eq!(
        (session.trust(), session.unlocked().items),
        (Trust::Fresh, 3)
    );
    world.lie_in_sync(|mut all| {
        let again = all
            .iter()
            .find(|one| is_item(one))
            .expect("an item")
            .clone();
        all.push(again);
        all
    });
    let session = world.log_in().await.expect("opens");
    assert_eq!(
        (session.trust(), session.unlocked().items),
        (Trust::Fresh, 3)
    );
    world.end().await;
}

#[tokio::test]
async fn an_older_item_is_noticed() {
    let world = World::new("history::an_older_item_is_noticed").await;
    let (_, before) = snapshot(&world).await;
    let id = world.items[0];
    let of = |body: &[u8]| -> ItemChange {
        let mut all = records(body).into_iter();
        let found = all.find_map(|change| match change {
            Change::Item(item) if item.item_id == id => Some(item),
            _ => None,
        });
        found.expect("there")
    };
    let old = of(&before.body);
    edit(&world.session, &world, 0).await;
    for raised in [false, true] {
        let mut old = old.clone();
        old.version += u64::from(raised);
        world.lie_in_sync(move |mut all| {
            for change in &mut all {
                if matches!(change, Change::Item(item) if item.item_id == id) {
                    *change = Change::Item(old.clone());
                }
            }
            all
        });
        world.blocks("an older version of one item").await;
    }
    world.end().await;
}

#[tokio::test]
async fn an_older_vault_can_be_read_and_is_not_written_to() {
    let world = World::new("history::an_older_vault_can_be_read_and_is_not_written_to").await;
    let before = snapshot(&world).await;
    edit(&world.session, &world, 0).await;
    // After a log-in the other devices are told.
    world.log_in().await.expect("logs in");
    let pins = world.device.pins();
    let kept = world.device.told.borrow().pins.len();
    show(&world, &before, false);
    // On the device that remembers.
    let back = world.log_in().await.expect("opens");
    let Trust::RolledBack { seen, shown, .. } = back.trust() else {
        panic!("{:?}", back.trust());
    };
    assert_eq!((seen, shown), (4, 3));
    back.reveal(world.items[1]).await.expect("can be read");
    let refused = back.save(&draft(0)).await.err();
    assert_eq!(refused, Some(SaveError::Client(ClientError::ReadOnly)));
    // Within a session nothing on the screen changes.
    let older = records(&before.1.body);
    world.lie_in_sync(move |_| older.iter().filter(|one| !is_item(one)).cloned().collect());
    let refused = world.session.sync().await;
    assert_eq!(refused, Err(ClientError::Tampered));
    assert!(matches!(world.session.trust(), Trust::RolledBack { .. }));
    assert_eq!(world.session.unlocked().items, 3);
    // And on one that does not, if it hears of the others.
    show(&world, &before, true);
    let told = world.log_in_anew().await.expect("opens");
    assert!(told.trust().is_alarm(), "{:?}", told.trust());
    assert_eq!(world.device.pins(), pins, "what was seen stays");
    assert_eq!(world.device.told.borrow().pins.len(), kept);
    world.end().await;
}

/// A restored backup and a lie look alike. Only a person can say that it is a backup.
#[tokio::test]
async fn only_a_person_goes_on_from_an_older_vault() {
    let world = World::new("history::only_a_person_goes_on_from_an_older_vault").await;
    let before = snapshot(&world).await;
    // Of an open vault nothing can be taken back, whoever agrees.
    assert_eq!(world.session.accept_shown().await, Ok(()));
    edit(&world.session, &world, 0).await;
    show(&world, &before, false);
    let older = records(&before.1.body);
    world.lie_in_sync(move |_| older.iter().filter(|one| !is_item(one)).cloned().collect());
    assert_eq!(world.session.sync().await, Err(ClientError::Tampered));
    let refused = world.session.accept_shown().await;
    assert!(
        matches!(refused, Err(ClientError::Refused { .. })),
        "{refused:?}"
    );
    assert_eq!(world.session.unlocked().items, 3);
    // After a log-in the state shown can be taken, and is what the device remembers.
    show(&world, &before, false);
    let back = world.log_in().await.expect("opens");
    assert!(matches!(back.trust(), Trust::RolledBack { .. }));
    let pins = world.device.pins();
    assert_eq!(back.accept_shown().await, Ok(()));
    assert_eq!(back.trust(), Trust::FreshnessUnverified);
    assert_ne!(world.device.pins(), pins, "what was seen is forgotten");
    let again = world.log_in().await.expect("opens");
    assert_eq!(again.trust(), Trust::Fresh);
    // The newer state is then no alarm: it follows.
    world.proxy.tell_the_truth();
    let newest = world.log_in().await.expect("opens");
    assert_eq!(newest.trust(), Trust::Fresh);
    // A vault that is not what was signed cannot be taken.
    world.lie_in_sync(|all| all.into_iter().filter(|one| !is_item(one)).collect());
    let closed = world.log_in().await.expect("opens");
    assert_eq!(closed.trust(), Trust::Broken);
    assert!(closed.accept_shown().await.is_err());
    assert_eq!(closed.trust(), Trust::Broken);
    world.end().await;
}

#[tokio::test]
async fn a_device_without_a_memory_says_so() {
    let world = World::new("history::a_device_without_a_memory_says_so").await;
    let before = snapshot(&world).await;
    edit(&world.session, &world, 0).await;
    show(&world, &before, false);
    let device = world.log_in_anew().await.expect("opens");
    assert_eq!(device.trust(), Trust::FreshnessUnverified);
    assert_eq!(device.unlocked().trust, Trust::FreshnessUnverified);
    world.end().await;
}

#[tokio::test]
async fn the_kit_says_what_is_too_old_for_a_device_without_a_memory() {
    let test = "history::the_kit_says_what_is_too_old_for_a_device_without_a_memory";
    let mut world = World::new(test).await;
    let before = snapshot(&world).await;
    edit(&world.session, &world, 0).await;
    let made = world.session.make_recovery_key(PASSWORD).await;
    let made = made.expect("it is the password");
    let origin = world.proxy.origin();
    let put = world.session.put_recovery_key(&origin, PASSWORD, &made);
    put.await.expect("an honest server");
    let again = RecoveryKey::parse(&made.key().to_text());
    world.recovery_key = again.expect("reads back");
    world.checkpoint = *made.checkpoint();
    // The state of before the kit, with nothing of what other devices saw.
    show(&world, &before, false);
    let recovered = recovered(&world, NEW).await;
    world.password = NEW;
    let Trust::RolledBack { seen, shown, .. } = recovered.trust() else {
        panic!("{:?}", recovered.trust());
    };
    assert_eq!((seen, shown), (4, 3));
    let refused = recovered.save(&draft(0)).await.err();
    assert_eq!(refused, Some(SaveError::Client(ClientError::ReadOnly)));
    // What is as new as the kit, or newer, is taken.
    world.proxy.tell_the_truth();
    let recovered = self::recovered(&world, NEW).await;
    assert_eq!(recovered.trust(), Trust::Fresh);
    // And the keys of before it are refused before anything is changed.
    world.checkpoint.keyset_version = 9;
    assert_eq!(world.recover().await.err(), Some(ClientError::Tampered));
    world.end().await;
}

async fn recovered(world: &World, password: &str) -> Open {
    let Ok(Recovering::Ready(recovery)) = world.recover().await else {
        panic!("the kit is good");
    };
    let recovered = recovery.finish(password, "A device", ClientKind::Api).await;
    recovered.expect("the keys are this account's")
}

#[tokio::test]
async fn two_histories_are_told_apart_when_they_meet() {
    let world = World::new("history::two_histories_are_told_apart_when_they_meet").await;
    let before = snapshot(&world).await;
    // The true fourth version.
    edit(&world.session, &world, 0).await;
    // Somebody else is shown the third, and told that the fourth of theirs was stored.
    show(&world, &before, false);
    let fooled: Device = world.stranger();
    let theirs = world
        .log_in_as(&fooled, &world.code, None)
        .await
        .expect("opens");
    let path = world.vault_path("items");
    let written = Arc::new(Mutex::new(None::<WriteItemsRequest>));
    let seen = written.clone();
    world.proxy.route(move |asked| match asked.path == path {
        true => {
            let request = serde_json::from_slice(&asked.body).expect("a write");
            *seen.lock().expect("a lock") = Some(request);
            Delivery::Instead(Answer::json(&json!({ "revision": 4 })))
        }
        false => Delivery::Once,
    });
    theirs
        .save(&draft(1))
        .await
        .expect("is told that it was saved");
    let manifest = written
        .lock()
        .expect("a lock")
        .take()
        .expect("it was sent")
        .manifest;
    drop(theirs);
    // The device comes back and is shown the truth.
    world.proxy.tell_the_truth();
    let pins = fooled.pins();
    let back = world.log_in_as(&fooled, &world.code, pins.as_deref()).await;
    let back = back.expect("opens");
    assert_eq!(back.trust(), Trust::Forked { version: 4 });
    let refused = back.save(&draft(0)).await.err();
    assert_eq!(refused, Some(SaveError::Client(ClientError::ReadOnly)));
    assert_eq!(fooled.pins(), pins, "what was seen stays");
    // And the other way round: the first device is shown the history of the other.
    world.proxy.lie(move |asked, answer| {
        if is_sync(asked) {
            let mut all = records(&before.1.body);
            all.push(Change::Manifest(manifest.clone()));
            answer.body = stream(&all);
        }
    });
    world.blocks("a manifest without its items").await;
    world.end().await;
}

#[tokio::test]
async fn what_was_deleted_does_not_come_back() {
    let mut world = World::new("history::what_was_deleted_does_not_come_back").await;
    let (_, before) = snapshot(&world).await;
    let id = world.items.pop().expect("three");
    world.session.trash(&[id]).await.expect("moves");
    world.session.purge(&[id]).await.expect("purges");
    let alive = records(&before.body)
        .into_iter()
        .find(|change| matches!(change, Change::Item(item) if item.item_id == id))
        .expect("it was there");
    for version in [1, 3, 9] {
        let mut alive = alive.clone();
        if let Change::Item(item) = &mut alive {
            (item.version, item.revision) = (version, 5);
        }
        let returned = alive.clone();
        world.lie_in_sync(move |mut all| {
            for change in &mut all {
                if matches!(change, Change::Item(item) if item.item_id == id) {
                    *change = returned.clone();
                }
            }
            all
        });
        world.blocks("a deleted item is back").await;
        // Beside its tombstone, and within a session.
        world.lie_in_sync(move |mut all| {
            let mut alive = alive.clone();
            if let Change::Item(item) = &mut alive {
                item.revision = 99;
            }
            all.push(alive);
            all
        });
        assert_eq!(world.session.sync().await, Err(ClientError::Tampered));
        assert_eq!(world.session.unlocked().items, 2);
        world.proxy.tell_the_truth();
        world.session.sync().await.expect("an honest sync");
    }
    world.end().await;
}
