//! The XML of KeePass as a tree, its protected values opened on the way.
//!
//! What is not read any further is not kept: earlier versions of entries, icons, the attachments
//! themselves. A document type is refused, and so is every entity but the five of XML: nothing in
//! this file can grow or fetch another one.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
use zeroize::{Zeroize as _, Zeroizing};

use super::Unreadable;

/// Deepest nesting. Each group is one level.
const DEPTH_MAX: usize = 100;
/// Most elements that are kept.
const ELEMENTS_MAX: usize = 2_000_000;
/// What takes much place and is not imported.
const LEFT_OUT: [&str; 6] = [
    "History",
    "Binaries",
    "CustomIcons",
    "DeletedObjects",
    "AutoType",
    "MemoryProtection",
];

const SHAPE: Unreadable =
    Unreadable::Malformed("it is no XML of KeePass, or was changed or cut off");
const DOCTYPE: Unreadable =
    Unreadable::Malformed("it defines a document type or entities of its own");
const DEEP: Unreadable = Unreadable::Malformed("it nests too deeply");
const MANY: Unreadable = Unreadable::Malformed("it has more parts than an import takes");
const NO_KEY: Unreadable = Unreadable::Malformed("it holds encrypted values without their key");

/// What undoes the protection of values, in the order of the file.
pub(super) type Stream<'s> = &'s mut dyn FnMut(&mut [u8]);

/// An element with what stands directly in it.
#[derive(Default)]
pub(super) struct Element {
    pub(super) name: String,
    /// Without space around it, when it has children.
    pub(super) text: Zeroizing<String>,
    pub(super) children: Vec<Element>,
    /// Marked as secret.
    pub(super) is_secret: bool,
    /// Of a key file: the beginning of the key's hash.
    pub(super) hash: String,
    is_encrypted: bool,
}

impl Element {
    /// The first child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.named(name).next()
    }

    /// All children of this name.
    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of this name, empty when there is none.
    pub(super) fn word(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.as_str())
    }

    fn open(start: &BytesStart<'_>) -> Result<Self, Unreadable> {
        let name: &str = start.name().into_inner();
        let mut element = Self {
            name: name.to_owned(),
            ..Self::default()
        };
        // Comparing each with each is left out: one named twice says the same as the first.
        let mut attributes = start.attributes();
        for attribute in attributes.with_checks(false) {
            let attribute = attribute.map_err(|_| SHAPE)?;
            let is_true = attribute.value.eq_ignore_ascii_case("true");
            match attribute.key.into_inner() {
                "Protected" => element.is_encrypted |= is_true,
                "ProtectInMemory" => element.is_secret |= is_true,
                "Hash" => attribute.value.as_ref().clone_into(&mut element.hash),
                _ => {}
            }
        }
        Ok(element)
    }

    fn close(&mut self, stream: &mut Option<Stream<'_>>) -> Result<(), Unreadable> {
        if self.is_encrypted {
            let stream = stream.as_mut().ok_or(NO_KEY)?;
            let bytes = STANDARD.decode(self.text.trim()).map_err(|_| SHAPE)?;
            let mut bytes = Zeroizing::new(bytes);
            stream(bytes.as_mut_slice());
            self.is_secret = true;
            // What was left out is not kept, but the stream goes over it.
            if self.name.is_empty() {
                return Ok(());
            }
            let text = std::str::from_utf8(&bytes).map_err(|_| SHAPE)?;
            self.text = Zeroizing::new(text.to_owned());
        }
        Ok(())
    }
}

