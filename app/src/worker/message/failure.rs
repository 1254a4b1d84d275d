use keyarc_vault::{DraftError, Item, QrError, certificate::MaterialError};
use serde::{Deserialize, Serialize};

use super::super::kit::KitFault;

/// Why a command failed, for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Failure {
    /// Password, setup code or both are wrong.
    #[error("The password is not right for this setup code.")]
    WrongPassword,
    /// The setup code has a typing error; its checksum does not fit.
    #[error("The setup code has a typing error: its checksum does not fit.")]
    SetupCodeTypo,
    /// The setup code is not one.
    #[error("A setup code begins with KA1- and has 40 letters and digits.")]
    SetupCodeShape,
    /// The password is too weak for an account.
    #[error("The password is too weak.")]
    WeakPassword,
    /// This device keeps no setup code.
    #[error("This device does not know the account; the setup code is needed.")]
    UnknownDevice,
    /// A field breaks a rule.
    #[error("{0}")]
    Draft(DraftError),
    /// Another device or tab saved first. Both versions are here; nothing was lost.
    #[error("The item was changed elsewhere.")]
    Conflict {
        /// What is stored now; `None` when it was deleted for good.
        current: Option<Box<Item>>,
    },
    /// The text is larger than an import takes.
    #[error("The file is larger than {limit_mb} MB.")]
    TooLarge {
        /// Megabytes.
        limit_mb: u32,
    },
    /// More items than one change takes, or together too large for it.
    #[error(
        "One change takes at most {} items, and 48 MB. Nothing was changed: select fewer, and do it in steps.",
        crate::words::number(*limit)
    )]
    TooMany {
        /// Items.
        limit: u32,
    },
    /// The item is not there any more.
    #[error("The item is not there any more.")]
    NotFound,
    /// Data from the server failed verification.
    #[error("What the server sent does not verify. Nothing of it was used.")]
    Tampered,
    /// The server cannot be reached.
    #[error("The server cannot be reached. Nothing was lost.")]
    Offline,
    /// Too often.
    #[error("Too many attempts. Try again in {seconds} s.")]
    RateLimited {
        /// How long to wait.
        seconds: u32,
    },
    /// The server's disk is full.
    #[error("The server has no space left. Reading still works; nothing was changed.")]
    StorageFull,
    /// The server refused for another reason.
    #[error("{message} {action}")]
    Server {
        /// What happened.
        message: String,
        /// What to do.
        action: String,
    },
    /// The vault is locked.
    #[error("The vault is locked.")]
    Locked,
    /// The browser lacks or refuses something needed.
    #[error("{0}")]
    Browser(String),
    /// The server shows another state of the vault than the newest one seen.
    #[error(
        "The vault is read-only while the server does not show its newest state. Nothing was changed."
    )]
    ReadOnly,
    /// Another tab changed the password at the same time.
    #[error(
        "The password was changed elsewhere at the same time. Lock, and unlock to see which one is in force."
    )]
    PasswordChangedElsewhere,
    /// The password was changed or not.
    #[error(
        "The server stopped answering before it said whether the password was changed. One of the two is in force: try again with the same to find out."
    )]
    PasswordUnknown,
    /// The password is right, and the account has a second factor: [`Command::SecondFactor`].
    #[error("The account has a second factor.")]
    SecondFactorRequired,
    /// The code of the second factor was not accepted.
    #[error("This code was not accepted. Each code works once.")]
    WrongCode,
    /// The log-in has to begin again.
    #[error("This took too long. Start again with the password.")]
    LogInExpired,
    /// The kit lacks something, or has a typing mistake.
    #[error("{0}")]
    Kit(KitFault),
    /// The recovery key opens nothing.
    #[error(
        "These codes open no account here. If you made a newer kit, use that one: a kit that was replaced or revoked is worth nothing any more."
    )]
    KitRefused,
    /// New keys were put in force or not.
    #[error(
        "The server stopped answering before it said whether the new keys are in force. Press the button again to find out; your old and your new recovery kit both stay important until then."
    )]
    KeysUnknown,
    /// The new password of a recovery was put in force or not.
    #[error(
        "The server stopped answering before it said whether the new password is in force. Log in with the new one to find out; if that fails, begin again with your kit."
    )]
    RecoveryUnknown,
    /// What a passkey made or signed was not accepted, or it gave nothing to open the vault by.
    #[error(
        "The passkey was not accepted. It may have been removed from the account, or have waited too long."
    )]
    PasskeyRefused,
    /// A link between two devices is over.
    #[error("The link is over: time ran out, or the other device ended it. Nothing was sent.")]
    LinkEnded,
    /// The code of a new device is none, or no new device shows it.
    #[error("No device is waiting with this code. A code is good for two minutes and five tries.")]
    LinkCode,
    /// A certificate or a key could not be read.
    #[error("{0}")]
    Material(MaterialError),
    /// A picture gave no setup key.
    #[error("{0}")]
    Qr(QrError),
    /// The code for a command did not arrive.
    #[error(
        "A part of KeyArc did not arrive, or is not of this version. Nothing was changed. Try again; if it goes on, reload the page."
    )]
    PartMissing,
}
