//! The addresses that are asked: few forms, so that what is shown to a person, what a content
//! security policy is told and what a browser asks are the same without doubt.

use std::net::Ipv4Addr;

/// Longest address in characters.
pub(super) const ADDRESS_MAX: usize = 2_000;

/// An address in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address<'a> {
    /// Scheme, host and port, as a content security policy names them.
    pub(super) origin: &'a str,
    /// Host and port.
    pub(super) host: &'a str,
}

impl<'a> Address<'a> {
    /// Reads `https://host[:port][/path][?query]`, or the same with `http` for this computer
    /// itself. The error is the rule that it breaks.
    pub(super) fn parse(text: &'a str) -> Result<Self, &'static str> {
        if text.len() > ADDRESS_MAX {
            return Err("is longer than 2,000 characters");
        }
        let (secure, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err("begins with https://"),
        };
        // Quotes and backslashes would mean something to a shell; the others, to a browser.
        let plain = |b: u8| b.is_ascii_graphic() && !b"\"'\\`<>{}|^$".contains(&b);
        if !text.bytes().all(plain) {
            return Err("holds a character that has to be percent-encoded");
        }
        if text.contains('#') {
            return Err("ends before the “#”, which no server is sent");
        }
        let host = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
        if host.contains('@') {
            return Err("has no user name and no password in it");
        }
        let (name, port) = host
            .split_once(':')
            .map_or((host, None), |(n, p)| (n, Some(p)));
        let is_port =
            |port: &str| !port.starts_with('0') && port.parse::<u16>().is_ok_and(|port| port != 0);
        if !is_name(name) || !port.is_none_or(is_port) {
            return Err("names its host in small letters, as in https://api.example.com/v1/me");
        }
        if !secure && !matches!(name, "localhost" | "127.0.0.1") {
            return Err("begins with https://, unless it is localhost");
        }
        let origin = &text[..text.len() - rest.len() + host.len()];
        Ok(Self { origin, host })
    }
}

/// A name as DNS has it, or four numbers. Browsers read other numbers as addresses too.
fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.starts_with(|c: char| c.is_ascii_digit());
    name.len() <= 253
        && name.split('.').all(label)
        && (!is_number || name.parse::<Ipv4Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_into_what_a_policy_names() {
        for (text, origin, host) in [
            (
                "https://api.example.com/v1/me?limit=1",
                "https://api.example.com",
                "api.example.com",
            ),
            ("https://example.com", "https://example.com", "example.com"),
            (
                "https://example.com?x",
                "https://example.com",
                "example.com",
            ),
            (
                "http://127.0.0.1:8080/x",
                "http://127.0.0.1:8080",
                "127.0.0.1:8080",
            ),
            ("http://localhost", "http://localhost", "localhost"),
            ("https://10.0.0.1/", "https://10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(Address::parse(text), Ok(Address { origin, host }), "{text}");
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "example.com",
            "ftp://example.com",
            "http://example.com/",
            "http://127.0.0.1.example.com/",
            "http://localhost.example.com/",
            "https://",
            "https:///path",
            "https://user@example.com/",
            "https://user:pw@example.com/",
            "https://api.example.com:443@evil.example/",
            "https://example.com\\@evil.example/",
            "https://example.com/#part",
            "https://example.com/a b",
            "https://example.com/\n",
            "https://example.com/'",
            "https://example.com/$(id)",
            "https://Example.com/",
            "https://münchen.example/",
            "https://[::1]/",
            "https://example.com:0/",
            "https://example.com:70000/",
            "https://example.com:/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://127.1/",
            "https://a..b/",
            "https://-a.example/",
            "https://example.com;script-src",
            "https://*.example.com/",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
        let long = format!("https://example.com/{}", "a".repeat(ADDRESS_MAX));
        assert!(Address::parse(&long).is_err());
    }
}
