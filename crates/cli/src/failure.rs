//! What can go wrong, and the exit code that tells it to a script.

use keyarc_client::ClientError;
use keyarc_lookup::{LookupError, absent, printable, several};
use serde::{Deserialize, Serialize};

/// Why a command did not do what it was asked for. Nothing in it is secret: it is printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "failure", content = "of")]
pub enum Failure {
    /// No account is known on this machine.
    #[error("no account is known on this machine: run `keyarc login`")]
    NoAccount,
    /// Nothing holds the keys, and nobody can be asked for the password.
    #[error("the vault is locked: run `keyarc unlock`")]
    Locked,
    /// Nothing in the vault is called so.
    #[error("{}", absent(what, nearest))]
    NotFound {
        /// What was asked for, as it was written.
        what: String,
        /// What is called nearly so.
        nearest: Vec<String>,
    },
    /// Several items are called so.
    #[error(
        "{}. Name the folder, or the environment with --environment",
        several(what, candidates)
    )]
    Ambiguous {
        /// What was asked for.
        what: String,
        /// The items of that name.
        candidates: Vec<String>,
    },
    /// Something that was typed, or stands in a file, is not as it must be.
    #[error("{0}")]
    Usage(String),
    /// A file or folder of this machine cannot be used.
    #[error("{0}")]
    Machine(String),
    /// The server does not answer.
    #[error("the server cannot be reached")]
    Unreachable,
    /// The server does not answer, or is not to be asked, and nothing can be used in its place.
    #[error("{0}")]
    Offline(String),
    /// The server's certificate is not taken.
    #[error("{0}")]
    Distrusted(String),
    /// Password, setup code or the code of the second factor is wrong.
    #[error("{0}")]
    Refused(String),
    /// The password is another than when what stands for it was kept in the system's keyring.
    #[error(
        "the password was changed since the system's keyring keeps what opens the vault: run `keyarc unlock --keyring`"
    )]
    PasswordChanged,
    /// The session was ended here or elsewhere.
    #[error("the session has ended: run `keyarc unlock`")]
    SessionEnded,
    /// What the server sent does not verify, or is older than what was seen before.
    #[error("{0}")]
    Untrusted(String),
    /// Somebody else wrote first.
    #[error("the item was changed elsewhere at the same time; nothing was changed here. Try again")]
    Changed,
    /// Something else, in words.
    #[error("{0}")]
    Other(String),
}

impl Failure {
    /// What the process ends with. Part of the interface: `docs/cli.md` lists them.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Other(_) | Self::Machine(_) | Self::Changed => 1,
            Self::Usage(_) => 2,
            Self::Locked => 3,
            Self::NotFound { .. } => 4,
            Self::Ambiguous { .. } => 5,
            Self::NoAccount => 6,
            Self::Unreachable | Self::Offline(_) | Self::Distrusted(_) => 7,
            Self::Refused(_) | Self::PasswordChanged | Self::SessionEnded => 8,
            Self::Untrusted(_) => 9,
        }
    }

    /// Of a file that could not be read as text.
    pub fn of_text(path: &std::path::Path, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::InvalidData => Self::Usage(format!(
                "{} is no text: it is not UTF-8",
                printable(&path.display().to_string())
            )),
            _ => Self::of_file("cannot read", path, error),
        }
    }

    /// Of a file or folder.
    pub fn of_file(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        let shown = printable(&path.display().to_string());
        Self::Machine(format!("{what} {shown}: {error}"))
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Unreachable => Self::Unreachable,
            ClientError::SessionEnded => Self::SessionEnded,
            ClientError::WrongPassword => {
                Self::Refused("the password is wrong, or belongs to another setup code".to_owned())
            }
            ClientError::Tampered => Self::Untrusted(
                "what the server sent does not verify; nothing of it was used".to_owned(),
            ),
            ClientError::WrongCode
            | ClientError::LogInExpired
            | ClientError::RateLimited { .. } => Self::Refused(error.to_string()),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<LookupError> for Failure {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::NotFound { what, nearest } => Self::NotFound { what, nearest },
            LookupError::Ambiguous { what, candidates } => Self::Ambiguous { what, candidates },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_to_do_and_has_a_code_of_its_own() {
        let failure = Failure::NotFound {
            what: "item strpe".to_owned(),
            nearest: vec!["stripe".to_owned()],
        };
        assert_eq!(
            failure.to_string(),
            "there is no item strpe. Did you mean stripe?"
        );
        assert_eq!(failure.exit_code(), 4);
        assert_eq!(Failure::Locked.exit_code(), 3);
        assert_eq!(Failure::from(ClientError::Tampered).exit_code(), 9);
    }

    #[test]
    fn names_from_a_vault_cannot_speak_to_the_terminal() {
        let failure = Failure::NotFound {
            what: "field x in a\u{1b}[31m".to_owned(),
            nearest: Vec::new(),
        };
        assert!(!failure.to_string().contains('\u{1b}'));
        let failure = Failure::Ambiguous {
            what: "key".to_owned(),
            candidates: vec!["a\u{1b}[31m".to_owned(), "b\u{202e}".to_owned()],
        };
        let told = failure.to_string();
        assert!(
            !told.contains('\u{1b}') && !told.contains('\u{202e}'),
            "{told:?}"
        );
    }
}
