//! Mutations of a JSON document: every member and element, and the parts of envelopes in them.

use std::ops::Range;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde_json::{Map, Value, json};

use super::{
    Dice, Kind,
    bytes::{self, parts},
};

/// A value in a document, or some of the bytes that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pointer: String,
    part: Option<Range<usize>>,
}

/// Stands where something is written that no [`Value`] can hold.
const MARK: &str = "\u{1}mark\u{1}";

/// Every value of a document, and every part of every envelope.
pub(super) fn spots(value: &Value) -> Vec<(String, Spot)> {
    let mut all = Vec::new();
    walk(value, String::new(), &mut all);
    all
}

fn walk(value: &Value, pointer: String, all: &mut Vec<(String, Spot)>) {
    if let Some(sealed) = sealed(value) {
        for (name, part) in parts(&sealed) {
            let spot = Spot {
                pointer: pointer.clone(),
                part: Some(part),
            };
            all.push((format!("{pointer}#{name}"), spot));
        }
    }
    match value {
        Value::Array(elements) => {
            for (at, element) in elements.iter().enumerate() {
                walk(element, format!("{pointer}/{at}"), all);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                walk(member, format!("{pointer}/{name}"), all);
            }
        }
        _ => {}
    }
    let spot = Spot {
        pointer: pointer.clone(),
        part: None,
    };
    all.push((pointer, spot));
}

/// The envelope that a text is.
fn sealed(value: &Value) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(value.as_str()?).ok()?;
    bytes.starts_with(b"KA").then_some(bytes)
}

/// The document with one place spoilt, as text.
pub(super) fn mutate(
    value: &Value,
    spot: &Spot,
    kind: Kind,
    earlier: &[Value],
    dice: &mut Dice,
) -> Option<Vec<u8>> {
    let here = value.pointer(&spot.pointer)?;
    let then: Vec<&Value> = earlier
        .iter()
        .filter_map(|document| document.pointer(&spot.pointer))
        .filter(|there| *there != here)
        .collect();
    if let Some(part) = &spot.part {
        let whole = BASE64.decode(here.as_str()?).ok()?;
        let others: Vec<Vec<u8>> = match kind {
            Kind::Replay => then.iter().filter_map(|there| sealed(there)).collect(),
            _ => every(value).into_iter().filter_map(sealed).collect(),
        };
        let other = dice
            .one_of(&others)
            .and_then(|bytes| bytes.get(part.clone()));
        let spoilt = bytes::mutate(whole.get(part.clone())?, kind, other, dice)?;
        let joined = [&whole[..part.start], &spoilt, &whole[part.end..]].concat();
        return put(value, spot, BASE64.encode(joined).into());
    }
    let spoilt = match kind {
        Kind::Drop => return left_out(value, spot),
        Kind::Duplicate => return twice(value, spot, here),
        Kind::Null => Value::Null,
        Kind::Swap => (*dice.one_of(&every(value))?).clone(),
        Kind::Replay => (*dice.one_of(&then)?).clone(),
        Kind::FlipBit => flipped(here, dice)?,
        Kind::ChangeType => {
            let others = [
                json!(true),
                json!(0),
                json!("0"),
                json!([]),
                json!({}),
                json!([here]),
                json!({ "value": here }),
                json!(here.to_string()),
                json!(1.5),
            ];
            dice.one_of(&others)?.clone()
        }
        Kind::Truncate => cut(here, dice)?,
        Kind::Extend => longer(here, dice)?,
        Kind::Giant => return giant(value, spot, here, dice),
        Kind::Refuse => return None,
    };
    put(value, spot, spoilt)
}

fn every(value: &Value) -> Vec<&Value> {
    let mut all = vec![value];
    match value {
        Value::Array(elements) => all.extend(elements.iter().flat_map(every)),
        Value::Object(members) => all.extend(members.values().flat_map(every)),
        _ => {}
    }
    all
}

fn put(value: &Value, spot: &Spot, new: Value) -> Option<Vec<u8>> {
    let mut document = value.clone();
    *document.pointer_mut(&spot.pointer)? = new;
    (document != *value).then(|| document.to_string().into_bytes())
}

