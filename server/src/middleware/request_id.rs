//! Names each request, so that a client's report finds its line in the log.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue};
use keyarc_service::{Entropy as _, OsEntropy};

/// The header that carries the id in both directions.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

const SHORTEST: usize = 8;
const LONGEST: usize = 64;

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request that the current task handles.
pub fn current() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// A task of its own, for the same request.
pub async fn within<T>(id: Option<String>, task: impl Future<Output = T>) -> T {
    match id {
        Some(id) => CURRENT.scope(id, task).await,
        None => task.await,
    }
}

/// Takes a well-formed id from the request or makes one, and returns it with the response.
pub async fn layer(request: Request, next: Next) -> Response {
    let id = given(request.headers()).unwrap_or_else(make);
    let header = HeaderValue::from_str(&id).ok();
    let mut response = CURRENT.scope(id, next.run(request)).await;
    if let Some(header) = header {
        response.headers_mut().insert(HEADER, header);
    }
    response
}

/// Only plain ids are taken over: the id is written to the log.
fn given(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(HEADER)?.to_str().ok()?;
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    (plain && (SHORTEST..=LONGEST).contains(&text.len())).then(|| text.to_owned())
}

fn make() -> String {
    let mut bytes = [0; 12];
    if OsEntropy.fill(&mut bytes).is_err() {
        return "unavailable".to_owned();
    }
    let mut id = String::with_capacity(24);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            id.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given_text(text: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_str(text).expect("a header value"));
        given(&headers)
    }

    #[test]
    fn only_well_formed_ids_are_taken_over() {
        assert_eq!(given_text("abcd-EFGH_1"), Some("abcd-EFGH_1".into()));
        for bad in ["short", "has spaces in it", "quote\"quote", &"x".repeat(65)] {
            assert_eq!(given_text(bad), None, "{bad}");
        }
    }

    #[test]
    fn made_ids_are_well_formed_and_differ() {
        let (first, second) = (make(), make());
        assert_ne!(first, second);
        assert_eq!(given_text(&first), Some(first));
    }
}
