//! What is sealed: the plaintext of an overview and of details, as CBOR arrays with fixed
//! positions.
//!
//! Both are read strictly: what does not encode back to the very bytes it was read from is
//! refused, so that there is one spelling of everything and nothing can hide behind it. A field
//! added later stands at the end and is absent, not null, where it says nothing: what was sealed
//! before keeps its spelling. Any other change needs a new schema number, which stands in the
//! associated data.

use std::{borrow::Cow, fmt};

use minicbor::{
    CborLen, Decode, Decoder, Encode, Encoder, bytes::ByteArray, decode, encode, encode::Write,
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Content, Day, Field, FieldType, Kind, Rotation, Variable, check::CheckLog};

mod attachment;
mod check;
mod origin;

pub(crate) use attachment::{Attachments, Files, Key};
pub(crate) use check::CheckRecord;
pub(crate) use origin::Origin;

/// The schema of an overview, in its associated data.
pub(crate) const OVERVIEW_SCHEMA: u16 = 1;
/// The schema of details, in their associated data.
pub(crate) const DETAILS_SCHEMA: u16 = 1;

/// The plaintext of an overview, and what the unlocked vault keeps of an item.
///
/// An ordinary one encodes to at most 252 bytes, which with its length word fills one padding
/// bucket; 10,000 of them then sync in less than 5 MB.
#[derive(Clone, PartialEq, Eq, Encode, Decode, CborLen, Zeroize, ZeroizeOnDrop)]
pub(crate) struct OverviewRecord {
    #[n(0)]
    pub(crate) name: String,
    #[n(1)]
    #[zeroize(skip)]
    pub(crate) kind: Kind,
    /// The item version that the details were sealed for.
    #[n(2)]
    pub(crate) details_version: u64,
    /// SHA-256 of the details envelope: with it no older or foreign details can be put in.
    #[n(3)]
    #[zeroize(skip)]
    pub(crate) details_hash: ByteArray<32>,
    #[n(4)]
    pub(crate) created_at_ms: u64,
    #[n(5)]
    pub(crate) updated_at_ms: u64,
    /// Keyed fingerprint of the content, to find duplicates without opening details.
    #[n(6)]
    #[zeroize(skip)]
    pub(crate) fingerprint: ByteArray<8>,
    #[n(7)]
    pub(crate) hint: String,
    #[n(8)]
    pub(crate) folder: String,
    #[n(9)]
    pub(crate) tags: Vec<String>,
    #[n(10)]
    pub(crate) favourite: bool,
    #[n(11)]
    pub(crate) environment: Option<Environment>,
    #[n(12)]
    pub(crate) provider: Option<String>,
    /// The variable it was imported from, under which a program will ask for it.
    #[n(13)]
    pub(crate) variable: Option<String>,
    #[n(14)]
    #[zeroize(skip)]
    pub(crate) expires_on: Option<Day>,
    #[n(15)]
    pub(crate) trashed_at_ms: Option<u64>,
    /// Names of the fields that a person added, to search for. Absent when there are none.
    #[n(16)]
    pub(crate) field_names: Option<FieldNames>,
    /// Absent while the item has its first secret and no plan for another.
    #[n(17)]
    #[zeroize(skip)]
    pub(crate) rotation: Option<RotationRecord>,
    /// Of a login, the fingerprint that an API key with its password as value would have: one
    /// password in two logins is found with it. Absent for other kinds, and without a password.
    #[n(18)]
    #[zeroize(skip)]
    pub(crate) password_fingerprint: Option<ByteArray<8>>,
    /// What tests of the key found. Absent before the first.
    #[n(19)]
    pub(crate) checks: Option<CheckLog>,
    /// The files that are attached. Absent when there are none.
    #[n(20)]
    pub(crate) files: Option<Files>,
    /// Where it comes from, of a version that came with an item of an archive. Absent in all others.
    #[n(21)]
    #[zeroize(skip)]
    pub(crate) origin: Option<Origin>,
    /// Which version of an item of the vault this is a copy of. Absent outside the copies that
    /// machine tokens open.
    #[n(22)]
    pub(crate) copied_version: Option<u64>,
}

