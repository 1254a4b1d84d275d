//! What a machine token opened, kept on the machine for when its server cannot be reached.
//!
//! ```text
//! copy  = "KC" ‖ 1 ‖ fetched u64 (Unix ms) ‖ version u64 ‖ length of origin u16 ‖ origin ‖ stream
//! floor = "KF" ‖ 1 ‖ copy 16 ‖ version u64 ‖ hash of that manifest 32
//! ```
//! Both are sealed under a key of the token's own. The stream is the answer of the server, with the
//! details of all items: it is read and believed by what reads and believes an answer.

use keyarc_crypto::{MachineKept, MachineToken};
use keyarc_wire::VaultId;
use rand_core::CryptoRng;

use crate::{ClientError, Pin};

const COPY: &[u8; 3] = b"KC\x01";
const FLOOR: &[u8; 3] = b"KF\x01";

/// Why something kept is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeptError {
    /// It is another token's, or not as it was written.
    #[error("it is damaged, or another token's")]
    Damaged,
    /// It was fetched from another server.
    #[error("it is of another server")]
    OtherServer,
    /// By the clock it was fetched in time to come.
    #[error("the clock of this machine is before the time at which it was fetched")]
    ClockBefore,
    /// It is older than it may be.
    #[error("it is older than it may be")]
    TooOld {
        /// How much older, in milliseconds.
        by_ms: u64,
    },
    /// A newer state was seen.
    #[error("a newer state than this was seen")]
    RolledBack,
    /// The token has ended.
    #[error("the token has ended")]
    Ended,
}

/// A copy, as its server sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCopy {
    /// The server's origin.
    pub origin: String,
    /// When it was fetched, Unix milliseconds.
    pub fetched_at_ms: u64,
    /// The version of its newest manifest.
    pub version: u64,
    /// What the server sent.
    pub(crate) stream: Vec<u8>,
}

impl KeptCopy {
    /// Seals it for whoever has the token. [`ClientError::TooLarge`] when one envelope cannot hold
    /// it.
    pub fn seal(
        &self,
        token: &MachineToken,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, ClientError> {
        let keys = token.derive_keys();
        Ok(keys.seal_kept(MachineKept::Copy, &self.encode(), rng)?)
    }

    /// Opens what [`seal`](Self::seal) made with this token. That it can be believed is another
    /// matter: see [`crate::Machine::open_kept`].
    pub fn open(token: &MachineToken, sealed: &[u8]) -> Result<Self, KeptError> {
        let keys = token.derive_keys();
        let opened = keys.open_kept(MachineKept::Copy, sealed);
        Self::decode(&opened.map_err(|_| KeptError::Damaged)?)
    }

    /// How old it is, in milliseconds, where it may be used at all: it is of this server, and not
    /// older than `most_ms` by a clock that shows `now_ms`.
    pub fn age_ms(&self, origin: &str, now_ms: u64, most_ms: u64) -> Result<u64, KeptError> {
        if self.origin != origin {
            return Err(KeptError::OtherServer);
        }
        let age = now_ms.checked_sub(self.fetched_at_ms);
        match age.ok_or(KeptError::ClockBefore)? {
            age if age > most_ms => Err(KeptError::TooOld {
                by_ms: age - most_ms,
            }),
            age => Ok(age),
        }
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let origin = self.origin.as_bytes();
        // No origin that is spoken to is longer: names have 253 bytes at most (RFC 1035).
        let origin = &origin[..origin.len().min(u16::MAX.into())];
        let mut out = Vec::with_capacity(COPY.len() + 18 + origin.len() + self.stream.len());
        out.extend_from_slice(COPY);
        out.extend_from_slice(&self.fetched_at_ms.to_be_bytes());
        out.extend_from_slice(&self.version.to_be_bytes());
        out.extend_from_slice(&(origin.len() as u16).to_be_bytes());
        out.extend_from_slice(origin);
        out.extend_from_slice(&self.stream);
        out
    }

    /// Reads exactly what [`encode`](Self::encode) writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, KeptError> {
        let mut rest = bytes.strip_prefix(COPY).ok_or(KeptError::Damaged)?;
        let fetched_at_ms = u64::from_be_bytes(take(&mut rest)?);
        let version = u64::from_be_bytes(take(&mut rest)?);
        let length = u16::from_be_bytes(take(&mut rest)?);
        let (origin, stream) = rest
            .split_at_checked(length.into())
            .ok_or(KeptError::Damaged)?;
        let origin = std::str::from_utf8(origin).map_err(|_| KeptError::Damaged)?;
        Ok(Self {
            origin: origin.to_owned(),
            fetched_at_ms,
            version,
            stream: stream.to_vec(),
        })
    }
}

/// The newest state of a copy that was seen: nothing older is believed, whether a server shows it or
/// it stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptFloor(pub Pin);

impl KeptFloor {
    /// Seals it for whoever has the token.
    pub fn seal(
        &self,
        token: &MachineToken,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, ClientError> {
        let keys = token.derive_keys();
        Ok(keys.seal_kept(MachineKept::Floor, &self.encode(), rng)?)
    }

    /// Opens what [`seal`](Self::seal) made with this token.
    pub fn open(token: &MachineToken, sealed: &[u8]) -> Result<Self, KeptError> {
        let keys = token.derive_keys();
        let opened = keys.open_kept(MachineKept::Floor, sealed);
        Self::decode(&opened.map_err(|_| KeptError::Damaged)?)
    }

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let Self(pin) = self;
        let version = pin.version.to_be_bytes();
        [&FLOOR[..], pin.vault.as_bytes(), &version, &pin.hash].concat()
    }

    /// Reads exactly what [`encode`](Self::encode) writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, KeptError> {
        let mut rest = bytes.strip_prefix(FLOOR).ok_or(KeptError::Damaged)?;
        let pin = Pin {
            vault: VaultId(take(&mut rest)?),
            version: u64::from_be_bytes(take(&mut rest)?),
            hash: take(&mut rest)?,
        };
        match rest.is_empty() {
            true => Ok(Self(pin)),
            false => Err(KeptError::Damaged),
        }
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], KeptError> {
    let (head, after) = rest.split_first_chunk().ok_or(KeptError::Damaged)?;
    *rest = after;
    Ok(*head)
}
