//! Writing an archive, item by item.

use keyarc_crypto::{ArchiveContext, ArchiveKey, KdfError, SealError};
use keyarc_wire::limits;
use minicbor::bytes::ByteArray;
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use super::{
    ArchiveFacts, ArchiveLock, CHUNK, CHUNK_MAX,
    entry::{self, AROUND, EARLIER, ITEM, MANIFEST, Manifest, encode_item},
    header::{Header, Lock, PARAMS},
    past::encode_earlier,
};
use crate::{Day, Earlier, export::Exported, record::encode_record};

/// An archive cannot be written on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveRefused {
    /// No key can be made of the password.
    #[error(transparent)]
    Key(#[from] KdfError),
    /// A chunk cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// There are more items or chunks than an archive counts.
    #[error("more than an archive holds")]
    TooMany,
}

/// An archive that is being written. What it gives out can be kept anywhere; dropping it wipes the
/// entries that are not sealed yet.
pub struct ArchiveWriter {
    key: ArchiveKey,
    archive: [u8; 16],
    /// Chunks that were given out.
    chunks: u32,
    pending: Zeroizing<Vec<u8>>,
    hash: Sha256,
    items: u32,
}

impl ArchiveWriter {
    /// Derives the key, which takes as long as unlocking does when it is of a password, and writes
    /// the beginning. `day` is that of whoever makes it.
    pub fn begin(
        lock: ArchiveLock<'_>,
        day: Day,
        out: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, ArchiveRefused> {
        let day = day.clamp(Day::FIRST, Day::LAST);
        let (header, key) = match lock {
            ArchiveLock::Code(code) => {
                let header = Header::make(Lock::Code, day, rng);
                let key = header.key_of_code(code);
                (header, key)
            }
            ArchiveLock::Password(password) => {
                let header = Header::make(Lock::Password(PARAMS), day, rng);
                let key = header.key_of_password(password, PARAMS)?;
                (header, key)
            }
        };
        out.extend(header.encode());
        Ok(Self {
            key,
            archive: header.archive,
            chunks: 0,
            pending: Zeroizing::new(Vec::with_capacity(CHUNK_MAX)),
            hash: Sha256::new(),
            items: 0,
        })
    }

    /// Writes an item, without what it was before.
    pub fn put(
        &mut self,
        exported: &Exported,
        out: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), ArchiveRefused> {
        self.put_with(exported, &[], out, rng)
    }

    /// Writes an item with what it was before, the oldest first.
    pub fn put_with(
        &mut self,
        exported: &Exported,
        earlier: &[Earlier],
        out: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), ArchiveRefused> {
        if earlier.len() > limits::EARLIER_PER_ITEM {
            return Err(ArchiveRefused::TooMany);
        }
        self.items = self.items.checked_add(1).ok_or(ArchiveRefused::TooMany)?;
        self.entry(ITEM, &encode_item(exported), out, rng)?;
        for one in earlier {
            self.entry(EARLIER, &encode_earlier(one), out, rng)?;
        }
        Ok(())
    }

    /// Writes the end, without which nobody takes what came before.
    pub fn finish(
        mut self,
        made_at_ms: u64,
        revision: u64,
        out: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> Result<ArchiveFacts, ArchiveRefused> {
        if !self.pending.is_empty() {
            self.seal(false, out, rng)?;
        }
        let facts = ArchiveFacts {
            made_at_ms,
            revision,
            items: self.items,
        };
        let manifest = encode_record(&Manifest {
            made_at_ms,
            revision,
            items: self.items,
            hash: ByteArray::from(<[u8; 32]>::from(self.hash.clone().finalize())),
        });
        entry::write(&mut self.pending, MANIFEST, &manifest);
        self.seal(true, out, rng)?;
        Ok(facts)
    }

    fn entry(
        &mut self,
        kind: u8,
        body: &[u8],
        out: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), ArchiveRefused> {
        let length = body.len() + AROUND;
        if length > CHUNK_MAX {
            return Err(ArchiveRefused::Seal(SealError::TooLong));
        }
        if !self.pending.is_empty() && self.pending.len() + length > CHUNK {
            self.seal(false, out, rng)?;
        }
        let from = self.pending.len();
        entry::write(&mut self.pending, kind, body);
        self.hash.update(&self.pending[from..]);
        Ok(())
    }

    fn seal(
        &mut self,
        last: bool,
        out: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), ArchiveRefused> {
        let context = ArchiveContext {
            archive: self.archive,
            number: u64::from(self.chunks),
            last,
        };
        let envelope = self.key.seal(&context, &self.pending, rng)?;
        out.extend(self.chunks.to_be_bytes());
        out.extend((envelope.len() as u32).to_be_bytes());
        out.extend(envelope);
        self.chunks = self.chunks.checked_add(1).ok_or(ArchiveRefused::TooMany)?;
        self.pending.as_mut_slice().zeroize();
        self.pending.clear();
        Ok(())
    }
}
