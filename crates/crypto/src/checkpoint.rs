//! The checkpoint in a recovery kit: a state that no server may go back behind. See
//! [`Checkpoint`].

use zeroize::Zeroizing;

use crate::coded::{CodeError, Spelling};

/// So much of the manifest's hash stands in a checkpoint, in bytes. Nobody but the owner can sign
/// a manifest, so what it has to withstand is a second preimage: 128 bits.
pub const CHECKPOINT_HASH_LEN: usize = 16;
const CHECKSUM_LEN: usize = 2;
pub(crate) const RAW_LEN: usize = 4 + 8 + CHECKPOINT_HASH_LEN + CHECKSUM_LEN;

pub(crate) const SPELLING: Spelling = Spelling {
    prefix: b"KC1",
    group: 4,
    label: b"keyarc/v1/checkpoint",
    checksum: CHECKSUM_LEN,
};

/// Why a text is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Too short, too long, a character that no checkpoint has, or not beginning with `KC1`.
    #[error("a checkpoint begins with KC1 and has twelve groups of four letters and digits")]
    Shape,
    /// It has the right shape and a typing mistake in it.
    #[error("the checkpoint has a typing mistake")]
    Checksum,
}

/// Where an account stood when its kit was made, written as `KC1-` and 48 Crockford base32 digits
/// in groups of four: `keyset version u32 ‖ manifest version u64 ‖ hash 16 ‖ checksum 2`.
///
/// The checksum is the beginning of SHA-256(`"keyarc/v1/checkpoint"` ‖ the rest). It is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The keyset in force.
    pub keyset_version: u32,
    /// The version of the personal vault's newest manifest.
    pub version: u64,
    /// The beginning of that manifest's hash, which names the vault too.
    pub hash: [u8; CHECKPOINT_HASH_LEN],
}

impl Checkpoint {
    /// Reads what a person typed or pasted, as [`SetupCode::parse`](crate::SetupCode::parse)
    /// does.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let raw = SPELLING
            .read::<RAW_LEN>(text)
            .map_err(|error| match error {
                CodeError::Shape => CheckpointError::Shape,
                CodeError::Checksum => CheckpointError::Checksum,
            })?;
        let mut read = Self {
            keyset_version: 0,
            version: 0,
            hash: [0; CHECKPOINT_HASH_LEN],
        };
        let (mut keyset, mut version) = ([0; 4], [0; 8]);
        let (head, rest) = raw.bytes().split_at(4);
        keyset.copy_from_slice(head);
        let (head, rest) = rest.split_at(8);
        version.copy_from_slice(head);
        read.hash.copy_from_slice(&rest[..CHECKPOINT_HASH_LEN]);
        read.keyset_version = u32::from_be_bytes(keyset);
        read.version = u64::from_be_bytes(version);
        Ok(read)
    }

    /// The canonical text, for the recovery kit.
    pub fn to_text(&self) -> Zeroizing<String> {
        SPELLING.write::<RAW_LEN>(|body| {
            body[..4].copy_from_slice(&self.keyset_version.to_be_bytes());
            body[4..12].copy_from_slice(&self.version.to_be_bytes());
            body[12..].copy_from_slice(&self.hash);
        })
    }
}
