//! The key of one file that is attached to items. See [`AttachmentKey`].

use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::context::AttachmentContext;
use crate::error::{OpenError, SealError};
use crate::kae1::{self, SealingKey};
use crate::padding;
use crate::secret::Secret;

/// Length of the key of a file, in bytes.
pub const ATTACHMENT_KEY_LEN: usize = 32;

/// Seals the chunks of one file.
///
/// Each file has a random one, which is kept in the details of the items that it is attached to:
/// those are sealed anew where the vault's key changes, and the file stays as it is.
pub struct AttachmentKey(SealingKey);

impl AttachmentKey {
    /// Draws one. A generator that repeats itself goes unnoticed here, and fails when the first
    /// chunk is sealed.
    pub fn make(rng: &mut impl CryptoRng) -> Zeroizing<[u8; ATTACHMENT_KEY_LEN]> {
        let mut key = Zeroizing::new([0; ATTACHMENT_KEY_LEN]);
        rng.fill_bytes(key.as_mut_slice());
        key
    }

    /// The key of these bytes, once drawn by [`Self::make`].
    pub fn from_bytes(bytes: &[u8; ATTACHMENT_KEY_LEN]) -> Self {
        Self(SealingKey::new(Secret::fill(|secret| {
            secret.copy_from_slice(bytes);
        })))
    }

    /// Seals a chunk for its place.
    pub fn seal(
        &self,
        context: &AttachmentContext,
        plaintext: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, SealError> {
        self.0.seal(context, plaintext, rng)
    }

    /// Opens what was sealed with this key for exactly this place.
    pub fn open(
        &self,
        context: &AttachmentContext,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.0.open(context, envelope)
    }
}

impl fmt::Debug for AttachmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AttachmentKey(redacted)")
    }
}

/// The length of the envelope of a plaintext of `len` bytes.
pub const fn envelope_len(len: usize) -> usize {
    kae1::OVERHEAD + padding::padded_len(len)
}