/// Reads a document. What it gives has no name and the outermost element as its child.
pub(super) fn parse(text: &str, mut stream: Option<Stream<'_>>) -> Result<Element, Unreadable> {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    let mut left_out = 0_usize;
    let mut elements = 0;
    loop {
        match reader.read_event().map_err(|_| SHAPE)? {
            Event::Start(start) => {
                let mut element = Element::open(&start)?;
                if left_out > 0 || LEFT_OUT.contains(&element.name.as_str()) {
                    left_out += 1;
                    element.name = String::new();
                } else {
                    elements += 1;
                }
                open.push(element);
                if open.len() > DEPTH_MAX {
                    return Err(DEEP);
                }
                if elements > ELEMENTS_MAX {
                    return Err(MANY);
                }
            }
            Event::Empty(start) => {
                elements += 1;
                if elements > ELEMENTS_MAX {
                    return Err(MANY);
                }
                let element = Element::open(&start)?;
                if left_out == 0 {
                    open.last_mut().ok_or(SHAPE)?.children.push(element);
                }
            }
            Event::End(_) => {
                let mut element = open.pop().ok_or(SHAPE)?;
                element.close(&mut stream)?;
                let parent = open.last_mut().ok_or(SHAPE)?;
                match left_out {
                    0 => parent.children.push(element),
                    _ => left_out -= 1,
                }
            }
            Event::Text(text) => add(&mut open, left_out, &text.xml10_content())?,
            Event::CData(text) => add(&mut open, left_out, &text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let mut utf8 = [0; 4];
                let text = match &*reference {
                    "lt" => "<",
                    "gt" => ">",
                    "amp" => "&",
                    "quot" => "\"",
                    "apos" => "'",
                    _ => {
                        let c = reference.resolve_char_ref().map_err(|_| SHAPE)?;
                        c.ok_or(DOCTYPE)?.encode_utf8(&mut utf8)
                    }
                };
                add(&mut open, left_out, text)?;
                utf8.zeroize();
            }
            Event::DocType(_) => return Err(DOCTYPE),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    let root = open.pop().ok_or(SHAPE)?;
    match open.is_empty() && root.children.len() == 1 && root.text.trim().is_empty() {
        true => Ok(root),
        false => Err(SHAPE),
    }
}

fn add(open: &mut [Element], left_out: usize, text: &str) -> Result<(), Unreadable> {
    let element = open.last_mut().ok_or(SHAPE)?;
    // Of what is left out only protected values matter, for the stream's sake.
    if left_out > 0 && !element.is_encrypted {
        return Ok(());
    }
    // The indentation between children is none of the content.
    if element.text.is_empty() && !element.children.is_empty() && text.trim().is_empty() {
        return Ok(());
    }
    element.text.push_str(text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_attributes_are_read() {
        let text = "<?xml version=\"1.0\"?>\n<!-- c --><a>\n <b ProtectInMemory=\"True\"> x &lt;\
                    &amp;&#x1F511;<![CDATA[ <&> ]]>\n</b>\n <b/>\n <History><c>gone</c></History></a>";
        let root = parse(text, None).expect("XML");
        let a = root.child("a").expect("a");
        let b: Vec<&Element> = a.named("b").collect();
        assert_eq!(*b[0].text, " x <&🔑 <&> \n");
        assert!(b[0].is_secret && !b[1].is_secret);
        assert_eq!(a.children.len(), 2);
    }

    #[test]
    fn protected_values_are_opened_in_their_order() {
        // A stream of 1, 2, 3, …
        let mut next = 0;
        let mut stream = |bytes: &mut [u8]| {
            for byte in bytes {
                next += 1;
                *byte ^= next;
            }
        };
        let protected = |text: &[u8], first: u8| {
            let bytes: Vec<u8> = text.iter().zip(first..).map(|(b, key)| b ^ key).collect();
            format!("<v Protected=\"True\">{}</v>", STANDARD.encode(bytes))
        };
        let text = format!(
            "<a>{}<History><e>{}</e></History>{}<v Protected=\"True\"/></a>",
            protected(b"one", 1),
            protected(b"old \xff", 4),
            protected(b"two", 9)
        );
        let root = parse(&text, Some(&mut stream)).expect("XML");
        let values = root.child("a").expect("a");
        let values: Vec<&str> = values.named("v").map(|v| v.text.as_str()).collect();
        assert_eq!(values, ["one", "two", ""]);
        assert_eq!(parse(&text, None).err(), Some(NO_KEY));
    }

    #[test]
    fn document_types_and_entities_are_refused() {
        let laughs = "<!DOCTYPE a [<!ENTITY x \"ha\"><!ENTITY y \"&x;&x;\">]><a>&y;</a>";
        assert_eq!(parse(laughs, None).err(), Some(DOCTYPE));
        let outside = "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>";
        assert_eq!(parse(outside, None).err(), Some(DOCTYPE));
        assert_eq!(parse("<a>&y;</a>", None).err(), Some(DOCTYPE));
    }

    #[test]
    fn depth_and_number_are_limited() {
        let deep = "<a>".repeat(1_000_000);
        assert_eq!(parse(&deep, None).err(), Some(DEEP));
        let hidden = format!("<History>{deep}");
        assert_eq!(parse(&hidden, None).err(), Some(DEEP));
        let many = format!("<a>{}</a>", "<b/>".repeat(ELEMENTS_MAX + 1));
        assert_eq!(parse(&many, None).err(), Some(MANY));
    }

    #[test]
    fn what_is_no_xml_is_refused() {
        for text in [
            "",
            "x",
            "<a>",
            "<a></b>",
            "</a>",
            "<a/><b/>",
            "<a>&#0;</a>",
            "<a>&#xD800;</a>",
            "<a",
            "<a>&amp</a>",
            "<a/>x",
            "<a b=>x</a>",
        ] {
            assert!(parse(text, None).is_err(), "{text:?}");
        }
    }
}
