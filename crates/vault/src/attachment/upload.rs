use std::{borrow::Cow, fmt};

use keyarc_crypto::{AttachmentContext, AttachmentKey, SealError};
use keyarc_wire::{AttachmentId, ItemId, Sealed};
use minicbor::{CborLen, Decode, Encode, bytes::ByteArray};
use rand_core::CryptoRng;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::{Attachment, AttachmentLayout, clean_file_name, clean_media_type, digest};
use crate::record::{Key, decode_record, encode_record};

/// Most uploads that are remembered at a time.
pub const UPLOADS_MAX: usize = 50;

/// The bytes are not those that were sent under this name before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the file that the upload began with")]
pub struct AnotherFile;

/// A file on its way to the server. It can be kept on the device, sealed, and goes on where it was
/// once the same file is there again.
///
/// Under one key no two contents may be sealed for one place: a server could show either. So the
/// hash of each chunk is noted before it is sent, and a file that has changed is refused.
#[derive(Clone, PartialEq, Eq, ZeroizeOnDrop)]
pub struct Upload {
    /// The file, whose digest is not known yet.
    file: Attachment,
    #[zeroize(skip)]
    item: ItemId,
    #[zeroize(skip)]
    layout: AttachmentLayout,
    #[zeroize(skip)]
    begun_at_ms: u64,
    #[zeroize(skip)]
    hashes: Vec<[u8; 32]>,
}

impl Upload {
    /// Of a file of `size` bytes that is to be attached to an item; `None` when it is larger than
    /// [`ATTACHMENT_MAX`](super::ATTACHMENT_MAX). Name and media type are cleaned.
    pub fn begin(
        item: ItemId,
        (name, media_type, size): (&str, &str, u64),
        now_ms: u64,
        rng: &mut impl CryptoRng,
    ) -> Option<Self> {
        let layout = AttachmentLayout::of(size)?;
        let mut id = [0; 16];
        rng.fill_bytes(&mut id);
        Some(Self {
            file: Attachment {
                id: AttachmentId(id),
                name: clean_file_name(name),
                media_type: clean_media_type(media_type),
                size,
                key: *AttachmentKey::make(rng),
                digest: [0; 32],
            },
            item,
            layout,
            begun_at_ms: now_ms,
            hashes: Vec::new(),
        })
    }

    /// Names it to the server.
    pub fn id(&self) -> AttachmentId {
        self.file.id
    }

    /// The item that it is for.
    pub fn item(&self) -> ItemId {
        self.item
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.file.name
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.file.size
    }

    /// How it is cut.
    pub fn layout(&self) -> AttachmentLayout {
        self.layout
    }

    /// When it was begun, Unix milliseconds.
    pub fn begun_at_ms(&self) -> u64 {
        self.begun_at_ms
    }

    /// Takes note of what a chunk holds of the file; chunks come in their order, as often as they
    /// like. Returns whether it was not known before, and is to be kept before it is sent.
    pub fn note(&mut self, number: u32, content: &[u8]) -> Result<bool, AnotherFile> {
        let hash = self.layout.hash(number, content).ok_or(AnotherFile)?;
        match self.hashes.get(number as usize) {
            Some(known) if *known == hash => Ok(false),
            None if self.hashes.len() == number as usize => {
                self.hashes.push(hash);
                Ok(true)
            }
            _ => Err(AnotherFile),
        }
    }

    /// Seals a chunk that was noted.
    pub fn seal(
        &self,
        number: u32,
        content: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Sealed, SealError> {
        let context = AttachmentContext {
            attachment: self.file.id.0,
            number: u64::from(number),
            last: self.layout.is_last(number),
        };
        let chunk = self.padded(number, content);
        let chunk = chunk.map_err(|AnotherFile| SealError::TooLong)?;
        let key = AttachmentKey::from_bytes(&self.file.key);
        key.seal(&context, &chunk, rng).map(Sealed)
    }

    /// The file as the item will keep it; `None` before every chunk was noted.
    pub fn finish(&self) -> Option<Attachment> {
        let is_whole = self.hashes.len() == self.layout.chunks() as usize;
        is_whole.then(|| {
            let mut file = self.file.clone();
            file.digest = digest(self.file.id, self.file.size, &self.hashes);
            file
        })
    }

    fn padded(&self, number: u32, content: &[u8]) -> Result<Zeroizing<Vec<u8>>, AnotherFile> {
        let due = self.layout.content(number);
        if number >= self.layout.chunks() || content.len() as u64 != due.end - due.start {
            return Err(AnotherFile);
        }
        let mut chunk = Zeroizing::new(vec![0; self.layout.chunk_len(number)]);
        chunk[..content.len()].copy_from_slice(content);
        Ok(chunk)
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = self.hashes.len();
        write!(
            f,
            "Upload({:?}, {done} of {})",
            self.file,
            self.layout.chunks()
        )
    }
}

/// One of them, as it is kept on a device.
#[derive(Encode, Decode, CborLen)]
struct UploadRecord<'a> {
    #[n(0)]
    id: ByteArray<16>,
    #[n(1)]
    item: ByteArray<16>,
    #[b(2)]
    name: Cow<'a, str>,
    #[b(3)]
    media_type: Cow<'a, str>,
    #[n(4)]
    size: u64,
    #[b(5)]
    key: Key<'a>,
    #[n(6)]
    begun_at_ms: u64,
    #[n(7)]
    hashes: Vec<ByteArray<32>>,
}

#[derive(Encode, Decode, CborLen)]
#[cbor(transparent)]
struct UploadsRecord<'a>(#[b(0)] Vec<UploadRecord<'a>>);

/// The canonical bytes of uploads that are not finished, to be sealed.
pub fn encode_uploads(uploads: &[Upload]) -> Zeroizing<Vec<u8>> {
    let records = uploads.iter().map(|upload| UploadRecord {
        id: ByteArray::from(upload.file.id.0),
        item: ByteArray::from(upload.item.0),
        name: upload.file.name.as_str().into(),
        media_type: upload.file.media_type.as_str().into(),
        size: upload.file.size,
        key: Key::of(&upload.file.key),
        begun_at_ms: upload.begun_at_ms,
        hashes: upload.hashes.iter().copied().map(ByteArray::from).collect(),
    });
    encode_record(&UploadsRecord(records.collect()))
}

/// Reads exactly what [`encode_uploads`] writes.
pub fn decode_uploads(bytes: &[u8]) -> Option<Vec<Upload>> {
    let records: UploadsRecord<'_> = decode_record(bytes).ok()?;
    let upload = |record: UploadRecord<'_>| {
        let layout = AttachmentLayout::of(record.size)?;
        (record.hashes.len() <= layout.chunks() as usize).then(|| Upload {
            file: Attachment {
                id: AttachmentId(*record.id),
                name: record.name.into(),
                media_type: record.media_type.into(),
                size: record.size,
                key: record.key.bytes(),
                digest: [0; 32],
            },
            item: ItemId(*record.item),
            layout,
            begun_at_ms: record.begun_at_ms,
            hashes: record.hashes.iter().map(|hash| **hash).collect(),
        })
    };
    records.0.into_iter().map(upload).collect()
}
