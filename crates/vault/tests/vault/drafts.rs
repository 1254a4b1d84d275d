//! What a person may enter, and what a refusal says.

use crate::common::{find, fixture, key, names};
use keyarc_vault::{
    Content, DETAILS_TEXT_MAX, Day, DraftError, Field, FieldType, ItemDraft, VARIABLES_MAX,
    Variable, WriteError, check_draft, import::PlannedItem,
};
use keyarc_wire::limits;

fn refused(change: impl FnOnce(&mut ItemDraft)) -> (String, String) {
    let mut draft = key("Name", "value");
    change(&mut draft);
    let DraftError { field, rule } = check_draft(&draft).unwrap_err();
    // What is refused is never sealed either.
    let mut this = fixture();
    assert!(matches!(
        this.vault.seal_draft(&draft, 0, &mut this.rng),
        Err(WriteError::Draft(error)) if error.field == field
    ));
    (field, rule)
}

fn saved(change: impl FnOnce(&mut ItemDraft)) -> keyarc_vault::Item {
    let mut draft = key("Name", "value");
    change(&mut draft);
    let mut this = fixture();
    let write = this.seal(&draft);
    this.accept(write.clone());
    this.open(&write).unwrap()
}

fn set(variables: &[(&str, &str)]) -> Content {
    Content::EnvironmentSet {
        variables: variables
            .iter()
            .map(|(name, value)| Variable {
                name: (*name).to_owned(),
                value: (*value).to_owned(),
            })
            .collect(),
    }
}

fn login(username: &str, password: &str, url: &str) -> Content {
    let [username, password, url] = [username, password, url].map(str::to_owned);
    Content::Login {
        username,
        password,
        url,
    }
}

#[test]
fn a_name_is_needed_and_must_be_visible() {
    for name in [
        "",
        "   ",
        "\t",
        "\u{200b}",
        "\u{2060} \u{feff}",
        "\u{3164}",
        "\u{202e}",
    ] {
        assert_eq!(
            refused(|draft| draft.name = name.to_owned()),
            pair("name", "needs a name")
        );
    }
    assert_eq!(
        saved(|draft| draft.name = "  Name ".to_owned())
            .summary
            .name,
        "Name"
    );
}

#[test]
fn names_have_a_length_and_no_tricks() {
    let (field, rule) = refused(|draft| draft.name = "ä".repeat(201));
    assert_eq!(
        (field.as_str(), rule.as_str()),
        ("name", "is longer than 200 characters")
    );
    assert_eq!(
        saved(|draft| draft.name = "ä".repeat(200)).summary.name,
        "ä".repeat(200)
    );
    for name in ["a\nb", "a\u{0}b", "a\u{1b}[31mb", "a\u{85}b", "a\u{2028}b"] {
        let (field, rule) = refused(|draft| draft.name = name.to_owned());
        assert_eq!(
            (field.as_str(), rule.as_str()),
            ("name", "holds a control character")
        );
    }
    for c in ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}') {
        let (_, rule) = refused(|draft| draft.name = format!("gpj{c}exe"));
        assert_eq!(rule, "holds a character that turns the direction of text");
    }
}

#[test]
fn markup_and_every_script_stay_as_typed() {
    for name in [
        "<img src=x onerror=alert(1)>",
        "{{7*7}} & “quotes”",
        "مفتاح",
        "מפתח",
        "鍵 🔑 👩‍💻",
    ] {
        assert_eq!(
            saved(|draft| draft.name = name.to_owned()).summary.name,
            name
        );
    }
}

#[test]
fn folders_are_brought_into_one_form() {
    let folder = |text: &str| saved(|draft| draft.folder = text.to_owned()).summary.folder;
    assert_eq!(folder(" /Checkout // Payments/ "), "Checkout/Payments");
    assert_eq!(folder("///"), "");
    assert_eq!(refused(|draft| draft.folder = "a/".repeat(11)).0, "folder");
    assert_eq!(refused(|draft| draft.folder = "a".repeat(61)).0, "folder");
    assert_eq!(
        refused(|draft| draft.folder = "a/b\tc".to_owned()).0,
        "folder"
    );
}

