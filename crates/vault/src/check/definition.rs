use serde::{Deserialize, Serialize};

use super::address::Address;
use crate::{DraftError, draft::broken};

/// How a test asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckMethod {
    /// `GET`.
    #[default]
    #[serde(rename = "GET")]
    Get,
    /// `HEAD`.
    #[serde(rename = "HEAD")]
    Head,
    /// `POST`, without a body.
    #[serde(rename = "POST")]
    Post,
}

impl CheckMethod {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Get, Self::Head, Self::Post];

    /// As HTTP writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
        }
    }
}

/// Where the key stands in a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// `Authorization: Bearer …` (RFC 6750).
    #[default]
    Bearer,
    /// In a header of its own.
    Header,
    /// As a parameter of the address.
    Query,
    /// `Authorization: Basic …` (RFC 7617).
    Basic,
}

impl Placement {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Bearer, Self::Header, Self::Query, Self::Basic];
}

/// A header that every request of a test has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckHeader {
    /// In small letters.
    pub name: String,
    /// What it says.
    pub value: String,
}

/// Which request tells whether a key works. It is sealed with an item when a person defines it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckDefinition {
    /// How to ask.
    pub method: CheckMethod,
    /// Whom to ask: `https`, or `http` on this computer itself.
    pub url: String,
    /// Where the key stands.
    pub placement: Placement,
    /// The name of the header or of the parameter, or the user of [`Placement::Basic`], whose
    /// password the key then is. Without a user the key is the user, and the password is empty.
    pub name: String,
    /// What stands before the key in a header, for example `Token `.
    pub prefix: String,
    /// Headers that every request has.
    pub headers: Vec<CheckHeader>,
    /// The lowest status that a key which works is answered with.
    pub status_from: u16,
    /// The highest.
    pub status_to: u16,
    /// What the answer then has to hold, in any case of letters; empty when the status says it
    /// all. `*` stands for anything.
    pub pattern: String,
}

impl Default for CheckDefinition {
    fn default() -> Self {
        Self {
            method: CheckMethod::Get,
            url: String::new(),
            placement: Placement::Bearer,
            name: String::new(),
            prefix: String::new(),
            headers: Vec::new(),
            status_from: 200,
            status_to: 299,
            pattern: String::new(),
        }
    }
}

impl std::fmt::Debug for CheckDefinition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CheckDefinition({:?}, redacted)", self.placement)
    }
}

impl CheckDefinition {
    /// Host and port, for people; empty when the address is none.
    pub fn host(&self) -> &str {
        Address::parse(&self.url).map_or("", |address| address.host)
    }
}

/// Most headers of a definition.
const HEADERS_MAX: usize = 8;
/// Longest name, prefix, pattern or value of a header in characters.
const PART_MAX: usize = 200;

/// Headers that a browser lets no page set (Fetch, "forbidden request-header").
const FORBIDDEN: [&str; 10] = [
    "connection",
    "content-length",
    "cookie",
    "date",
    "expect",
    "host",
    "origin",
    "referer",
    "te",
    "upgrade",
];

/// Checks a definition. `field` of the error is `check.` and a field of [`CheckDefinition`].
pub(crate) fn check_definition(definition: &CheckDefinition) -> Result<(), DraftError> {
    Address::parse(&definition.url).map_err(|rule| broken("check.url", rule))?;
    let name = &definition.name;
    let rule = match definition.placement {
        Placement::Bearer => None,
        Placement::Header if !is_header_name(name) => Some("is a header’s name, as in x-api-key"),
        Placement::Query if !is_parameter(name) => Some("is a parameter’s name, as in api_key"),
        Placement::Basic if name.contains(':') || !is_value(name) => {
            Some("holds no colon and only plain letters, digits and signs")
        }
        Placement::Header | Placement::Query | Placement::Basic => None,
    };
    if let Some(rule) = rule {
        return Err(broken("check.name", rule));
    }
    if !is_value(&definition.prefix) {
        return Err(broken("check.prefix", NOT_PLAIN));
    }
    if definition.headers.len() > HEADERS_MAX {
        return Err(broken("check.headers", "are more than 8"));
    }
    for header in &definition.headers {
        if !is_header_name(&header.name) || !is_value(&header.value) {
            return Err(broken(
                "check.headers",
                "are lines like “accept: application/json”",
            ));
        }
    }
    let (from, to) = (definition.status_from, definition.status_to);
    if !(200..=599).contains(&from) || !(from..=599).contains(&to) {
        return Err(broken(
            "check.status",
            "is a number from 200 to 599, or two",
        ));
    }
    let pattern = &definition.pattern;
    if pattern.chars().count() > PART_MAX || pattern.chars().any(char::is_control) {
        return Err(broken(
            "check.pattern",
            "is one line of at most 200 characters",
        ));
    }
    Ok(())
}

const NOT_PLAIN: &str = "holds only plain letters, digits and signs, at most 200";

/// A header's name (RFC 9110) in small letters that a page may set.
fn is_header_name(name: &str) -> bool {
    (1..=PART_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b))
        && !FORBIDDEN.contains(&name)
        && !["sec-", "proxy-", "access-control-"]
            .iter()
            .any(|start| name.starts_with(start))
}

fn is_parameter(name: &str) -> bool {
    (1..=PART_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Visible ASCII and spaces.
fn is_value(text: &str) -> bool {
    text.len() <= PART_MAX && text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> CheckDefinition {
        CheckDefinition {
            url: "https://api.example.com/me".to_owned(),
            ..CheckDefinition::default()
        }
    }

    fn field(change: impl FnOnce(&mut CheckDefinition)) -> Option<String> {
        let mut changed = definition();
        change(&mut changed);
        check_definition(&changed).err().map(|error| error.field)
    }

    #[test]
    fn what_can_be_asked_is_let_through() {
        assert_eq!(field(|_| ()), None);
        assert_eq!(
            field(|d| {
                d.placement = Placement::Header;
                d.name = "x-api-key".to_owned();
                d.prefix = "Token ".to_owned();
                d.pattern = "\"ok\":*true".to_owned();
                (d.status_from, d.status_to) = (204, 204);
            }),
            None
        );
        assert_eq!(field(|d| d.placement = Placement::Basic), None);
        assert_eq!(definition().host(), "api.example.com");
    }

    #[test]
    fn what_breaks_a_rule_is_named() {
        type Change = fn(&mut CheckDefinition);
        let cases: [(&str, Change); 10] = [
            ("check.url", |d| d.url = "http://example.com".to_owned()),
            ("check.name", |d| d.placement = Placement::Header),
            ("check.name", |d| {
                d.placement = Placement::Header;
                d.name = "cookie".to_owned();
            }),
            ("check.name", |d| {
                d.placement = Placement::Query;
                d.name = "a&b".to_owned();
            }),
            ("check.name", |d| {
                d.placement = Placement::Basic;
                d.name = "a:b".to_owned();
            }),
            ("check.prefix", |d| d.prefix = "x\r\ny: z".to_owned()),
            ("check.headers", |d| {
                d.headers = vec![CheckHeader {
                    name: "Sec-Fetch-Site".to_owned(),
                    value: String::new(),
                }];
            }),
            ("check.status", |d| d.status_from = 199),
            ("check.status", |d| d.status_to = 199),
            ("check.pattern", |d| d.pattern = "x".repeat(201)),
        ];
        for (wanted, change) in cases {
            assert_eq!(field(change).as_deref(), Some(wanted));
        }
    }
}
