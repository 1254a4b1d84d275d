//! Attachments in details, and what overviews say of them.

use std::borrow::Cow;

use keyarc_crypto::ATTACHMENT_KEY_LEN;
use keyarc_wire::AttachmentId;
use minicbor::{
    CborLen, Decode, Decoder, Encode,
    bytes::{ByteArray, ByteSlice},
    decode,
};
use zeroize::Zeroize;

use crate::{Attachment, FileRow};

/// At least one, for none has a spelling of its own.
#[derive(Encode, CborLen)]
#[cbor(transparent)]
pub(crate) struct Attachments<'a>(#[b(0)] Vec<AttachmentRecord<'a>>);

/// See [`Attachment`]. It borrows the key, so that no copy is left behind.
#[derive(Encode, Decode, CborLen)]
pub(crate) struct AttachmentRecord<'a> {
    #[n(0)]
    id: ByteArray<16>,
    #[b(1)]
    name: Cow<'a, str>,
    #[b(2)]
    media_type: Cow<'a, str>,
    #[n(3)]
    size: u64,
    #[b(4)]
    key: Key<'a>,
    #[n(5)]
    digest: ByteArray<32>,
}

/// The bytes of a file's key, where they stand.
#[derive(Encode, CborLen)]
#[cbor(transparent)]
pub(crate) struct Key<'a>(#[b(0)] &'a ByteSlice);

impl<'a> Key<'a> {
    pub(crate) fn of(bytes: &'a [u8; ATTACHMENT_KEY_LEN]) -> Self {
        Self(bytes.as_slice().into())
    }

    pub(crate) fn bytes(&self) -> [u8; ATTACHMENT_KEY_LEN] {
        // Another length was refused when it was read.
        (**self.0).try_into().unwrap_or_default()
    }
}

impl<'b, C> Decode<'b, C> for Key<'b> {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let bytes = d.bytes()?;
        match bytes.len() {
            ATTACHMENT_KEY_LEN => Ok(Self(bytes.into())),
            _ => Err(decode::Error::message("no key")),
        }
    }
}

impl<'a> Attachments<'a> {
    pub(crate) fn of(attachments: &'a [Attachment]) -> Option<Self> {
        let records = attachments.iter().map(|one| AttachmentRecord {
            id: ByteArray::from(one.id.0),
            name: one.name.as_str().into(),
            media_type: one.media_type.as_str().into(),
            size: one.size,
            key: Key::of(&one.key),
            digest: ByteArray::from(one.digest),
        });
        (!attachments.is_empty()).then(|| Self(records.collect()))
    }
}

impl From<Attachments<'_>> for Vec<Attachment> {
    fn from(attachments: Attachments<'_>) -> Self {
        let attachment = |record: AttachmentRecord<'_>| Attachment {
            id: AttachmentId(*record.id),
            name: record.name.into(),
            media_type: record.media_type.into(),
            size: record.size,
            key: record.key.bytes(),
            digest: *record.digest,
        };
        attachments.0.into_iter().map(attachment).collect()
    }
}

impl<'b, C> Decode<'b, C> for Attachments<'b> {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let records: Vec<AttachmentRecord<'b>> = d.decode_with(ctx)?;
        match records.is_empty() {
            true => Err(decode::Error::message("no attachments, spelled out")),
            false => Ok(Self(records)),
        }
    }
}

/// What an overview says of the files, so that a row and a search need no details: at least one,
/// for none has a spelling of its own.
#[derive(Clone, PartialEq, Eq, Encode, CborLen, Zeroize)]
#[cbor(transparent)]
pub(crate) struct Files(#[n(0)] Vec<FileRecord>);

/// See [`FileRow`].
#[derive(Clone, PartialEq, Eq, Encode, Decode, CborLen, Zeroize)]
pub(crate) struct FileRecord {
    #[n(0)]
    #[zeroize(skip)]
    id: ByteArray<16>,
    #[n(1)]
    name: String,
    #[n(2)]
    #[zeroize(skip)]
    size: u64,
}

impl Files {
    pub(crate) fn of(attachments: &[Attachment]) -> Option<Self> {
        let records = attachments.iter().map(|one| FileRecord {
            id: ByteArray::from(one.id.0),
            name: one.name.clone(),
            size: one.size,
        });
        (!attachments.is_empty()).then(|| Self(records.collect()))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|file| file.name.as_str())
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = FileRow> {
        self.0.iter().map(|file| FileRow {
            id: AttachmentId(*file.id),
            name: file.name.clone(),
            size: file.size,
        })
    }
}

impl<'b, C> Decode<'b, C> for Files {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let records: Vec<FileRecord> = d.decode_with(ctx)?;
        match records.is_empty() {
            true => Err(decode::Error::message("no files, spelled out")),
            false => Ok(Self(records)),
        }
    }
}
