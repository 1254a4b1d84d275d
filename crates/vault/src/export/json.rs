//! KeyArc's own JSON: one object for each item, with a name for everything that it has.
//!
//! ```text
//! {"keyarc_export": 1, "items": [
//! {"name": "Stripe", "kind": "api_key", "value": "sk_live_…", "folder": "Checkout", …}
//! ]}
//! ```
//! What an item does not have is left off. Days are `YYYY-MM-DD`, times Unix milliseconds.

use serde::Serialize;

use super::{Exported, out::Out};
use crate::{CheckDefinition, Content, Day, Field, Kind, Variable};

/// The number of the format; a reader refuses another one.
pub(crate) const JSON_VERSION: u64 = 1;
/// The name under which the number stands, by which the format is known.
pub(crate) const JSON_MARK: &str = "keyarc_export";

pub(super) fn begin(out: &mut Out) {
    out.text(&format!("{{\"{JSON_MARK}\": {JSON_VERSION}, \"items\": ["));
}

pub(super) fn put(exported: &Exported, first: bool, out: &mut Out) {
    out.text(if first { "\n" } else { ",\n" });
    out.json(&Object::of(exported));
}

pub(super) fn end(out: &mut Out) {
    out.text("\n]}\n");
}

/// An item, by the names of the file.
#[derive(Default, Serialize)]
struct Object<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    setup_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificates: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variables: Option<&'a [Variable]>,
    #[serde(skip_serializing_if = "str::is_empty")]
    folder: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variable: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    favourite: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotated_on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotate_every_days: Option<u16>,
    #[serde(skip_serializing_if = "str::is_empty")]
    notes: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fields: &'a [Field],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    places: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<&'a CheckDefinition>,
    created_at_ms: u64,
    updated_at_ms: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    in_trash: bool,
}

impl<'a> Object<'a> {
    fn of(exported: &'a Exported) -> Self {
        let item = &exported.item;
        let summary = &item.summary;
        let day = |day: Option<Day>| day.map(|day| day.to_string());
        let object = Self {
            name: &summary.name,
            kind: Some(item.content.kind()),
            folder: &summary.folder,
            tags: &summary.tags,
            environment: summary.environment.as_deref(),
            provider: summary.provider.as_deref(),
            variable: exported.variable.as_deref(),
            favourite: summary.favourite,
            expires_on: day(summary.expires_on),
            rotated_on: day(summary.rotation.rotated_on),
            rotate_every_days: summary.rotation.every_days,
            notes: &item.notes,
            fields: &item.fields,
            places: &item.places,
            test: item.check.as_ref(),
            created_at_ms: summary.created_at_ms,
            updated_at_ms: summary.updated_at_ms,
            in_trash: summary.trashed_at_ms.is_some(),
            ..Self::default()
        };
        match &item.content {
            Content::ApiKey { value } => Self {
                value: Some(value),
                ..object
            },
            Content::Login {
                username,
                password,
                url,
            } => Self {
                username: Some(username),
                password: Some(password),
                url: Some(url),
                ..object
            },
            Content::Note { text } => Self {
                text: Some(text),
                ..object
            },
            Content::EnvironmentSet { variables } => Self {
                variables: Some(variables),
                ..object
            },
            Content::Totp { key } => Self {
                setup_key: Some(key),
                ..object
            },
            Content::Certificate { chain, private_key } => Self {
                certificates: Some(chain),
                private_key: Some(private_key),
                ..object
            },
            Content::SshKey {
                private_key,
                public_key,
            } => Self {
                private_key: Some(private_key),
                public_key: Some(public_key),
                ..object
            },
        }
    }
}
