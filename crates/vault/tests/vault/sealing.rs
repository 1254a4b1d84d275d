//! Items sealed, synced, opened again, and everything a server may try in between.

use crate::common::{Fixture, all, cases, change_of, details_of, fixture, key, names, seeded};
use keyarc_vault::{
    Content, DetailsError, Field, FieldType, ItemDraft, LockedVault, OverviewChange, Rotation,
    UnlockError, Variable, WriteError,
};
use keyarc_wire::{AccountId, ItemChange, ItemId, Sealed, WriteItemsRequest};
use proptest::prelude::*;

fn any_content() -> impl Strategy<Value = Content> {
    let text = "\\PC{0,40}";
    prop_oneof![
        any::<String>().prop_map(|value| Content::ApiKey {
            value: format!("{value}.")
        }),
        (text, text, text).prop_map(|(username, password, url)| Content::Login {
            username: plain(&username),
            password: plain(&password),
            url: plain(&url),
        }),
        any::<String>().prop_map(|text| Content::Note { text }),
        "[A-Z2-7]{8,40}".prop_map(|key| Content::Totp { key }),
        (any::<String>(), any::<String>()).prop_map(|(chain, private_key)| Content::Certificate {
            chain: format!("{chain}."),
            private_key,
        }),
        (any::<String>(), any::<String>()).prop_map(|(private_key, public_key)| Content::SshKey {
            private_key: format!("{private_key}."),
            public_key,
        }),
        proptest::collection::btree_map("[A-Z_][A-Z0-9_]{0,12}", any::<String>(), 0..6).prop_map(
            |variables| Content::EnvironmentSet {
                variables: variables
                    .into_iter()
                    .map(|(name, value)| Variable { name, value })
                    .collect(),
            }
        ),
    ]
}

fn any_fields() -> impl Strategy<Value = Vec<Field>> {
    let values = ("[a-z]{1,8}", prop::bool::ANY, any::<String>());
    proptest::collection::vec(values, 0..4).prop_map(|values| {
        let field = |(at, (name, lines, value)): (usize, (String, bool, String))| Field {
            name: format!("{name} {at}"),
            field_type: if lines {
                FieldType::Lines
            } else {
                FieldType::Secret
            },
            value: if lines {
                value
            } else {
                value.replace(['\n', '\r'], "")
            },
        };
        values.into_iter().enumerate().map(field).collect()
    })
}

/// Without what single-line fields refuse.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .collect()
}

fn any_draft() -> impl Strategy<Value = ItemDraft> {
    (
        "[a-zA-Z0-9<>&\"' äöé→]{1,60}",
        proptest::collection::vec("[a-z]{1,8}", 0..4),
        proptest::collection::vec("[a-z]{1,8}", 0..4),
        proptest::option::of(prop_oneof![Just("staging".to_owned()), "[a-z]{1,8}"]),
        proptest::option::of(0..100_000),
        any::<bool>(),
        any_content(),
        any::<String>(),
        any_fields(),
        (
            proptest::option::of(0..100_000),
            proptest::option::of(1..=3_650_u16),
            proptest::collection::vec("[a-z][a-z /.:]{0,20}[a-z]", 0..4),
            proptest::collection::vec("[a-zA-Zü][a-z.]{0,20}", 0..4),
        ),
    )
        .prop_map(
            |(
                name,
                folder,
                tags,
                environment,
                day,
                favourite,
                content,
                notes,
                fields,
                (rotated_on, every_days, places, files),
            )| ItemDraft {
                id: None,
                base_version: 0,
                name: format!("n{name}"),
                folder: folder.join("/"),
                tags,
                environment,
                provider: Some("openai".to_owned()),
                favourite,
                expires_on: day.map(keyarc_vault::Day),
                content,
                notes,
                fields,
                rotation: Rotation {
                    rotated_on: rotated_on.map(keyarc_vault::Day),
                    every_days,
                },
                places,
                walk: None,
                check: None,
                attachments: files.iter().enumerate().map(attachment).collect(),
            },
        )
}

