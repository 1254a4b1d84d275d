//! Changes of many items at once, and taking them back.

use keyarc_vault::{BulkChange, Day, Item, ItemSummary, UndoStep, WriteError};
use keyarc_wire::{ItemId, ItemWrite};

use crate::common::{Fixture, all, details_of, fixture, key, names};

/// Makes a change of all items given, and tells how to take it back.
fn change(this: &mut Fixture, ids: &[ItemId], change: &BulkChange) -> Vec<UndoStep> {
    let checked = change.check().unwrap();
    this.now += 1_000;
    let sealed: Vec<(ItemWrite, UndoStep)> = ids
        .iter()
        .filter_map(|id| {
            this.vault
                .seal_bulk_change(*id, &checked, this.now, &mut this.rng)
                .unwrap()
        })
        .collect();
    let (writes, undo): (Vec<_>, Vec<_>) = sealed.into_iter().unzip();
    for write in writes {
        assert!(write.details.is_none(), "the secret part is not touched");
        this.accept(write);
    }
    undo
}

/// Takes a change back, and returns how many items could be.
fn undo(this: &mut Fixture, steps: &[UndoStep]) -> usize {
    let mut restored = 0;
    for step in steps {
        if let Some(write) = this.vault.seal_undo(step, &mut this.rng).unwrap() {
            this.accept(write);
            restored += 1;
        }
    }
    restored
}

fn row(this: &Fixture, id: ItemId) -> ItemSummary {
    this.vault.summary(id).unwrap()
}

fn add(this: &mut Fixture, name: &str, folder: &str, tags: &[&str]) -> ItemId {
    let mut draft = key(name, name);
    draft.folder = folder.to_owned();
    draft.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    this.add(&draft)
}

