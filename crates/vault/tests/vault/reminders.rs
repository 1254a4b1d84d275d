//! What is due, what was put away, and what a server is told.

use std::collections::BTreeSet;

use keyarc_vault::{
    Day, DueReason, Hidden, ItemDraft, OverviewChange, ReminderChange, ReminderSettings, Rotation,
    UnlockedVault,
};
use keyarc_wire::{ReminderId, limits};
use proptest::prelude::*;

use crate::common::{Fixture, TODAY, cases, change_of, fixture, key};

fn expiring(name: &str, days: i32) -> ItemDraft {
    ItemDraft {
        expires_on: Some(Day(TODAY.0 + days)),
        ..key(name, "value")
    }
}

fn save(this: &mut Fixture, draft: &ItemDraft) -> keyarc_wire::ItemId {
    let write = this
        .vault
        .seal_draft_on(draft, TODAY, this.now, &mut this.rng)
        .unwrap();
    let id = write.item_id;
    this.accept(write);
    id
}

fn names(
    vault: &UnlockedVault,
    this: &Fixture,
    settings: &ReminderSettings,
    today: Day,
) -> Vec<String> {
    let key = this.root.reminder_key();
    let rows = vault.reminders(&key, settings, today).rows;
    rows.into_iter().map(|row| row.name).collect()
}

fn ids(this: &Fixture, settings: &ReminderSettings, today: Day) -> Vec<ReminderId> {
    let key = this.root.reminder_key();
    let set = this.vault.reminder_set(&key, settings, today);
    set.into_iter().map(|entry| entry.id).collect()
}

#[test]
fn the_list_has_what_is_due_within_the_longest_lead() {
    let mut this = fixture();
    for (name, days) in [("gone", -400), ("now", 0), ("soon", 30), ("later", 31)] {
        save(&mut this, &expiring(name, days));
    }
    let mut planned = key("planned", "value");
    planned.rotation = Rotation {
        rotated_on: Some(Day(TODAY.0 - 100)),
        every_days: Some(90),
    };
    planned.expires_on = Some(Day(TODAY.0 + 5));
    save(&mut this, &planned);
    let mut settings = ReminderSettings::default();
    assert_eq!(
        names(&this.vault, &this, &settings, TODAY),
        ["gone", "planned", "now", "planned", "soon"]
    );
    settings.change(&ReminderChange::LeadDays(vec![1, 7, 7, 2]));
    assert_eq!(settings.lead_days(), [7, 1]);
    assert_eq!(
        names(&this.vault, &this, &settings, TODAY),
        ["gone", "planned", "now", "planned"]
    );
    let reminders = this
        .vault
        .reminders(&this.root.reminder_key(), &settings, TODAY);
    let reasons: Vec<DueReason> = reminders.rows.iter().map(|row| row.due.why).collect();
    assert_eq!(reasons[1], DueReason::Rotation);
    assert_eq!(reasons[3], DueReason::Expiry);
}

#[test]
fn what_is_put_away_comes_back_on_its_day_or_with_another_date() {
    let mut this = fixture();
    let item = save(&mut this, &expiring("key", 3));
    let key = this.root.reminder_key();
    let mut settings = ReminderSettings::default();
    let id = this.vault.reminders(&key, &settings, TODAY).rows[0].id;
    assert_eq!(this.vault.find_reminder(&key, id), Some(item));
    let until = Day(TODAY.0 + 2);
    settings.change(&ReminderChange::Hide {
        id,
        until: Some(until),
    });
    let view = this.vault.reminders(&key, &settings, TODAY);
    assert_eq!(
        (view.total, view.hidden[0].hidden),
        (0, Some(Hidden::Until(until)))
    );
    // A server still reminds: it knows of no putting away until a day.
    assert_eq!(ids(&this, &settings, TODAY), [id]);
    assert_eq!(names(&this.vault, &this, &settings, until), ["key"]);
    settings.change(&ReminderChange::Hide { id, until: None });
    assert!(names(&this.vault, &this, &settings, Day(TODAY.0 + 300)).is_empty());
    assert!(ids(&this, &settings, TODAY).is_empty());
    // Another date is another reminder.
    let summary = this.vault.summary(item).unwrap();
    let moved = ItemDraft {
        id: Some(item),
        base_version: summary.version,
        ..expiring("key", 4)
    };
    save(&mut this, &moved);
    assert_eq!(names(&this.vault, &this, &settings, TODAY), ["key"]);
    assert_eq!(this.vault.find_reminder(&key, id), None);
    // What was put away is about nothing now.
    let mut tidy = settings.clone();
    this.vault.tidy_reminders(&key, &mut tidy);
    assert_eq!(tidy, ReminderSettings::default());
    settings.change(&ReminderChange::Show(id));
    assert_eq!(settings, ReminderSettings::default());
}

