//! SSH keys: private ones in OpenSSH's own format (PROTOCOL.key of OpenSSH) and in PEM, public
//! ones as lines (RFC 4253, section 6.6). Encrypted private keys stay as they are.

mod private;
mod public;
mod secret;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub(crate) use private::{write_ed25519, write_rsa};
pub(crate) use public::line_of;
pub use secret::{SshNumbers, SshRsaNumbers, SshSecretKey, read_ssh_secret};

use crate::certificate::{KeyMatch, MaterialError, PrivatePem, read_bundle};
use private::{BEGIN, OpenSsh};
use public::PublicLine;

/// Longest comment that is kept, in characters.
pub const COMMENT_MAX: usize = 200;

/// What an SSH key is, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshFacts {
    /// As SSH names it, for example `ssh-ed25519`.
    pub algorithm: String,
    /// Algorithm and size, for example `RSA 3072`.
    pub key: String,
    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// What stands behind the public key, for example `ada@example.com`.
    pub comment: String,
    /// How the private key stands to the public line.
    pub private_key: KeyMatch,
    /// The private key is encrypted with a passphrase of its own.
    pub encrypted: bool,
}

/// An SSH key as its item keeps it.
pub(crate) struct SshBundle {
    pub(crate) private_key: Zeroizing<String>,
    pub(crate) public_key: String,
    pub(crate) facts: SshFacts,
}

/// Whether a text holds a key that only SSH has: its own format, a public line, or PuTTY's.
pub(crate) fn is_ssh(text: &str) -> bool {
    text.contains(BEGIN) || is_putty(text) || text.lines().any(PublicLine::begins)
}

fn is_putty(text: &str) -> bool {
    text.trim_start().starts_with("PuTTY-User-Key-File-")
}

/// Reads a private key, a public line, or both.
pub(crate) fn read_ssh(text: &str, password: Option<&str>) -> Result<SshBundle, MaterialError> {
    if is_putty(text) {
        return Err(MaterialError::Putty);
    }
    let mut lines = text.lines().filter(|line| PublicLine::begins(line));
    let line = lines.next().map(PublicLine::read).transpose()?;
    if lines.next().is_some() || text.matches(BEGIN).nth(1).is_some() {
        return Err(MaterialError::SeveralSsh);
    }
    if let Some((own, block)) = OpenSsh::find(text)? {
        let found = Private {
            public: PublicLine::of_blob(&own.public, own.comment.as_deref().unwrap_or_default())?,
            text: block,
            is_encrypted: own.is_encrypted,
        };
        return Ok(join(Some(found), line));
    }
    if let Some(line) = line {
        let private = match text.contains("-----BEGIN ") {
            true => Some(pem(text, password)?),
            false => None,
        };
        return match private {
            Some(key) if key.public.is_none() => Ok(untold(key, line)),
            Some(key) => Ok(join(Some(of_pem(key)?), Some(line))),
            None => Ok(join(None, Some(line))),
        };
    }
    let key = pem(text, password)?;
    match (key.is_encrypted, &key.public) {
        (true, _) => Err(MaterialError::NeedsPassword),
        (false, None) => Err(MaterialError::NotForSsh),
        (false, Some(_)) => Ok(join(Some(of_pem(key)?), None)),
    }
}

/// What a list row shows: `ssh-ed25519 SHA256:…`. Empty when nothing can be read.
pub(crate) fn hint(private_key: &str, public_key: &str) -> String {
    let line = match public_key.lines().find(|line| PublicLine::begins(line)) {
        Some(line) => PublicLine::read(line).ok(),
        None => OpenSsh::find(private_key)
            .ok()
            .flatten()
            .and_then(|(own, _)| PublicLine::of_blob(&own.public, "").ok()),
    };
    line.map(|line| format!("{} {}", line.name, line.fingerprint()))
        .unwrap_or_default()
}

struct Private {
    public: PublicLine,
    text: Zeroizing<String>,
    is_encrypted: bool,
}

fn pem(text: &str, password: Option<&str>) -> Result<PrivatePem, MaterialError> {
    let bundle = read_bundle(text.as_bytes(), password)?;
    bundle.key.ok_or(MaterialError::Nothing)
}

fn of_pem(key: PrivatePem) -> Result<Private, MaterialError> {
    let public = key.public.as_ref().and_then(|public| public.to_ssh());
    let (_, blob) = public.ok_or(MaterialError::NotForSsh)?;
    Ok(Private {
        public: PublicLine::of_blob(&blob, "")?,
        text: key.text,
        is_encrypted: key.is_encrypted,
    })
}

/// A private key that says nothing of its public half, beside a line that may be it.
fn untold(key: PrivatePem, line: PublicLine) -> SshBundle {
    let stands = match key.is_encrypted {
        true => KeyMatch::Encrypted,
        false => KeyMatch::Untold,
    };
    SshBundle {
        facts: line.facts(stands, key.is_encrypted),
        private_key: key.text,
        public_key: line.text(),
    }
}

fn join(private: Option<Private>, line: Option<PublicLine>) -> SshBundle {
    let stands = match (&private, &line) {
        (None, _) => KeyMatch::Absent,
        (Some(private), Some(line)) if private.public.blob != line.blob => KeyMatch::Differs,
        (Some(_), _) => KeyMatch::Matches,
    };
    let is_encrypted = private.as_ref().is_some_and(|key| key.is_encrypted);
    let (text, own) = match private {
        Some(private) => (private.text, Some(private.public)),
        None => (Zeroizing::default(), None),
    };
    let shown = line.or(own).unwrap_or_default();
    SshBundle {
        facts: shown.facts(stands, is_encrypted),
        private_key: text,
        public_key: shown.text(),
    }
}

#[cfg(test)]
mod tests;
