//! User bundles: the public keys of a person, signed by themselves.
//!
//! ```text
//! body    = "KB" ‖ 1 ‖ seq u32 ‖ user id 16 ‖ prev 32 ‖ Ed25519 public key 32 ‖ X25519 public key 32
//! genesis = body ‖ own signature 64                       (seq 0; user id and prev all zero)
//! later   = body ‖ own signature 64 ‖ signature 64 by the key of the bundle before
//! user id = first 16 bytes of SHA-256(genesis);  prev = SHA-256(the bundle before)
//! ```
//! The own signature proves possession of the new key; without it somebody could publish another
//! person's key as their own.

use sha2::{Digest as _, Sha256};

use crate::{
    PUBLIC_KEY_LEN, Purpose, Reader, SIGNATURE_LEN, SignatureError, SigningKey, VerifyingKey,
    exchange,
};

const MAGIC: &[u8; 2] = b"KB";
const FORMAT: u8 = 1;
const BODY_LEN: usize = 2 + 1 + 4 + 16 + 32 + PUBLIC_KEY_LEN + 32;
/// Length of an encoded genesis bundle in bytes.
pub const GENESIS_LEN: usize = BODY_LEN + SIGNATURE_LEN;
/// Length of every later bundle in bytes.
pub const ROTATED_LEN: usize = GENESIS_LEN + SIGNATURE_LEN;

/// The id of the user whose genesis bundle is encoded so.
pub fn user_id(genesis: &[u8]) -> [u8; 16] {
    let hash = Sha256::digest(genesis);
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    id
}

/// The public keys of a user at one point of their history.
///
/// Decoding checks the structure and that the keys are fit for use. It is [`verify`] and
/// [`verify_after`] that make it believable.
///
/// [`verify`]: Self::verify
/// [`verify_after`]: Self::verify_after
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserBundle {
    signing: VerifyingKey,
    exchange: [u8; 32],
    signature: [u8; SIGNATURE_LEN],
    rotation: Option<Rotation>,
}

/// What only a later bundle has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rotation {
    /// Never 0.
    seq: u32,
    user_id: [u8; 16],
    prev: [u8; 32],
    signature: [u8; SIGNATURE_LEN],
}

impl UserBundle {
    /// The first bundle of a user.
    pub fn genesis(signing: &SigningKey, exchange: [u8; 32]) -> Self {
        let body = body(0, &[0; 16], &[0; 32], &signing.public_key(), &exchange);
        Self {
            signing: signing.verifying_key(),
            exchange,
            signature: signing.sign(Purpose::UserBundle, &body),
            rotation: None,
        }
    }

    /// The bundle that replaces this one. `current` is the private key of this one.
    pub fn rotate(
        &self,
        current: &SigningKey,
        next: &SigningKey,
        exchange: [u8; 32],
    ) -> Result<Self, SignatureError> {
        if current.verifying_key() != self.signing {
            return Err(SignatureError);
        }
        exchange::check(&exchange)?;
        let seq = self.seq().checked_add(1).ok_or(SignatureError)?;
        let (user_id, prev) = (self.user_id(), self.hash());
        let body = body(seq, &user_id, &prev, &next.public_key(), &exchange);
        let signature = current.sign(Purpose::UserBundle, &body);
        Ok(Self {
            signing: next.verifying_key(),
            exchange,
            signature: next.sign(Purpose::UserBundle, &body),
            rotation: Some(Rotation {
                seq,
                user_id,
                prev,
                signature,
            }),
        })
    }

    /// Reads exactly what [`encode`](Self::encode) writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, SignatureError> {
        let mut reader = Reader(bytes);
        if reader.take::<2>()? != *MAGIC || reader.take::<1>()? != [FORMAT] {
            return Err(SignatureError);
        }
        let seq = u32::from_be_bytes(reader.take()?);
        let user_id = reader.take()?;
        let prev = reader.take()?;
        let signing = VerifyingKey::from_bytes(&reader.take()?)?;
        let exchange = reader.take()?;
        exchange::check(&exchange)?;
        let signature = reader.take()?;
        let rotation = if seq == 0 {
            if user_id != [0; 16] || prev != [0; 32] {
                return Err(SignatureError);
            }
            None
        } else {
            Some(Rotation {
                seq,
                user_id,
                prev,
                signature: reader.take()?,
            })
        };
        if !reader.0.is_empty() {
            return Err(SignatureError);
        }
        Ok(Self {
            signing,
            exchange,
            signature,
            rotation,
        })
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(ROTATED_LEN);
        bytes.extend_from_slice(&self.body());
        bytes.extend_from_slice(&self.signature);
        if let Some(rotation) = &self.rotation {
            bytes.extend_from_slice(&rotation.signature);
        }
        bytes
    }

    /// Checks a genesis bundle: it is the first, and its own key signed it. A later bundle is
    /// refused; it can only be believed [after](Self::verify_after) the one before it.
    pub fn verify(&self) -> Result<(), SignatureError> {
        match self.rotation {
            None => self.verify_own(),
            Some(_) => Err(SignatureError),
        }
    }

    /// Checks that this bundle follows `previous`, which must have been verified itself: same
    /// user, next number, right hash, signed by the key before and by its own.
    pub fn verify_after(&self, previous: &Self) -> Result<(), SignatureError> {
        let rotation = self.rotation.as_ref().ok_or(SignatureError)?;
        let follows = previous.seq().checked_add(1) == Some(rotation.seq)
            && rotation.user_id == previous.user_id()
            && rotation.prev == previous.hash();
        if !follows {
            return Err(SignatureError);
        }
        previous
            .signing
            .verify(Purpose::UserBundle, &self.body(), &rotation.signature)?;
        self.verify_own()
    }

    /// Whose bundle it is.
    pub fn user_id(&self) -> [u8; 16] {
        match &self.rotation {
            None => user_id(&self.encode()),
            Some(rotation) => rotation.user_id,
        }
    }

    /// 0 for genesis, and one more with each rotation.
    pub fn seq(&self) -> u32 {
        self.rotation.as_ref().map_or(0, |rotation| rotation.seq)
    }

    /// The key that this user signs with.
    pub fn signing_key(&self) -> VerifyingKey {
        self.signing
    }

    /// The X25519 key that this user receives with.
    pub fn exchange_key(&self) -> [u8; 32] {
        self.exchange
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.encode()).into()
    }

    fn verify_own(&self) -> Result<(), SignatureError> {
        self.signing
            .verify(Purpose::UserBundle, &self.body(), &self.signature)
    }

    fn body(&self) -> [u8; BODY_LEN] {
        let (user_id, prev) = match &self.rotation {
            None => ([0; 16], [0; 32]),
            Some(rotation) => (rotation.user_id, rotation.prev),
        };
        body(
            self.seq(),
            &user_id,
            &prev,
            &self.signing.to_bytes(),
            &self.exchange,
        )
    }
}

fn body(
    seq: u32,
    user_id: &[u8; 16],
    prev: &[u8; 32],
    signing: &[u8; PUBLIC_KEY_LEN],
    exchange: &[u8; 32],
) -> [u8; BODY_LEN] {
    let seq = seq.to_be_bytes();
    let mut body = [0; BODY_LEN];
    let mut rest = body.as_mut_slice();
    for field in [
        MAGIC.as_slice(),
        &[FORMAT],
        &seq,
        user_id,
        prev,
        signing.as_slice(),
        exchange.as_slice(),
    ] {
        let (place, after) = rest.split_at_mut(field.len());
        place.copy_from_slice(field);
        rest = after;
    }
    body
}
