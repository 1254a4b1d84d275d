//! From a `.env` text through preview and plan into the vault, and again.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::{Fixture, NOW, all, details_of, fixture, key, names};
use keyarc_vault::{
    Base, Content, ImportLineError, ImportPlan, ImportQuery, ImportRow, ImportStatus, ImportWish,
    OverviewChange,
    import::{Import, ROWS_MAX, Unreadable, preview},
};

const HUNDRED: &str = include_str!("../../fixtures/hundred.env");

fn look(this: &Fixture, text: &str) -> Import {
    preview(
        text.as_bytes(),
        Some(".env"),
        &ImportWish::default(),
        &this.vault,
    )
    .unwrap()
}

fn every_row() -> ImportPlan {
    ImportPlan {
        base: Base::All,
        ..ImportPlan::default()
    }
}

fn rows(import: &Import) -> Vec<ImportRow> {
    let query = ImportQuery {
        limit: 1_000,
        ..ImportQuery::default()
    };
    import.window(&query).rows
}

fn errors(import: &Import) -> &[ImportLineError] {
    import.errors(0, 1_000)
}

fn import(this: &mut Fixture, text: &str) {
    let import = look(this, text);
    let planned = this.vault.plan_import(&import, &every_row()).unwrap();
    let request = this
        .vault
        .seal_import(&planned, NOW, &mut this.rng)
        .unwrap();
    let report = this.vault.accept(&request, this.vault.revision() + 1);
    assert_eq!(
        (report.changed as usize, report.unreadable),
        (planned.len(), 0)
    );
}

fn status(import: &Import) -> Vec<ImportStatus> {
    rows(import).iter().map(|row| row.status).collect()
}

#[test]
fn a_hundred_keys_of_many_providers_are_recognised() {
    let this = fixture();
    let import = look(&this, HUNDRED);
    let rows = rows(&import);
    assert_eq!((rows.len(), errors(&import).len()), (100, 0));
    let mut by_provider = BTreeMap::new();
    for row in &rows {
        *by_provider
            .entry(row.provider_name.as_deref().unwrap_or("none"))
            .or_insert(0) += 1;
    }
    // PORT, LOG_LEVEL, APP_NAME and AWS_REGION are no secrets.
    assert_eq!(by_provider.remove("none"), Some(4));
    assert_eq!(
        by_provider.remove("Secret"),
        Some(2),
        "SESSION_SECRET and JWT_SECRET"
    );
    assert_eq!(by_provider.remove("PEM"), Some(1), "TLS_CERTIFICATE");
    assert_eq!(by_provider.values().sum::<u32>(), 93);
    assert_eq!(by_provider.len(), 75);
    for (provider, count) in [
        ("OpenAI", 3),
        ("Google", 4),
        ("AWS", 2),
        ("Azure", 3),
        ("GitHub", 3),
        ("GitLab", 2),
        ("Stripe", 4),
        ("Slack", 3),
        ("Twilio", 2),
        ("Supabase", 2),
        ("Clerk", 1),
        ("Postgres", 1),
        ("Neon", 1),
        ("Mistral", 1),
    ] {
        assert_eq!(by_provider.get(provider), Some(&count), "{provider}");
    }
    assert!(rows.iter().all(|row| row.status == ImportStatus::New));
}

#[test]
fn items_get_names_for_people() {
    let this = fixture();
    let import = look(&this, HUNDRED);
    let rows = rows(&import);
    let name = |variable: &str| {
        let row = rows
            .iter()
            .find(|row| row.variable.as_deref() == Some(variable))
            .unwrap();
        (row.name.as_str(), row.label.as_deref().unwrap_or_default())
    };
    for (variable, expected) in [
        ("OPENAI_API_KEY", ("OpenAI API key", "OpenAI project key")),
        (
            "AWS_SECRET_ACCESS_KEY",
            ("AWS secret access key", "AWS secret access key"),
        ),
        ("DATABASE_URL", ("Postgres database URL", "Postgres URL")),
        (
            "HF_TOKEN",
            ("Hugging Face token", "Hugging Face access token"),
        ),
        (
            "GITHUB_APP_PRIVATE_KEY",
            ("GitHub app private key", "GitHub RSA private key"),
        ),
        (
            "NEXT_PUBLIC_SUPABASE_ANON_KEY",
            ("Supabase anon key", "Supabase JSON Web Token"),
        ),
        ("SESSION_SECRET", ("SESSION_SECRET", "random secret")),
        ("PORT", ("PORT", "")),
    ] {
        assert_eq!(name(variable), expected, "{variable}");
    }
}

