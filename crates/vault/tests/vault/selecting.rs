//! Which items are selected, what was used last, and what a search found.

use keyarc_vault::{
    BulkChange, FoundIn, ItemSummary, ListQuery, Scope, SelectStep, Selected, Selection, Sort,
};
use keyarc_wire::ItemId;

use crate::common::{Fixture, TODAY, all, find, fixture, key, names};

/// A vault of `count` items named by number, and their ids by name.
fn filled(count: usize) -> (Fixture, Vec<ItemId>) {
    let mut this = fixture();
    let ids = (0..count)
        .map(|at| this.add(&key(&format!("Item {at:05}"), "value")))
        .collect();
    (this, ids)
}

fn window(offset: u32, limit: u32) -> ListQuery {
    ListQuery {
        offset,
        limit,
        ..all()
    }
}

#[test]
fn a_few_rows_are_selected_one_by_one_and_by_ranges() {
    let (this, ids) = filled(10);
    let mut selection = Selection::default();
    let mut step = |step| {
        this.vault
            .select(&mut selection, step, &window(0, 10), TODAY)
    };
    assert_eq!(step(SelectStep::Look), Selected::default());
    assert_eq!(step(SelectStep::Toggle(ids[1])).rows, [ids[1]]);
    let range = |anchor, last, to| SelectStep::Range { anchor, last, to };
    assert_eq!(
        step(range(4, None, 6)).rows,
        [ids[1], ids[4], ids[5], ids[6]]
    );
    // The other end moves over the anchor: what it leaves behind is selected no more.
    assert_eq!(step(range(4, Some(6), 3)).rows, [ids[1], ids[3], ids[4]]);
    assert_eq!(step(range(8, None, 400)).count, 5);
    assert_eq!(step(SelectStep::Toggle(ids[1])).count, 4);
    assert_eq!(step(SelectStep::Clear), Selected::default());
}

#[test]
fn everything_that_a_query_finds_is_selected_and_only_a_window_of_it_told() {
    let (this, _) = filled(3_000);
    let mut selection = Selection::default();
    let query = ListQuery {
        text: "item".to_owned(),
        ..window(500, 80)
    };
    let told = this
        .vault
        .select(&mut selection, SelectStep::All, &query, TODAY);
    assert_eq!((told.count, told.hidden, told.rows.len()), (3_000, 0, 80));
    assert_eq!(selection.ids().len(), 3_000);
    // Another search shows fewer of them; they stay selected, and it is told.
    let query = ListQuery {
        text: "02999".to_owned(),
        ..window(0, 80)
    };
    let told = this
        .vault
        .select(&mut selection, SelectStep::Look, &query, TODAY);
    assert_eq!(told.count, 3_000);
    assert_eq!(told.hidden, 3_000 - this.vault.list(&query, TODAY).total);
}

#[test]
fn what_goes_to_the_trash_is_selected_no_more_and_neither_list_selects_for_the_other() {
    let (mut this, ids) = filled(3);
    let mut selection = Selection::default();
    this.vault
        .select(&mut selection, SelectStep::All, &window(0, 10), TODAY);
    let trash = BulkChange::Trash.check().unwrap();
    let sealed = this
        .vault
        .seal_bulk_change(ids[0], &trash, this.now, &mut this.rng);
    let (write, _) = sealed.unwrap().unwrap();
    this.accept(write);
    let told = this
        .vault
        .select(&mut selection, SelectStep::Look, &window(0, 10), TODAY);
    assert_eq!((told.count, told.rows), (2, vec![ids[1], ids[2]]));
    let in_trash = ListQuery {
        scope: Scope::Trash,
        ..window(0, 10)
    };
    let told = this
        .vault
        .select(&mut selection, SelectStep::Look, &in_trash, TODAY);
    assert_eq!(told, Selected::default());
    let told = this
        .vault
        .select(&mut selection, SelectStep::All, &in_trash, TODAY);
    assert_eq!(told.rows, [ids[0]]);
}

