//! KeyArc's own JSON, as an export writes it: nothing in it has to be guessed.

use serde::{
    Deserialize,
    de::{IntoDeserializer, value::Error as WordError},
};

use super::{Found, Kept, Reading, Unreadable, node::Node, shape::day};
use crate::{
    Content, Field, ItemDraft, Kind, Rotation, Variable,
    export::{JSON_MARK, JSON_VERSION},
};

/// Whether the outermost object of a JSON text is one of these, by its names.
pub(super) fn fits(keys: &[String]) -> bool {
    keys.iter().any(|key| key == JSON_MARK)
}

/// Reads KeyArc's own JSON.
pub(super) fn read_keyarc_json(text: &str) -> Result<Reading, Unreadable> {
    let root = Node::parse(text)?;
    match root.get(JSON_MARK).and_then(Node::number) {
        Some(JSON_VERSION) => {}
        Some(_) => {
            return Err(Unreadable::Malformed(
                "a newer version of KeyArc wrote it. Update this one first",
            ));
        }
        None => return Err(Unreadable::Malformed("it is no export of KeyArc")),
    }
    let Some(items @ Node::List(_)) = root.get("items") else {
        return Err(Unreadable::Malformed("it has no list of items"));
    };
    let mut reading = Reading::default();
    for (place, node) in (1..).zip(items.elements()) {
        match item(node) {
            Ok((draft, kept)) => reading.found.push(Found {
                place,
                draft,
                variable: text_of(node, "variable"),
                kept: Some(kept),
            }),
            Err(reason) => {
                if !reading.miss(place, reason) {
                    break;
                }
            }
        }
        if reading.is_full() {
            break;
        }
    }
    Ok(reading)
}

fn item(node: &Node) -> Result<(ItemDraft, Kept), &'static str> {
    if node.entries().is_empty() {
        return Err("is no object");
    }
    let list = |name: &str| node.get(name).map_or(&[][..], Node::elements);
    let texts = |name: &str| {
        let texts = list(name).iter().filter_map(Node::text);
        texts.map(str::to_owned).collect::<Vec<_>>()
    };
    let expires = days(node, "expires_on")?;
    let fields: Option<Vec<Field>> = list("fields").iter().map(field).collect();
    let test = node
        .get("test")
        .map(|test| serde_json::from_str(&test.to_json()));
    let every_days = node.get("rotate_every_days").map(|days| {
        let days = days.number().and_then(|days| u16::try_from(days).ok());
        days.ok_or("has a time between rotations that is none")
    });
    let draft = ItemDraft {
        folder: node.word("folder").to_owned(),
        tags: texts("tags"),
        environment: text_of(node, "environment"),
        provider: text_of(node, "provider"),
        favourite: node.get("favourite").is_some_and(Node::is_true),
        expires_on: expires,
        notes: node.word("notes").to_owned(),
        fields: fields.ok_or("has a field of a type that this version does not know")?,
        rotation: Rotation {
            rotated_on: days(node, "rotated_on")?,
            every_days: every_days.transpose()?,
        },
        places: texts("places"),
        check: test
            .transpose()
            .map_err(|_| "has a test that this version does not know")?,
        ..ItemDraft::new(node.word("name"), content(node)?)
    };
    let time = |name: &str| node.get(name).and_then(Node::number);
    let created_at_ms = time("created_at_ms").unwrap_or_default();
    let kept = Kept {
        created_at_ms,
        updated_at_ms: time("updated_at_ms").unwrap_or(created_at_ms),
        in_trash: node.get("in_trash").is_some_and(Node::is_true),
        checks: None,
        earlier: Vec::new(),
    };
    Ok((draft, kept))
}

fn content(node: &Node) -> Result<Content, &'static str> {
    let part = |name: &str| node.word(name).to_owned();
    let kind = word::<Kind>(node.word("kind"));
    Ok(
        match kind.ok_or("is of a kind that this version does not know")? {
            Kind::ApiKey => Content::ApiKey {
                value: part("value"),
            },
            Kind::Login => Content::Login {
                username: part("username"),
                password: part("password"),
                url: part("url"),
            },
            Kind::Note => Content::Note { text: part("text") },
            Kind::EnvironmentSet => {
                let variables = node.get("variables").map_or(&[][..], Node::elements);
                let variable = |one: &Node| Variable {
                    name: one.word("name").to_owned(),
                    value: one.word("value").to_owned(),
                };
                Content::EnvironmentSet {
                    variables: variables.iter().map(variable).collect(),
                }
            }
            Kind::Totp => Content::Totp {
                key: part("setup_key"),
            },
            Kind::Certificate => Content::Certificate {
                chain: part("certificates"),
                private_key: part("private_key"),
            },
            Kind::SshKey => Content::SshKey {
                private_key: part("private_key"),
                public_key: part("public_key"),
            },
        },
    )
}

fn field(node: &Node) -> Option<Field> {
    Some(Field {
        name: node.word("name").to_owned(),
        field_type: word(node.word("field_type"))?,
        value: node.word("value").to_owned(),
    })
}

fn days(node: &Node, name: &str) -> Result<Option<crate::Day>, &'static str> {
    match node.word(name) {
        "" => Ok(None),
        text => day(text).map(Some).ok_or("has a day that is none"),
    }
}

fn text_of(node: &Node, name: &str) -> Option<String> {
    Some(node.word(name).to_owned()).filter(|text| !text.is_empty())
}

/// One of a few, by its name in messages and files.
fn word<'a, T: Deserialize<'a>>(name: &'a str) -> Option<T> {
    T::deserialize(IntoDeserializer::<WordError>::into_deserializer(name)).ok()
}
