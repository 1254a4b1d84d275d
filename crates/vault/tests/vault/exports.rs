//! Files for other programs: what is written is read back by our own import, and what a format has
//! no place for is told.

use keyarc_vault::{
    CheckDefinition, Content, Day, Field, FieldType, ImportWish, ItemDraft, Kind, Rotation,
    Variable,
    export::{Exported, LeftOut, PlainFormat, Writer, Written},
    import::{Format, ImportPlan, PlannedItem, detect, parse, preview},
};
use proptest::prelude::*;

use crate::common::{Fixture, NOW, cases, exported, fixture, import_all, key, seeded, took};

/// Puts items into a vault and takes them out as an export does.
fn stored(drafts: &[(ItemDraft, Option<&str>)]) -> Vec<Exported> {
    let mut this = fixture();
    let planned: Vec<_> = drafts
        .iter()
        .map(|(draft, variable)| PlannedItem {
            draft: draft.clone(),
            variable: variable.map(str::to_owned),
            kept: None,
        })
        .collect();
    let request = this
        .vault
        .seal_import(&planned, NOW, &mut this.rng)
        .unwrap();
    this.accept_all(&request);
    exported(&this, &[request])
}

fn written(format: PlainFormat, items: &[Exported]) -> (Vec<u8>, Written) {
    let mut writer = Writer::new(format);
    items.iter().for_each(|item| writer.put(item));
    let (bytes, written) = writer.finish();
    (bytes.to_vec(), written)
}

fn read(file: &[u8]) -> Vec<PlannedItem> {
    let this = seeded(2);
    let import = preview(file, None, &ImportWish::default(), &this.vault).unwrap();
    assert!(
        import.errors(0, 10).is_empty(),
        "{:?}",
        import.errors(0, 10)
    );
    let plan = ImportPlan::default();
    let mut planned = this.vault.plan_import(&import, &plan).unwrap();
    planned.sort_by(|one, other| one.draft.name.cmp(&other.draft.name));
    planned
}

/// The draft of an item that is to be new.
fn new_draft(exported: &Exported) -> ItemDraft {
    ItemDraft {
        id: None,
        base_version: 0,
        ..ItemDraft::of(&exported.item)
    }
}

fn login(username: &str, password: &str, url: &str) -> Content {
    Content::Login {
        username: username.to_owned(),
        password: password.to_owned(),
        url: url.to_owned(),
    }
}

fn field(name: &str, field_type: FieldType, value: &str) -> Field {
    Field {
        name: name.to_owned(),
        field_type,
        value: value.to_owned(),
    }
}

/// One item of each kind, with everything that an item can have.
fn everything() -> Vec<(ItemDraft, Option<&'static str>)> {
    let full = |name: &str, content| ItemDraft {
        folder: "Checkout/Payments".to_owned(),
        tags: vec!["billing".to_owned(), "live".to_owned()],
        environment: Some("production".to_owned()),
        provider: Some("stripe".to_owned()),
        favourite: true,
        expires_on: Some(Day(21_000)),
        notes: "First line,\n\"second\" line".to_owned(),
        fields: vec![
            field("Account", FieldType::Text, "acct_1"),
            field("PIN", FieldType::Secret, "1234"),
            field("Two-step", FieldType::Totp, "JBSWY3DPEHPK3PXP"),
            field("Console", FieldType::Url, "https://dashboard.example.com"),
            field("Key", FieldType::ConcealedLines, "a\nb"),
        ],
        rotation: Rotation {
            rotated_on: Some(Day(20_500)),
            every_days: Some(90),
        },
        places: vec!["checkout on fly.io".to_owned()],
        check: Some(CheckDefinition {
            url: "https://api.example.com/v1/me".to_owned(),
            ..CheckDefinition::default()
        }),
        ..ItemDraft::new(name, content)
    };
    let value = |text: &str| text.to_owned();
    vec![
        (
            full(
                "A key",
                Content::ApiKey {
                    value: value("sk_live_1"),
                },
            ),
            Some("STRIPE_SECRET_KEY"),
        ),
        (
            full(
                "B login",
                login("ada", "correct horse", "https://example.org"),
            ),
            None,
        ),
        (
            full(
                "C note",
                Content::Note {
                    text: value("text\0\u{1b}[31m"),
                },
            ),
            None,
        ),
        (
            full(
                "D set",
                Content::EnvironmentSet {
                    variables: vec![
                        Variable {
                            name: value("A"),
                            value: value("1"),
                        },
                        Variable {
                            name: value("B"),
                            value: value("two\nlines'\"$"),
                        },
                    ],
                },
            ),
            None,
        ),
        (
            full(
                "E codes",
                Content::Totp {
                    key: value("JBSWY3DPEHPK3PXP"),
                },
            ),
            None,
        ),
        (
            full(
                "F certificate",
                Content::Certificate {
                    chain: value("-----BEGIN"),
                    private_key: value("pk"),
                },
            ),
            None,
        ),
        (
            full(
                "G ssh",
                Content::SshKey {
                    private_key: value("-----BEGIN"),
                    public_key: value("ssh"),
                },
            ),
            None,
        ),
    ]
}

