//! Why something was not derived, sealed or opened.

/// Something could not be opened. There is deliberately one error for a wrong key, a wrong place,
/// a malformed envelope and a forged one: whoever feeds us bytes learns nothing from the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot be opened")]
pub struct OpenError;

/// Something could not be sealed; nothing was produced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The source of randomness repeats itself. Sealing on would reuse salts and make keys that
    /// others can guess.
    #[error("the source of randomness repeats itself")]
    Randomness,
    /// The plaintext is longer than [`MAX_PLAINTEXT`](crate::MAX_PLAINTEXT).
    #[error("too long to seal in one piece")]
    TooLong,
}

/// No key was derived from the master password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KdfError {
    /// The password is empty or longer than [`PASSWORD_MAX`](crate::PASSWORD_MAX).
    #[error("the password is empty or too long")]
    Password,
    /// The parameters are below the floor or above the ceiling.
    #[error("the key derivation parameters are out of bounds")]
    Parameters,
    /// There is not enough memory for Argon2id.
    #[error("not enough memory to derive the key")]
    Memory,
}