#[test]
fn facts_name_the_first_few_and_all_tags() {
    let mut this = fixture();
    for (name, tag) in [
        ("delta", "x"),
        ("Alpha", "y"),
        ("charlie", "x"),
        ("Bravo", "z"),
    ] {
        let mut draft = key(name, "value");
        draft.tags = vec![tag.to_owned()];
        this.add(&draft);
    }
    let facts = this.vault.facts_of(&this.vault.item_ids());
    assert_eq!(facts.count, 4);
    assert_eq!(facts.names, ["Alpha", "Bravo", "charlie"]);
    assert_eq!(facts.tags, ["x", "y", "z"]);
    let none = this.vault.facts_of(&[ItemId([1; 16])]);
    assert_eq!((none.count, none.names.len()), (0, 0));
}

#[test]
fn what_was_used_last_stands_first() {
    let (mut this, ids) = filled(60);
    let recent = ListQuery {
        scope: Scope::Recent,
        limit: 100,
        ..ListQuery::default()
    };
    assert!(names(&this.vault, &recent).is_empty());
    this.vault.note_use(ItemId([1; 16]));
    for at in [0, 1, 2, 1] {
        this.vault.note_use(ids[at]);
    }
    assert_eq!(
        names(&this.vault, &recent),
        ["Item 00001", "Item 00002", "Item 00000"]
    );
    // However the list is sorted elsewhere.
    let sorted = ListQuery {
        sort: Sort::Name,
        ..recent.clone()
    };
    assert_eq!(names(&this.vault, &sorted), names(&this.vault, &recent));
    let searched = ListQuery {
        text: "00002".to_owned(),
        ..recent.clone()
    };
    assert_eq!(names(&this.vault, &searched), ["Item 00002"]);
    // Not from the trash, and not what is gone.
    let trash = BulkChange::Trash.check().unwrap();
    let sealed = this
        .vault
        .seal_bulk_change(ids[1], &trash, this.now, &mut this.rng);
    let (write, _) = sealed.unwrap().unwrap();
    this.accept(write);
    assert_eq!(names(&this.vault, &recent), ["Item 00002", "Item 00000"]);
    for id in &ids {
        this.vault.note_use(*id);
    }
    assert_eq!(names(&this.vault, &recent).len(), 50);
}

fn first(this: &Fixture, text: &str) -> ItemSummary {
    let view = this.vault.list(&find(text), TODAY);
    view.rows.into_iter().next().unwrap()
}

#[test]
fn a_row_tells_what_matched_beside_its_name() {
    let mut this = fixture();
    let mut draft = key("Gateway", "value");
    draft.provider = Some("openai".to_owned());
    draft.folder = "Checkout/Payments".to_owned();
    draft.tags = vec!["billing".to_owned(), "quarterly".to_owned()];
    draft.environment = Some("staging".to_owned());
    draft.fields = vec![keyarc_vault::Field::empty(
        "Client id",
        keyarc_vault::FieldType::Text,
    )];
    this.add(&draft);
    for (text, place, found) in [
        ("openai", FoundIn::Provider, "OpenAI"),
        ("paym", FoundIn::Folder, "Checkout/Payments"),
        ("billing", FoundIn::Tag, "billing"),
        ("staging", FoundIn::Environment, "staging"),
        ("client", FoundIn::Field, "Client id"),
    ] {
        let row = first(&this, text);
        assert!(row.matches.is_empty(), "{text}");
        assert_eq!(row.found.len(), 1, "{text}");
        assert_eq!(
            (row.found[0].place, row.found[0].text.as_str()),
            (place, found)
        );
        assert_eq!(row.found[0].matches.len(), text.len(), "{text}");
    }
    // Each word by itself; of one text all words together.
    let row = first(&this, "gate client id");
    assert_eq!(row.matches, [0, 1, 2, 3]);
    assert_eq!(row.found.len(), 1);
    assert_eq!(row.found[0].matches, [0, 1, 2, 3, 4, 5, 7, 8]);
    // What the name has is not looked for elsewhere.
    assert!(first(&this, "gateway").found.is_empty());
    assert!(this.vault.list(&all(), TODAY).rows[0].found.is_empty());
}
