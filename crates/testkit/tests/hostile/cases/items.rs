//! Items that are swapped, dressed up or malformed, and what a client gives away about them.

use keyarc_client::{ClientError, Session, Trust};
use keyarc_crypto::Suite;
use keyarc_testkit::{Delivery, mutate::Answer};
use keyarc_wire::{Change, ClientKind, ItemChange, ItemId, Sealed, paths};
use serde_json::{Value, json};

use crate::{
    device::{Derives, Device},
    world::{HOST, World, draft, is_sync, line, records},
};

fn items(all: &mut [Change]) -> impl Iterator<Item = &mut ItemChange> {
    all.iter_mut().filter_map(|change| match change {
        Change::Item(item) => Some(item),
        _ => None,
    })
}

fn overview(item: &mut ItemChange) -> &mut Vec<u8> {
    &mut item.live.as_mut().expect("a live item").1.0
}

type SpoilSync = fn(&mut Vec<u8>);
type SpoilText = fn(&str) -> String;

#[tokio::test]
async fn what_is_malformed_is_refused_in_bounded_memory() {
    let world = World::new("items::what_is_malformed_is_refused_in_bounded_memory").await;
    let spoil: [(&str, SpoilSync); 8] = [
        ("a byte behind the end", |body| body.push(0)),
        ("a wrong count", |body| {
            *body.last_mut().expect("an end") ^= 1
        }),
        ("a length of 4 GiB", |body| body[45..49].fill(0xff)),
        ("another format", |body| body[3] = b'9'),
        ("an unknown record", |body| body[4] = 9),
        ("text", |body| *body = b"<html>".repeat(100)),
        ("no end but records without end", |body| {
            let one = body[4..4 + 45 + 350].to_vec();
            body.truncate(4);
            (0..10_000).for_each(|_| body.extend_from_slice(&one));
            body.push(0);
            body.extend_from_slice(&0_u32.to_be_bytes());
        }),
        ("a revision of before", |body| body[4 + 25..4 + 33].fill(0)),
    ];
    for (what, spoil) in spoil {
        world.proxy.lie(move |asked, answer| {
            if is_sync(asked) {
                spoil(&mut answer.body);
            }
        });
        world.refuses(what).await;
    }
    let wrap: [(&str, SpoilText); 6] = [
        ("twice the account", |body| {
            body.replacen("{\"account\":", "{\"account\":{},\"account\":", 1)
        }),
        ("bytes behind the end", |body| format!("{body}{body}")),
        ("a hundred thousand brackets", |_| "[".repeat(100_000)),
        ("two megabytes", |body| {
            format!("{body}{}", " ".repeat(2 << 20))
        }),
        ("a number without end", |body| {
            body.replacen(
                "\"version\":1",
                &format!("\"version\":{}", "9".repeat(50_000)),
                1,
            )
        }),
        ("no text at all", |_| "\u{0}\u{1}".into()),
    ];
    for (what, wrap) in wrap {
        world.proxy.lie(move |asked, answer| {
            if asked.path == paths::LOGIN {
                answer.body = wrap(&String::from_utf8_lossy(&answer.body)).into_bytes();
            }
        });
        world.refuses(what).await;
    }
    world.end().await;
}

#[tokio::test]
async fn one_part_does_not_stand_for_the_other() {
    let world = World::new("items::one_part_does_not_stand_for_the_other").await;
    world.session.reveal(world.items[0]).await.expect("reveals");
    let path = world.vault_path("details");
    let details = world.last_said(&path).value().expect("JSON");
    let details: Sealed =
        serde_json::from_value(details["details"][0]["details"].clone()).expect("sealed");
    let id = world.items[0];
    world.lie_in_sync(move |mut all| {
        let mut all_items = items(&mut all);
        let item = all_items.find(|item| item.item_id == id).expect("there");
        overview(item).clone_from(&details.0);
        drop(all_items);
        all
    });
    world.blocks("details in the overview's place").await;
    // And the other way round.
    let said = world.proxy.said();
    let sync = said
        .iter()
        .rfind(|(path, _)| path.contains("/changes?since=0"));
    let mut all = records(&sync.expect("there was one").1.body);
    let item = items(&mut all).find(|item| item.item_id == id);
    let other = Sealed(overview(item.expect("there")).clone());
    world.proxy.lie(move |_, answer| {
        let mut value = answer.value().expect("JSON");
        value["details"][0]["details"] = serde_json::to_value(&other).expect("text");
        answer.body = value.to_string().into_bytes();
    });
    let refused = world.session.reveal(id).await;
    assert_eq!(refused.err(), Some(ClientError::Tampered));
    world.end().await;
}