#[test]
fn json_brings_everything_back() {
    let items = stored(&everything());
    let (file, told) = written(PlainFormat::Json, &items);
    assert_eq!(detect(&file, None), Format::KeyArcJson);
    assert_eq!(told.items, 7);
    assert!(told.left_out.is_empty(), "{:?}", told.left_out);
    let back = read(&file);
    for (item, planned) in items.iter().zip(&back) {
        assert!(new_draft(item) == planned.draft, "{}", planned.draft.name);
        assert_eq!(item.variable, planned.variable);
    }
    // Once more out of another vault: dates, too, are those of before.
    let mut other = seeded(3);
    let request = import_all(&mut other, &file, &ImportWish::default());
    let again = exported(&other, &[request]);
    assert_eq!(written(PlainFormat::Json, &again).0, file);
    let nothing = preview(&file, None, &ImportWish::default(), &other.vault).unwrap();
    assert_eq!(
        (nothing.preview().new, nothing.preview().duplicates),
        (0, 7)
    );
}

#[test]
fn each_format_tells_what_it_leaves_out() {
    let items = stored(&everything());
    let told = |format| written(format, &items).1;
    let of = |written: &Written, what| {
        let found = written.left_out.iter().find(|(told, _)| *told == what);
        found.map_or(0, |(_, count)| *count)
    };
    let env = told(PlainFormat::Dotenv);
    assert_eq!(env.items, 2);
    for kind in [
        Kind::Login,
        Kind::Note,
        Kind::Totp,
        Kind::Certificate,
        Kind::SshKey,
    ] {
        assert_eq!(of(&env, LeftOut::Items(kind)), 1, "{kind:?}");
    }
    for part in [
        LeftOut::Folder,
        LeftOut::Notes,
        LeftOut::Fields,
        LeftOut::Expiry,
    ] {
        assert_eq!(of(&env, part), 2, "{part:?}");
    }
    assert_eq!(of(&env, LeftOut::Name), 1);
    assert_eq!(of(&env, LeftOut::Variable), 0);

    let csv = told(PlainFormat::Csv);
    assert_eq!(csv.items, 5);
    assert_eq!(of(&csv, LeftOut::Items(Kind::SshKey)), 1);
    assert_eq!(of(&csv, LeftOut::Kind(Kind::EnvironmentSet)), 1);
    assert_eq!(of(&csv, LeftOut::Environment), 5);
    assert_eq!(of(&csv, LeftOut::Tags), 0);
    assert_eq!(of(&csv, LeftOut::Values), 1, "a note with a NUL");

    let bitwarden = told(PlainFormat::BitwardenJson);
    assert_eq!(bitwarden.items, 7);
    assert_eq!(of(&bitwarden, LeftOut::Kind(Kind::ApiKey)), 1);
    assert_eq!(of(&bitwarden, LeftOut::Kind(Kind::Login)), 0);
    assert_eq!(of(&bitwarden, LeftOut::Tags), 7);
    assert_eq!(of(&bitwarden, LeftOut::Dates), 0);
}

