//! Finds secrets that stand in files and in the history of a repository. Nothing of them is shown
//! but what a list of the vault shows, too.

mod files;
mod git;
mod moving;
mod report;

use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use keyarc_vault::{Recognition, spot};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;

pub use files::{Looked, in_files};
pub use git::{in_history, staged, top_level};
pub use moving::{Moving, is_env_file};
pub use report::{lines, sarif};

/// Larger files and blobs are not looked at, in bytes: nobody writes a secret into one by hand.
pub const LARGEST: u64 = 10 * 1024 * 1024;
/// A line with this word in it is left alone.
const ALLOWED: &str = "keyarc:allow";
/// What else is left alone: patterns as in `.gitignore`, and fingerprints.
const IGNORE_FILE: &str = ".keyarcignore";
/// Before a fingerprint, in that file and in what is printed.
const FINGERPRINT: &str = "fingerprint:";
/// So many bytes are looked at to tell text from anything else, as Git does it.
const HEAD: usize = 8_000;

/// A secret that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where, as it is written from the folder in which somebody stands.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// What it is, for people.
    pub label: String,
    /// Whose, as the recognition data calls them.
    pub provider: String,
    /// What may be shown of it.
    pub hint: String,
    /// Tells it from others, and the same one in several places.
    pub fingerprint: String,
    /// The blob of Git in which it stands, where it was found in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
}

/// What is left alone.
pub struct Ignored {
    patterns: Gitignore,
    fingerprints: Vec<String>,
}

impl Ignored {
    /// Reads the file of a folder, if there is one.
    pub fn of(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(IGNORE_FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Failure::of_file("cannot read", &path, &error)),
        };
        let mut builder = GitignoreBuilder::new(folder);
        let mut fingerprints = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            match line.trim().strip_prefix(FINGERPRINT) {
                Some(fingerprint) => fingerprints.push(fingerprint.trim().to_owned()),
                None => {
                    builder.add_line(None, line).map_err(|error| {
                        Failure::Usage(format!("{}, line {number}: {error}", path.display()))
                    })?;
                }
            }
        }
        let patterns = builder.build();
        Ok(Self {
            patterns: patterns.map_err(|error| Failure::Usage(error.to_string()))?,
            fingerprints,
        })
    }

    /// Whether a file is left alone, or a folder in which it stands. The path is from the folder of
    /// the patterns on, or a whole one.
    pub fn has(&self, path: &Path, is_folder: bool) -> bool {
        let below = path.strip_prefix(self.patterns.path()).unwrap_or(path);
        below.is_relative()
            && self
                .patterns
                .matched_path_or_any_parents(below, is_folder)
                .is_ignore()
    }
}

/// What is found in the bytes of a file, in its order. Nothing in what is no text.
pub fn in_bytes(path: &str, blob: Option<&str>, bytes: &[u8], ignored: &Ignored) -> Vec<Finding> {
    if bytes[..bytes.len().min(HEAD)].contains(&0) {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(bytes);
    let spotted = spot(&text).into_iter();
    let found = spotted.map(|one| {
        let found = finding(path, one.line, one.found, &text[one.range.clone()], blob);
        (found, line_of(&text, one.range.start))
    });
    found
        .filter(|(_, line)| !line.contains(ALLOWED))
        .map(|(found, _)| found)
        .filter(|found| !ignored.fingerprints.contains(&found.fingerprint))
        .collect()
}

fn line_of(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    &text[start..end]
}

fn finding(path: &str, line: u32, found: Recognition, value: &str, blob: Option<&str>) -> Finding {
    Finding {
        path: path.to_owned(),
        line,
        fingerprint: fingerprint(value),
        label: found.label,
        provider: found.provider,
        hint: found.hint,
        blob: blob.map(str::to_owned),
    }
}

/// Few enough digits that a weak password cannot be told by them from all others that would have
/// the same, and enough for the secrets of a project.
fn fingerprint(value: &str) -> String {
    let hash = Sha256::new()
        .chain_update(b"keyarc scan\0")
        .chain_update(value)
        .finalize();
    hash.iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A path as it is shown and compared.
fn shown(path: &Path) -> String {
    let path = path.strip_prefix(".").unwrap_or(path);
    path.to_string_lossy().into_owned()
}

/// Where the patterns of a scan stand: the top of the work tree, or the folder in which somebody
/// stands.
pub fn base() -> Result<PathBuf, Failure> {
    match top_level()? {
        Some(top) => Ok(top),
        None => std::env::current_dir()
            .map_err(|error| Failure::Machine(format!("the current folder is gone: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In two halves, so that this file is no finding itself.
    fn key() -> String {
        ["sk_live_", "9zQ4mT7xW2kLpR5vB8nC3dFh"].concat()
    }

    fn ignored(text: &str) -> Ignored {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(IGNORE_FILE), text).expect("writes");
        Ignored::of(folder.path()).expect("reads")
    }

    #[test]
    fn a_finding_shows_nothing_of_the_secret_and_can_be_allowed() {
        let text = format!("first\nkey = {}\n", key());
        let none = ignored("");
        let found = in_bytes("a", None, text.as_bytes(), &none);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].line, found[0].hint.as_str()),
            (2, "sk_live_…3dFh")
        );
        let told = serde_json::to_string(&found).expect("JSON");
        assert!(!told.contains("9zQ4mT7x"), "{told}");
        let allowed = format!("key = {} # keyarc:allow\n", key());
        assert!(in_bytes("a", None, allowed.as_bytes(), &none).is_empty());
        let by_fingerprint = ignored(&format!("# known\nfingerprint:{}\n", found[0].fingerprint));
        assert!(in_bytes("a", None, text.as_bytes(), &by_fingerprint).is_empty());
        let binary = format!("\0{text}");
        assert!(in_bytes("a", None, binary.as_bytes(), &none).is_empty());
        let mixed = [b"\xff\xfe ", text.as_bytes()].concat();
        assert_eq!(in_bytes("a", None, &mixed, &none).len(), 1);
    }

    #[test]
    fn patterns_leave_files_and_folders_alone() {
        let ignored = ignored("fixtures/\n*.golden\n!keep.golden\n");
        for (path, is) in [
            ("fixtures/deep/a.rs", true),
            ("src/a.golden", true),
            ("keep.golden", false),
            ("src/a.rs", false),
        ] {
            assert_eq!(ignored.has(Path::new(path), false), is, "{path}");
        }
    }
}
