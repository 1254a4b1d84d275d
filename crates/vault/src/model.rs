//! The plaintext types: what an item is, how a list shows it, what a form sends.
//!
//! All of them may hold secrets or names, so none is `Clone` without need, `Debug` is redacted
//! where a value could stand, and none is ever sent to a server.

use std::fmt;

use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Attachment, CheckDefinition, CheckResult, FileRow};
use crate::{Rotation, Walk};

/// A calendar day: days since 1970-01-01 in the user's own time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub i32);

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One secret value: an API key, a token, a connection URL.
    ApiKey,
    /// User name, password, address.
    Login,
    /// Free text.
    Note,
    /// Many named variables, as in a `.env` file.
    EnvironmentSet,
    /// A secret that gives codes, as in an authenticator app.
    Totp,
    /// Certificates with their private key.
    Certificate,
    /// A key for SSH.
    SshKey,
}

impl Kind {
    /// Every kind, in the order the interface shows them.
    pub const ALL: [Self; 7] = [
        Self::ApiKey,
        Self::Login,
        Self::EnvironmentSet,
        Self::Totp,
        Self::Certificate,
        Self::SshKey,
        Self::Note,
    ];
}

/// One variable of an environment set.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The secret part of an item.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// See [`Kind::ApiKey`].
    ApiKey {
        /// The secret.
        value: String,
    },
    /// See [`Kind::Login`].
    Login {
        /// User name or e-mail address.
        username: String,
        /// The secret.
        password: String,
        /// Where to log in.
        url: String,
    },
    /// See [`Kind::Note`].
    Note {
        /// The text.
        text: String,
    },
    /// See [`Kind::EnvironmentSet`].
    EnvironmentSet {
        /// In the order they were entered.
        variables: Vec<Variable>,
    },
    /// See [`Kind::Totp`].
    Totp {
        /// The setup key: Base32, or an `otpauth` address (see [`Totp`](crate::Totp)).
        key: String,
    },
    /// See [`Kind::Certificate`].
    Certificate {
        /// In PEM, the one that is used first, then its issuers.
        chain: String,
        /// In PEM; empty when it is kept elsewhere.
        private_key: String,
    },
    /// See [`Kind::SshKey`].
    SshKey {
        /// In OpenSSH's format or in PEM; empty when it is kept elsewhere.
        private_key: String,
        /// One line: algorithm, key, comment.
        public_key: String,
    },
}

/// What a field of an item holds, which decides how it is entered and shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// One line.
    #[default]
    Text,
    /// A secret, hidden until it is asked for.
    Secret,
    /// Many lines.
    Lines,
    /// An address.
    Url,
    /// A setup key for codes (see [`Totp`](crate::Totp)).
    Totp,
    /// A secret of many lines, such as a private key.
    ConcealedLines,
}

/// A field that a person added to an item.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Field {
    /// Its name, at most [`LABEL_MAX`] characters; no two of an item have the same.
    pub name: String,
    /// What it holds.
    #[zeroize(skip)]
    pub field_type: FieldType,
    /// Its value.
    pub value: String,
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({:?}, redacted)", self.field_type)
    }
}

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Variable(redacted)")
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content::{:?}(redacted)", self.kind())
    }
}

impl Content {
    /// Which kind of item it belongs to.
    pub fn kind(&self) -> Kind {
        match self {
            Self::ApiKey { .. } => Kind::ApiKey,
            Self::Login { .. } => Kind::Login,
            Self::Note { .. } => Kind::Note,
            Self::EnvironmentSet { .. } => Kind::EnvironmentSet,
            Self::Totp { .. } => Kind::Totp,
            Self::Certificate { .. } => Kind::Certificate,
            Self::SshKey { .. } => Kind::SshKey,
        }
    }
}

/// A list row: everything shown without revealing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemSummary {
    /// The item.
    pub id: ItemId,
    /// Its version.
    pub version: u64,
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The provider's id in the recognition data, for example `openai`.
    pub provider: Option<String>,
    /// The provider's name for people, for example `OpenAI`.
    pub provider_name: Option<String>,
    /// One or two characters for the row's mark, for example `OA`.
    pub mark: String,
    /// For example `production`.
    pub environment: Option<String>,
    /// A recognisable remainder of the secret, for example `sk-proj-…f3Q2`, or `34 variables`.
    pub hint: String,
    /// Path with `/`, for example `Checkout/Payments`; empty at the top.
    pub folder: String,
    /// In alphabetical order.
    pub tags: Vec<String>,
    /// Starred.
    pub favourite: bool,
    /// The day it stops working.
    pub expires_on: Option<Day>,
    /// When its secret was changed, and how often it is to be.
    pub rotation: Rotation,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// Unix milliseconds.
    pub updated_at_ms: u64,
    /// When it went to the trash, Unix milliseconds.
    pub trashed_at_ms: Option<u64>,
    /// Names of the fields that a person added.
    pub field_names: Vec<String>,
    /// What tests of the key found, the newest first.
    pub checks: Vec<CheckResult>,
    /// Files that are attached to it.
    pub files: Vec<FileRow>,
    /// Character positions in `name` that the search text matched.
    pub matches: Vec<u32>,
    /// What else the search text matched, of the words that the name does not have.
    pub found: Vec<Found>,
}