#[test]
fn a_server_is_told_of_nothing_in_the_trash_and_of_no_more_than_it_takes() {
    let mut this = fixture();
    let item = save(&mut this, &expiring("key", 3));
    let trashed = this
        .vault
        .seal_overview_change(item, OverviewChange::Trash, this.now, &mut this.rng)
        .unwrap();
    this.accept(trashed);
    let settings = ReminderSettings::default();
    assert!(ids(&this, &settings, TODAY).is_empty());
    for (name, days) in [("old", -31), ("passed", -30), ("far", 400), ("beyond", 401)] {
        save(&mut this, &expiring(name, days));
    }
    assert_eq!(ids(&this, &settings, TODAY).len(), 2);
    let changes: Vec<_> = (0..limits::REMINDERS + 5)
        .map(|number| {
            let draft = expiring(&number.to_string(), 1 + (number % 300) as i32);
            let write = this
                .vault
                .seal_draft_on(&draft, TODAY, this.now, &mut this.rng);
            change_of(&write.unwrap(), 10 + number as u64)
        })
        .collect();
    this.vault.apply(changes);
    let entries = this
        .vault
        .reminder_set(&this.root.reminder_key(), &settings, TODAY);
    assert_eq!(entries.len(), limits::REMINDERS);
    assert!(entries.is_sorted_by_key(|entry| (entry.on, entry.id)));
    // What is to come goes before what has passed.
    assert!(entries.iter().all(|entry| entry.on >= TODAY.0 as u32));
}

#[test]
fn every_device_makes_the_same_set_and_another_account_none_of_it() {
    let mut this = fixture();
    save(&mut this, &expiring("one", 3));
    save(&mut this, &expiring("two", 3));
    let settings = ReminderSettings::default();
    let own = this
        .vault
        .reminder_set(&this.root.reminder_key(), &settings, TODAY);
    let again = this
        .vault
        .reminder_set(&this.root.reminder_key(), &settings, TODAY);
    assert_eq!(own, again);
    let other = crate::common::seeded(2);
    let foreign = this
        .vault
        .reminder_set(&other.root.reminder_key(), &settings, TODAY);
    let all: BTreeSet<_> = own.iter().chain(&foreign).map(|entry| entry.id).collect();
    assert_eq!(all.len(), 4);
}

#[test]
fn settings_have_one_spelling() {
    let mut settings = ReminderSettings::default();
    settings.change(&ReminderChange::Hide {
        id: ReminderId([7; 16]),
        until: None,
    });
    settings.change(&ReminderChange::Hide {
        id: ReminderId([8; 16]),
        until: Some(Day(20_800)),
    });
    let bytes = settings.encode();
    assert_eq!(
        hex(&bytes),
        "828418 1e0e0701 82 81 50 07070707070707070707070707070707 82 50 08080808080808080808080808080808 19 5140"
            .replace(' ', "")
    );
    assert_eq!(ReminderSettings::decode(&bytes), Some(settings.clone()));
    settings.change(&ReminderChange::Tell(true));
    let telling = settings.encode();
    assert!(telling[0] == 0x83 && telling.ends_with(&[0xf5]));
    assert_eq!(ReminderSettings::decode(&telling), Some(settings));
    assert_eq!(ReminderSettings::decode(&[0x83, 0x80, 0x80, 0xf4]), None);
    // Another order of the days, and an id twice.
    assert_eq!(ReminderSettings::decode(&[0x82, 0x82, 1, 7, 0x80]), None);
    let twice = [
        &[0x82, 0x80, 0x82][..],
        &[0x81, 0x50],
        &[7; 16],
        &[0x81, 0x50],
        &[7; 16],
    ]
    .concat();
    assert_eq!(ReminderSettings::decode(&twice), None);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn settings_read_back(
        leads in proptest::collection::vec(any::<u16>(), 0..6),
        hidden in proptest::collection::vec((any::<[u8; 16]>(), any::<Option<i32>>()), 0..20),
        tells: bool,
    ) {
        let mut settings = ReminderSettings::default();
        settings.change(&ReminderChange::LeadDays(leads));
        settings.change(&ReminderChange::Tell(tells));
        for (id, until) in hidden {
            settings.change(&ReminderChange::Hide { id: ReminderId(id), until: until.map(Day) });
        }
        prop_assert_eq!(ReminderSettings::decode(&settings.encode()), Some(settings));
    }

    #[test]
    fn any_bytes_are_settings_or_not(bytes: Vec<u8>) {
        if let Some(settings) = ReminderSettings::decode(&bytes) {
            let encoded = settings.encode();
            prop_assert_eq!(encoded.as_slice(), bytes.as_slice());
        }
    }
}
