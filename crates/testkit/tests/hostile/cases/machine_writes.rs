//! What machines hand in, and a server that shows its owner something else.

use keyarc_client::{
    HandInError, Machine, MachineWish, NativeHost, NativeTransport, NewToken, TakenChanges,
    WaitsBecause,
};
use keyarc_crypto::MachineToken;
use keyarc_testkit::mutate::Answer;
use keyarc_vault::{Content, ItemDraft, MachineScope};
use keyarc_wire::{ItemId, paths};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::world::{Open, World, draft, line};

const BY_MACHINE: [&str; 2] = ["canary-machine-one-77", "canary-machine-two-88"];

type Holder = Machine<NativeTransport, NativeHost>;

/// A token that reads everything, and writes it or not.
async fn make(world: &World, name: &str, writes: bool) -> Zeroizing<String> {
    let new = NewToken {
        name,
        scope: &MachineScope::default(),
        expires_at_ms: None,
        networks: &[],
        writes,
    };
    world.session.make_token(&new).await.expect("is made").text
}

async fn open(world: &World, token: &str) -> Holder {
    let token = MachineToken::parse(token).expect("a token");
    let origin = world.proxy.origin();
    let opened = Machine::open(line(&world.proxy), NativeHost, &origin, &token).await;
    opened.expect("an honest server")
}

fn wish(world: &World, number: usize) -> MachineWish {
    let secret = BY_MACHINE[number].to_owned();
    let was = draft(number);
    let content = match &was.content {
        Content::Login { username, url, .. } => Content::Login {
            username: username.clone(),
            password: secret,
            url: url.clone(),
        },
        _ => Content::ApiKey { value: secret },
    };
    let wanted = ItemDraft { content, ..was };
    MachineWish::Change(world.items[number], Box::new(wanted))
}

async fn take(session: &Open) -> TakenChanges {
    session.take_changes().await.expect("looks")
}

async fn secret(session: &Open, item: ItemId) -> String {
    match session.reveal(item).await.expect("is there").content {
        Content::ApiKey { ref value } => value.clone(),
        Content::Login { ref password, .. } => password.clone(),
        _ => String::new(),
    }
}

/// How often something was written to the vault.
fn written(world: &World) -> usize {
    let asked = world.proxy.asked();
    let is_write = |path: &str| path.starts_with("/api/vaults/") && path.ends_with("/items");
    asked.iter().filter(|asked| is_write(&asked.path)).count()
}

/// Lets two parts of an answer change places.
fn swap(said: &mut Value, one: &str, other: &str) {
    let [a, b] = [one, other].map(|at| said.pointer(at).cloned());
    for (at, value) in [(one, b), (other, a)] {
        if let (Some(place), Some(value)) = (said.pointer_mut(at), value) {
            *place = value;
        }
    }
}

fn put(said: &mut Value, at: &str, value: Value) {
    if let Some(place) = said.pointer_mut(at) {
        *place = value;
    }
}

fn spoil(said: &mut Value, at: &str) {
    if let Some(Value::String(text)) = said.pointer_mut(at) {
        let other = if &text[200..201] == "A" { "B" } else { "A" };
        text.replace_range(200..201, other);
    }
}

