//! User bundles: what they are, byte by byte, and what is refused.

use keyarc_signature::{
    GENESIS_LEN, Purpose, ROTATED_LEN, SignatureError, SigningKey, UserBundle, VerifyingKey,
    user_id,
};
use proptest::prelude::*;

use crate::{array, bytes, vector_file};

const EXCHANGE: [u8; 32] = [9; 32];

fn key(byte: u8) -> SigningKey {
    SigningKey::from_seed(&[byte; 32])
}

/// A genesis bundle and its successor.
fn history() -> (UserBundle, UserBundle) {
    let genesis = UserBundle::genesis(&key(1), EXCHANGE);
    let next = genesis.rotate(&key(1), &key(2), [8; 32]).unwrap();
    (genesis, next)
}

#[test]
fn checked_in_bundles() {
    let file = vector_file("user-bundle.json");
    let user: [u8; 16] = array(&file, "user_id");
    let mut made: Vec<UserBundle> = Vec::new();
    for (seq, case) in file["bundles"].as_array().unwrap().iter().enumerate() {
        let signing = SigningKey::from_seed(&array(case, "signing_seed"));
        let exchange = array(case, "exchange_key");
        let bundle = match made.last() {
            None => UserBundle::genesis(&signing, exchange),
            Some(previous) => {
                let before = &file["bundles"][seq - 1];
                let current = SigningKey::from_seed(&array(before, "signing_seed"));
                previous.rotate(&current, &signing, exchange).unwrap()
            }
        };
        assert_eq!(bundle.encode(), bytes(case, "encoded"));
        let read = UserBundle::decode(&bytes(case, "encoded")).unwrap();
        assert_eq!(read, bundle);
        assert_eq!(read.user_id(), user);
        assert_eq!(read.seq() as usize, seq);
        assert_eq!(read.signing_key().to_bytes(), array(case, "signing_key"));
        assert_eq!(read.exchange_key(), exchange);
        match made.last() {
            None => {
                assert_eq!(user_id(&bytes(case, "encoded")), user);
                assert_eq!(read.verify(), Ok(()));
            }
            Some(previous) => assert_eq!(read.verify_after(previous), Ok(())),
        }
        made.push(read);
    }
    assert_eq!(made.len(), 3);
}

#[test]
fn every_flipped_bit_and_every_other_length_is_refused() {
    let (genesis, next) = history();
    assert_eq!(
        (genesis.encode().len(), next.encode().len()),
        (GENESIS_LEN, ROTATED_LEN)
    );
    for (bundle, previous) in [(&genesis, None), (&next, Some(&genesis))] {
        let check = |bytes: &[u8]| {
            let read = UserBundle::decode(bytes)?;
            assert_eq!(read.encode(), bytes, "what is read is canonical");
            previous.map_or_else(|| read.verify(), |previous| read.verify_after(previous))
        };
        let encoded = bundle.encode();
        assert_eq!(check(&encoded), Ok(()));
        for bit in 0..encoded.len() * 8 {
            let mut changed = encoded.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(check(&changed), Err(SignatureError), "bit {bit}");
        }
        for len in 0..encoded.len() {
            assert_eq!(check(&encoded[..len]), Err(SignatureError), "cut to {len}");
        }
        for extra in [1, 64] {
            let longer = [encoded.clone(), vec![0; extra]].concat();
            assert_eq!(check(&longer), Err(SignatureError));
        }
    }
}

#[test]
fn a_rotation_follows_its_own_predecessor_only() {
    let (genesis, next) = history();
    let third = next.rotate(&key(2), &key(3), EXCHANGE).unwrap();
    let stranger = UserBundle::genesis(&key(4), EXCHANGE);
    assert_eq!(next.verify_after(&genesis), Ok(()));
    assert_eq!(third.verify_after(&next), Ok(()));
    for (bundle, previous) in [
        (&third, &genesis),
        (&next, &stranger),
        (&next, &next),
        (&genesis, &genesis),
        (&next, &third),
    ] {
        assert_eq!(bundle.verify_after(previous), Err(SignatureError));
    }
    assert_eq!(
        next.verify(),
        Err(SignatureError),
        "a rotation is no genesis"
    );
    // Only the holder of the current key can rotate.
    assert_eq!(
        genesis.rotate(&key(2), &key(3), EXCHANGE),
        Err(SignatureError)
    );
    assert_eq!(
        genesis.rotate(&key(1), &key(2), [0; 32]),
        Err(SignatureError)
    );
}

#[test]
fn another_persons_key_cannot_be_published_as_ones_own() {
    // The attacker rotates to the victim's public key and signs as the key before, which is
    // theirs; the victim's own signature is what they lack.
    let (attacker, victim) = (key(1), key(5));
    let genesis = UserBundle::genesis(&attacker, EXCHANGE);
    let honest = genesis
        .rotate(&attacker, &key(2), EXCHANGE)
        .unwrap()
        .encode();
    let mut body = honest[..GENESIS_LEN - 64].to_vec();
    body[55..87].copy_from_slice(&victim.public_key());
    let signature = attacker.sign(Purpose::UserBundle, &body);
    let forged = UserBundle::decode(&[body.as_slice(), &signature, &signature].concat()).unwrap();
    assert_eq!(forged.signing_key().to_bytes(), victim.public_key());
    assert_eq!(forged.verify_after(&genesis), Err(SignatureError));
}

#[test]
fn a_signature_of_another_purpose_makes_no_bundle() {
    let honest = UserBundle::genesis(&key(1), EXCHANGE).encode();
    let (body, _) = honest.split_at(GENESIS_LEN - 64);
    for (purpose, verified) in [
        (Purpose::UserBundle, true),
        (Purpose::Login, false),
        (Purpose::SignUp, false),
    ] {
        let signed = [body, &key(1).sign(purpose, body)].concat();
        assert_eq!(
            UserBundle::decode(&signed).unwrap().verify().is_ok(),
            verified
        );
    }
}

#[test]
fn unfit_keys_are_refused_when_read() {
    let honest = UserBundle::genesis(&key(1), EXCHANGE).encode();
    let with = |at: usize, key: [u8; 32]| {
        let mut bytes = honest.clone();
        bytes[at..at + 32].copy_from_slice(&key);
        UserBundle::decode(&bytes).is_ok()
    };
    let (ed25519, x25519) = (55, 87);
    assert!(with(ed25519, key(2).public_key()) && with(x25519, [8; 32]));
    let mut one = [0; 32];
    one[0] = 1;
    for weak in [[0; 32], one] {
        assert!(VerifyingKey::from_bytes(&weak).is_err());
        assert!(!with(ed25519, weak) && !with(x25519, weak));
    }
    assert!(!with(x25519, [0xff; 32]), "beyond the prime");
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(UserBundle::decode(&bytes).is_err());
    }

    #[test]
    fn a_user_id_depends_on_every_byte(bytes in proptest::collection::vec(any::<u8>(), 1..200), at: prop::sample::Index) {
        let mut other = bytes.clone();
        *at.get_mut(&mut other) ^= 1;
        prop_assert_ne!(user_id(&bytes), user_id(&other));
    }
}
