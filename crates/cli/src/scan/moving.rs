//! A file of variables whose secrets go into the vault, with references in their places. The file
//! is replaced last, in one step, and only if it is still what was read.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use keyarc_reference::SCHEME;
use keyarc_vault::import::{self, Assignment};
use zeroize::Zeroizing;

use super::{Finding, LARGEST};
use crate::failure::Failure;

/// A secret in the file.
pub struct MovedSecret {
    /// The variable.
    pub name: String,
    /// Its value.
    pub value: Zeroizing<String>,
    /// What it is, for people.
    pub label: String,
    /// What may be shown of it.
    pub hint: String,
    /// Line, from 1.
    line: u32,
}

/// The file.
pub struct Moving {
    /// The file itself, if a link was named.
    path: PathBuf,
    text: Zeroizing<String>,
    /// Those that can be moved.
    pub secrets: Vec<MovedSecret>,
    /// Lines of those that cannot, since they are not written in one line as they are.
    pub left: Vec<u32>,
}

/// Whether a file is one of variables, by its name: `.env`, `.env.local`, `production.env`. What
/// shows others what such a file looks like has no secrets.
pub fn is_env_file(path: &Path) -> bool {
    const SHOWN: [&str; 4] = ["example", "sample", "template", "dist"];
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut parts = name.split('.').skip(1);
    let is_env = name.split('.').any(|part| part == "env") && name.contains(".env");
    is_env && !parts.any(|part| SHOWN.contains(&part))
}

impl Moving {
    /// Reads a file, of whose lines it is known what was found in them.
    pub fn read(path: &Path, findings: &[Finding]) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::of_file("cannot read", path, &error);
        let path = fs::canonicalize(path).map_err(failed)?;
        let size = fs::metadata(&path).map_err(failed)?.len();
        if size > LARGEST {
            return Err(Failure::Usage(format!(
                "{}: larger than 10 MB",
                path.display()
            )));
        }
        let text = Zeroizing::new(fs::read_to_string(&path).map_err(failed)?);
        let parsed = import::parse(&text);
        if let Some(wrong) = parsed.errors.first() {
            return Err(Failure::Usage(format!(
                "{}, line {}: {}",
                path.display(),
                wrong.line,
                wrong.reason
            )));
        }
        let mut moving = Self {
            path,
            text,
            secrets: Vec::new(),
            left: Vec::new(),
        };
        for (at, one) in parsed.assignments.iter().enumerate() {
            let next = parsed
                .assignments
                .get(at + 1)
                .map_or(u32::MAX, |next| next.line);
            let found = findings
                .iter()
                .find(|found| (one.line..next).contains(&found.line));
            if let Some(found) = found.filter(|_| !one.value.starts_with(SCHEME)) {
                moving.add(one, found);
            }
        }
        let mut names: Vec<&str> = moving
            .secrets
            .iter()
            .map(|secret| secret.name.as_str())
            .collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(twice) => Err(Failure::Usage(format!(
                "{} stands twice in the file; only the last one counts: take the other out first",
                keyarc_lookup::printable(twice[0])
            ))),
            None => Ok(moving),
        }
    }

    fn add(&mut self, one: &Assignment, found: &Finding) {
        let line = self
            .text
            .lines()
            .nth(one.line as usize - 1)
            .unwrap_or_default();
        match with_reference(line, &one.value, "") {
            Some(_) => self.secrets.push(MovedSecret {
                name: one.name.clone(),
                value: Zeroizing::new(one.value.clone()),
                label: found.label.clone(),
                hint: found.hint.clone(),
                line: one.line,
            }),
            None => self.left.push(one.line),
        }
    }

    /// The file with references in the places of the secrets, in their order. It reads as before,
    /// but for them.
    pub fn with(&self, references: &[String]) -> Result<Zeroizing<String>, Failure> {
        let mut text = Zeroizing::new(String::with_capacity(self.text.len()));
        let mut left = self.secrets.iter().zip(references).peekable();
        for (number, line) in (1..).zip(self.text.split_inclusive('\n')) {
            match left.next_if(|(secret, _)| secret.line == number) {
                Some((secret, reference)) => {
                    let new = with_reference(line, &secret.value, reference);
                    text.push_str(&Zeroizing::new(new.ok_or_else(otherwise)?));
                }
                None => text.push_str(line),
            }
        }
        let expected: Vec<Assignment> = import::parse(&self.text).assignments;
        let parsed = import::parse(&text);
        let is_same = |(old, new): (&Assignment, &Assignment)| {
            let moved = self
                .secrets
                .iter()
                .position(|secret| secret.line == old.line);
            let value = moved.map_or(old.value.as_str(), |at| references[at].as_str());
            (old.line, old.name.as_str(), value)
                == (new.line, new.name.as_str(), new.value.as_str())
        };
        let all = parsed.assignments.len() == expected.len()
            && parsed.errors.is_empty()
            && expected.iter().zip(&parsed.assignments).all(is_same);
        match all {
            true => Ok(text),
            false => Err(otherwise()),
        }
    }

    /// Puts a text in the file's place, which keeps who may read it, unless the file is another one
    /// by now.
    pub fn replace(&self, text: &str) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::of_file("cannot write", &self.path, &error);
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let permissions = fs::metadata(&self.path).map_err(failed)?.permissions();
        let mut file = tempfile::Builder::new()
            .permissions(permissions)
            .tempfile_in(folder)
            .map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        let now = Zeroizing::new(fs::read_to_string(&self.path).map_err(failed)?);
        if *now != *self.text {
            return Err(Failure::Machine(format!(
                "{} was changed meanwhile and stays as it is; the secrets are in the vault",
                self.path.display()
            )));
        }
        file.persist(&self.path)
            .map_err(|error| failed(error.error))?;
        Ok(())
    }
}

