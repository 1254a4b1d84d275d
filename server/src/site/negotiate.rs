//! What a request says about copies and versions.

use http::{HeaderMap, HeaderName, header};

/// Whether an encoding is offered and not refused (RFC 9110, section 12.5.3).
pub(super) fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    items(headers, header::ACCEPT_ENCODING).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts.any(|part| {
            part.strip_prefix("q=")
                .is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0))
        });
        named && !refused
    })
}

/// Whether the client has this version already.
pub(super) fn matches_etag(headers: &HeaderMap, etag: &str) -> bool {
    items(headers, header::IF_NONE_MATCH)
        .any(|given| given == "*" || given.strip_prefix("W/").unwrap_or(given) == etag)
}

/// Whether a person's browser asks for a document.
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    items(headers, header::ACCEPT).any(|item| item.starts_with("text/html"))
}

fn items(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_taken_as_offered() {
        let accepts_br = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::ACCEPT_ENCODING,
                text.parse().expect("a header value"),
            );
            accepts(&headers, "br")
        };
        assert!(accepts_br("gzip, br"));
        assert!(accepts_br("br;q=0.5"));
        assert!(!accepts_br("gzip"));
        assert!(!accepts_br("br;q=0, gzip"));
        assert!(!accepts_br("brotli"));
    }
}
