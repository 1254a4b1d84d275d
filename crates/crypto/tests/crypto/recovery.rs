//! Recovery keys, checkpoints and kits: their vectors and properties.

use keyarc_crypto::hazmat::{HEADER_LEN, Place};
use keyarc_crypto::{
    Checkpoint, CheckpointError, Kit, KitError, OpenError, RecoveryContext, RecoveryEnding,
    RecoveryKey, RecoveryKeyError, RootKey, SetupCodeError,
};
use proptest::prelude::*;

use crate::support::{CounterRng, Fields as _, TapeRng, vector_file};

#[test]
fn recovery_keys() {
    let file = vector_file("recovery.json");
    for case in file.list("recovery_keys") {
        let made = RecoveryKey::make(&mut TapeRng::new(&[&case.bytes("key")]));
        assert_eq!(made.to_text().as_str(), case.text("text"));
        let read = RecoveryKey::parse(case.text("text")).unwrap();
        assert_eq!(read.to_text().as_str(), case.text("text"));
        let keys = read.derive_keys();
        assert_eq!(keys.auth().public_key(), case.array("auth_public_key"));
        assert_eq!(keys.auth().seed().as_slice(), case.bytes("auth_seed"));
        assert_eq!(read.ending().bytes().as_slice(), case.bytes("ending"));
        for typed in [case.text("ending_text"), case.text("text")] {
            assert!(RecoveryEnding::parse(typed).unwrap().is(&read.ending()));
        }
    }
    for case in file.list("recovery_key_spellings") {
        let read = RecoveryKey::parse(case.text("text")).unwrap();
        assert_eq!(read.to_text().as_str(), case.text("same_as"), "{case}");
    }
    for case in file.list("recovery_keys_refused") {
        let expected = match case.text("error") {
            "shape" => RecoveryKeyError::Shape,
            _ => RecoveryKeyError::Checksum,
        };
        let refused = RecoveryKey::parse(case.text("text")).err();
        assert_eq!(refused, Some(expected), "{case}");
    }
}

#[test]
fn checkpoints() {
    let file = vector_file("recovery.json");
    for case in file.list("checkpoints") {
        let checkpoint = Checkpoint {
            keyset_version: case["keyset_version"].as_u64().unwrap() as u32,
            version: case.text("version").parse().unwrap(),
            hash: case.array("hash"),
        };
        assert_eq!(checkpoint.to_text().as_str(), case.text("text"));
        assert_eq!(Checkpoint::parse(case.text("text")), Ok(checkpoint));
    }
    for case in file.list("checkpoints_refused") {
        let expected = match case.text("error") {
            "shape" => CheckpointError::Shape,
            _ => CheckpointError::Checksum,
        };
        assert_eq!(
            Checkpoint::parse(case.text("text")),
            Err(expected),
            "{case}"
        );
    }
}

#[test]
fn kits() {
    let file = vector_file("recovery.json");
    for case in file.list("kits") {
        let kit = Kit::parse(case.text("text")).unwrap();
        assert_eq!(kit.setup_code.to_text().as_str(), case.text("setup_code"));
        assert_eq!(
            kit.recovery_key.to_text().as_str(),
            case.text("recovery_key")
        );
        let checkpoint = kit
            .checkpoint
            .map(|checkpoint| checkpoint.to_text().to_string());
        assert_eq!(checkpoint.as_deref(), case["checkpoint"].as_str(), "{case}");
    }
    for case in file.list("kits_refused") {
        let expected = match case.text("error") {
            "no setup code" => KitError::NoSetupCode,
            "no recovery key" => KitError::NoRecoveryKey,
            "setup code checksum" => KitError::SetupCode(SetupCodeError::Checksum),
            "recovery key shape" => KitError::RecoveryKey(RecoveryKeyError::Shape),
            "recovery key checksum" => KitError::RecoveryKey(RecoveryKeyError::Checksum),
            _ => KitError::Checkpoint(CheckpointError::Checksum),
        };
        assert_eq!(
            Kit::parse(case.text("text")).err(),
            Some(expected),
            "{case}"
        );
    }
}

