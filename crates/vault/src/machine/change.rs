//! What the holder of a token that writes makes of an item: how it is sealed for the owner, read with
//! the copy until then, and looked at before it is taken.
//!
//! The holder is believed about nothing but what is to stand in the item: whether the token writes,
//! which items it may write and what an item may be is looked at by the owner's client.

use std::borrow::Cow;

use keyarc_crypto::{MachineChangeContext, VaultKey};
use keyarc_wire::{ItemId, MachineChangeId, MachineTokenId, Sealed, SealedChange};
use minicbor::{CborLen, Decode, Encode, bytes::ByteArray};
use rand_core::CryptoRng;

use super::{MachineCopy, MachineNote};
use crate::{
    Day, DraftError, Item, ItemDraft, UnlockedVault, WriteError,
    draft::{CheckedDraft, broken, normalise_typed},
    entry::Entry,
    record::{
        ContentRecord, DetailsRecord, Environment, FieldNames, Fields, OverviewRecord, Places,
        decode_record, encode_record,
    },
    seal::{Unreadable, content_fingerprint, password_fingerprint},
};

/// What is to become of an item. Its files, the tests of its key, its star, its plan of rotation and
/// what it was before are the vault's, and stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineChange {
    /// When it was made, by the clock of its maker, Unix milliseconds.
    pub made_at_ms: u64,
    /// What the item is to be; `None` when it is to go to the trash.
    pub put: Option<Box<ItemDraft>>,
}

/// How a change stands to the vault as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeVerdict {
    /// It is made on the version that the item has, and can be taken.
    Fits,
    /// The item was changed since. Who takes it all the same replaces what it is now, which stays among
    /// its versions.
    Outdated,
    /// The item was deleted for good since, and does not come back; or it does not open.
    Gone,
    /// The token may not write it, or not there.
    OutOfScope,
    /// It breaks a rule for items.
    Broken(DraftError),
}

/// The plaintext.
#[derive(Encode, Decode, CborLen)]
struct ChangeRecord<'a> {
    #[n(0)]
    made_at_ms: u64,
    /// Absent when the item is to go to the trash.
    #[b(1)]
    put: Option<PutRecord<'a>>,
}

/// What the item is to be.
#[derive(Encode, Decode, CborLen)]
struct PutRecord<'a> {
    #[b(0)]
    name: Cow<'a, str>,
    #[b(1)]
    folder: Cow<'a, str>,
    #[n(2)]
    tags: Vec<String>,
    #[n(3)]
    environment: Option<Environment>,
    #[b(4)]
    provider: Option<Cow<'a, str>>,
    #[n(5)]
    expires_on: Option<Day>,
    /// Without a test and without files.
    #[b(6)]
    details: DetailsRecord<'a>,
}

impl ChangeRecord<'_> {
    fn of<'a>(
        draft: &'a ItemDraft,
        checked: &'a CheckedDraft,
        made_at_ms: u64,
    ) -> ChangeRecord<'a> {
        let put = PutRecord {
            name: checked.name.as_str().into(),
            folder: checked.folder.as_str().into(),
            tags: checked.tags.clone(),
            environment: checked.environment.clone().map(Environment),
            provider: checked.provider.as_deref().map(Cow::Borrowed),
            expires_on: draft.expires_on,
            details: DetailsRecord {
                content: ContentRecord::from(&draft.content),
                notes: draft.notes.as_str().into(),
                fields: Fields::of(&checked.fields),
                places: Places::of(&checked.places),
                check: None,
                attachments: None,
            },
        };
        ChangeRecord {
            made_at_ms,
            put: Some(put),
        }
    }

    fn draft(self, item: ItemId, base: u64) -> Result<MachineChange, Unreadable> {
        let put = self.put.map(|put| {
            let details = put.details;
            if details.check.is_some() || details.attachments.is_some() {
                return Err(Unreadable);
            }
            let environment = put.environment.as_ref();
            let draft = ItemDraft {
                id: (base > 0).then_some(item),
                base_version: base,
                folder: put.folder.into_owned(),
                tags: put.tags,
                environment: environment.map(|environment| environment.0.clone()),
                provider: put.provider.map(Cow::into_owned),
                expires_on: put.expires_on,
                notes: details.notes.into_owned(),
                fields: details.fields.map(Vec::from).unwrap_or_default(),
                places: details.places.map(Vec::from).unwrap_or_default(),
                ..ItemDraft::new(put.name, details.content.into())
            };
            Ok(Box::new(draft))
        });
        Ok(MachineChange {
            made_at_ms: self.made_at_ms,
            put: put.transpose()?,
        })
    }
}