fn otherwise() -> Failure {
    Failure::Other(
        "the file would read otherwise than before; nothing was changed in it".to_owned(),
    )
}

/// A line `NAME=value` with a reference for the value, which stands there as it is, in quotes or
/// without; `None` for one that is written otherwise.
fn with_reference(line: &str, value: &str, reference: &str) -> Option<String> {
    let (name, rest) = line.split_once('=')?;
    let space = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let (space, rest) = rest.split_at(space);
    let quote = rest
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`'));
    let behind = match quote {
        Some(quote) => rest[1..].strip_prefix(value)?.strip_prefix(quote)?,
        None => rest.strip_prefix(value)?,
    };
    let ends = behind.trim_end().is_empty() || behind.starts_with([' ', '\t', '\r', '\n']);
    ends.then(|| format!("{name}={space}{reference}{behind}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn found(line: u32) -> Finding {
        Finding {
            path: String::new(),
            line,
            label: "secret".to_owned(),
            provider: "secret".to_owned(),
            hint: "…".to_owned(),
            fingerprint: String::new(),
            blob: None,
        }
    }

    fn moving(text: &str, lines: &[u32]) -> Result<(tempfile::TempDir, Moving), Failure> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".env");
        fs::write(&path, text).expect("writes");
        let findings: Vec<Finding> = lines.iter().map(|line| found(*line)).collect();
        Ok((folder, Moving::read(&path, &findings)?))
    }

    #[test]
    fn only_values_change_and_all_else_stays_letter_by_letter() {
        let text = "# A=first\nexport A = \"one two\"  # why\r\nB='three'\nC=four\n\nD=\"five\\nsix\"\nE=keyarc://personal/x/y\nF=plain\nG=last";
        let (_folder, moving) = moving(text, &[2, 3, 4, 6, 7, 9]).expect("reads");
        let names: Vec<&str> = moving.secrets.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["A", "B", "C", "G"]);
        assert_eq!(moving.left, [6], "escapes are no plain value");
        let references: Vec<String> = ["a", "b", "c", "g"]
            .map(|of| format!("keyarc://personal/{of}/value"))
            .to_vec();
        let new = moving.with(&references).expect("reads as before");
        assert_eq!(
            &**new,
            "# A=first\nexport A = keyarc://personal/a/value  # why\r\nB=keyarc://personal/b/value\nC=keyarc://personal/c/value\n\nD=\"five\\nsix\"\nE=keyarc://personal/x/y\nF=plain\nG=keyarc://personal/g/value"
        );
    }

    #[test]
    fn a_file_keeps_its_readers_and_is_left_alone_when_it_changed() {
        let (folder, moving) = moving("A=one\n", &[1]).expect("reads");
        let path = folder.path().join(".env");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("changes");
        moving.replace("A=two\n").expect("replaces");
        assert_eq!(fs::read_to_string(&path).expect("reads"), "A=two\n");
        let mode = fs::metadata(&path).expect("is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        assert!(
            moving.replace("A=three\n").is_err(),
            "it is another one by now"
        );
        assert_eq!(fs::read_to_string(&path).expect("reads"), "A=two\n");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn what_is_not_plain_is_refused() {
        assert!(moving("A=one\nA=two\n", &[1, 2]).is_err());
        assert!(moving("A=\"open\n", &[1]).is_err());
    }

    #[test]
    fn files_of_variables_are_told_by_their_names() {
        for (name, is) in [
            (".env", true),
            (".env.local", true),
            ("production.env", true),
            (".env.example", false),
            ("env", false),
            ("env.rs", false),
            (".environment", false),
        ] {
            assert_eq!(is_env_file(Path::new(name)), is, "{name}");
        }
    }
}