#[tokio::test]
async fn a_change_is_taken_as_it_was_handed_in_or_not_at_all() {
    let test = "machine_writes::a_change_is_taken_as_it_was_handed_in_or_not_at_all";
    let world = World::new(test).await;
    let (one, two) = (
        make(&world, "one", true).await,
        make(&world, "two", true).await,
    );
    for (number, token) in [&one, &two].into_iter().enumerate() {
        let holder = open(&world, token).await;
        let handed_in = holder.hand_in(&[wish(&world, number)]).await;
        assert_eq!(handed_in, Ok(vec![world.items[number]]));
    }
    // In the order of the tokens' ids, which are random: each lie is about both.
    type Lie = fn(&mut Value);
    let lies: [(Lie, &str); 9] = [
        (
            |said| swap(said, "/changes/0/sealed/change", "/changes/1/sealed/change"),
            "each other's bytes",
        ),
        (
            |said| swap(said, "/changes/0/token_id", "/changes/1/token_id"),
            "each other's token",
        ),
        (
            |said| {
                swap(
                    said,
                    "/changes/0/sealed/item_id",
                    "/changes/1/sealed/item_id",
                )
            },
            "each other's item",
        ),
        (
            |said| {
                swap(
                    said,
                    "/changes/0/sealed/change_id",
                    "/changes/1/sealed/change_id",
                )
            },
            "each other's name",
        ),
        (
            |said| {
                for at in ["/changes/0/sealed/change", "/changes/1/sealed/change"] {
                    spoil(said, at);
                }
            },
            "other bytes",
        ),
        (
            |said| {
                for at in [
                    "/changes/0/sealed/base_version",
                    "/changes/1/sealed/base_version",
                ] {
                    put(said, at, json!(2));
                }
            },
            "another base",
        ),
        (
            |said| {
                for at in [
                    "/changes/0/sealed/base_version",
                    "/changes/1/sealed/base_version",
                ] {
                    put(said, at, json!(0));
                }
            },
            "as if it made an item",
        ),
        (
            |said| {
                for at in ["/changes/0/sealed/change", "/changes/1/sealed/change"] {
                    put(said, at, json!("A".repeat(2_000_000)));
                }
            },
            "far too large",
        ),
        (|said| said["changes"] = json!([]), "kept back"),
    ];
    let before = written(&world);
    for (lie, what) in lies {
        world.lie(paths::MACHINE_WAITING, lie);
        let session = world.log_in_anew().await.expect("an honest log-in");
        let outcome = take(&session).await;
        assert!(outcome.taken.is_empty(), "{what}: {outcome:?}");
        let is_unreadable = |why: &WaitsBecause| *why == WaitsBecause::Unreadable;
        assert!(
            outcome.waiting.iter().all(|row| is_unreadable(&row.why)),
            "{what}: {outcome:?}"
        );
        for row in outcome.waiting {
            let looked = session.look_at_change(row.change).await;
            assert!(looked.is_err(), "{what}: {looked:?}");
            assert!(session.take_change(row.change).await.is_err(), "{what}");
        }
        world.proxy.tell_the_truth();
    }
    assert_eq!(written(&world), before, "nothing was written");
    // The truth, and the truth once more.
    let session = world.log_in_anew().await.expect("an honest log-in");
    assert_eq!(take(&session).await.taken.len(), 2);
    let said = world.last_said(paths::MACHINE_WAITING);
    for (item, value) in world.items.iter().zip(BY_MACHINE) {
        assert_eq!(secret(&session, *item).await, value);
    }
    let once = written(&world);
    show(&world, said);
    for session in [
        &session,
        &world.log_in_anew().await.expect("an honest log-in"),
    ] {
        let outcome = take(session).await;
        assert!(outcome.taken.is_empty());
        assert!(
            outcome
                .waiting
                .iter()
                .all(|row| row.why == WaitsBecause::Outdated),
            "{outcome:?}"
        );
    }
    assert_eq!(written(&world), once);
    world.proxy.tell_the_truth();
    for asked in world.proxy.asked() {
        let told = |secret: &str| {
            let mut windows = asked.body.windows(secret.len());
            windows.any(|bytes| bytes == secret.as_bytes())
        };
        assert!(
            !BY_MACHINE.iter().any(|secret| told(secret)),
            "{}",
            asked.path
        );
    }
    // As they were, for what has to be true in the end.
    for number in 0..2 {
        let item = session.reveal(world.items[number]).await.expect("is there");
        let back = ItemDraft {
            id: Some(item.summary.id),
            base_version: item.summary.version,
            ..draft(number)
        };
        session.save(&back).await.expect("saves");
    }
    world.end().await;
}

fn show(world: &World, said: Answer) {
    world.proxy.lie(move |asked, answer| {
        if asked.path == paths::MACHINE_WAITING {
            *answer = said.clone();
        }
    });
}