#[test]
fn tags_are_trimmed_sorted_and_unique() {
    let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    let item = saved(|draft| draft.tags = tags(&[" llm ", "Billing", "LLM", "", "billing", "a"]));
    assert_eq!(item.summary.tags, ["Billing", "a", "llm"]);
    assert_eq!(
        refused(|draft| draft.tags = (0..51).map(|n| n.to_string()).collect()).0,
        "tags"
    );
    assert_eq!(refused(|draft| draft.tags = tags(&["a\u{7}"])).0, "tags");
}

#[test]
fn the_longest_overview_fits() {
    let mut draft = key(&"🔑".repeat(200), "value");
    draft.tags = (0..50).map(|n| format!("{n}{}", "🔑".repeat(58))).collect();
    draft.folder = ["📁"; 10].map(|folder| folder.repeat(60)).join("/");
    draft.environment = Some("🔑".repeat(60));
    draft.provider = Some("p".repeat(40));
    draft.content = login(&"🔑".repeat(60), "", "");
    let mut this = fixture();
    let planned = PlannedItem {
        draft,
        variable: Some("V".repeat(200)),
        kept: None,
    };
    let request = this
        .vault
        .seal_import(&[planned], u64::MAX, &mut this.rng)
        .unwrap();
    let size = request.writes[0].overview.0.len();
    assert!((14_000..=limits::OVERVIEW).contains(&size), "{size}");
}

#[test]
fn environments_have_one_spelling() {
    let environment = |name: &str| {
        saved(|draft| draft.environment = Some(name.to_owned()))
            .summary
            .environment
    };
    assert_eq!(environment(" Production "), Some("production".to_owned()));
    assert_eq!(environment("Preview 2"), Some("Preview 2".to_owned()));
    assert_eq!(environment("  "), None);
    assert_eq!(
        refused(|draft| draft.environment = Some("x".repeat(61))).0,
        "environment"
    );
}

#[test]
fn providers_are_ids_and_shapes_are_none() {
    let provider = |id: &str| {
        saved(|draft| draft.provider = Some(id.to_owned()))
            .summary
            .provider
    };
    assert_eq!(provider("openai"), Some("openai".to_owned()));
    assert_eq!(provider("jwt"), None);
    assert_eq!(provider(""), None);
    assert_eq!(
        refused(|draft| draft.provider = Some("Open AI".to_owned())).0,
        "provider"
    );
}

#[test]
fn expiry_dates_have_four_digits_for_the_year() {
    for day in [Day(-1), Day(Day::LAST.0 + 1), Day(i32::MAX)] {
        assert_eq!(
            refused(|draft| draft.expires_on = Some(day)).0,
            "expires_on"
        );
    }
    for day in [Day::FIRST, Day::LAST] {
        assert_eq!(
            saved(|draft| draft.expires_on = Some(day))
                .summary
                .expires_on,
            Some(day)
        );
    }
}

#[test]
fn a_new_key_needs_a_secret() {
    let none = refused(|draft| {
        draft.content = Content::ApiKey {
            value: String::new(),
        }
    });
    assert_eq!(none, pair("value", "needs a secret"));
}

#[test]
fn secrets_and_notes_are_kept_byte_for_byte() {
    let odd = " \u{0}\t line\r\nnext\u{202e}\u{feff} ";
    let item = saved(|draft| {
        draft.content = Content::ApiKey {
            value: odd.to_owned(),
        };
        draft.notes = odd.to_owned();
    });
    assert_eq!(
        item.content,
        Content::ApiKey {
            value: odd.to_owned()
        }
    );
    assert_eq!(item.notes, odd);
}

