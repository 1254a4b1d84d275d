//! What stands in a recovery kit, read out of its text.

use crate::checkpoint::{self, Checkpoint, CheckpointError};
use crate::recovery_key::{self, RecoveryKey, RecoveryKeyError};
use crate::setup_code::{self, SetupCode, SetupCodeError};

/// Why a text is not what a restore needs. Each names the part at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KitError {
    /// `KA1-` stands nowhere.
    #[error("the setup code is missing")]
    NoSetupCode,
    /// `KR1-` stands nowhere.
    #[error("the recovery key is missing")]
    NoRecoveryKey,
    /// What begins with `KA1` is no setup code.
    #[error(transparent)]
    SetupCode(#[from] SetupCodeError),
    /// What begins with `KR1` is no recovery key.
    #[error(transparent)]
    RecoveryKey(#[from] RecoveryKeyError),
    /// What begins with `KC1` is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// The codes of a recovery kit.
#[derive(Debug)]
pub struct Kit {
    /// Names the account.
    pub setup_code: SetupCode,
    /// Opens it without the password.
    pub recovery_key: RecoveryKey,
    /// What no server may go back behind, if it was given.
    pub checkpoint: Option<Checkpoint>,
}

impl Kit {
    /// Finds the codes in the text of a kit, or in what a person typed of it, in any order. Each
    /// is what begins with its prefix at the beginning of a word, the first time that stands
    /// there, and as many digits as it has; whatever stands around them is passed over.
    pub fn parse(text: &str) -> Result<Self, KitError> {
        let setup_code = setup_code::SPELLING
            .find::<{ setup_code::RAW_LEN }>(text)
            .ok_or(KitError::NoSetupCode)?;
        let recovery_key = recovery_key::SPELLING
            .find::<{ recovery_key::RAW_LEN }>(text)
            .ok_or(KitError::NoRecoveryKey)?;
        let checkpoint = checkpoint::SPELLING.find::<{ checkpoint::RAW_LEN }>(text);
        Ok(Self {
            setup_code: SetupCode::parse(setup_code)?,
            recovery_key: RecoveryKey::parse(recovery_key)?,
            checkpoint: checkpoint.map(Checkpoint::parse).transpose()?,
        })
    }
}
