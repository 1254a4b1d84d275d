//! Sealing and opening the two parts of an item, each bound to what it is.

use keyarc_crypto::{ItemContext, Part, SealError, VaultKey};
use keyarc_wire::{AccountId, ItemId, Sealed, VaultId};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    Attachment, CheckDefinition, Content, Field,
    record::{
        Attachments, CheckRecord, ContentRecord, DETAILS_SCHEMA, DetailsRecord, Fields,
        OVERVIEW_SCHEMA, OverviewRecord, Places, decode_record, encode_record,
    },
};

/// Whose vault it is, and under which key: the part of the associated data that all items of a
/// vault share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) owner: AccountId,
    pub(crate) vault: VaultId,
    pub(crate) epoch: u32,
}

/// The bytes do not open as what they should be. There is deliberately one error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unreadable;

impl Place {
    fn context(self, item: ItemId, part: Part, version: u64) -> ItemContext {
        let schema = match part {
            Part::Overview => OVERVIEW_SCHEMA,
            Part::Details => DETAILS_SCHEMA,
        };
        ItemContext {
            owner: self.owner.0,
            vault: self.vault.0,
            item: item.0,
            part,
            version,
            epoch: self.epoch,
            schema,
        }
    }
}

pub(crate) fn seal_overview(
    key: &VaultKey,
    place: Place,
    item: ItemId,
    version: u64,
    record: &OverviewRecord,
    rng: &mut impl CryptoRng,
) -> Result<Sealed, SealError> {
    let context = place.context(item, Part::Overview, version);
    key.seal(&context, &encode_record(record), rng).map(Sealed)
}

pub(crate) fn open_overview(
    key: &VaultKey,
    place: Place,
    item: ItemId,
    version: u64,
    sealed: &Sealed,
) -> Result<OverviewRecord, Unreadable> {
    let context = place.context(item, Part::Overview, version);
    let plaintext = key.open(&context, &sealed.0).map_err(|_| Unreadable)?;
    decode_record(&plaintext).map_err(|_| Unreadable)
}

pub(crate) fn seal_details(
    key: &VaultKey,
    place: Place,
    item: ItemId,
    version: u64,
    plaintext: &Zeroizing<Vec<u8>>,
    rng: &mut impl CryptoRng,
) -> Result<Sealed, SealError> {
    let context = place.context(item, Part::Details, version);
    key.seal(&context, plaintext, rng).map(Sealed)
}

/// The plaintext of details, ready to be sealed.
pub(crate) fn encode_details(
    content: &Content,
    notes: &str,
    fields: &[Field],
    places: &[String],
    check: Option<&CheckDefinition>,
    attachments: &[Attachment],
) -> Zeroizing<Vec<u8>> {
    encode_record(&DetailsRecord {
        content: content.into(),
        notes: notes.into(),
        fields: Fields::of(fields),
        places: Places::of(places),
        check: check.map(CheckRecord::from),
        attachments: Attachments::of(attachments),
    })
}

/// What details say.
pub(crate) struct Details {
    pub(crate) content: Content,
    pub(crate) notes: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) places: Vec<String>,
    pub(crate) check: Option<CheckDefinition>,
    pub(crate) attachments: Vec<Attachment>,
}

pub(crate) fn open_details(
    key: &VaultKey,
    place: Place,
    item: ItemId,
    version: u64,
    sealed: &Sealed,
) -> Result<Details, Unreadable> {
    let context = place.context(item, Part::Details, version);
    let plaintext = key.open(&context, &sealed.0).map_err(|_| Unreadable)?;
    let record: DetailsRecord<'_> = decode_record(&plaintext).map_err(|_| Unreadable)?;
    Ok(Details {
        content: record.content.into(),
        notes: record.notes.into(),
        fields: record.fields.map(Vec::from).unwrap_or_default(),
        places: record.places.map(Vec::from).unwrap_or_default(),
        check: record.check.map(CheckDefinition::from),
        attachments: record.attachments.map(Vec::from).unwrap_or_default(),
    })
}

/// Names a details envelope in its overview.
pub(crate) fn details_hash(sealed: &Sealed) -> [u8; 32] {
    Sha256::digest(&sealed.0).into()
}

/// Names the one secret of a content: of an API key its value, of a login its password. `None`
/// when the kind has none, or it is empty.
pub(crate) fn secret_fingerprint(key: &VaultKey, content: &Content) -> Option<[u8; 8]> {
    let secret = match content {
        Content::ApiKey { value } => value,
        Content::Login { password, .. } => password,
        _ => return None,
    };
    let value = secret.as_str().into();
    (!secret.is_empty()).then(|| key.fingerprint(&encode_record(&ContentRecord::ApiKey { value })))
}

/// What an overview keeps of [`secret_fingerprint`]: that of an API key it has already.
pub(crate) fn password_fingerprint(key: &VaultKey, content: &Content) -> Option<[u8; 8]> {
    match content {
        Content::Login { .. } => secret_fingerprint(key, content),
        _ => None,
    }
}

/// Names a content without giving anything of it away: keyed by the vault, and itself sealed.
pub(crate) fn content_fingerprint(key: &VaultKey, content: &Content) -> [u8; 8] {
    key.fingerprint(&encode_record(&ContentRecord::from(content)))
}
