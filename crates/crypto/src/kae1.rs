//! KAE1, the one committing encryption of KeyArc.
//!
//! ```text
//! h           = SHA-256(AAD)
//! commit      = HKDF-Expand(K, "KAE1/commit" ‖ N ‖ h, 32)
//! (ek32,iv12) = HKDF-Expand(K, "KAE1/key"    ‖ N ‖ h, 44)
//! ct ‖ tag    = AES-256-GCM(ek, iv, pad(plaintext), AAD)
//! envelope    = "KA" ‖ 1 ‖ 1 ‖ type u16 ‖ key id 16 ‖ N 24 ‖ commit 32 ‖ ct ‖ tag 16
//! ```
//! AES-GCM alone does not commit: one ciphertext can open under two keys (Dodis, Grubbs,
//! Ristenpart, Woodage, "Fast Message Franking", 2018), which breaks sharing and turns password
//! checks into partitioning oracles (Len, Grubbs, Ristenpart, 2021). `commit` is a collision-
//! resistant image of key, salt and associated data, and it is compared before GCM runs.

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Key, Nonce, Tag};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::aad::{self, Binding, EnvelopeType};
use crate::error::{OpenError, SealError};
use crate::padding;
use crate::secret::{Expander, Secret};

/// Longest plaintext of one envelope in bytes (64 MiB).
pub const MAX_PLAINTEXT: usize = 64 * 1024 * 1024;

pub(crate) const HEADER_LEN: usize = 2 + 1 + 1 + 2 + KEY_ID_LEN;
pub(crate) const KEY_ID_LEN: usize = 16;
const SALT_LEN: usize = 24;
const COMMIT_LEN: usize = 32;
const TAG_LEN: usize = 16;
const IV_LEN: usize = 12;
const BODY_START: usize = HEADER_LEN + SALT_LEN + COMMIT_LEN;
/// What an envelope has beside the padded plaintext, in bytes.
pub(crate) const OVERHEAD: usize = BODY_START + TAG_LEN;

const MAGIC: &[u8; 2] = b"KA";
const FORMAT: u8 = 1;
const ALGORITHM: u8 = 1;

/// A key that seals and opens envelopes.
pub(crate) struct SealingKey {
    secret: Secret<32>,
    expander: Expander,
    id: [u8; KEY_ID_LEN],
}

impl SealingKey {
    pub(crate) fn new(secret: Secret<32>) -> Self {
        let expander = Expander::new(&secret);
        let id = *expander.expand(&[b"KAE1/key-id"]);
        Self {
            secret,
            expander,
            id,
        }
    }

    /// The key itself, for wrapping only.
    pub(crate) fn secret(&self) -> &Secret<32> {
        &self.secret
    }

