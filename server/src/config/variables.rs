use std::{collections::HashMap, ffi::OsString, path::Path};

use super::Problem;

/// Where configuration comes from: the environment first, then a `.env` file in development.
#[derive(Clone, Default)]
pub struct Variables {
    environment: HashMap<String, OsString>,
    file: HashMap<String, String>,
}

impl Variables {
    /// The process's environment alone.
    pub fn from_environment() -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .collect();
        Self {
            environment,
            file: HashMap::new(),
        }
    }

    /// Given pairs, for tests and for embedding the server.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let environment = pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), OsString::from(value)))
            .collect();
        Self {
            environment,
            file: HashMap::new(),
        }
    }

    /// Adds what a `.env` file says where the environment is silent. A missing file is fine.
    pub fn with_file(mut self, path: &Path) -> Result<Self, Problem> {
        let unreadable = |rule: String| Problem {
            variable: ".env",
            rule,
        };
        let entries = match dotenvy::from_path_iter(path) {
            Ok(entries) => entries,
            Err(dotenvy::Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(self);
            }
            Err(_) => return Err(unreadable("must be readable".into())),
        };
        for (index, entry) in entries.enumerate() {
            // The parser's own message quotes the line, which may hold a secret.
            let (name, value) = entry.map_err(|_| {
                unreadable(format!(
                    "must hold NAME=value lines; entry {} is not one",
                    index + 1
                ))
            })?;
            self.file.insert(name, value);
        }
        Ok(self)
    }

    /// Whether the value came from the file rather than from the environment.
    pub(super) fn is_from_file(&self, name: &str) -> bool {
        !self.environment.contains_key(name) && self.file.contains_key(name)
    }

    /// A variable that is set and not empty. `Err` when it is not UTF-8.
    pub(super) fn get(&self, name: &str) -> Result<Option<&str>, ()> {
        let value = match self.environment.get(name) {
            Some(value) => Some(value.to_str().ok_or(())?),
            None => self.file.get(name).map(String::as_str),
        };
        Ok(value.map(str::trim).filter(|value| !value.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_wins_over_the_file_and_empty_means_unset() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".env");
        std::fs::write(&path, "BIND=1.1.1.1:1\nLOG_LEVEL='debug'\n# comment\n").expect("written");
        let variables = Variables::from_pairs([("BIND", "2.2.2.2:2"), ("SITE_ROOT", " ")])
            .with_file(&path)
            .expect("readable");
        assert_eq!(variables.get("BIND"), Ok(Some("2.2.2.2:2")));
        assert_eq!(variables.get("LOG_LEVEL"), Ok(Some("debug")));
        assert_eq!(variables.get("SITE_ROOT"), Ok(None));
        assert!(variables.is_from_file("LOG_LEVEL") && !variables.is_from_file("BIND"));
    }

    #[test]
    fn a_broken_file_is_named_without_its_content() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".env");
        std::fs::write(&path, "GOOD=1\nsk-canary is not a pair\n").expect("written");
        let problem = Variables::default()
            .with_file(&path)
            .err()
            .expect("refused");
        assert_eq!(problem.variable, ".env");
        assert!(!problem.rule.contains("canary"), "{}", problem.rule);
    }
}