#[tokio::test]
async fn nothing_moves_between_items_vaults_and_accounts() {
    let world = World::new("items::nothing_moves_between_items_vaults_and_accounts").await;
    let [first, second] = [world.items[0], world.items[1]];
    // Between items: the rows of a list, and what is revealed.
    world.lie_in_sync(move |mut all| {
        let take = |all: &mut Vec<Change>, id| {
            let item = items(all).find(|item| item.item_id == id);
            overview(item.expect("there")).clone()
        };
        let (a, b) = (take(&mut all, first), take(&mut all, second));
        for item in items(&mut all) {
            match item.item_id {
                id if id == first => overview(item).clone_from(&b),
                id if id == second => overview(item).clone_from(&a),
                _ => {}
            }
        }
        all
    });
    world.blocks("two rows change places").await;
    world.proxy.tell_the_truth();
    world.session.reveal(second).await.expect("reveals");
    let theirs = world.last_said(&world.vault_path("details"));
    for renamed in [false, true] {
        let theirs = theirs.value().expect("JSON");
        world.proxy.lie(move |_, answer| {
            let mut value = theirs.clone();
            if renamed {
                value["details"][0]["item_id"] = json!(first);
            }
            answer.body = value.to_string().into_bytes();
        });
        let refused = world.session.reveal(first).await;
        assert_eq!(refused.err(), Some(ClientError::Tampered), "{renamed}");
    }
    world.proxy.tell_the_truth();

    // Another vault, and another account's everything.
    world.lie(paths::LOGIN, |answer| {
        answer["account"]["vaults"][0]["id"] = json!("00".repeat(16));
    });
    world.refuses("another vault's name").await;
    world.proxy.tell_the_truth();
    let wish = keyarc_client::SignUp {
        origin: &world.proxy.origin(),
        password: "canary quartz lantern mosaic",
        suite: Suite::Pbkdf2Sha256,
        email: None,
        terms_version: "2026-11",
        device_name: "A device",
        client: ClientKind::Api,
    };
    let mallory = Device::new(99, Derives::Quickly);
    let made = Session::sign_up(line(&world.proxy), mallory, &wish).await;
    let (mallory, _) = made.expect("signs up");
    mallory.save(&draft(0)).await.expect("saves");
    let account = world.last_said(paths::SIGN_UP).value().expect("JSON")["account"].clone();
    for pointer in [
        "",
        "/bundle",
        "/keyset",
        "/keyset/keyring",
        "/vaults",
        "/vaults/0/wrapped_key",
    ] {
        let theirs = account.pointer(pointer).expect("there").clone();
        world.lie(paths::LOGIN, move |answer| {
            let here = answer["account"].pointer_mut(pointer).expect("there");
            *here = theirs.clone();
        });
        world.refuses(&format!("another account's {pointer}")).await;
    }
    world.proxy.tell_the_truth();
    let theirs = {
        let session = &mallory;
        session.sync().await.expect("syncs");
        let id = session.look(|vault| vault.id());
        let said = world.proxy.said();
        let theirs = said
            .iter()
            .rfind(|(path, _)| path.contains(&id.to_string()));
        theirs.expect("there was one").1.body.clone()
    };
    world.proxy.lie(move |asked, answer| {
        if is_sync(asked) {
            answer.body.clone_from(&theirs);
        }
    });
    world.blocks("another account's vault").await;
    world.end().await;
}

