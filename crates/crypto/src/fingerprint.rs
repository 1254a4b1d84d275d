//! Keyed fingerprints, by which a client finds equal contents without opening them.

use sha2::{Digest as _, Sha256};

use crate::secret::Expander;
use crate::vault_key::VaultKey;

impl VaultKey {
    /// Names `bytes` in 8 bytes that say nothing to anybody without the key, and differ from
    /// vault to vault. Stored inside ciphertext only: to the server, equal fingerprints would
    /// show equal secrets.
    pub fn fingerprint(&self, bytes: &[u8]) -> [u8; 8] {
        let digest = Sha256::digest(bytes);
        *Expander::new(self.secret()).expand::<8>(&[b"keyarc/v1/vault/fingerprint", &digest])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn key(byte: u8) -> VaultKey {
        VaultKey::from_secret(Secret::fill(|bytes| bytes.fill(byte)))
    }

    #[test]
    fn a_fingerprint_depends_on_key_and_content() {
        let fingerprint = key(1).fingerprint(b"content");
        assert_eq!(key(1).fingerprint(b"content"), fingerprint);
        assert_ne!(key(1).fingerprint(b"other"), fingerprint);
        assert_ne!(key(2).fingerprint(b"content"), fingerprint);
    }

    #[test]
    fn the_format_stays() {
        // HMAC-SHA256(32 × 01, "keyarc/v1/vault/fingerprint" ‖ SHA-256("content") ‖ 01)[..8]
        assert_eq!(
            hex::encode(key(1).fingerprint(b"content")),
            "d31dbe9e2bd6cca0"
        );
    }
}