#[test]
fn the_root_key_is_wrapped_as_documented() {
    let file = vector_file("recovery.json");
    let case = &file["wrap"];
    let context = RecoveryContext {
        account_id: case.array("account_id"),
        version: case.number("version"),
    };
    let keys = RecoveryKey::parse(case.text("recovery_key"))
        .unwrap()
        .derive_keys();
    let root = RootKey::make(&mut TapeRng::new(&[&case.bytes("root_key")]));
    let envelope = case.bytes("envelope");
    let header: [u8; HEADER_LEN] = envelope[..HEADER_LEN].try_into().unwrap();
    let place = Place::RecoveryRootKey(context);
    assert_eq!(place.associated_data(&header), case.bytes("aad"));
    let mut tape = TapeRng::for_salt(&case.bytes("salt"));
    let wrapped = root.wrap_for_recovery(&keys, &context, &mut tape).unwrap();
    assert_eq!(wrapped, envelope);
    assert!(RootKey::recover(&envelope, &keys, &context).is_ok());
    // Of another version, another account or another key it is nothing.
    let newer = RecoveryContext {
        version: context.version + 1,
        ..context
    };
    let foreign = RecoveryContext {
        account_id: [1; 16],
        ..context
    };
    for wrong in [newer, foreign] {
        assert_eq!(
            RootKey::recover(&envelope, &keys, &wrong).err(),
            Some(OpenError)
        );
    }
    let other = RecoveryKey::make(&mut CounterRng::new(1)).derive_keys();
    assert_eq!(
        RootKey::recover(&envelope, &other, &context).err(),
        Some(OpenError)
    );
}

#[test]
fn an_ending_is_eight_digits() {
    for wrong in ["", "ABCD-ABC", "ABCD-ABCU", "ABCD_ABCD"] {
        assert!(RecoveryEnding::parse(wrong).is_none(), "{wrong}");
    }
    let one = RecoveryEnding::parse("abcd 0l23").unwrap();
    assert!(one.is(&RecoveryEnding::parse("ABCD-O123").unwrap()));
    assert!(!one.is(&RecoveryEnding::parse("ABCD-0124").unwrap()));
    assert!(RecoveryEnding::from_bytes(one.bytes()).is(&one));
}

#[test]
fn nothing_secret_is_shown() {
    let key = RecoveryKey::make(&mut CounterRng::new(1));
    let shown = format!("{key:?} {:?} {:?}", key.ending(), key.derive_keys());
    for group in key.to_text().split('-').skip(1) {
        assert!(!shown.contains(group), "{shown}");
    }
}

proptest! {
    #[test]
    fn recovery_keys_read_back(seed: u64) {
        let key = RecoveryKey::make(&mut CounterRng::new(seed));
        let text = key.to_text();
        let read = RecoveryKey::parse(&text).unwrap();
        prop_assert_eq!(read.to_text(), text);
        prop_assert!(read.ending().is(&key.ending()));
    }

    #[test]
    fn a_mistyped_recovery_key_hardly_ever_reads_as_another(
        seed: u64, at in 4_usize..73, to in 0_usize..31,
    ) {
        let text = RecoveryKey::make(&mut CounterRng::new(seed)).to_text();
        prop_assume!(text.as_bytes()[at] != b'-');
        let digits: Vec<u8> = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
            .iter().copied().filter(|&digit| digit != text.as_bytes()[at]).collect();
        let mut typed = text.to_string();
        typed.replace_range(at..=at, std::str::from_utf8(&digits[to..=to]).unwrap());
        // A 24-bit checksum: a mistake gets past it once in 16 million times.
        if let Ok(read) = RecoveryKey::parse(&typed) {
            prop_assert_ne!(read.to_text(), text);
        }
    }

    #[test]
    fn checkpoints_read_back(keyset_version: u32, version: u64, hash: [u8; 16]) {
        let checkpoint = Checkpoint { keyset_version, version, hash };
        prop_assert_eq!(Checkpoint::parse(&checkpoint.to_text()), Ok(checkpoint));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,90}", begin in "(KR1|KC1|KA1|kri|)[- ]") {
        let text = begin + &text;
        let _ = (RecoveryKey::parse(&text), Checkpoint::parse(&text), Kit::parse(&text));
        let _ = RecoveryEnding::parse(&text);
    }

    #[test]
    fn a_kit_is_found_among_other_words(
        seed: u64, before in "[ a-j.,\\n]{0,30}", between in "[ a-j.,\\n]{0,30}", after in "[ -~]{0,30}",
    ) {
        let rng = &mut CounterRng::new(seed);
        let key = RecoveryKey::make(rng).to_text();
        let code = keyarc_crypto::SetupCode::make(keyarc_crypto::Suite::Argon2id, rng).to_text();
        let text = format!("{before} {} {between}. {} ! {after}", *key, *code);
        let kit = Kit::parse(&text).unwrap();
        prop_assert_eq!(kit.recovery_key.to_text(), key);
        prop_assert_eq!(kit.setup_code.to_text(), code);
    }
}