#[tokio::test]
async fn what_is_shown_of_an_item_cannot_be_edited() {
    let world = World::new("items::what_is_shown_of_an_item_cannot_be_edited").await;
    // Kind, name, folder, times and stars are inside. What is left outside are numbers.
    world.lie_in_sync(|mut all| {
        for item in items(&mut all) {
            item.live.as_mut().expect("live").0 = 77;
        }
        all
    });
    let session = world.log_in().await.expect("opens");
    assert_eq!(
        (session.trust(), session.unlocked().items),
        (Trust::Fresh, 3)
    );
    assert_eq!(session.unlocked().unreadable, 0);
    world.lie_in_sync(|mut all| {
        items(&mut all).for_each(|item| item.version += 1);
        all
    });
    world.blocks("higher versions").await;
    world.lie_in_sync(|mut all| {
        items(&mut all).for_each(|item| item.revision = u64::MAX);
        all
    });
    world.blocks("revisions to come").await;
    world.lie_in_sync(|mut all| {
        items(&mut all).for_each(|item| item.item_id = ItemId([7; 16]));
        all
    });
    world.blocks("other names").await;
    world.proxy.tell_the_truth();
    let extra = json!({ "kind": "note", "name": "x", "created_at_ms": 1, "folder": "y" });
    world.proxy.lie(move |_, answer| {
        let Some(mut value) = answer.value() else {
            return;
        };
        for details in value["details"].as_array_mut().into_iter().flatten() {
            let members = details.as_object_mut().expect("an object");
            members.extend(extra.as_object().expect("members").clone());
        }
        answer.body = value.to_string().into_bytes();
    });
    let shown = world.session.reveal(world.items[0]).await.expect("reveals");
    assert!(shown.summary.name != "x" && shown.summary.folder != "y");
    assert_eq!(shown.summary.kind, keyarc_vault::Kind::ApiKey);
    world.end().await;
}

#[tokio::test]
async fn one_kind_does_not_pass_for_another() {
    let world = World::new("items::one_kind_does_not_pass_for_another").await;
    // A note's content under a log-in's name: the same test as for any other item.
    world.session.reveal(world.items[2]).await.expect("reveals");
    let note = world.last_said(&world.vault_path("details"));
    let note = note.value().expect("JSON")["details"][0].clone();
    let login = world.items[1];
    let path = world.vault_path("details");
    world.proxy.lie(move |asked, answer| {
        if asked.path == path {
            let mut told = note.clone();
            told["item_id"] = json!(login);
            *answer = Answer::json(&json!({ "details": [told] }));
        }
    });
    let refused = world.session.reveal(login).await;
    assert_eq!(refused.err(), Some(ClientError::Tampered));
    // Every other type that an envelope can say it is.
    for kind in [0x0002_u16, 0x0101, 0x0102, 0x0103, 0x0201, 0x0000, 0xffff] {
        world.lie_in_sync(move |mut all| {
            for item in items(&mut all) {
                overview(item)[4..6].copy_from_slice(&kind.to_be_bytes());
            }
            all
        });
        world
            .blocks(&format!("overviews of type {kind:#06x}"))
            .await;
    }
    world.end().await;
}

#[tokio::test]
async fn addresses_in_items_are_never_asked() {
    let world = World::new("items::addresses_in_items_are_never_asked").await;
    let session = world.log_in().await.expect("logs in");
    let login = session.reveal(world.items[1]).await.expect("reveals");
    assert!(
        serde_json::to_string(&login.content)
            .expect("text")
            .contains(HOST),
        "there is an address to leak"
    );
    let vault = world.session.look(|vault| vault.id()).to_string();
    for asked in world.proxy.asked() {
        let path = asked.path.split('?').next().expect("a path");
        let known = [
            paths::CHALLENGE,
            paths::SIGN_UP,
            paths::LOGIN,
            paths::REFRESH,
            paths::PINS,
        ];
        let own = path
            .strip_prefix("/api/vaults/")
            .map(|rest| rest.split_once('/'));
        let own = matches!(own, Some(Some((id, "changes" | "items" | "details"))) if id == vault);
        assert!(own || known.contains(&path), "{path}");
    }
    world.end().await;
}

