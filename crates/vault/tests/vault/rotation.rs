//! When secrets were changed and are to be changed, and what lists make of it.

use keyarc_vault::{
    Content, Day, DueReason, ItemDraft, ListQuery, PLACES_MAX, Rotation, Scope, Sort, check_draft,
};
use proptest::prelude::*;

use crate::common::{Fixture, TODAY, cases, change_of, details_of, fixture, key};

fn login(password: &str, username: &str) -> Content {
    Content::Login {
        username: username.into(),
        password: password.into(),
        url: String::new(),
    }
}

fn every(days: u16) -> Rotation {
    Rotation {
        rotated_on: None,
        every_days: Some(days),
    }
}

/// Saves the next version of an item on a day, and gives what a list shows of it.
fn save_on(this: &mut Fixture, draft: &ItemDraft, today: Day) -> keyarc_vault::ItemSummary {
    let write = this
        .vault
        .seal_draft_on(draft, today, this.now, &mut this.rng)
        .unwrap();
    let id = write.item_id;
    this.accept(write);
    this.vault.summary(id).unwrap()
}

fn next(summary: &keyarc_vault::ItemSummary, content: Content) -> ItemDraft {
    ItemDraft {
        id: Some(summary.id),
        base_version: summary.version,
        rotation: summary.rotation,
        expires_on: summary.expires_on,
        ..ItemDraft::new(summary.name.clone(), content)
    }
}

fn value(text: &str) -> Content {
    Content::ApiKey { value: text.into() }
}

#[test]
fn another_secret_is_noted_with_its_day_and_the_same_is_not() {
    let mut this = fixture();
    let made = save_on(&mut this, &key("Key", "one"), TODAY);
    assert_eq!(made.rotation, Rotation::default());
    let renamed = ItemDraft {
        name: "Renamed".into(),
        ..next(&made, value("one"))
    };
    let renamed = save_on(&mut this, &renamed, Day(TODAY.0 + 1));
    assert_eq!(renamed.rotation.rotated_on, None);
    let changed = save_on(&mut this, &next(&renamed, value("two")), Day(TODAY.0 + 2));
    assert_eq!(changed.rotation.rotated_on, Some(Day(TODAY.0 + 2)));
    let kept = save_on(&mut this, &next(&changed, value("two")), Day(TODAY.0 + 9));
    assert_eq!(kept.rotation.rotated_on, Some(Day(TODAY.0 + 2)));
}

#[test]
fn a_day_set_by_hand_stays() {
    let mut this = fixture();
    let made = save_on(&mut this, &key("Key", "one"), TODAY);
    let by_hand = Rotation {
        rotated_on: Some(Day(TODAY.0 - 40)),
        every_days: None,
    };
    let draft = ItemDraft {
        rotation: by_hand,
        ..next(&made, value("two"))
    };
    assert_eq!(save_on(&mut this, &draft, TODAY).rotation, by_hand);
}

#[test]
fn another_user_name_is_not_another_password() {
    let mut this = fixture();
    let made = save_on(&mut this, &ItemDraft::new("Shop", login("p", "ann")), TODAY);
    let renamed = save_on(&mut this, &next(&made, login("p", "bob")), Day(TODAY.0 + 1));
    assert_eq!(renamed.rotation.rotated_on, None);
    let changed = save_on(
        &mut this,
        &next(&renamed, login("q", "bob")),
        Day(TODAY.0 + 2),
    );
    assert_eq!(changed.rotation.rotated_on, Some(Day(TODAY.0 + 2)));
}

#[test]
fn a_plan_counts_from_the_last_change_or_from_the_beginning() {
    let mut this = fixture();
    let planned = ItemDraft {
        rotation: every(90),
        ..key("New", "one")
    };
    let made = save_on(&mut this, &planned, TODAY);
    assert_eq!(made.due().map(|due| due.on), Some(Day(TODAY.0 + 90)));
    // An item from before: from the day on which it was made.
    let old = save_on(&mut this, &key("Old", "two"), TODAY);
    this.now += 400 * 86_400_000;
    let draft = ItemDraft {
        rotation: every(30),
        ..next(&old, value("two"))
    };
    let planned = save_on(&mut this, &draft, Day(TODAY.0 + 400));
    let made_on = Day::from_unix_ms(old.created_at_ms as i64, 0);
    assert_eq!(planned.rotation.rotated_on, Some(made_on));
    let due = planned.due().unwrap();
    assert_eq!(
        (due.on, due.why),
        (Day(made_on.0 + 30), DueReason::Rotation)
    );
}

