//! The key of an archive: one file that holds a vault, for keeping elsewhere. See [`ArchiveKey`].

use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::context::ArchiveContext;
use crate::error::{KdfError, OpenError, SealError};
use crate::kae1::SealingKey;
use crate::kdf::{KdfParams, derive_from};
use crate::secret::{self, Secret};
use crate::setup_code::SetupCode;

/// Length of the salt in an archive's header, in bytes.
pub const ARCHIVE_SALT_LEN: usize = 32;

const HEADER: &[u8] = b"keyarc/v1/archive";
const PASSWORD: &str = "keyarc/v1/archive/password";
const SETUP_CODE: &str = "keyarc/v1/archive/setup-code";

/// Seals the chunks of one archive.
///
/// It is made of a password or of a setup code, and of the archive's whole header, which no
/// envelope covers: with another byte there it is another key, and opens nothing.
#[derive(Debug)]
pub struct ArchiveKey(SealingKey);

impl ArchiveKey {
    /// Derives it from a password of its own. Whoever has the file can guess at that password, so
    /// the parameters are those of [`KdfParams::check`] or the key is refused before any work.
    pub fn from_password(
        password: &str,
        params: KdfParams,
        salt: &[u8; ARCHIVE_SALT_LEN],
        header: &[u8],
    ) -> Result<Self, KdfError> {
        let derived = derive_from(password, salt, params)?;
        Ok(Self::mixed(derived.bytes(), header, PASSWORD))
    }

    /// Derives it from the 128 random bits of a setup code. There is nothing to guess, so there is
    /// nothing to make slow.
    pub fn from_setup_code(code: &SetupCode, header: &[u8]) -> Self {
        Self::mixed(code.secret().bytes(), header, SETUP_CODE)
    }

    /// Seals a chunk for its place.
    pub fn seal(
        &self,
        context: &ArchiveContext,
        plaintext: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, SealError> {
        self.0.seal(context, plaintext, rng)
    }

    /// Opens what was sealed with this key for exactly this place.
    pub fn open(
        &self,
        context: &ArchiveContext,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.0.open(context, envelope)
    }

    /// Whether an envelope says that it is of this key, for words about what is wrong. Only
    /// [`Self::open`] tells whether that is true.
    pub fn is_named_by(&self, envelope: &[u8]) -> bool {
        self.0.is_named_by(envelope)
    }

    fn mixed(secret: &[u8], header: &[u8], label: &str) -> Self {
        let salt = Sha256::new()
            .chain_update(HEADER)
            .chain_update(header)
            .finalize();
        let master: Secret<32> = secret::extract(&salt, secret);
        Self(SealingKey::new(secret::derive(&master, label)))
    }
}