fn context(
    token: MachineTokenId,
    change: MachineChangeId,
    item: ItemId,
    base: u64,
) -> MachineChangeContext {
    MachineChangeContext {
        token: token.0,
        change: change.0,
        item: item.0,
        base,
    }
}

fn open(key: &VaultKey, token: MachineTokenId, sealed: &SealedChange) -> Option<MachineChange> {
    let SealedChange {
        change_id,
        item_id,
        base_version,
        change,
    } = sealed;
    let context = context(token, *change_id, *item_id, *base_version);
    let plaintext = key.open_change(&context, &change.0).ok()?;
    let record: ChangeRecord<'_> = decode_record(&plaintext).ok()?;
    record.draft(*item_id, *base_version).ok()
}

impl MachineCopy {
    /// What was handed in with the copy's token; `None` when it is not what somebody sealed for this
    /// place who has the token.
    pub fn open_change(
        &self,
        token: MachineTokenId,
        sealed: &SealedChange,
    ) -> Option<MachineChange> {
        open(&self.key, token, sealed)
    }
}

impl UnlockedVault {
    /// In a copy: the version of the vault's item that a change of an item is made on; 0 for one that is
    /// not there.
    pub fn base_of(&self, item: ItemId) -> Result<u64, WriteError> {
        match self.items.get(item) {
            None => Ok(0),
            Some(entry) => match entry.record.copied_version {
                Some(version) => Ok(version),
                // Handed in, and not taken yet.
                None if entry.version == 0 => Ok(0),
                None => Err(WriteError::NotFound),
            },
        }
    }

    /// In a copy: seals a change for the owner, under the name `change` and made on what the copy has of
    /// the item. Nothing changes here until [`Self::overlay`].
    pub fn seal_change(
        &self,
        token: MachineTokenId,
        (change, item): (MachineChangeId, ItemId),
        wish: &MachineChange,
        rng: &mut impl CryptoRng,
    ) -> Result<SealedChange, WriteError> {
        let base = self.base_of(item)?;
        let known = self.items.get(item);
        let plaintext = match &wish.put {
            None if known.is_none() => return Err(WriteError::NotFound),
            None => encode_record(&ChangeRecord {
                made_at_ms: wish.made_at_ms,
                put: None,
            }),
            Some(draft) => {
                let checked = normalise_typed(draft)?;
                if let Some(entry) = known {
                    same_kind(entry, draft)?;
                }
                encode_record(&ChangeRecord::of(draft, &checked, wish.made_at_ms))
            }
        };
        let context = context(token, change, item, base);
        let sealed = self.key.seal_change(&context, &plaintext, rng)?;
        Ok(SealedChange {
            change_id: change,
            item_id: item,
            base_version: base,
            change: Sealed(sealed),
        })
    }

    /// In a copy: what was handed in with its token; `None` when it is not what somebody sealed for this
    /// place who has the token.
    pub fn open_change(
        &self,
        token: MachineTokenId,
        sealed: &SealedChange,
    ) -> Option<MachineChange> {
        open(&self.key, token, sealed)
    }

