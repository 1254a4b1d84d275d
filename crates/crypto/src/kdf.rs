//! From the master password to a key. Suite, salt and parameters come from the setup code and
//! from here; a server has no way to suggest any of them.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use icu_normalizer::DecomposingNormalizerBorrowed;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::KdfError;
use crate::secret::Secret;
use crate::setup_code::{SetupCode, Suite};

/// Longest master password in bytes of UTF-8, before normalisation.
pub const PASSWORD_MAX: usize = 1024;

/// What the password alone gives. Worth nothing without the setup code's secret.
pub struct PasswordKey(Secret<32>);

impl PasswordKey {
    /// Takes the output of a derivation that ran elsewhere on a [`Pbkdf2Input`].
    pub fn from_derived(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(Secret::fill(|key| key.copy_from_slice(bytes.as_slice())))
    }

    pub(crate) fn secret(&self) -> &Secret<32> {
        &self.0
    }
}

impl std::fmt::Debug for PasswordKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordKey(redacted)")
    }
}

/// Everything WebCrypto needs to derive the [`PasswordKey`]: PBKDF2, HMAC-SHA-256, 256 bits.
pub struct Pbkdf2Input {
    /// The normalised master password.
    pub password: Zeroizing<Vec<u8>>,
    /// Its salt.
    pub salt: [u8; 32],
    /// How often to iterate.
    pub iterations: u32,
}

impl std::fmt::Debug for Pbkdf2Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pbkdf2Input(redacted)")
    }
}

/// The cost of a derivation. [`KdfParams::of`] gives the one that each suite has; the bounds hold
/// for whatever a later version may add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KdfParams {
    /// PBKDF2-HMAC-SHA256 (RFC 8018).
    Pbkdf2Sha256 {
        /// 600,000 (OWASP, 2023) to 10,000,000.
        iterations: u32,
    },
    /// Argon2id, version 0x13 (RFC 9106).
    Argon2id {
        /// 19 MiB to 1 GiB, in KiB.
        memory_kib: u32,
        /// 2 to 10.
        passes: u32,
        /// 1 to 16.
        lanes: u32,
    },
}

impl KdfParams {
    /// The parameters of a suite.
    pub const fn of(suite: Suite) -> Self {
        match suite {
            Suite::Pbkdf2Sha256 => Self::Pbkdf2Sha256 {
                iterations: 1_000_000,
            },
            Suite::Argon2id => Self::Argon2id {
                memory_kib: 64 * 1024,
                passes: 3,
                lanes: 4,
            },
        }
    }

    /// Refuses what is too weak to protect a password, and what would keep a device busy.
    pub fn check(self) -> Result<Self, KdfError> {
        let within_bounds = match self {
            Self::Pbkdf2Sha256 { iterations } => (600_000..=10_000_000).contains(&iterations),
            Self::Argon2id {
                memory_kib,
                passes,
                lanes,
            } => {
                (19 * 1024..=1024 * 1024).contains(&memory_kib)
                    && (2..=10).contains(&passes)
                    && (1..=16).contains(&lanes)
            }
        };
        if within_bounds {
            Ok(self)
        } else {
            Err(KdfError::Parameters)
        }
    }
}

/// Derives the key here, whatever the suite.
pub fn derive_password_key(
    password: &str,
    setup_code: &SetupCode,
) -> Result<PasswordKey, KdfError> {
    let password = normalised(password)?;
    let key = derive(
        &password,
        &salt(setup_code),
        KdfParams::of(setup_code.suite()),
    )?;
    Ok(PasswordKey(key))
}

/// Derives a key of a password with a salt and parameters that stand in a file. They are refused
/// before any work when they are out of bounds.
pub(crate) fn derive_from(
    password: &str,
    salt: &[u8; 32],
    params: KdfParams,
) -> Result<Secret<32>, KdfError> {
    derive(&normalised(password)?, salt, params.check()?)
}

/// The input for a derivation by WebCrypto, which is several times as fast in a browser. `None`
/// when the suite is another or the password is unacceptable: then [`derive_password_key`] does
/// the work or tells the error.
pub fn pbkdf2_input(password: &str, setup_code: &SetupCode) -> Option<Pbkdf2Input> {
    match KdfParams::of(setup_code.suite()) {
        KdfParams::Pbkdf2Sha256 { iterations } => Some(Pbkdf2Input {
            password: normalised(password).ok()?,
            salt: salt(setup_code),
            iterations,
        }),
        KdfParams::Argon2id { .. } => None,
    }
}

/// One salt per account, known before any answer of a server.
fn salt(setup_code: &SetupCode) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"keyarc/v1/pw-salt")
        .chain_update([setup_code.suite().to_byte()])
        .chain_update(setup_code.handle())
        .finalize()
        .into()
}

