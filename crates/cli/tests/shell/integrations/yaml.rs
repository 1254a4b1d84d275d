//! YAML as a tree of texts: what a plain scalar means is left to who reads it.

use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value};

enum Open {
    List(Vec<Value>),
    Object(Map<String, Value>, Option<String>),
}

/// All documents of a file.
pub fn documents(text: &str) -> Vec<Value> {
    let mut parser = Parser::new_from_str(text);
    let (mut all, mut open) = (Vec::new(), Vec::new());
    while let Some(event) = parser.next_event() {
        let node = match event.expect("YAML").0 {
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Object(Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop().expect("it is open") {
                Open::List(list) => Value::Array(list),
                Open::Object(object, None) => Value::Object(object),
                Open::Object(_, Some(name)) => panic!("{name} has no value"),
            },
            Event::Scalar(text, ..) => Value::String(text.into_owned()),
            Event::Alias(_) => panic!("an alias"),
            _ => continue,
        };
        match open.last_mut() {
            None => all.push(node),
            Some(Open::List(list)) => list.push(node),
            Some(Open::Object(object, name)) => match name.take() {
                None => *name = Some(node.as_str().expect("a name").to_owned()),
                Some(name) => {
                    let before = object.insert(name.clone(), node);
                    assert_eq!(before, None, "{name} stands there twice");
                }
            },
        }
    }
    all
}

/// The one document of a file.
pub fn document(text: &str) -> Value {
    let mut all = documents(text);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// A list of texts, or the one text that stands in its place.
pub fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        other => panic!("{other} is no list of texts"),
    }
}

/// The entries of an object of texts.
pub fn pairs(value: &Value) -> Vec<(String, String)> {
    let entries = value.as_object().expect("an object").iter();
    entries
        .map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned()))
        .collect()
}