#[test]
fn login_fields_are_single_lines() {
    for (content, field) in [
        (login("a\nb", "", ""), "username"),
        (login("", "a\nb", ""), "password"),
        (login("", "", "https://a\u{202e}b"), "url"),
        (login(&"a".repeat(501), "", ""), "username"),
        (login("", "", &"a".repeat(2_001)), "url"),
    ] {
        assert_eq!(refused(|draft| draft.content = content).0, field);
    }
    let item = saved(|draft| draft.content = login("dev@example.com", "p\tw <b>", "https://x"));
    assert_eq!(item.summary.hint, "dev@example.com");
}

#[test]
fn variables_have_names_and_each_once() {
    for variables in [
        &[("", "x")],
        &[("1A", "x")],
        &[("A B", "x")],
        &[("Ä", "x")],
        &[("A=B", "x")],
    ] {
        assert_eq!(
            refused(|draft| draft.content = set(variables)).0,
            "variables"
        );
    }
    let twice = refused(|draft| draft.content = set(&[("A", "1"), ("A", "2")]));
    assert_eq!(twice, pair("variables", "name one variable twice"));
    let item = saved(|draft| draft.content = set(&[("B", ""), ("A", "x\ny")]));
    assert_eq!(item.content, set(&[("B", ""), ("A", "x\ny")]));
    assert_eq!(item.summary.hint, "2 variables");
    let many = (0..=VARIABLES_MAX)
        .map(|n| Variable {
            name: format!("V{n}"),
            value: String::new(),
        })
        .collect();
    let content = Content::EnvironmentSet { variables: many };
    assert_eq!(refused(|draft| draft.content = content).0, "variables");
}

#[test]
fn sizes_end_where_the_server_would_refuse() {
    let large = "x".repeat(DETAILS_TEXT_MAX + 1);
    for (content, field) in [
        (
            Content::ApiKey {
                value: large.clone(),
            },
            "value",
        ),
        (
            Content::Note {
                text: large.clone(),
            },
            "text",
        ),
        (set(&[("A", &large)]), "variables"),
    ] {
        let (refused_field, rule) = refused(|draft| draft.content = content);
        assert_eq!(
            (refused_field.as_str(), rule.as_str()),
            (field, "is larger than 900 KB")
        );
    }
    assert_eq!(refused(|draft| draft.notes = large.clone()).0, "notes");

    let mut this = fixture();
    let mut draft = key("Largest", "v");
    draft.content = Content::Note {
        text: "x".repeat(DETAILS_TEXT_MAX),
    };
    assert!(this.seal(&draft).details.unwrap().0.len() <= limits::DETAILS);
    let variables = (0..VARIABLES_MAX)
        .map(|n| Variable {
            name: format!("V{n:04}"),
            value: "x".repeat(179),
        })
        .collect();
    draft.content = Content::EnvironmentSet { variables };
    assert!(this.seal(&draft).details.unwrap().0.len() <= limits::DETAILS);
}

fn field(name: &str, field_type: FieldType, value: &str) -> Field {
    Field {
        name: name.to_owned(),
        field_type,
        value: value.to_owned(),
    }
}

#[test]
fn fields_that_a_person_adds_are_kept_in_their_order() {
    let fields = vec![
        field("Zone", FieldType::Text, "eu-1"),
        field("PIN", FieldType::Secret, " 12 34 "),
        field("Backup codes", FieldType::Lines, "a\nb"),
        field("Private key", FieldType::ConcealedLines, "a\nb"),
        field("Console", FieldType::Url, "https://example.org"),
        field("Code", FieldType::Totp, "GEZD GNBV GY3T QOJQ"),
    ];
    let mut given = fields.clone();
    given.insert(1, field("  ", FieldType::Text, ""));
    given[0].name = "  Zone ".to_owned();
    let item = saved(|draft| draft.fields = given);
    assert_eq!(item.fields, fields);
    assert_eq!(
        item.summary.field_names,
        [
            "Zone",
            "PIN",
            "Backup codes",
            "Private key",
            "Console",
            "Code"
        ]
    );
    let mut this = fixture();
    let mut draft = key("Somewhere", "v");
    draft.fields = fields;
    let write = this.seal(&draft);
    this.accept(write);
    assert_eq!(names(&this.vault, &find("backup")), ["Somewhere"]);
}