#[test]
fn bitwarden_reads_back_as_what_comes_nearest() {
    let items = stored(&everything());
    let (file, _) = written(PlainFormat::BitwardenJson, &items);
    assert_eq!(detect(&file, None), Format::BitwardenJson);
    let back = read(&file);
    let get = |name: &str| {
        &back
            .iter()
            .find(|item| item.draft.name == name)
            .unwrap()
            .draft
    };
    for draft in back.iter().map(|item| &item.draft) {
        assert_eq!(draft.folder, "Checkout/Payments");
        assert!(draft.favourite);
        assert!(draft.fields.iter().any(|field| field.value == "acct_1"));
    }
    assert!(get("A key").content == login("", "sk_live_1", ""));
    assert!(get("B login").content == login("ada", "correct horse", "https://example.org"));
    let codes = |name: &str| {
        let fields = &get(name).fields;
        fields
            .iter()
            .filter(|field| field.field_type == FieldType::Totp)
            .count()
    };
    assert_eq!((codes("B login"), codes("E codes")), (1, 1));
    let Content::Note { text } = &get("C note").content else {
        panic!("a note")
    };
    assert!(text.starts_with("text\0\u{1b}[31m\n\nFirst line"));
    let set = get("D set");
    assert!(
        set.fields
            .iter()
            .any(|field| field.value == "two\nlines'\"$")
    );
    assert!(
        matches!(&get("G ssh").content, Content::SshKey { public_key, .. } if public_key == "ssh")
    );
}

#[test]
fn hostile_names_and_values_are_only_text() {
    let formula = "=cmd|' /C calc'!A0";
    let mut drafts = vec![
        (key(formula, "+1+1"), None),
        (key("שלום \"quoted\", with commas", "@SUM(A1)\r\n-2"), None),
        (key("NAME=INJECTED", "a\nEVIL=1"), None),
    ];
    drafts[1].0.notes = "\u{202e}txt.exe".to_owned();
    let items = stored(&drafts);
    let (file, told) = written(PlainFormat::Csv, &items);
    assert_eq!(told.formulas, 3);
    let back = read(&file);
    for (item, planned) in items.iter().zip(&back) {
        assert!(item.item.content == planned.draft.content);
        assert_eq!(item.item.summary.name, planned.draft.name);
        assert_eq!(item.item.notes, planned.draft.notes);
    }
    let (file, _) = written(PlainFormat::Dotenv, &items);
    let parsed = parse(std::str::from_utf8(&file).unwrap());
    assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
    let names: Vec<_> = parsed
        .assignments
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["CMD_C_CALC_A0", "NAME_INJECTED", "QUOTED_WITH_COMMAS"]
    );
    assert_eq!(parsed.assignments[1].value, "a\nEVIL=1");
}

#[test]
fn names_of_variables_stand_once() {
    let drafts: Vec<_> = ["Stripe key", "stripe-key", "STRIPE_KEY", "9 lives", "…"]
        .into_iter()
        .map(|name| (key(name, name), None))
        .chain([(key("Another", "bell\u{7}"), None)])
        .collect();
    let (file, told) = written(PlainFormat::Dotenv, &stored(&drafts));
    let parsed = parse(std::str::from_utf8(&file).unwrap());
    let mut names: Vec<_> = parsed
        .assignments
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "SECRET",
            "STRIPE_KEY",
            "STRIPE_KEY_2",
            "STRIPE_KEY_3",
            "_9_LIVES"
        ]
    );
    let told = |what| {
        told.left_out
            .iter()
            .find(|(told, _)| *told == what)
            .map(|(_, n)| *n)
    };
    assert_eq!(told(LeftOut::Numbered), Some(2));
    assert_eq!(told(LeftOut::Values), Some(1));
}

#[test]
fn twenty_thousand_items_of_one_name_are_written_in_a_moment() {
    let one = stored(&[(key("Stripe key", "sk_live_1"), None)]).remove(0);
    for format in PlainFormat::ALL {
        let write = || {
            let mut writer = Writer::new(format);
            (0..20_000).for_each(|_| writer.put(&one));
            assert_eq!(writer.finish().1.items, 20_000);
        };
        assert!(took(write).as_secs() < 20, "{format:?}");
    }
}

