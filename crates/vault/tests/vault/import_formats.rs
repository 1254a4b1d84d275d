//! Real-shaped files of each format: what comes over, and that the same file twice adds nothing.

use crate::common::{Fixture, NOW, fixture};
use keyarc_vault::{
    Base, Content, Field, FieldType, FilePassword, ImportPlan, ImportStatus, ImportWish, ItemDraft,
    Kind,
    import::{Format, PlannedItem, Role, Separator, TableWish, detect, preview},
};

macro_rules! file {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!("../../fixtures/import/", $name)).as_slice(),
        )
    };
}

const PASSWORD: &str = "correct horse battery staple";

/// A name and what stands in it.
type File = (&'static str, &'static [u8]);

/// Every file, what it is, how many items it holds and how many entries cannot be read.
const FILES: [(File, Format, u32, u32); 13] = [
    (file!("bitwarden.json"), Format::BitwardenJson, 6, 0),
    (
        file!("bitwarden-organisation.json"),
        Format::BitwardenJson,
        1,
        1,
    ),
    (file!("bitwarden-pbkdf2.json"), Format::BitwardenJson, 2, 0),
    (
        file!("bitwarden-argon2id.json"),
        Format::BitwardenJson,
        2,
        0,
    ),
    (file!("bitwarden.csv"), Format::BitwardenCsv, 2, 0),
    (
        file!("bitwarden-organisation.csv"),
        Format::BitwardenCsv,
        1,
        0,
    ),
    (file!("1password.csv"), Format::OnePasswordCsv, 3, 0),
    (file!("lastpass.csv"), Format::LastPassCsv, 4, 0),
    (file!("chrome.csv"), Format::ChromeCsv, 2, 0),
    (file!("firefox.csv"), Format::FirefoxCsv, 2, 0),
    (file!("spreadsheet.csv"), Format::Csv, 2, 0),
    (file!("secrets.json"), Format::Json, 9, 0),
    (
        (
            "hundred.env",
            include_bytes!("../../fixtures/hundred.env").as_slice(),
        ),
        Format::Dotenv,
        100,
        0,
    ),
];

fn wish() -> ImportWish {
    ImportWish {
        password: Some(FilePassword(PASSWORD.to_owned())),
        ..ImportWish::default()
    }
}

fn all() -> ImportPlan {
    ImportPlan {
        base: Base::All,
        ..ImportPlan::default()
    }
}

fn planned(this: &Fixture, bytes: &[u8], wish: &ImportWish) -> Vec<PlannedItem> {
    let import = preview(bytes, None, wish, &this.vault).unwrap();
    this.vault.plan_import(&import, &all()).unwrap()
}

/// The items of a file by their names.
struct Drafts(Vec<PlannedItem>);

impl Drafts {
    fn of(file: File) -> Self {
        Self(planned(&fixture(), file.1, &wish()))
    }

    fn get(&self, name: &str) -> &ItemDraft {
        let mut all = self.0.iter().map(|item| &item.draft);
        all.find(|draft| draft.name == name)
            .unwrap_or_else(|| panic!("{name}"))
    }
}

fn field<'a>(draft: &'a ItemDraft, name: &str) -> (FieldType, &'a str) {
    let found = draft.fields.iter().find(|field| field.name == name);
    let Field {
        field_type, value, ..
    } = found.unwrap_or_else(|| panic!("{name}"));
    (*field_type, value)
}

fn login(draft: &ItemDraft) -> (&str, &str, &str) {
    let Content::Login {
        username,
        password,
        url,
    } = &draft.content
    else {
        panic!("{draft:?}")
    };
    (username, password, url)
}

fn text(draft: &ItemDraft) -> &str {
    let Content::Note { text } = &draft.content else {
        panic!("{draft:?}")
    };
    text
}

fn secret(draft: &ItemDraft) -> &str {
    let Content::ApiKey { value } = &draft.content else {
        panic!("{draft:?}")
    };
    value
}

