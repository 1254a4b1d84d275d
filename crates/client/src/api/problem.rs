//! Refusals, as their bodies say them (RFC 9457).

use keyarc_wire::{ApiError, ErrorCode};
use serde::Deserialize;

/// A refusal with a code of a later server.
#[derive(Deserialize)]
struct Later {
    #[serde(rename = "code")]
    _code: String,
    message: String,
    action: String,
}

/// What a refusal says. A code that this client does not know is of a later server: what it means is
/// then taken from the status alone.
pub(super) fn read(body: &[u8], status: u16) -> Option<ApiError> {
    if let Ok(known) = serde_json::from_slice(body) {
        return Some(known);
    }
    let said: Later = serde_json::from_slice(body).ok()?;
    let code = match status {
        401 => ErrorCode::Unauthenticated,
        404 => ErrorCode::NotFound,
        409 => ErrorCode::Conflict,
        413 => ErrorCode::PayloadTooLarge,
        429 => ErrorCode::RateLimited,
        503 => ErrorCode::Unavailable,
        507 => ErrorCode::StorageFull,
        // Nothing is tried in another way for it.
        _ => ErrorCode::MethodNotAllowed,
    };
    Some(ApiError::new(code, said.message, said.action))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_a_later_server_is_taken_by_its_status() {
        let later = br#"{"code":"vault_asleep","message":"It sleeps.","action":"Wake it."}"#;
        for (status, code) in [
            (401, ErrorCode::Unauthenticated),
            (403, ErrorCode::MethodNotAllowed),
            (409, ErrorCode::Conflict),
            (500, ErrorCode::MethodNotAllowed),
            (503, ErrorCode::Unavailable),
        ] {
            let error = read(later, status).expect("a refusal");
            assert_eq!((error.code, error.message.as_str()), (code, "It sleeps."));
        }
        let known = br#"{"code":"rate_limited","message":"Slow.","action":"Wait."}"#;
        assert_eq!(
            read(known, 401).expect("a refusal").code,
            ErrorCode::RateLimited
        );
        let no_code = br#"{"code":7,"message":"It sleeps.","action":"Wake it."}"#;
        assert_eq!(read(no_code, 409), None);
    }
}