#[test]
fn json_that_is_not_quite_one_is_refused_or_told() {
    let open = |text: &str| {
        let this: Fixture = fixture();
        preview(text.as_bytes(), None, &ImportWish::default(), &this.vault)
            .map(|import| (import.preview().new, import.errors(0, 10).len()))
            .map_err(|error| error.to_string())
    };
    assert!(
        open(r#"{"keyarc_export": 2, "items": []}"#)
            .unwrap_err()
            .contains("newer")
    );
    assert!(
        open(r#"{"keyarc_export": 1}"#)
            .unwrap_err()
            .contains("no list")
    );
    let items = r#"{"keyarc_export": 1, "items": [
        {"name": "A", "kind": "api_key", "value": "1"},
        {"name": "B", "kind": "passkey"},
        {"name": "C", "kind": "note", "text": "", "expires_on": "2026-02-30"},
        {"name": "D", "kind": "note", "fields": [{"name": "x", "field_type": "blob"}]},
        {"name": "E", "kind": "note", "rotate_every_days": 70000},
        {"name": "F", "kind": "note", "test": {"method": "BREW"}},
        {"name": "", "kind": "note"}, []
    ]}"#;
    assert_eq!(open(items), Ok((1, 7)));
}

prop_compose! {
    fn a_draft()(
        name in r#"[a-z][a-zA-Z0-9 éא=@,;"'\\$-]{0,30}[a-z]"#,
        folder in "([a-zA-Z é]{1,10}(/[a-z]{1,5})?)?",
        tags in prop::collection::btree_set("[a-z]{1,8}", 0..3),
        favourite in any::<bool>(),
        day in prop::option::of(0..100_000_i32),
        notes in r#"([a-z"',;=\n\t]{1,20}[a-z])?"#,
        secret in r#"[a-zA-Z0-9 "',;=#$\\`{}@+\n\t\r-]{0,30}[a-z]"#,
        user in "[a-z]{1,8}@[a-z]{1,8}",
        kind in 0..3,
    ) -> ItemDraft {
        let content = match kind {
            0 => Content::ApiKey { value: secret },
            1 => login(&user, &secret.replace(['\n', '\r'], ""), "https://example.org"),
            _ => Content::Note { text: secret },
        };
        ItemDraft {
            folder: folder.split('/').map(str::trim).collect::<Vec<_>>().join("/"),
            tags: tags.into_iter().collect(),
            favourite,
            expires_on: day.map(Day),
            notes,
            ..ItemDraft::new(name.trim(), content)
        }
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn what_csv_and_json_carry_comes_back(mut drafts in prop::collection::vec(a_draft(), 1..6)) {
        // Of two with one name nothing tells which is which.
        drafts.sort_by(|one, other| one.name.cmp(&other.name));
        drafts.dedup_by(|one, other| one.name == other.name);
        let drafts: Vec<_> = drafts.into_iter().map(|draft| (draft, None)).collect();
        let items = stored(&drafts);
        for format in [PlainFormat::Json, PlainFormat::Csv] {
            let back = read(&written(format, &items).0);
            prop_assert_eq!(back.len(), items.len());
            for (item, planned) in items.iter().zip(&back) {
                let (was, mut is) = (new_draft(item), planned.draft.clone());
                let mut was = was;
                if let (Content::Note { text }, PlainFormat::Csv) = (&mut was.content, format)
                    && !was.notes.is_empty()
                {
                    text.push_str("\n\n");
                    text.push_str(&std::mem::take(&mut was.notes));
                }
                if format == PlainFormat::Csv {
                    // The import recognises keys by itself.
                    is.provider = was.provider.clone();
                    is.environment = was.environment.clone();
                }
                prop_assert!(was == is, "{:?} {}", format, was.name);
            }
        }
    }

    #[test]
    fn what_a_env_file_carries_comes_back(drafts in prop::collection::vec(a_draft(), 1..6)) {
        let drafts: Vec<_> = drafts.into_iter().map(|draft| (draft, None)).collect();
        let items = stored(&drafts);
        let keys = items.iter().filter_map(|item| match &item.item.content {
            Content::ApiKey { value } => Some(value.as_str()),
            _ => None,
        });
        let (file, _) = written(PlainFormat::Dotenv, &items);
        let parsed = parse(std::str::from_utf8(&file).unwrap());
        prop_assert!(parsed.errors.is_empty());
        let values = parsed.assignments.iter().map(|one| one.value.as_str());
        prop_assert!(values.eq(keys));
    }
}
