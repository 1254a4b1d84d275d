//! Databases of KeePass, made by other people's programs.

use super::{
    super::{
        Format, Reading, Unreadable, detect,
        keepass::{read_keepass, read_keepass_xml},
    },
    megabyte, told,
};

const PASSWORD: Option<&str> = Some("correct horse");
const AES: &[u8] = include_bytes!("../../../fixtures/import/keepass/aes-argon2d.kdbx");
const CHACHA20: &[u8] =
    include_bytes!("../../../fixtures/import/keepass/chacha20-argon2id-key.kdbx");
const KEY: &[u8] = include_bytes!("../../../fixtures/import/keepass/key.keyx");
const TWOFISH: &[u8] = include_bytes!("../../../fixtures/import/keepass/twofish-aeskdf.kdbx");
const THIRD: &[u8] = include_bytes!("../../../fixtures/import/keepass/aes-3.1.kdbx");
const XML: &str = include_str!("../../../fixtures/import/keepass/export.xml");

const FOURTH: [&str; 7] = [
    "1 - ApiKey /Bare key value=\"ghp_EXAMPLE0123456789abcdefghijklmnopqrs\"",
    "2 - Note /Note only text=\"Just text\"",
    "3 - Note Work-Shop/Notes of Work/Shop text=\"Ask Ada for the keys.\"",
    "4 - Login Work-Shop/Time code username=\"bob\" password=\"pässwörd\" url=\"\" One-time code:\
     Totp=\"otpauth://totp/KeePass?secret=JBSWY3DPEHPK3PXP&digits=8&period=60&algorithm=SHA1\"",
    "5 - Login Work-Shop/Payments/Stripe username=\"ada@example.org\" \
     password=\"sk_live_EXAMPLEnew456789abcdef\" url=\"https://dashboard.stripe.com\" \
     Webhook secret:Secret=\"whsec_EXAMPLE0123\" Account:Text=\"acct_1\" One-time code:\
     Totp=\"otpauth://totp/Stripe:ada?secret=JBSWY3DPEHPK3PXP&issuer=Stripe\" \
     notes=\"Two lines\\nof notes <&> ü🔑\" #billing #live until 2031-05-17",
    "5 ! has an attachment, which is not imported",
    "6 ! and the next lie in the recycle bin there: 2 entries left out",
];

fn read(bytes: &[u8], key: Option<&[u8]>) -> Result<Reading, Unreadable> {
    read_keepass(bytes, PASSWORD, key)
}

#[test]
fn databases_of_version_4_are_read_whatever_they_are_encrypted_with() {
    for (bytes, key) in [(AES, None), (CHACHA20, Some(KEY)), (TWOFISH, None)] {
        assert_eq!(told(&read(bytes, key).expect("a database")), FOURTH);
        assert_eq!(detect(bytes, None), Format::KeePass);
    }
}

#[test]
fn a_database_of_version_3_is_read() {
    let reading = read(THIRD, None).expect("a database");
    assert_eq!(
        told(&reading),
        [
            "1 - Login /Second username=\"bob\" password=\"after history\" url=\"\"",
            "3 - Login Mail-Private/Mail username=\"ada\" password=\"newer\" \
             url=\"https://mail.example.org\" PIN:Secret=\"1234\" notes=\"Line one\\nline two\" \
             until 2030-02-03",
            "1 ! has an attachment, which is not imported",
            "2 ! lies in the recycle bin there and was left out",
        ]
    );
}

#[test]
fn passwords_and_key_files_have_to_be_right() {
    let needed = Some(Unreadable::PasswordNeeded);
    let wrong = Some(Unreadable::WrongPassword);
    assert_eq!(read_keepass(AES, None, None).err(), needed);
    assert_eq!(read_keepass(THIRD, None, None).err(), needed);
    for (bytes, password, key) in [
        (AES, Some("wrong"), None),
        (AES, Some(""), None),
        (AES, PASSWORD, Some(KEY)),
        (CHACHA20, PASSWORD, None),
        (CHACHA20, None, Some(KEY)),
        (CHACHA20, PASSWORD, Some(b"another file".as_slice())),
        (TWOFISH, Some("Correct horse"), None),
        (THIRD, Some("wrong"), None),
    ] {
        assert_eq!(read_keepass(bytes, password, key).err(), wrong);
    }
}

