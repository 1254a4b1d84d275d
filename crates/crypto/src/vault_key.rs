//! The key of one vault in one epoch.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::context::{ItemContext, MachineChangeContext};
use crate::error::{OpenError, SealError};
use crate::kae1::SealingKey;
use crate::secret::Secret;

/// Seals the items of a vault. Every sealing derives a key of its own, so there is no key per
/// item.
#[derive(Debug)]
pub struct VaultKey(SealingKey);

impl VaultKey {
    /// Makes the key of a new vault or epoch. A generator that repeats itself goes unnoticed
    /// here and fails when the key is wrapped, so such a key never comes into use.
    pub fn make(rng: &mut impl CryptoRng) -> Self {
        Self::from_secret(Secret::make(rng))
    }

    /// Seals one part of an item for its place.
    pub fn seal(
        &self,
        context: &ItemContext,
        plaintext: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, SealError> {
        self.0.seal(context, plaintext, rng)
    }

    /// Opens what was sealed with this key for exactly this place.
    pub fn open(
        &self,
        context: &ItemContext,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.0.open(context, envelope)
    }

    /// Seals a change for whoever has the key of the copy, which this is.
    pub fn seal_change(
        &self,
        context: &MachineChangeContext,
        plaintext: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, SealError> {
        self.0.seal(context, plaintext, rng)
    }

    /// Opens a change that was sealed with the key of the copy, which this is.
    pub fn open_change(
        &self,
        context: &MachineChangeContext,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.0.open(context, envelope)
    }

    pub(crate) fn from_secret(secret: Secret<32>) -> Self {
        Self(SealingKey::new(secret))
    }

    pub(crate) fn secret(&self) -> &Secret<32> {
        self.0.secret()
    }
}