    pub(crate) fn seal(
        &self,
        binding: &impl Binding,
        plaintext: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, SealError> {
        if plaintext.len() > MAX_PLAINTEXT {
            return Err(SealError::TooLong);
        }
        let salt = fresh_salt(rng)?;
        let header = self.header(binding.envelope_type());
        let aad = aad::encode(&header, binding);
        let keys = self.message_keys(&salt, &aad);

        let padded_len = padding::padded_len(plaintext.len());
        let mut envelope = Vec::with_capacity(BODY_START + padded_len + TAG_LEN);
        envelope.extend_from_slice(&header);
        envelope.extend_from_slice(&salt);
        envelope.extend_from_slice(keys.commit.as_slice());
        // The plaintext is encrypted where it will stay, so no copy of it is left behind.
        padding::pad_into(&mut envelope, plaintext);
        let body = &mut envelope[BODY_START..];
        let tag = keys.encrypt(&aad, body)?;
        envelope.extend_from_slice(&tag);
        Ok(envelope)
    }

    pub(crate) fn open(
        &self,
        binding: &impl Binding,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let parsed = Parsed::new(envelope)?;
        // Exactly one header is acceptable here: our format and algorithm, the type expected in
        // this place, our key. Anything else is refused before any secret is touched.
        let header = self.header(binding.envelope_type());
        if parsed.header != &header {
            return Err(OpenError);
        }
        let aad = aad::encode(&header, binding);
        self.message_keys(parsed.salt, &aad).open(&parsed, &aad)
    }

    /// Whether the header of an envelope names this key.
    pub(crate) fn is_named_by(&self, envelope: &[u8]) -> bool {
        envelope.get(HEADER_LEN - KEY_ID_LEN..HEADER_LEN) == Some(self.id.as_slice())
    }

    fn header(&self, envelope_type: EnvelopeType) -> [u8; HEADER_LEN] {
        let mut header = [0; HEADER_LEN];
        let (fixed, id) = header.split_at_mut(HEADER_LEN - KEY_ID_LEN);
        let [high, low] = envelope_type.to_bytes();
        fixed.copy_from_slice(&[MAGIC[0], MAGIC[1], FORMAT, ALGORITHM, high, low]);
        id.copy_from_slice(&self.id);
        header
    }

    fn message_keys(&self, salt: &[u8; SALT_LEN], aad: &[u8]) -> MessageKeys {
        let hash = Sha256::digest(aad);
        let commit = self.expander.expand(&[b"KAE1/commit", salt, &hash]);
        let key_and_iv = self
            .expander
            .expand::<{ 32 + IV_LEN }>(&[b"KAE1/key", salt, &hash]);
        let mut keys = MessageKeys {
            commit,
            key: Zeroizing::default(),
            iv: [0; IV_LEN],
        };
        keys.key.copy_from_slice(&key_and_iv[..32]);
        keys.iv.copy_from_slice(&key_and_iv[32..]);
        keys
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(redacted)")
    }
}

/// An envelope taken apart. Nothing is believed yet except the lengths.
struct Parsed<'a> {
    header: &'a [u8; HEADER_LEN],
    salt: &'a [u8; SALT_LEN],
    commit: &'a [u8; COMMIT_LEN],
    ciphertext: &'a [u8],
    tag: &'a [u8; TAG_LEN],
}

impl<'a> Parsed<'a> {
    fn new(envelope: &'a [u8]) -> Result<Self, OpenError> {
        let (header, rest) = envelope.split_first_chunk().ok_or(OpenError)?;
        let (salt, rest) = rest.split_first_chunk().ok_or(OpenError)?;
        let (commit, rest) = rest.split_first_chunk().ok_or(OpenError)?;
        let (ciphertext, tag) = rest.split_last_chunk().ok_or(OpenError)?;
        // Only lengths that sealing produces: this refuses empty, cut and extended ciphertexts
        // without allocating for them.
        let acceptable = padding::is_padded_len(ciphertext.len())
            && ciphertext.len() <= padding::padded_len(MAX_PLAINTEXT);
        if !acceptable {
            return Err(OpenError);
        }
        Ok(Self {
            header,
            salt,
            commit,
            ciphertext,
            tag,
        })
    }
}

/// What one message is encrypted with: never used for a second one.
struct MessageKeys {
    commit: Zeroizing<[u8; COMMIT_LEN]>,
    key: Zeroizing<[u8; 32]>,
    iv: [u8; IV_LEN],
}

impl MessageKeys {
    fn encrypt(&self, aad: &[u8], body: &mut [u8]) -> Result<[u8; TAG_LEN], SealError> {
        let (cipher, iv) = self.cipher();
        // AES-GCM refuses only what is longer than MAX_PLAINTEXT by far.
        let tag = cipher
            .encrypt_inout_detached(&iv, aad, body.into())
            .map_err(|_| SealError::TooLong)?;
        Ok(tag.into())
    }

    fn open(&self, parsed: &Parsed<'_>, aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let mut plaintext = self.decrypt(parsed, aad)?;
        let len = padding::unpadded_len(&plaintext).ok_or(OpenError)?;
        plaintext.copy_within(padding::PREFIX..padding::PREFIX + len, 0);
        plaintext.truncate(len);
        Ok(plaintext)
    }

    /// The commitment first: GCM must never see a ciphertext that another key committed to.
    fn decrypt(&self, parsed: &Parsed<'_>, aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        if !bool::from(self.commit.as_slice().ct_eq(parsed.commit)) {
            return Err(OpenError);
        }
        let mut body = Zeroizing::new(parsed.ciphertext.to_vec());
        let (cipher, iv) = self.cipher();
        cipher
            .decrypt_inout_detached(
                &iv,
                aad,
                body.as_mut_slice().into(),
                &Tag::from(*parsed.tag),
            )
            .map_err(|_| OpenError)?;
        Ok(body)
    }

    fn cipher(&self) -> (Aes256Gcm, Nonce<U12>) {
        (
            Aes256Gcm::new(&Key::<Aes256Gcm>::from(*self.key)),
            Nonce::from(self.iv),
        )
    }
}