#[test]
fn every_file_is_recognised_and_adds_nothing_the_second_time() {
    for ((name, bytes), format, items, broken) in FILES {
        assert_eq!(detect(bytes, Some(name)), format, "{name}");
        assert_eq!(detect(bytes, None), format, "{name} without its name");
        let mut this = fixture();
        let import = preview(bytes, Some(name), &wish(), &this.vault).unwrap();
        let found = import.preview();
        assert_eq!((found.new, found.broken), (items, broken), "{name}");
        let planned = this.vault.plan_import(&import, &all()).unwrap();
        let request = this
            .vault
            .seal_import(&planned, NOW, &mut this.rng)
            .unwrap();
        assert_eq!(this.vault.accept(&request, 1).unreadable, 0);
        let again = preview(bytes, Some(name), &wish(), &this.vault).unwrap();
        let found = again.preview();
        assert_eq!((found.new, found.duplicates), (0, items), "{name} again");
        let plan = ImportPlan::default();
        assert!(this.vault.plan_import(&again, &plan).unwrap().is_empty());
    }
}

#[test]
fn bitwarden_logins_come_whole() {
    let drafts = Drafts::of(FILES[0].0);
    let draft = drafts.get("Build server");
    let expected = (
        "ines",
        "c0rrect,horse\"battery",
        "https://build.example.org/login",
    );
    assert_eq!(login(draft), expected);
    assert_eq!(
        (draft.folder.as_str(), draft.favourite),
        ("Work/Servers", true)
    );
    assert_eq!(draft.notes, "Ask Ines before restarting it.\nTwice.");
    assert_eq!(
        field(draft, "Address"),
        (FieldType::Url, "https://build.example.net")
    );
    assert_eq!(
        field(draft, "Address 2").1,
        "androidapp://org.example.build"
    );
    assert_eq!(field(draft, "One-time code").0, FieldType::Totp);
    assert_eq!(field(draft, "Rack"), (FieldType::Text, "B-12"));
    assert_eq!(
        field(draft, "Recovery phrase"),
        (FieldType::Secret, "willow otter")
    );
    assert_eq!(field(draft, "Behind VPN").1, "true");
    let earlier = field(draft, "Earlier password 2024-05-17");
    assert_eq!(earlier, (FieldType::Secret, "before-the-change"));
    let passkey = field(draft, "Passkey of build.example.org");
    assert!(passkey.0 == FieldType::Secret && passkey.1.contains("MIGHAgEAMBMGByqGSM49invented"));
}

