use sha2::{Digest as _, Sha256};

const MAGIC: &[u8; 2] = b"KL";
const FORMAT: u8 = 1;
const OFFER: u8 = 0;
const ANSWER: u8 = 1;
const REVEAL: u8 = 2;

/// One side's public part: an X25519 key and a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Half {
    pub(super) key: [u8; 32],
    pub(super) nonce: [u8; 32],
}

impl Half {
    /// SHA-256(`"keyarc/v1/link/commit"` ‖ key ‖ nonce).
    pub(super) fn commitment(&self) -> [u8; 32] {
        Sha256::new()
            .chain_update(b"keyarc/v1/link/commit")
            .chain_update(self.key)
            .chain_update(self.nonce)
            .finalize()
            .into()
    }
}

/// What passes between two devices, through a server that is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkMessage {
    /// The new device's commitment.
    Offer([u8; 32]),
    /// The unlocked device's half.
    Answer(Half),
    /// What the new device had committed to.
    Reveal(Half),
}

impl LinkMessage {
    /// `"KL" ‖ 1 ‖ kind ‖ commitment 32`, or `‖ key 32 ‖ nonce 32`.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, parts): (u8, &[&[u8; 32]]) = match self {
            Self::Offer(commitment) => (OFFER, &[commitment]),
            Self::Answer(half) => (ANSWER, &[&half.key, &half.nonce]),
            Self::Reveal(half) => (REVEAL, &[&half.key, &half.nonce]),
        };
        let mut bytes = MAGIC.to_vec();
        bytes.extend([FORMAT, kind]);
        for part in parts {
            bytes.extend_from_slice(*part);
        }
        bytes
    }

    /// Reads exactly what [`Self::encode`] writes; `None` for anything else.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let ([format, kind], rest) = rest.split_first_chunk()?;
        if *format != FORMAT {
            return None;
        }
        let (parts, []) = rest.as_chunks::<32>() else {
            return None;
        };
        match (*kind, parts) {
            (OFFER, [commitment]) => Some(Self::Offer(*commitment)),
            (ANSWER, [key, nonce]) => Some(Self::Answer(Half {
                key: *key,
                nonce: *nonce,
            })),
            (REVEAL, [key, nonce]) => Some(Self::Reveal(Half {
                key: *key,
                nonce: *nonce,
            })),
            _ => None,
        }
    }
}
