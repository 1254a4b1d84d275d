use keyarc_crypto::SealError;
use keyarc_vault::{DraftError, Item};
use keyarc_wire::ErrorCode;

use crate::ApiFailure;

/// Why something could not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// There is no answer.
    #[error("the server cannot be reached")]
    Unreachable,
    /// Password, setup code or both are wrong.
    #[error("the log-in was refused")]
    WrongPassword,
    /// The password is right, and the account has a second factor: see
    /// [`crate::Session::begin_log_in`].
    #[error("the account has a second factor")]
    SecondFactorRequired,
    /// The code of the second factor was not accepted.
    #[error("the code was not accepted")]
    WrongCode,
    /// What a passkey made or signed was not accepted, or it gave nothing to open the vault by.
    #[error("the passkey was not accepted")]
    PasskeyRefused,
    /// Too much time has passed since the password, or the account has changed meanwhile.
    #[error("the log-in has to begin again")]
    LogInExpired,
    /// The link between two devices is over: time ran out, or the other side gave it up.
    #[error("the device link is over")]
    LinkEnded,
    /// The session has ended, here or elsewhere.
    #[error("the session has ended")]
    SessionEnded,
    /// Too often.
    #[error("too many attempts; try again in {seconds} s")]
    RateLimited {
        /// How long to wait.
        seconds: u32,
    },
    /// The server's disk is full; nothing was changed.
    #[error("the server has no space left")]
    StorageFull,
    /// It is not there any more.
    #[error("not found")]
    NotFound,
    /// What the server sent does not verify. Nothing of it was used.
    #[error("the server's data does not verify")]
    Tampered,
    /// The server shows an older state of the vault, or another one, than was seen before: it can
    /// be read, and nothing is written to it.
    #[error("the vault is read-only: the server's state of it is not the newest one seen")]
    ReadOnly,
    /// The change is larger than one write may be.
    #[error("the change is too large for one write")]
    TooLarge,
    /// Keys cannot be derived on this machine, for example for want of memory.
    #[error("keys cannot be derived on this machine")]
    Derivation,
    /// Nothing can be sealed on this machine: its randomness is not to be trusted.
    #[error("nothing can be sealed on this machine")]
    Sealing,
    /// The server refused for another reason, in its own words.
    #[error("{message} {action}")]
    Refused {
        /// What happened.
        message: String,
        /// What to do.
        action: String,
    },
}

impl From<ApiFailure> for ClientError {
    fn from(failure: ApiFailure) -> Self {
        let error = match failure {
            ApiFailure::NoAnswer => return Self::Unreachable,
            ApiFailure::Malformed => return Self::Tampered,
            ApiFailure::TooLarge => return Self::TooLarge,
            ApiFailure::Refused(error) => error,
        };
        match error.code {
            ErrorCode::Unauthenticated => Self::SessionEnded,
            ErrorCode::LoginRefused => Self::WrongPassword,
            ErrorCode::SecondFactorRequired => Self::SecondFactorRequired,
            ErrorCode::SecondFactorRefused => Self::WrongCode,
            ErrorCode::PasskeyRefused => Self::PasskeyRefused,
            ErrorCode::NotFound => Self::NotFound,
            ErrorCode::RateLimited => Self::RateLimited {
                seconds: error.retry_after_seconds.unwrap_or(60),
            },
            ErrorCode::StorageFull => Self::StorageFull,
            ErrorCode::PayloadTooLarge => Self::TooLarge,
            ErrorCode::Unavailable => Self::Unreachable,
            _ => Self::Refused {
                message: plain(&error.message),
                action: plain(&error.action),
            },
        }
    }
}

impl From<SealError> for ClientError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::TooLong => Self::TooLarge,
            SealError::Randomness => Self::Sealing,
        }
    }
}

/// The server's own sentences have at most some hundred characters.
const LONGEST: usize = 200;

/// A sentence of the server as far as it may stand on a page: nothing that turns the direction of
/// text, hides, breaks the line or speaks to a terminal, and no more than a sentence.
fn plain(sentence: &str) -> String {
    // Quotation marks and dashes; what turns or breaks text begins after them.
    let is_mark = |c: char| matches!(c, '\u{2010}'..='\u{2027}');
    let may_stand =
        |c: &char| c.is_alphanumeric() || c.is_ascii_graphic() || *c == ' ' || is_mark(*c);
    sentence.chars().filter(may_stand).take(LONGEST).collect()
}

/// Why a password was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Another tab changed it at the same time. The one asked for here is not in force.
    #[error("the password was changed elsewhere")]
    ChangedElsewhere,
    /// The server stopped answering, and has made the change or not. One of the two passwords is
    /// in force; trying again tells.
    #[error("whether the password was changed is not known")]
    Unknown,
    /// Anything else. Nothing was changed.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// Why an item was not saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SaveError {
    /// A field breaks a rule; nothing was sent.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// Somebody else saved first. What is stored now comes along, so that both versions can be
    /// shown; `None` when the item was deleted for good.
    #[error("the item was changed elsewhere")]
    Conflict {
        /// What is stored now.
        current: Option<Box<Item>>,
    },
    /// Anything else.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl From<ApiFailure> for SaveError {
    fn from(failure: ApiFailure) -> Self {
        Self::Client(failure.into())
    }
}

#[cfg(test)]
mod tests {
    use keyarc_wire::ApiError;

    use super::*;

    fn said(sentence: &str) -> String {
        let error = ApiError::new(ErrorCode::InvalidRequest, sentence, sentence);
        match ClientError::from(ApiFailure::Refused(Box::new(error))) {
            ClientError::Refused { message, action } => {
                assert_eq!(message, action);
                message
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_a_server_says_is_a_plain_sentence() {
        let honest = "The handle's form is wrong (12 of 16 bytes). Überprüfen: \"a\" & <b>?";
        assert_eq!(said(honest), honest);
        assert_eq!(
            said("\u{202e}one\u{1b}[2J\u{200b} two\u{2066}\n\u{0}\u{feff}three\u{2028}"),
            "one[2J twothree"
        );
        assert_eq!(said(&"é".repeat(100_000)), "é".repeat(LONGEST));
    }
}
