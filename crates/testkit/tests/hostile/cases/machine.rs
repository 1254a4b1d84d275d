//! A machine with a token, and a server that shows it something else than its copy.

use keyarc_client::{
    ClientError, KeptCopy, KeptError, Machine, MachineError, NativeHost, NativeTransport, NewToken,
};
use keyarc_crypto::MachineToken;
use keyarc_signature::{SigningKey, VaultManifest};
use keyarc_testkit::mutate::Answer;
use keyarc_vault::{Content, MachineScope};
use keyarc_wire::{Bytes, Change, paths};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::world::{SECRETS, World, draft, line, records, stream};

/// A token that reads everything.
async fn make(world: &World, name: &str) -> Zeroizing<String> {
    let new = NewToken {
        name,
        scope: &MachineScope::default(),
        expires_at_ms: None,
        networks: &[],
        writes: false,
    };
    world.session.make_token(&new).await.expect("is made").text
}

async fn open(
    world: &World,
    token: &str,
) -> Result<Machine<NativeTransport, NativeHost>, MachineError> {
    let token = MachineToken::parse(token).expect("a token");
    let origin = world.proxy.origin();
    Machine::open(line(&world.proxy), NativeHost, &origin, &token).await
}

/// What the server says to a token, as it is.
async fn copy(world: &World, token: &str) -> Answer {
    world.proxy.tell_the_truth();
    open(world, token).await.expect("an honest server");
    world.last_said(paths::MACHINE_OPEN)
}

/// Everything that is read with a token; nothing when something of it does not verify.
async fn secrets(world: &World, token: &str) -> Result<Vec<String>, MachineError> {
    let copy = open(world, token).await?;
    let ids = copy.look(|vault| vault.item_ids());
    let items = copy.read_many(&ids).await?;
    let secret = |content: &Content| match content {
        Content::ApiKey { value } => value.clone(),
        Content::Login { password, .. } => password.clone(),
        Content::Note { text } => text.clone(),
        _ => String::new(),
    };
    let mut found: Vec<String> = items.iter().map(|item| secret(&item.content)).collect();
    found.sort();
    Ok(found)
}

fn show(world: &World, records: &[Change]) {
    let body = stream(records);
    world.proxy.lie(move |asked, answer| {
        if asked.path == paths::MACHINE_OPEN {
            answer.body.clone_from(&body);
        }
    });
}

async fn refuses(world: &World, token: &str, records: &[Change], what: &str) {
    show(world, records);
    let refused = secrets(world, token).await.err();
    let tampered = MachineError::Client(ClientError::Tampered);
    assert_eq!(refused, Some(tampered), "{what}");
}

/// The manifest of the empty copy, as the client sent it for the token that it made last.
fn empty_manifest(world: &World) -> Bytes {
    let asked = world.proxy.asked();
    let made = asked
        .iter()
        .rfind(|asked| asked.path == paths::MACHINE_TOKENS && asked.method == "POST");
    let sent: Value = serde_json::from_slice(&made.expect("one was made").body).expect("JSON");
    serde_json::from_value(sent["vault"]["manifest"].clone()).expect("bytes")
}

async fn edit_first(world: &World) {
    let item = world.session.reveal(world.items[0]).await.expect("reveals");
    let edited = keyarc_vault::ItemDraft {
        id: Some(item.summary.id),
        base_version: item.summary.version,
        ..draft(0)
    };
    world.session.save(&edited).await.expect("saves");
    let behind = world.session.update_tokens().await.expect("lists");
    assert!(behind.is_empty(), "{behind:?}");
}

