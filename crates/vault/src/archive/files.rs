//! Files of an archive: which ones its items name, and where their pieces lie.
//!
//! A piece is what a chunk of the attachment holds of the file. The pieces of a file follow each
//! other from the first to the last, behind the first item that names it, with nothing in between,
//! and once. That they are the file is what the digest says that every item keeps of it.

use std::collections::HashMap;

use keyarc_wire::AttachmentId;
use zeroize::Zeroizing;

use super::{
    ArchiveError,
    entry::{PIECE, split, split_piece},
    read::ArchiveChunks,
};
use crate::{Attachment, AttachmentLayout, attachment::digest};

/// Where a piece of a file lies in an archive. Small pieces lie in one envelope with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PiecePlace {
    /// Where its envelope begins, in bytes from the beginning of the archive.
    pub offset: u64,
    /// Bytes of that envelope.
    pub length: u32,
    /// The number of the archive's chunk that the envelope is.
    pub chunk: u32,
}

/// What comes does not make up the files that items name.
#[derive(Debug)]
pub(super) struct Mismatch;

/// The files that items name, and how far their pieces came. Writing and reading hold themselves
/// to the same, so that nothing is written that would not be read; `P` is what is kept of each
/// piece.
pub(super) struct Named<P> {
    files: HashMap<AttachmentId, NamedFile<P>>,
    /// The file of which some pieces came and some did not.
    coming: Option<AttachmentId>,
    /// Those of which all came, as they came.
    whole: Vec<AttachmentId>,
}

struct NamedFile<P> {
    attachment: Attachment,
    layout: AttachmentLayout,
    /// Of each piece that came, with its padding.
    hashes: Vec<[u8; 32]>,
    kept: Vec<P>,
}

impl<P> Named<P> {
    pub(super) fn new() -> Self {
        Self {
            files: HashMap::new(),
            coming: None,
            whole: Vec::new(),
        }
    }

    /// An item, or what it was before, names these.
    pub(super) fn name(&mut self, attachments: &[Attachment]) -> Result<(), Mismatch> {
        for one in attachments {
            // One that is larger than any is refused with its item.
            let Some(layout) = AttachmentLayout::of(one.size) else {
                continue;
            };
            let known = self.files.entry(one.id).or_insert_with(|| NamedFile {
                attachment: one.clone(),
                layout,
                hashes: Vec::new(),
                kept: Vec::new(),
            });
            // Each may call it by another name. It is one file all the same.
            let known = &known.attachment;
            if (known.size, known.digest) != (one.size, one.digest) {
                return Err(Mismatch);
            }
        }
        Ok(())
    }

    /// Something else than a piece comes, or the end: no file may be there in part.
    pub(super) fn pause(&self) -> Result<(), Mismatch> {
        match self.coming {
            None => Ok(()),
            Some(_) => Err(Mismatch),
        }
    }

    /// The files of which every piece came, as they came.
    pub(super) fn whole(&self) -> &[AttachmentId] {
        &self.whole
    }

    /// The next piece comes. Returns whether anything named its file; otherwise it is nobody's.
    pub(super) fn take(
        &mut self,
        id: AttachmentId,
        number: u32,
        content: &[u8],
        keep: P,
    ) -> Result<bool, Mismatch> {
        if self.coming.is_some_and(|coming| coming != id) {
            return Err(Mismatch);
        }
        let Some(file) = self.files.get_mut(&id) else {
            return Ok(false);
        };
        if number as usize != file.hashes.len() {
            return Err(Mismatch);
        }
        let hash = file.layout.hash(number, content).ok_or(Mismatch)?;
        let is_last = file.layout.is_last(number);
        if is_last {
            let hashes = file.hashes.iter().chain([&hash]);
            if digest(id, file.attachment.size, hashes) != file.attachment.digest {
                return Err(Mismatch);
            }
        }
        file.hashes.push(hash);
        file.kept.push(keep);
        self.coming = (!is_last).then_some(id);
        if is_last {
            self.whole.push(id);
        }
        Ok(true)
    }
}

/// The files that lie in an archive which was read, and what opens them once more: so a file of any
/// size is taken out of an archive of any size, and one piece of it at a time is in memory.
///
/// It is made only where the whole archive was sound, its end and the digest of every file
/// included. What is opened afterwards is what was seen then, or it is refused: an envelope opens
/// in its place alone, and the hash of each piece was kept.
pub struct ArchiveFiles {
    chunks: ArchiveChunks,
    files: HashMap<AttachmentId, NamedFile<PiecePlace>>,
    order: Vec<AttachmentId>,
}

impl ArchiveFiles {
    /// Of what was named, what came.
    pub(super) fn new(chunks: ArchiveChunks, mut named: Named<PiecePlace>) -> Self {
        named.files.retain(|_, file| !file.kept.is_empty());
        Self {
            chunks,
            files: named.files,
            order: named.whole,
        }
    }

    /// The files, in the order in which they lie in the archive.
    pub fn ids(&self) -> &[AttachmentId] {
        &self.order
    }

    /// A file, as the first item calls it that names it; `None` when its pieces are not there.
    pub fn get(&self, id: AttachmentId) -> Option<&Attachment> {
        self.files.get(&id).map(|file| &file.attachment)
    }

    /// Where the pieces of a file lie, in their order; as many as its [`AttachmentLayout`] has
    /// chunks, and none when the file is not there.
    pub fn pieces(&self, id: AttachmentId) -> &[PiecePlace] {
        self.files.get(&id).map_or(&[], |file| &file.kept)
    }

    /// Opens a piece once more: its content, of the bytes that lie in [its place](Self::pieces).
    pub fn open(
        &self,
        id: AttachmentId,
        number: u32,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, ArchiveError> {
        let file = self.files.get(&id).ok_or(ArchiveError::Inconsistent)?;
        let at = number as usize;
        let (Some(place), Some(hash)) = (file.kept.get(at), file.hashes.get(at)) else {
            return Err(ArchiveError::Inconsistent);
        };
        // The last chunk has no room for a piece.
        let plaintext = self.chunks.open(place.chunk, false, envelope)?;
        let mut rest = plaintext.as_slice();
        while let Some((kind, body, after)) = split(rest) {
            if kind == PIECE
                && let Some((of, is, content)) = split_piece(body)
                && (of, is) == (id, number)
                && file.layout.hash(number, content) == Some(*hash)
            {
                return Ok(Zeroizing::new(content.to_vec()));
            }
            rest = after;
        }
        Err(ArchiveError::Altered)
    }
}