fn attachment((at, name): (usize, &String)) -> keyarc_vault::Attachment {
    keyarc_vault::Attachment {
        id: keyarc_wire::AttachmentId([at as u8; 16]),
        name: name.clone(),
        media_type: String::new(),
        size: name.len() as u64 * 99_991,
        key: [at as u8 + 100; 32],
        digest: [at as u8 + 200; 32],
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn what_is_saved_is_what_is_revealed_on_another_device(draft in any_draft()) {
        let mut this = fixture();
        let write = this.seal(&draft);
        let mut other = this.fresh();
        let report = other.apply([change_of(&write, 5)]);
        prop_assert_eq!((report.changed, report.unreadable, report.refused), (1, 0, 0));
        prop_assert_eq!(other.revision(), 5);
        let item = other.open_details(&details_of(&write)).unwrap();
        let mut tags = draft.tags.clone();
        tags.sort();
        tags.dedup();
        prop_assert_eq!(&item.summary.name, draft.name.trim());
        prop_assert_eq!(&item.summary.folder, &draft.folder);
        prop_assert_eq!(&item.summary.tags, &tags);
        prop_assert_eq!(&item.summary.environment, &draft.environment);
        prop_assert_eq!(item.summary.expires_on, draft.expires_on);
        prop_assert_eq!(item.summary.favourite, draft.favourite);
        prop_assert_eq!(item.summary.provider_name.as_deref(), Some("OpenAI"));
        prop_assert_eq!(&item.content, &draft.content);
        prop_assert_eq!(&item.notes, &draft.notes);
        prop_assert_eq!(&item.fields, &draft.fields);
        prop_assert_eq!(&item.places, &draft.places);
        prop_assert_eq!(&item.attachments, &draft.attachments);
        let named: Vec<_> = draft.attachments.iter().map(|one| one.id).collect();
        prop_assert_eq!(&write.attachments, &named);
        let rotation = item.summary.rotation;
        prop_assert_eq!(rotation.every_days, draft.rotation.every_days);
        if draft.rotation.rotated_on.is_some() || rotation.every_days.is_none() {
            prop_assert_eq!(rotation.rotated_on, draft.rotation.rotated_on);
        } else {
            prop_assert!(rotation.rotated_on.is_some(), "a plan counts from a day");
        }
    }

    #[test]
    fn any_flipped_bit_is_refused(at in any::<proptest::sample::Index>(), bit in 0..8) {
        let mut this = fixture();
        let write = this.seal(&key("Name", "a secret value"));
        let flip = |sealed: &Sealed| {
            let mut bytes = sealed.0.clone();
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
            Sealed(bytes)
        };
        let mut change = change_of(&write, 1);
        change.live = Some((1, flip(&write.overview)));
        let mut other = this.fresh();
        let report = other.apply([change]);
        prop_assert_eq!((report.changed, report.unreadable), (0, 1));
        prop_assert_eq!(other.unreadable(), 1);

        this.accept(write.clone());
        let mut details = details_of(&write);
        details.details = flip(&details.details);
        prop_assert_eq!(this.vault.open_details(&details), Err(DetailsError::Tampered));
    }
}

fn two_items() -> (Fixture, keyarc_wire::ItemWrite, keyarc_wire::ItemWrite) {
    let mut this = fixture();
    let first = this.seal(&key("First", "first secret"));
    this.accept(first.clone());
    let second = this.seal(&key("Second", "second secret"));
    this.accept(second.clone());
    (this, first, second)
}

#[test]
fn details_of_another_item_are_refused() {
    let (this, first, second) = two_items();
    let mut swapped = details_of(&first);
    swapped.details = second.details.clone().unwrap();
    assert_eq!(
        this.vault.open_details(&swapped),
        Err(DetailsError::Tampered)
    );
    let mut renamed = details_of(&second);
    renamed.item_id = first.item_id;
    assert_eq!(
        this.vault.open_details(&renamed),
        Err(DetailsError::Tampered)
    );
    assert!(this.open(&first).is_ok());
}

#[test]
fn older_details_are_refused_whatever_version_they_claim() {
    let (mut this, first, _) = two_items();
    let mut edited = key("First", "rotated secret");
    edited.id = Some(first.item_id);
    edited.base_version = 1;
    let second = this.seal(&edited);
    this.accept(second.clone());
    for (version, details_version) in [(1, 1), (2, 1), (2, 2)] {
        let mut stale = details_of(&first);
        (stale.version, stale.details_version) = (version, details_version);
        assert_eq!(this.vault.open_details(&stale), Err(DetailsError::Tampered));
    }
    assert_eq!(
        this.open(&second).unwrap().content,
        Content::ApiKey {
            value: "rotated secret".to_owned()
        }
    );
}

#[test]
fn an_overview_where_details_belong_is_refused() {
    let (this, first, _) = two_items();
    let mut swapped = details_of(&first);
    swapped.details = first.overview.clone();
    assert_eq!(
        this.vault.open_details(&swapped),
        Err(DetailsError::Tampered)
    );
    let mut change = change_of(&first, 1);
    change.live = first.details.clone().map(|details| (1, details));
    assert_eq!(this.fresh().apply([change]).unreadable, 1);
}

#[test]
fn newer_details_ask_for_a_sync() {
    let (this, first, _) = two_items();
    let mut newer = details_of(&first);
    newer.version = 2;
    assert_eq!(this.vault.open_details(&newer), Err(DetailsError::Outdated));
    newer.item_id = ItemId([0; 16]);
    assert_eq!(this.vault.open_details(&newer), Err(DetailsError::NotFound));
}

#[test]
fn an_overview_is_bound_to_item_version_vault_and_owner() {
    let (this, first, second) = two_items();
    let good = change_of(&first, 1);
    let moved = ItemChange {
        item_id: second.item_id,
        ..good.clone()
    };
    let older = ItemChange {
        version: 3,
        ..good.clone()
    };
    for change in [moved, older] {
        let mut other = this.fresh();
        assert_eq!(other.apply([change]).unreadable, 1);
        assert_eq!((other.live_items(), other.unreadable()), (0, 1));
    }
    // Which version wrote the details is what the overview says, whatever the server does.
    let unfit = ItemChange {
        live: Some((9, first.overview.clone())),
        ..good.clone()
    };
    let mut other = this.fresh();
    assert_eq!(other.apply([unfit]).changed, 1);
    assert_eq!((other.live_items(), other.unreadable()), (1, 0));
    assert!(other.open_details(&details_of(&first)).is_ok());
    let mut info = this.info.clone();
    info.id.0[0] ^= 1;
    assert!(
        LockedVault::new(info, this.owner)
            .unlock(&this.root)
            .is_err()
    );
    assert_eq!(this.fresh().apply([good]).changed, 1);
}

#[test]
fn what_does_not_open_is_counted_until_it_does() {
    let (this, first, second) = two_items();
    let mut broken = change_of(&first, 1);
    broken.live = Some((1, Sealed(vec![0; 350])));
    let mut other = this.fresh();
    let report = other.apply([broken, change_of(&second, 2)]);
    assert_eq!((report.changed, report.unreadable), (1, 1));
    assert_eq!(other.unreadable(), 1);
    assert_eq!(names(&other, &all()), ["Second"]);
    other.apply([change_of(&first, 3)]);
    assert_eq!(other.unreadable(), 0);
    assert_eq!(names(&other, &all()), ["First", "Second"]);
}

#[test]
fn a_readable_state_survives_an_unreadable_one() {
    let (mut this, first, _) = two_items();
    let broken = ItemChange {
        item_id: first.item_id,
        version: 2,
        revision: 3,
        live: Some((2, Sealed(vec![1; 350]))),
    };
    assert_eq!(this.vault.apply([broken]).unreadable, 1);
    assert_eq!(names(&this.vault, &all()), ["First", "Second"]);
    // To go back to version 1 is refused all the same.
    assert_eq!(this.vault.apply([change_of(&first, 4)]).refused, 1);
    assert_eq!(this.vault.unreadable(), 1);
}

#[test]
fn an_older_version_and_a_deleted_item_do_not_come_back() {
    let (mut this, first, _) = two_items();
    let mut edited = key("First, edited", "x");
    (edited.id, edited.base_version) = (Some(first.item_id), 1);
    let second = this.seal(&edited);
    this.accept(second.clone());
    let report = this.vault.apply([change_of(&first, 9)]);
    assert_eq!((report.changed, report.refused), (0, 1));
    assert_eq!(names(&this.vault, &all()), ["First, edited", "Second"]);

    let tombstone = ItemChange {
        item_id: first.item_id,
        version: 2,
        revision: 10,
        live: None,
    };
    assert_eq!(this.vault.apply([tombstone.clone()]).changed, 1);
    assert_eq!(
        this.vault.apply([tombstone]),
        keyarc_vault::ApplyReport::default()
    );
    assert_eq!(this.vault.apply([change_of(&second, 11)]).refused, 1);
    assert_eq!(names(&this.vault, &all()), ["Second"]);
    assert!(this.vault.summary(first.item_id).is_none());
}

#[test]
fn two_contents_under_one_version_are_refused() {
    let (mut this, first, _) = two_items();
    let mut edit = key("Edited here", "x");
    (edit.id, edit.base_version) = (Some(first.item_id), 1);
    let here = this.seal(&edit);
    edit.name = "Edited there".to_owned();
    let there = this.seal(&edit);
    this.accept(here.clone());
    assert_eq!(this.vault.apply([change_of(&there, 4)]).refused, 1);
    assert_eq!(
        this.vault.apply([change_of(&here, 4)]),
        keyarc_vault::ApplyReport::default()
    );
    assert_eq!(
        this.vault.summary(first.item_id).unwrap().name,
        "Edited here"
    );
}

#[test]
fn a_small_change_keeps_the_details() {
    let (mut this, first, _) = two_items();
    let before = this.vault.summary(first.item_id).unwrap();
    for change in [
        OverviewChange::Favourite(true),
        OverviewChange::Trash,
        OverviewChange::Restore,
    ] {
        let now = this.now + 60_000;
        let write = this
            .vault
            .seal_overview_change(first.item_id, change, now, &mut this.rng)
            .unwrap();
        assert!(write.details.is_none());
        this.accept(write);
        let trashed = this.vault.summary(first.item_id).unwrap().trashed_at_ms;
        assert_eq!(trashed, (change == OverviewChange::Trash).then_some(now));
    }
    let after = this.vault.summary(first.item_id).unwrap();
    assert_eq!((after.version, after.favourite), (4, true));
    assert_eq!(after.updated_at_ms, before.updated_at_ms);
    let mut details = details_of(&first);
    details.version = 4;
    assert!(this.vault.open_details(&details).is_ok());
    details.details_version = 4;
    assert_eq!(
        this.vault.open_details(&details),
        Err(DetailsError::Tampered)
    );
}

#[test]
fn only_the_trash_is_purged() {
    let (mut this, first, _) = two_items();
    assert_eq!(this.vault.purge(first.item_id), Err(WriteError::NotInTrash));
    assert_eq!(this.vault.purge(ItemId([0; 16])), Err(WriteError::NotFound));
    let trash = this
        .vault
        .seal_overview_change(first.item_id, OverviewChange::Trash, 1, &mut this.rng)
        .unwrap();
    this.accept(trash);
    let purge = this.vault.purge(first.item_id).unwrap();
    assert_eq!(purge.base_version, 2);
    let request = WriteItemsRequest {
        writes: Vec::new(),
        purges: vec![purge],
        ..WriteItemsRequest::default()
    };
    assert_eq!(this.vault.accept(&request, 4).changed, 1);
    assert_eq!((this.vault.revision(), this.vault.live_items()), (4, 1));
    assert!(this.vault.summary(first.item_id).is_none());
}

#[test]
fn a_gap_before_an_own_write_is_left_for_the_sync() {
    let mut this = fixture();
    let foreign = this.seal(&key("Somebody else's", "x"));
    let own = this.seal(&key("Own", "x"));
    let request = WriteItemsRequest {
        writes: vec![own.clone()],
        purges: Vec::new(),
        ..WriteItemsRequest::default()
    };
    this.vault.accept(&request, 2);
    assert_eq!(this.vault.revision(), 0, "revision 1 has not been seen");
    this.vault
        .apply([change_of(&foreign, 1), change_of(&own, 2)]);
    assert_eq!((this.vault.revision(), this.vault.live_items()), (2, 2));
}

#[test]
fn an_edit_keeps_what_the_form_does_not_show() {
    let mut this = fixture();
    let first = this.seal(&key("Name", "value"));
    this.accept(first.clone());
    let created = this.vault.summary(first.item_id).unwrap().created_at_ms;
    let mut edit = key("Name", "");
    (edit.id, edit.base_version) = (Some(first.item_id), 1);
    let write = this.seal(&edit);
    this.accept(write);
    let row = this.vault.summary(first.item_id).unwrap();
    assert_eq!((row.created_at_ms, row.version), (created, 2));
    assert!(row.updated_at_ms > created);
    edit.id = Some(ItemId([3; 16]));
    let missing = this.vault.seal_draft(&edit, this.now, &mut this.rng);
    assert_eq!(missing, Err(WriteError::NotFound));
}

#[test]
fn a_foreign_key_leaves_the_vault_locked() {
    let this = fixture();
    let stranger = seeded(99);
    let locked = this.fresh().lock();
    let (locked, error) = locked.unlock(&stranger.root).unwrap_err();
    assert_eq!(error, UnlockError);
    assert!(locked.unlock(&this.root).is_ok());
    assert!(
        LockedVault::new(this.info.clone(), AccountId([8; 16]))
            .unlock(&this.root)
            .is_err()
    );
}

#[test]
fn debug_output_names_nothing() {
    let (this, first, _) = two_items();
    let item = this.open(&first).unwrap();
    let unlocked = format!("{:?}", this.vault);
    let shown = format!("{unlocked} {:?} {item:?}", this.vault.lock());
    for secret in ["First", "Second", "secret"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn an_ordinary_overview_takes_one_bucket() {
    let mut this = fixture();
    let mut draft = key(
        "OpenAI API key, checkout service",
        &format!("sk-proj-{}", "a1B2".repeat(39)),
    );
    draft.provider = Some("openai".to_owned());
    draft.environment = Some("production".to_owned());
    draft.folder = "Checkout/Payments".to_owned();
    draft.tags = ["llm", "billing-critical"].map(str::to_owned).to_vec();
    draft.expires_on = Some(crate::common::TODAY);
    let write = this.seal(&draft);
    assert_eq!(
        write.overview.0.len(),
        350,
        "a header of 78, a bucket of 256, a tag of 16"
    );
    assert!(10_000 * (write.overview.0.len() + 45) <= 5_000_000);
}

#[test]
fn a_revealed_item_does_not_tell_itself_in_a_log() {
    let mut this = fixture();
    let mut draft = key("Stripe", "sk_live_canary");
    draft.notes = "canary in the notes".to_owned();
    draft.places = vec!["canary in the places".to_owned()];
    let write = this.seal(&draft);
    let mut other = this.fresh();
    other.apply([change_of(&write, 1)]);
    let item = other.open_details(&details_of(&write)).unwrap();
    assert!(item.notes.contains("canary"));
    assert!(!format!("{item:?}").contains("canary"));
}
