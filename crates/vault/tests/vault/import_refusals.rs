//! Files that are broken, hostile, protected or something else: each with its reason, and without
//! a word of what stands in them.

use crate::common::fixture;
use keyarc_vault::{
    FilePassword, ImportLineError, ImportQuery, ImportWish,
    archive::ArchiveError,
    import::{Format, IMPORT_MAX, Import, Unreadable, detect, open, preview},
};

const PROTECTED: &str = include_str!("../../fixtures/import/bitwarden-pbkdf2.json");
const ACCOUNT: &str = include_str!("../../fixtures/import/bitwarden-account.json");
const BITWARDEN: &str = include_str!("../../fixtures/import/bitwarden.json");
const LAST_PASS: &str = include_str!("../../fixtures/import/lastpass.csv");

fn read_as(format: Format, bytes: &[u8], password: Option<&str>) -> Result<Import, Unreadable> {
    let wish = ImportWish {
        format: Some(format),
        password: password.map(|password| FilePassword(password.to_owned())),
        key_file: None,
        table: None,
    };
    preview(bytes, None, &wish, &fixture().vault)
}

fn reason(format: Format, text: &str) -> &'static str {
    match read_as(format, text.as_bytes(), Some("password")).err() {
        Some(Unreadable::Malformed(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

fn errors(import: &Import) -> Vec<(u32, &str)> {
    let errors = import.errors(0, 1_000).iter();
    errors
        .map(|ImportLineError { line, reason }| (*line, reason.as_str()))
        .collect()
}

#[test]
fn a_password_is_asked_for_and_can_be_tried_again() {
    let read = |password| read_as(Format::BitwardenJson, PROTECTED.as_bytes(), password).err();
    assert_eq!(read(None), Some(Unreadable::PasswordNeeded));
    assert_eq!(read(Some("")), Some(Unreadable::PasswordNeeded));
    assert_eq!(read(Some("wrong")), Some(Unreadable::WrongPassword));
    assert_eq!(read(Some("correct horse battery staple")), None);
}

#[test]
fn what_was_changed_after_it_was_encrypted_does_not_open() {
    let at = PROTECTED.find("\"data\": \"2.").expect("data") + 40;
    let mut changed = PROTECTED.to_owned();
    let other = if &changed[at..=at] == "A" { "B" } else { "A" };
    changed.replace_range(at..=at, other);
    let password = Some("correct horse battery staple");
    let refused = read_as(Format::BitwardenJson, changed.as_bytes(), password).err();
    assert_eq!(refused, Some(Unreadable::WrongPassword));
}

#[test]
fn a_file_cannot_keep_a_device_busy() {
    for (from, to) in [
        ("\"kdfIterations\": 600000", "\"kdfIterations\": 2147483648"),
        ("\"kdfIterations\": 600000", "\"kdfIterations\": 2000001"),
        (
            "\"kdfType\": 0,",
            "\"kdfType\": 1, \"kdfMemory\": 1025, \"kdfParallelism\": 1,",
        ),
        (
            "\"kdfType\": 0,\n  \"kdfIterations\": 600000",
            "\"kdfType\": 1, \"kdfMemory\": 64, \"kdfParallelism\": 17, \"kdfIterations\": 3",
        ),
        (
            "\"kdfType\": 0,\n  \"kdfIterations\": 600000",
            "\"kdfType\": 1, \"kdfMemory\": 64, \"kdfParallelism\": 4, \"kdfIterations\": 11",
        ),
    ] {
        assert!(PROTECTED.contains(from), "{from}");
        let costly = PROTECTED.replace(from, to);
        let reason = reason(Format::BitwardenJson, &costly);
        assert!(reason.contains("more time or memory"), "{to}: {reason}");
    }
    let newer = PROTECTED.replace("\"kdfType\": 0", "\"kdfType\": 7");
    assert!(reason(Format::BitwardenJson, &newer).contains("newer"));
}

#[test]
fn a_part_that_is_missing_from_an_encrypted_file_is_told() {
    for (from, to) in [
        ("\"salt\"", "\"sugar\""),
        ("\"kdfIterations\": 600000", "\"kdfIterations\": 0"),
        ("\"data\": \"2.", "\"data\": \"0."),
        ("encKeyValidation_DO_NOT_EDIT", "encKeyValidation"),
    ] {
        assert!(PROTECTED.contains(from), "{from}");
        let reason = reason(Format::BitwardenJson, &PROTECTED.replacen(from, to, 1));
        assert!(reason.contains("lacks a part"), "{from}: {reason}");
    }
}

#[test]
fn what_only_the_account_opens_is_refused_with_what_to_do() {
    assert_eq!(detect(ACCOUNT.as_bytes(), None), Format::BitwardenJson);
    let reason = reason(Format::BitwardenJson, ACCOUNT);
    assert!(reason.contains("password protected"), "{reason}");
}

#[test]
fn a_file_that_was_cut_off_is_told() {
    for end in [BITWARDEN.len() - 3, BITWARDEN.len() / 2, 20] {
        let reason = reason(Format::BitwardenJson, &BITWARDEN[..end]);
        assert!(reason.contains("cut off"), "{reason}");
    }
    // A table shows it in its last row.
    let end = LAST_PASS.find("Never on Mondays").expect("there");
    let import = read_as(Format::LastPassCsv, &LAST_PASS.as_bytes()[..end], None).expect("reads");
    assert_eq!(errors(&import), [(3, "has a quote that is not closed")]);
    assert_eq!(import.preview().new, 1);
}

#[test]
fn other_files_are_no_items() {
    for (format, text) in [
        (Format::BitwardenJson, "{\"encrypted\": false}"),
        (Format::BitwardenJson, "[]"),
        (Format::Json, "7"),
        (Format::Json, "\"text\""),
        (Format::Json, "{\"a\": }"),
        (Format::LastPassCsv, "name,password\na,b\n"),
        (Format::OnePasswordCsv, ""),
        (Format::ChromeCsv, "\u{1}\u{2}"),
        (Format::Csv, ""),
        (Format::Csv, "\n\n\n"),
    ] {
        reason(format, text);
    }
    for format in Format::ALL {
        let utf16: Vec<u8> = "a,b".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [
            b"\xff\xd8\xff\xe0\x00\x10JFIF".as_slice(),
            &utf16,
            b"caf\xe9",
        ] {
            let refused = read_as(format, bytes, None).err();
            assert!(
                matches!(
                    refused,
                    Some(Unreadable::Malformed(_) | Unreadable::Archive(ArchiveError::NotOne))
                ),
                "{format:?}"
            );
        }
    }
}

#[test]
fn deep_nesting_and_many_parts_end_soon() {
    let deep = "[".repeat(1_000_000);
    assert!(
        reason(Format::Json, &deep).contains("deep"),
        "no stack is spent on it"
    );
    let folders = "{\"a\":".repeat(20) + "1" + &"}".repeat(20);
    let import = read_as(Format::Json, folders.as_bytes(), None).expect("reads");
    assert!(errors(&import)[0].1.contains("deeper than 10 folders"));
    let many = format!("[{}0]", "0,".repeat(2_100_000));
    assert!(reason(Format::Json, &many).contains("more parts"));
}

#[test]
fn a_huge_file_is_refused_before_reading() {
    let bytes = vec![b'['; IMPORT_MAX + 1];
    for format in Format::ALL {
        let refused = read_as(format, &bytes, None).err();
        assert_eq!(refused, Some(Unreadable::TooLarge { limit_mb: 50 }));
    }
}

#[test]
fn rows_that_do_not_fit_their_titles_are_told_one_by_one() {
    let text = "name,password,url\nGood,1,https://a\nShort,2\nLong,3,https://a,s3cr3t\n\
                Quote,\"4,https://a\nOdd,5,https://b\n";
    let import = read_as(Format::Csv, text.as_bytes(), None).expect("reads");
    let told = errors(&import);
    let lines: Vec<_> = told.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [3, 4, 5]);
    assert!(told.iter().all(|(_, reason)| !reason.contains("s3cr3t")));
    assert_eq!(import.preview().new, 1);
}

#[test]
fn what_the_vault_cannot_hold_is_told_one_by_one() {
    let long = "x".repeat(61);
    let rtl = "\u{202e}gnorw";
    let text = format!(
        "name,value,folder,tags\nA,1,{long},\nB,2,,{long}\n{rtl},3,,\nC,{},,\nFine,5,,\n",
        "y".repeat(950_000)
    );
    let import = read_as(Format::Csv, text.as_bytes(), None).expect("reads");
    let told = errors(&import);
    let lines: Vec<_> = told.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 4, 5]);
    for ((_, reason), field) in told.iter().zip(["folder", "tags", "name", "value"]) {
        assert!(reason.contains(field), "{reason}");
        assert!(!reason.contains("xxxx") && !reason.contains("yyyy"));
    }
    assert_eq!(import.preview().new, 1);
}