#[test]
fn bitwarden_types_without_a_kind_lose_nothing() {
    let drafts = Drafts::of(FILES[0].0);
    assert_eq!(text(drafts.get("Door codes")), "Front: 4711\nBack: 0815");
    let card = drafts.get("Company card");
    assert_eq!(login(card), ("Ines Example", "4111111111111111", ""));
    assert_eq!(field(card, "Security code"), (FieldType::Secret, "123"));
    assert_eq!(field(card, "Expires").1, "12/2027");
    assert_eq!(
        card.expires_on.map(|day| day.to_string()).as_deref(),
        Some("2027-12-31")
    );
    let identity = drafts.get("Ines");
    assert_eq!(identity.content.kind(), Kind::Note);
    assert_eq!(field(identity, "City").1, "Bern");
    let number = field(identity, "Social security number");
    assert_eq!(number, (FieldType::Secret, "756.0000.0000.00"));
    let key = drafts.get("Deploy key");
    let Content::SshKey {
        private_key,
        public_key,
    } = &key.content
    else {
        panic!("{key:?}")
    };
    assert!(private_key.ends_with("-----END OPENSSH PRIVATE KEY-----\n"));
    assert!(public_key.starts_with("ssh-ed25519 "));
    assert_eq!(key.tags, ["archived"]);
    assert!(field(key, "Fingerprint").1.starts_with("SHA256:"));
    let newer = drafts.get("Something newer");
    assert_eq!(text(newer), "kept");
    assert_eq!(
        field(newer, "bankAccount iban").1,
        "CH00 0000 0000 0000 0000 0"
    );
    assert_eq!(field(newer, "bankAccount owner").1, r#"{"name":"Ines"}"#);
}

#[test]
fn collections_become_a_folder_and_tags() {
    for file in [FILES[1].0, FILES[5].0] {
        let drafts = Drafts::of(file);
        let draft = drafts.get("Pager");
        assert_eq!(draft.folder, "Operations");
        assert_eq!(draft.tags, ["On call"]);
        assert_eq!(login(draft), ("oncall", "wake-me-up", ""));
    }
    // Steam's codes are none that we make: the key stays a secret.
    let drafts = Drafts::of(FILES[1].0);
    let code = field(drafts.get("Pager"), "One-time code");
    assert_eq!(code, (FieldType::Secret, "steam://ABCDEFGH"));
}

#[test]
fn what_bitwarden_encrypts_opens_with_its_password() {
    let clear = Drafts::of(FILES[0].0);
    for file in [FILES[2].0, FILES[3].0] {
        let drafts = Drafts::of(file);
        for name in ["Build server", "Door codes"] {
            assert_eq!(drafts.get(name), clear.get(name), "{name}");
        }
    }
}

#[test]
fn bitwarden_csv() {
    let drafts = Drafts::of(FILES[4].0);
    let draft = drafts.get("Build server");
    let expected = (
        "ines",
        "c0rrect,horse\"battery",
        "https://build.example.org/login?a=1,2",
    );
    assert_eq!(login(draft), expected);
    assert_eq!(field(draft, "Address").1, "https://build.example.net");
    assert_eq!(field(draft, "Rack"), (FieldType::Text, "B-12"));
    assert_eq!(
        field(draft, "Recovery key"),
        (FieldType::Secret, "willow otter")
    );
    assert_eq!(field(draft, "One-time code").0, FieldType::Totp);
    assert!(draft.favourite);
    assert_eq!(text(drafts.get("Door codes")), "Front: 4711\nBack: 0815");
}

#[test]
fn one_password_csv() {
    let drafts = Drafts::of(FILES[6].0);
    let draft = drafts.get("Registrar");
    let expected = (
        "ines@example.org",
        "p@ss,word",
        "https://registrar.example.org",
    );
    assert_eq!(login(draft), expected);
    assert_eq!(draft.tags, ["work", "domains"]);
    assert_eq!(draft.notes, "Renews in May.\nAsk first.");
    assert!(draft.favourite && field(draft, "One-time code").0 == FieldType::Totp);
    assert_eq!(drafts.get("Old forum").tags, ["archived"]);
    assert_eq!(secret(drafts.get("Wi-Fi")), "under-the-mat");
}

#[test]
fn last_pass_csv() {
    let drafts = Drafts::of(FILES[7].0);
    let draft = drafts.get("Shop");
    assert_eq!(login(draft).1, "a&b<c>\"d");
    assert_eq!(draft.folder, "Private/Shopping");
    assert_eq!(draft.notes, "Loyalty number 12");
    let note = drafts.get("Database");
    assert_eq!(text(note), "Reboot on Sundays.\nNever on Mondays.");
    assert_eq!(field(note, "Type").1, "Server");
    assert_eq!(field(note, "Hostname").1, "db.example.org");
    assert_eq!(field(note, "Password"), (FieldType::Secret, "swordfish"));
    let (field_type, key) = field(drafts.get("Deploy key"), "Private Key");
    assert_eq!(field_type, FieldType::ConcealedLines);
    assert_eq!(key.lines().count(), 3);
    let plain = drafts.get("Plain note");
    assert_eq!(
        (text(plain), plain.folder.as_str()),
        ("Just some words.", "")
    );
}

#[test]
fn csv_of_browsers() {
    let chrome = Drafts::of(FILES[8].0);
    assert_eq!(login(chrome.get("shop.example.org")).1, "first,pass");
    assert_eq!(chrome.get("shop.example.org").notes, "Loyalty number 12");
    assert_eq!(
        login(chrome.get("forum.example.org")).0,
        "ines",
        "named by its address"
    );
    let firefox = Drafts::of(FILES[9].0);
    let router = firefox.get("router.example.org");
    assert_eq!(login(router).1, "second\"pass");
    assert_eq!(field(router, "HTTP realm").1, "Router");
    assert_eq!(router.fields.len(), 1, "Firefox's own numbers stay behind");
}

#[test]
fn any_table() {
    let drafts = Drafts::of(FILES[10].0);
    let draft = drafts.get("Registrar");
    assert_eq!(
        login(draft),
        ("ines", "p;w\"1", "https://registrar.example.org")
    );
    assert_eq!(draft.folder, "Work/Domains");
    assert_eq!(
        draft.expires_on.map(|day| day.to_string()).as_deref(),
        Some("2027-05-31")
    );
    assert_eq!(
        draft.notes, "=HYPERLINK(\"http://example.org\")",
        "a formula is text"
    );
    assert_eq!(field(draft, "Customer number").1, "K-17");
    let key = drafts.get("Backup key");
    assert_eq!(key.provider.as_deref(), Some("stripe"));
    assert_eq!(
        field(key, "Expires").1,
        "31.12.2027",
        "a day that is read two ways stays text"
    );
    let this = fixture();
    let import = preview(FILES[10].0.1, None, &wish(), &this.vault).unwrap();
    let table = import.preview().table.unwrap();
    assert_eq!(
        (table.separator, table.titles),
        (Separator::Semicolon, true)
    );
    let shown = format!("{table:?}");
    assert!(
        shown.contains("x;x\\\"0") && !shown.contains("p;w"),
        "{shown}"
    );
    assert_eq!(import.errors(0, 10), []);
}

#[test]
fn a_person_says_what_the_columns_are() {
    let this = fixture();
    let text = b"GitHub\tines\thunter-2\nForum\tines\thunter-3\n";
    let mut wish = ImportWish {
        format: Some(Format::Csv),
        ..ImportWish::default()
    };
    let guessed = planned(&this, text, &wish);
    assert_eq!(login(&guessed[0].draft), ("ines", "hunter-2", ""));
    wish.table = Some(TableWish {
        separator: Some(Separator::Tab),
        titles: Some(false),
        roles: Some(vec![Role::Folder, Role::Name, Role::Ignore]),
    });
    let chosen = planned(&this, text, &wish);
    let draft = &chosen[0].draft;
    assert_eq!(
        (draft.folder.as_str(), draft.name.as_str()),
        ("GitHub", "ines")
    );
    assert!(text_of_all(draft).is_empty(), "what is left out stays out");
    wish.table = Some(TableWish {
        titles: Some(true),
        ..TableWish::default()
    });
    assert_eq!(
        planned(&this, text, &wish).len(),
        1,
        "the first row holds titles"
    );
}

fn text_of_all(draft: &ItemDraft) -> String {
    let fields = draft.fields.iter().map(|field| field.value.as_str());
    fields.chain([draft.notes.as_str(), text(draft)]).collect()
}

#[test]
fn any_json() {
    let drafts = Drafts::of(FILES[11].0);
    let stripe = drafts.get("Stripe secret key");
    assert_eq!(secret(stripe), "sk_test_4eC39HqLyjWDarjtT1zdp7dc");
    assert_eq!(secret(drafts.get("retries")), "3");
    assert_eq!(secret(drafts.get("debug")), "false");
    assert_eq!(secret(drafts.get("nothing")), "");
    assert_eq!(
        secret(drafts.get("hosts")),
        r#"["a.example.org","b.example.org"]"#
    );
    assert_eq!(drafts.get("Postgres database URL").folder, "checkout");
    assert!(
        drafts
            .0
            .iter()
            .any(|item| item.draft.folder == "checkout/payments")
    );
    let github = drafts.get("github");
    assert_eq!(login(github), ("ines", "hunter-2", "https://github.com"));
    assert_eq!(field(github, "scopes").1, r#"["repo","gist"]"#);
    let forum = drafts.get("Forum");
    assert_eq!(
        (forum.folder.as_str(), forum.tags.as_slice()),
        ("accounts", ["old", "fun"].map(str::to_owned).as_slice())
    );
}

#[test]
fn what_fits_no_field_goes_to_the_notes() {
    let mut row = String::from("name,password,url");
    let mut values = String::from("Many,secret,https://example.org");
    for at in 0..60 {
        row.push_str(&format!(",Column {at}"));
        values.push_str(&format!(",value {at}"));
    }
    let long = "A title that is much longer than the name of any field of an item may be";
    row.push_str(&format!(",{long}"));
    values.push_str(",its value");
    let this = fixture();
    let planned = planned(&this, format!("{row}\n{values}\n").as_bytes(), &wish());
    let draft = &planned[0].draft;
    assert_eq!(draft.fields.len(), 50);
    assert!(draft.notes.contains("Column 59: value 59"));
    assert!(draft.notes.contains(&format!("{long}: its value")));
}

#[test]
fn statuses_of_a_second_file_are_told_apart() {
    let mut this = fixture();
    let first = planned(&this, b"name,password,url\nA,1,https://a\n", &wish());
    let request = this.vault.seal_import(&first, NOW, &mut this.rng).unwrap();
    this.vault.accept(&request, 1);
    let text = b"name,password,url\nA,1,https://a\nA,2,https://a\nB,1,https://a\n";
    let import = preview(text, None, &wish(), &this.vault).unwrap();
    let rows = import
        .window(&keyarc_vault::ImportQuery {
            limit: 9,
            ..Default::default()
        })
        .rows;
    use ImportStatus::{Duplicate, New};
    let statuses: Vec<_> = rows.iter().map(|row| (row.line, row.status)).collect();
    assert_eq!(statuses, [(2, Duplicate), (3, New), (4, New)]);
}
