//! What the report on a vault finds.

use keyarc_vault::{
    Check, Content, Day, ItemDraft, OverviewChange, Ratings, Reason, Rotation, ToRate, Weakness,
    to_rate,
};

use crate::common::{Fixture, TODAY, details_of, fixture, key, took};

const LONG: &str = "sk_live_51H8xQ2eZvKYlo2C";

fn login(name: &str, username: &str, password: &str) -> ItemDraft {
    let content = Content::Login {
        username: username.into(),
        password: password.into(),
        url: String::new(),
    };
    ItemDraft::new(name, content)
}

fn count(this: &Fixture, ratings: &Ratings, check: Check) -> u32 {
    let view = this.vault.dashboard(ratings, TODAY);
    let found = view.checks.iter().find(|(one, _)| *one == check);
    found.map_or(0, |(_, count)| *count)
}

/// Names and reasons of a check.
fn found(this: &Fixture, ratings: &Ratings, check: Check) -> Vec<(String, Reason)> {
    let found = this.vault.findings(check, ratings, (0, 100), TODAY);
    assert_eq!(found.total, count(this, ratings, check), "{check:?}");
    let rows = found.rows.into_iter();
    rows.map(|row| (row.item.name, row.reason)).collect()
}

#[test]
fn an_empty_vault_has_nothing_to_report() {
    let this = fixture();
    let view = this.vault.dashboard(&Ratings::default(), TODAY);
    assert_eq!((view.all, view.sound, view.marks_total), (0, 0, 0));
    assert!(view.checks.iter().all(|(_, count)| *count == 0));
    assert!(view.kinds.is_empty() && view.due.is_empty() && view.recent.is_empty());
}

#[test]
fn days_decide_what_has_expired_and_what_is_due() {
    let mut this = fixture();
    for offset in [-1, 0, 30, 31, 89, 90] {
        let draft = ItemDraft {
            expires_on: Some(Day(TODAY.0 + offset)),
            ..key(&format!("{offset}"), &format!("{LONG}{offset}"))
        };
        this.add(&draft);
    }
    for (name, ago) in [("rotated 29", 29), ("rotated 30", 30)] {
        let draft = ItemDraft {
            rotation: Rotation {
                rotated_on: Some(Day(TODAY.0 - ago)),
                every_days: Some(30),
            },
            ..key(name, &format!("{LONG}{name}"))
        };
        this.add(&draft);
    }
    let ratings = Ratings::default();
    let names = |check| -> Vec<String> {
        let found = found(&this, &ratings, check);
        found.into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(Check::Expired), ["-1"]);
    assert_eq!(names(Check::Expiring), ["0", "30"]);
    assert_eq!(names(Check::RotationDue), ["rotated 30"]);
    let view = this.vault.dashboard(&ratings, TODAY);
    // Today, tomorrow's rotation, and up to the ninetieth day.
    assert_eq!(view.marks_total, 6);
    assert_eq!(view.due_total, 5);
    assert_eq!(view.due[0].name, "-1");
}

#[test]
fn one_secret_in_several_items_is_found_across_kinds_and_outside_the_trash() {
    let mut this = fixture();
    this.add(&key("A", LONG));
    this.add(&login("B", "ann", LONG));
    this.add(&login("C", "bob", LONG));
    this.add(&login("D", "ann", "another"));
    this.add(&login("E", "eve", ""));
    this.add(&login("F", "joe", ""));
    let binned = this.add(&key("G", "in the trash"));
    this.add(&key("H", "in the trash"));
    let now = this.now;
    let write = this
        .vault
        .seal_overview_change(binned, OverviewChange::Trash, now, &mut this.rng)
        .unwrap();
    this.accept(write);
    let ratings = Ratings::default();
    let reused = found(&this, &ratings, Check::Reused);
    let reason = Reason::Reused { group: 0, items: 3 };
    assert_eq!(
        reused,
        ["A", "B", "C"].map(|name| (name.to_owned(), reason))
    );
    let others = |value: &str| this.vault.others_with(&ratings, value, binned, TODAY);
    assert_eq!(
        (others(LONG), others("another"), others("none"), others("")),
        (3, 1, 0, 0)
    );
}

