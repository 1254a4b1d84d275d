//! Certificates and SSH keys as items: from bytes to a content, and from a content to what it is.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    Content, DETAILS_TEXT_MAX, Kind,
    certificate::{self, CertificateFacts, KeyMatch, MaterialError, read_bundle},
    ssh::{self, SshFacts, is_ssh, read_ssh},
};

/// What was read, as an item keeps it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyMaterial {
    /// The certificates in their order with their key, or the SSH key with its public line.
    pub content: Content,
    /// What it is.
    pub facts: MaterialFacts,
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyMaterial({:?}, redacted)", self.content.kind())
    }
}

/// What a certificate or an SSH key is. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MaterialFacts {
    /// See [`Kind::Certificate`].
    Certificate(CertificateFacts),
    /// See [`Kind::SshKey`].
    Ssh(SshFacts),
}

impl MaterialFacts {
    /// The moment after which it is of no use, Unix seconds: the end of the certificate that is
    /// used, for its issuers' may come later.
    pub fn ends_at(&self) -> Option<i64> {
        match self {
            Self::Certificate(facts) => facts.chain.first()?.not_after,
            Self::Ssh(_) => None,
        }
    }

    /// What it is called by: the certificate's name, or the SSH key's comment.
    pub fn name(&self) -> Option<&str> {
        let name = match self {
            Self::Certificate(facts) => &facts.chain.first()?.short,
            Self::Ssh(facts) => &facts.comment,
        };
        (!name.is_empty()).then_some(name)
    }
}

/// Reads the bytes of a file or a text: PEM in any order, DER, PKCS#12, OpenSSH. `kind` is what
/// is expected, and decides where the bytes could be either: a private key in PEM alone.
pub fn read_material(
    kind: Kind,
    bytes: &[u8],
    password: Option<&str>,
) -> Result<KeyMaterial, MaterialError> {
    if bytes.len() > DETAILS_TEXT_MAX {
        return Err(MaterialError::TooLarge);
    }
    let text = std::str::from_utf8(bytes).ok();
    let is_pem = |text: &str| certificate::pem::is_pem(text) && !text.contains(" CERTIFICATE");
    if let Some(text) = text
        && (is_ssh(text) || (kind == Kind::SshKey && is_pem(text)))
    {
        if text.contains("-----BEGIN CERTIFICATE-----") {
            return Err(MaterialError::Mixed);
        }
        let found = read_ssh(text, password)?;
        return Ok(KeyMaterial {
            content: Content::SshKey {
                private_key: found.private_key.to_string(),
                public_key: found.public_key,
            },
            facts: MaterialFacts::Ssh(found.facts),
        });
    }
    let found = read_bundle(bytes, password)?;
    let facts = found.facts.ok_or(MaterialError::NoCertificate)?;
    let key = found.key.map(|key| key.text.to_string());
    Ok(KeyMaterial {
        content: Content::Certificate {
            chain: found.chain,
            private_key: key.unwrap_or_default(),
        },
        facts: MaterialFacts::Certificate(facts),
    })
}

/// Reads what an item or a form holds. `None` for other kinds, and where nothing is filled in.
pub fn inspect_material(
    content: &Content,
    password: Option<&str>,
) -> Option<Result<KeyMaterial, MaterialError>> {
    let (one, other) = match content {
        Content::Certificate { chain, private_key } => (chain, private_key),
        Content::SshKey {
            private_key,
            public_key,
        } => (private_key, public_key),
        _ => return None,
    };
    if one.trim().is_empty() && other.trim().is_empty() {
        return None;
    }
    let text = Zeroizing::new(format!("{one}\n{other}"));
    Some(read_material(content.kind(), text.as_bytes(), password))
}

/// What a list row shows of a certificate or an SSH key.
pub(crate) fn hint(content: &Content) -> String {
    match content {
        Content::Certificate { chain, .. } => certificate::hint(chain),
        Content::SshKey {
            private_key,
            public_key,
        } => ssh::hint(private_key, public_key),
        _ => String::new(),
    }
}

/// What is to be said of how keys stand to each other; nothing when all is well.
impl KeyMatch {
    /// For people: what it means, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Absent => "No private key",
            Self::Matches => "The private key belongs to it",
            Self::Differs => "The private key belongs to another",
            Self::Encrypted => "The private key is encrypted",
            Self::Untold => "The private key does not tell whether it belongs to it",
        }
    }
}
