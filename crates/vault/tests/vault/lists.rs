//! Lists, counts and searches, against a model that does everything the slow way.

use std::collections::BTreeMap;

use crate::common::{Fixture, TODAY, all, cases, change_of, find, fixture, key, names};
use keyarc_vault::{
    Count, Day, Facets, ItemDraft, ItemSummary, Kind, ListQuery, OverviewChange, Scope, Sort,
    UnlockedVault,
};
use keyarc_wire::{ItemChange, ItemId};
use proptest::prelude::*;

/// Something that happens to a vault.
#[derive(Debug, Clone)]
enum Step {
    Add(Labels),
    Edit(prop::sample::Index, Labels),
    Change(prop::sample::Index, Change),
    Purge(prop::sample::Index),
    /// A list is shown in between, so that cached orders have to be kept up to date.
    Look(ListQuery),
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Star,
    Unstar,
    Trash,
    Restore,
}

#[derive(Debug, Clone)]
struct Labels {
    name: String,
    folder: &'static str,
    tags: Vec<&'static str>,
    environment: Option<&'static str>,
    expires: Option<i32>,
}

const FOLDERS: [&str; 5] = ["", "a", "a/b", "ab", "a/b/c"];
const TAGS: [&str; 3] = ["llm", "billing", "old"];
const ENVIRONMENTS: [&str; 4] = ["production", "staging", "development", "apple"];

fn any_labels() -> impl Strategy<Value = Labels> {
    (
        "[abAB]{1,3}",
        prop::sample::select(FOLDERS.to_vec()),
        prop::sample::subsequence(TAGS.to_vec(), 0..3),
        prop::option::of(prop::sample::select(ENVIRONMENTS.to_vec())),
        prop::option::of(-40..40),
    )
        .prop_map(|(name, folder, tags, environment, expires)| Labels {
            name,
            folder,
            tags,
            environment,
            expires,
        })
}

fn any_query() -> impl Strategy<Value = ListQuery> {
    (
        prop::sample::select(vec![
            Scope::All,
            Scope::Expiring,
            Scope::Favourites,
            Scope::Trash,
        ]),
        prop::option::weighted(0.3, prop::sample::select(FOLDERS[1..].to_vec())),
        prop::option::weighted(0.3, prop::sample::select(TAGS.to_vec())),
        prop::option::weighted(0.3, prop::sample::select(ENVIRONMENTS.to_vec())),
        prop::option::weighted(0.2, prop::sample::select(Kind::ALL.to_vec())),
        prop::sample::select(vec![Sort::Updated, Sort::Name, Sort::Expiry]),
        0_u32..4,
        0_u32..8,
    )
        .prop_map(
            |(scope, folder, tag, environment, kind, sort, offset, limit)| ListQuery {
                text: String::new(),
                scope,
                folder: folder.map(str::to_owned),
                tag: tag.map(str::to_owned),
                environment: environment.map(str::to_owned),
                kind,
                sort,
                offset,
                limit,
            },
        )
}

fn any_step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    let change = prop::sample::select(vec![
        Change::Star,
        Change::Unstar,
        Change::Trash,
        Change::Restore,
    ]);
    prop_oneof![
        4 => any_labels().prop_map(Step::Add),
        1 => (index(), any_labels()).prop_map(|(at, labels)| Step::Edit(at, labels)),
        2 => (index(), change).prop_map(|(at, change)| Step::Change(at, change)),
        1 => index().prop_map(Step::Purge),
        2 => any_query().prop_map(Step::Look),
    ]
}

fn draft_of(labels: &Labels) -> ItemDraft {
    let mut draft = key(&labels.name, "value");
    draft.folder = labels.folder.to_owned();
    draft.tags = labels.tags.iter().map(|tag| (*tag).to_owned()).collect();
    draft.environment = labels.environment.map(str::to_owned);
    draft.expires_on = labels.expires.map(|days| Day(TODAY.0 + days));
    draft
}

