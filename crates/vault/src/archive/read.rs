//! Reading an archive: all of it, or nothing.

use keyarc_crypto::{ArchiveContext, ArchiveKey, KdfError, SetupCode};
use keyarc_wire::limits;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{
    ArchiveFacts, ENVELOPE_MAX,
    entry::{self, EARLIER, ITEM, MANIFEST, Manifest, decode_item},
    header::{Header, Lock, number},
    past::decode_earlier,
};
use crate::{
    EarlierChain,
    import::{Found, Reading, Unreadable},
    record::decode_record,
};

/// An archive that is not whole, or not to be read. Words follow "The file". What can be told
/// apart is; who changes a file may make one look like another, and none of them like whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// It does not begin like one.
    #[error("is no archive of KeyArc")]
    NotOne,
    /// Its format, or how its key comes about, is not known here.
    #[error("was written by a newer version of KeyArc. Update this one first")]
    Newer,
    /// Deriving its key would be too easy for whoever guesses, or too much for a device.
    #[error("asks for a key derivation that no version of KeyArc makes: it was changed")]
    Parameters,
    /// This device has not enough memory to derive its key.
    #[error(
        "needs more memory to be opened than this device has. Close other programs, or open it on another device"
    )]
    Memory,
    /// It ends before its end.
    #[error("is not whole: its end is missing. Copy it again from where it was kept")]
    Cut,
    /// It goes on after its end.
    #[error("goes on after its end: something was put behind it")]
    Beyond,
    /// A part stands where another one belongs, stands there twice, or is missing.
    #[error("was changed: its parts are not in their order")]
    OutOfOrder,
    /// A part is of another archive.
    #[error("was changed: a part of it is of another archive")]
    Foreign,
    /// A part is not what was written.
    #[error("was changed, or damaged where it was kept")]
    Altered,
    /// Its parts are whole and do not add up to what its end says.
    #[error("does not hold what its end says. Make another one")]
    Inconsistent,
}

/// Reads an archive by its password or setup code.
pub(crate) fn read_archive(bytes: &[u8], secret: Option<&str>) -> Result<Reading, Unreadable> {
    let (header, chunks) = Header::read(bytes).map_err(Unreadable::Archive)?;
    let (key, wrong) = match header.lock {
        Lock::Code => {
            let text = secret.ok_or(Unreadable::CodeNeeded)?;
            let code = SetupCode::parse(text).map_err(|_| Unreadable::WrongCode)?;
            (header.key_of_code(&code), Unreadable::WrongCode)
        }
        Lock::Password(params) => {
            let password = secret.ok_or(Unreadable::PasswordNeeded)?;
            let key = header.key_of_password(password, params);
            let key = key.map_err(|error| match error {
                KdfError::Password => Unreadable::WrongPassword,
                KdfError::Parameters => Unreadable::Archive(ArchiveError::Parameters),
                KdfError::Memory => Unreadable::Archive(ArchiveError::Memory),
            })?;
            (key, Unreadable::WrongPassword)
        }
    };
    let mut reader = Reader {
        chunks: Chunks {
            key,
            archive: header.archive,
            rest: chunks,
            next: 0,
        },
        reading: Reading::default(),
        past: EarlierChain::default(),
        keeps: false,
        earlier: 0,
        hash: Sha256::new(),
        items: 0,
        entries: 0,
    };
    // Another key than the first chunk names: of another password, or of a changed header.
    if reader.chunks.is_of_another_key() {
        return Err(wrong);
    }
    reader.read().map_err(Unreadable::Archive)?;
    Ok(reader.reading)
}

/// The chunks of an archive, in their order.
struct Chunks<'a> {
    key: ArchiveKey,
    archive: [u8; 16],
    rest: &'a [u8],
    next: u32,
}

impl<'a> Chunks<'a> {
    fn is_of_another_key(&self) -> bool {
        match self.split() {
            Ok((_, envelope, _)) => !self.key.is_named_by(envelope),
            Err(_) => false,
        }
    }

