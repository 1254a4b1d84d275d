//! Certificates, private keys, the files that keep them, and SSH keys.

use keyarc_vault::{
    Content, Kind, MaterialFacts,
    certificate::{CHAIN_SHOWN, NAMES_SHOWN},
    inspect_material, read_material,
    ssh::read_ssh_secret,
};

/// Certificates are read with and without a password, never more is shown than there is room for,
/// and what was read reads as itself.
pub fn certificate(data: &[u8]) {
    material(Kind::Certificate, data);
}

/// As [`certificate`], where an SSH key is expected.
pub fn ssh_key(data: &[u8]) {
    material(Kind::SshKey, data);
    if let Ok(key) = read_ssh_secret(&String::from_utf8_lossy(data)) {
        // It begins with the length and the name of its algorithm.
        assert!(key.public.len() > 4 + "ssh-rsa".len());
    }
}

fn material(kind: Kind, data: &[u8]) {
    for password in [None, Some("secret")] {
        let Ok(read) = read_material(kind, data, password) else {
            continue;
        };
        match &read.facts {
            MaterialFacts::Certificate(facts) => {
                assert!((1..=CHAIN_SHOWN).contains(&facts.chain.len()));
                assert!(facts.count as usize >= facts.chain.len());
                for one in &facts.chain {
                    assert!(one.names.len() <= NAMES_SHOWN);
                    assert!(one.names_count as usize >= one.names.len());
                    assert!(one.not_before >= 0);
                }
            }
            MaterialFacts::Ssh(facts) => {
                assert!(facts.fingerprint.starts_with("SHA256:"));
                assert!(!facts.comment.contains(char::is_control));
            }
        }
        if is_empty(&read.content) {
            continue;
        }
        let again = inspect_material(&read.content, None).expect("it holds something");
        let again = again.expect("what was read can be read");
        assert!(again.content == read.content, "it reads as itself");
        assert_eq!(again.facts.name(), read.facts.name());
        assert_eq!(again.facts.ends_at(), read.facts.ends_at());
    }
}

fn is_empty(content: &Content) -> bool {
    let parts = content.kind().parts();
    parts
        .iter()
        .all(|part| content.part(part.key).is_none_or(str::is_empty))
}