/// Draws the 192-bit salt of one envelope, and proves that the generator moves on: a second draw
/// must differ from the first. A sound generator fails this once in 2^64 draws.
fn fresh_salt(rng: &mut impl CryptoRng) -> Result<[u8; SALT_LEN], SealError> {
    let mut salt = [0; SALT_LEN];
    let mut probe = [0; 8];
    rng.fill_bytes(&mut salt);
    rng.fill_bytes(&mut probe);
    if salt.starts_with(&probe) {
        return Err(SealError::Randomness);
    }
    Ok(salt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::StateContext;

    const PLACE: StateContext = StateContext {
        owner: [1; 16],
        label: "test",
    };

    fn key() -> SealingKey {
        SealingKey::new(Secret::fill(|bytes| bytes.fill(1)))
    }

    /// An envelope around an arbitrary padded body, as only a holder of the key could make it.
    fn around(body: &[u8]) -> Vec<u8> {
        let (key, salt) = (key(), [2; SALT_LEN]);
        let header = key.header(PLACE.envelope_type());
        let aad = aad::encode(&header, &PLACE);
        let keys = key.message_keys(&salt, &aad);
        let mut body = body.to_vec();
        let tag = keys.encrypt(&aad, &mut body).unwrap();
        [
            &header,
            salt.as_slice(),
            keys.commit.as_slice(),
            &body,
            &tag,
        ]
        .concat()
    }

    #[test]
    fn only_canonical_padding_opens_even_with_the_right_key() {
        let mut body = vec![0; 256];
        body[3] = 5;
        body[4..9].copy_from_slice(b"value");
        assert_eq!(
            key().open(&PLACE, &around(&body)).unwrap().as_slice(),
            b"value"
        );

        let mut not_zero = body.clone();
        not_zero[255] = 1;
        let mut too_long = body.clone();
        too_long[2] = 1;
        let mut enormous = body.clone();
        enormous[..4].fill(0xff);
        let mut bucket_too_large = body.clone();
        bucket_too_large.resize(512, 0);
        for body in [
            not_zero,
            too_long,
            enormous,
            bucket_too_large,
            vec![0; 255],
            vec![],
        ] {
            assert_eq!(key().open(&PLACE, &around(&body)).err(), Some(OpenError));
        }
    }

    #[test]
    fn it_is_the_commitment_that_stops_a_ciphertext_of_two_keys() {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../vectors/salamander.json")).unwrap();
        let bytes = |name: &str| hex::decode(file[name].as_str().unwrap()).unwrap();
        let (ciphertext_and_tag, aad) = (bytes("ct_and_tag"), bytes("aad"));
        let (ciphertext, tag) = ciphertext_and_tag.split_last_chunk().unwrap();
        // Two recipients whose message keys are those of the salamander, each with the commitment
        // that the key gives.
        let recipients = ["k1", "k2"].map(|name| {
            let secret = Secret::copy_of(&bytes(name)).unwrap();
            let mut keys = SealingKey::new(secret).message_keys(&[0; SALT_LEN], &aad);
            keys.key.copy_from_slice(&bytes(name));
            keys.iv.copy_from_slice(&bytes("nonce"));
            keys
        });
        for (sender, receiver, plaintext) in
            [(0, 0, "p1"), (0, 1, "p2"), (1, 0, "p1"), (1, 1, "p2")]
        {
            let parsed = Parsed {
                header: &[0; HEADER_LEN],
                salt: &[0; SALT_LEN],
                commit: &recipients[sender].commit,
                ciphertext,
                tag,
            };
            let decrypted = recipients[receiver].decrypt(&parsed, &aad);
            let committed = sender == receiver;
            assert_eq!(
                decrypted.as_ref().map(|p| p.to_vec()).ok(),
                committed.then(|| bytes(plaintext))
            );
            // And the padding refuses what even the committed key gives.
            assert_eq!(
                recipients[receiver].open(&parsed, &aad).err(),
                Some(OpenError)
            );
        }
    }
}
