use keyarc_app::worker::{Failure, KitFault};
use keyarc_client::{ClientError, SaveError};
use keyarc_crypto::{CheckpointError, KitError, RecoveryKeyError, SetupCodeError};

use crate::browser::{StoreError, StrengthError};

/// What a person is told, and whether the session is over.
pub(super) fn from_client(error: ClientError) -> Failure {
    match error {
        ClientError::Unreachable => Failure::Offline,
        ClientError::WrongPassword => Failure::WrongPassword,
        ClientError::SecondFactorRequired => Failure::SecondFactorRequired,
        ClientError::WrongCode => Failure::WrongCode,
        ClientError::PasskeyRefused => Failure::PasskeyRefused,
        ClientError::LinkEnded => Failure::LinkEnded,
        ClientError::LogInExpired => Failure::LogInExpired,
        ClientError::SessionEnded => Failure::Locked,
        ClientError::RateLimited { seconds } => Failure::RateLimited { seconds },
        ClientError::StorageFull => Failure::StorageFull,
        ClientError::NotFound => Failure::NotFound,
        ClientError::Tampered => Failure::Tampered,
        ClientError::ReadOnly => Failure::ReadOnly,
        ClientError::TooLarge => Failure::TooLarge {
            limit_mb: (keyarc_wire::limits::WRITE_BODY >> 20) as u32,
        },
        ClientError::Derivation => Failure::Browser(
            "This browser has not enough memory to derive the key, or the password is longer \
             than 1,024 bytes."
                .into(),
        ),
        ClientError::Sealing => Failure::Browser(
            "This browser's random numbers repeat themselves. Nothing was saved; use another \
             browser."
                .into(),
        ),
        ClientError::Refused { message, action } => Failure::Server { message, action },
    }
}

/// As [`from_client`], for what can be in conflict.
pub(super) fn from_save(error: SaveError) -> Failure {
    match error {
        SaveError::Draft(error) => Failure::Draft(error),
        SaveError::Conflict { current } => Failure::Conflict { current },
        SaveError::Client(error) => from_client(error),
    }
}

/// The checksum tells a typing error from something that is no setup code at all.
pub(super) fn from_setup_code(error: SetupCodeError) -> Failure {
    match error {
        SetupCodeError::Checksum => Failure::SetupCodeTypo,
        SetupCodeError::Shape | SetupCodeError::Suite => Failure::SetupCodeShape,
    }
}

/// Keys that were made here and not put in force were wiped meanwhile.
pub(super) fn gone() -> Failure {
    Failure::Server {
        message: "The new keys were given up.".into(),
        action: "Nothing was changed. Begin again, with another kit.".into(),
    }
}

/// What is missing or wrong, part by part.
pub(super) fn from_kit(error: KitError) -> Failure {
    Failure::Kit(match error {
        KitError::NoSetupCode => KitFault::NoSetupCode,
        KitError::NoRecoveryKey => KitFault::NoRecoveryKey,
        KitError::SetupCode(SetupCodeError::Checksum) => KitFault::SetupCodeTypo,
        KitError::SetupCode(SetupCodeError::Shape | SetupCodeError::Suite) => KitFault::SetupCode,
        KitError::RecoveryKey(RecoveryKeyError::Checksum) => KitFault::RecoveryKeyTypo,
        KitError::RecoveryKey(RecoveryKeyError::Shape) => KitFault::RecoveryKey,
        KitError::Checkpoint(CheckpointError::Checksum) => KitFault::CheckpointTypo,
        KitError::Checkpoint(CheckpointError::Shape) => KitFault::Checkpoint,
    })
}

pub(super) fn from_store(_: StoreError) -> Failure {
    Failure::Browser(
        "This browser does not let KeyArc keep anything on this device. Allow storage for this \
         site, or log in with the setup code each time."
            .into(),
    )
}

pub(super) fn from_strength(_: StrengthError) -> Failure {
    Failure::Browser(
        "The password could not be rated: its word lists did not load. Check the connection and \
         try again."
            .into(),
    )
}
