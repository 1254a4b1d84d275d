//! `keyarc.toml`: where the secrets of a project stand in the vault. It may be committed, and may
//! come from anybody: it holds no secrets, runs nothing, names no program, and leads to no other
//! server than the one that this machine's account is at.

use std::{
    env, fs,
    io::Read as _,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Component, Path, PathBuf},
};

use keyarc_lookup::{nearest, printable};
use rustix::{fs::OFlags, process::geteuid};
use toml::{Table, Value};

use crate::{failure::Failure, vault::Question};

/// What it is called.
pub const FILE: &str = "keyarc.toml";
/// What may stand in it.
const KEYS: [&str; 5] = ["vault", "folder", "environment", "env-file", "server"];
/// The vault of an account.
const VAULT: &str = "personal";
/// Bytes of the longest one.
const LONGEST: u64 = 64 * 1024;

/// What the project in which somebody stands says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Project {
    /// Where it says so; `None` when there is no project.
    pub path: Option<PathBuf>,
    /// Where names are looked for first; `/` between its parts.
    pub folder: Option<String>,
    /// The environment where none is named.
    pub environment: Option<String>,
    /// What is read in the place of `.env`.
    pub env_files: Vec<PathBuf>,
    /// The origin of the server that it is for.
    pub server: Option<String>,
}

impl Project {
    /// That of the current folder: the nearest file on the way up, to one's home or the root.
    pub fn here() -> Result<Self, Failure> {
        let here = env::current_dir()
            .map_err(|error| Failure::Machine(format!("the current folder is gone: {error}")))?;
        Self::of(&here, env::var_os("HOME").map(PathBuf::from).as_deref())
    }

    fn of(folder: &Path, home: Option<&Path>) -> Result<Self, Failure> {
        for folder in folder.ancestors() {
            if let Some(text) = read(&folder.join(FILE))? {
                return Self::parse(&text, &folder.join(FILE)).map_err(|why| {
                    let path = folder.join(FILE).display().to_string();
                    Failure::Usage(format!("{}: {why}", printable(&path)))
                });
            }
            if home == Some(folder) {
                break;
            }
        }
        Ok(Self::default())
    }

    fn parse(text: &str, path: &Path) -> Result<Self, String> {
        let table = text.parse::<Table>().map_err(|error| {
            let before = error
                .span()
                .map_or(text, |span| &text[..span.start.min(text.len())]);
            let line = before.matches('\n').count() + 1;
            format!("line {line}: {}", error.message())
        })?;
        let mut project = Self {
            path: Some(path.to_owned()),
            ..Self::default()
        };
        for (key, value) in table {
            match (key.as_str(), value) {
                ("vault", Value::String(vault)) if vault == VAULT => {}
                ("vault", _) => {
                    return Err(format!("vault: the vault of an account is \"{VAULT}\""));
                }
                ("folder", Value::String(folder)) => project.folder = Some(folder),
                ("environment", Value::String(name)) if !name.is_empty() => {
                    project.environment = Some(name);
                }
                ("server", Value::String(server)) => project.server = Some(server),
                ("env-file", value) => project.env_files = env_files(value, path)?,
                ("folder" | "environment" | "server", _) => {
                    return Err(format!("{key} is a text: {key} = \"…\""));
                }
                _ => {
                    let near = nearest(&key, KEYS.into_iter());
                    return Err(format!(
                        "there is no {}{}",
                        printable(&key),
                        match near.first() {
                            Some(near) => format!(". Did you mean {near}?"),
                            None => format!("; there are {}", KEYS.join(", ")),
                        }
                    ));
                }
            }
        }
        Ok(project)
    }

    /// Refuses to go on with an account at another server than the project is for.
    pub fn check(&self, server: &str) -> Result<(), Failure> {
        match (&self.path, &self.server) {
            (Some(path), Some(own)) if own != server => Err(Failure::Usage(format!(
                "{} is for {}, and the account of this machine is at {}: nothing was asked of either",
                printable(&path.display().to_string()),
                printable(own),
                printable(server),
            ))),
            _ => Ok(()),
        }
    }

    /// What is asked, where it names no folder or environment by itself.
    pub fn narrowed(&self, question: &Question) -> Question {
        let mut question = question.clone();
        for wanted in question.wanted() {
            if wanted.folder.is_none() {
                wanted.first.clone_from(&self.folder);
            }
            *wanted = wanted.clone().of_environment(self.environment.as_deref());
        }
        question
    }
}

/// Files of the project's own folder, and of those in it.
fn env_files(value: Value, path: &Path) -> Result<Vec<PathBuf>, String> {
    const WRONG: &str =
        "env-file names a file in the folder of this one, or several: \"config/dev.env\"";
    let names = match value {
        Value::String(name) => vec![Value::String(name)],
        Value::Array(names) if !names.is_empty() => names,
        _ => return Err(WRONG.to_owned()),
    };
    let folder = path.parent().unwrap_or(path);
    let within = |name: &Value| {
        let name = Path::new(name.as_str()?);
        let mut parts = name.components();
        let is_within = parts.all(|part| matches!(part, Component::Normal(_)));
        (is_within && name.file_name().is_some()).then(|| folder.join(name))
    };
    let paths: Option<Vec<PathBuf>> = names.iter().map(within).collect();
    paths.ok_or_else(|| WRONG.to_owned())
}

