use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ItemId, SecondFactorChallenge};

/// Why a request was refused, for programs. Each code has one HTTP status, assigned in one
/// place on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorCode {
    /// A field breaks a rule; `field` names it. 400.
    InvalidRequest,
    /// The client wants another version of the API than the server speaks. 400.
    UnsupportedVersion,
    /// No session, or one that has ended. 401.
    Unauthenticated,
    /// Handle, signature or nonce was not accepted at log-in. 401.
    LoginRefused,
    /// The proof was right, and the account has a second factor; `second_factor` says what it
    /// takes. 401.
    SecondFactorRequired,
    /// The code of the second factor was not accepted. 403.
    SecondFactorRefused,
    /// What a passkey made or signed was not accepted. 403.
    PasskeyRefused,
    /// The time in a machine token's request is too far from the server's, which `server_time_ms`
    /// tells. 403.
    ClockSkew,
    /// The machine token has ended. 403.
    TokenExpired,
    /// The machine token was revoked. 403.
    TokenRevoked,
    /// The machine token may not be used from this address. 403.
    AddressRefused,
    /// The machine token only reads. 403.
    TokenReadsOnly,
    /// The request came from another site. 403.
    CrossSite,
    /// Not there, or not yours: the two are not told apart. 404.
    NotFound,
    /// The method is not offered at this path. 405.
    MethodNotAllowed,
    /// Somebody else changed it first; `conflicts` holds the current versions. 409.
    Conflict,
    /// Somebody else wrote to the vault first, other items: sync, and write with a manifest that
    /// follows the vault's head. 409.
    ManifestStale,
    /// The handle chosen at sign-up exists; choose another. 409.
    HandleTaken,
    /// The same request with the same idempotency key is under way. 409.
    RequestUnderWay,
    /// Another request came with the same idempotency key. 422.
    IdempotencyKeyReused,
    /// The body is larger than this path takes. 413.
    PayloadTooLarge,
    /// The body is not of a type this path takes. 415.
    UnsupportedMediaType,
    /// Too many requests; wait `retry_after_seconds`. 429.
    RateLimited,
    /// A fault on our side; `request_id` finds it in the log. 500.
    Internal,
    /// A dependency is away; nothing was changed. 503.
    Unavailable,
    /// The disk is full; nothing was changed and reading still works. 507.
    StorageFull,
    /// The account's room for attachments is used up; everything else still works. 507.
    AttachmentsFull,
    /// As many changes of the machine token wait for its owner as may. 507.
    ChangesFull,
}

/// An item that was not at the version the writer expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VersionConflict {
    /// The item.
    pub item_id: ItemId,
    /// Its version now; 0 when it does not exist.
    pub current_version: u64,
}

/// The one error body of the API (`application/problem+json`).
///
/// It never holds a stack, a query, or anything the client sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApiError {
    /// For programs.
    pub code: ErrorCode,
    /// What happened, one sentence.
    pub message: String,
    /// What to do next, one sentence.
    pub action: String,
    /// The field at fault, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Seconds to wait, with [`ErrorCode::RateLimited`] and [`ErrorCode::Unavailable`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
    /// The current versions, with [`ErrorCode::Conflict`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<VersionConflict>,
    /// How to go on, with [`ErrorCode::SecondFactorRequired`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<SecondFactorChallenge>,
    /// The server's clock, with [`ErrorCode::ClockSkew`]; Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_time_ms: Option<u64>,
    /// Names this request in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl ApiError {
    /// An error with a code, a message and what to do; the rest empty.
    pub fn new(code: ErrorCode, message: impl Into<String>, action: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            action: action.into(),
            field: None,
            retry_after_seconds: None,
            conflicts: Vec::new(),
            second_factor: None,
            server_time_ms: None,
            request_id: None,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.message, self.action)
    }
}

impl std::error::Error for ApiError {}
