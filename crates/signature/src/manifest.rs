//! Vault manifests: what a vault holds after one write, signed by whoever wrote it.
//!
//! ```text
//! body     = "KM" ‖ 1 ‖ vault 16 ‖ version u64 ‖ prev 32 ‖ key epoch u32 ‖ team chain head 32
//!            ‖ items u32 ‖ root 32 ‖ time u64
//! manifest = body ‖ signature 64;  prev = SHA-256(the manifest before), zero for version 0
//! ```
//! Version 0 is the empty vault; each write makes the next. The head commits to all before it
//! through `prev`, so that a chain is believed once its head's signature is.

use sha2::{Digest as _, Sha256};

use crate::{Purpose, Reader, SIGNATURE_LEN, SignatureError, SigningKey, VerifyingKey};

const MAGIC: &[u8; 2] = b"KM";
const FORMAT: u8 = 1;
const BODY_LEN: usize = 2 + 1 + 16 + 8 + 32 + 4 + 32 + 4 + 32 + 8;
/// Length of an encoded manifest in bytes.
pub const MANIFEST_LEN: usize = BODY_LEN + SIGNATURE_LEN;

/// What a manifest states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManifestBody {
    /// The vault.
    pub vault: [u8; 16],
    /// Counts the vault's writes; 0 is the empty vault.
    pub version: u64,
    /// [`VaultManifest::hash`] of the version before; zero for version 0.
    pub prev: [u8; 32],
    /// The epoch of the vault key.
    pub key_epoch: u32,
    /// The head of the team's chain; zero for a personal vault.
    pub team_head: [u8; 32],
    /// Leaves of the tree, tombstones included.
    pub items: u32,
    /// The root over all leaves (see `docs/protocol.md`, "Manifests").
    pub root: [u8; 32],
    /// The writer's clock, Unix milliseconds. A claim, for people only.
    pub time_ms: u64,
}

/// A signed manifest. Decoding checks its structure; [`verify`](Self::verify) makes it
/// believable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultManifest {
    body: ManifestBody,
    signature: [u8; SIGNATURE_LEN],
}

impl ManifestBody {
    /// Signs it.
    pub fn sign(self, key: &SigningKey) -> VaultManifest {
        let signature = key.sign(Purpose::VaultManifest, &self.encode());
        VaultManifest {
            body: self,
            signature,
        }
    }

    fn encode(&self) -> [u8; BODY_LEN] {
        let mut body = [0; BODY_LEN];
        let mut rest = body.as_mut_slice();
        for field in [
            MAGIC.as_slice(),
            &[FORMAT],
            &self.vault,
            &self.version.to_be_bytes(),
            &self.prev,
            &self.key_epoch.to_be_bytes(),
            &self.team_head,
            &self.items.to_be_bytes(),
            &self.root,
            &self.time_ms.to_be_bytes(),
        ] {
            let (place, after) = rest.split_at_mut(field.len());
            place.copy_from_slice(field);
            rest = after;
        }
        body
    }
}

impl VaultManifest {
    /// Reads exactly what [`encode`](Self::encode) writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, SignatureError> {
        let mut reader = Reader(bytes);
        if reader.take::<2>()? != *MAGIC || reader.take::<1>()? != [FORMAT] {
            return Err(SignatureError);
        }
        let manifest = Self {
            body: ManifestBody {
                vault: reader.take()?,
                version: u64::from_be_bytes(reader.take()?),
                prev: reader.take()?,
                key_epoch: u32::from_be_bytes(reader.take()?),
                team_head: reader.take()?,
                items: u32::from_be_bytes(reader.take()?),
                root: reader.take()?,
                time_ms: u64::from_be_bytes(reader.take()?),
            },
            signature: reader.take()?,
        };
        // The empty vault has nothing before it, and everything else has.
        if !reader.0.is_empty() || (manifest.body.version == 0) != (manifest.body.prev == [0; 32]) {
            return Err(SignatureError);
        }
        Ok(manifest)
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(MANIFEST_LEN);
        bytes.extend_from_slice(&self.body.encode());
        bytes.extend_from_slice(&self.signature);
        bytes
    }

    /// What it states.
    pub fn body(&self) -> &ManifestBody {
        &self.body
    }

    /// Names this manifest, signature included.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.encode()).into()
    }

    /// Checks the signature.
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), SignatureError> {
        key.verify(Purpose::VaultManifest, &self.body.encode(), &self.signature)
    }

    /// Whether this is the version after `previous`, of the same vault.
    pub fn follows(&self, previous: &Self) -> bool {
        self.body.vault == previous.body.vault
            && previous.body.version.checked_add(1) == Some(self.body.version)
            && self.body.prev == previous.hash()
    }
}
