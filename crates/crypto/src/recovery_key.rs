//! The recovery key: the second way to an account's root key, for when the password is forgotten.
//! See [`RecoveryKey`].

use std::fmt;

use keyarc_signature::SigningKey;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::coded::{CodeError, Spelling, digit_of, from_digits, is_separator};
use crate::kae1::SealingKey;
use crate::secret::{self, Secret};

const KEY_LEN: usize = 32;
const CHECKSUM_LEN: usize = 3;
pub(crate) const RAW_LEN: usize = KEY_LEN + CHECKSUM_LEN;
/// Length of a [`RecoveryEnding`] in bytes: two bytes of the key and its checksum.
pub const RECOVERY_ENDING_LEN: usize = 5;
const ENDING_DIGITS: usize = Spelling::digits(RECOVERY_ENDING_LEN);

pub(crate) const SPELLING: Spelling = Spelling {
    prefix: b"KR1",
    group: 4,
    label: b"keyarc/v1/recovery-key",
    checksum: CHECKSUM_LEN,
};

/// Why a text is no recovery key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecoveryKeyError {
    /// Too short, too long, a character that no recovery key has, or not beginning with `KR1`.
    #[error("a recovery key begins with KR1 and has fourteen groups of four letters and digits")]
    Shape,
    /// It has the right shape and a typing mistake in it.
    #[error("the recovery key has a typing mistake")]
    Checksum,
}

/// 256 random bits, written as `KR1-` and 56 Crockford base32 digits in groups of four, which
/// stand for `key 32 ‖ checksum 3`.
///
/// The checksum is the beginning of SHA-256(`"keyarc/v1/recovery-key"` ‖ key). The key is never
/// sent anywhere; what is sent is derived from it ([`RecoveryKeys`]).
pub struct RecoveryKey(Secret<KEY_LEN>);

impl RecoveryKey {
    /// Makes a new one. A generator that repeats itself goes unnoticed here and fails when the
    /// root key is wrapped, so such a key never comes into use.
    pub fn make(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::make(rng))
    }

    /// Reads what a person typed or pasted, as [`SetupCode::parse`](crate::SetupCode::parse)
    /// does.
    pub fn parse(text: &str) -> Result<Self, RecoveryKeyError> {
        let raw = SPELLING
            .read::<RAW_LEN>(text)
            .map_err(|error| match error {
                CodeError::Shape => RecoveryKeyError::Shape,
                CodeError::Checksum => RecoveryKeyError::Checksum,
            })?;
        Ok(Self(Secret::fill(|key| {
            key.copy_from_slice(&raw.bytes()[..KEY_LEN]);
        })))
    }

    /// The canonical text, for the recovery kit.
    pub fn to_text(&self) -> Zeroizing<String> {
        SPELLING.write::<RAW_LEN>(|body| body.copy_from_slice(self.0.bytes()))
    }

    /// The keys that it gives.
    pub fn derive_keys(&self) -> RecoveryKeys {
        let seed = secret::derive(&self.0, "keyarc/v1/recovery/auth");
        RecoveryKeys {
            wrap: SealingKey::new(secret::derive(&self.0, "keyarc/v1/recovery/wrap")),
            auth: SigningKey::from_seed(seed.bytes()),
        }
    }

    /// Its last two groups.
    pub fn ending(&self) -> RecoveryEnding {
        let own = RECOVERY_ENDING_LEN - CHECKSUM_LEN;
        RecoveryEnding(Secret::fill(|ending| {
            ending[..own].copy_from_slice(&self.0.bytes()[KEY_LEN - own..]);
            ending[own..].copy_from_slice(&SPELLING.checksum_of(self.0.bytes())[..CHECKSUM_LEN]);
        }))
    }
}

impl fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryKey(redacted)")
    }
}

/// The last two groups of a recovery key: enough to show that somebody has it before them, and
/// with 240 bits of the key unknown of no use to anybody.
pub struct RecoveryEnding(Secret<RECOVERY_ENDING_LEN>);

impl RecoveryEnding {
    /// Reads the last eight digits of what a person typed: the two groups, or the whole key.
    pub fn parse(text: &str) -> Option<Self> {
        let mut values = Zeroizing::new([0; ENDING_DIGITS]);
        let mut left = ENDING_DIGITS;
        for character in text.chars().rev().filter(|&c| !is_separator(c)) {
            let Some(at) = left.checked_sub(1) else {
                break;
            };
            values[at] = digit_of(character)?;
            left = at;
        }
        (left == 0).then(|| Self(Secret::fill(|raw| from_digits(values.as_slice(), raw))))
    }

    /// Takes what [`bytes`](Self::bytes) gave.
    pub fn from_bytes(bytes: &[u8; RECOVERY_ENDING_LEN]) -> Self {
        Self(Secret::fill(|own| own.copy_from_slice(bytes)))
    }

    /// To be sealed.
    pub fn bytes(&self) -> &[u8; RECOVERY_ENDING_LEN] {
        self.0.bytes()
    }

    /// Whether the two are the same, in constant time.
    pub fn is(&self, other: &Self) -> bool {
        self.0.bytes().ct_eq(other.0.bytes()).into()
    }
}

impl fmt::Debug for RecoveryEnding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryEnding(redacted)")
    }
}

/// What a recovery key gives: one key wraps the root key, one proves at the server that the
/// recovery key is at hand. The server keeps only the public half of the latter.
#[derive(Debug)]
pub struct RecoveryKeys {
    wrap: SealingKey,
    auth: SigningKey,
}

impl RecoveryKeys {
    /// Signs recovery statements.
    pub fn auth(&self) -> &SigningKey {
        &self.auth
    }

    pub(crate) fn wrap(&self) -> &SealingKey {
        &self.wrap
    }
}