/// Where a word of a search was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundIn {
    /// The provider's name.
    Provider,
    /// The folder's path.
    Folder,
    /// The environment.
    Environment,
    /// A tag.
    Tag,
    /// The name of a field that a person added.
    Field,
    /// The name of a file that is attached.
    File,
}

/// A text of an item that a search found, beside its name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What it is.
    pub place: FoundIn,
    /// The text.
    pub text: String,
    /// Character positions in it that the search text matched, ascending.
    pub matches: Vec<u32>,
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Found({:?}, redacted)", self.place)
    }
}

impl fmt::Debug for ItemSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ItemSummary({}, version {})", self.id, self.version)
    }
}

/// A revealed item.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The row it came from.
    pub summary: ItemSummary,
    /// The secret part.
    pub content: Content,
    /// Free text, kept with the secret part.
    pub notes: String,
    /// Fields that a person added, in their order.
    pub fields: Vec<Field>,
    /// Where the secret is used: short texts or addresses.
    pub places: Vec<String>,
    /// How a person wants its key tested.
    pub check: Option<CheckDefinition>,
    /// Files that are attached to it, in their order.
    pub attachments: Vec<Attachment>,
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Notes and places are sealed with the secret.
        write!(f, "Item({:?}, redacted)", self.content.kind())
    }
}

/// What a form holds, for a new item or an edited one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemDraft {
    /// The item edited; `None` for a new one.
    pub id: Option<ItemId>,
    /// The version the edit began from; 0 for a new item.
    pub base_version: u64,
    /// Required, at most [`NAME_MAX`] characters.
    pub name: String,
    /// Path with `/`; empty at the top.
    pub folder: String,
    /// Trimmed and deduplicated when saved.
    pub tags: Vec<String>,
    /// For example `production`.
    pub environment: Option<String>,
    /// The provider's id, when recognised or chosen.
    pub provider: Option<String>,
    /// Starred.
    pub favourite: bool,
    /// The day it stops working.
    pub expires_on: Option<Day>,
    /// The secret part.
    pub content: Content,
    /// Free text.
    pub notes: String,
    /// Fields that a person adds, at most [`FIELDS_MAX`]; those without name and value are left
    /// out when it is saved.
    pub fields: Vec<Field>,
    /// When its secret was changed, and how often it is to be.
    pub rotation: Rotation,
    /// Where the secret is used, at most [`PLACES_MAX`](crate::PLACES_MAX); trimmed, and without
    /// empty ones, when saved.
    pub places: Vec<String>,
    /// How far a rotation is walked through. Not saved with the item.
    pub walk: Option<Walk>,
    /// How its key is to be tested, when not as its provider's keys are.
    pub check: Option<CheckDefinition>,
    /// Files that are attached to it, at most [`ATTACHMENTS_MAX`](crate::ATTACHMENTS_MAX); the
    /// server has them already.
    pub attachments: Vec<Attachment>,
}

impl ItemDraft {
    /// A new item of a name and a content, at the top of the vault.
    pub fn new(name: impl Into<String>, content: Content) -> Self {
        Self {
            id: None,
            base_version: 0,
            name: name.into(),
            folder: String::new(),
            tags: Vec::new(),
            environment: None,
            provider: None,
            favourite: false,
            expires_on: None,
            content,
            notes: String::new(),
            fields: Vec::new(),
            rotation: Rotation::default(),
            places: Vec::new(),
            walk: None,
            check: None,
            attachments: Vec::new(),
        }
    }

    /// The draft that would save an item as it is.
    pub fn of(item: &Item) -> Self {
        let summary = &item.summary;
        Self {
            id: Some(summary.id),
            base_version: summary.version,
            name: summary.name.clone(),
            folder: summary.folder.clone(),
            tags: summary.tags.clone(),
            environment: summary.environment.clone(),
            provider: summary.provider.clone(),
            favourite: summary.favourite,
            expires_on: summary.expires_on,
            content: item.content.clone(),
            notes: item.notes.clone(),
            fields: item.fields.clone(),
            rotation: summary.rotation,
            places: item.places.clone(),
            walk: None,
            check: item.check.clone(),
            attachments: item.attachments.clone(),
        }
    }

