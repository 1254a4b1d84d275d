//! From a `.env` text through preview and plan into the vault, and again.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::{Fixture, NOW, all, details_of, fixture, key, names};
use keyarc_vault::{
    Content, ImportPlan, ImportStatus, OverviewChange,
    import::{IMPORT_MAX, Import, ROWS_MAX, TooLarge, preview},
};

const HUNDRED: &str = include_str!("../../fixtures/hundred.env");

fn look(this: &Fixture, text: &str) -> Import {
    preview(text, &this.vault).unwrap()
}

fn every_row(import: &Import) -> ImportPlan {
    ImportPlan {
        rows: import.preview().rows.iter().map(|row| row.index).collect(),
        folder: String::new(),
        environment: None,
        as_set: None,
    }
}

fn import(this: &mut Fixture, text: &str) {
    let import = look(this, text);
    let planned = this
        .vault
        .plan_import(&import, &every_row(&import))
        .unwrap();
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
    import.preview().rows.iter().map(|row| row.status).collect()
}

#[test]
fn a_hundred_keys_of_many_providers_are_recognised() {
    let this = fixture();
    let import = look(&this, HUNDRED);
    let rows = &import.preview().rows;
    assert_eq!((rows.len(), import.preview().errors.len()), (100, 0));
    let mut by_provider = BTreeMap::new();
    for row in rows {
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
    let name = |variable: &str| {
        let row = import
            .preview()
            .rows
            .iter()
            .find(|row| row.variable == variable)
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
    let shown = format!("{:?}", import.preview());
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
    let new: Vec<_> = changed
        .preview()
        .rows
        .iter()
        .filter(|row| row.status == ImportStatus::New)
        .collect();
    assert_eq!(new.len(), 1);
    assert_eq!(new[0].variable, "PORT");
}

#[test]
fn what_was_imported_is_revealed_whole() {
    let mut this = fixture();
    let import = look(&this, HUNDRED);
    let planned = this
        .vault
        .plan_import(&import, &every_row(&import))
        .unwrap();
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
    let lines: Vec<_> = import.preview().rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [1, 2, 3, 4]);
}

#[test]
fn folder_and_environment_come_from_the_plan_unless_the_value_names_one() {
    let mut this = fixture();
    let import = look(&this, "STRIPE_KEY=sk_live_0123456789abcdefgh\nOTHER=x\n");
    let plan = ImportPlan {
        folder: "Clients/Acme".to_owned(),
        environment: Some("staging".to_owned()),
        ..every_row(&import)
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
        rows: vec![2, 0, 2],
        ..every_row(&import)
    };
    let planned = this.vault.plan_import(&import, &plan).unwrap();
    let variables: Vec<_> = planned
        .iter()
        .map(|planned| planned.variable.as_deref())
        .collect();
    assert_eq!(variables, [Some("A"), Some("C")]);
    let beyond = ImportPlan {
        rows: vec![3],
        ..every_row(&import)
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
        ..every_row(&import)
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
    assert_eq!(import.preview().rows.len(), 2);
    let [error] = import.preview().errors.as_slice() else {
        panic!("one error")
    };
    assert_eq!(error.line, 2);
    assert!(!error.reason.contains("s3cr3t"));
}

#[test]
fn twenty_megabytes_are_refused_before_reading() {
    let this = fixture();
    let text = "A=1\n".repeat(5 * 1024 * 1024);
    assert_eq!(preview(&text, &this.vault).err(), Some(TooLarge));
    assert_eq!(TooLarge.to_string(), "the text is larger than 5 MB");
    assert!(preview(&"#".repeat(IMPORT_MAX), &this.vault).is_ok());
}

#[test]
fn more_variables_than_one_write_takes_are_told() {
    let this = fixture();
    let text: String = (0..ROWS_MAX + 2).map(|n| format!("V{n}=x\n")).collect();
    let import = look(&this, &text);
    assert_eq!(import.preview().rows.len(), ROWS_MAX);
    let [error] = import.preview().errors.as_slice() else {
        panic!("one error")
    };
    assert_eq!(error.line as usize, ROWS_MAX + 1);
}
