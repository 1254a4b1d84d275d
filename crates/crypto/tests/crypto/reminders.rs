//! Names for what is due.

use keyarc_crypto::RootKey;
use proptest::prelude::*;

use crate::{
    counter_rng::CounterRng,
    support::{Fields as _, TapeRng, vector_file},
};

#[test]
fn names_and_digests_are_those_checked_in() {
    let file = vector_file("reminder.json");
    let key = RootKey::make(&mut TapeRng::new(&[&file.bytes("root")])).reminder_key();
    for case in file.list("ids") {
        let day = i32::try_from(case["day"].as_i64().unwrap()).unwrap();
        let id = key.id(
            &case.array("vault"),
            &case.array("item"),
            case.number("reason"),
            day,
        );
        assert_eq!(id, case.array("id"), "{case}");
    }
    for case in file.list("digests") {
        assert_eq!(
            key.digest(&case.bytes("set")),
            case.array("digest"),
            "{case}"
        );
    }
    assert_eq!(format!("{key:?}"), "ReminderKey(redacted)");
}

proptest! {
    #[test]
    fn another_place_reason_day_or_account_has_another_name(
        vault: [u8; 16],
        item: [u8; 16],
        day: i32,
        seed: u64,
    ) {
        let key = RootKey::make(&mut CounterRng::new(seed)).reminder_key();
        let id = key.id(&vault, &item, 1, day);
        prop_assert_eq!(key.id(&vault, &item, 1, day), id);
        prop_assert_ne!(key.id(&vault, &item, 2, day), id);
        prop_assert_ne!(key.id(&vault, &item, 1, day.wrapping_add(1)), id);
        prop_assert_eq!(key.id(&item, &vault, 1, day) == id, item == vault);
        let other = RootKey::make(&mut CounterRng::new(seed.wrapping_add(1))).reminder_key();
        prop_assert_ne!(other.id(&vault, &item, 1, day), id);
    }
}