#[tokio::test]
async fn a_token_opens_its_own_copy_as_it_was_signed_or_nothing() {
    let test = "machine::a_token_opens_its_own_copy_as_it_was_signed_or_nothing";
    let world = World::new(test).await;
    let other = make(&world, "other").await;
    let token = make(&world, "ci").await;
    let empty = empty_manifest(&world);
    let first = records(&copy(&world, &token).await.body);
    edit_first(&world).await;
    let honest = records(&copy(&world, &token).await.body);
    let foreign = records(&copy(&world, &other).await.body);
    let mut expected = SECRETS.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(secrets(&world, &token).await, Ok(expected.clone()));

    let grant = |change: &Change| matches!(change, Change::Grant(_));
    let with_grant_of = |own: &[Change], rest: &[Change]| {
        let own = own.iter().filter(|change| grant(change));
        let rest = rest.iter().filter(|change| !grant(change));
        own.chain(rest).cloned().collect::<Vec<_>>()
    };
    // The copy as it was before the token was given out.
    let older = with_grant_of(&honest, &[Change::Manifest(empty.clone())]);
    refuses(&world, &token, &older, "a copy older than the token").await;
    // That of another token, with this one's grant and with its own.
    let swapped = with_grant_of(&honest, &foreign);
    refuses(&world, &token, &swapped, "another token's copy").await;
    refuses(&world, &token, &foreign, "another token's grant").await;
    refuses(
        &world,
        &token,
        &with_grant_of(&foreign, &honest),
        "another grant",
    )
    .await;
    // The same items, signed by somebody else.
    let forged: Vec<Change> = honest
        .iter()
        .map(|change| match change {
            Change::Manifest(bytes) => {
                let manifest = VaultManifest::decode(&bytes.0).expect("a manifest");
                let key = SigningKey::from_seed(&[7; 32]);
                Change::Manifest(Bytes(manifest.body().sign(&key).encode()))
            }
            other => other.clone(),
        })
        .collect();
    refuses(&world, &token, &forged, "signed by another").await;
    // One item as it was, among those that are.
    let old = |change: &Change| match change {
        Change::Item(item) => {
            let then = first
                .iter()
                .find(|then| matches!(then, Change::Item(then) if then.item_id == item.item_id));
            then.expect("it was there").clone()
        }
        other => other.clone(),
    };
    let mixed: Vec<Change> = honest.iter().map(old).collect();
    refuses(&world, &token, &mixed, "an older item").await;
    // Left out, kept back, said twice.
    for (at, change) in honest.iter().enumerate() {
        let mut less = honest.clone();
        less.remove(at);
        let what = format!("without {at}: {change:?}");
        match change {
            // What did not come along is asked for, and comes.
            Change::Details(_) => {
                show(&world, &less);
                assert_eq!(
                    secrets(&world, &token).await,
                    Ok(expected.clone()),
                    "{what}"
                );
            }
            _ => refuses(&world, &token, &less, &what).await,
        }
    }
    let twice: Vec<Change> = honest.iter().filter(|one| grant(one)).cloned().collect();
    refuses(
        &world,
        &token,
        &[honest.clone(), twice].concat(),
        "two grants",
    )
    .await;
    // Details of another version, and of another item.
    let mut spoilt = honest.clone();
    let mut seen = Vec::new();
    for change in &mut spoilt {
        if let Change::Details(details) = change {
            seen.push(details.details.clone());
        }
    }
    seen.rotate_left(1);
    for change in &mut spoilt {
        if let Change::Details(details) = change {
            details.details = seen.remove(0);
        }
    }
    refuses(&world, &token, &spoilt, "another item's secret").await;
    // Older ones, where they are asked for one by one.
    let bare: Vec<Change> = honest
        .iter()
        .filter(|change| !matches!(change, Change::Details(_)))
        .cloned()
        .collect();
    let then = first.iter().find_map(|change| match change {
        Change::Details(details) if details.item_id == world.items[0] => Some(details.clone()),
        _ => None,
    });
    let then = serde_json::to_value(then.expect("details")).expect("JSON");
    let body = stream(&bare);
    world.proxy.lie(move |asked, answer| {
        if asked.path == paths::MACHINE_OPEN {
            answer.body.clone_from(&body);
        } else if asked.path == paths::MACHINE_DETAILS {
            let mut said = answer.value().expect("JSON");
            let old = then["item_id"].clone();
            let of_then = said["details"].as_array_mut().expect("a list");
            for one in of_then.iter_mut().filter(|one| one["item_id"] == old) {
                one["details"] = then["details"].clone();
            }
            answer.body = said.to_string().into_bytes();
        }
    });
    let refused = secrets(&world, &token).await.err();
    assert_eq!(refused, Some(MachineError::Client(ClientError::Tampered)));
    // And once it tells the truth everything is there.
    world.proxy.tell_the_truth();
    assert_eq!(secrets(&world, &token).await, Ok(expected));
    world.end().await;
}

