//! What is kept for when the server cannot be reached: the copy of a machine token, and the details of
//! an open vault.

use keyarc_client::{
    ClientError, KeptCopy, KeptError, KeptFloor, Machine, MachineError, MadeToken, NewToken, Pin,
};
use keyarc_crypto::MachineToken;
use keyarc_vault::{Item, MachineScope};
use keyarc_wire::{ItemId, paths};
use proptest::prelude::*;
use rand_core::UnwrapErr;

use crate::common::{Line, ORIGIN, TestHost, World, draft, edit, run, value};

type TestMachine = Machine<Line, TestHost>;

fn rng() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

/// Two items, and a token for both.
async fn world() -> (World, Vec<Item>, MachineToken) {
    let world = World::new().await;
    let mut items = Vec::new();
    for (name, value) in [("Stripe", "canary-live"), ("Adyen", "canary-eu")] {
        let saved = world.session.save(&draft(name, value)).await;
        items.push(saved.expect("saves"));
    }
    let made = make(&world, None).await;
    let token = MachineToken::parse(&made.text).expect("a token");
    (world, items, token)
}

async fn make(world: &World, expires_at_ms: Option<u64>) -> MadeToken {
    let name = format!("ends {expires_at_ms:?}");
    let new = NewToken {
        name: &name,
        scope: &MachineScope::default(),
        expires_at_ms,
        networks: &[],
        writes: false,
    };
    world.session.make_token(&new).await.expect("is made")
}

async fn open(
    world: &World,
    token: &MachineToken,
    floor: Option<&KeptFloor>,
) -> Result<TestMachine, MachineError> {
    let line = Line::to(&world.server);
    Machine::open_after(line, world.host.clone(), ORIGIN, token, floor).await
}

fn open_kept(
    world: &World,
    token: &MachineToken,
    kept: &KeptCopy,
    floor: &KeptFloor,
) -> Result<TestMachine, KeptError> {
    Machine::open_kept(world.host.clone(), token, kept, floor)
}

/// The copy as it is, kept, and what was seen.
async fn keep(world: &World, token: &MachineToken) -> (KeptCopy, KeptFloor) {
    let copy = open(world, token, None).await.expect("opens");
    let kept = copy.keep(None).await.expect("keeps");
    (kept, copy.floor())
}

async fn values(copy: &TestMachine) -> Result<Vec<String>, MachineError> {
    let ids = copy.look(|vault| vault.item_ids());
    let mut values: Vec<String> = copy
        .read_many(&ids)
        .await?
        .iter()
        .map(|item| value(item).to_owned())
        .collect();
    values.sort();
    Ok(values)
}

async fn change(world: &World, item: &Item, value: &str) -> Item {
    let saved = world.session.save(&edit(item, value)).await.expect("saves");
    assert_eq!(world.session.update_tokens().await, Ok(Vec::new()));
    saved
}

#[test]
fn what_is_kept_has_one_form_and_an_age_by_the_clock() {
    const DAY: u64 = 86_400_000;
    let head = [&b"KC\x01"[..], &(10 * DAY).to_be_bytes(), &[0; 8], &[0, 22]].concat();
    let bytes = [&head[..], ORIGIN.as_bytes(), b"KAC2\0\0\0\0\0"].concat();
    let copy = KeptCopy::decode(&bytes).expect("has the form");
    assert_eq!(copy.encode(), bytes);
    for cut in 0..head.len() + ORIGIN.len() {
        let read = KeptCopy::decode(&bytes[..cut]);
        assert_eq!(read, Err(KeptError::Damaged), "{cut}");
    }
    let age = |now, most| copy.age_ms(ORIGIN, now, most);
    assert_eq!(age(10 * DAY, 1), Ok(0));
    assert_eq!(age(11 * DAY, DAY), Ok(DAY));
    let over = Err(KeptError::TooOld { by_ms: 5 });
    assert_eq!(age(11 * DAY + 5, DAY), over);
    assert_eq!(age(10 * DAY - 1, DAY), Err(KeptError::ClockBefore));
    assert_eq!(age(u64::MAX, u64::MAX), Ok(u64::MAX - 10 * DAY));
    let other = copy.age_ms("https://keyarc.example:8443", 10 * DAY, DAY);
    assert_eq!(other, Err(KeptError::OtherServer));
    let floor = KeptFloor(Pin {
        vault: keyarc_wire::VaultId([3; 16]),
        version: 7,
        hash: [9; 32],
    });
    let written = floor.encode();
    assert_eq!(KeptFloor::decode(&written), Ok(floor));
    for cut in 0..written.len() {
        assert!(KeptFloor::decode(&written[..cut]).is_err(), "{cut}");
    }
    assert!(KeptFloor::decode(&[&written[..], &[0]].concat()).is_err());
}