#[test]
fn what_is_to_be_rotated_stands_with_what_expires() {
    let mut this = fixture();
    for (name, expires, rotated, days) in [
        ("expires in 5", Some(5), None, None),
        ("rotate in 3", Some(300), Some(-27), Some(30)),
        ("overdue", None, Some(-40), Some(30)),
        ("in a year", Some(365), Some(0), Some(365)),
        ("never", None, None, None),
    ] {
        let day = |offset: i32| Day(TODAY.0 + offset);
        let draft = ItemDraft {
            expires_on: expires.map(day),
            rotation: Rotation {
                rotated_on: rotated.map(day),
                every_days: days,
            },
            ..key(name, name)
        };
        this.add(&draft);
    }
    let list = |scope| {
        let query = ListQuery {
            scope,
            sort: Sort::Expiry,
            limit: 10,
            ..ListQuery::default()
        };
        let rows = this.vault.list(&query, TODAY).rows;
        rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    let soon = ["overdue", "rotate in 3", "expires in 5"];
    assert_eq!(list(Scope::Expiring), soon);
    assert_eq!(
        list(Scope::All),
        [&soon[..], &["in a year", "never"]].concat()
    );
    assert_eq!(this.vault.facets(TODAY).expiring, 3);
    // A day of skew, either way, moves the border by that day.
    assert_eq!(this.vault.facets(Day(TODAY.0 - 28)).expiring, 1);
    assert_eq!(this.vault.facets(Day(TODAY.0 + 335)).expiring, 4);
    assert_eq!(this.vault.facets(Day(TODAY.0 + 334)).expiring, 3);
}

#[test]
fn plans_and_places_that_break_a_rule_are_refused() {
    let refused = |change: fn(&mut ItemDraft)| {
        let mut draft = key("Key", "one");
        change(&mut draft);
        check_draft(&draft).unwrap_err().field
    };
    assert_eq!(refused(|draft| draft.rotation = every(0)), "every_days");
    assert_eq!(refused(|draft| draft.rotation = every(3_651)), "every_days");
    assert_eq!(
        refused(|draft| draft.rotation.rotated_on = Some(Day(-1))),
        "rotated_on"
    );
    assert_eq!(
        refused(|draft| draft.places = vec!["a\nb".into()]),
        "places"
    );
    assert_eq!(
        refused(|draft| draft.places = vec!["x".repeat(201)]),
        "places"
    );
    assert_eq!(
        refused(|draft| draft.places = vec!["x".into(); PLACES_MAX + 1]),
        "places"
    );
    let mut draft = key("Key", "one");
    draft.places = vec!["  ".into(), " CI of the shop ".into()];
    assert_eq!(draft.kept_places(), ["CI of the shop"]);
}

proptest! {
    #![proptest_config(cases(64))]

    /// Whatever the plan: another device reads the same, and it is due the day that it says.
    #[test]
    fn a_plan_means_the_same_on_every_device(
        rotated in proptest::option::of(0..60_000_i32),
        days in proptest::option::of(1..=3_650_u16),
        expires in proptest::option::of(0..60_000_i32),
    ) {
        let mut this = fixture();
        let draft = ItemDraft {
            expires_on: expires.map(Day),
            rotation: Rotation { rotated_on: rotated.map(Day), every_days: days },
            ..key("Key", "one")
        };
        let write = this.seal(&draft);
        let mut other = this.fresh();
        other.apply([change_of(&write, 1)]);
        let seen = other.open_details(&details_of(&write)).unwrap().summary;
        this.accept(write);
        let here = this.vault.summary(seen.id).unwrap();
        prop_assert_eq!(&seen, &here);
        let change = here.rotation.due_on();
        prop_assert_eq!(change.is_some(), days.is_some());
        let first = change.into_iter().chain(here.expires_on).min();
        prop_assert_eq!(here.due().map(|due| due.on), first);
    }
}