/// Runs a step on the vault, and on nothing else: the model reads the vault's rows one by one.
fn run(this: &mut Fixture, ids: &mut Vec<ItemId>, step: &Step) {
    let pick = |ids: &[ItemId], at: &prop::sample::Index| {
        (!ids.is_empty()).then(|| ids[at.index(ids.len())])
    };
    match step {
        Step::Add(labels) => {
            let id = this.add(&draft_of(labels));
            ids.push(id);
        }
        Step::Edit(at, labels) => {
            let Some(id) = pick(ids, at) else { return };
            let mut draft = draft_of(labels);
            draft.id = Some(id);
            draft.base_version = this.vault.summary(id).unwrap().version;
            this.add(&draft);
        }
        Step::Change(at, change) => {
            let Some(id) = pick(ids, at) else { return };
            this.now += 1_000;
            let change = match change {
                Change::Star => OverviewChange::Favourite(true),
                Change::Unstar => OverviewChange::Favourite(false),
                Change::Trash => OverviewChange::Trash,
                Change::Restore => OverviewChange::Restore,
            };
            let write = this
                .vault
                .seal_overview_change(id, change, this.now, &mut this.rng)
                .unwrap();
            this.accept(write);
        }
        Step::Purge(at) => {
            let Some(id) = pick(ids, at) else { return };
            let version = this.vault.summary(id).unwrap().version;
            this.vault.apply([ItemChange {
                item_id: id,
                version,
                revision: 0,
                live: None,
            }]);
            ids.retain(|known| *known != id);
        }
        Step::Look(query) => {
            this.vault.list(query, TODAY);
        }
    }
}

fn model_list(rows: &[ItemSummary], query: &ListQuery) -> Vec<ItemSummary> {
    let within = |row: &ItemSummary, folder: &String| {
        row.folder == *folder || row.folder.starts_with(&format!("{folder}/"))
    };
    let mut rows: Vec<_> = rows
        .iter()
        .filter(|row| match query.scope {
            Scope::All => row.trashed_at_ms.is_none(),
            Scope::Favourites => row.trashed_at_ms.is_none() && row.favourite,
            Scope::Expiring => {
                row.trashed_at_ms.is_none()
                    && row.expires_on.is_some_and(|day| day.0 <= TODAY.0 + 30)
            }
            // Depends on what was used; a story of its own.
            Scope::Recent => false,
            Scope::Trash => row.trashed_at_ms.is_some(),
        })
        .filter(|row| {
            query
                .folder
                .as_ref()
                .is_none_or(|folder| within(row, folder))
        })
        .filter(|row| query.tag.as_ref().is_none_or(|tag| row.tags.contains(tag)))
        .filter(|row| query.environment.is_none() || row.environment == query.environment)
        .filter(|row| query.kind.is_none_or(|kind| row.kind == kind))
        .cloned()
        .collect();
    rows.sort_by_key(|row| {
        let (late, expiry) = match (query.sort, row.expires_on, row.trashed_at_ms) {
            (Sort::Updated, _, moment) => (false, -(moment.unwrap_or(row.updated_at_ms) as i64)),
            (Sort::Expiry, Some(day), _) => (false, i64::from(day.0)),
            (Sort::Expiry, None, _) => (true, 0),
            (Sort::Name, ..) => (false, 0),
        };
        (late, expiry, row.name.to_lowercase(), row.id)
    });
    rows
}