#[test]
fn every_change_is_made_and_taken_back() {
    let mut this = fixture();
    let ids = [
        add(&mut this, "One", "a", &["x"]),
        add(&mut this, "Two", "b/c", &["y", "z"]),
    ];
    let before = ids.map(|id| row(&this, id));
    let tag = |tag: &str| vec![tag.to_owned()];
    for wanted in [
        BulkChange::Folder(" c / d ".to_owned()),
        BulkChange::Folder(String::new()),
        BulkChange::AddTags(tag("new")),
        BulkChange::Environment(Some("Production".to_owned())),
        BulkChange::ExpiresOn(Some(Day(21_000))),
        BulkChange::Favourite(true),
        BulkChange::Trash,
    ] {
        let steps = change(&mut this, &ids, &wanted);
        assert_eq!(steps.len(), 2, "{wanted:?}");
        for (id, before) in ids.iter().zip(&before) {
            let now = row(&this, *id);
            assert_eq!(now.updated_at_ms, before.updated_at_ms, "{wanted:?}");
            match &wanted {
                BulkChange::Folder(path) if path.is_empty() => assert_eq!(now.folder, ""),
                BulkChange::Folder(_) => assert_eq!(now.folder, "c/d"),
                BulkChange::AddTags(_) => assert!(now.tags.contains(&"new".to_owned())),
                BulkChange::Environment(_) => {
                    assert_eq!(now.environment.as_deref(), Some("production"));
                }
                BulkChange::ExpiresOn(day) => assert_eq!(now.expires_on, *day),
                BulkChange::Favourite(_) => assert!(now.favourite),
                BulkChange::Trash => assert_eq!(now.trashed_at_ms, Some(this.now)),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(undo(&mut this, &steps), 2, "{wanted:?}");
        for (id, before) in ids.iter().zip(&before) {
            let now = row(&this, *id);
            let same = ItemSummary {
                version: now.version,
                ..before.clone()
            };
            assert_eq!(now, same, "{wanted:?}");
        }
    }
}

#[test]
fn secrets_open_after_a_change_as_before() {
    let mut this = fixture();
    let write = this.seal(&key("One", "the secret"));
    let id = write.item_id;
    this.accept(write.clone());
    change(
        &mut this,
        &[id],
        &BulkChange::Folder("elsewhere".to_owned()),
    );
    let mut details = details_of(&write);
    details.version = 2;
    let Item {
        content, summary, ..
    } = this.vault.open_details(&details).unwrap();
    assert_eq!(content.part("value"), Some("the secret"));
    assert_eq!(summary.folder, "elsewhere");
}

#[test]
fn what_is_so_already_is_not_written_again() {
    let mut this = fixture();
    let ids = [
        add(&mut this, "One", "a", &["X"]),
        add(&mut this, "Two", "", &[]),
    ];
    let changed = |this: &mut Fixture, wanted: &BulkChange| change(this, &ids, wanted).len();
    assert_eq!(changed(&mut this, &BulkChange::Folder("a".to_owned())), 1);
    assert_eq!(changed(&mut this, &BulkChange::Favourite(false)), 0);
    assert_eq!(changed(&mut this, &BulkChange::Restore), 0);
    let tags = vec!["x".to_owned()];
    assert_eq!(changed(&mut this, &BulkChange::AddTags(tags.clone())), 1);
    assert_eq!(
        row(&this, ids[0]).tags,
        ["X"],
        "the case of the first stays"
    );
    assert_eq!(changed(&mut this, &BulkChange::RemoveTags(tags)), 2);
    // Labels of what is in the trash stay as they are.
    assert_eq!(changed(&mut this, &BulkChange::Trash), 2);
    assert_eq!(changed(&mut this, &BulkChange::Trash), 0);
    assert_eq!(changed(&mut this, &BulkChange::Favourite(true)), 0);
    assert_eq!(changed(&mut this, &BulkChange::Restore), 2);
}

#[test]
fn an_undo_leaves_alone_what_was_changed_since() {
    let mut this = fixture();
    let ids = [
        add(&mut this, "One", "a", &[]),
        add(&mut this, "Two", "b", &[]),
    ];
    let steps = change(&mut this, &ids, &BulkChange::Folder("c".to_owned()));
    let mut draft = key("One, edited", "other");
    (draft.id, draft.base_version) = (Some(ids[0]), 2);
    draft.folder = "d".to_owned();
    this.add(&draft);
    assert_eq!(undo(&mut this, &steps), 1);
    assert_eq!(row(&this, ids[0]).folder, "d");
    assert_eq!(row(&this, ids[1]).folder, "b");
    assert_eq!(undo(&mut this, &steps), 0, "once is enough");
}

#[test]
fn a_folder_moves_with_all_below_it_and_nothing_beside_it() {
    let mut this = fixture();
    for (name, folder) in [
        ("At", "a/b"),
        ("Below", "a/b/c"),
        ("Beside", "a/bc"),
        ("Above", "a"),
        ("Trashed", "a/b"),
    ] {
        add(&mut this, name, folder, &[]);
    }
    let id_of = |this: &Fixture, name: &str| {
        let rows = this.vault.list(&all(), crate::common::TODAY).rows;
        rows.iter().find(|row| row.name == name).unwrap().id
    };
    let trashed = id_of(&this, "Trashed");
    assert!(this.vault.items_in_trash().is_empty());
    change(&mut this, &[trashed], &BulkChange::Trash);
    assert_eq!(this.vault.items_in_trash(), [trashed]);
    let below = this.vault.items_below("a/b");
    assert_eq!(below.len(), 3);
    let wanted = BulkChange::MoveFolder {
        from: "a/b".to_owned(),
        to: "x / y".to_owned(),
    };
    let everything = this.vault.item_ids();
    let steps = change(&mut this, &everything, &wanted);
    assert_eq!(steps.len(), 3);
    for (name, folder) in [
        ("At", "x/y"),
        ("Below", "x/y/c"),
        ("Beside", "a/bc"),
        ("Above", "a"),
    ] {
        let id = id_of(&this, name);
        assert_eq!(row(&this, id).folder, folder, "{name}");
    }
    assert_eq!(row(&this, trashed).folder, "x/y");
    assert_eq!(undo(&mut this, &steps), 3);
    assert_eq!(this.vault.items_below("a/b").len(), 3);
}

#[test]
fn a_change_that_breaks_a_rule_is_refused_with_the_field() {
    let field = |change: BulkChange| change.check().unwrap_err().field;
    assert_eq!(field(BulkChange::Folder("x\u{7}".to_owned())), "folder");
    assert_eq!(field(BulkChange::Folder(["d"; 11].join("/"))), "folder");
    assert_eq!(field(BulkChange::AddTags(vec!["x".repeat(61)])), "tags");
    assert_eq!(field(BulkChange::AddTags(vec![" ".to_owned()])), "tags");
    let name = Some("\u{202e}".to_owned());
    assert_eq!(field(BulkChange::Environment(name)), "environment");
    let day = Some(Day(Day::LAST.0 + 1));
    assert_eq!(field(BulkChange::ExpiresOn(day)), "expires_on");
}

#[test]
fn what_would_be_too_deep_or_too_many_is_refused_for_the_item() {
    let mut this = fixture();
    let deep = add(&mut this, "Deep", &["d"; 10].join("/"), &[]);
    let many: Vec<String> = (0..50).map(|at| format!("tag {at}")).collect();
    let tagged = add(
        &mut this,
        "Tagged",
        "",
        &many.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let refused = |this: &mut Fixture, id: ItemId, wanted: BulkChange| {
        let checked = wanted.check().unwrap();
        match this
            .vault
            .seal_bulk_change(id, &checked, this.now, &mut this.rng)
        {
            Err(WriteError::Draft(error)) => error.field,
            _ => panic!("a rule is broken"),
        }
    };
    let into = BulkChange::MoveFolder {
        from: "d".to_owned(),
        to: "x/y".to_owned(),
    };
    assert_eq!(refused(&mut this, deep, into), "folder");
    let more = BulkChange::AddTags(vec!["one more".to_owned()]);
    assert_eq!(refused(&mut this, tagged, more), "tags");
    assert_eq!(names(&this.vault, &all()), ["Deep", "Tagged"]);
}