#[tokio::test]
async fn whoever_has_a_token_that_reads_cannot_write_with_a_servers_help() {
    let test = "machine_writes::whoever_has_a_token_that_reads_cannot_write_with_a_servers_help";
    let world = World::new(test).await;
    let reads = make(&world, "reads", false).await;
    let writes = make(&world, "writes", true).await;
    let holder = open(&world, &reads).await;
    assert!(!holder.writes());
    let refused = holder.hand_in(&[wish(&world, 0)]).await;
    assert_eq!(refused, Err(HandInError::ReadsOnly));
    // What the one that writes handed in, as if it were of the one that reads.
    let other = open(&world, &writes).await;
    other
        .hand_in(&[wish(&world, 0)])
        .await
        .expect("is handed in");
    let reads_id = holder.id().to_string();
    world.proxy.lie(move |asked, answer| {
        let Some(mut said) = answer.value() else {
            return;
        };
        match asked.path.as_str() {
            paths::MACHINE_WAITING => {
                if let Some(token) = said.pointer_mut("/changes/0/token_id") {
                    *token = json!(reads_id);
                }
            }
            paths::MACHINE_TOKENS if asked.method == "GET" => {
                for token in said["tokens"].as_array_mut().into_iter().flatten() {
                    token["writes"] = json!(true);
                }
            }
            _ => return,
        }
        answer.body = said.to_string().into_bytes();
    });
    let session = world.log_in_anew().await.expect("an honest log-in");
    let outcome = take(&session).await;
    assert!(outcome.taken.is_empty());
    assert_eq!(outcome.waiting.len(), 1);
    assert_eq!(outcome.waiting[0].why, WaitsBecause::Unreadable);
    let rows = session.tokens().await.expect("lists");
    let note = |name: &str| {
        let mut notes = rows.iter().filter_map(|row| row.note.as_ref());
        notes
            .find(|note| note.name == name)
            .map(|note| note.writes())
    };
    assert_eq!((note("reads"), note("writes")), (Some(false), Some(true)));
    world.proxy.tell_the_truth();
    world.end().await;
}

#[tokio::test]
async fn a_holder_sees_what_it_handed_in_or_nothing() {
    let test = "machine_writes::a_holder_sees_what_it_handed_in_or_nothing";
    let world = World::new(test).await;
    let token = make(&world, "ci", true).await;
    let holder = open(&world, &token).await;
    holder
        .hand_in(&[wish(&world, 0)])
        .await
        .expect("is handed in");
    let reads = async |holder: &Holder| match holder.reveal(world.items[0]).await {
        Ok(item) => match &item.content {
            Content::ApiKey { value } => value.clone(),
            _ => String::new(),
        },
        Err(error) => error.to_string(),
    };
    assert_eq!(reads(&holder).await, BY_MACHINE[0]);
    assert_eq!(reads(&open(&world, &token).await).await, BY_MACHINE[0]);
    let honest = crate::world::records(&world.last_said(paths::MACHINE_OPEN).body);
    let tampered = |records: &[keyarc_wire::Change]| {
        let body = crate::world::stream(records);
        world.proxy.lie(move |asked, answer| {
            if asked.path == paths::MACHINE_OPEN {
                answer.body.clone_from(&body);
            }
        });
    };
    let edits: [fn(&mut keyarc_wire::SealedChange); 4] = [
        |one| one.change.0[150] ^= 1,
        |one| one.item_id.0[0] ^= 1,
        |one| one.change_id.0[0] ^= 1,
        |one| one.base_version += 1,
    ];
    for edit in edits {
        let mut spoilt = honest.clone();
        for record in &mut spoilt {
            if let keyarc_wire::Change::Waiting(waiting) = record {
                edit(waiting);
            }
        }
        tampered(&spoilt);
        let token = MachineToken::parse(&token).expect("a token");
        let origin = world.proxy.origin();
        let opened = Machine::open(line(&world.proxy), NativeHost, &origin, &token).await;
        assert!(opened.is_err());
    }
    // Kept back, the copy is as the owner has it: that cannot be told.
    let without: Vec<keyarc_wire::Change> = honest
        .iter()
        .filter(|record| !matches!(record, keyarc_wire::Change::Waiting(_)))
        .cloned()
        .collect();
    tampered(&without);
    assert_eq!(
        reads(&open(&world, &token).await).await,
        crate::world::SECRETS[0]
    );
    world.proxy.tell_the_truth();
    world.end().await;
}