#[test]
fn groups_of_one_secret_stand_together() {
    let mut this = fixture();
    for name in ["a1", "b1", "c1", "a2", "b2", "c2"] {
        this.add(&key(name, &format!("{LONG}{}", &name[..1])));
    }
    let rows = found(&this, &Ratings::default(), Check::Reused);
    let groups: Vec<u32> = rows
        .iter()
        .map(|(_, reason)| match reason {
            Reason::Reused { group, items: 2 } => *group,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(groups, [0, 0, 1, 1, 2, 2]);
    assert!(rows.chunks(2).all(|pair| pair[0].0[..1] == pair[1].0[..1]));
}

#[test]
fn what_was_not_changed_for_a_year_is_old_unless_it_never_changes() {
    let mut this = fixture();
    this.add(&key("Key", LONG));
    this.add(&ItemDraft::new("Note", Content::Note { text: "x".into() }));
    let rotated = ItemDraft {
        rotation: Rotation {
            rotated_on: Some(Day(TODAY.0 + 100)),
            every_days: None,
        },
        ..key("Rotated", "sk_live_51H8xQ2eZvKYlo2D")
    };
    this.add(&rotated);
    let at = |days: i32| {
        let day = Day(TODAY.0 + days);
        this.vault
            .findings(Check::Old, &Ratings::default(), (0, 9), day)
            .rows
            .into_iter()
            .map(|row| row.item.name)
            .collect::<Vec<_>>()
    };
    let made = Day::from_unix_ms(this.now as i64, 0).0 - TODAY.0;
    assert!(at(made + 365).is_empty());
    assert_eq!(at(made + 366), ["Key"]);
    assert_eq!(at(466), ["Key", "Rotated"]);
}

#[test]
fn ratings_hold_for_the_version_that_was_read() {
    let mut this = fixture();
    let write = this.seal(&login("Shop", "ann", "hunter2"));
    let id = write.item_id;
    this.accept(write.clone());
    this.add(&ItemDraft::new("Note", Content::Note { text: "x".into() }));
    let mut ratings = Ratings::default();
    // Everything is fetched, whatever it is.
    assert_eq!(this.vault.unrated(&ratings).len(), 2);
    let item = this.vault.open_details(&details_of(&write)).unwrap();
    assert!(to_rate(&item.content) == ToRate::Password("hunter2"));
    this.vault
        .note_rating(&mut ratings, &item, Some(Weakness::Guessable));
    let weak = Reason::Weak(Weakness::Guessable);
    assert_eq!(
        found(&this, &ratings, Check::Weak),
        [("Shop".to_owned(), weak)]
    );
    assert_eq!(this.vault.unrated(&ratings).len(), 1);
    let view = this.vault.dashboard(&ratings, TODAY);
    assert_eq!((view.rated, view.unread, view.sound), (1, 0, 1));
    // Saved anew: what was known of it is known no more.
    let changed = ItemDraft {
        id: Some(id),
        base_version: 1,
        ..login("Shop", "ann", "quartz lantern mosaic")
    };
    this.add(&changed);
    assert!(found(&this, &ratings, Check::Weak).is_empty());
    assert!(this.vault.unrated(&ratings).contains(&id));
    this.vault.note_unread(&mut ratings, id);
    assert_eq!(this.vault.dashboard(&ratings, TODAY).unread, 1);
}

#[test]
fn a_window_is_all_that_is_given() {
    let mut this = fixture();
    for number in 0..5 {
        this.add(&key(&format!("k{number}"), LONG));
    }
    let ratings = Ratings::default();
    let window = |at| this.vault.findings(Check::Reused, &ratings, at, TODAY);
    let names = |at| {
        let rows = window(at).rows.into_iter();
        rows.map(|row| row.item.name).collect::<Vec<_>>()
    };
    assert_eq!(names((3, 9)), ["k3", "k4"]);
    assert_eq!(names((1, 2)), ["k1", "k2"]);
    let beyond = window((9, 9));
    assert_eq!((beyond.total, beyond.offset, beyond.rows.len()), (5, 5, 0));
}

/// Twenty times as many items take about twenty times as long, and not four hundred times.
#[test]
fn the_report_takes_linear_time() {
    let filled = |items: u32| {
        let mut this = fixture();
        let writes: Vec<_> = (0..items)
            .map(|n| this.seal(&key(&format!("k{n}"), &format!("{LONG}{}", n / 2))))
            .collect();
        for write in writes {
            this.accept(write);
        }
        this
    };
    let (few, many) = (filled(100), filled(2_000));
    let ratings = Ratings::default();
    let report = |this: &Fixture| {
        let _ = this.vault.dashboard(&ratings, TODAY);
        let _ = this.vault.findings(Check::Reused, &ratings, (0, 50), TODAY);
    };
    let fastest = |this: &Fixture| (0..5).map(|_| took(|| report(this))).min().unwrap();
    let (few, many) = (fastest(&few), fastest(&many));
    assert!(many < few * 120, "{few:?} {many:?}");
}
