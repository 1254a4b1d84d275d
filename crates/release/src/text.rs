use std::{collections::BTreeMap, fmt::Write as _};

use keyarc_signature::{Purpose, SIGNATURE_LEN, SignatureError, SigningKey, VerifyingKey};

use crate::{Hash, hash};

/// Longest manifest that is read, in bytes.
pub const TEXT_MAX: usize = 1024 * 1024;
const FIRST_LINE: &str = "keyarc-release 1";
const NONE: &str = "none";

/// What a release consists of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Release {
    /// Its version, for example `0.1.0`.
    pub version: String,
    /// [`SignedRelease::hash`] of the release before.
    pub previous: Option<Hash>,
    /// What is served, by its path on the server.
    pub files: BTreeMap<String, Hash>,
    /// Documents, by path.
    pub pages: BTreeMap<String, Hash>,
    /// Content security policies, by path.
    pub policies: BTreeMap<String, String>,
}

/// A release as somebody signed it. Parsing checks its form; [`verify`](Self::verify) makes it
/// believable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRelease {
    release: Release,
    key: [u8; 32],
    signature: [u8; SIGNATURE_LEN],
}

/// A text is not a release manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// It is longer than [`TEXT_MAX`].
    #[error("it is longer than a release manifest can be")]
    TooLong,
    /// A line, counted from 1, is not what has to stand there.
    #[error("line {0} is not what has to stand there")]
    Line(usize),
    /// Every line is well formed, and yet the whole is not as it would be written.
    #[error("it is not in its one canonical form")]
    NotCanonical,
}

impl Release {
    /// Signs it. Paths, version and policies must be single words or lines: [`SignedRelease`]
    /// reads nothing else back.
    pub fn sign(self, key: &SigningKey) -> SignedRelease {
        let public = key.public_key();
        let signature = key.sign(Purpose::Release, signed_text(&self, &public).as_bytes());
        SignedRelease {
            release: self,
            key: public,
            signature,
        }
    }
}

impl SignedRelease {
    /// Reads exactly what [`to_text`](Self::to_text) writes.
    pub fn parse(text: &str) -> Result<Self, ReleaseError> {
        if text.len() > TEXT_MAX {
            return Err(ReleaseError::TooLong);
        }
        let mut lines = (1..).zip(text.split_terminator('\n')).peekable();
        let mut next = |prefix: &str| match lines.next() {
            Some((number, line)) => line
                .strip_prefix(prefix)
                .map(|rest| (number, rest))
                .ok_or(ReleaseError::Line(number)),
            None => Err(ReleaseError::NotCanonical),
        };
        let (number, rest) = next(FIRST_LINE)?;
        if !rest.is_empty() {
            return Err(ReleaseError::Line(number));
        }
        let (number, version) = next("version ")?;
        word(version).ok_or(ReleaseError::Line(number))?;
        let (number, previous) = next("previous ")?;
        let previous = match previous {
            NONE => None,
            _ => Some(bytes(previous).ok_or(ReleaseError::Line(number))?),
        };
        let mut release = Release {
            version: version.to_owned(),
            previous,
            ..Release::default()
        };
        let key = loop {
            let (number, line) = next("")?;
            let (kind, rest) = line.split_once(' ').ok_or(ReleaseError::Line(number))?;
            let known = match kind {
                "file" => entry(&mut release.files, rest),
                "page" => entry(&mut release.pages, rest),
                "policy" => policy(&mut release.policies, rest),
                "key" => break bytes(rest).ok_or(ReleaseError::Line(number))?,
                _ => None,
            };
            known.ok_or(ReleaseError::Line(number))?;
        };
        let (number, signature) = next("signature ")?;
        let signed = Self {
            release,
            key,
            signature: bytes(signature).ok_or(ReleaseError::Line(number))?,
        };
        // Anything after it, lines out of order and a missing end of line show here.
        if signed.to_text() != text {
            return Err(ReleaseError::NotCanonical);
        }
        Ok(signed)
    }

    /// Its text.
    pub fn to_text(&self) -> String {
        let mut text = signed_text(&self.release, &self.key);
        let _ = writeln!(text, "signature {}", hex::encode(self.signature));
        text
    }

    /// What it states. Believe it only once it [verifies](Self::verify).
    pub fn release(&self) -> &Release {
        &self.release
    }

    /// The key that it says it is signed with.
    pub fn key(&self) -> [u8; 32] {
        self.key
    }

    /// Names this manifest, signature included.
    pub fn hash(&self) -> Hash {
        hash(self.to_text().as_bytes())
    }

    /// Checks that it was signed with a key that is known from elsewhere.
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), SignatureError> {
        if self.key != key.to_bytes() {
            return Err(SignatureError);
        }
        let text = signed_text(&self.release, &self.key);
        key.verify(Purpose::Release, text.as_bytes(), &self.signature)
    }
}

