//! The beginning of an archive, in clear: how its key comes about.

use keyarc_crypto::{ARCHIVE_SALT_LEN, ArchiveKey, KdfError, KdfParams, SetupCode, Suite};
use rand_core::CryptoRng;

use super::ArchiveError;
use crate::Day;

pub(super) const MAGIC: &[u8; 8] = b"KARCHIVE";
const FORMAT: u8 = 1;
const LOCK_CODE: u8 = 1;
const LOCK_PASSWORD: u8 = 2;
/// Bytes of what stands before the first chunk.
pub const HEADER_LEN: usize = 8 + 1 + 1 + 12 + 16 + ARCHIVE_SALT_LEN + 4;

/// What is to open an archive.
#[derive(Clone, Copy)]
pub enum ArchiveLock<'a> {
    /// A password made for it.
    Password(&'a str),
    /// The setup code of an account.
    Code(&'a SetupCode),
}

/// How the key of an archive comes about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    Code,
    Password(KdfParams),
}

/// The beginning of an archive.
pub(super) struct Header {
    pub(super) lock: Lock,
    pub(super) archive: [u8; 16],
    salt: [u8; ARCHIVE_SALT_LEN],
    day: Day,
}

impl Header {
    pub(super) fn make(lock: Lock, day: Day, rng: &mut impl CryptoRng) -> Self {
        let mut header = Self {
            lock,
            archive: [0; 16],
            salt: [0; ARCHIVE_SALT_LEN],
            day,
        };
        rng.fill_bytes(&mut header.archive);
        rng.fill_bytes(&mut header.salt);
        header
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_LEN);
        bytes.extend(MAGIC);
        bytes.push(FORMAT);
        let (lock, numbers) = match self.lock {
            Lock::Password(KdfParams::Argon2id {
                memory_kib,
                passes,
                lanes,
            }) => (LOCK_PASSWORD, [memory_kib, passes, lanes]),
            // No archive is made with it, so no reader takes it.
            Lock::Password(KdfParams::Pbkdf2Sha256 { .. }) => (0, [0; 3]),
            Lock::Code => (LOCK_CODE, [0; 3]),
        };
        bytes.push(lock);
        bytes.extend(numbers.into_iter().flat_map(u32::to_be_bytes));
        bytes.extend(self.archive);
        bytes.extend(self.salt);
        bytes.extend((self.day.0 as u32).to_be_bytes());
        bytes
    }

    /// Takes the header off the front. What is out of bounds is refused before any work.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, &[u8]), ArchiveError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(ArchiveError::NotOne)?;
        let (&[format, lock], rest) = rest.split_first_chunk().ok_or(ArchiveError::Cut)?;
        if format != FORMAT {
            return Err(ArchiveError::Newer);
        }
        let (memory, rest) = number(rest)?;
        let (passes, rest) = number(rest)?;
        let (lanes, rest) = number(rest)?;
        let (archive, rest) = rest.split_first_chunk().ok_or(ArchiveError::Cut)?;
        let (salt, rest) = rest.split_first_chunk().ok_or(ArchiveError::Cut)?;
        let (day, rest) = number(rest)?;
        let lock = match (lock, [memory, passes, lanes]) {
            (LOCK_CODE, [0, 0, 0]) => Lock::Code,
            (LOCK_PASSWORD, [memory_kib, passes, lanes]) => {
                let params = KdfParams::Argon2id {
                    memory_kib,
                    passes,
                    lanes,
                };
                Lock::Password(params.check().map_err(|_| ArchiveError::Parameters)?)
            }
            _ => return Err(ArchiveError::Newer),
        };
        let header = Self {
            lock,
            archive: *archive,
            salt: *salt,
            day: Day(i32::try_from(day).map_err(|_| ArchiveError::Altered)?),
        };
        Ok((header, rest))
    }

    pub(super) fn key_of_password(
        &self,
        password: &str,
        params: KdfParams,
    ) -> Result<ArchiveKey, KdfError> {
        ArchiveKey::from_password(password, params, &self.salt, &self.encode())
    }

    pub(super) fn key_of_code(&self, code: &SetupCode) -> ArchiveKey {
        ArchiveKey::from_setup_code(code, &self.encode())
    }
}

/// What a password costs whoever guesses at it: as much as one of an account.
pub(super) const PARAMS: KdfParams = KdfParams::of(Suite::Argon2id);

pub(super) fn number(bytes: &[u8]) -> Result<(u32, &[u8]), ArchiveError> {
    let (number, rest) = bytes.split_first_chunk().ok_or(ArchiveError::Cut)?;
    Ok((u32::from_be_bytes(*number), rest))
}