/// A text in the place of a value, for what no [`Value`] can hold.
fn write(value: &Value, spot: &Spot, text: &str) -> Option<Vec<u8>> {
    let mut document = value.clone();
    *document.pointer_mut(&spot.pointer)? = MARK.into();
    let mark = Value::from(MARK).to_string();
    Some(document.to_string().replace(&mark, text).into_bytes())
}

fn split(pointer: &str) -> Option<(&str, String)> {
    let (parent, name) = pointer.rsplit_once('/')?;
    Some((parent, name.replace("~1", "/").replace("~0", "~")))
}

fn left_out(value: &Value, spot: &Spot) -> Option<Vec<u8>> {
    let mut document = value.clone();
    let (parent, name) = split(&spot.pointer)?;
    match document.pointer_mut(parent)? {
        Value::Array(elements) => drop(elements.remove(name.parse().ok()?)),
        Value::Object(members) => drop(members.remove(&name)?),
        _ => return None,
    }
    Some(document.to_string().into_bytes())
}

/// An element twice, or a member under the same name twice.
fn twice(value: &Value, spot: &Spot, here: &Value) -> Option<Vec<u8>> {
    let (parent, name) = split(&spot.pointer)?;
    match value.pointer(parent)? {
        Value::Array(_) => write(value, spot, &format!("{here},{here}")),
        _ => write(value, spot, &format!("{here},{}:{here}", Value::from(name))),
    }
}

fn flipped(here: &Value, dice: &mut Dice) -> Option<Value> {
    Some(match here {
        Value::Bool(on) => (!on).into(),
        Value::Number(number) => (number.as_u64()? ^ 1 << dice.below(53)).into(),
        Value::String(text) => {
            let mut bytes = text.clone().into_bytes();
            let at = dice.below(bytes.len());
            // The lowest bits of a letter make another letter or digit in most places.
            *bytes.get_mut(at)? ^= 1 << dice.below(3);
            String::from_utf8(bytes).ok()?.into()
        }
        _ => return None,
    })
}

fn cut(here: &Value, dice: &mut Dice) -> Option<Value> {
    Some(match here {
        Value::Number(number) => (number.as_u64()? / 10).into(),
        Value::String(text) => text.get(..dice.below(text.len()))?.into(),
        Value::Array(elements) => elements.get(..dice.below(elements.len()))?.to_vec().into(),
        Value::Object(members) => {
            let kept = dice.below(members.len());
            let some: Map<_, _> = members.clone().into_iter().take(kept).collect();
            some.into()
        }
        _ => return None,
    })
}

fn longer(here: &Value, dice: &mut Dice) -> Option<Value> {
    Some(match here {
        Value::Number(number) => number.as_u64()?.checked_add(1)?.into(),
        Value::String(text) => {
            let tails = [
                "A",
                "AAAA",
                "=",
                " ",
                "\u{202e}",
                "</script>",
                "\u{1b}[2J",
                "\0",
            ];
            format!("{text}{}", dice.one_of(&tails)?).into()
        }
        Value::Array(elements) => {
            let more = elements.first().cloned().unwrap_or(Value::Null);
            [elements.as_slice(), &[more]].concat().into()
        }
        Value::Object(members) => {
            let mut more = members.clone();
            more.insert(
                "kdf".into(),
                json!({ "suite": 0, "iterations": 1, "salt": "AAAA" }),
            );
            more.into()
        }
        _ => return None,
    })
}

fn giant(value: &Value, spot: &Spot, here: &Value, dice: &mut Dice) -> Option<Vec<u8>> {
    let text = match here {
        Value::Number(_) => {
            let numbers = [
                "18446744073709551615",
                "9007199254740993",
                "4294967296",
                "2147483648",
                "-1",
                "1e400",
                "99999999999999999999999999999999",
            ];
            (*dice.one_of(&numbers)?).to_owned()
        }
        Value::String(_) => Value::from("A".repeat(100_000)).to_string(),
        Value::Array(elements) => {
            let one = elements.first().cloned().unwrap_or(Value::Null).to_string();
            format!("[{}{one}]", format!("{one},").repeat(200))
        }
        _ => format!("{}{}", "[".repeat(5_000), "]".repeat(5_000)),
    };
    write(value, spot, &text)
}
