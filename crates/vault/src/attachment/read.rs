use std::fmt;

use keyarc_crypto::{AttachmentContext, AttachmentKey};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{ATTACHMENT_MAX, Attachment, AttachmentLayout, digest};

/// The chunks are not those of the file. There is deliberately one error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file's data does not verify")]
pub struct AttachmentTampered;

/// Opens the chunks of a file one after the other.
///
/// A chunk opens in its own place of its own file only, and as the last one only where it is. That
/// they are, together, the ones that were sealed for this item is what the digest says at the end:
/// nothing of a file is to be used before [`Self::finish`] agrees.
pub struct AttachmentReader {
    attachment: Attachment,
    layout: AttachmentLayout,
    key: AttachmentKey,
    hashes: Vec<[u8; 32]>,
}

impl AttachmentReader {
    /// Begins with the first chunk. Refuses a size that no file has.
    pub fn begin(attachment: &Attachment) -> Result<Self, AttachmentTampered> {
        let layout = AttachmentLayout::of(attachment.size).ok_or(AttachmentTampered)?;
        debug_assert!(attachment.size <= ATTACHMENT_MAX);
        Ok(Self {
            layout,
            key: AttachmentKey::from_bytes(&attachment.key),
            hashes: Vec::with_capacity(layout.chunks() as usize),
            attachment: attachment.clone(),
        })
    }

    /// The number of the chunk that is to be opened next; `None` after the last.
    pub fn next(&self) -> Option<u32> {
        let next = self.hashes.len() as u32;
        (next < self.layout.chunks()).then_some(next)
    }

    /// Opens the next chunk, and returns what it holds of the file.
    pub fn open(&mut self, envelope: &[u8]) -> Result<Zeroizing<Vec<u8>>, AttachmentTampered> {
        let number = self.next().ok_or(AttachmentTampered)?;
        let context = AttachmentContext {
            attachment: self.attachment.id.0,
            number: u64::from(number),
            last: self.layout.is_last(number),
        };
        let opened = self.key.open(&context, envelope);
        let mut chunk = opened.map_err(|_| AttachmentTampered)?;
        if chunk.len() != self.layout.chunk_len(number) {
            return Err(AttachmentTampered);
        }
        self.hashes.push(Sha256::digest(&chunk).into());
        let content = self.layout.content(number);
        let length = (content.end - content.start) as usize;
        if chunk[length..].iter().any(|byte| *byte != 0) {
            return Err(AttachmentTampered);
        }
        chunk.truncate(length);
        Ok(chunk)
    }

    /// Whether what was opened is the file, all of it.
    pub fn finish(&self) -> Result<(), AttachmentTampered> {
        let found = digest(self.attachment.id, self.attachment.size, &self.hashes);
        match self.next().is_none() && found == self.attachment.digest {
            true => Ok(()),
            false => Err(AttachmentTampered),
        }
    }
}

impl fmt::Debug for AttachmentReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AttachmentReader({:?})", self.attachment)
    }
}