fn model_facets(rows: &[ItemSummary]) -> Facets {
    let live: Vec<_> = rows
        .iter()
        .filter(|row| row.trashed_at_ms.is_none())
        .collect();
    let count = |labels: Vec<String>| {
        let mut counts = BTreeMap::new();
        for label in labels {
            *counts.entry(label).or_insert(0) += 1;
        }
        counts
            .into_iter()
            .map(|(name, count)| Count { name, count })
            .collect::<Vec<_>>()
    };
    let environments = count(
        live.iter()
            .filter_map(|row| row.environment.clone())
            .collect(),
    );
    let (first, rest): (Vec<_>, Vec<_>) = environments
        .into_iter()
        .partition(|count| ENVIRONMENTS[..3].contains(&count.name.as_str()));
    let known = ENVIRONMENTS[..3].iter().flat_map(|name| {
        first
            .iter()
            .filter(move |count| count.name == **name)
            .cloned()
    });
    let folders = live.iter().flat_map(|row| {
        let parts: Vec<&str> = row
            .folder
            .split('/')
            .filter(|part| !part.is_empty())
            .collect();
        (1..=parts.len())
            .map(|end| parts[..end].join("/"))
            .collect::<Vec<_>>()
    });
    Facets {
        all: live.len() as u32,
        expiring: live
            .iter()
            .filter(|row| row.expires_on.is_some_and(|day| day.0 <= TODAY.0 + 30))
            .count() as u32,
        favourites: live.iter().filter(|row| row.favourite).count() as u32,
        trash: (rows.len() - live.len()) as u32,
        environments: known.chain(rest).collect(),
        folders: count(folders.collect()),
        tags: count(live.iter().flat_map(|row| row.tags.clone()).collect()),
    }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn lists_and_counts_are_those_of_the_model(
        steps in prop::collection::vec(any_step(), 0..40),
        queries in prop::collection::vec(any_query(), 1..6),
    ) {
        let mut this = fixture();
        let mut ids = Vec::new();
        for step in &steps {
            run(&mut this, &mut ids, step);
        }
        let rows: Vec<_> = ids.iter().map(|id| this.vault.summary(*id).unwrap()).collect();
        prop_assert_eq!(this.vault.facets(TODAY), model_facets(&rows));
        for query in &queries {
            let view = this.vault.list(query, TODAY);
            let expected = model_list(&rows, query);
            prop_assert_eq!(view.total as usize, expected.len());
            let from = (query.offset as usize).min(expected.len());
            let to = (from + query.limit as usize).min(expected.len());
            prop_assert_eq!(view.offset as usize, from);
            prop_assert_eq!(&view.rows, &expected[from..to]);
        }
    }

    #[test]
    fn typing_on_finds_what_typing_at_once_finds(
        labels in prop::collection::vec(any_labels(), 0..30),
        text in "[abl ]{1,6}",
        scope in prop::sample::select(vec![Scope::All, Scope::Expiring]),
    ) {
        let mut this = fixture();
        let mut at_once = this.fresh();
        for (revision, labels) in labels.iter().enumerate() {
            let write = this.seal(&draft_of(labels));
            at_once.apply([change_of(&write, revision as u64 + 1)]);
            this.accept(write);
        }
        let query = |text: &str| ListQuery { scope, ..find(text) };
        for end in 1..text.len() {
            this.vault.list(&query(&text[..end]), TODAY);
        }
        prop_assert_eq!(
            this.vault.list(&query(&text), TODAY),
            at_once.list(&query(&text), TODAY)
        );
    }
}

fn searchable() -> UnlockedVault {
    let mut this = fixture();
    let items = [
        (
            "OpenAI checkout service",
            Some("openai"),
            "Checkout/Payments",
            "llm",
            "production",
        ),
        (
            "Stripe live secret",
            Some("stripe"),
            "Checkout/Payments",
            "billing",
            "production",
        ),
        (
            "Orders database",
            Some("postgres"),
            "Infrastructure",
            "sql",
            "production",
        ),
        ("Café Zürich Wi-Fi", None, "Büro", "office", "development"),
        ("evaluation runs", Some("openai"), "", "research", "staging"),
    ];
    for (name, provider, folder, tag, environment) in items {
        let mut draft = key(name, "value");
        draft.provider = provider.map(str::to_owned);
        draft.folder = folder.to_owned();
        draft.tags = vec![tag.to_owned()];
        draft.environment = Some(environment.to_owned());
        this.add(&draft);
    }
    this.vault
}

#[test]
fn every_field_is_searched_and_the_name_counts_most() {
    let vault = searchable();
    let first = |text| {
        names(&vault, &find(text))
            .into_iter()
            .next()
            .unwrap_or_default()
    };
    assert_eq!(first("openai"), "OpenAI checkout service");
    assert_eq!(
        names(&vault, &find("openai")),
        ["OpenAI checkout service", "evaluation runs"]
    );
    assert_eq!(first("postgres"), "Orders database");
    assert_eq!(first("payments llm"), "OpenAI checkout service");
    assert_eq!(first("research"), "evaluation runs");
    assert_eq!(first("staging"), "evaluation runs");
    assert_eq!(first("ordb"), "Orders database");
    assert_eq!(first("STRIPE"), "Stripe live secret");
    assert_eq!(first("cafe zurich"), "Café Zürich Wi-Fi");
    assert_eq!(first("büro"), "Café Zürich Wi-Fi");
    assert!(names(&vault, &find("openai qqq")).is_empty());
    assert_eq!(names(&vault, &find("   ")).len(), 5);
}

