//! Against files made by OpenSSL; see the README beside them.

use super::*;
use crate::{Content, DETAILS_TEXT_MAX, KeyMaterial, Kind, MaterialFacts, read_material};

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/vault/material/", $name))
    };
}

fn read(bytes: &[u8], password: Option<&str>) -> Result<KeyMaterial, MaterialError> {
    read_material(Kind::Certificate, bytes, password)
}

fn facts(bytes: &[u8], password: Option<&str>) -> CertificateFacts {
    match read(bytes, password).expect("read").facts {
        MaterialFacts::Certificate(facts) => facts,
        MaterialFacts::Ssh(_) => panic!("an SSH key"),
    }
}

fn refused(bytes: &[u8], password: Option<&str>) -> MaterialError {
    read(bytes, password).expect_err("refused")
}

fn shorts(facts: &CertificateFacts) -> Vec<&str> {
    facts.chain.iter().map(|one| one.short.as_str()).collect()
}

const CHAIN: [&str; 3] = ["*.example.com", "Example Test Issuing", "Example Test Root"];

#[test]
fn a_certificate_tells_what_it_says() {
    let facts = facts(fixture!("wildcard.pem"), None);
    let leaf = &facts.chain[0];
    assert_eq!(leaf.subject, "O=Example Ltd, CN=*.example.com");
    assert_eq!(leaf.issuer, "O=Example Test, CN=Example Test Issuing");
    let names = [
        "*.example.com",
        "example.com",
        "192.0.2.7",
        "2001:db8::7",
        "ops@example.com",
        "https://example.com/",
    ];
    assert_eq!(leaf.names, names);
    assert_eq!(leaf.names_count, 6);
    assert_eq!(leaf.key, "ECDSA P-256");
    assert_eq!(leaf.signature, "ECDSA with SHA-256");
    // 2026-01-01 and 2036-01-01.
    assert_eq!(
        (leaf.not_before, leaf.not_after),
        (1_767_225_600, Some(2_082_758_400))
    );
    assert!(!leaf.self_signed && !leaf.authority);
    assert_eq!(facts.key, KeyMatch::Absent);
    assert!(facts.remarks.is_empty());
    assert!(
        facts
            .public_key
            .starts_with("-----BEGIN PUBLIC KEY-----\nMFkw")
    );
    let by_openssl = include_str!("../../tests/vault/material/fingerprints");
    assert!(
        by_openssl.contains(&leaf.fingerprint),
        "{}",
        leaf.fingerprint
    );
}