#[tokio::test]
async fn a_machine_that_keeps_a_copy_does_not_go_back_behind_it() {
    let test = "machine::a_machine_that_keeps_a_copy_does_not_go_back_behind_it";
    let world = World::new(test).await;
    let text = make(&world, "ci").await;
    let token = MachineToken::parse(&text).expect("a token");
    let origin = world.proxy.origin();
    let before = open(&world, &text).await.expect("an honest server");
    let older = records(&world.last_said(paths::MACHINE_OPEN).body);
    let old = before.keep(None).await.expect("keeps");
    edit_first(&world).await;
    let newest = open(&world, &text).await.expect("an honest server");
    let kept = newest.keep(None).await.expect("keeps");
    let floor = newest.floor();

    show(&world, &older);
    assert!(secrets(&world, &text).await.is_ok(), "without a memory");
    let line = line(&world.proxy);
    let shown = Machine::open_after(line, NativeHost, &origin, &token, Some(&floor)).await;
    let tampered = MachineError::Client(ClientError::Tampered);
    assert_eq!(shown.err(), Some(tampered));
    let open_kept = |kept: &KeptCopy| {
        Machine::<NativeTransport, _>::open_kept(NativeHost, &token, kept, &floor)
    };
    assert_eq!(open_kept(&old).err(), Some(KeptError::RolledBack));
    let copy = open_kept(&kept).expect("the newest that was seen");
    let ids = copy.look(|vault| vault.item_ids());
    let items = copy.read_many(&ids).await.expect("reads");
    assert_eq!(items.len(), SECRETS.len());
    world.end().await;
}

#[tokio::test]
async fn what_one_token_reads_is_not_sealed_for_another() {
    let test = "machine::what_one_token_reads_is_not_sealed_for_another";
    let world = World::new(test).await;
    make(&world, "one").await;
    make(&world, "two").await;
    // Each note, key or copy in the place of the other's, and a token that nobody made.
    let swaps: [fn(&mut Value); 4] = [
        |said| swap(said, "/tokens/0/note", "/tokens/1/note"),
        |said| swap(said, "/tokens/0/vault", "/tokens/1/vault"),
        |said| {
            swap(
                said,
                "/tokens/0/vault/wrapped_key",
                "/tokens/1/vault/wrapped_key",
            )
        },
        |said| swap(said, "/tokens/0/id", "/tokens/1/id"),
    ];
    for change in swaps {
        let other = world.log_in_anew().await.expect("an honest log-in");
        world.lie(paths::MACHINE_TOKENS, change);
        let before = world.proxy.asked().len();
        let behind = other.update_tokens().await.expect("lists");
        assert_eq!(behind.len(), 2);
        let tampered = behind.iter().all(|one| one.why == ClientError::Tampered);
        assert!(tampered, "{behind:?}");
        let asked = world.proxy.asked();
        let wrote = asked[before..]
            .iter()
            .any(|asked| asked.method == "POST" && asked.path.ends_with("/items"));
        assert!(!wrote, "nothing is sealed for either");
        world.proxy.tell_the_truth();
    }
    world.end().await;
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