#[test]
fn equal_hits_come_by_recency() {
    let mut this = fixture();
    for name in ["api key a", "api key b", "api key c"] {
        this.add(&key(name, "value"));
    }
    assert_eq!(
        names(&this.vault, &find("api")),
        ["api key c", "api key b", "api key a"]
    );
}

#[test]
fn the_hit_characters_of_the_name_are_named() {
    let vault = searchable();
    let matches = |text: &str| vault.list(&find(text), TODAY).rows.swap_remove(0).matches;
    assert_eq!(matches("stripe"), [0, 1, 2, 3, 4, 5]);
    assert_eq!(
        matches("zürich"),
        [5, 6, 7, 8, 9, 10],
        "characters, not bytes"
    );
    assert_eq!(matches("ordb"), [0, 1, 2, 11]);
    assert_eq!(matches("postgres"), [] as [u32; 0]);
    assert!(
        vault
            .list(&all(), TODAY)
            .rows
            .iter()
            .all(|row| row.matches.is_empty())
    );
}

#[test]
fn filters_hold_for_searches_too() {
    let vault = searchable();
    let query = ListQuery {
        environment: Some("staging".to_owned()),
        ..find("openai")
    };
    assert_eq!(names(&vault, &query), ["evaluation runs"]);
    assert!(
        names(
            &vault,
            &ListQuery {
                scope: Scope::Trash,
                ..find("openai")
            }
        )
        .is_empty()
    );
}

#[test]
fn windows_are_bounded() {
    let vault = searchable();
    let window = |offset, limit| {
        let view = vault.list(
            &ListQuery {
                offset,
                limit,
                ..all()
            },
            TODAY,
        );
        (view.total, view.offset, view.rows.len())
    };
    assert_eq!(window(0, u32::MAX), (5, 0, 5));
    assert_eq!(window(3, 80), (5, 3, 2));
    assert_eq!(window(u32::MAX, u32::MAX), (5, 5, 0));
    assert_eq!(window(0, 0), (5, 0, 0));
}

#[test]
fn odd_search_texts_find_nothing_and_harm_nothing() {
    let vault = searchable();
    for text in [
        "\u{0}",
        "\u{202e}",
        "'^!$",
        "🦀🦀",
        &"x".repeat(100_000),
        "ß",
        "İ",
        "ﬁ",
    ] {
        vault.list(&find(text), TODAY);
    }
    assert!(names(&vault, &find("🦀")).is_empty());
}

#[test]
fn marks_and_unknown_providers() {
    let mut this = fixture();
    let mut draft = key("*.keyarc.io", "x");
    draft.provider = Some("some-future-provider".to_owned());
    let id = this.add(&draft);
    let row = this.vault.summary(id).unwrap();
    assert_eq!(
        (row.mark.as_str(), row.provider_name.as_deref()),
        ("KE", Some("some-future-provider"))
    );
    let id = this.add(&key("→", "x"));
    assert_eq!(this.vault.summary(id).unwrap().mark, "–");
    draft.provider = Some("github".to_owned());
    let id = this.add(&draft);
    assert_eq!(this.vault.summary(id).unwrap().mark, "GH");
}

#[test]
fn rows_of_a_name_are_found_whatever_the_case_of_its_letters() {
    let mut this = fixture();
    for name in ["Stripe", "STRIPE", "Stripe EU", "Straße", "ΟΔΟΣ"] {
        this.add(&key(name, "x"));
    }
    let called = |names: &[&str]| {
        let names = names.iter().map(|name| name.to_lowercase());
        let rows = names.flat_map(|name| this.vault.called(&name));
        let mut found: Vec<String> = rows.map(|row| row.name).collect();
        found.sort();
        found
    };
    assert_eq!(called(&["stripe"]), ["STRIPE", "Stripe"]);
    assert_eq!(called(&["οδος", "STRASSE", "straße"]), ["Straße", "ΟΔΟΣ"]);
    assert!(called(&["strip", ""]).is_empty());
}
