//! What the entries of an archive say, put together.

use keyarc_wire::limits;
use sha2::{Digest as _, Sha256};

use super::{
    ArchiveError, ArchiveFacts, PiecePlace,
    entry::{self, EARLIER, ITEM, MANIFEST, Manifest, PIECE, decode_item, split_piece},
    files::{Mismatch, Named},
    past::decode_earlier,
};
use crate::{
    EarlierChain,
    import::{Found, Reading},
    record::decode_record,
};

/// What was read so far. Nothing of it counts before the end.
pub(super) struct Gathered {
    reading: Reading,
    /// What the last item was before, as far as that was read.
    past: EarlierChain,
    /// The last item was taken.
    keeps: bool,
    /// How many versions of the last item there were.
    earlier: usize,
    /// Pieces of files came since the last item.
    has_pieces: bool,
    named: Named<PiecePlace>,
    hash: Sha256,
    items: u32,
    entries: u32,
}

impl Gathered {
    pub(super) fn new() -> Self {
        Self {
            reading: Reading::default(),
            past: EarlierChain::default(),
            keeps: false,
            earlier: 0,
            has_pieces: false,
            named: Named::new(),
            hash: Sha256::new(),
            items: 0,
            entries: 0,
        }
    }

    /// Reads a chunk that is not the last one, and lies there.
    pub(super) fn read(&mut self, plaintext: &[u8], place: PiecePlace) -> Result<(), ArchiveError> {
        self.hash.update(plaintext);
        let mut rest = plaintext;
        while !rest.is_empty() {
            let (kind, body, after) = entry::split(rest).ok_or(ArchiveError::Inconsistent)?;
            self.take(kind, body, place)?;
            rest = after;
        }
        Ok(())
    }

    fn take(&mut self, kind: u8, body: &[u8], place: PiecePlace) -> Result<(), ArchiveError> {
        self.entries = self.entries.saturating_add(1);
        if kind != PIECE {
            self.named.pause().map_err(inconsistent)?;
        }
        match kind {
            MANIFEST => Err(ArchiveError::Inconsistent),
            ITEM => self.take_item(body),
            EARLIER => self.take_earlier(body),
            PIECE => {
                self.has_pieces = true;
                let (id, number, content) = split_piece(body).ok_or(ArchiveError::Inconsistent)?;
                // Of a file that nothing names which could be read, they are nobody's.
                let taken = self.named.take(id, number, content, place);
                taken.map_err(inconsistent).map(drop)
            }
            _ => {
                self.reading.tell(self.entries, UNKNOWN);
                Ok(())
            }
        }
    }

    fn take_item(&mut self, body: &[u8]) -> Result<(), ArchiveError> {
        self.items = self
            .items
            .checked_add(1)
            .ok_or(ArchiveError::Inconsistent)?;
        self.close();
        // More than an import takes is counted, and not kept.
        if self.reading.is_full() {
            return Ok(());
        }
        match decode_item(body) {
            Ok(item) => {
                self.keeps = true;
                let named = self.named.name(&item.draft.attachments);
                named.map_err(inconsistent)?;
                self.reading.found.push(Found {
                    place: self.entries,
                    draft: item.draft,
                    variable: item.variable,
                    kept: Some(item.kept),
                });
            }
            Err(_) => self.reading.tell(self.entries, UNKNOWN),
        }
        Ok(())
    }

    fn take_earlier(&mut self, body: &[u8]) -> Result<(), ArchiveError> {
        self.earlier += 1;
        if self.items == 0 || self.has_pieces || self.earlier > limits::EARLIER_PER_ITEM {
            return Err(ArchiveError::Inconsistent);
        }
        if !self.keeps {
            return Ok(());
        }
        match self.past.push(decode_earlier(body).ok()) {
            true => {
                let draft = self.past.last().map(|earlier| &earlier.draft);
                let attachments = draft.map_or(&[][..], |draft| &draft.attachments);
                self.named.name(attachments).map_err(inconsistent)?;
            }
            false => self.reading.tell(self.entries, UNKNOWN),
        }
        Ok(())
    }

    /// The last item is whole.
    fn close(&mut self) {
        let past = std::mem::take(&mut self.past).finish();
        let last = self.reading.found.last_mut().filter(|_| self.keeps);
        if let Some(kept) = last.and_then(|found| found.kept.as_mut()) {
            kept.earlier = past;
        }
        self.keeps = false;
        self.earlier = 0;
        self.has_pieces = false;
    }

    /// The last chunk holds the manifest, and nothing else.
    pub(super) fn end(
        mut self,
        plaintext: &[u8],
    ) -> Result<(Reading, Named<PiecePlace>), ArchiveError> {
        self.close();
        self.named.pause().map_err(inconsistent)?;
        let Some((MANIFEST, body, [])) = entry::split(plaintext) else {
            return Err(ArchiveError::Inconsistent);
        };
        let manifest: Manifest = decode_record(body).map_err(|_| ArchiveError::Inconsistent)?;
        let hash: [u8; 32] = self.hash.finalize().into();
        if manifest.items != self.items || *manifest.hash != hash {
            return Err(ArchiveError::Inconsistent);
        }
        self.reading.archive = Some(ArchiveFacts {
            made_at_ms: manifest.made_at_ms,
            revision: manifest.revision,
            items: manifest.items,
        });
        self.reading.files = self.named.whole().to_vec();
        Ok((self.reading, self.named))
    }
}

fn inconsistent(_: Mismatch) -> ArchiveError {
    ArchiveError::Inconsistent
}

const UNKNOWN: &str = "is something that only a newer version of KeyArc knows. Update this one, and restore the archive again";
