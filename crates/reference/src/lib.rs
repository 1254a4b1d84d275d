//! References to what stands in a vault, which may be committed where the secret may not:
//! `keyarc://personal/<folder>/…/<item>/<field>?environment=<environment>`.
//!
//! The parts are percent-encoded as in a path of a URL (RFC 3986, section 3.3). The folder may be
//! left out; the field may not, so that a reference has one reading whatever the vault holds.

use std::{fmt, str::FromStr};

/// What a reference begins with.
pub const SCHEME: &str = "keyarc://";
/// The only vault that an account has.
const PERSONAL: &str = "personal";
/// Longer ones are refused: no name of an item or folder is nearly so long.
const LONGEST: usize = 4096;

/// Which value of which item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The item's folder, `/` between its parts; empty for none.
    pub folder: String,
    /// The item's name.
    pub item: String,
    /// The field's name.
    pub field: String,
    /// The item's environment; `None` where whoever reads it decides.
    pub environment: Option<String>,
}

/// Why a text is no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoReference {
    /// It begins otherwise.
    #[error("a reference begins with keyarc://")]
    Scheme,
    /// It names another vault.
    #[error("the vault is called `personal`, as in keyarc://personal/folder/item/field")]
    Vault,
    /// Item or field are missing.
    #[error("a reference names an item and a field, as in keyarc://personal/folder/item/field")]
    Short,
    /// A part is empty.
    #[error("a part of the reference is empty")]
    Empty,
    /// An escape is cut off, is not hexadecimal, or does not make UTF-8.
    #[error("a % in a reference is followed by two hexadecimal digits, and they make UTF-8")]
    Escape,
    /// What stands after `?`.
    #[error("after ? a reference has environment=NAME and nothing else")]
    Query,
    /// Longer than any real one.
    #[error("a reference has at most 4,096 bytes")]
    Long,
}

impl FromStr for Reference {
    type Err = NoReference;

    fn from_str(text: &str) -> Result<Self, NoReference> {
        if text.len() > LONGEST {
            return Err(NoReference::Long);
        }
        let rest = text.strip_prefix(SCHEME).ok_or(NoReference::Scheme)?;
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let mut parts = path.split('/');
        if parts.next() != Some(PERSONAL) {
            return Err(NoReference::Vault);
        }
        let parts: Vec<String> = parts.map(decoded).collect::<Result<_, _>>()?;
        let [folder @ .., item, field] = parts.as_slice() else {
            return Err(NoReference::Short);
        };
        if parts.iter().any(String::is_empty) {
            return Err(NoReference::Empty);
        }
        let environment = match query.map(|query| query.split_once('=')) {
            None => None,
            Some(Some(("environment", name))) if !name.is_empty() && !name.contains('&') => {
                Some(decoded(name)?)
            }
            Some(_) => return Err(NoReference::Query),
        };
        Ok(Self {
            folder: folder.join("/"),
            item: item.clone(),
            field: field.clone(),
            environment,
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{PERSONAL}")?;
        let folder = self.folder.split('/').filter(|part| !part.is_empty());
        for part in folder.chain([self.item.as_str(), self.field.as_str()]) {
            write!(f, "/{}", encoded(part))?;
        }
        if let Some(environment) = &self.environment {
            write!(f, "?environment={}", encoded(environment))?;
        }
        Ok(())
    }
}

fn decoded(part: &str) -> Result<String, NoReference> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || {
            let digit = char::from(rest.next()?).to_digit(16)?;
            u8::try_from(digit).ok()
        };
        let (high, low) = (digit(), digit());
        bytes.push(
            high.zip(low)
                .map(|(high, low)| high << 4 | low)
                .ok_or(NoReference::Escape)?,
        );
    }
    String::from_utf8(bytes).map_err(|_| NoReference::Escape)
}

/// All but the unreserved characters of RFC 3986 and letters of other scripts is escaped.
fn encoded(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for c in part.chars() {
        let plain = c.is_ascii_alphanumeric()
            || matches!(c, '-' | '.' | '_' | '~')
            || (!c.is_ascii() && c.is_alphanumeric());
        if plain {
            text.push(c);
        } else {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                text.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Reference, NoReference> {
        text.parse()
    }

    #[test]
    fn folder_item_field_and_environment_are_read() {
        let read_back =
            read("keyarc://personal/Payments/EU/Stripe%20live/value?environment=production");
        let expected = Reference {
            folder: "Payments/EU".to_owned(),
            item: "Stripe live".to_owned(),
            field: "value".to_owned(),
            environment: Some("production".to_owned()),
        };
        assert_eq!(read_back, Ok(expected));
        let without = read("keyarc://personal/Stripe/value").expect("a reference");
        assert_eq!(without.folder, "");
    }

    #[test]
    fn what_is_no_reference_says_why() {
        for (text, why) in [
            ("https://personal/a/b", NoReference::Scheme),
            ("keyarc://team/a/b", NoReference::Vault),
            ("keyarc://personal", NoReference::Short),
            ("keyarc://personal/item", NoReference::Short),
            ("keyarc://personal//item/field", NoReference::Empty),
            ("keyarc://personal/item/", NoReference::Empty),
            ("keyarc://personal/item/%4", NoReference::Escape),
            ("keyarc://personal/item/%zz", NoReference::Escape),
            ("keyarc://personal/item/%ff", NoReference::Escape),
            ("keyarc://personal/item/field?env=a", NoReference::Query),
            (
                "keyarc://personal/item/field?environment=",
                NoReference::Query,
            ),
            (
                "keyarc://personal/item/field?environment=a&b=c",
                NoReference::Query,
            ),
        ] {
            assert_eq!(read(text), Err(why), "{text}");
        }
        assert_eq!(
            read(&format!("keyarc://personal/{}/b", "a".repeat(5_000))),
            Err(NoReference::Long)
        );
    }

    proptest! {
        #[test]
        fn every_name_has_a_reference(
            folder in prop::collection::vec("[^/]{1,12}", 0..3),
            item in ".{1,20}",
            field in ".{1,20}",
            environment in prop::option::of(".{1,20}"),
        ) {
            let reference = Reference {
                folder: folder.join("/"),
                item,
                field,
                environment,
            };
            prop_assert_eq!(read(&reference.to_string()), Ok(reference));
        }

        #[test]
        fn any_text_is_a_reference_or_refused(text in ".{0,80}") {
            let _ = read(&text);
            let _ = read(&format!("keyarc://personal/{text}"));
        }
    }
}
