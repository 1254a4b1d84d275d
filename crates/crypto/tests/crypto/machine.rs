//! Machine tokens and their grants: vectors and properties.

use keyarc_crypto::hazmat::{HEADER_LEN, Place};
use keyarc_crypto::{
    ItemContext, MachineChangeContext, MachineGrant, MachineGrantContext, MachineKept,
    MachineKeptContext, MachineToken, MachineTokenError, OpenError, VaultKey,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::support::{CounterRng, Fields as _, StuckRng, TapeRng, context, vector_file};

fn read(text: &str) -> MachineToken {
    MachineToken::parse(text).unwrap()
}

#[test]
fn tokens() {
    let file = vector_file("machine-token.json");
    for case in file.list("tokens") {
        let tape = [case.bytes("id"), case.bytes("secret")];
        let made = MachineToken::make(&mut TapeRng::new(&[&tape[0], &tape[1]]));
        assert_eq!(made.to_text().as_str(), case.text("text"));
        let read = read(case.text("text"));
        assert_eq!(read.id(), case.array("id"));
        assert_eq!(read.to_text().as_str(), case.text("text"));
        let keys = read.derive_keys();
        assert_eq!(keys.auth().public_key(), case.array("auth_public_key"));
        assert_eq!(keys.auth().seed().as_slice(), case.bytes("auth_seed"));
    }
    for case in file.list("refused") {
        let expected = match case.text("error") {
            "shape" => MachineTokenError::Shape,
            _ => MachineTokenError::Checksum,
        };
        let refused = MachineToken::parse(case.text("text")).err();
        assert_eq!(refused, Some(expected), "{case}");
    }
}

#[test]
fn grants() {
    for (name, writes) in [("machine-token.json", false), ("machine-change.json", true)] {
        grants_of(name, writes);
    }
}

fn grants_of(name: &str, writes: bool) {
    let file = vector_file(name);
    for case in file.list("grants") {
        let token = read(case.text("token"));
        let keys = token.derive_keys();
        let envelope = case.bytes("envelope");
        let header: [u8; HEADER_LEN] = envelope[..HEADER_LEN].try_into().unwrap();
        let place = Place::MachineGrant(MachineGrantContext { token: token.id() });
        assert_eq!(place.associated_data(&header), case.bytes("aad"));
        let (grant, key) = MachineGrant::open(&envelope, &keys, token.id()).unwrap();
        assert_eq!(grant.account, case.array("account"));
        assert_eq!(grant.identity, case.array("identity"));
        assert_eq!(grant.vault, case.array("vault"));
        assert_eq!(grant.epoch, case.number::<u32>("epoch"));
        assert_eq!(
            grant.floor_version,
            case.text("floor_version").parse::<u64>().unwrap()
        );
        assert_eq!(grant.floor_hash, case.array("floor_hash"));
        assert_eq!(grant.writes, writes);
        let expires: u64 = case.text("expires_at_ms").parse().unwrap();
        assert_eq!(grant.expires_at_ms, (expires != 0).then_some(expires));
        // The key is the one: what it seals opens under the one of the vector.
        let same = VaultKey::make(&mut TapeRng::new(&[&case.bytes("key")]));
        let sealed = key
            .seal(&context(), b"one", &mut CounterRng::new(1))
            .unwrap();
        assert_eq!(same.open(&context(), &sealed).unwrap().as_slice(), b"one");
        let mut tape = TapeRng::for_salt(&case.bytes("salt"));
        assert_eq!(
            grant.seal(&key, &keys, token.id(), &mut tape).unwrap(),
            envelope
        );
    }
    let refused = &file["grants_refused"];
    let token = read(refused.text("token"));
    let keys = token.derive_keys();
    for case in refused.list("cases") {
        let opened = MachineGrant::open(&case.bytes("envelope"), &keys, token.id());
        assert_eq!(opened.err(), Some(OpenError), "{case}");
    }
}

#[test]
fn what_a_machine_keeps() {
    let file = vector_file("machine-kept.json");
    for case in file.list("kept") {
        let token = read(case.text("token"));
        let keys = token.derive_keys();
        let kept = match case.text("kept") {
            "copy" => MachineKept::Copy,
            _ => MachineKept::Floor,
        };
        let envelope = case.bytes("envelope");
        let header: [u8; HEADER_LEN] = envelope[..HEADER_LEN].try_into().unwrap();
        let place = Place::MachineKept(MachineKeptContext {
            token: token.id(),
            kept,
        });
        assert_eq!(place.associated_data(&header), case.bytes("aad"));
        let plaintext = case.bytes("plaintext");
        let opened = keys.open_kept(kept, &envelope).unwrap();
        assert_eq!(opened.as_slice(), plaintext);
        let mut tape = TapeRng::for_salt(&case.bytes("salt"));
        let sealed = keys.seal_kept(kept, &plaintext, &mut tape).unwrap();
        assert_eq!(sealed, envelope);
        let other = match kept {
            MachineKept::Copy => MachineKept::Floor,
            MachineKept::Floor => MachineKept::Copy,
        };
        assert_eq!(keys.open_kept(other, &envelope).err(), Some(OpenError));
        // Of another token, and no grant.
        let foreign = MachineToken::make(&mut CounterRng::new(9)).derive_keys();
        assert_eq!(foreign.open_kept(kept, &envelope).err(), Some(OpenError));
        assert!(MachineGrant::open(&envelope, &keys, token.id()).is_err());
    }
    let refused = &file["refused"];
    let keys = read(refused.text("token")).derive_keys();
    for case in refused.list("cases") {
        let opened = keys.open_kept(MachineKept::Copy, &case.bytes("envelope"));
        assert_eq!(opened.err(), Some(OpenError), "{case}");
    }
}

#[test]
fn changes() {
    let file = vector_file("machine-change.json");
    let key = || VaultKey::make(&mut TapeRng::new(&[&file.bytes("key")]));
    let place = |case: &Value| MachineChangeContext {
        token: case.array("token"),
        change: case.array("change"),
        item: case.array("item"),
        base: case.text("base").parse().unwrap(),
    };
    let cases = file.list("changes");
    for case in cases {
        let (envelope, context) = (case.bytes("envelope"), place(case));
        let header: [u8; HEADER_LEN] = envelope[..HEADER_LEN].try_into().unwrap();
        let aad = Place::MachineChange(context).associated_data(&header);
        assert_eq!(aad, case.bytes("aad"));
        let opened = key().open_change(&context, &envelope).unwrap();
        assert_eq!(opened.as_slice(), case.bytes("plaintext"));
        let mut tape = TapeRng::for_salt(&case.bytes("salt"));
        let sealed = key().seal_change(&context, &opened, &mut tape).unwrap();
        assert_eq!(sealed, envelope);
    }
    let refused = &file["refused"];
    let context = place(&cases[refused.number::<usize>("of")]);
    for case in refused.list("cases") {
        let opened = key().open_change(&context, &case.bytes("envelope"));
        assert_eq!(opened.err(), Some(OpenError), "{case}");
    }
}

#[test]
fn a_grant_is_that_of_one_token_and_not_part_of_a_vault() {
    let mut rng = CounterRng::new(1);
    let (token, other) = (MachineToken::make(&mut rng), MachineToken::make(&mut rng));
    let grant = MachineGrant {
        account: [1; 16],
        identity: [2; 32],
        vault: [3; 16],
        epoch: 1,
        floor_version: 1,
        floor_hash: [4; 32],
        writes: false,
        expires_at_ms: None,
    };
    let keys = token.derive_keys();
    let key = VaultKey::make(&mut rng);
    let envelope = grant.seal(&key, &keys, token.id(), &mut rng).unwrap();
    assert!(MachineGrant::open(&envelope, &keys, token.id()).is_ok());
    let wrong = [
        MachineGrant::open(&envelope, &other.derive_keys(), token.id()),
        MachineGrant::open(&envelope, &keys, other.id()),
    ];
    for opened in wrong {
        assert_eq!(opened.err(), Some(OpenError));
    }
    let item = ItemContext {
        vault: [3; 16],
        ..context()
    };
    assert_eq!(key.open(&item, &envelope).err(), Some(OpenError));
    for at in 0..envelope.len() {
        let mut spoilt = envelope.clone();
        spoilt[at] ^= 1;
        assert!(
            MachineGrant::open(&spoilt, &keys, token.id()).is_err(),
            "{at}"
        );
    }
}

#[test]
fn a_stuck_generator_makes_no_token_that_can_be_used() {
    let mut rng = StuckRng([7; 32]);
    let token = MachineToken::make(&mut rng);
    let grant = MachineGrant {
        account: [1; 16],
        identity: [2; 32],
        vault: [3; 16],
        epoch: 1,
        floor_version: 1,
        floor_hash: [4; 32],
        writes: false,
        expires_at_ms: None,
    };
    let key = VaultKey::make(&mut rng);
    let sealed = grant.seal(&key, &token.derive_keys(), token.id(), &mut rng);
    assert!(sealed.is_err());
}

#[test]
fn nothing_secret_is_shown() {
    let token = MachineToken::make(&mut CounterRng::new(1));
    let text = token.to_text();
    let secret = text.split('_').nth(2).unwrap();
    let shown = format!("{token:?} {:?}", token.derive_keys());
    assert!(
        !shown.contains(secret) && !shown.contains(&secret[..8]),
        "{shown}"
    );
}

proptest! {
    #[test]
    fn a_change_opens_in_its_own_place_alone(
        seed: u64, base: u64, plaintext in proptest::collection::vec(any::<u8>(), 0..300),
        field in 0..4_usize, bit in 0..64_usize, at: prop::sample::Index,
    ) {
        let mut rng = CounterRng::new(seed);
        let key = VaultKey::make(&mut rng);
        let context = MachineChangeContext { token: [1; 16], change: [2; 16], item: [3; 16], base };
        let sealed = key.seal_change(&context, &plaintext, &mut rng).unwrap();
        let opened = key.open_change(&context, &sealed).unwrap();
        prop_assert_eq!(opened.as_slice(), plaintext.as_slice());
        let mut other = context;
        match field {
            0 => other.token[bit % 16] ^= 1 << (bit / 16),
            1 => other.change[bit % 16] ^= 1 << (bit / 16),
            2 => other.item[bit % 16] ^= 1 << (bit / 16),
            _ => other.base ^= 1 << bit,
        }
        prop_assert!(key.open_change(&other, &sealed).is_err());
        let mut spoilt = sealed.clone();
        spoilt[at.index(sealed.len())] ^= 1;
        prop_assert!(key.open_change(&context, &spoilt).is_err());
        prop_assert!(VaultKey::make(&mut rng).open_change(&context, &sealed).is_err());
    }

    #[test]
    fn tokens_read_back(seed: u64) {
        let token = MachineToken::make(&mut CounterRng::new(seed));
        let text = token.to_text();
        let read = MachineToken::parse(&text).unwrap();
        prop_assert_eq!(read.to_text(), text);
        prop_assert_eq!(read.id(), token.id());
    }

    #[test]
    fn a_token_has_one_spelling(text in "kat1_[0-9a-f]{32}_[0-9a-hjkmnp-tv-z]{52}_[0-9a-hjkmnp-tv-z]{5}") {
        if let Ok(read) = MachineToken::parse(&text) {
            let written = read.to_text();
            prop_assert_eq!(written.as_str(), text.as_str());
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,120}") {
        prop_assert!(MachineToken::parse(&text).is_err());
    }
}