    /// The number of the next chunk, its envelope, and what follows. Nothing is believed yet.
    fn split(&self) -> Result<(u32, &'a [u8], &'a [u8]), ArchiveError> {
        let (at, rest) = number(self.rest)?;
        let (length, rest) = number(rest)?;
        let length = length as usize;
        if length > ENVELOPE_MAX {
            return Err(ArchiveError::Altered);
        }
        let (envelope, rest) = rest.split_at_checked(length).ok_or(ArchiveError::Cut)?;
        Ok((at, envelope, rest))
    }

    /// Opens the next chunk, and tells whether it is the last one.
    fn open(&mut self) -> Result<(Zeroizing<Vec<u8>>, bool), ArchiveError> {
        let (at, envelope, rest) = self.split()?;
        if at != self.next {
            return Err(ArchiveError::OutOfOrder);
        }
        let context = |last| ArchiveContext {
            archive: self.archive,
            number: u64::from(at),
            last,
        };
        let last = rest.is_empty();
        let Ok(plaintext) = self.key.open(&context(last), envelope) else {
            return Err(match self.key.open(&context(!last), envelope) {
                Ok(_) if last => ArchiveError::Cut,
                Ok(_) => ArchiveError::Beyond,
                Err(_) if !self.key.is_named_by(envelope) => ArchiveError::Foreign,
                Err(_) => ArchiveError::Altered,
            });
        };
        self.rest = rest;
        self.next = at.checked_add(1).ok_or(ArchiveError::Inconsistent)?;
        Ok((plaintext, last))
    }
}

struct Reader<'a> {
    chunks: Chunks<'a>,
    reading: Reading,
    /// What the last item was before, as far as that was read.
    past: EarlierChain,
    /// The last item was taken.
    keeps: bool,
    /// How many versions of the last item there were.
    earlier: usize,
    hash: Sha256,
    items: u32,
    entries: u32,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), ArchiveError> {
        loop {
            let (plaintext, last) = self.chunks.open()?;
            if last {
                return self.end(&plaintext);
            }
            self.hash.update(&plaintext);
            let mut rest = plaintext.as_slice();
            while !rest.is_empty() {
                let (kind, body, after) = entry::split(rest).ok_or(ArchiveError::Inconsistent)?;
                self.take(kind, body)?;
                rest = after;
            }
        }
    }

    fn take(&mut self, kind: u8, body: &[u8]) -> Result<(), ArchiveError> {
        self.entries = self.entries.saturating_add(1);
        match kind {
            MANIFEST => return Err(ArchiveError::Inconsistent),
            ITEM => {
                self.items = self
                    .items
                    .checked_add(1)
                    .ok_or(ArchiveError::Inconsistent)?;
                self.close();
                self.earlier = 0;
                // More than an import takes is counted, and not kept.
                if self.reading.is_full() {
                    return Ok(());
                }
                match decode_item(body) {
                    Ok(item) => {
                        self.keeps = true;
                        self.reading.found.push(Found {
                            place: self.entries,
                            draft: item.draft,
                            variable: item.variable,
                            kept: Some(item.kept),
                        });
                    }
                    Err(_) => self.reading.tell(self.entries, UNKNOWN),
                }
            }
            EARLIER => {
                self.earlier += 1;
                if self.items == 0 || self.earlier > limits::EARLIER_PER_ITEM {
                    return Err(ArchiveError::Inconsistent);
                }
                if self.keeps && !self.past.push(decode_earlier(body).ok()) {
                    self.reading.tell(self.entries, UNKNOWN);
                }
            }
            _ => self.reading.tell(self.entries, UNKNOWN),
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
    }

    /// The last chunk holds the manifest, and nothing else.
    fn end(&mut self, plaintext: &[u8]) -> Result<(), ArchiveError> {
        self.close();
        let Some((MANIFEST, body, [])) = entry::split(plaintext) else {
            return Err(ArchiveError::Inconsistent);
        };
        let manifest: Manifest = decode_record(body).map_err(|_| ArchiveError::Inconsistent)?;
        let hash: [u8; 32] = self.hash.clone().finalize().into();
        if manifest.items != self.items || *manifest.hash != hash {
            return Err(ArchiveError::Inconsistent);
        }
        self.reading.archive = Some(ArchiveFacts {
            made_at_ms: manifest.made_at_ms,
            revision: manifest.revision,
            items: manifest.items,
        });
        Ok(())
    }
}

const UNKNOWN: &str = "is something that only a newer version of KeyArc knows. Update this one, and restore the archive again";
