//! What may be shown of a secret.

use super::data::{Mask, Rule};

/// Characters that stay hidden at the least when the last four are shown.
const HIDDEN_MIN: usize = 12;
/// Longest hint in characters.
const HINT_MAX: usize = 40;
const BULLETS: &str = "••••••••";

/// A hint for a value that no rule fits. A short one shows nothing, not even its length.
pub(crate) fn mask(value: &str) -> String {
    if value.is_empty() {
        return "empty".to_owned();
    }
    match last_four(value, 0) {
        Some(end) => format!("…{end}"),
        None => BULLETS.to_owned(),
    }
}

/// A hint for a value of which a rule knows how much is public.
pub(super) fn with_rule(rule: &Rule, start: usize, value: &str) -> String {
    match rule.mask {
        Mask::Start => match (&value[..start], last_four(value, start)) {
            (start, Some(end)) => format!("{start}…{end}"),
            ("", None) => BULLETS.to_owned(),
            (start, None) => format!("{start}…"),
        },
        Mask::Url => url(value),
        Mask::Pem => pem(value),
        Mask::Json => "{…}".to_owned(),
    }
}

/// The last four characters, when enough before them stay hidden and they are printable.
fn last_four(value: &str, start: usize) -> Option<&str> {
    let secret = &value[start..];
    let (at, _) = secret.char_indices().rev().nth(3)?;
    let (hidden, end) = secret.split_at(at);
    (hidden.chars().count() >= HIDDEN_MIN && end.chars().all(|c| c.is_ascii_graphic()))
        .then_some(end)
}

/// `postgres://app:secret@host/db?x=y` → `postgres://…@host/db`, and less when that is long or
/// when it is not plain where the credentials end: people put `?`, `/` and `@` in passwords.
fn url(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else {
        return mask(value);
    };
    let (address, query) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    let (credentials, place) = address.split_at(address.rfind('@').map_or(0, |at| at + 1));
    let (host, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    let hidden = if credentials.is_empty() { "" } else { "…@" };
    let whole = format!("{scheme}://{hidden}{host}{path}");
    let short = format!("{scheme}://…{path}");
    if query.contains('@') || !is_host(host) || !path.chars().all(|c| c.is_ascii_graphic()) {
        format!("{scheme}://…")
    } else if whole.chars().count() <= HINT_MAX {
        whole
    } else if short.chars().count() <= HINT_MAX {
        short
    } else {
        format!("{scheme}://…")
    }
}

/// A host and perhaps a port, or several with commas between, as replica sets have.
fn is_host(text: &str) -> bool {
    text.split(',').all(|part| {
        let (name, port) = match part.rsplit_once(':') {
            // The colons of an address in brackets are its own.
            Some((name, port)) if !port.ends_with(']') => (name, port),
            _ => (part, ""),
        };
        port.bytes().all(|b| b.is_ascii_digit())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".-_[]:".contains(&b))
            && (name.starts_with('[') || !name.contains(':'))
    })
}

/// `-----BEGIN RSA PRIVATE KEY-----` → `RSA PRIVATE KEY`.
fn pem(value: &str) -> String {
    let title = value
        .strip_prefix("-----BEGIN ")
        .and_then(|rest| rest.split_once("-----"))
        .map_or(BULLETS, |(title, _)| title);
    title.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_value_shows_nothing() {
        for value in ["x", "hunter2", "exactly15chars!"] {
            assert_eq!(mask(value), BULLETS);
        }
        assert_eq!(mask("exactly 16 chars"), "…hars");
        assert_eq!(mask(""), "empty");
        assert_eq!(mask("ends in a line break, x\nyz"), BULLETS);
        assert_eq!(mask("ends in letters that are not ASCII: äöü€"), BULLETS);
    }

    #[test]
    fn a_url_shows_no_credentials_and_no_query() {
        for (value, hint) in [
            (
                "postgres://app:pw@db.internal:5432/orders?sslmode=require&password=x",
                "postgres://…@db.internal:5432/orders",
            ),
            (
                "postgres://app:p@ss@db.internal/orders",
                "postgres://…@db.internal/orders",
            ),
            (
                "postgres://app:pw@a-very-long-host-name.region.provider.example/orders",
                "postgres://…/orders",
            ),
            ("redis://localhost:6379", "redis://localhost:6379"),
            (
                "https://key@o1.ingest.sentry.io/42",
                "https://…@o1.ingest.sentry.io/42",
            ),
            (
                "mongodb://a:b@h1:27017,h2:27017/app",
                "mongodb://…@h1:27017,h2:27017/app",
            ),
            ("redis://:pw@[::1]:6379/0", "redis://…@[::1]:6379/0"),
            // Where the credentials end is anybody's guess.
            ("postgres://app:p?ss@db.internal/orders", "postgres://…"),
            ("postgres://app:p#ss@db.internal/orders", "postgres://…"),
            (
                "postgres://app:p/ss@db.internal/orders",
                "postgres://…@db.internal/orders",
            ),
            ("postgres://u:p@db/x?password=a@b", "postgres://…"),
            ("redis://:secret", "redis://…"),
            ("redis://app:secret", "redis://…"),
            ("postgres://a:b@c:d@e:f/g", "postgres://…"),
        ] {
            assert_eq!(url(value), hint);
        }
    }
}