/// NFKD, so that the same password typed on different keyboards gives the same bytes.
fn normalised(password: &str) -> Result<Zeroizing<Vec<u8>>, KdfError> {
    if password.is_empty() || password.len() > PASSWORD_MAX {
        return Err(KdfError::Password);
    }
    // Measured first: a buffer that grows leaves copies of the password behind.
    let nfkd = || DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(password.chars());
    let len = nfkd().map(char::len_utf8).sum();
    let mut bytes = Zeroizing::new(Vec::with_capacity(len));
    let mut utf8 = [0; 4];
    for character in nfkd() {
        bytes.extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
    }
    utf8.zeroize();
    Ok(bytes)
}

fn derive(password: &[u8], salt: &[u8; 32], params: KdfParams) -> Result<Secret<32>, KdfError> {
    let mut result = Ok(());
    let key = Secret::fill(|key| {
        result = match params.check() {
            Ok(KdfParams::Pbkdf2Sha256 { iterations }) => {
                pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, key);
                Ok(())
            }
            Ok(KdfParams::Argon2id {
                memory_kib,
                passes,
                lanes,
            }) => Params::new(memory_kib, passes, lanes, Some(key.len()))
                .map_err(|_| KdfError::Parameters)
                .and_then(|params| argon2id(password, salt, params, key)),
            Err(error) => Err(error),
        };
    });
    result.map(|()| key)
}

fn argon2id(
    password: &[u8],
    salt: &[u8; 32],
    params: Params,
    key: &mut [u8; 32],
) -> Result<(), KdfError> {
    // Our own memory, since the library neither wipes its own nor may it abort the browser's
    // worker when there is too little.
    let mut blocks = Vec::new();
    let count = params.block_count();
    blocks
        .try_reserve_exact(count)
        .map_err(|_| KdfError::Memory)?;
    blocks.resize(count, Block::new());
    let derived = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password, salt, key, blocks.as_mut_slice());
    blocks.zeroize();
    derived.map_err(|_| KdfError::Parameters)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    fn by_another_library(password: &str) -> Vec<u8> {
        password.nfkd().collect::<String>().into_bytes()
    }

    #[test]
    fn every_character_is_normalised_as_by_another_library() {
        for character in '\u{1}'..=char::MAX {
            let password = character.to_string();
            let ours = normalised(&password).expect("a password");
            assert_eq!(*ours, by_another_library(&password), "{character:?}");
        }
    }

    proptest! {
        #[test]
        fn passwords_are_normalised_as_by_another_library(
            // Marks that have to be put in order, Hangul, ligatures, and whatever else there is.
            password in r"[a-zé가-힣\u{300}-\u{36f}\u{1ab0}-\u{1ace}\u{fb00}-\u{fb06}\PC]{1,40}",
        ) {
            let ours = normalised(&password).expect("a password");
            prop_assert_eq!(ours.as_slice(), by_another_library(&password));
        }
    }

    fn argon2id(memory_kib: u32, passes: u32, lanes: u32) -> KdfParams {
        KdfParams::Argon2id {
            memory_kib,
            passes,
            lanes,
        }
    }

    #[test]
    fn parameters_have_floors_and_ceilings() {
        for suite in [Suite::Pbkdf2Sha256, Suite::Argon2id] {
            assert!(KdfParams::of(suite).check().is_ok());
        }
        for (iterations, fits) in [
            (0, false),
            (1, false),
            (599_999, false),
            (600_000, true),
            (10_000_000, true),
        ]
        .into_iter()
        .chain([(10_000_001, false), (1 << 31, false), (u32::MAX, false)])
        {
            assert_eq!(
                KdfParams::Pbkdf2Sha256 { iterations }.check().is_ok(),
                fits,
                "{iterations}"
            );
        }
        for (params, fits) in [
            (argon2id(19 * 1024, 2, 1), true),
            (argon2id(1024 * 1024, 10, 16), true),
            (argon2id(19 * 1024 - 1, 2, 1), false),
            (argon2id(1024 * 1024 + 1, 2, 1), false),
            (argon2id(64 * 1024 * 1024, 3, 4), false),
            (argon2id(64 * 1024, 1, 4), false),
            (argon2id(64 * 1024, 11, 4), false),
            (argon2id(64 * 1024, 3, 0), false),
            (argon2id(64 * 1024, 3, 17), false),
        ] {
            assert_eq!(params.check().is_ok(), fits, "{params:?}");
        }
    }

    #[test]
    fn parameters_out_of_bounds_are_refused_before_any_work() {
        let params = KdfParams::Pbkdf2Sha256 {
            iterations: u32::MAX,
        };
        let refused = derive(b"password", &[0; 32], params);
        assert_eq!(refused.err(), Some(KdfError::Parameters));
    }
}
