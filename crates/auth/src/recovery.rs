use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::base32;

/// How many recovery codes an account gets at a time.
pub const RECOVERY_CODES: usize = 10;
/// Length of a recovery code in bytes.
pub const RECOVERY_CODE_LEN: usize = 10;

/// Digits of a code of an authenticator app.
const TOTP_DIGITS: usize = 6;
/// Characters between two hyphens.
const GROUP: usize = 4;

/// A code that stands in for an authenticator app once: 80 random bits, as
/// `XXXX-XXXX-XXXX-XXXX`.
///
/// Wiped when dropped; its `Debug` shows nothing.
#[derive(ZeroizeOnDrop)]
pub struct RecoveryCode([u8; RECOVERY_CODE_LEN]);

impl RecoveryCode {
    /// Makes a code of fresh random bytes.
    pub fn make(random: [u8; RECOVERY_CODE_LEN]) -> Self {
        Self(random)
    }

    /// The code as it is printed.
    pub fn to_text(&self) -> Zeroizing<String> {
        let digits = base32::encode(&self.0, base32::CROCKFORD);
        // Reserved in full, so that no copy is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity(digits.len() / GROUP * (GROUP + 1)));
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && at % GROUP == 0 {
                text.push('-');
            }
            text.push(digit);
        }
        text
    }

    /// What the server stores and compares. No stretching is needed: 80 bits are not guessed.
    pub fn hash(&self, account_id: &[u8; 16]) -> [u8; 32] {
        Sha256::new()
            .chain_update(b"keyarc/v1/recovery-code")
            .chain_update(account_id)
            .chain_update(self.0)
            .finalize()
            .into()
    }

    /// Which of an account's hashes is that of this code. Takes the same time whichever it is.
    pub fn find(&self, account_id: &[u8; 16], hashes: &[[u8; 32]]) -> Option<usize> {
        let own = self.hash(account_id);
        let mut found = None;
        for (at, hash) in hashes.iter().enumerate() {
            if bool::from(hash.ct_eq(&own)) {
                found = Some(at);
            }
        }
        found
    }
}

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCode(redacted)")
    }
}

/// What somebody typed as their second factor.
#[derive(Debug)]
pub enum SecondFactorCode {
    /// Six digits of an authenticator app.
    Totp(u32),
    /// A recovery code.
    Recovery(RecoveryCode),
}

impl SecondFactorCode {
    /// Reads either kind; `None` for what is neither. White space and hyphens do not matter: apps
    /// show the digits in groups.
    pub fn parse(text: &str) -> Option<Self> {
        let mut typed = Zeroizing::new(Vec::with_capacity(text.len()));
        for char in text.chars() {
            match u8::try_from(char) {
                Ok(byte) if byte.is_ascii_alphanumeric() => typed.push(byte),
                _ if char.is_whitespace() || char == '-' => {}
                _ => return None,
            }
        }
        if typed.len() == TOTP_DIGITS {
            let digits = typed.iter().try_fold(0_u32, |code, digit| {
                digit
                    .is_ascii_digit()
                    .then(|| code * 10 + u32::from(digit - b'0'))
            });
            return digits.map(Self::Totp);
        }
        let bytes = base32::decode_crockford(&typed)?;
        Some(Self::Recovery(RecoveryCode(*bytes)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_text_and_hash_of_a_known_code() {
        let code = RecoveryCode::make([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(*code.to_text(), "000G-40R4-0M30-E209");
        assert_eq!(
            hex::encode(code.hash(&[7; 16])),
            include_str!("../vectors/recovery-code.hex").trim()
        );
        assert_ne!(code.hash(&[7; 16]), code.hash(&[8; 16]));
        let hashes = [[0; 32], code.hash(&[7; 16]), [1; 32]];
        assert_eq!(code.find(&[7; 16], &hashes), Some(1));
        assert_eq!(code.find(&[8; 16], &hashes), None);
        assert_eq!(code.find(&[7; 16], &[]), None);
    }

    #[test]
    fn the_two_kinds_are_told_apart_however_they_are_spaced() {
        for text in ["123456", " 123 456 ", "123-456", "1 2 3 4 5 6\n"] {
            let read = SecondFactorCode::parse(text);
            assert!(
                matches!(read, Some(SecondFactorCode::Totp(123_456))),
                "{text}"
            );
        }
        let zeros = SecondFactorCode::parse("000042");
        assert!(matches!(zeros, Some(SecondFactorCode::Totp(42))));
        for text in [
            "",
            "12345",
            "1234567",
            "12345a",
            "１２３４５６",
            "000G-40R4-0M30-E20",
            "000G-40R4-0M30-E20U",
            "000G-40R4-0M30-E209-0",
            "123456; DROP",
        ] {
            assert!(SecondFactorCode::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn debug_output_shows_nothing() {
        let code = SecondFactorCode::parse("000G-40R4-0M30-E209");
        assert_eq!(
            format!("{code:?}"),
            "Some(Recovery(RecoveryCode(redacted)))"
        );
    }

    proptest! {
        #[test]
        fn codes_read_back(bytes: [u8; 10], account: [u8; 16]) {
            let code = RecoveryCode::make(bytes);
            let typed = code.to_text().to_lowercase().replace('-', " ");
            let Some(SecondFactorCode::Recovery(read)) = SecondFactorCode::parse(&typed) else {
                return Err(TestCaseError::fail("not read"));
            };
            prop_assert_eq!(read.hash(&account), code.hash(&account));
        }

        #[test]
        fn nothing_that_is_typed_panics(text in ".{0,40}") {
            let _ = SecondFactorCode::parse(&text);
        }
    }
}
