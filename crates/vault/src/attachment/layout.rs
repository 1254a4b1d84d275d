use std::ops::Range;

use keyarc_crypto::{envelope_len, padded_len};
use sha2::{Digest as _, Sha256};

/// The largest file in bytes: 100 MB, counted as people's machines do.
pub const ATTACHMENT_MAX: u64 = 100 * 1024 * 1024;

/// Bytes of a file, padding included, in each chunk but the last. With its length word a chunk
/// fills 1 MiB, which is a length that padding leaves as it is.
pub const CHUNK_LEN: usize = 1024 * 1024 - 4;

/// What padding is made of, some of it.
static ZEROS: [u8; 4096] = [0; 4096];

/// How a file of some size is cut into chunks.
///
/// The file is followed by as many zeros as fill the length that padding makes of the whole
/// (`keyarc_crypto::padded_len`), and cut then: the chunks say no more about its size than one
/// envelope of all of it would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttachmentLayout {
    size: u64,
    padded: u64,
}

impl AttachmentLayout {
    /// That of a file of `size` bytes; `None` beyond [`ATTACHMENT_MAX`].
    pub fn of(size: u64) -> Option<Self> {
        let whole = usize::try_from(size).ok()?;
        (size <= ATTACHMENT_MAX).then(|| Self {
            size,
            padded: padded_len(whole) as u64,
        })
    }

    /// The number of chunks, at least 1.
    pub fn chunks(self) -> u32 {
        self.padded.div_ceil(CHUNK_LEN as u64) as u32
    }

    /// Whether no chunk follows this one.
    pub fn is_last(self, number: u32) -> bool {
        number.saturating_add(1) == self.chunks()
    }

    /// Which bytes of the file a chunk holds; none, when it is all padding.
    pub fn content(self, number: u32) -> Range<u64> {
        let from = (u64::from(number) * CHUNK_LEN as u64).min(self.size);
        let to = (from + CHUNK_LEN as u64).min(self.size);
        from..to
    }

    /// Bytes of a chunk, padding included.
    pub fn chunk_len(self, number: u32) -> usize {
        let before = u64::from(number) * CHUNK_LEN as u64;
        self.padded.saturating_sub(before).min(CHUNK_LEN as u64) as usize
    }

    /// SHA-256 of a chunk, padding included, by what it holds of the file. `None` for a chunk that
    /// there is not, and for a content of another length than the chunk holds.
    pub(crate) fn hash(self, number: u32, content: &[u8]) -> Option<[u8; 32]> {
        let due = self.content(number);
        if number >= self.chunks() || content.len() as u64 != due.end - due.start {
            return None;
        }
        let mut hash = Sha256::new_with_prefix(content);
        let mut padding = self.chunk_len(number) - content.len();
        while padding > 0 {
            let some = padding.min(ZEROS.len());
            hash.update(&ZEROS[..some]);
            padding -= some;
        }
        Some(hash.finalize().into())
    }

    /// Bytes of all envelopes together.
    pub fn sealed_bytes(self) -> u64 {
        let chunks = self.chunks();
        let full = envelope_len(CHUNK_LEN) as u64 * u64::from(chunks.saturating_sub(1));
        full + envelope_len(self.chunk_len(chunks.saturating_sub(1))) as u64
    }
}