#[test]
fn what_was_kept_reads_as_it_was_sent_and_asks_nobody() {
    run(async {
        let (world, _, token) = world().await;
        for comes_along in [true, false] {
            world.server.borrow_mut().machine.details_for = (!comes_along).then_some(0);
            let (kept, floor) = keep(&world, &token).await;
            let sealed = kept.seal(&token, &mut rng()).expect("seals");
            let sealed_floor = floor.seal(&token, &mut rng()).expect("seals");
            assert_eq!(KeptCopy::open(&token, &sealed), Ok(kept.clone()));
            assert_eq!(KeptFloor::open(&token, &sealed_floor), Ok(floor));
            // Neither opens in the place of the other, nor with another token.
            assert!(KeptCopy::open(&token, &sealed_floor).is_err());
            assert!(KeptFloor::open(&token, &sealed).is_err());
            let other = MachineToken::make(&mut rng());
            assert_eq!(KeptCopy::open(&other, &sealed), Err(KeptError::Damaged));

            world.server.borrow_mut().down = true;
            world.server.borrow_mut().seen.clear();
            let copy = open_kept(&world, &token, &kept, &floor).expect("opens");
            let found = values(&copy).await.expect("reads");
            assert_eq!(found, ["canary-eu", "canary-live"]);
            assert_eq!(copy.origin(), ORIGIN);
            assert_eq!(copy.floor(), floor);
            assert!(world.server.borrow().seen.is_empty());
            world.server.borrow_mut().down = false;
            for word in [&b"canary"[..], b"Stripe", b"keyarc.example"] {
                let holds = |bytes: &[u8]| bytes.windows(word.len()).any(|part| part == word);
                assert!(!holds(&sealed) && !holds(&sealed_floor));
            }
        }
    });
}

#[test]
fn details_are_fetched_for_keeping_once_and_those_of_what_changed_again() {
    run(async {
        let (world, items, token) = world().await;
        world.server.borrow_mut().machine.details_for = Some(0);
        world.server.borrow_mut().page = 1;
        let fetched = |world: &World| {
            let server = world.server.borrow();
            let all = server.seen.iter();
            all.filter(|path| *path == paths::MACHINE_DETAILS).count()
        };
        let (kept, _) = keep(&world, &token).await;
        assert!(fetched(&world) >= 2);
        let before = fetched(&world);
        let copy = open(&world, &token, None).await.expect("opens");
        let again = copy.keep(Some(&kept)).await.expect("keeps");
        assert_eq!(fetched(&world), before);
        assert_eq!(again.version, kept.version);
        // They are there for reading, too.
        assert!(values(&copy).await.is_ok());
        assert_eq!(fetched(&world), before);
        change(&world, &items[0], "canary-next").await;
        let copy = open(&world, &token, None).await.expect("opens");
        let next = copy.keep(Some(&again)).await.expect("keeps");
        assert_eq!(fetched(&world), before + 1);
        let floor = copy.floor();
        let copy = open_kept(&world, &token, &next, &floor).expect("opens");
        let found = values(&copy).await.expect("reads");
        assert_eq!(found, ["canary-eu", "canary-next"]);
    });
}

#[test]
fn nothing_older_than_what_was_seen_is_believed_of_a_server_or_of_a_file() {
    run(async {
        let (world, items, token) = world().await;
        let id = keyarc_wire::MachineTokenId(token.id());
        let first = world.server.borrow().copy_of(id);
        let (old, old_floor) = keep(&world, &token).await;
        change(&world, &items[0], "canary-next").await;
        let (new, floor) = keep(&world, &token).await;
        let refused =
            |kept: &KeptCopy, floor: &KeptFloor| open_kept(&world, &token, kept, floor).err();
        assert_eq!(refused(&old, &floor), Some(KeptError::RolledBack));
        assert_eq!(refused(&new, &floor), None);
        assert_eq!(refused(&old, &old_floor), None);
        // A newer one than what was seen goes on from it.
        assert_eq!(refused(&new, &old_floor), None);
        let KeptFloor(pin) = floor;
        let other = KeptFloor(Pin {
            hash: [7; 32],
            ..pin
        });
        assert_eq!(refused(&new, &other), Some(KeptError::Damaged));
        // What it says of itself must be so.
        for (mut lie, version) in [(new.clone(), new.version + 1), (old.clone(), new.version)] {
            lie.version = version;
            assert_eq!(refused(&lie, &floor), Some(KeptError::Damaged));
        }

        world.server.borrow_mut().machine.shown = Some((id, first));
        let tampered = Some(MachineError::Client(ClientError::Tampered));
        assert_eq!(open(&world, &token, Some(&floor)).await.err(), tampered);
        assert_eq!(open(&world, &token, Some(&other)).await.err(), tampered);
        assert!(open(&world, &token, Some(&old_floor)).await.is_ok());
        assert!(open(&world, &token, None).await.is_ok(), "as ever");
    });
}

