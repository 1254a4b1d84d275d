use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Block size of SHA-256 in bytes; an HMAC key is padded to it (RFC 2104, section 2).
const BLOCK: usize = 64;

/// An HMAC-SHA256 key. Wiped when dropped; its `Debug` shows nothing.
#[derive(Clone, ZeroizeOnDrop)]
pub(crate) struct MacKey([u8; BLOCK]);

impl MacKey {
    /// Takes key bytes of any length.
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut block = [0; BLOCK];
        if key.len() > BLOCK {
            block[..32].copy_from_slice(&Sha256::digest(key));
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        Self(block)
    }

    /// Derives a key for one use, named by a label, from a secret of any length.
    pub(crate) fn derive(secret: &[u8], label: &str) -> Self {
        Self::new(Self::derive_bytes(secret, label).as_slice())
    }

    /// The same as bytes, for a use that is no MAC.
    pub(crate) fn derive_bytes(secret: &[u8], label: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(Self::new(secret).tag(&[label.as_bytes()]))
    }

    /// The tag over the concatenation of `parts`. At most one part may vary in length.
    pub(crate) fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = <Hmac<Sha256>>::new((&self.0).into());
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MacKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &[u8], data: &[u8], expected: &str) {
        assert_eq!(hex::encode(MacKey::new(key).tag(&[data])), expected);
    }

    /// RFC 4231, test cases 1, 2, 6 and 7: short keys and keys longer than a block.
    #[test]
    fn the_tags_of_rfc_4231() {
        check(
            &[0x0b; 20],
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        );
        check(
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        check(
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        );
        check(
            &[0xaa; 131],
            b"This is a test using a larger than block-size key and a larger than block-size \
              data. The key needs to be hashed before being used by the HMAC algorithm.",
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        );
    }

    #[test]
    fn labels_make_different_keys() {
        let tag = |label| MacKey::derive(b"secret", label).tag(&[b"x"]);
        assert_eq!(tag("a"), tag("a"));
        assert_ne!(tag("a"), tag("b"));
    }
}