#[test]
fn numbers_keep_their_digits_or_are_told() {
    let json = r#"{"whole": 9007199254740993, "larger": 12345678901234567890123, "part": 0.25}"#;
    let import = read_as(Format::Json, json.as_bytes(), None).expect("reads");
    let rows = import.window(&ImportQuery {
        limit: 9,
        ..ImportQuery::default()
    });
    let names: Vec<_> = rows.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["whole", "part"]);
    assert!(errors(&import)[0].1.contains("more digits"));
}

#[test]
fn garbage_ends_with_a_bounded_list_of_errors() {
    let text = format!("name,b,c\n{}", "x\n".repeat(50_000));
    let wish = ImportWish {
        format: Some(Format::Csv),
        ..ImportWish::default()
    };
    let opened = open(text.as_bytes(), None, &wish).expect("reads");
    assert_eq!(opened.counts(), (0, 1_001));
}

#[test]
fn more_rows_than_an_import_takes_are_not_even_kept() {
    let text = format!("name,value\n{}", "x,1\n".repeat(100_000));
    let opened = open(text.as_bytes(), Some("a.csv"), &ImportWish::default()).expect("reads");
    assert_eq!(opened.counts().0, 20_001);
    let import = preview(
        text.as_bytes(),
        Some("a.csv"),
        &ImportWish::default(),
        &fixture().vault,
    );
    let import = import.expect("reads");
    assert!(errors(&import)[0].1.contains("after 20000 entries"));
}