    /// A draft of another item that begins as this one: with all that stands in it, files
    /// included, which the two items then share. What is about the item itself, its star and how
    /// far its rotation is walked through, stays with it.
    ///
    /// `name` is the other item's; where it is too long, it is the same one.
    pub fn duplicate_of(item: &Item, name: &str) -> Self {
        let name = match name.chars().count() {
            0..=NAME_MAX => name,
            _ => &item.summary.name,
        };
        Self {
            id: None,
            base_version: 0,
            name: name.to_owned(),
            favourite: false,
            ..Self::of(item)
        }
    }

    /// The places as they are saved: without space around them, and without empty ones.
    pub fn kept_places(&self) -> Vec<String> {
        let trimmed = self.places.iter().map(|place| place.trim());
        trimmed
            .filter(|place| !place.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The fields as they are saved: names without space around them, and none of which nothing
    /// was filled in.
    pub fn kept_fields(&self) -> Vec<Field> {
        let trimmed = self.fields.iter().map(|field| Field {
            name: field.name.trim().to_owned(),
            field_type: field.field_type,
            value: field.value.clone(),
        });
        trimmed
            .filter(|field| !(field.name.is_empty() && field.value.is_empty()))
            .collect()
    }
}

impl fmt::Debug for ItemDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ItemDraft({:?}, redacted)", self.content.kind())
    }
}

/// Longest item name in characters.
pub const NAME_MAX: usize = 200;
/// Longest tag or folder segment in characters.
pub const LABEL_MAX: usize = 60;
/// Most tags on one item.
pub const TAGS_MAX: usize = 50;
/// Most fields that a person can add to one item.
pub const FIELDS_MAX: usize = 50;

/// A field of a draft breaks a rule; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{field}: {rule}")]
pub struct DraftError {
    /// The field's name in [`ItemDraft`], for example `name`.
    pub field: String,
    /// The rule in words, for example `needs a name`.
    pub rule: String,
}

/// Which items a list shows, before text and filters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything outside the trash.
    #[default]
    All,
    /// Expired or to be rotated, now or within 30 days.
    Expiring,
    /// Starred.
    Favourites,
    /// Used last, the last first, since the vault was opened.
    Recent,
    /// The trash.
    Trash,
}

/// The order of a list. A search text overrides it with relevance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Changed last first.
    #[default]
    Updated,
    /// By name.
    Name,
    /// What expires or is to be rotated first first; what never does last.
    Expiry,
}

/// A request for a window of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListQuery {
    /// Fuzzy search text.
    pub text: String,
    /// Which items.
    pub scope: Scope,
    /// Only this folder and what is below it.
    pub folder: Option<String>,
    /// Only items with this tag.
    pub tag: Option<String>,
    /// Only items of this environment.
    pub environment: Option<String>,
    /// Only items of this kind.
    pub kind: Option<Kind>,
    /// The order.
    pub sort: Sort,
    /// First row wanted.
    pub offset: u32,
    /// Most rows wanted.
    pub limit: u32,
}

/// A name and how many items carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// A folder path, tag or environment.
    pub name: String,
    /// Items outside the trash; a folder counts what is below it too.
    pub count: u32,
}

/// Counts for the navigation, over the whole vault.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facets {
    /// Everything outside the trash.
    pub all: u32,
    /// See [`Scope::Expiring`].
    pub expiring: u32,
    /// Starred.
    pub favourites: u32,
    /// In the trash.
    pub trash: u32,
    /// In alphabetical order, production, staging and development first.
    pub environments: Vec<Count>,
    /// Every folder and its ancestors, in alphabetical order by path.
    pub folders: Vec<Count>,
    /// In alphabetical order.
    pub tags: Vec<Count>,
}

/// A window of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListView {
    /// How many rows the whole list has.
    pub total: u32,
    /// Which row the window begins with.
    pub offset: u32,
    /// The window.
    pub rows: Vec<ItemSummary>,
}

/// What a pasted value seems to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recognition {
    /// The provider's id, for example `stripe`.
    pub provider: String,
    /// For people, for example `Stripe`.
    pub provider_name: String,
    /// What it is, for example `Stripe live secret key`.
    pub label: String,
    /// The kind of item that fits it.
    pub kind: Kind,
    /// An environment that the value itself names (`sk_live_`, `sk_test_`).
    pub environment: Option<String>,
    /// A shortened value that is safe to show.
    pub hint: String,
}
