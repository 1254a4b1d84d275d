//! What is kept on this machine: which account is known here, and what was seen of its vault. The
//! password and the keys never are.

use std::{
    env, fs,
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use keyarc_crypto::SetupCode;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{failure::Failure, output, private::refuse_open};

const ACCOUNT: &str = "account.json";
const SEEN: &str = "seen";
const KEYRING: &str = "keyring.json";

/// The folder.
#[derive(Debug, Clone)]
pub struct Home {
    folder: PathBuf,
    is_offline: bool,
}

/// An account that this machine knows. As on a known browser, the setup code is kept and the
/// password is not: neither opens anything without the other.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The server's origin.
    pub server: String,
    /// The setup code, as it is printed.
    pub setup_code: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Account(redacted)")
    }
}

impl Account {
    /// The setup code.
    pub fn code(&self) -> Result<SetupCode, Failure> {
        SetupCode::parse(&self.setup_code).map_err(|error| {
            Failure::Machine(format!(
                "the setup code that is kept here is damaged: {error}. Run `keyarc login` again"
            ))
        })
    }
}

impl Home {
    /// `$KEYARC_HOME`, or `keyarc` in the user's folder for configuration
    /// (<https://specifications.freedesktop.org/basedir-spec/>).
    pub fn locate() -> Result<Self, Failure> {
        let folder = given("KEYARC_HOME")
            .or_else(|| given("XDG_CONFIG_HOME").map(|folder| folder.join("keyarc")))
            .or_else(|| given("HOME").map(|folder| folder.join(".config/keyarc")));
        match folder {
            Some(folder) => Ok(Self::at(folder)),
            None => Err(Failure::Machine(
                "set KEYARC_HOME, XDG_CONFIG_HOME or HOME, so that there is a place for what is kept".to_owned(),
            )),
        }
    }

    /// A place where nothing can be kept.
    pub fn nowhere() -> Self {
        Self::at(PathBuf::from("/dev/null/keyarc"))
    }

    fn at(folder: PathBuf) -> Self {
        Self {
            folder,
            is_offline: false,
        }
    }

    /// From now on no server is asked for this machine, if so.
    pub fn offline(self, is_offline: bool) -> Self {
        Self { is_offline, ..self }
    }

    /// Whether no server is to be asked.
    pub fn is_offline(&self) -> bool {
        self.is_offline
    }

    /// Where the process that holds the keys listens.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("keeper.sock")
    }

    /// Held by the process that holds the keys, so that there is one.
    pub fn lock(&self) -> PathBuf {
        self.folder.join("keeper.lock")
    }

    /// Makes the folder, for its owner alone.
    pub fn make(&self) -> Result<(), Failure> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(|error| Failure::of_file("cannot make", &self.folder, &error))?;
        private(&self.folder)
    }

    /// The account, if one is known here.
    pub fn account(&self) -> Result<Account, Failure> {
        let path = self.folder.join(ACCOUNT);
        let text = match fs::read_to_string(&path) {
            Ok(text) => zeroize::Zeroizing::new(text),
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(Failure::NoAccount),
            Err(error) => return Err(Failure::of_file("cannot read", &path, &error)),
        };
        private(&self.folder)?;
        private(&path)?;
        serde_json::from_str(&text).map_err(|_| {
            Failure::Machine(format!(
                "{} is damaged: run `keyarc login` again",
                path.display()
            ))
        })
    }

    /// A file that a person has written into the folder, if it is there, and its path. What others
    /// may write or read is refused.
    pub fn private_text(&self, name: &str) -> Result<(PathBuf, Option<String>), Failure> {
        let path = self.folder.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => {
                private(&self.folder)?;
                private(&path)?;
                Ok((path, Some(text)))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok((path, None)),
            Err(error) => Err(Failure::of_file("cannot read", &path, &error)),
        }
    }

    /// Remembers an account.
    pub fn keep(&self, account: &Account) -> Result<(), Failure> {
        self.make()?;
        let text =
            serde_json::to_vec(account).map_err(|error| Failure::Other(error.to_string()))?;
        self.write(ACCOUNT, &zeroize::Zeroizing::new(text))
    }

    /// Forgets the account and what was seen of it.
    pub fn forget(&self) -> Result<(), Failure> {
        for name in [ACCOUNT, SEEN, KEYRING] {
            self.remove(name)?;
        }
        Ok(())
    }

    /// What is noted of what the system's keyring keeps, if it keeps something, and where.
    pub fn keyring_note(&self) -> Result<Option<(PathBuf, String)>, Failure> {
        let (path, text) = self.private_text(KEYRING)?;
        Ok(text.map(|text| (path, text)))
    }

    /// Notes it.
    pub fn keep_keyring_note(&self, note: &[u8]) -> Result<(), Failure> {
        self.write(KEYRING, note)
    }

    /// It keeps nothing any more.
    pub fn forget_keyring_note(&self) -> Result<(), Failure> {
        self.remove(KEYRING)
    }

    fn remove(&self, name: &str) -> Result<(), Failure> {
        let path = self.folder.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Failure::of_file("cannot remove", &path, &error))
            }
            _ => Ok(()),
        }
    }

    /// What was seen of the vault, sealed.
    pub fn seen(&self) -> Result<Option<Vec<u8>>, Failure> {
        let path = self.folder.join(SEEN);
        match fs::read(&path) {
            Ok(seen) => Ok(Some(seen)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::of_file("cannot read", &path, &error)),
        }
    }

    /// Keeps what was seen of the vault.
    pub fn keep_seen(&self, sealed: &[u8]) -> Result<(), Failure> {
        self.write(SEEN, sealed)
    }

    /// Replaces a file in one step: it is the old one or the new one, whatever happens.
    fn write(&self, name: &str, content: &[u8]) -> Result<(), Failure> {
        output::private_file(&self.folder.join(name), content)
    }
}

