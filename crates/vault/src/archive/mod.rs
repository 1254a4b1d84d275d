//! A vault in a file: KeyArc's own archive. Nothing of it can be read without its password or
//! setup code, and nothing of it can be left out, put in or moved about without being noticed.
//!
//! ```text
//! archive  = header chunk*
//! header   = "KARCHIVE" ‖ format u8 ‖ lock u8 ‖ memory u32 ‖ passes u32 ‖ lanes u32
//!            ‖ archive id 16 ‖ salt 32 ‖ day u32
//! chunk    = number u32 ‖ length u32 ‖ KAE1 envelope of entry*
//! entry    = kind u8 ‖ length u32 ‖ body
//! ```
//! The key comes of the password or code and of the whole header. Each envelope is bound to the
//! archive, its number, and whether it is the last one. The last one holds the manifest alone:
//! how many items there are, and the hash of all entries before. Files that are attached to items
//! can be in it, in pieces. `docs/protocol.md`, "Archives", says the same for people who write
//! another reader.
//!
//! | module | what |
//! |---|---|
//! | `header` | how the key comes about |
//! | `entry` | what stands in a chunk |
//! | `past` | the entry of an earlier version |
//! | `files` | which files are in it, and opening them once more |
//! | `write` | item by item and piece by piece, in memory that one chunk bounds |
//! | `read`, `gather` | chunk by chunk as they come in; what their entries say together |

mod entry;
mod files;
mod gather;
mod header;
mod past;
mod read;
mod write;

use serde::{Deserialize, Serialize};

pub use files::{ArchiveFiles, PiecePlace};
pub use header::{ArchiveLock, HEADER_LEN};
pub(crate) use read::read_archive;
pub use read::{ArchiveError, ArchiveReader};
pub use write::{ArchiveRefused, ArchiveWriter};

/// Entries are gathered to so many bytes before they are sealed.
const CHUNK: usize = 256 * 1024;
/// Most bytes of entries in one chunk: the largest item has room in it.
const CHUNK_MAX: usize = 2 * 1024 * 1024;
/// Most bytes of an envelope: the entries, padded, and what stands around them.
const ENVELOPE_MAX: usize = CHUNK_MAX / 8 * 9 + 256;

/// What an archive says of itself, which its key vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveFacts {
    /// When it was made, by the clock of whoever made it; Unix milliseconds.
    pub made_at_ms: u64,
    /// The vault's revision then.
    pub revision: u64,
    /// Items in it, those in the trash too.
    pub items: u32,
}

/// Whether a file is one, by its beginning.
pub(crate) fn fits(bytes: &[u8]) -> bool {
    bytes.starts_with(header::MAGIC)
}

#[cfg(test)]
mod tests;