#[test]
fn a_field_needs_a_name_of_its_own_and_a_value_of_its_type() {
    for (fields, wrong) in [
        (
            vec![field("", FieldType::Text, "x")],
            pair("fields[0].name", "needs a name"),
        ),
        (
            vec![
                field("A", FieldType::Text, "x"),
                field("", FieldType::Text, ""),
                field("a", FieldType::Text, "y"),
            ],
            pair("fields[2].name", "is the name of another field"),
        ),
        (
            vec![field("A\u{202e}", FieldType::Text, "x")],
            pair(
                "fields[0].name",
                "holds a character that turns the direction of text",
            ),
        ),
        (
            vec![field("A", FieldType::Secret, "x\ny")],
            pair("fields[0].value", "holds a line break"),
        ),
        (
            vec![field("A", FieldType::Totp, "not a key!")],
            pair(
                "fields[0].value",
                "is neither letters and digits of Base32 nor an otpauth:// address",
            ),
        ),
        (
            (0..51)
                .map(|n| field(&format!("F{n}"), FieldType::Text, "x"))
                .collect(),
            pair("fields", "are more than 50"),
        ),
    ] {
        assert_eq!(refused(|draft| draft.fields = fields), wrong);
    }
    let large = field("A", FieldType::Lines, &"x".repeat(DETAILS_TEXT_MAX + 1));
    assert_eq!(refused(|draft| draft.fields = vec![large]).0, "fields");
}

#[test]
fn a_setup_key_is_hinted_at_by_its_account() {
    let totp = |key: &str| Content::Totp {
        key: key.to_owned(),
    };
    let uri = "otpauth://totp/GitHub:ann@example.org?secret=GEZDGNBVGY3TQOJQ";
    let item = saved(|draft| draft.content = totp(uri));
    assert_eq!(item.summary.hint, "ann@example.org");
    assert_eq!(item.content, totp(uri));
    assert_eq!(
        saved(|draft| draft.content = totp("GEZDGNBVGY3TQOJQ"))
            .summary
            .hint,
        ""
    );
    assert_eq!(
        refused(|draft| draft.content = totp("")),
        pair("totp", "is missing")
    );
}

fn pair(field: &str, rule: &str) -> (String, String) {
    (field.to_owned(), rule.to_owned())
}

#[test]
fn a_duplicate_is_another_item_with_all_that_stands_in_this_one() {
    let item = saved(|draft| {
        draft.favourite = true;
        draft.tags = vec!["llm".to_owned()];
        draft.notes = "kept".to_owned();
        draft.places = vec!["CI".to_owned()];
        draft.expires_on = Day::from_ymd(2027, 1, 31);
        draft.fields = vec![Field {
            name: "PIN".to_owned(),
            field_type: FieldType::Secret,
            value: "80 64".to_owned(),
        }];
    });
    let draft = ItemDraft::duplicate_of(&item, "Name (copy)");
    assert_eq!(
        draft,
        ItemDraft {
            id: None,
            base_version: 0,
            name: "Name (copy)".to_owned(),
            favourite: false,
            ..ItemDraft::of(&item)
        }
    );
    // It is saved beside the first one, which stays as it was.
    let mut this = fixture();
    let first = this.seal(&key("Name", "value"));
    this.accept(first.clone());
    let second = this.seal(&draft);
    this.accept(second.clone());
    assert_ne!(first.item_id, second.item_id);
    assert_eq!(this.open(&second).unwrap().content, item.content);
    // A name that cannot be longer is the same one.
    let name = "n".repeat(keyarc_vault::NAME_MAX);
    let item = saved(|draft| draft.name.clone_from(&name));
    let draft = ItemDraft::duplicate_of(&item, &format!("{name} (copy)"));
    assert_eq!(draft.name, name);
    assert_eq!(check_draft(&draft), Ok(()));
}
