//! What stands in a chunk. Every kind has a number of its own, so that kinds can be added: a reader
//! passes over those that it does not know, and says so.

use std::borrow::Cow;

use keyarc_wire::AttachmentId;
use minicbor::{CborLen, Decode, Encode, bytes::ByteArray};
use zeroize::Zeroizing;

use crate::{
    Content, Day, ItemDraft, Rotation,
    check::CheckLog,
    export::Exported,
    import::Kept,
    record::{
        Attachments, CheckRecord, ContentRecord, DetailsRecord, Environment, Fields, Places,
        RecordError, RotationRecord, decode_record, encode_record,
    },
};

pub(super) const MANIFEST: u8 = 0;
pub(super) const ITEM: u8 = 1;
/// A version that the item before it had, the oldest first: see `past`.
pub(super) const EARLIER: u8 = 2;
/// A piece of a file that an item before it names: see `files`.
pub(super) const PIECE: u8 = 3;

/// The end of an archive: what must have come before.
#[derive(Encode, Decode, CborLen)]
pub(super) struct Manifest {
    #[n(0)]
    pub(super) made_at_ms: u64,
    #[n(1)]
    pub(super) revision: u64,
    #[n(2)]
    pub(super) items: u32,
    /// SHA-256 over all entries before, their kinds and lengths too.
    #[n(3)]
    pub(super) hash: ByteArray<32>,
}

/// An item, without what belongs to the vault that it lay in: its id, its version, fingerprints.
///
/// What is added later stands at the end and is absent where it says nothing.
#[derive(Encode, Decode, CborLen)]
struct ItemRecord<'a> {
    #[b(0)]
    name: Cow<'a, str>,
    #[b(1)]
    details: DetailsRecord<'a>,
    #[n(2)]
    created_at_ms: u64,
    #[n(3)]
    updated_at_ms: u64,
    #[b(4)]
    folder: Cow<'a, str>,
    #[n(5)]
    tags: Vec<String>,
    #[n(6)]
    favourite: bool,
    #[n(7)]
    in_trash: bool,
    #[n(8)]
    environment: Option<Environment>,
    #[b(9)]
    provider: Option<Cow<'a, str>>,
    #[b(10)]
    variable: Option<Cow<'a, str>>,
    #[n(11)]
    expires_on: Option<Day>,
    #[n(12)]
    rotation: Option<RotationRecord>,
    #[n(13)]
    checks: Option<CheckLog>,
}

/// What an item's entry says.
pub(super) struct Opened {
    pub(super) draft: ItemDraft,
    pub(super) variable: Option<String>,
    pub(super) kept: Kept,
}

/// `files` says whether it names those that are attached.
pub(super) fn encode_item(exported: &Exported, files: bool) -> Zeroizing<Vec<u8>> {
    let item = &exported.item;
    let summary = &item.summary;
    let content: ContentRecord<'_> = (&item.content).into();
    encode_record(&ItemRecord {
        name: summary.name.as_str().into(),
        details: DetailsRecord {
            content,
            notes: item.notes.as_str().into(),
            fields: Fields::of(&item.fields),
            places: Places::of(&item.places),
            check: item.check.as_ref().map(CheckRecord::from),
            attachments: files.then(|| Attachments::of(&item.attachments)).flatten(),
        },
        created_at_ms: summary.created_at_ms,
        updated_at_ms: summary.updated_at_ms,
        folder: summary.folder.as_str().into(),
        tags: summary.tags.clone(),
        favourite: summary.favourite,
        in_trash: summary.trashed_at_ms.is_some(),
        environment: summary.environment.clone().map(Environment),
        provider: summary.provider.as_deref().map(Cow::from),
        variable: exported.variable.as_deref().map(Cow::from),
        expires_on: summary.expires_on,
        rotation: summary
            .rotation
            .rotated_on
            .map(|rotated_on| RotationRecord {
                rotated_on,
                every_days: summary.rotation.every_days,
            }),
        checks: exported.checks.clone(),
    })
}

pub(super) fn decode_item(body: &[u8]) -> Result<Opened, RecordError> {
    let record: ItemRecord<'_> = decode_record(body)?;
    let details = record.details;
    let rotation = record.rotation.map(|rotation| Rotation {
        rotated_on: Some(rotation.rotated_on),
        every_days: rotation.every_days,
    });
    Ok(Opened {
        variable: record.variable.map(Cow::into_owned),
        kept: Kept {
            created_at_ms: record.created_at_ms,
            updated_at_ms: record.updated_at_ms,
            in_trash: record.in_trash,
            checks: record.checks,
            earlier: Vec::new(),
        },
        draft: ItemDraft {
            folder: record.folder.into(),
            tags: record.tags,
            environment: record.environment.map(|environment| environment.0.clone()),
            provider: record.provider.map(Cow::into_owned),
            favourite: record.favourite,
            expires_on: record.expires_on,
            notes: details.notes.into(),
            fields: details.fields.map(Vec::from).unwrap_or_default(),
            rotation: rotation.unwrap_or_default(),
            places: details.places.map(Vec::from).unwrap_or_default(),
            check: details.check.map(Into::into),
            attachments: details.attachments.map(Vec::from).unwrap_or_default(),
            ..ItemDraft::new(record.name, Content::from(details.content))
        },
    })
}

/// What stands before the content of a piece.
pub(super) fn piece_head(id: AttachmentId, number: u32) -> [u8; PIECE_HEAD] {
    let mut head = [0; PIECE_HEAD];
    let (file, at) = head.split_at_mut(AttachmentId::LEN);
    file.copy_from_slice(&id.0);
    at.copy_from_slice(&number.to_be_bytes());
    head
}

/// Of which file the body of a piece is, the number of the piece, and its content.
pub(super) fn split_piece(body: &[u8]) -> Option<(AttachmentId, u32, &[u8])> {
    let (id, rest) = body.split_first_chunk()?;
    let (number, content) = rest.split_first_chunk()?;
    Some((AttachmentId(*id), u32::from_be_bytes(*number), content))
}

const PIECE_HEAD: usize = AttachmentId::LEN + 4;

/// `kind ‖ length ‖ body`, at the end of what is there. The body comes in parts, so that none is
/// copied to be put together; the buffer has room for it.
pub(super) fn write(out: &mut Vec<u8>, kind: u8, body: &[&[u8]]) {
    let length: usize = body.iter().map(|part| part.len()).sum();
    out.push(kind);
    out.extend((length as u32).to_be_bytes());
    for part in body {
        out.extend_from_slice(part);
    }
}

/// Bytes of an entry around its body.
pub(super) const AROUND: usize = 5;

/// The first entry, and what follows it; `None` when that is not whole.
pub(super) fn split(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[kind], rest) = bytes.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (body, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    Some((kind, body, rest))
}