/// The text of a file; `None` when there is none. Whoever else may write it could send a command
/// to secrets that nobody meant.
fn read(path: &Path) -> Result<Option<String>, Failure> {
    let shown = printable(&path.display().to_string());
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = fs::OpenOptions::new()
        .read(true)
        // Of the system's own width, and without the sign.
        .custom_flags(i32::try_from(flags.bits()).unwrap_or_default())
        .open(path);
    let failed = |error: std::io::Error| Failure::Machine(format!("cannot read {shown}: {error}"));
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let known = file.metadata().map_err(failed)?;
    let refused = |why: &str| Err(Failure::Machine(format!("{shown} is not used: {why}")));
    if !known.is_file() {
        return refused("it is no plain file");
    }
    if known.uid() != geteuid().as_raw() {
        return refused(
            "it belongs to another user, who could send commands to other secrets than you mean. If you trust it, make it yours with chown",
        );
    }
    if known.mode() & 0o002 != 0 {
        return refused("everybody on this machine may change it: run `chmod o-w` on it");
    }
    let mut text = String::new();
    file.take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    if text.len() as u64 > LONGEST {
        return refused("it is longer than 64 kB");
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn parsed(text: &str) -> Result<Project, String> {
        Project::parse(text, Path::new("/p/keyarc.toml"))
    }

    #[test]
    fn what_may_stand_there_is_read_and_nothing_else() {
        let project = parsed(
            "vault = \"personal\"\nfolder = \"Payments/EU\"\nenvironment = 'test'\nenv-file = ['.env', 'a/b.env']\nserver = \"https://keyarc.example\"\n",
        );
        let project = project.expect("reads");
        assert_eq!(project.folder.as_deref(), Some("Payments/EU"));
        assert_eq!(project.environment.as_deref(), Some("test"));
        assert_eq!(
            project.env_files,
            [PathBuf::from("/p/.env"), "/p/a/b.env".into()]
        );
        assert!(project.check("https://keyarc.example").is_ok());
        let told = project.check("https://evil.example").expect_err("refuses");
        assert_eq!(told.exit_code(), 2);
        for (text, told) in [
            ("foler = 'a'", "there is no foler. Did you mean folder?"),
            ("run = 'rm'", "there are vault, folder"),
            ("folder = 1", "folder is a text"),
            ("environment = ''", "environment is a text"),
            ("vault = 'team'", "vault"),
            ("env-file = '/etc/passwd'", "env-file"),
            ("env-file = '../a'", "env-file"),
            ("env-file = ['a', 1]", "env-file"),
            ("env-file = ''", "env-file"),
            ("env-file = []", "env-file"),
            ("folder = 'a'\nfolder = 'b'", "line 2"),
            ("a\u{1b}[2J", "line 1"),
            ("'\u{202e}' = 1", "there is no \u{fffd}"),
        ] {
            let error = parsed(text).expect_err(text);
            assert!(error.contains(told), "{text}: {error}");
            assert!(!error.contains(['\u{1b}', '\u{202e}']), "{error:?}");
        }
    }

    #[test]
    fn the_nearest_one_on_the_way_up_counts_and_home_is_the_end_of_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().join("home");
        let deep = home.join("project/src/deep");
        fs::create_dir_all(&deep).expect("makes");
        let found = || Project::of(&deep, Some(&home));
        fs::write(folder.path().join(FILE), "folder = 'above'").expect("writes");
        assert_eq!(found(), Ok(Project::default()));
        fs::write(home.join(FILE), "folder = 'home'").expect("writes");
        assert_eq!(found().expect("reads").folder.as_deref(), Some("home"));
        let near = home.join("project").join(FILE);
        fs::write(&near, "folder = 'near'").expect("writes");
        assert_eq!(found().expect("reads").folder.as_deref(), Some("near"));
        assert_eq!(found().expect("reads").path, Some(near.clone()));

        fs::set_permissions(&near, fs::Permissions::from_mode(0o666)).expect("changes");
        let told = found().expect_err("is refused").to_string();
        assert!(told.contains("chmod o-w"), "{told}");
        fs::remove_file(&near).expect("removes");
        std::os::unix::fs::symlink(home.join(FILE), &near).expect("links");
        assert_eq!(found().expect_err("is refused").exit_code(), 1);
        fs::remove_file(&near).expect("removes");
        fs::create_dir(&near).expect("makes");
        assert_eq!(found().expect_err("is refused").exit_code(), 1);
        fs::remove_dir(&near).expect("removes");
        fs::write(&near, "#".repeat(70_000)).expect("writes");
        assert_eq!(found().expect_err("is refused").exit_code(), 1);
        fs::write(&near, b"folder = '\xff'").expect("writes");
        assert_eq!(found().expect_err("is refused").exit_code(), 1);
        if geteuid().is_root() {
            fs::write(&near, "folder = 'theirs'").expect("writes");
            std::os::unix::fs::chown(&near, Some(12_345), None).expect("gives away");
            let told = found().expect_err("is refused").to_string();
            assert!(told.contains("another user"), "{told}");
        }
    }
}