/// See [`Rotation`]. A plan counts from a day, so there is no plan without one.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen)]
pub(crate) struct RotationRecord {
    #[n(0)]
    pub(crate) rotated_on: Day,
    #[n(1)]
    pub(crate) every_days: Option<u16>,
}

impl OverviewRecord {
    pub(crate) fn rotation(&self) -> Rotation {
        Rotation {
            rotated_on: self.rotation.map(|rotation| rotation.rotated_on),
            every_days: self.rotation.and_then(|rotation| rotation.every_days),
        }
    }
}

/// At least one name, for none has a spelling of its own.
#[derive(Clone, PartialEq, Eq, Encode, CborLen, Zeroize)]
#[cbor(transparent)]
pub(crate) struct FieldNames(#[n(0)] Vec<String>);

impl FieldNames {
    pub(crate) fn of(fields: &[Field]) -> Option<Self> {
        let names = fields.iter().map(|field| field.name.clone());
        (!fields.is_empty()).then(|| Self(names.collect()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<'b, C> Decode<'b, C> for FieldNames {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let names: Vec<String> = d.decode_with(ctx)?;
        match names.is_empty() {
            true => Err(decode::Error::message("no names, spelled out")),
            false => Ok(Self(names)),
        }
    }
}

impl fmt::Debug for OverviewRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OverviewRecord(redacted)")
    }
}

/// The plaintext of details. It borrows, so that no copy of a secret is left behind.
#[derive(Encode, Decode, CborLen)]
pub(crate) struct DetailsRecord<'a> {
    #[b(0)]
    pub(crate) content: ContentRecord<'a>,
    #[b(1)]
    pub(crate) notes: Cow<'a, str>,
    /// Absent when a person added none.
    #[b(2)]
    pub(crate) fields: Option<Fields<'a>>,
    /// Where the secret is used. Absent when nothing is known.
    #[b(3)]
    pub(crate) places: Option<Places<'a>>,
    /// Absent when a person defined no test.
    #[b(4)]
    pub(crate) check: Option<CheckRecord<'a>>,
    /// Absent when no file is attached.
    #[b(5)]
    pub(crate) attachments: Option<Attachments<'a>>,
}

/// At least one place, for none has a spelling of its own.
#[derive(Encode, CborLen)]
#[cbor(transparent)]
pub(crate) struct Places<'a>(#[b(0)] Vec<Cow<'a, str>>);

impl<'a> Places<'a> {
    pub(crate) fn of(places: &'a [String]) -> Option<Self> {
        let texts = places.iter().map(|place| place.as_str().into());
        (!places.is_empty()).then(|| Self(texts.collect()))
    }
}

impl From<Places<'_>> for Vec<String> {
    fn from(places: Places<'_>) -> Self {
        places.0.into_iter().map(Cow::into_owned).collect()
    }
}

impl<'b, C> Decode<'b, C> for Places<'b> {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let texts: Result<Vec<&'b str>, _> = d.array_iter()?.collect();
        let texts: Vec<_> = texts?.into_iter().map(Cow::Borrowed).collect();
        match texts.is_empty() {
            true => Err(decode::Error::message("no places, spelled out")),
            false => Ok(Self(texts)),
        }
    }
}

/// Fields that a person added: at least one, for none has a spelling of its own.
#[derive(Encode, CborLen)]
#[cbor(transparent)]
pub(crate) struct Fields<'a>(#[b(0)] Vec<FieldRecord<'a>>);

impl<'b, C> Decode<'b, C> for Fields<'b> {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let fields: Vec<FieldRecord<'b>> = d.decode_with(ctx)?;
        match fields.is_empty() {
            true => Err(decode::Error::message("no fields, spelled out")),
            false => Ok(Self(fields)),
        }
    }
}

/// See [`Field`].
#[derive(Encode, Decode, CborLen)]
pub(crate) struct FieldRecord<'a> {
    #[b(0)]
    name: Cow<'a, str>,
    #[n(1)]
    field_type: FieldType,
    #[b(2)]
    value: Cow<'a, str>,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(fields: &'a [Field]) -> Option<Self> {
        let records = fields.iter().map(|field| FieldRecord {
            name: field.name.as_str().into(),
            field_type: field.field_type,
            value: field.value.as_str().into(),
        });
        (!fields.is_empty()).then(|| Self(records.collect()))
    }
}