#[test]
fn a_database_that_is_cut_off_or_changed_is_refused() {
    for bytes in [TWOFISH, THIRD] {
        for length in (0..bytes.len()).step_by(7) {
            assert!(read(&bytes[..length], None).is_err(), "{length}");
        }
        for at in (0..bytes.len()).step_by(5) {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1 << (at % 8);
            match read(&changed, None) {
                Err(Unreadable::Malformed(_) | Unreadable::WrongPassword) => {}
                // A comment's number, a version's second half, and the cipher's last blocks of
                // padding in version 3 are under no code.
                Ok(reading) => assert_eq!(
                    told(&reading),
                    told(&read(bytes, None).expect("a database")),
                    "{at}"
                ),
                Err(error) => panic!("{at}: {error:?}"),
            }
        }
    }
}

/// Where a name of the dictionary of parameters stands, and its value after it.
fn parameter(bytes: &[u8], name: u8) -> usize {
    let entry = [1, 0, 0, 0, name];
    let at = bytes.windows(5).position(|five| five == entry);
    at.expect("a parameter") + 9
}

#[test]
fn a_hostile_cost_is_refused_at_once() {
    let mut memory = AES.to_vec();
    let at = parameter(&memory, b'M');
    memory[at..at + 8].copy_from_slice(&(64_u64 << 30).to_le_bytes());
    let mut passes = AES.to_vec();
    let at = parameter(&passes, b'I');
    passes[at..at + 8].copy_from_slice(&(1_u64 << 40).to_le_bytes());
    let mut rounds = TWOFISH.to_vec();
    let at = parameter(&rounds, b'R');
    rounds[at..at + 8].copy_from_slice(&(1_u64 << 40).to_le_bytes());
    let mut third = THIRD.to_vec();
    let field = [6, 8, 0, 0xe8, 3, 0, 0, 0, 0, 0, 0];
    let at = third.windows(11).position(|bytes| bytes == field);
    let at = at.expect("rounds") + 3;
    third[at..at + 8].copy_from_slice(&(1_u64 << 40).to_le_bytes());
    for hostile in [memory, passes, rounds, third] {
        match read(&hostile, None).err() {
            Some(Unreadable::Malformed(reason)) => assert!(reason.contains("time or memory")),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn other_versions_are_named() {
    let mut first = AES.to_vec();
    first[4..8].copy_from_slice(&0xb54b_fb65_u32.to_le_bytes());
    let mut fifth = AES.to_vec();
    fifth[10] = 5;
    for bytes in [first, fifth] {
        match read(&bytes, None).err() {
            Some(Unreadable::Malformed(reason)) => assert!(reason.contains("version")),
            other => panic!("{other:?}"),
        }
    }
    for none in [b"".as_slice(), b"\x03\xd9\xa2\x9a", b"PK\x03\x04"] {
        assert!(read(none, None).is_err());
    }
}

#[test]
fn xml_of_keepass_is_read() {
    assert_eq!(
        told(&read_keepass_xml(XML).expect("XML")),
        [
            "1 - Login /Mail & more username=\"ada\" password=\"p<w\" \
             url=\"https://mail.example.org\" Door:Secret=\"4711\" notes=\"one\\ntwo\" #mail \
             #private until 2030-02-03",
            "1 ! has 2 attachments, which are not imported",
            "2 ! lies in the recycle bin there and was left out",
        ]
    );
    assert_eq!(detect(XML.as_bytes(), Some("x.xml")), Format::KeePassXml);
}

#[test]
fn hostile_xml_is_refused() {
    let laughs = XML.replace(
        "<KeePassFile>",
        "<!DOCTYPE k [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><KeePassFile>",
    );
    for text in [
        laughs.as_str(),
        &XML.replace("&amp;", "&b;"),
        &XML.replace("ProtectInMemory", "Protected"),
        &XML.replace("<Root>", &"<Group>".repeat(200)),
        &XML[..XML.len() / 2],
        "<KeePassFile/>",
        "<html/>",
        "",
    ] {
        assert!(read_keepass_xml(text).is_err(), "{text:.80}");
    }
    megabyte("<a b=\"c\">", read_keepass_xml);
    megabyte("<a b='1' b='2' c='3'/>", read_keepass_xml);
    megabyte("<!-- ", read_keepass_xml);
    megabyte("&amp;", read_keepass_xml);
}