#[test]
fn a_preview_shows_no_value() {
    let this = fixture();
    let import = look(&this, HUNDRED);
    let shown = format!("{:?} {:?}", import.preview(), rows(&import));
    for made_up in ["FAKE", "fa4e"] {
        let from = shown
            .match_indices(made_up)
            .map(|(at, _)| &shown[at..at + 12]);
        assert_eq!(from.collect::<Vec<_>>(), [] as [&str; 0]);
    }
}

#[test]
fn importing_again_finds_nothing_new() {
    let mut this = fixture();
    import(&mut this, HUNDRED);
    assert_eq!(this.vault.live_items(), 100);
    let again = look(&this, HUNDRED);
    assert!(
        status(&again)
            .iter()
            .all(|status| *status == ImportStatus::Duplicate)
    );
    let rotated = HUNDRED.replace("PORT=3000", "PORT=4000");
    let changed = look(&this, &rotated);
    let only_new = ImportQuery {
        only: Some(ImportStatus::New),
        limit: 10,
        ..ImportQuery::default()
    };
    let new = changed.window(&only_new);
    assert_eq!((new.total, new.rows.len()), (1, 1));
    assert_eq!(new.rows[0].variable.as_deref(), Some("PORT"));
}

#[test]
fn what_was_imported_is_revealed_whole() {
    let mut this = fixture();
    let import = look(&this, HUNDRED);
    let planned = this.vault.plan_import(&import, &every_row()).unwrap();
    let request = this
        .vault
        .seal_import(&planned, NOW, &mut this.rng)
        .unwrap();
    this.vault.accept(&request, 1);
    for (planned, write) in planned.iter().zip(&request.writes) {
        let item = this.vault.open_details(&details_of(write)).unwrap();
        assert_eq!(
            (item.content, item.summary.name),
            (planned.draft.content.clone(), planned.draft.name.clone())
        );
    }
    let pem = planned
        .iter()
        .find(|planned| planned.variable.as_deref() == Some("GITHUB_APP_PRIVATE_KEY"))
        .unwrap();
    let Content::ApiKey { value } = &pem.draft.content else {
        panic!("not a key")
    };
    assert_eq!(value.lines().count(), 8);
}

#[test]
fn a_renamed_item_is_known_by_its_variable() {
    let mut this = fixture();
    import(&mut this, "TOKEN_A=some value\n");
    let row = this.vault.list(&all(), crate::common::TODAY).rows.remove(0);
    let mut edit = key("A better name", "some value");
    (edit.id, edit.base_version) = (Some(row.id), row.version);
    let write = this.seal(&edit);
    this.accept(write);
    assert_eq!(
        status(&look(&this, "TOKEN_A=some value")),
        [ImportStatus::Duplicate]
    );
    assert_eq!(
        status(&look(&this, "TOKEN_B=some value")),
        [ImportStatus::New]
    );
    assert_eq!(
        status(&look(&this, "TOKEN_A=other value")),
        [ImportStatus::New]
    );
}

#[test]
fn what_lies_in_the_trash_is_new_again() {
    let mut this = fixture();
    import(&mut this, "A=1");
    let id = this.vault.list(&all(), crate::common::TODAY).rows[0].id;
    let write = this
        .vault
        .seal_overview_change(id, OverviewChange::Trash, NOW, &mut this.rng)
        .unwrap();
    this.accept(write);
    assert_eq!(status(&look(&this, "A=1")), [ImportStatus::New]);
}

#[test]
fn duplicates_within_a_file_are_told() {
    let this = fixture();
    let import = look(&this, "A=1\nB=1\nA=1\nA=2\n");
    use ImportStatus::{Duplicate, New};
    assert_eq!(status(&import), [New, New, Duplicate, New]);
    let lines: Vec<_> = rows(&import).iter().map(|row| row.line).collect();
    assert_eq!(lines, [1, 2, 3, 4]);
}