    /// In a copy: shows an item as a change makes it, until the copy follows. Gives the item with its
    /// secret, unless it went to the trash. The change keeps the rules: it was sealed here, or by
    /// another holder of the token.
    pub fn overlay(&mut self, item: ItemId, change: &MachineChange) -> Option<Item> {
        let Some(draft) = &change.put else {
            self.items.remove(item);
            return None;
        };
        let checked = normalise_typed(draft).ok()?;
        let known = self.items.get(item);
        let fingerprint = content_fingerprint(&self.key, &draft.content);
        let before = known.map(|entry| &entry.record);
        let record = OverviewRecord {
            name: checked.name,
            kind: draft.content.kind(),
            // Of details that there are none of yet.
            details_version: 0,
            details_hash: ByteArray::from([0; 32]),
            created_at_ms: before.map_or(change.made_at_ms, |before| before.created_at_ms),
            updated_at_ms: change.made_at_ms,
            fingerprint: ByteArray::from(fingerprint),
            // Only the list of a browser shows it, and making one takes what reads certificates and keys.
            hint: String::new(),
            folder: checked.folder,
            tags: checked.tags,
            favourite: before.is_some_and(|before| before.favourite),
            environment: checked.environment.map(Environment),
            provider: checked.provider,
            variable: before.and_then(|before| before.variable.clone()),
            expires_on: draft.expires_on,
            trashed_at_ms: None,
            field_names: FieldNames::of(&checked.fields),
            rotation: before.and_then(|before| before.rotation),
            password_fingerprint: password_fingerprint(&self.key, &draft.content)
                .map(ByteArray::from),
            checks: before
                .filter(|before| *before.fingerprint == fingerprint)
                .and_then(|before| before.checks.clone()),
            files: None,
            origin: None,
            copied_version: before.and_then(|before| before.copied_version),
        };
        let entry = Entry::new(item, known.map_or(0, |entry| entry.version), record);
        let shown = Item {
            summary: entry.summary(Vec::new()),
            content: draft.content.clone(),
            notes: draft.notes.clone(),
            fields: checked.fields,
            places: checked.places,
            check: None,
            attachments: Vec::new(),
        };
        self.items.put(entry);
        Some(shown)
    }

    /// How a change stands to the vault, by the note about the token that it was handed in with. The
    /// token has to write.
    pub fn judge_change(
        &self,
        note: &MachineNote,
        (item, base): (ItemId, u64),
        change: &MachineChange,
    ) -> ChangeVerdict {
        if !note.writes() {
            return ChangeVerdict::OutOfScope;
        }
        if self.is_deleted(item) {
            return ChangeVerdict::Gone;
        }
        let entry = self.items.get(item);
        let known = self.known_version(item);
        if entry.is_none() && (known > 0 || base > 0 || change.put.is_none()) {
            return ChangeVerdict::Gone;
        }
        if entry.is_some_and(|entry| !note.scope.covers(entry)) {
            return ChangeVerdict::OutOfScope;
        }
        let checked = match &change.put {
            None => None,
            Some(draft) => match normalise_typed(draft) {
                Ok(checked) => Some((draft, checked)),
                Err(error) => return ChangeVerdict::Broken(error),
            },
        };
        if let Some((draft, checked)) = &checked {
            let environment = checked.environment.as_deref();
            if !note.scope.covers_place(&checked.folder, environment) {
                return ChangeVerdict::OutOfScope;
            }
            if let Some(error) = entry.and_then(|entry| same_kind(entry, draft).err()) {
                return ChangeVerdict::Broken(error);
            }
        }
        match known == base {
            true => ChangeVerdict::Fits,
            false => ChangeVerdict::Outdated,
        }
    }
}

/// An item keeps its kind.
fn same_kind(entry: &Entry, draft: &ItemDraft) -> Result<(), DraftError> {
    match entry.record.kind == draft.content.kind() {
        true => Ok(()),
        false => Err(broken("kind", "cannot be another one")),
    }
}