impl From<Fields<'_>> for Vec<Field> {
    fn from(fields: Fields<'_>) -> Self {
        let field = |record: FieldRecord<'_>| Field {
            name: record.name.into(),
            field_type: record.field_type,
            value: record.value.into(),
        };
        fields.0.into_iter().map(field).collect()
    }
}

/// See [`Content`].
#[derive(Encode, Decode, CborLen)]
pub(crate) enum ContentRecord<'a> {
    #[n(0)]
    ApiKey {
        #[b(0)]
        value: Cow<'a, str>,
    },
    #[n(1)]
    Login {
        #[b(0)]
        username: Cow<'a, str>,
        #[b(1)]
        password: Cow<'a, str>,
        #[b(2)]
        url: Cow<'a, str>,
    },
    #[n(2)]
    Note {
        #[b(0)]
        text: Cow<'a, str>,
    },
    #[n(3)]
    EnvironmentSet {
        #[b(0)]
        variables: Vec<VariableRecord<'a>>,
    },
    #[n(4)]
    Totp {
        #[b(0)]
        key: Cow<'a, str>,
    },
    #[n(5)]
    Certificate {
        #[b(0)]
        chain: Cow<'a, str>,
        #[b(1)]
        private_key: Cow<'a, str>,
    },
    #[n(6)]
    SshKey {
        #[b(0)]
        private_key: Cow<'a, str>,
        #[b(1)]
        public_key: Cow<'a, str>,
    },
}

/// See [`Variable`].
#[derive(Encode, Decode, CborLen)]
pub(crate) struct VariableRecord<'a> {
    #[b(0)]
    name: Cow<'a, str>,
    #[b(1)]
    value: Cow<'a, str>,
}

/// The bytes are not a record in its one spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordError;

/// Encodes into a buffer of exactly the right size, so that growing leaves no copies.
pub(crate) fn encode_record<T: Encode<()> + CborLen<()>>(record: &T) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(minicbor::len(record)));
    // Writing to a Vec cannot fail, and no encoder here fails by itself.
    let written = encode(record, &mut *out);
    debug_assert!(written.is_ok());
    out
}

/// Decodes what [`encode_record`] made, and nothing else.
pub(crate) fn decode_record<'b, T>(bytes: &'b [u8]) -> Result<T, RecordError>
where
    T: Decode<'b, ()> + Encode<()> + CborLen<()>,
{
    let record: T = decode(bytes).map_err(|_| RecordError)?;
    if minicbor::len(&record) == bytes.len() && *encode_record(&record) == bytes {
        Ok(record)
    } else {
        Err(RecordError)
    }
}

impl<'a> From<&'a Content> for ContentRecord<'a> {
    fn from(content: &'a Content) -> Self {
        match content {
            Content::ApiKey { value } => Self::ApiKey {
                value: value.into(),
            },
            Content::Login {
                username,
                password,
                url,
            } => Self::Login {
                username: username.into(),
                password: password.into(),
                url: url.into(),
            },
            Content::Note { text } => Self::Note { text: text.into() },
            Content::Totp { key } => Self::Totp { key: key.into() },
            Content::Certificate { chain, private_key } => Self::Certificate {
                chain: chain.into(),
                private_key: private_key.into(),
            },
            Content::SshKey {
                private_key,
                public_key,
            } => Self::SshKey {
                private_key: private_key.into(),
                public_key: public_key.into(),
            },
            Content::EnvironmentSet { variables } => Self::EnvironmentSet {
                variables: variables
                    .iter()
                    .map(|Variable { name, value }| VariableRecord {
                        name: name.into(),
                        value: value.into(),
                    })
                    .collect(),
            },
        }
    }
}

