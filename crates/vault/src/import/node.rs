//! JSON as a tree, in the order of the file. Its texts are wiped when it is dropped.

use std::{cell::Cell, fmt};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use super::Unreadable;

/// Most parts of a tree: what a vault's worth of items has several times over, and what fits a
/// browser's memory.
const PARTS_MAX: u32 = 2_000_000;
/// Above this a number of JSON may have lost digits on its way through a floating-point number.
const EXACT_BELOW: f64 = 9_007_199_254_740_992.0;

/// A value of JSON.
pub(super) enum Node {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    /// A number with more digits than are kept.
    Inexact,
    Text(Zeroizing<String>),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// Reads a whole text. Nesting is limited by the parser, to 128.
    pub(super) fn parse(text: &str) -> Result<Self, Unreadable> {
        let left = Cell::new(PARTS_MAX);
        let mut parser = serde_json::Deserializer::from_str(text);
        let node = Part(&left).deserialize(&mut parser);
        let node = node.and_then(|node| parser.end().map(|()| node));
        node.map_err(|error| {
            Unreadable::Malformed(match left.get() {
                0 => "it has more parts than an import takes",
                _ if error.is_eof() => "it ends in the midst: it was cut off. Export it again",
                _ => "it is no JSON, or nests too deeply",
            })
        })
    }

    /// What an object has under a name; the last one counts, as for most readers.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let entries = self.entries().iter().rev();
        entries
            .into_iter()
            .find(|(key, _)| key == name)
            .map(|(_, node)| node)
    }

    /// The entries of an object, none for anything else.
    pub(super) fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Object(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of a list, none for anything else.
    pub(super) fn elements(&self) -> &[Self] {
        match self {
            Self::List(elements) => elements,
            _ => &[],
        }
    }

    /// The text of a text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A text, number or truth value as text; nothing for null.
    pub(super) fn scalar(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(number),
            Self::Bool(true) => Some("true"),
            Self::Bool(false) => Some("false"),
            Self::Null => Some(""),
            Self::Inexact | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// The scalar under a name, empty when there is none.
    pub(super) fn word(&self, name: &str) -> &str {
        self.get(name).and_then(Self::scalar).unwrap_or_default()
    }

    /// A whole number.
    pub(super) fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.parse().ok(),
            _ => None,
        }
    }

    /// Whether it is true.
    pub(super) fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// As JSON again.
    pub(super) fn to_json(&self) -> Zeroizing<String> {
        let mut json = Zeroizing::new(String::new());
        self.write(&mut json);
        json
    }

    fn write(&self, out: &mut String) {
        let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
        match self {
            Self::Null | Self::Inexact => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) => out.push_str(number),
            Self::Text(text) => out.push_str(&Zeroizing::new(quoted(text))),
            Self::List(elements) => {
                for (at, element) in elements.iter().enumerate() {
                    out.push(if at == 0 { '[' } else { ',' });
                    element.write(out);
                }
                out.push_str(if elements.is_empty() { "[]" } else { "]" });
            }
            Self::Object(entries) => {
                for (at, (name, node)) in entries.iter().enumerate() {
                    out.push(if at == 0 { '{' } else { ',' });
                    out.push_str(&quoted(name));
                    out.push(':');
                    node.write(out);
                }
                out.push_str(if entries.is_empty() { "{}" } else { "}" });
            }
        }
    }
}

/// Reads one part, as long as any may be read.
#[derive(Clone, Copy)]
struct Part<'a>(&'a Cell<u32>);

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let left = self.0.get().checked_sub(1);
        self.0.set(left.unwrap_or_default());
        match left {
            None | Some(0) => Err(de::Error::custom("too many parts")),
            Some(_) => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(match value.abs() < EXACT_BELOW {
            true => Node::Number(value.to_string()),
            false => Node::Inexact,
        })
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(Zeroizing::new(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(Zeroizing::new(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element_seed(self)? {
            elements.push(element);
        }
        Ok(Node::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key()? {
            entries.push((name, map.next_value_seed(self)?));
        }
        Ok(Node::Object(entries))
    }
}
