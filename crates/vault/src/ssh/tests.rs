//! Against keys made by ssh-keygen; see the README beside them.

use super::*;
use crate::{Kind, MaterialFacts, read_material};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../tests/vault/material/", $name))
    };
}

const FINGERPRINTS: &str = fixture!("ssh-fingerprints");

fn read(text: &str) -> SshBundle {
    read_ssh(text, None).expect("read")
}

#[test]
fn every_sort_of_key_has_the_fingerprint_that_ssh_keygen_prints() {
    for (at, (private, public, words)) in [
        (
            fixture!("ssh-ed25519"),
            fixture!("ssh-ed25519.pub"),
            "Ed25519",
        ),
        (fixture!("ssh-rsa"), fixture!("ssh-rsa.pub"), "RSA 2048"),
        (
            fixture!("ssh-ecdsa"),
            fixture!("ssh-ecdsa.pub"),
            "ECDSA P-256",
        ),
        (
            fixture!("ssh-encrypted"),
            fixture!("ssh-encrypted.pub"),
            "Ed25519",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let printed = FINGERPRINTS.lines().nth(at).expect("a line");
        let both = read(&format!("{public}\n{private}"));
        assert!(printed.contains(&both.facts.fingerprint), "{printed}");
        assert_eq!(both.facts.key, words);
        assert_eq!(both.facts.private_key, KeyMatch::Matches);
        assert_eq!(both.public_key, public.trim());
        assert_eq!(&*both.private_key, private);
        // The private key alone gives the line; a passphrase hides its comment.
        let alone = read(private);
        let is_encrypted = private == fixture!("ssh-encrypted");
        assert_eq!(alone.facts.encrypted, is_encrypted);
        if is_encrypted {
            assert_eq!(alone.facts.comment, "");
        } else {
            assert_eq!(alone.public_key, public.trim());
        }
        let line = read(public);
        assert_eq!(line.facts.private_key, KeyMatch::Absent);
        assert_eq!(line.public_key, public.trim());
    }
}

#[test]
fn what_is_written_is_what_ssh_keygen_wrote() {
    let private = fixture!("ssh-ed25519");
    let bytes = crate::certificate::pem::blocks(private).expect("a block");
    let bytes = &bytes[0].bytes;
    // Magic, three empty texts, a count, the public key, the length; then the check.
    let at = 15 + 8 + 8 + 4 + 4 + 4 + 51 + 4;
    let check = u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let seed_at = at + 8 + 15 + 36 + 4;
    let seed: [u8; 32] = bytes[seed_at..seed_at + 32].try_into().expect("a seed");
    assert_eq!(&*write_ed25519(&seed, "ada@example.com", check), private);
}

#[test]
fn keys_in_pem_give_a_line_too() {
    for (pem, name) in [
        (fixture!("rsa.key"), "ssh-rsa"),
        (fixture!("rsa-pkcs1.key"), "ssh-rsa"),
        (fixture!("wildcard-sec1.key"), "ecdsa-sha2-nistp256"),
        (fixture!("ed25519.key"), "ssh-ed25519"),
    ] {
        let read = read_material(Kind::SshKey, pem.as_bytes(), None).expect("read");
        let MaterialFacts::Ssh(facts) = read.facts else {
            panic!("an SSH key");
        };
        assert_eq!(facts.algorithm, name);
        assert_eq!(read.content.part("ssh_private_key"), Some(pem));
    }
    let sealed = fixture!("wildcard-encrypted.key");
    assert_eq!(
        read_ssh(sealed, None).err(),
        Some(MaterialError::NeedsPassword)
    );
    assert!(read_ssh(sealed, Some("secret")).is_ok());
}

#[test]
fn a_line_of_another_key_is_noticed() {
    let both = format!("{}{}", fixture!("ssh-ed25519"), fixture!("ssh-rsa.pub"));
    assert_eq!(read(&both).facts.private_key, KeyMatch::Differs);
    let pem = format!("{}{}", fixture!("rsa.key"), fixture!("ssh-rsa.pub"));
    assert_eq!(read(&pem).facts.private_key, KeyMatch::Differs);
}

#[test]
fn an_item_holds_one_key() {
    let (one, other) = (fixture!("ssh-ed25519"), fixture!("ssh-ecdsa"));
    let line = fixture!("ssh-rsa.pub");
    for text in [format!("{one}{other}"), format!("{line}{line}")] {
        assert_eq!(read_ssh(&text, None).err(), Some(MaterialError::SeveralSsh));
    }
    let mixed = format!("{one}{}", fixture!("wildcard.pem"));
    let read = read_material(Kind::Certificate, mixed.as_bytes(), None);
    assert_eq!(read.err(), Some(MaterialError::Mixed));
}

#[test]
fn damaged_keys_are_refused() {
    let private = fixture!("ssh-ed25519");
    let block = crate::certificate::pem::blocks(private).expect("a block");
    let bytes = block[0].bytes.to_vec();
    for end in 0..bytes.len() - 8 {
        let cut = crate::certificate::pem::write_block("OPENSSH PRIVATE KEY", &bytes[..end]);
        assert_eq!(
            read_ssh(&cut, None).err(),
            Some(MaterialError::Ssh),
            "cut at {end}"
        );
    }
    let mut other = bytes.clone();
    other[60] ^= 1;
    let other = crate::certificate::pem::write_block("OPENSSH PRIVATE KEY", &other);
    assert_eq!(read_ssh(&other, None).err(), Some(MaterialError::Ssh));
    for line in [
        "ssh-ed25519 AAAA",
        "ssh-ed25519 AAAA***",
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIGI=",
    ] {
        assert_eq!(
            read_ssh(line, None).err(),
            Some(MaterialError::Ssh),
            "{line}"
        );
    }
    assert_eq!(
        read_ssh("PuTTY-User-Key-File-3: x", None).err(),
        Some(MaterialError::Putty)
    );
}

#[test]
fn a_row_names_algorithm_and_fingerprint() {
    let expected = "ssh-ed25519 SHA256:";
    assert!(hint("", fixture!("ssh-ed25519.pub")).starts_with(expected));
    assert_eq!(
        hint(fixture!("ssh-ed25519"), ""),
        hint("", fixture!("ssh-ed25519.pub"))
    );
    assert_eq!(hint("", ""), "");
}

#[test]
fn a_private_key_in_clear_gives_its_numbers_and_its_public_half() {
    let blob_of = |line: &str| PublicLine::read(line).expect("a line").blob;
    for (private, public) in [
        (fixture!("ssh-ed25519"), fixture!("ssh-ed25519.pub")),
        (fixture!("ssh-rsa"), fixture!("ssh-rsa.pub")),
        (fixture!("ssh-ecdsa"), fixture!("ssh-ecdsa.pub")),
    ] {
        let key = read_ssh_secret(private).expect("is read");
        assert_eq!(key.public, blob_of(public));
        assert!(public.trim().ends_with(&key.comment));
        let lengths = match &key.numbers {
            SshNumbers::Ed25519(seed) => vec![seed.len()],
            SshNumbers::Ecdsa(scalar) => vec![scalar.len()],
            SshNumbers::Rsa(numbers) => vec![numbers.modulus.len(), numbers.prime1.len()],
        };
        let expected: &[&[usize]] = &[&[32], &[33], &[257, 129]];
        assert!(expected.contains(&lengths.as_slice()), "{lengths:?}");
    }
    for pem in [
        fixture!("ed25519.key"),
        fixture!("rsa.key"),
        fixture!("rsa-pkcs1.key"),
        fixture!("wildcard.key"),
        fixture!("wildcard-sec1.key"),
    ] {
        let key = read_ssh_secret(pem).expect("is read");
        assert_eq!(key.public, blob_of(&read(pem).public_key));
        let of_rsa = |numbers: &SshRsaNumbers| numbers.prime2.len() * 2 == numbers.modulus.len();
        assert!(match &key.numbers {
            SshNumbers::Rsa(numbers) => of_rsa(numbers),
            SshNumbers::Ecdsa(scalar) => scalar.len() == 32,
            SshNumbers::Ed25519(_) => true,
        });
    }
    for (text, error) in [
        (fixture!("ssh-encrypted"), MaterialError::NeedsPassword),
        (fixture!("rsa-proc-type.key"), MaterialError::NeedsPassword),
        (
            fixture!("wildcard-encrypted.key"),
            MaterialError::NeedsPassword,
        ),
        (fixture!("ssh-rsa.pub"), MaterialError::Nothing),
        ("", MaterialError::Nothing),
    ] {
        assert_eq!(read_ssh_secret(text).err(), Some(error));
    }
}