#[test]
fn folder_and_environment_come_from_the_plan_unless_the_value_names_one() {
    let mut this = fixture();
    let import = look(&this, "STRIPE_KEY=sk_live_0123456789abcdefgh\nOTHER=x\n");
    let plan = ImportPlan {
        folder: "Clients/Acme".to_owned(),
        environment: Some("staging".to_owned()),
        ..every_row()
    };
    let planned = this.vault.plan_import(&import, &plan).unwrap();
    let request = this
        .vault
        .seal_import(&planned, NOW, &mut this.rng)
        .unwrap();
    this.vault.accept(&request, 1);
    let rows = this.vault.list(&all(), crate::common::TODAY).rows;
    let shown: BTreeSet<_> = rows
        .iter()
        .map(|row| {
            (
                row.name.as_str(),
                row.environment.as_deref().unwrap(),
                row.folder.as_str(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        BTreeSet::from([
            ("OTHER", "staging", "Clients/Acme"),
            ("Stripe key", "production", "Clients/Acme"),
        ])
    );
}

#[test]
fn only_chosen_rows_become_items() {
    let this = fixture();
    let import = look(&this, "A=1\nB=2\nC=3\n");
    let plan = ImportPlan {
        base: Base::None,
        except: vec![2, 0, 2],
        ..ImportPlan::default()
    };
    let planned = this.vault.plan_import(&import, &plan).unwrap();
    let variables: Vec<_> = planned
        .iter()
        .map(|planned| planned.variable.as_deref())
        .collect();
    assert_eq!(variables, [Some("A"), Some("C")]);
    let beyond = ImportPlan {
        except: vec![3],
        ..every_row()
    };
    assert_eq!(
        this.vault.plan_import(&import, &beyond).unwrap_err().field,
        "rows"
    );
}

#[test]
fn a_file_becomes_one_environment_set() {
    let mut this = fixture();
    let text = "A=1\nEMPTY=\nB=2\nA=3\n";
    let import = look(&this, text);
    let plan = ImportPlan {
        as_set: Some("checkout/.env".to_owned()),
        ..every_row()
    };
    let planned = this.vault.plan_import(&import, &plan).unwrap();
    assert_eq!(planned.len(), 1);
    let request = this
        .vault
        .seal_import(&planned, NOW, &mut this.rng)
        .unwrap();
    this.vault.accept(&request, 1);
    let item = this
        .vault
        .open_details(&details_of(&request.writes[0]))
        .unwrap();
    assert_eq!(
        (item.summary.hint.as_str(), item.summary.mark.as_str()),
        ("3 variables", "EN")
    );
    let Content::EnvironmentSet { variables } = &item.content else {
        panic!("not a set")
    };
    let pairs: Vec<_> = variables
        .iter()
        .map(|variable| (variable.name.as_str(), variable.value.as_str()))
        .collect();
    assert_eq!(
        pairs,
        [("A", "3"), ("EMPTY", ""), ("B", "2")],
        "the last value counts"
    );
    // The same set again adds nothing.
    let again = look(&this, text);
    assert!(this.vault.plan_import(&again, &plan).unwrap().is_empty());
    assert_eq!(names(&this.vault, &all()), ["checkout/.env"]);
}

#[test]
fn empty_values_can_be_imported() {
    let mut this = fixture();
    import(&mut this, "EMPTY=\n");
    assert_eq!(
        this.vault.list(&all(), crate::common::TODAY).rows[0].hint,
        "empty"
    );
}

#[test]
fn errors_stand_beside_what_can_be_imported() {
    let this = fixture();
    let import = look(&this, "A=1\nnot a variable, s3cr3t\nB=2\n");
    assert_eq!(rows(&import).len(), 2);
    let [error] = errors(&import) else {
        panic!("one error")
    };
    assert_eq!(error.line, 2);
    assert!(!error.reason.contains("s3cr3t"));
}

#[test]
fn twenty_megabytes_are_refused_before_reading() {
    let this = fixture();
    let text = "A=1\n".repeat(5 * 1024 * 1024);
    let refused = preview(text.as_bytes(), None, &ImportWish::default(), &this.vault);
    let too_large = Unreadable::TooLarge { limit_mb: 5 };
    assert_eq!(refused.err(), Some(too_large));
    assert!(too_large.to_string().starts_with("is larger than 5 MB"));
    look(&this, &"#".repeat(5 * 1024 * 1024));
}

#[test]
fn more_variables_than_one_write_takes_are_told() {
    let this = fixture();
    let text: String = (0..ROWS_MAX + 2).map(|n| format!("V{n}=x\n")).collect();
    let import = look(&this, &text);
    assert_eq!(import.preview().new as usize, ROWS_MAX);
    let [error] = errors(&import) else {
        panic!("one error")
    };
    assert_eq!(error.line as usize, ROWS_MAX + 1);
}

#[test]
fn tags_and_folder_of_the_plan_come_beside_those_of_the_file() {
    let mut this = fixture();
    let json = br#"[{"name": "A", "value": "1", "folder": "In", "tags": ["own"]}]"#;
    let import = preview(json, None, &ImportWish::default(), &this.vault).unwrap();
    let plan = ImportPlan {
        folder: "Imported".to_owned(),
        tags: vec!["2026".to_owned()],
        ..every_row()
    };
    let planned = this.vault.plan_import(&import, &plan).unwrap();
    let request = this
        .vault
        .seal_import(&planned, NOW, &mut this.rng)
        .unwrap();
    this.vault.accept(&request, 1);
    let row = this.vault.list(&all(), crate::common::TODAY).rows.remove(0);
    assert_eq!(row.folder, "Imported/In");
    assert_eq!(row.tags, ["2026", "own"]);
}

#[test]
fn a_folder_too_deep_together_is_told_before_anything_is_sealed() {
    let this = fixture();
    let json = br#"[{"name": "A", "value": "1", "folder": "1/2/3/4/5/6"}]"#;
    let import = preview(json, None, &ImportWish::default(), &this.vault).unwrap();
    let plan = ImportPlan {
        folder: "a/b/c/d/e".to_owned(),
        ..every_row()
    };
    let refused = this.vault.plan_import(&import, &plan).unwrap_err();
    assert_eq!(refused.field, "folder");
}

#[test]
fn what_one_write_cannot_hold_is_told_before_anything_is_sealed() {
    let this = fixture();
    let note = "x".repeat(900_000);
    let mut json = String::from("[");
    for at in 0..50 {
        let comma = if at == 0 { "" } else { "," };
        json.push_str(&format!(r#"{comma}{{"name": "N{at}", "notes": "{note}"}}"#));
    }
    json.push(']');
    let import = preview(json.as_bytes(), None, &ImportWish::default(), &this.vault).unwrap();
    assert_eq!(import.preview().new, 50);
    let refused = this.vault.plan_import(&import, &every_row()).unwrap_err();
    assert_eq!(refused.field, "rows");
    assert!(refused.rule.contains("48 MB"), "{refused}");
    let some = ImportPlan {
        except: (20..50).collect(),
        ..every_row()
    };
    assert_eq!(this.vault.plan_import(&import, &some).unwrap().len(), 20);
}

#[test]
fn as_many_as_the_vault_has_are_known_and_no_more() {
    let mut this = fixture();
    let one = br#"[{"name": "Ines", "notes": "", "city": "Bern"}]"#;
    let two = br#"[{"name": "Ines", "city": "Bern"}, {"name": "Ines", "city": "Basel"}]"#;
    let look = |this: &Fixture, json: &[u8]| {
        preview(json, None, &ImportWish::default(), &this.vault).unwrap()
    };
    let import = look(&this, one);
    let planned = this.vault.plan_import(&import, &every_row()).unwrap();
    let request = this
        .vault
        .seal_import(&planned, NOW, &mut this.rng)
        .unwrap();
    this.vault.accept(&request, 1);
    // Both are notes without a text: name and content are the same, fields are not.
    use ImportStatus::{Duplicate, New};
    assert_eq!(status(&look(&this, two)), [Duplicate, New]);
}

#[test]
fn some_at_a_time_give_what_all_at_once_give() {
    let this = fixture();
    let opened = keyarc_vault::import::open(HUNDRED.as_bytes(), None, &ImportWish::default());
    let mut sorting = opened.unwrap().sort(&this.vault);
    let mut percents = Vec::new();
    while percents.last() != Some(&100) {
        percents.push(sorting.step(&this.vault, 7));
    }
    assert!(percents.is_sorted() && percents.len() == 15, "{percents:?}");
    assert_eq!(rows(&sorting.finish()), rows(&look(&this, HUNDRED)));
}