#[tokio::test]
async fn an_older_server_gets_no_older_client() {
    let world = World::new("items::an_older_server_gets_no_older_client").await;
    let path = world.vault_path("changes");
    // It does not know syncs as they are now.
    let gone = path.clone();
    world
        .proxy
        .route(move |asked| match asked.path.starts_with(&gone) {
            true => Delivery::Instead(Answer::refusal(404, "not_found")),
            false => Delivery::Once,
        });
    assert_eq!(world.log_in().await.err(), Some(ClientError::SessionEnded));
    world.proxy.tell_the_truth();
    world.proxy.lie(|asked, answer| {
        if is_sync(asked) {
            answer.body[3] = b'1';
        }
    });
    world.refuses("a sync of before").await;
    // It has no manifests: nothing is shown, and nothing is written without one.
    world.lie_in_sync(|all| {
        let kept = all
            .into_iter()
            .filter(|change| matches!(change, Change::Item(_)));
        kept.collect()
    });
    world.blocks("a server without manifests").await;
    // It keeps no notes of devices. This one has its own.
    world.proxy.tell_the_truth();
    world.lie(paths::LOGIN, |answer| {
        answer["account"]
            .as_object_mut()
            .expect("an account")
            .remove("pins");
        answer["server_version"] = json!("0.0.1");
        answer["features"] = json!({ "manifests": false, "second_factor": false });
    });
    assert_eq!(world.log_in().await.expect("opens").trust(), Trust::Fresh);
    world.end().await;
}

#[tokio::test]
async fn ten_thousand_blobs_get_one_answer() {
    let world = World::new("items::ten_thousand_blobs_get_one_answer").await;
    world.session.reveal(world.items[0]).await.expect("reveals");
    let path = world.vault_path("details");
    let value = world.last_said(&path).value().expect("JSON");
    let before = world.proxy.asked().len();
    let mut dice = keyarc_testkit::mutate::Dice::new(39);
    let blobs: Vec<Value> = (0..10_000)
        .map(|_| {
            let length = dice.below(600);
            let mut blob: Vec<u8> = (0..length).map(|_| dice.roll() as u8).collect();
            if dice.below(2) == 0 {
                blob.splice(0..blob.len().min(4), *b"KA\x01\x01");
            }
            serde_json::to_value(Sealed(blob)).expect("text")
        })
        .collect();
    let count = blobs.len();
    let mut next = blobs.into_iter();
    // The proxy answers by itself: the server is not what is tried here.
    world.proxy.route(move |asked| match asked.path == path {
        true => {
            let mut told = value.clone();
            told["details"][0]["details"] = next.next().expect("one for each");
            Delivery::Instead(Answer::json(&told))
        }
        false => Delivery::Once,
    });
    for number in 0..count {
        let refused = world.session.reveal(world.items[0]).await;
        assert_eq!(refused.err(), Some(ClientError::Tampered), "{number}");
    }
    let asked = &world.proxy.asked()[before..];
    assert_eq!(
        asked.len(),
        count,
        "nothing is reported, nothing is tried again"
    );
    assert!(
        asked
            .iter()
            .all(|one| one.body == asked[0].body && one.head == asked[0].head)
    );
    world.end().await;
}

#[tokio::test]
async fn words_of_the_server_reach_no_item() {
    let world = World::new("items::words_of_the_server_reach_no_item").await;
    let nasty = "\u{202e}<script>alert(1)</script>\u{1b}[2J\u{0}";
    world.proxy.lie(move |asked, answer| {
        if asked.path == paths::CHALLENGE {
            return;
        }
        if let Some(mut value) = answer.value() {
            value["message"] = json!(nasty);
            value["name"] = json!(nasty);
            if asked.path == paths::LOGIN {
                value["account"]["email"] = json!(nasty);
            }
            answer.body = value.to_string().into_bytes();
        }
    });
    let session = world.log_in().await.expect("opens");
    for item in &world.items {
        let shown = session.reveal(*item).await.expect("reveals");
        let text = serde_json::to_string(&shown).expect("text");
        assert!(!text.contains("script") && !text.contains("202e"));
    }
    let label = session.unlocked().label;
    assert!(
        label.starts_with("KA1-"),
        "not an address, so not shown: {label:?}"
    );
    world.end().await;
}