#[test]
fn der_and_pem_are_the_same_certificate() {
    let (pem, der) = (fixture!("wildcard.pem"), fixture!("wildcard.der"));
    assert_eq!(read(pem, None), read(der, None));
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(String::from_utf8_lossy(pem).encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(read(pem, None), read(&utf16, None));
}

#[test]
fn every_algorithm_is_named() {
    for (bytes, key, signature) in [
        (&fixture!("rsa.pem")[..], "RSA 2048", "ECDSA with SHA-256"),
        (fixture!("ed25519.pem"), "Ed25519", "ECDSA with SHA-256"),
        (fixture!("root.pem"), "ECDSA P-384", "ECDSA with SHA-256"),
    ] {
        let facts = facts(bytes, None);
        assert_eq!(
            (
                facts.chain[0].key.as_str(),
                facts.chain[0].signature.as_str()
            ),
            (key, signature)
        );
    }
    assert!(facts(fixture!("root.pem"), None).chain[0].authority);
    let own = facts(fixture!("self-signed.pem"), None);
    assert!(own.chain[0].self_signed);
}

#[test]
fn a_chain_in_the_wrong_order_is_mended_and_that_is_said() {
    let right = facts(fixture!("chain.pem"), None);
    assert_eq!(shorts(&right), CHAIN);
    assert!(right.remarks.is_empty());
    let mended = read(fixture!("reversed.pem"), None).expect("read");
    assert_eq!(
        mended.content,
        read(fixture!("chain.pem"), None).expect("read").content
    );
    let mended = facts(fixture!("reversed.pem"), None);
    assert_eq!(shorts(&mended), CHAIN);
    assert_eq!(mended.remarks, [Remark::Reordered]);
    // One that belongs to another chain comes last, and the same one twice is one.
    let mixed = [
        &fixture!("ed25519.pem")[..],
        fixture!("chain.pem"),
        fixture!("middle.pem"),
        fixture!("wildcard.key"),
    ];
    let mixed = facts(&mixed.concat(), None);
    assert_eq!(mixed.count, 4);
    assert!(
        mixed.remarks.contains(&Remark::Unrelated(1)),
        "{:?}",
        mixed.remarks
    );
}

#[test]
fn what_is_not_kept_is_said() {
    let other = b"-----BEGIN DH PARAMETERS-----\nMAA=\n-----END DH PARAMETERS-----\n";
    let curve = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    let text = [
        &fixture!("chain.pem")[..],
        other,
        curve,
        fixture!("rsa.key"),
        fixture!("wildcard.key"),
    ];
    let facts = facts(&text.concat(), None);
    assert_eq!(facts.key, KeyMatch::Matches);
    assert_eq!(facts.remarks, [Remark::MoreKeys, Remark::LeftOut(1)]);
}

#[test]
fn the_key_is_compared_with_the_leaf() {
    for (chain, key, expected) in [
        (
            &fixture!("chain.pem")[..],
            &fixture!("wildcard.key")[..],
            KeyMatch::Matches,
        ),
        (
            fixture!("reversed.pem"),
            fixture!("wildcard-sec1.key"),
            KeyMatch::Matches,
        ),
        (fixture!("rsa.pem"), fixture!("rsa.key"), KeyMatch::Matches),
        (
            fixture!("rsa.pem"),
            fixture!("rsa-pkcs1.key"),
            KeyMatch::Matches,
        ),
        (
            fixture!("ed25519.pem"),
            fixture!("ed25519.key"),
            KeyMatch::Matches,
        ),
        (
            fixture!("rsa.pem"),
            fixture!("wildcard.key"),
            KeyMatch::Differs,
        ),
        (
            fixture!("ed25519.pem"),
            fixture!("rsa.key"),
            KeyMatch::Differs,
        ),
        (
            fixture!("chain.pem"),
            fixture!("wildcard-encrypted.key"),
            KeyMatch::Encrypted,
        ),
    ] {
        // In either order.
        for text in [[chain, key].concat(), [key, chain].concat()] {
            let read = read(&text, None).expect("read");
            let MaterialFacts::Certificate(facts) = read.facts else {
                panic!("a certificate");
            };
            assert_eq!(facts.key, expected);
            let Content::Certificate { private_key, .. } = &read.content else {
                panic!("a certificate");
            };
            assert_eq!(private_key.as_bytes(), key);
        }
    }
}

#[test]
fn an_encrypted_key_opens_with_its_password() {
    let text = [
        &fixture!("chain.pem")[..],
        fixture!("wildcard-encrypted.key"),
    ]
    .concat();
    let opened = facts(&text, Some("secret"));
    assert_eq!(opened.key, KeyMatch::Matches);
    assert!(opened.remarks.contains(&Remark::Decrypted));
    assert_eq!(refused(&text, Some("wrong")), MaterialError::WrongPassword);
    let old = [&fixture!("rsa.pem")[..], fixture!("rsa-proc-type.key")].concat();
    assert_eq!(refused(&old, Some("secret")), MaterialError::OldEncryption);
}

#[test]
fn pkcs12_opens_with_its_password_alone() {
    let same = read(
        &[&fixture!("chain.pem")[..], fixture!("wildcard.key")].concat(),
        None,
    );
    let same = same.expect("read").content;
    for (file, password, is_weak) in [
        (&fixture!("modern.p12")[..], Some("pass wörd"), false),
        (fixture!("empty.p12"), None, false),
        (fixture!("legacy.p12"), Some("secret"), true),
        (fixture!("triple-des.p12"), Some("secret"), true),
        (fixture!("without-mac.p12"), Some("secret"), false),
    ] {
        let opened = read(file, password).expect("opens");
        assert_eq!(opened.content, same);
        let facts = facts(file, password);
        assert_eq!(facts.key, KeyMatch::Matches);
        assert_eq!(facts.remarks.contains(&Remark::WeakFile), is_weak);
        assert_eq!(refused(file, Some("wrong")), MaterialError::WrongPassword);
        if password.is_some() {
            assert_eq!(refused(file, None), MaterialError::NeedsPassword);
        }
    }
}

#[test]
fn a_file_that_asks_for_too_much_work_is_refused_before_it() {
    // The number of steps of OpenSSL, 2,048, becomes a billion, in the code and in the ciphers.
    let file = fixture!("legacy.p12").to_vec();
    let at = file
        .windows(4)
        .rposition(|four| four == [2, 2, 8, 0])
        .expect("the steps");
    let mut slow = file.clone();
    slow[at + 2] = 0x7f;
    assert!(matches!(
        refused(&slow, Some("secret")),
        MaterialError::WrongPassword | MaterialError::TooSlow
    ));
    let long = walk_with_steps(&file, at, &[0x3b, 0x9a, 0xca, 0x00]);
    assert_eq!(refused(&long, Some("secret")), MaterialError::TooSlow);
}

/// The file with another number of steps in its code, whose lengths are made to fit.
fn walk_with_steps(file: &[u8], at: usize, steps: &[u8]) -> Vec<u8> {
    let outer = walk::Walk::first(file).expect("a file");
    let mut parts = outer.walk().expect("parts");
    let version = parts.step().expect("version").whole.to_vec();
    let safe = parts.step().expect("safe").whole.to_vec();
    let mac = parts.step().expect("code");
    let before = at - (file.len() - mac.value.len());
    let number = walk::write(walk::INTEGER, steps);
    let mac = walk::write(walk::SEQUENCE, &[&mac.value[..before], &number].concat());
    walk::write(walk::SEQUENCE, &[version, safe, mac].concat())
}

#[test]
fn dates_and_names_of_all_sorts_are_read() {
    let expired = facts(fixture!("expired.pem"), None);
    assert_eq!(expired.chain[0].not_after, Some(1_609_459_200));
    let future = facts(fixture!("future.pem"), None);
    assert_eq!(future.chain[0].not_before, 2_461_449_600);
    assert_eq!(future.chain[0].not_after, Some(4_102_444_799));
    let international = facts(fixture!("international.pem"), None);
    assert_eq!(
        international.chain[0].subject,
        "O=Bücher & Söhne GmbH, CN=пример.рф"
    );
    assert_eq!(international.chain[0].names, ["xn--e1afmkfd.xn--p1ai"]);
}

#[test]
fn ten_thousand_names_are_counted_and_some_of_them_shown() {
    let der = with_names(10_000);
    let facts = facts(&der, None);
    assert_eq!(facts.chain[0].names_count, 10_000);
    assert_eq!(facts.chain[0].names.len(), NAMES_SHOWN);
}

/// The wildcard certificate with so many names. Its signature does not fit, which nobody asks.
fn with_names(count: usize) -> Vec<u8> {
    let names: Vec<u8> = (0..count)
        .flat_map(|at| walk::write(0x82, format!("host-{at}.example.com").as_bytes()))
        .collect();
    let names = walk::write(walk::OCTETS, &walk::write(walk::SEQUENCE, &names));
    let extension = [walk::write(walk::OID, b"\x55\x1d\x11"), names].concat();
    let extension = walk::write(walk::SEQUENCE, &extension);
    let extensions = walk::write(0xa3, &walk::write(walk::SEQUENCE, &extension));
    let der = fixture!("wildcard.der");
    let mut outer = walk::Walk::first(der).expect("it").walk().expect("parts");
    let signed = outer.step().expect("signed");
    let rest =
        &der[der.len() - (walk::Walk::first(der).expect("it").value.len() - signed.whole.len())..];
    let mut kept = Vec::new();
    let mut parts = signed.walk().expect("parts");
    while !parts.is_done() {
        let part = parts.step().expect("a part");
        kept.extend_from_slice(if part.tag == 0xa3 {
            &extensions
        } else {
            part.whole
        });
    }
    let signed = walk::write(walk::SEQUENCE, &kept);
    walk::write(walk::SEQUENCE, &[signed.as_slice(), rest].concat())
}

#[test]
fn what_is_no_certificate_says_what_it_is() {
    let request = b"-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----";
    let bundle = b"-----BEGIN PKCS7-----\nMAA=\n-----END PKCS7-----";
    let public = b"-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----";
    let empty = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----";
    let key = b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----";
    for (bytes, error) in [
        (&b""[..], MaterialError::Nothing),
        (b"no certificate", MaterialError::Nothing),
        (b"\xff\xfe\x00", MaterialError::Nothing),
        (request, MaterialError::Request),
        (bundle, MaterialError::Pkcs7),
        (public, MaterialError::PublicOnly),
        (empty, MaterialError::Certificate(1)),
        (key, MaterialError::PrivateKey),
        (fixture!("rsa.key"), MaterialError::NoCertificate),
        (&fixture!("rsa.pem")[..300], MaterialError::Truncated),
        (
            b"PuTTY-User-Key-File-3: ssh-ed25519\n",
            MaterialError::Putty,
        ),
    ] {
        assert_eq!(
            refused(bytes, None),
            error,
            "{}",
            String::from_utf8_lossy(bytes)
        );
    }
    let large = vec![b' '; DETAILS_TEXT_MAX + 1];
    assert_eq!(refused(&large, None), MaterialError::TooLarge);
}

#[test]
fn nothing_that_is_cut_off_or_spoilt_makes_it_panic() {
    for (file, password) in [
        (&fixture!("wildcard.der")[..], None),
        (fixture!("modern.p12"), Some("pass wörd")),
        (fixture!("legacy.p12"), Some("secret")),
    ] {
        for end in (0..file.len()).step_by(7) {
            assert!(read(&file[..end], password).is_err(), "cut at {end}");
        }
    }
    let mut spoilt = fixture!("wildcard.der").to_vec();
    for at in 0..spoilt.len() {
        for bit in [0, 5, 7] {
            spoilt[at] ^= 1 << bit;
            // Read or refused, as it comes.
            let _ = read(&spoilt, None);
            spoilt[at] ^= 1 << bit;
        }
    }
}

#[test]
fn a_row_names_the_certificate_and_its_key() {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(
        hint(&text(fixture!("chain.pem"))),
        "*.example.com · ECDSA P-256"
    );
    assert_eq!(hint("nothing"), "");
    let long = pem::write_block("CERTIFICATE", &with_names(3));
    assert_eq!(hint(&long), "*.example.com · ECDSA P-256");
}
