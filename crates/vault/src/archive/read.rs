//! Reading an archive as it comes in: all of it, or nothing.

use keyarc_crypto::{ArchiveContext, ArchiveKey, KdfError, SetupCode};
use zeroize::Zeroizing;

use super::{
    ArchiveFiles, ENVELOPE_MAX, PiecePlace,
    gather::Gathered,
    header::{HEADER_LEN, Header, Lock, number},
};
use crate::import::{Opened, Reading, Unreadable};

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
    /// Its parts are whole and do not add up to what its end says, or to the files that its items
    /// name.
    #[error("does not hold what its end says. Make another one")]
    Inconsistent,
}

/// Reads an archive by its password or setup code.
pub(crate) fn read_archive(bytes: &[u8], secret: Option<&str>) -> Result<Reading, Unreadable> {
    let (reading, _) = ArchiveReader::begin(bytes, secret)?.end()?;
    Ok(reading)
}

/// An archive that is being read from its beginning to its end, in pieces of any size. Nothing of
/// it is given out before the end was seen.
///
/// It holds one chunk, the items, and where the pieces of files lie; not the files.
pub struct ArchiveReader {
    chunks: ArchiveChunks,
    /// What to say when the first chunk is of another key.
    wrong: Unreadable,
    /// The chunk that is coming in. Whether it is the last one is known when something follows it,
    /// or nothing does: until then it is not opened.
    frame: Frame,
    /// The number of that chunk.
    next: u32,
    /// Where it begins, in bytes from the beginning of the archive.
    offset: u64,
    gathered: Gathered,
    /// Why nothing more is taken.
    failed: Option<Unreadable>,
}

impl ArchiveReader {
    /// Derives the key, which takes as long as unlocking does when it is of a password. `beginning`
    /// is the header at least, [`HEADER_LEN`] bytes, or all of a file that has fewer; what follows
    /// the header in it is read as if it were [pushed](Self::push).
    pub fn begin(beginning: &[u8], secret: Option<&str>) -> Result<Self, Unreadable> {
        let (header, rest) = Header::read(beginning).map_err(Unreadable::Archive)?;
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
        let mut reader = Self {
            chunks: ArchiveChunks {
                key,
                archive: header.archive,
            },
            wrong,
            frame: Frame::default(),
            next: 0,
            offset: HEADER_LEN as u64,
            gathered: Gathered::new(),
            failed: None,
        };
        reader.push(rest)?;
        Ok(reader)
    }

    /// Takes what follows. After a refusal it stays with that.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let taken = self.take(bytes);
        self.failed = taken.err();
        taken
    }

    /// Nothing follows: what is in the archive, and what opens its files once more.
    pub fn finish(self) -> Result<(Opened, ArchiveFiles), Unreadable> {
        let (reading, files) = self.end()?;
        Ok((Opened::of_archive(reading), files))
    }

    fn end(mut self) -> Result<(Reading, ArchiveFiles), Unreadable> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        if !self.frame.is_whole() {
            return Err(Unreadable::Archive(ArchiveError::Cut));
        }
        let (plaintext, _) = self.open(true).map_err(Unreadable::Archive)?;
        let ended = self.gathered.end(&plaintext);
        let (reading, named) = ended.map_err(Unreadable::Archive)?;
        Ok((reading, ArchiveFiles::new(self.chunks, named)))
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<(), Unreadable> {
        while !bytes.is_empty() {
            if self.frame.is_whole() {
                let (plaintext, place) = self.open(false).map_err(Unreadable::Archive)?;
                let read = self.gathered.read(&plaintext, place);
                read.map_err(Unreadable::Archive)?;
            }
            bytes = self.frame.fill(bytes).map_err(Unreadable::Archive)?;
            // Another key than the first chunk names: of another password, or of a changed header.
            if self.next == 0
                && self.frame.is_whole()
                && !self.chunks.key.is_named_by(self.frame.envelope())
            {
                return Err(self.wrong);
            }
        }
        Ok(())
    }

    /// Opens the chunk that came in, and makes room for the next.
    fn open(&mut self, last: bool) -> Result<(Zeroizing<Vec<u8>>, PiecePlace), ArchiveError> {
        if self.frame.number() != Some(self.next) {
            return Err(ArchiveError::OutOfOrder);
        }
        let envelope = self.frame.envelope();
        let plaintext = self.chunks.open(self.next, last, envelope)?;
        let place = PiecePlace {
            offset: self.offset + FRAME_HEAD as u64,
            length: envelope.len() as u32,
            chunk: self.next,
        };
        self.offset = place.offset + u64::from(place.length);
        self.next = self.next.checked_add(1).ok_or(ArchiveError::Inconsistent)?;
        self.frame.clear();
        Ok((plaintext, place))
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.frame.0.capacity()
    }
}

/// Bytes of what stands before an envelope.
pub(super) const FRAME_HEAD: usize = 8;

/// What there is of `number u32 ‖ length u32 ‖ envelope`. Nothing of it is believed yet.
#[derive(Default)]
struct Frame(Vec<u8>);

impl Frame {
    fn number(&self) -> Option<u32> {
        Some(number(&self.0).ok()?.0)
    }

    /// Bytes of the whole, once its head is there.
    fn length(&self) -> Option<usize> {
        let (_, rest) = number(&self.0).ok()?;
        let (length, _) = number(rest).ok()?;
        Some((length as usize).saturating_add(FRAME_HEAD))
    }

    fn envelope(&self) -> &[u8] {
        self.0.get(FRAME_HEAD..).unwrap_or_default()
    }

    fn is_whole(&self) -> bool {
        self.length() == Some(self.0.len())
    }

    /// Takes what is missing off the front, as far as it is there, and returns what follows.
    fn fill<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], ArchiveError> {
        let missing = self.length().unwrap_or(FRAME_HEAD) - self.0.len();
        let (some, rest) = bytes.split_at(missing.min(bytes.len()));
        self.0.reserve_exact(missing);
        self.0.extend_from_slice(some);
        match self.length() {
            Some(length) if length > FRAME_HEAD + ENVELOPE_MAX => Err(ArchiveError::Altered),
            _ => Ok(rest),
        }
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

/// What opens the chunks of one archive, each in its place.
pub(super) struct ArchiveChunks {
    key: ArchiveKey,
    archive: [u8; 16],
}

impl ArchiveChunks {
    /// Opens a chunk by its number, and by whether it is the last one.
    pub(super) fn open(
        &self,
        number: u32,
        last: bool,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, ArchiveError> {
        let context = |last| ArchiveContext {
            archive: self.archive,
            number: u64::from(number),
            last,
        };
        self.key.open(&context(last), envelope).map_err(|_| {
            match self.key.open(&context(!last), envelope) {
                Ok(_) if last => ArchiveError::Cut,
                Ok(_) => ArchiveError::Beyond,
                Err(_) if !self.key.is_named_by(envelope) => ArchiveError::Foreign,
                Err(_) => ArchiveError::Altered,
            }
        })
    }
}
