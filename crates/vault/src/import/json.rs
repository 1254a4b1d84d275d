//! Any JSON: names and values, or a list of objects.
//!
//! ```text
//! {"STRIPE_KEY": "sk_live_…", "db": {"PASSWORD": "…"}}       names and values; "db" is a folder
//! [{"name": "GitHub", "username": "…", "password": "…"}]     one item each
//! {"github": {"username": "…", "password": "…"}}             one item, named by its name
//! ```
//! An object is an item, and not a folder, when it has a secret and a user name, an address or a
//! name beside it, by the words that tables use as titles. A list of plain values is one value, as
//! JSON.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::{
    Reading, Role, Unreadable, columns,
    node::Node,
    shape::{Sheet, variable},
};

const INEXACT: &str =
    "is a number with more digits than can be kept. Put it into quotes in the file";

/// The names of the outermost object, when a text is one. Nothing of it is kept.
pub(super) fn keys(text: &str) -> Option<Vec<String>> {
    struct Keys;
    impl<'de> Visitor<'de> for Keys {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<String>, A::Error> {
            let mut keys = Vec::new();
            while let Some((key, IgnoredAny)) = map.next_entry()? {
                keys.push(key);
            }
            Ok(keys)
        }
    }
    if !text.trim_start().starts_with('{') {
        return None;
    }
    serde_json::Deserializer::from_str(text)
        .deserialize_map(Keys)
        .ok()
}

/// Reads any JSON.
pub(super) fn read_json(text: &str) -> Result<Reading, Unreadable> {
    read_tree(&Node::parse(text)?)
}

/// Reads a tree, whatever it was written in.
pub(super) fn read_tree(root: &Node) -> Result<Reading, Unreadable> {
    let mut reader = JsonReader::default();
    match root {
        Node::List(elements) => reader.list(elements, ""),
        Node::Object(_) if is_item(root) => reader.item(root, "", ""),
        Node::Object(entries) => reader.folder(entries, ""),
        _ => return Err(Unreadable::Malformed("it holds neither names nor a list")),
    }
    Ok(reader.reading)
}

#[derive(Default)]
struct JsonReader {
    reading: Reading,
    place: u32,
    /// Too much of it cannot be read.
    gives_up: bool,
}

impl JsonReader {
    fn folder(&mut self, entries: &[(String, Node)], folder: &str) {
        for (name, node) in entries {
            if self.is_over() {
                return;
            }
            let below = || match folder.is_empty() {
                true => name.clone(),
                false => format!("{folder}/{name}"),
            };
            match node {
                Node::Object(entries) if entries.is_empty() => {
                    self.miss("is an object with nothing in it");
                }
                Node::Object(_) if is_item(node) => self.item(node, name, folder),
                Node::Object(entries) => self.folder(entries, &below()),
                Node::List(elements) if has_objects(elements) => self.list(elements, &below()),
                _ => self.value(name, node, folder),
            }
        }
    }

    fn list(&mut self, elements: &[Node], folder: &str) {
        for element in elements {
            if self.is_over() {
                return;
            }
            match element {
                Node::Object(entries) if !entries.is_empty() => self.item(element, "", folder),
                _ => self.miss("is no object with names and values"),
            }
        }
    }

    fn value(&mut self, name: &str, node: &Node, folder: &str) {
        let json;
        let value = match (node, node.scalar()) {
            (Node::Inexact, _) => return self.miss(INEXACT),
            (_, Some(value)) => value,
            (_, None) => {
                json = node.to_json();
                &json
            }
        };
        self.place += 1;
        let sheet = Sheet {
            name: name.to_owned(),
            folder: folder.to_owned(),
            password: value.to_owned(),
            ..Sheet::default()
        };
        self.reading.add(self.place, sheet.secret(), variable(name));
    }

    fn item(&mut self, node: &Node, name: &str, folder: &str) {
        let mut sheet = Sheet {
            name: name.to_owned(),
            ..Sheet::default()
        };
        let roles = columns::guess(node.entries().iter().map(|(name, _)| name.as_str()));
        for ((title, node), role) in node.entries().iter().zip(roles) {
            match (node, node.scalar()) {
                (Node::Inexact, _) => return self.miss(INEXACT),
                (Node::List(elements), _) if role == Role::Tags => {
                    let tags = elements.iter().filter_map(Node::scalar);
                    sheet.tags.extend(tags.map(str::to_owned));
                }
                (_, Some(value)) => sheet.put(role, title, value),
                (_, None) => sheet.put(Role::Field, title, &node.to_json()),
            }
        }
        self.place += 1;
        sheet.folder = match (folder.is_empty(), sheet.folder.is_empty()) {
            (true, _) => std::mem::take(&mut sheet.folder),
            (_, true) => folder.to_owned(),
            _ => format!("{folder}/{}", sheet.folder),
        };
        let is_key = sheet.username.is_empty() && sheet.url.is_empty();
        let variable = variable(&sheet.name).filter(|_| is_key && !sheet.password.is_empty());
        self.reading.add(self.place, sheet.guess(), variable);
    }

    fn miss(&mut self, reason: &str) {
        self.place += 1;
        self.gives_up |= !self.reading.miss(self.place, reason);
    }

    /// What follows need not be read.
    fn is_over(&self) -> bool {
        self.gives_up || self.reading.is_full()
    }
}

fn has_objects(elements: &[Node]) -> bool {
    !elements.is_empty() && elements.iter().all(|one| matches!(one, Node::Object(_)))
}

/// A secret, and something that says whose.
fn is_item(node: &Node) -> bool {
    let has = |wanted: &[Role]| {
        node.entries().iter().any(|(name, node)| {
            node.scalar().is_some()
                && columns::known(name).is_some_and(|role| wanted.contains(&role))
        })
    };
    has(&[Role::Secret]) && has(&[Role::Username, Role::Url, Role::Name])
}
