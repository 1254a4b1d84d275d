//! Linking devices, with honest servers and with one in the middle.

use keyarc_crypto::{
    KnownDeviceLink, LINK_WORDS, Link, LinkCode, LinkContext, NewDeviceLink, SetupCode, Suite,
};
use proptest::prelude::*;

use crate::counter_rng::CounterRng;

fn code() -> LinkCode {
    LinkCode::new(0x1_2345, 0xf_00ba).unwrap()
}

fn here() -> LinkContext<'static> {
    LinkContext {
        origin: "https://keyarc.example",
        code: code(),
    }
}

/// Both ends of a link over an honest server: the new device's, the unlocked one's.
fn link(seed: u64) -> (Link, Link) {
    let mut rng = CounterRng::new(seed);
    let new = NewDeviceLink::make(&mut rng);
    let known = KnownDeviceLink::make(&new.offer(), &mut rng).unwrap();
    let at_new = new.answered(&here(), &known.answer()).unwrap();
    let at_known = known.revealed(&here(), &new.reveal()).unwrap();
    (at_new, at_known)
}

#[test]
fn both_screens_show_the_same_words_and_the_setup_code_arrives() {
    let (at_new, at_known) = link(1);
    assert_eq!(at_new.words(), at_known.words());
    assert_eq!(at_new.words().len(), LINK_WORDS);
    let mut rng = CounterRng::new(9);
    let setup_code = SetupCode::make(Suite::Pbkdf2Sha256, &mut rng);
    let sealed = at_known.seal(&setup_code, &mut rng).unwrap();
    assert_eq!(
        at_new.open(&sealed).unwrap().to_text(),
        setup_code.to_text()
    );
    // Nobody else's link opens it, and no bit of it may change.
    assert!(link(2).0.open(&sealed).is_err());
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(at_new.open(&changed).is_err(), "{at}");
    }
    assert!(at_new.open(&[]).is_err());
}

#[test]
fn other_links_show_other_words() {
    let words: std::collections::BTreeSet<_> = (0..500).map(|seed| link(seed).0.words()).collect();
    assert_eq!(words.len(), 500);
}

#[test]
fn with_somebody_in_the_middle_the_words_differ() {
    for seed in 0..200 {
        let mut rng = CounterRng::new(seed);
        let (new, for_known) = (NewDeviceLink::make(&mut rng), NewDeviceLink::make(&mut rng));
        // The server shows each side keys of its own.
        let known = KnownDeviceLink::make(&for_known.offer(), &mut rng).unwrap();
        let for_new = KnownDeviceLink::make(&new.offer(), &mut rng).unwrap();
        let at_new = new.answered(&here(), &for_new.answer()).unwrap();
        let at_known = known.revealed(&here(), &for_known.reveal()).unwrap();
        assert_ne!(at_new.words(), at_known.words());
        // It could read what is sent, which is why nothing is before the words were compared.
        let in_the_middle = for_known.answered(&here(), &known.answer()).unwrap();
        assert_eq!(in_the_middle.words(), at_known.words());
    }
}

#[test]
fn nothing_but_what_was_committed_to_is_taken() {
    let mut rng = CounterRng::new(3);
    let (new, other) = (NewDeviceLink::make(&mut rng), NewDeviceLink::make(&mut rng));
    let known = KnownDeviceLink::make(&new.offer(), &mut rng).unwrap();
    assert!(known.revealed(&here(), &other.reveal()).is_err());
    for at in 0..new.reveal().len() {
        let mut changed = new.reveal();
        changed[at] ^= 1;
        assert!(known.revealed(&here(), &changed).is_err(), "{at}");
    }
    // Each message in its own place only.
    for wrong in [new.offer(), known.answer(), Vec::new()] {
        assert!(known.revealed(&here(), &wrong).is_err());
    }
    for wrong in [new.offer(), new.reveal(), Vec::new()] {
        assert!(new.answered(&here(), &wrong).is_err());
    }
    for wrong in [new.reveal(), known.answer(), Vec::new()] {
        assert!(KnownDeviceLink::make(&wrong, &mut rng).is_err());
    }
}

#[test]
fn origin_and_code_are_in_the_words() {
    let mut rng = CounterRng::new(4);
    let new = NewDeviceLink::make(&mut rng);
    let known = KnownDeviceLink::make(&new.offer(), &mut rng).unwrap();
    let at_known = known.revealed(&here(), &new.reveal()).unwrap();
    let elsewhere = LinkContext {
        origin: "https://evil.example",
        ..here()
    };
    let other = LinkCode::new(0x1_2345, 0xf_00bb).unwrap();
    let other_code = LinkContext {
        code: other,
        ..here()
    };
    for context in [elsewhere, other_code] {
        let at_new = new.answered(&context, &known.answer()).unwrap();
        assert_ne!(at_new.words(), at_known.words());
        let mut rng = CounterRng::new(5);
        let setup_code = SetupCode::make(Suite::Argon2id, &mut rng);
        assert!(
            at_new
                .open(&at_known.seal(&setup_code, &mut rng).unwrap())
                .is_err()
        );
    }
}

#[test]
fn a_key_that_gives_no_secret_is_refused() {
    let new = NewDeviceLink::make(&mut CounterRng::new(6));
    let mut zero = b"KL\x01\x01".to_vec();
    zero.extend([0; 64]);
    assert!(new.answered(&here(), &zero).is_err());
    zero[4] = 1;
    assert!(new.answered(&here(), &zero).is_err());
}

#[test]
fn codes_are_read_as_people_type_them() {
    assert_eq!(code().to_string(), "28T5-Y05T");
    for text in ["28T5-Y05T", "28t5y05t", " 28T5 YO5T\n", "2-8-t-5-y-0-5-t"] {
        assert_eq!(LinkCode::parse(text), Some(code()), "{text}");
    }
    for text in [
        "",
        "28T5-Y05",
        "28T5-Y05T0",
        "28T5-Y05U",
        "28T5_Y05T",
        "２8T5-Y05T",
    ] {
        assert_eq!(LinkCode::parse(text), None, "{text}");
    }
    assert_eq!(LinkCode::new(1 << 20, 0), None);
    assert_eq!(LinkCode::new(0, 1 << 20), None);
}

proptest! {
    #[test]
    fn every_code_reads_back(place in 0_u32..1 << 20, pin in 0_u32..1 << 20) {
        let code = LinkCode::new(place, pin).unwrap();
        prop_assert_eq!(LinkCode::parse(&code.to_string()), Some(code));
    }
}
