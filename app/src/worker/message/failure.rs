use std::fmt;

use keyarc_vault::{DraftError, Item, QrError, certificate::MaterialError};
use serde::{Deserialize, Serialize};

use super::super::kit::KitFault;
use crate::language::{known, of_server};

/// Why a command failed, for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// Password, setup code or both are wrong.
    WrongPassword,
    /// The setup code has a typing error; its checksum does not fit.
    SetupCodeTypo,
    /// The setup code is not one.
    SetupCodeShape,
    /// The password is too weak for an account.
    WeakPassword,
    /// This device keeps no setup code.
    UnknownDevice,
    /// A field breaks a rule.
    Draft(DraftError),
    /// Another device or tab saved first. Both versions are here; nothing was lost.
    Conflict {
        /// What is stored now; `None` when it was deleted for good.
        current: Option<Box<Item>>,
    },
    /// The text is larger than an import takes.
    TooLarge {
        /// Megabytes.
        limit_mb: u32,
    },
    /// More items than one change takes, or together too large for it.
    TooMany {
        /// Items.
        limit: u32,
    },
    /// The item is not there any more.
    NotFound,
    /// Data from the server failed verification.
    Tampered,
    /// The server cannot be reached.
    Offline,
    /// Too often.
    RateLimited {
        /// How long to wait.
        seconds: u32,
    },
    /// The server's disk is full.
    StorageFull,
    /// The server refused for another reason.
    Server {
        /// What happened.
        message: String,
        /// What to do.
        action: String,
    },
    /// The vault is locked.
    Locked,
    /// The browser lacks or refuses something needed.
    Browser(String),
    /// The server shows another state of the vault than the newest one seen.
    ReadOnly,
    /// Another tab changed the password at the same time.
    PasswordChangedElsewhere,
    /// The password was changed or not.
    PasswordUnknown,
    /// The password is right, and the account has a second factor: [`Command::SecondFactor`].
    SecondFactorRequired,
    /// The code of the second factor was not accepted.
    WrongCode,
    /// The log-in has to begin again.
    LogInExpired,
    /// The kit lacks something, or has a typing mistake.
    Kit(KitFault),
    /// The recovery key opens nothing.
    KitRefused,
    /// New keys were put in force or not.
    KeysUnknown,
    /// The new password of a recovery was put in force or not.
    RecoveryUnknown,
    /// What a passkey made or signed was not accepted, or it gave nothing to open the vault by.
    PasskeyRefused,
    /// A link between two devices is over.
    LinkEnded,
    /// The code of a new device is none, or no new device shows it.
    LinkCode,
    /// A certificate or a key could not be read.
    Material(MaterialError),
    /// A picture gave no setup key.
    Qr(QrError),
    /// The code for a command did not arrive.
    PartMissing,
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::WrongPassword => t!("The password is not right for this setup code."),
            Self::SetupCodeTypo => {
                t!("The setup code has a typing error: its checksum does not fit.")
            }
            Self::SetupCodeShape => {
                t!("A setup code begins with KA1- and has 40 letters and digits.")
            }
            Self::WeakPassword => t!("The password is too weak."),
            Self::UnknownDevice => {
                t!("This device does not know the account; the setup code is needed.")
            }
            Self::Draft(inner) => {
                let field = field_at_fault(&inner.field);
                return write!(f, "{field}: {}", known(&inner.rule));
            }
            Self::Conflict { .. } => t!("The item was changed elsewhere."),
            Self::TooLarge { limit_mb } => {
                let text = t!("The file is larger than {limit} MB.", limit = limit_mb);
                return f.write_str(&text);
            }
            Self::TooMany { limit } => {
                let text = t!(
                    "One change takes at most {limit} items, and 48 MB. Nothing was changed: select fewer, and do it in steps.",
                    limit = crate::language::number(*limit)
                );
                return f.write_str(&text);
            }
            Self::NotFound => t!("The item is not there any more."),
            Self::Tampered => t!("What the server sent does not verify. Nothing of it was used."),
            Self::Offline => t!("The server cannot be reached. Nothing was lost."),
            Self::RateLimited { seconds } => {
                let text = t!("Too many attempts. Try again in {seconds} s.", seconds);
                return f.write_str(&text);
            }
            Self::StorageFull => {
                t!("The server has no space left. Reading still works; nothing was changed.")
            }
            Self::Server { message, action } => {
                return write!(f, "{} {}", of_server(message), known(action));
            }
            Self::Locked => t!("The vault is locked."),
            Self::Browser(inner) => return f.write_str(&of_browser(inner)),
            Self::ReadOnly => {
                t!(
                    "The vault is read-only while the server does not show its newest state. Nothing was changed."
                )
            }
            Self::PasswordChangedElsewhere => {
                t!(
                    "The password was changed elsewhere at the same time. Lock, and unlock to see which one is in force."
                )
            }
            Self::PasswordUnknown => {
                t!(
                    "The server stopped answering before it said whether the password was changed. One of the two is in force: try again with the same to find out."
                )
            }
            Self::SecondFactorRequired => t!("The account has a second factor."),
            Self::WrongCode => t!("This code was not accepted. Each code works once."),
            Self::LogInExpired => t!("This took too long. Start again with the password."),
            Self::Kit(inner) => return fmt::Display::fmt(inner, f),
            Self::KitRefused => {
                t!(
                    "These codes open no account here. If you made a newer kit, use that one: a kit that was replaced or revoked is worth nothing any more."
                )
            }
            Self::KeysUnknown => {
                t!(
                    "The server stopped answering before it said whether the new keys are in force. Press the button again to find out; your old and your new recovery kit both stay important until then."
                )
            }
            Self::RecoveryUnknown => {
                t!(
                    "The server stopped answering before it said whether the new password is in force. Log in with the new one to find out; if that fails, begin again with your kit."
                )
            }
            Self::PasskeyRefused => {
                t!(
                    "The passkey was not accepted. It may have been removed from the account, or have waited too long."
                )
            }
            Self::LinkEnded => {
                t!(
                    "The link is over: time ran out, or the other device ended it. Nothing was sent."
                )
            }
            Self::LinkCode => {
                t!(
                    "No device is waiting with this code. A code is good for two minutes and five tries."
                )
            }
            Self::Material(inner) => return f.write_str(&known(&inner.to_string())),
            Self::Qr(QrError::Key(why)) => {
                let rule = known(&why.to_string());
                return f.write_str(&t!("The setup key of the QR code {rule}.", rule));
            }
            Self::Qr(inner) => return f.write_str(&known(&inner.to_string())),
            Self::PartMissing => {
                t!(
                    "A part of KeyArc did not arrive, or is not of this version. Nothing was changed. Try again; if it goes on, reload the page."
                )
            }
        };
        f.write_str(text)
    }
}

/// The name of a field in front of the rule that it breaks.
fn field_at_fault(field: &str) -> &str {
    match field {
        "name" => tc!("field at fault", "name"),
        "folder" => tc!("field at fault", "folder"),
        "tags" => tc!("field at fault", "tags"),
        "environment" => tc!("field at fault", "environment"),
        "rows" => tc!("field at fault", "rows"),
        "view" => tc!("field at fault", "view"),
        "views" => tc!("field at fault", "views"),
        field => field,
    }
}

/// What the browser lacks or refuses. Why an archive could not be made stands in its middle.
fn of_browser(words: &str) -> String {
    let reason = words
        .strip_prefix("The archive could not be made: ")
        .and_then(|rest| rest.strip_suffix(". Nothing was exported."));
    match reason {
        Some(reason) => t!(
            "The archive could not be made: {reason}. Nothing was exported.",
            reason = known(reason)
        ),
        None => known(words),
    }
}