#[test]
fn a_token_that_has_ended_opens_nothing_that_was_kept() {
    run(async {
        let (world, ..) = world().await;
        let made = make(&world, Some(TestHost::START_MS + 60_000)).await;
        let token = MachineToken::parse(&made.text).expect("a token");
        let (kept, floor) = keep(&world, &token).await;
        assert!(open_kept(&world, &token, &kept, &floor).is_ok());
        world.host.pass(60_000);
        let ended = open_kept(&world, &token, &kept, &floor).err();
        assert_eq!(ended, Some(KeptError::Ended));
    });
}

#[test]
fn every_byte_of_what_was_kept_counts() {
    run(async {
        let (world, _, token) = world().await;
        let (kept, floor) = keep(&world, &token).await;
        let sealed = kept.seal(&token, &mut rng()).expect("seals");
        let sealed_floor = floor.seal(&token, &mut rng()).expect("seals");
        for at in 0..sealed.len() {
            let mut spoilt = sealed.clone();
            spoilt[at] ^= 1;
            assert!(KeptCopy::open(&token, &spoilt).is_err(), "{at}");
            assert!(KeptCopy::open(&token, &sealed[..at]).is_err(), "{at}");
        }
        for at in 0..sealed_floor.len() {
            let mut spoilt = sealed_floor.clone();
            spoilt[at] ^= 1;
            assert!(KeptFloor::open(&token, &spoilt).is_err(), "{at}");
        }
        // And of what is in it, were it sealed by somebody who has the token.
        let plain = kept.encode();
        for at in (0..plain.len()).step_by(13) {
            let mut spoilt = plain.clone();
            spoilt[at] ^= 1;
            let Ok(spoilt) = KeptCopy::decode(&spoilt) else {
                continue;
            };
            let Ok(copy) = open_kept(&world, &token, &spoilt, &floor) else {
                continue;
            };
            if let Ok(found) = values(&copy).await {
                assert_eq!(found, ["canary-eu", "canary-live"], "{at}");
            }
        }
    });
}

#[test]
fn what_is_not_whole_or_does_not_verify_is_not_for_keeping() {
    run(async {
        let (world, items, token) = world().await;
        world.server.borrow_mut().machine.details_for = Some(0);
        // Without the details it would not be whole.
        let (_, floor) = keep(&world, &token).await;
        let bare = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let told = std::rc::Rc::clone(&bare);
        world.server.borrow_mut().twist_changes = Some(Box::new(move |body| {
            told.borrow_mut().clone_from(&body);
            body
        }));
        let (kept, _) = keep(&world, &token).await;
        world.server.borrow_mut().twist_changes = None;
        let whole = kept.encode();
        let head = whole.len()
            - whole
                .windows(4)
                .rev()
                .position(|four| four == b"KAC2")
                .map_or(0, |at| at + 4);
        let cut = [&whole[..head], &bare.borrow()].concat();
        let cut = KeptCopy::decode(&cut).expect("has the form");
        let refused = open_kept(&world, &token, &cut, &floor).err();
        assert_eq!(refused, Some(KeptError::Damaged));
        // Details that are not those that were signed.
        world.server.borrow_mut().twist = Some(Box::new(|path, value| {
            if path == paths::MACHINE_DETAILS {
                let all = value["details"].as_array_mut().expect("a list");
                let (one, other) = (all[0]["details"].clone(), all[1]["details"].clone());
                all[0]["details"] = other;
                all[1]["details"] = one;
            }
        }));
        let copy = open(&world, &token, None).await.expect("opens");
        let refused = copy.keep(None).await.err();
        assert_eq!(refused, Some(MachineError::Client(ClientError::Tampered)));
        world.server.borrow_mut().twist = None;
        // The copy changes while its details are fetched.
        let copy = open(&world, &token, None).await.expect("opens");
        change(&world, &items[0], "canary-next").await;
        let kept = copy.keep(None).await.expect("keeps");
        let floor = copy.floor();
        let copy = open_kept(&world, &token, &kept, &floor).expect("opens");
        let found = values(&copy).await.expect("reads");
        assert_eq!(found, ["canary-eu", "canary-next"]);
    });
}

