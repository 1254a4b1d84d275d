//! Writing an archive, item by item.

use keyarc_crypto::{ArchiveContext, ArchiveKey, KdfError, SealError};
use keyarc_wire::{AttachmentId, limits};
use minicbor::bytes::ByteArray;
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use super::{
    ArchiveFacts, ArchiveLock, CHUNK, CHUNK_MAX,
    entry::{self, AROUND, EARLIER, ITEM, MANIFEST, Manifest, PIECE, encode_item, piece_head},
    files::{Mismatch, Named},
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
    /// What was given is not what comes next of the files that its items name, or not those files.
    /// With it nobody would take the archive.
    #[error("a file is not whole, or not the one that its item names")]
    Files,
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
    /// The files that its items name, where files are in it.
    files: Option<Named<()>>,
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
            files: None,
        })
    }

    /// Makes it an archive with files: the items that are written from now on name those that are
    /// attached to them, and [`Self::piece`] writes what is in them.
    #[must_use]
    pub fn with_files(mut self) -> Self {
        self.files = Some(Named::new());
        self
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
        if let Some(files) = &mut self.files {
            files.pause().map_err(not_the_files)?;
            let then = earlier.iter().map(|one| &one.draft.attachments);
            for attachments in [&exported.item.attachments].into_iter().chain(then) {
                files.name(attachments).map_err(not_the_files)?;
            }
        }
        let files = self.files.is_some();
        self.items = self.items.checked_add(1).ok_or(ArchiveRefused::TooMany)?;
        self.entry(ITEM, &[&encode_item(exported, files)], out, rng)?;
        for one in earlier {
            self.entry(EARLIER, &[&encode_earlier(one, files)], out, rng)?;
        }
        Ok(())
    }

    /// Writes the next piece of a file that an item before it names, in an archive
    /// [with files](Self::with_files): what
    /// [`AttachmentLayout::content`](crate::AttachmentLayout::content) says that it holds of it.
    ///
    /// The pieces of a file are written one after the other, from number 0, all of them and once. A
    /// file of which none is written is not in the archive; that is told to whoever restores it.
    pub fn piece(
        &mut self,
        id: AttachmentId,
        number: u32,
        content: &[u8],
        out: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), ArchiveRefused> {
        let files = self.files.as_mut().ok_or(ArchiveRefused::Files)?;
        let is_named = files.take(id, number, content, ()).map_err(not_the_files)?;
        if !is_named {
            return Err(ArchiveRefused::Files);
        }
        self.entry(PIECE, &[&piece_head(id, number), content], out, rng)
    }

    /// Writes the end, without which nobody takes what came before.
    pub fn finish(
        mut self,
        made_at_ms: u64,
        revision: u64,
        out: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> Result<ArchiveFacts, ArchiveRefused> {
        if let Some(files) = &self.files {
            files.pause().map_err(not_the_files)?;
        }
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
        entry::write(&mut self.pending, MANIFEST, &[&manifest]);
        self.seal(true, out, rng)?;
        Ok(facts)
    }

    fn entry(
        &mut self,
        kind: u8,
        body: &[&[u8]],
        out: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), ArchiveRefused> {
        let length = body.iter().map(|part| part.len()).sum::<usize>() + AROUND;
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

fn not_the_files(_: Mismatch) -> ArchiveRefused {
    ArchiveRefused::Files
}