impl From<ContentRecord<'_>> for Content {
    fn from(record: ContentRecord<'_>) -> Self {
        match record {
            ContentRecord::ApiKey { value } => Self::ApiKey {
                value: value.into(),
            },
            ContentRecord::Login {
                username,
                password,
                url,
            } => Self::Login {
                username: username.into(),
                password: password.into(),
                url: url.into(),
            },
            ContentRecord::Note { text } => Self::Note { text: text.into() },
            ContentRecord::Totp { key } => Self::Totp { key: key.into() },
            ContentRecord::Certificate { chain, private_key } => Self::Certificate {
                chain: chain.into(),
                private_key: private_key.into(),
            },
            ContentRecord::SshKey {
                private_key,
                public_key,
            } => Self::SshKey {
                private_key: private_key.into(),
                public_key: public_key.into(),
            },
            ContentRecord::EnvironmentSet { variables } => Self::EnvironmentSet {
                variables: variables
                    .into_iter()
                    .map(|variable| Variable {
                        name: variable.name.into(),
                        value: variable.value.into(),
                    })
                    .collect(),
            },
        }
    }
}

/// The environments every vault has, in the order they are shown; sealed as small integers.
pub(crate) const ENVIRONMENTS: [&str; 3] = ["production", "staging", "development"];

/// An environment's name; one of [`ENVIRONMENTS`] takes one byte.
#[derive(Clone, PartialEq, Eq, Zeroize)]
pub(crate) struct Environment(pub(crate) String);

impl Environment {
    fn code(&self) -> Option<u8> {
        ENVIRONMENTS
            .iter()
            .position(|name| *name == self.0)
            .map(|at| at as u8)
    }
}

impl<C> Encode<C> for Environment {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        match self.code() {
            Some(code) => e.u8(code)?.ok(),
            None => e.str(&self.0)?.ok(),
        }
    }
}

impl<C> CborLen<C> for Environment {
    fn cbor_len(&self, ctx: &mut C) -> usize {
        match self.code() {
            Some(code) => code.cbor_len(ctx),
            None => self.0.as_str().cbor_len(ctx),
        }
    }
}

impl<'b, C> Decode<'b, C> for Environment {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        if d.datatype()? == minicbor::data::Type::U8 {
            let name = ENVIRONMENTS.get(usize::from(d.u8()?));
            name.map(|name| Self((*name).to_owned()))
                .ok_or_else(|| decode::Error::message("unknown environment"))
        } else {
            d.str().map(|name| Self(name.to_owned()))
        }
    }
}

impl<C> Encode<C> for Kind {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.u8(kind_code(*self))?.ok()
    }
}

impl<C> CborLen<C> for Kind {
    fn cbor_len(&self, ctx: &mut C) -> usize {
        kind_code(*self).cbor_len(ctx)
    }
}

impl<'b, C> Decode<'b, C> for Kind {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let code = d.u8()?;
        Self::ALL
            .into_iter()
            .find(|kind| kind_code(*kind) == code)
            .ok_or_else(|| decode::Error::message("unknown kind"))
    }
}

/// Sealed in every overview: a number, once given, keeps its meaning.
const fn kind_code(kind: Kind) -> u8 {
    match kind {
        Kind::ApiKey => 0,
        Kind::Login => 1,
        Kind::Note => 2,
        Kind::EnvironmentSet => 3,
        Kind::Totp => 4,
        Kind::Certificate => 5,
        Kind::SshKey => 6,
    }
}

impl<C> Encode<C> for FieldType {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.u8(field_type_code(*self))?.ok()
    }
}

impl<C> CborLen<C> for FieldType {
    fn cbor_len(&self, ctx: &mut C) -> usize {
        field_type_code(*self).cbor_len(ctx)
    }
}

impl<'b, C> Decode<'b, C> for FieldType {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let code = d.u8()?;
        Self::ALL
            .into_iter()
            .find(|field_type| field_type_code(*field_type) == code)
            .ok_or_else(|| decode::Error::message("unknown type of a field"))
    }
}

/// Sealed in details: a number, once given, keeps its meaning.
const fn field_type_code(field_type: FieldType) -> u8 {
    match field_type {
        FieldType::Text => 0,
        FieldType::Secret => 1,
        FieldType::Lines => 2,
        FieldType::Url => 3,
        FieldType::Totp => 4,
        FieldType::ConcealedLines => 5,
    }
}

impl<C> Encode<C> for Day {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.i32(self.0)?.ok()
    }
}

impl<C> CborLen<C> for Day {
    fn cbor_len(&self, ctx: &mut C) -> usize {
        self.0.cbor_len(ctx)
    }
}

impl<'b, C> Decode<'b, C> for Day {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        d.i32().map(Self)
    }
}

#[cfg(test)]
mod tests;
