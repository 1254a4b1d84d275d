//! Secret bytes and the HKDF-SHA256 over them.

use std::fmt;

use hkdf::Hkdf;
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

/// Secret bytes on the heap, where a move copies a pointer only. Wiped when dropped.
pub(crate) struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// Fills the box in place, so that no other copy exists.
    pub(crate) fn fill(write: impl FnOnce(&mut [u8; N])) -> Self {
        let mut secret = Self(Box::new([0; N]));
        write(&mut secret.0);
        secret
    }

    pub(crate) fn make(rng: &mut impl CryptoRng) -> Self {
        Self::fill(|bytes| rng.fill_bytes(bytes))
    }

    /// Copies exactly `N` bytes; `None` for any other length.
    pub(crate) fn copy_of(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == N).then(|| Self::fill(|secret| secret.copy_from_slice(bytes)))
    }

    pub(crate) fn bytes(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

impl<const N: usize> ZeroizeOnDrop for Secret<N> {}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// HKDF-Extract (RFC 5869, section 2.2).
pub(crate) fn extract(salt: &[u8], ikm: &[u8]) -> Secret<32> {
    let (mut prk, _) = Hkdf::<Sha256>::extract(Some(salt), ikm);
    let secret = Secret::fill(|bytes| bytes.copy_from_slice(&prk));
    prk.as_mut_slice().zeroize();
    secret
}

/// HKDF-Expand (RFC 5869, section 2.3) from one key, keeping the keyed hash state, which the
/// sealing of many items would otherwise compute anew each time. The state wipes itself.
pub(crate) struct Expander(Hkdf<Sha256>);

impl Expander {
    #[expect(
        clippy::expect_used,
        reason = "32 bytes are never too short for HKDF-SHA256"
    )]
    pub(crate) fn new(key: &Secret<32>) -> Self {
        Self(Hkdf::from_prk(key.bytes()).expect("a key of the hash's length"))
    }

    /// Expands to `N` bytes with the concatenation of `info`.
    #[expect(clippy::expect_used, reason = "N is checked at compile time")]
    pub(crate) fn expand<const N: usize>(&self, info: &[&[u8]]) -> Zeroizing<[u8; N]> {
        const { assert!(N <= 255 * 32, "HKDF-SHA256 gives no more") };
        let mut out = Zeroizing::new([0; N]);
        self.0
            .expand_multi_info(info, out.as_mut_slice())
            .expect("a length HKDF can give");
        out
    }
}

/// One 32-byte key out of another, by label.
pub(crate) fn derive(key: &Secret<32>, label: &str) -> Secret<32> {
    let okm = Expander::new(key).expand::<32>(&[label.as_bytes()]);
    Secret::fill(|bytes| bytes.copy_from_slice(okm.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_the_hash_states_over_them_are_wiped_when_dropped() {
        fn wiped<T: ZeroizeOnDrop>() {}
        wiped::<Secret<32>>();
        wiped::<Zeroizing<Vec<u8>>>();
        // An HMAC, and with it an HKDF, holds its key as two of these states.
        wiped::<Sha256>();
        wiped::<aes_gcm::Aes256Gcm>();
        wiped::<keyarc_signature::SigningKey>();
        wiped::<x25519_dalek::StaticSecret>();
    }

    #[test]
    fn a_copy_has_exactly_the_right_length() {
        assert!(Secret::<32>::copy_of(&[1; 31]).is_none());
        assert!(Secret::<32>::copy_of(&[1; 33]).is_none());
        assert_eq!(Secret::<32>::copy_of(&[1; 32]).unwrap().bytes(), &[1; 32]);
    }
}
