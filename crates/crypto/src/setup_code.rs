//! The setup code: the 128 bits beside the password, without which a stolen database leaves
//! nothing to guess against. See [`SetupCode`].

use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::coded::{CodeError, Spelling};
use crate::secret::Secret;

/// Length of the handle that names an account, in bytes.
pub const HANDLE_LEN: usize = 6;

pub(crate) const SECRET_LEN: usize = 16;
const CHECKSUM_LEN: usize = 2;
const BODY_LEN: usize = 1 + HANDLE_LEN + SECRET_LEN;
pub(crate) const RAW_LEN: usize = BODY_LEN + CHECKSUM_LEN;

pub(crate) const SPELLING: Spelling = Spelling {
    prefix: b"KA1",
    group: 5,
    label: b"keyarc/v1/setup-code",
    checksum: CHECKSUM_LEN,
};

/// How the master password becomes a key. The number stands in the setup code, so that a server
/// has no say in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Suite {
    /// PBKDF2-HMAC-SHA256 with 1,000,000 iterations: what browsers compute natively.
    Pbkdf2Sha256 = 1,
    /// Argon2id with 64 MiB, 3 passes, 4 lanes.
    Argon2id = 2,
}

impl Suite {
    /// Every suite there is.
    pub const ALL: [Self; 2] = [Self::Pbkdf2Sha256, Self::Argon2id];

    /// Reads the number; `None` for a suite that does not exist.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Pbkdf2Sha256),
            2 => Some(Self::Argon2id),
            _ => None,
        }
    }

    /// Its number.
    pub const fn to_byte(self) -> u8 {
        self as u8
    }
}

/// Why a text is no setup code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SetupCodeError {
    /// Too short, too long, a character that no setup code has, or not beginning with `KA1`.
    #[error("a setup code begins with KA1 and has eight groups of five letters and digits")]
    Shape,
    /// It has the right shape and a typing mistake in it.
    #[error("the setup code has a typing mistake")]
    Checksum,
    /// It is intact, and names a key derivation that this version does not know.
    #[error("the setup code is of a kind that this version does not know")]
    Suite,
}

/// `KA1-` and 40 Crockford base32 digits in groups of five, which stand for
/// `suite 1 ‖ handle 6 ‖ secret 16 ‖ checksum 2`.
///
/// The checksum is the beginning of SHA-256(`"keyarc/v1/setup-code"` ‖ the rest). It tells a
/// typing mistake from a code of another account, and protects nothing.
pub struct SetupCode {
    suite: Suite,
    handle: [u8; HANDLE_LEN],
    secret: Secret<SECRET_LEN>,
}

impl SetupCode {
    /// Makes the code of a new account.
    pub fn make(suite: Suite, rng: &mut impl CryptoRng) -> Self {
        let mut handle = [0; HANDLE_LEN];
        rng.fill_bytes(&mut handle);
        Self {
            suite,
            handle,
            secret: Secret::make(rng),
        }
    }

    /// The code of the same account under a suite: same handle, same secret. Where the suite is
    /// another, the checksum is too, and what was printed before is no longer the account's code.
    pub fn with_suite(&self, suite: Suite) -> Self {
        Self {
            suite,
            handle: self.handle,
            secret: Secret::fill(|bytes| bytes.copy_from_slice(self.secret.bytes())),
        }
    }

    /// A code of the same account with another secret: same handle. What the one before opened,
    /// it does not.
    pub fn with_fresh_secret(&self, suite: Suite, rng: &mut impl CryptoRng) -> Self {
        Self {
            suite,
            handle: self.handle,
            secret: Secret::make(rng),
        }
    }

    /// Reads what a person typed or pasted: case does not matter, spaces and dashes may stand
    /// anywhere, `O` is read as 0, `I` and `L` as 1.
    pub fn parse(text: &str) -> Result<Self, SetupCodeError> {
        let raw = SPELLING
            .read::<RAW_LEN>(text)
            .map_err(|error| match error {
                CodeError::Shape => SetupCodeError::Shape,
                CodeError::Checksum => SetupCodeError::Checksum,
            })?;
        let body = &raw.bytes()[..BODY_LEN];
        let (head, secret) = body.split_at(1 + HANDLE_LEN);
        let suite = Suite::from_byte(head[0]).ok_or(SetupCodeError::Suite)?;
        let mut handle = [0; HANDLE_LEN];
        handle.copy_from_slice(&head[1..]);
        Ok(Self {
            suite,
            handle,
            secret: Secret::fill(|bytes| bytes.copy_from_slice(secret)),
        })
    }

    /// The canonical text, for the recovery kit.
    pub fn to_text(&self) -> Zeroizing<String> {
        SPELLING.write::<RAW_LEN>(|body| {
            body[0] = self.suite.to_byte();
            body[1..=HANDLE_LEN].copy_from_slice(&self.handle);
            body[1 + HANDLE_LEN..].copy_from_slice(self.secret.bytes());
        })
    }

    /// What the server knows the account by.
    pub fn handle(&self) -> [u8; HANDLE_LEN] {
        self.handle
    }

    /// How the master password becomes a key.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    pub(crate) fn secret(&self) -> &Secret<SECRET_LEN> {
        &self.secret
    }
}

impl fmt::Debug for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetupCode(redacted)")
    }
}
