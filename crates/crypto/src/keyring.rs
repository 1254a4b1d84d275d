//! An account's own key pairs.

use keyarc_signature::{SigningKey, UserBundle};
use rand_core::CryptoRng;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::OpenError;

const FORMAT: u8 = 1;
const ENCODED_LEN: usize = 1 + 32 + 32;

/// The private keys behind a user bundle: Ed25519 to sign, X25519 to receive. Kept at the server
/// wrapped by the root key.
pub struct Keyring {
    signing: SigningKey,
    exchange: StaticSecret,
}

impl Keyring {
    /// Makes the keys of a new account.
    pub fn make(rng: &mut impl CryptoRng) -> Self {
        Self {
            signing: SigningKey::make(rng),
            exchange: StaticSecret::random_from_rng(rng),
        }
    }

    /// The key that signs for the account.
    pub fn signing_key(&self) -> &SigningKey {
        &self.signing
    }

    /// The genesis bundle: the same every time, so that whoever opened the keyring can tell
    /// whether a server shows the bundle and the account that belong to it.
    pub fn bundle(&self) -> UserBundle {
        UserBundle::genesis(&self.signing, PublicKey::from(&self.exchange).to_bytes())
    }

    /// The bundle that puts this keyring's keys in the place of `before`'s, whose last bundle
    /// `last` is. `None` when `last` is not `before`'s.
    pub fn rotation(&self, before: &Self, last: &UserBundle) -> Option<UserBundle> {
        let exchange = PublicKey::from(&self.exchange).to_bytes();
        last.rotate(&before.signing, &self.signing, exchange).ok()
    }

    /// Whether these are the private keys of a bundle.
    pub fn is_of(&self, bundle: &UserBundle) -> bool {
        bundle.signing_key() == self.signing.verifying_key()
            && bundle.exchange_key() == PublicKey::from(&self.exchange).to_bytes()
    }

    /// `1 ‖ Ed25519 seed 32 ‖ X25519 secret 32`.
    pub(crate) fn encode(&self) -> Zeroizing<[u8; ENCODED_LEN]> {
        let mut bytes = Zeroizing::new([0; ENCODED_LEN]);
        bytes[0] = FORMAT;
        bytes[1..33].copy_from_slice(self.signing.seed().as_slice());
        bytes[33..].copy_from_slice(self.exchange.as_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, OpenError> {
        let bytes: &[u8; ENCODED_LEN] = bytes.try_into().map_err(|_| OpenError)?;
        if bytes[0] != FORMAT {
            return Err(OpenError);
        }
        let mut seed = Zeroizing::new([0; 32]);
        seed.copy_from_slice(&bytes[1..33]);
        let mut exchange = [0; 32];
        exchange.copy_from_slice(&bytes[33..]);
        let keyring = Self {
            signing: SigningKey::from_seed(&seed),
            exchange: StaticSecret::from(exchange),
        };
        exchange.zeroize();
        Ok(keyring)
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring(redacted)")
    }
}
