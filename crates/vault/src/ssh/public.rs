//! Public keys as lines: the algorithm's name, the key in Base64, a comment.

use sha2::{Digest, Sha256};

use super::{COMMENT_MAX, KeyMatch, SshFacts, private::Strings};
use crate::certificate::{MaterialError, pem};

/// What the names of public keys begin with.
const BEGINNINGS: [&str; 5] = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "rsa-sha2-"];

/// A line of a public key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PublicLine {
    pub(super) name: String,
    pub(super) blob: Vec<u8>,
    comment: String,
}

impl PublicLine {
    /// Whether a line looks like one.
    pub(super) fn begins(line: &str) -> bool {
        let line = line.trim_start();
        BEGINNINGS.iter().any(|start| line.starts_with(start)) && line.contains(" AAAA")
    }

    pub(super) fn read(line: &str) -> Result<Self, MaterialError> {
        let mut words = line.trim().splitn(3, [' ', '\t']);
        let (Some(name), Some(data)) = (words.next(), words.next()) else {
            return Err(MaterialError::Ssh);
        };
        let blob = pem::decode(data).ok_or(MaterialError::Ssh)?;
        let line = Self::of_blob(&blob, words.next().unwrap_or_default())?;
        if line.name != name {
            return Err(MaterialError::Ssh);
        }
        Ok(line)
    }

    /// Of the key's bytes, which begin with the algorithm's name.
    pub(super) fn of_blob(blob: &[u8], comment: &str) -> Result<Self, MaterialError> {
        let name = Strings(blob).step().ok_or(MaterialError::Ssh)?;
        let is_name = name.len() < 64 && name.iter().all(u8::is_ascii_graphic);
        let name = std::str::from_utf8(name).ok().filter(|_| is_name);
        Ok(Self {
            name: name.ok_or(MaterialError::Ssh)?.to_owned(),
            blob: blob.to_vec(),
            comment: clean(comment),
        })
    }

    /// As `ssh-keygen -l` prints it: SHA-256 in Base64 without padding.
    pub(super) fn fingerprint(&self) -> String {
        let hash = pem::encode(&Sha256::digest(&self.blob));
        format!("SHA256:{}", hash.trim_end_matches('='))
    }

    pub(super) fn text(&self) -> String {
        line_of(&self.name, &self.blob, &self.comment)
    }

    pub(super) fn facts(&self, private_key: KeyMatch, encrypted: bool) -> SshFacts {
        SshFacts {
            algorithm: self.name.clone(),
            key: self.words(),
            fingerprint: self.fingerprint(),
            comment: self.comment.clone(),
            private_key,
            encrypted,
        }
    }

    /// Algorithm and size for people.
    fn words(&self) -> String {
        match self.name.as_str() {
            "ssh-ed25519" => "Ed25519".to_owned(),
            "ssh-rsa" => format!("RSA {}", self.modulus_bits()),
            "ssh-dss" => "DSA".to_owned(),
            "ecdsa-sha2-nistp256" => "ECDSA P-256".to_owned(),
            "ecdsa-sha2-nistp384" => "ECDSA P-384".to_owned(),
            "ecdsa-sha2-nistp521" => "ECDSA P-521".to_owned(),
            "sk-ssh-ed25519@openssh.com" => "Ed25519 in a security key".to_owned(),
            "sk-ecdsa-sha2-nistp256@openssh.com" => "ECDSA P-256 in a security key".to_owned(),
            other => other.to_owned(),
        }
    }

    fn modulus_bits(&self) -> usize {
        let mut strings = Strings(&self.blob);
        let modulus = strings.step().and_then(|_| strings.step());
        let modulus = modulus.and_then(|_| strings.step()).unwrap_or_default();
        let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
        let first = modulus.get(zeros).map_or(0, |byte| byte.leading_zeros());
        ((modulus.len() - zeros) * 8).saturating_sub(first as usize)
    }
}

/// A public line of a key's bytes.
pub(crate) fn line_of(name: &str, blob: &[u8], comment: &str) -> String {
    let line = format!("{name} {} {}", pem::encode(blob), clean(comment));
    line.trim_end().to_owned()
}

/// A comment as one line that reads as it is written.
fn clean(comment: &str) -> String {
    let kept = comment.trim().chars().filter(|c| {
        !c.is_control() && !matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    });
    kept.take(COMMENT_MAX).collect()
}
