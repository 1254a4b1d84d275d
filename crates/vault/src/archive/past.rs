//! The entry of a version that an item had before.

use std::borrow::Cow;

use minicbor::{CborLen, Decode, Encode};
use zeroize::Zeroizing;

use crate::{
    Content, Day, ItemDraft, Rotation,
    check::CheckLog,
    earlier::{Earlier, nothing},
    record::{
        Attachments, CheckRecord, DetailsRecord, Environment, Fields, Origin, Places, RecordError,
        RotationRecord, decode_record, encode_record,
    },
};

/// A version, without what belongs to the vault that it lay in.
///
/// What is added later stands at the end and is absent where it says nothing.
#[derive(Encode, Decode, CborLen)]
struct EarlierRecord<'a> {
    #[n(0)]
    origin: Origin,
    #[b(1)]
    name: Cow<'a, str>,
    /// Null when they are those of the version before.
    #[b(2)]
    details: Option<DetailsRecord<'a>>,
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

/// `files` says whether it names those that were attached.
pub(super) fn encode_earlier(earlier: &Earlier, files: bool) -> Zeroizing<Vec<u8>> {
    let draft = &earlier.draft;
    let rotation = draft.rotation;
    encode_record(&EarlierRecord {
        origin: earlier.origin,
        name: draft.name.as_str().into(),
        details: (!earlier.shares).then(|| DetailsRecord {
            content: (&draft.content).into(),
            notes: draft.notes.as_str().into(),
            fields: Fields::of(&draft.fields),
            places: Places::of(&draft.places),
            check: draft.check.as_ref().map(CheckRecord::from),
            attachments: files.then(|| Attachments::of(&draft.attachments)).flatten(),
        }),
        updated_at_ms: earlier.updated_at_ms,
        folder: draft.folder.as_str().into(),
        tags: draft.tags.clone(),
        favourite: draft.favourite,
        in_trash: earlier.in_trash,
        environment: draft.environment.clone().map(Environment),
        provider: draft.provider.as_deref().map(Cow::from),
        variable: earlier.variable.as_deref().map(Cow::from),
        expires_on: draft.expires_on,
        rotation: rotation.rotated_on.map(|rotated_on| RotationRecord {
            rotated_on,
            every_days: rotation.every_days,
        }),
        checks: earlier.checks.clone(),
    })
}

pub(super) fn decode_earlier(body: &[u8]) -> Result<Earlier, RecordError> {
    let record: EarlierRecord<'_> = decode_record(body)?;
    let shares = record.details.is_none();
    let draft = match record.details {
        None => ItemDraft::new(record.name, nothing()),
        Some(details) => ItemDraft {
            notes: details.notes.into(),
            fields: details.fields.map(Vec::from).unwrap_or_default(),
            places: details.places.map(Vec::from).unwrap_or_default(),
            check: details.check.map(Into::into),
            attachments: details.attachments.map(Vec::from).unwrap_or_default(),
            ..ItemDraft::new(record.name, Content::from(details.content))
        },
    };
    let rotation = record.rotation.map(|rotation| Rotation {
        rotated_on: Some(rotation.rotated_on),
        every_days: rotation.every_days,
    });
    Ok(Earlier {
        draft: ItemDraft {
            folder: record.folder.into(),
            tags: record.tags,
            environment: record.environment.map(|environment| environment.0),
            provider: record.provider.map(Cow::into_owned),
            favourite: record.favourite,
            expires_on: record.expires_on,
            rotation: rotation.unwrap_or_default(),
            ..draft
        },
        shares,
        variable: record.variable.map(Cow::into_owned),
        updated_at_ms: record.updated_at_ms,
        in_trash: record.in_trash,
        checks: record.checks,
        origin: record.origin,
    })
}