/// The path in a variable, if it has one.
pub fn given(name: &str) -> Option<PathBuf> {
    let value = env::var_os(name).filter(|value| !value.is_empty());
    value.map(PathBuf::from)
}

/// Refuses what others may read or write.
fn private(path: &Path) -> Result<(), Failure> {
    let known =
        fs::metadata(path).map_err(|error| Failure::of_file("cannot look at", path, &error))?;
    refuse_open(path, &known).map_err(Failure::Machine)
}

/// A file that only its owner may read, for a lock.
pub fn private_file(path: &Path) -> Result<fs::File, Failure> {
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| Failure::of_file("cannot open", path, &error))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::at(folder.path().join("keyarc"));
        (folder, home)
    }

    fn account() -> Account {
        Account {
            server: "https://keyarc.example".to_owned(),
            setup_code: "KA1".to_owned(),
        }
    }

    #[test]
    fn an_account_is_kept_for_its_owner_alone_and_forgotten() {
        let (_folder, home) = home();
        assert_eq!(home.account().err(), Some(Failure::NoAccount));
        home.keep(&account()).expect("keeps");
        let mode = |name: &str| {
            let known = fs::metadata(home.folder.join(name)).expect("is there");
            known.permissions().mode() & 0o777
        };
        assert_eq!((mode(""), mode(ACCOUNT)), (0o700, 0o600));
        assert_eq!(home.account().expect("reads").server, account().server);
        home.forget().expect("forgets");
        home.forget().expect("twice");
        assert_eq!(home.account().err(), Some(Failure::NoAccount));
    }

    #[test]
    fn what_others_may_read_is_refused() {
        let (_folder, home) = home();
        home.keep(&account()).expect("keeps");
        for (name, mode) in [(ACCOUNT, 0o644), ("", 0o755)] {
            let path = home.folder.join(name);
            let before = fs::metadata(&path).expect("is there").permissions();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("changes");
            let refused = home.account().err().map(|failure| failure.to_string());
            let told = refused.expect("is refused");
            assert!(
                told.contains("others on this machine") && told.contains("chmod"),
                "{told}"
            );
            fs::set_permissions(&path, before).expect("changes back");
        }
        assert!(home.account().is_ok());
    }

    #[test]
    fn a_damaged_file_is_told_and_what_was_seen_is_kept_whole() {
        let (_folder, home) = home();
        home.make().expect("makes");
        home.write(ACCOUNT, b"{\"server\":1}").expect("writes");
        assert!(matches!(home.account().err(), Some(Failure::Machine(_))));
        assert_eq!(home.seen(), Ok(None));
        home.keep_seen(b"one").expect("keeps");
        home.keep_seen(b"two").expect("keeps");
        assert_eq!(home.seen(), Ok(Some(b"two".to_vec())));
    }
}
