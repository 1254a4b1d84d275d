//! Certificates and SSH keys as items.

use keyarc_vault::{
    Content, DETAILS_TEXT_MAX, Day, ItemDraft, Kind, MaterialFacts, check_draft, inspect_material,
    read_material, recognise,
};

use crate::common::*;

const CHAIN: &str = include_str!("material/chain.pem");
const KEY: &str = include_str!("material/wildcard.key");
const SSH: &str = include_str!("material/ssh-ed25519");
const SSH_LINE: &str = include_str!("material/ssh-ed25519.pub");

fn certificate(chain: &str, key: &str) -> Content {
    Content::Certificate {
        chain: chain.to_owned(),
        private_key: key.to_owned(),
    }
}

fn ssh(private: &str, public: &str) -> Content {
    Content::SshKey {
        private_key: private.to_owned(),
        public_key: public.to_owned(),
    }
}

#[test]
fn a_row_says_what_was_saved() {
    for (content, hint, mark) in [
        (certificate(CHAIN, KEY), "*.example.com · ECDSA P-256", "CE"),
        (certificate("what nobody reads", ""), "", "CE"),
        (
            ssh("", SSH_LINE),
            "ssh-ed25519 SHA256:MtXubMC6zdrpWypldVuAy…",
            "SH",
        ),
        (
            ssh(SSH, ""),
            "ssh-ed25519 SHA256:MtXubMC6zdrpWypldVuAy…",
            "SH",
        ),
    ] {
        let mut this = fixture();
        let write = this.seal(&ItemDraft::new("Shop", content.clone()));
        let id = write.item_id;
        this.accept(write);
        let row = this.vault.summary(id).unwrap();
        let shown: String = row.hint.chars().take(40).collect();
        assert_eq!(
            (shown.trim_end_matches('…'), row.mark.as_str()),
            (hint.trim_end_matches('…'), mark)
        );
        assert_eq!(row.kind, content.kind());
    }
}

#[test]
fn what_is_typed_in_anew_needs_something() {
    let error = |content| check_draft(&ItemDraft::new("Shop", content)).unwrap_err();
    assert_eq!(error(certificate(" \n", KEY)).field, "chain");
    assert_eq!(error(ssh("", " ")).field, "ssh_private_key");
    let large = "x".repeat(DETAILS_TEXT_MAX + 1);
    assert_eq!(error(certificate(&large, "")).field, "chain");
    assert_eq!(error(ssh(&large, "")).field, "ssh_private_key");
    assert!(check_draft(&ItemDraft::new("Shop", certificate(CHAIN, ""))).is_ok());
    assert!(check_draft(&ItemDraft::new("Shop", ssh("", SSH_LINE))).is_ok());
}

#[test]
fn what_an_item_holds_reads_as_what_it_was_read_from() {
    let read = read_material(Kind::Certificate, format!("{KEY}{CHAIN}").as_bytes(), None).unwrap();
    assert_eq!(read.content, certificate(CHAIN, KEY));
    let again = inspect_material(&read.content, None).unwrap().unwrap();
    assert_eq!(again, read);
    assert_eq!(read.facts.name(), Some("*.example.com"));
    let day = Day::from_ymd(2036, 1, 1).unwrap();
    assert_eq!(read.facts.ends_at(), Some(i64::from(day.0) * 86_400));
    // An SSH key is one, whichever kind was expected.
    let read = read_material(Kind::Certificate, SSH.as_bytes(), None).unwrap();
    assert_eq!(read.content, ssh(SSH, SSH_LINE.trim()));
    assert_eq!(read.facts.name(), Some("ada@example.com"));
    assert_eq!(read.facts.ends_at(), None);
    assert!(matches!(read.facts, MaterialFacts::Ssh(_)));
    for nothing in [
        certificate("", " \n"),
        ssh("", ""),
        Content::empty(Kind::Note),
    ] {
        assert_eq!(inspect_material(&nothing, None), None);
    }
}

#[test]
fn what_is_pasted_is_of_the_right_kind() {
    // As a field of one line leaves it.
    let in_one_line = |text: &str| text.replace('\n', "");
    for (value, kind, label) in [
        (CHAIN.to_owned(), Kind::Certificate, "certificate"),
        (
            format!("{CHAIN}{KEY}"),
            Kind::Certificate,
            "certificate and private key",
        ),
        (
            format!("{KEY}{CHAIN}"),
            Kind::Certificate,
            "certificate and private key",
        ),
        (in_one_line(CHAIN), Kind::Certificate, "certificate"),
        (SSH.to_owned(), Kind::SshKey, "SSH private key"),
        (format!("{SSH}{SSH_LINE}"), Kind::SshKey, "SSH private key"),
        (SSH_LINE.to_owned(), Kind::SshKey, "SSH public key"),
        (KEY.to_owned(), Kind::ApiKey, "private key"),
    ] {
        let found = recognise(&value).unwrap();
        assert_eq!((found.kind, found.label.as_str()), (kind, label));
        assert!(
            !found.hint.contains("MII") && !found.hint.contains("AAAA"),
            "{}",
            found.hint
        );
    }
}
