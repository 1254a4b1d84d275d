//! The setup code: the 128 bits beside the password, without which a stolen database leaves
//! nothing to guess against. See [`SetupCode`].

use std::fmt;

use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use crate::secret::Secret;

/// Length of the handle that names an account, in bytes.
pub const HANDLE_LEN: usize = 6;

pub(crate) const SECRET_LEN: usize = 16;
const CHECKSUM_LEN: usize = 2;
const BODY_LEN: usize = 1 + HANDLE_LEN + SECRET_LEN;
const RAW_LEN: usize = BODY_LEN + CHECKSUM_LEN;
const DIGITS: usize = RAW_LEN * 8 / 5;
const GROUP: usize = 5;
const PREFIX: &str = "KA1";
/// What is read: the digits of the prefix stand before the others.
const TYPED_DIGITS: usize = PREFIX.len() + DIGITS;

/// Crockford's base32: no I, L, O or U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

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

    /// Reads what a person typed or pasted: case does not matter, spaces and dashes may stand
    /// anywhere, `O` is read as 0, `I` and `L` as 1.
    pub fn parse(text: &str) -> Result<Self, SetupCodeError> {
        let digits = digits(text)?;
        let (prefix, digits) = digits.split_at(PREFIX.len());
        if !prefix
            .iter()
            .zip(PREFIX.bytes())
            .all(|(&value, byte)| digit(byte) == Some(value))
        {
            return Err(SetupCodeError::Shape);
        }
        let raw = Secret::<RAW_LEN>::fill(|raw| from_digits(digits, raw));
        let (body, checksum) = raw.bytes().split_at(BODY_LEN);
        if checksum != checksum_of(body) {
            return Err(SetupCodeError::Checksum);
        }
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
        let raw = Secret::<RAW_LEN>::fill(|raw| {
            raw[0] = self.suite.to_byte();
            raw[1..=HANDLE_LEN].copy_from_slice(&self.handle);
            raw[1 + HANDLE_LEN..BODY_LEN].copy_from_slice(self.secret.bytes());
            let checksum = checksum_of(&raw[..BODY_LEN]);
            raw[BODY_LEN..].copy_from_slice(&checksum);
        });
        // Reserved in full: growing would leave a copy of the beginning behind.
        let mut text = Zeroizing::new(String::with_capacity(
            PREFIX.len() + DIGITS + DIGITS / GROUP,
        ));
        text.push_str(PREFIX);
        for index in 0..DIGITS {
            if index % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(
                ALPHABET[usize::from(digit_at(raw.bytes(), index))],
            ));
        }
        text
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

fn checksum_of(body: &[u8]) -> [u8; CHECKSUM_LEN] {
    let hash = Sha256::new()
        .chain_update(b"keyarc/v1/setup-code")
        .chain_update(body)
        .finalize();
    [hash[0], hash[1]]
}

/// The values of the digits in a typed text, prefix included.
fn digits(text: &str) -> Result<Zeroizing<[u8; TYPED_DIGITS]>, SetupCodeError> {
    let mut values = Zeroizing::new([0; TYPED_DIGITS]);
    let mut places = values.iter_mut();
    for character in text.chars().filter(|&character| !is_separator(character)) {
        let value = u8::try_from(character)
            .ok()
            .and_then(digit)
            .ok_or(SetupCodeError::Shape)?;
        *places.next().ok_or(SetupCodeError::Shape)? = value;
    }
    if places.next().is_some() {
        return Err(SetupCodeError::Shape);
    }
    Ok(values)
}

/// Spaces and line breaks of any kind, the dashes that word processors and PDF viewers put in the
/// place of a hyphen, and the invisible characters that come along with a paste.
fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '\u{ad}' | '\u{200b}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{feff}'
        )
}

fn digit(byte: u8) -> Option<u8> {
    let byte = match byte.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    ALPHABET
        .iter()
        .position(|&digit| digit == byte)
        .map(|position| position as u8)
}

/// Packs five-bit digits, most significant first. 40 digits fill 25 bytes without a remainder.
fn from_digits(digits: &[u8], raw: &mut [u8; RAW_LEN]) {
    for (five, eight) in raw.chunks_exact_mut(5).zip(digits.chunks_exact(8)) {
        let mut group = eight
            .iter()
            .fold(0_u64, |bits, &value| bits << 5 | u64::from(value));
        let mut bytes = group.to_be_bytes();
        five.copy_from_slice(&bytes[3..]);
        bytes.zeroize();
        group.zeroize();
    }
}

fn digit_at(raw: &[u8; RAW_LEN], index: usize) -> u8 {
    (0..5).fold(0, |value, bit| {
        let position = index * 5 + bit;
        value << 1 | (raw[position / 8] >> (7 - position % 8) & 1)
    })
}
