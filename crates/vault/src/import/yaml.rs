//! YAML as the same tree as JSON, in the order of the file.
//!
//! `saphyr-parser` gives the events of YAML 1.2; it is kept up, has no unsafe code of its own and
//! no dependency that is not here already. What turns text into types is left aside on purpose: a
//! secret `1.10`, `0123` or `no` is the text that stands in the file, as somebody would copy it.
//!
//! Aliases are refused: no export of a secrets manager has them, and they are what makes a small
//! file large.

use saphyr_parser::{Event, Parser, ScalarStyle};
use zeroize::Zeroizing;

use super::{Reading, Unreadable, json::read_tree, node::Node};

/// Deepest nesting, the parser's own for JSON.
const DEPTH_MAX: usize = 128;
/// Most parts of a tree: a file of a few MB cannot have more that mean something.
const PARTS_MAX: usize = 1_000_000;

const SHAPE: Unreadable = Unreadable::Malformed("it is no YAML, or was cut off");
const DEEP: Unreadable = Unreadable::Malformed("it nests too deeply");
const MANY: Unreadable = Unreadable::Malformed("it has more parts than an import takes");
const ALIAS: Unreadable = Unreadable::Malformed(
    "it refers from one place to another (an alias of YAML), which is not read. Export it again",
);
const SEVERAL: Unreadable =
    Unreadable::Malformed("it holds several documents. Put each into a file of its own");

/// A list or an object that is not closed yet.
enum Open {
    List(Vec<Node>),
    Object(Vec<(String, Node)>, Option<String>),
}

/// Reads any YAML as JSON of the same content is read: Infisical's and Doppler's, for example.
pub(crate) fn read_yaml(text: &str) -> Result<Reading, Unreadable> {
    read_tree(&parse(text)?)
}

/// Reads one document.
pub(super) fn parse(text: &str) -> Result<Node, Unreadable> {
    let mut parser = Parser::new_from_str(text);
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    let mut parts = 0;
    while let Some(event) = parser.next_event() {
        let (event, _) = event.map_err(|_| SHAPE)?;
        parts += 1;
        if parts > PARTS_MAX {
            return Err(MANY);
        }
        let node = match event {
            Event::Alias(_) => return Err(ALIAS),
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                None
            }
            Event::MappingStart(..) => {
                open.push(Open::Object(Vec::new(), None));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop().ok_or(SHAPE)? {
                Open::List(elements) => Some(Node::List(elements)),
                Open::Object(_, Some(_)) => return Err(SHAPE),
                Open::Object(entries, None) => Some(Node::Object(entries)),
            },
            Event::Scalar(text, style, ..) => {
                Some(scalar(Zeroizing::new(text.into_owned()), style))
            }
            _ => None,
        };
        if open.len() > DEPTH_MAX {
            return Err(DEEP);
        }
        let Some(node) = node else { continue };
        match open.last_mut() {
            None if root.is_some() => return Err(SEVERAL),
            None => root = Some(node),
            Some(Open::List(elements)) => elements.push(node),
            Some(Open::Object(entries, name)) => match name.take() {
                Some(name) => entries.push((name, node)),
                None => *name = Some(node.scalar().ok_or(SHAPE)?.to_owned()),
            },
        }
    }
    root.filter(|_| open.is_empty()).ok_or(SHAPE)
}

fn scalar(text: Zeroizing<String>, style: ScalarStyle) -> Node {
    let is_plain = style == ScalarStyle::Plain;
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" if is_plain => Node::Null,
        "true" if is_plain => Node::Bool(true),
        "false" if is_plain => Node::Bool(false),
        _ => Node::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_as_it_is_written() {
        let text = "a: 1.10\nb: 0123\nc: no\nd: \"x\\ty\"\ne: 'it''s'\nf: |\n  one\n  two\n\
                    g: [1, {h: null}]\ni:\n? 7\n: true\n";
        let node = parse(text).expect("YAML");
        for (name, value) in [
            ("a", "1.10"),
            ("b", "0123"),
            ("c", "no"),
            ("d", "x\ty"),
            ("e", "it's"),
            ("f", "one\ntwo\n"),
            ("i", ""),
            ("7", "true"),
        ] {
            assert_eq!(node.word(name), value, "{name}");
        }
        let list = node.get("g").map(Node::elements).expect("a list");
        assert!(matches!(list[1].get("h"), Some(Node::Null)));
        assert_eq!(node.entries().len(), 9);
    }

    #[test]
    fn bombs_are_refused() {
        let laughs = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
        assert_eq!(parse(laughs).err(), Some(ALIAS));
        for deep in ["[", "{a: ", "- "] {
            let refused = parse(&deep.repeat(100_000)).err();
            assert!(refused.is_some(), "{deep}");
        }
        // The parser may refuse first.
        assert!(matches!(
            parse(&"[".repeat(10_000)).err(),
            Some(DEEP | SHAPE)
        ));
        assert_eq!(parse("a: 1\n---\nb: 2\n").err(), Some(SEVERAL));
        assert_eq!(parse(&"- x\n".repeat(PARTS_MAX)).err(), Some(MANY));
    }

    #[test]
    fn what_is_no_yaml_is_refused() {
        for text in ["", "a: [", "a: \"x", "{a: b", "a: b: c", "? [x]\n: y\n"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