fn signed_text(release: &Release, key: &[u8; 32]) -> String {
    let mut text = format!("{FIRST_LINE}\nversion {}\n", release.version);
    let previous = release.previous.map(hex::encode);
    // Writing into a string cannot fail.
    let _ = writeln!(text, "previous {}", previous.as_deref().unwrap_or(NONE));
    for (path, hash) in &release.files {
        let _ = writeln!(text, "file {} {path}", hex::encode(hash));
    }
    for (path, hash) in &release.pages {
        let _ = writeln!(text, "page {} {path}", hex::encode(hash));
    }
    for (path, policy) in &release.policies {
        let _ = writeln!(text, "policy {path} {policy}");
    }
    let _ = writeln!(text, "key {}", hex::encode(key));
    text
}

fn entry(entries: &mut BTreeMap<String, Hash>, rest: &str) -> Option<()> {
    let (hash, path) = rest.split_once(' ')?;
    let hash = bytes(hash)?;
    entries.insert(path_of(path)?, hash).is_none().then_some(())
}

fn policy(policies: &mut BTreeMap<String, String>, rest: &str) -> Option<()> {
    let (path, policy) = rest.split_once(' ')?;
    let printable = policy.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let first = policies.insert(path_of(path)?, policy.to_owned()).is_none();
    (printable && first).then_some(())
}

fn path_of(path: &str) -> Option<String> {
    (path.starts_with('/') && word(path).is_some()).then(|| path.to_owned())
}

/// A word of visible ASCII: nothing in a manifest can look like something else.
fn word(word: &str) -> Option<&str> {
    (!word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic())).then_some(word)
}

/// Lower-case hexadecimal digits, exactly as many as are wanted.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    (hex::encode(bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_seed(&[7; 32])
    }

    fn release() -> Release {
        Release {
            version: "0.1.0".to_owned(),
            previous: Some([9; 32]),
            files: [("/pkg/a.js", [1; 32]), ("/pkg/b.wasm", [2; 32])]
                .map(|(path, hash)| (path.to_owned(), hash))
                .into(),
            pages: [("/log-in".to_owned(), [3; 32])].into(),
            policies: [(
                "/log-in".to_owned(),
                "default-src 'none'; script-src 'nonce-NONCE'".to_owned(),
            )]
            .into(),
        }
    }

    #[test]
    fn a_release_reads_back_and_verifies() {
        let signed = release().sign(&key());
        let read = SignedRelease::parse(&signed.to_text()).expect("well formed");
        assert_eq!(read, signed);
        assert_eq!(read.release(), &release());
        assert!(read.verify(&key().verifying_key()).is_ok());
        let other = SigningKey::from_seed(&[8; 32]);
        assert!(read.verify(&other.verifying_key()).is_err());
    }

    /// The format is fixed: whoever checked a release yesterday can check it in ten years.
    #[test]
    fn the_text_of_a_release_is_known() {
        let text = release().sign(&key()).to_text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 9);
        assert_eq!(
            lines[..3],
            [
                "keyarc-release 1".to_owned(),
                "version 0.1.0".to_owned(),
                format!("previous {}", "09".repeat(32)),
            ]
        );
        assert_eq!(lines[3], format!("file {} /pkg/a.js", "01".repeat(32)));
        assert_eq!(
            lines[6],
            "policy /log-in default-src 'none'; script-src 'nonce-NONCE'"
        );
        assert!(lines[7].starts_with("key ") && lines[8].starts_with("signature "));
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let text = release().sign(&key()).to_text();
        for at in 0..text.len() {
            for by in [b'0', b'f', b' ', b'\n', b'Z'] {
                let mut bytes = text.clone().into_bytes();
                if bytes[at] == by {
                    continue;
                }
                bytes[at] = by;
                let changed = String::from_utf8(bytes).expect("ASCII");
                let believed = SignedRelease::parse(&changed)
                    .is_ok_and(|signed| signed.verify(&key().verifying_key()).is_ok());
                assert!(!believed, "{at}: {changed}");
            }
        }
    }

    #[test]
    fn what_would_read_in_two_ways_is_refused() {
        let text = release().sign(&key()).to_text();
        let refused = |changed: String| SignedRelease::parse(&changed).expect_err("refused");
        assert_eq!(refused(format!("{text}\n")), ReleaseError::NotCanonical);
        assert_eq!(
            refused(format!("{text}key x\n")),
            ReleaseError::NotCanonical
        );
        assert_eq!(
            refused(text.trim_end().to_owned()),
            ReleaseError::NotCanonical
        );
        assert_eq!(refused(text.replace('\n', "\r\n")), ReleaseError::Line(1));
        let line = text.lines().nth(3).expect("a file").to_owned();
        assert_eq!(
            refused(text.replace(&line, &format!("{line}\n{line}"))),
            ReleaseError::Line(5)
        );
        assert_eq!(
            refused(text.replace("/pkg/a.js", "/pkg/a b.js")),
            ReleaseError::Line(4)
        );
        assert_eq!(refused("x".repeat(TEXT_MAX + 1)), ReleaseError::TooLong);
        assert_eq!(refused(String::new()), ReleaseError::NotCanonical);
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_canonical(text in r"(keyarc-release 1\n)?(version 1\n)?(previous none\n)?(\PC|\n){0,200}") {
            if let Ok(signed) = SignedRelease::parse(&text) {
                prop_assert_eq!(signed.to_text(), text);
            }
        }
    }
}