proptest! {
    #[test]
    fn what_is_kept_reads_back(
        origin in "[a-z0-9:/.-]{0,40}",
        fetched_at_ms: u64,
        version: u64,
        vault: [u8; 16],
        hash: [u8; 32],
        rest in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut bytes = b"KC\x01".to_vec();
        bytes.extend_from_slice(&fetched_at_ms.to_be_bytes());
        bytes.extend_from_slice(&version.to_be_bytes());
        bytes.extend_from_slice(&(origin.len() as u16).to_be_bytes());
        bytes.extend_from_slice(origin.as_bytes());
        bytes.extend_from_slice(&rest);
        let read = KeptCopy::decode(&bytes).expect("has the form");
        prop_assert_eq!(&read.origin, &origin);
        prop_assert_eq!((read.fetched_at_ms, read.version), (fetched_at_ms, version));
        prop_assert_eq!(read.encode(), bytes);
        let floor = KeptFloor(Pin { vault: keyarc_wire::VaultId(vault), version, hash });
        prop_assert_eq!(KeptFloor::decode(&floor.encode()), Ok(floor));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(read) = KeptCopy::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes.clone());
        }
        if let Ok(read) = KeptFloor::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }
}

#[test]
fn an_open_vault_is_read_without_the_server_where_its_details_were_kept() {
    run(async {
        let (world, items, _) = world().await;
        let session = &world.session;
        let ids: Vec<ItemId> = items.iter().map(|item| item.summary.id).collect();
        session.keep_details().await.expect("keeps");
        assert_eq!(session.kept_details().0, 2);
        world.server.borrow_mut().down = true;
        let away = Some(ClientError::Unreachable);
        assert_eq!(session.reveal(ids[0]).await.err(), away);
        session.read_kept(true);
        let read = session.reveal(ids[0]).await.expect("reads");
        assert_eq!(value(&read), "canary-live");
        assert_eq!(session.read_many(&ids).await.expect("reads").len(), 2);
        session.read_kept(false);
        assert_eq!(session.reveal(ids[0]).await.err(), away);
        world.server.borrow_mut().down = false;

        // What changed is fetched, and nothing else; until then its older details are of no use.
        let next = session.save(&edit(&items[0], "canary-next")).await;
        next.expect("saves");
        session.read_kept(true);
        assert_eq!(session.reveal(ids[0]).await.err(), away);
        assert!(session.reveal(ids[1]).await.is_ok());
        session.read_kept(false);
        world.server.borrow_mut().seen.clear();
        session.keep_details().await.expect("keeps");
        session.keep_details().await.expect("keeps");
        assert_eq!(world.server.borrow().seen.len(), 1);
        session.read_kept(true);
        let read = session.reveal(ids[0]).await.expect("reads");
        assert_eq!(value(&read), "canary-next");
        session.read_kept(false);

        // What does not verify is not kept.
        let third = session.save(&draft("Third", "canary-third")).await;
        let third = third.expect("saves").summary.id;
        world.server.borrow_mut().twist = Some(Box::new(|path, value| {
            if path.ends_with("/details") {
                value["details"][0]["details_version"] = 7.into();
            }
        }));
        let refused = session.keep_details().await.err();
        assert_eq!(refused, Some(ClientError::Tampered));
        world.server.borrow_mut().twist = None;
        session.read_kept(true);
        assert_eq!(session.reveal(third).await.err(), away);
    });
}

#[test]
fn what_was_read_is_remembered_as_far_as_there_is_room() {
    run(async {
        let (world, items, _) = world().await;
        let session = &world.session;
        let ids: Vec<ItemId> = items.iter().map(|item| item.summary.id).collect();
        session.reveal(ids[0]).await.expect("reads");
        assert_eq!(session.kept_details(), (0, 0));
        session.remember_details(1 << 20);
        session.reveal(ids[0]).await.expect("reads");
        let (count, one) = session.kept_details();
        assert_eq!(count, 1);
        session.read_many(&ids).await.expect("reads");
        let (count, both) = session.kept_details();
        assert_eq!(count, 2);
        session.read_kept(true);
        world.server.borrow_mut().seen.clear();
        let read = session.read_many(&ids).await.expect("reads");
        assert_eq!(value(&read[0]), "canary-live");
        assert!(world.server.borrow().seen.is_empty());
        session.read_kept(false);

        // What has no room makes some, and what never has is not kept.
        session.remember_details(both - 1);
        session.reveal(ids[0]).await.expect("reads");
        assert_eq!(session.kept_details(), (1, one));
        session.read_many(&ids).await.expect("reads");
        assert_eq!(session.kept_details(), (1, one));

        // What does not verify is not kept either.
        let third = session.save(&draft("Third", "canary-third")).await;
        let third = third.expect("saves").summary.id;
        session.remember_details(1 << 20);
        world.server.borrow_mut().twist = Some(Box::new(|path, value| {
            if path.ends_with("/details") {
                value["details"][0]["details_version"] = 7.into();
            }
        }));
        let refused = session.read_many(&[third]).await.err();
        assert_eq!(refused, Some(ClientError::Tampered));
        assert_eq!(session.kept_details(), (1, one));
    });
}
