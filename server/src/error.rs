//! From errors to responses: the one place that knows HTTP statuses.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use keyarc_service::ServiceError;
use keyarc_wire::{ApiError, ErrorCode, limits};

use crate::middleware::request_id;

/// Media type of an error body (RFC 9457).
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// An error on its way to a client.
#[derive(Debug)]
pub struct Failure {
    error: Box<ApiError>,
    /// The request's body was not read to its end, so the connection cannot be used again.
    close: bool,
}

impl Failure {
    /// An error with a code, a message and what to do.
    pub fn new(code: ErrorCode, message: &str, action: &str) -> Self {
        Self {
            error: Box::new(ApiError::new(code, message, action)),
            close: false,
        }
    }

    /// A field that breaks a rule.
    pub fn invalid(field: impl Into<String>, rule: &str) -> Self {
        let field = field.into();
        let message = match field.as_str() {
            "" => format!("The request {rule}."),
            _ => format!("The field {field} {rule}."),
        };
        let mut error = ApiError::new(
            ErrorCode::InvalidRequest,
            message,
            "Correct it and send the request again. Nothing was changed.",
        );
        error.field = Some(field).filter(|field| !field.is_empty());
        Self {
            error: Box::new(error),
            close: false,
        }
    }

    /// Too many requests.
    pub fn rate_limited(retry_after_seconds: u32) -> Self {
        let mut failure = Self::new(
            ErrorCode::RateLimited,
            "Too many requests in a short time.",
            "Wait a moment, then try again.",
        );
        failure.error.retry_after_seconds = Some(retry_after_seconds.max(1));
        failure
    }

    /// A dependency is away, or the server is at its limit.
    pub fn unavailable(message: &str, retry_after_seconds: u32) -> Self {
        let mut failure = Self::new(
            ErrorCode::Unavailable,
            message,
            "Nothing was changed. Try again in a few seconds.",
        );
        failure.error.retry_after_seconds = Some(retry_after_seconds.max(1));
        failure
    }

    /// Not there, or not the caller's.
    pub fn not_found() -> Self {
        Self::new(
            ErrorCode::NotFound,
            "There is nothing here, or nothing that you may see.",
            "Check the address.",
        )
    }

    /// A fault on our side.
    pub fn internal() -> Self {
        Self::new(
            ErrorCode::Internal,
            "Something went wrong on our side.",
            "Try again. If it happens again, give the operator the request id.",
        )
    }

    /// Why, for programs.
    pub fn code(&self) -> ErrorCode {
        self.error.code
    }

    /// Closes the connection after the response, because bytes of the request are left unread.
    pub fn closing(mut self) -> Self {
        self.close = true;
        self
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Invalid { field, rule } => Self::invalid(field, &rule),
            ServiceError::Unauthenticated => Self::new(
                ErrorCode::Unauthenticated,
                "There is no session, or it has ended.",
                "Log in again.",
            ),
            ServiceError::LoginRefused => Self::new(
                ErrorCode::LoginRefused,
                "The log-in was not accepted.",
                "Check the master password and the setup code, then try again.",
            ),
            ServiceError::SecondFactorRequired(challenge) => {
                let mut failure = Self::new(
                    ErrorCode::SecondFactorRequired,
                    "The account has a second factor.",
                    "Send its code with the token to go on.",
                );
                failure.error.second_factor = Some(challenge);
                failure
            }
            ServiceError::SecondFactorRefused => Self::new(
                ErrorCode::SecondFactorRefused,
                "The code was not accepted.",
                "Wait for the next code of the app, or use a recovery code.",
            ),
            ServiceError::PasskeyRefused => Self::new(
                ErrorCode::PasskeyRefused,
                "The passkey was not accepted.",
                "Try again, or use another way.",
            ),
            ServiceError::ClockSkew { server_time_ms } => {
                let mut failure = Self::new(
                    ErrorCode::ClockSkew,
                    "The clock of the machine that asks and the server's differ by more than five minutes.",
                    "Set the clock right and try again.",
                );
                failure.error.server_time_ms = Some(server_time_ms);
                failure
            }
            ServiceError::TokenExpired => Self::new(
                ErrorCode::TokenExpired,
                "The token has ended.",
                "Make another one.",
            ),
            ServiceError::TokenRevoked => Self::new(
                ErrorCode::TokenRevoked,
                "The token was revoked.",
                "Make another one.",
            ),
            ServiceError::AddressRefused => Self::new(
                ErrorCode::AddressRefused,
                "The token may not be used from this address.",
                "Use it where it is allowed, or make one for this address.",
            ),
            ServiceError::TokenReadsOnly => Self::new(
                ErrorCode::TokenReadsOnly,
                "The token only reads.",
                "Use one that writes. Nothing was changed.",
            ),
            ServiceError::NotFound => Self::not_found(),
            ServiceError::ManifestStale => Self::new(
                ErrorCode::ManifestStale,
                "Somebody else wrote to the vault first.",
                "Fetch the changes and write again. Nothing was changed.",
            ),
            ServiceError::Conflict(conflicts) => {
                let mut failure = Self::new(
                    ErrorCode::Conflict,
                    "Somebody else changed this first.",
                    "Fetch the changes, then decide which version to keep. Nothing was changed.",
                );
                failure.error.conflicts = conflicts;
                failure
            }
            ServiceError::KeysConflict => Self::new(
                ErrorCode::Conflict,
                "The account's keys were changed meanwhile.",
                "Fetch the account and begin anew. Nothing was changed.",
            ),
            ServiceError::ChangesConflict => Self::new(
                ErrorCode::Conflict,
                "What waits of an item that machine tokens change is something else by now.",
                "Look at it, and begin anew. Nothing was changed.",
            ),
            ServiceError::RequestUnderWay => Self::new(
                ErrorCode::RequestUnderWay,
                "The same request with this idempotency key is under way.",
                "Wait a second, then ask again for its answer.",
            ),
            ServiceError::IdempotencyKeyReused => Self::new(
                ErrorCode::IdempotencyKeyReused,
                "This idempotency key came with another request before.",
                "Make a new key for each request. Nothing was changed.",
            ),
            ServiceError::HandleTaken => Self::new(
                ErrorCode::HandleTaken,
                "The handle of this setup code is taken.",
                "Make a new setup code and sign up again.",
            ),
            ServiceError::RateLimited {
                retry_after_seconds,
            } => Self::rate_limited(retry_after_seconds),
            ServiceError::Unavailable(source) => {
                log_cause("the database is unavailable", &source);
                Self::unavailable("The database cannot be reached at the moment.", 2)
            }
            ServiceError::StorageFull(source) => {
                log_cause("the storage is full", &source);
                Self::new(
                    ErrorCode::StorageFull,
                    "The server's storage is full. Reading still works.",
                    "Nothing was changed. Tell the operator, and try again later.",
                )
            }
            ServiceError::AttachmentsFull { quota } => Self::new(
                ErrorCode::AttachmentsFull,
                &format!(
                    "The room for files of this account, {} MB, is used up.",
                    quota / (1024 * 1024)
                ),
                "Delete items with files for good, which makes room a day later, or ask the operator for more. Nothing was changed.",
            ),
            ServiceError::ChangesFull => Self::new(
                ErrorCode::ChangesFull,
                &format!(
                    "As many changes of this token wait for its owner as may: {}, or {} MB.",
                    limits::MACHINE_CHANGES,
                    limits::MACHINE_CHANGES_BYTES / (1024 * 1024)
                ),
                "They are taken when the owner's vault is next unlocked. Nothing was changed.",
            ),
            ServiceError::FileTooLarge => Self::new(
                ErrorCode::PayloadTooLarge,
                "The file is larger than 100 MB.",
                "Attach a smaller one. Nothing was changed.",
            ),
            ServiceError::Internal(source) => {
                log_cause("internal fault", source.as_ref());
                Self::internal()
            }
            other => {
                log_cause("an error without a mapping", &other);
                Self::internal()
            }
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self { mut error, close } = self;
        error.request_id = request_id::current();
        let body = serde_json::to_vec(&error).unwrap_or_default();
        let mut response = (status(error.code), body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(PROBLEM_MEDIA_TYPE),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = error.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if error.code == ErrorCode::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if close {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// The same mapping for server functions, which write their answers themselves.
pub fn for_rpc(error: ServiceError) -> (StatusCode, ApiError) {
    let mut error = Failure::from(error).error;
    error.request_id = request_id::current();
    (status(error.code), *error)
}

/// The HTTP status of each code.
pub fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::InvalidRequest | ErrorCode::UnsupportedVersion => StatusCode::BAD_REQUEST,
        ErrorCode::Unauthenticated | ErrorCode::LoginRefused | ErrorCode::SecondFactorRequired => {
            StatusCode::UNAUTHORIZED
        }
        ErrorCode::CrossSite
        | ErrorCode::SecondFactorRefused
        | ErrorCode::PasskeyRefused
        | ErrorCode::ClockSkew
        | ErrorCode::TokenExpired
        | ErrorCode::TokenRevoked
        | ErrorCode::AddressRefused
        | ErrorCode::TokenReadsOnly => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::Conflict
        | ErrorCode::HandleTaken
        | ErrorCode::ManifestStale
        | ErrorCode::RequestUnderWay => StatusCode::CONFLICT,
        ErrorCode::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::StorageFull | ErrorCode::AttachmentsFull | ErrorCode::ChangesFull => {
            StatusCode::INSUFFICIENT_STORAGE
        }
        // Also for codes that a later version adds and forgets here.
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The chain of causes, in the log and nowhere else.
fn log_cause(what: &'static str, error: &dyn std::error::Error) {
    let mut cause = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        cause.push_str(": ");
        cause.push_str(&source.to_string());
        next = source.source();
    }
    tracing::error!(cause, "{what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_times_stand_in_header_and_body() {
        let response = Failure::rate_limited(0).into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_MEDIA_TYPE);
    }

    #[test]
    fn the_cause_of_a_fault_stays_inside() {
        let failure = Failure::from(ServiceError::internal("canary"));
        assert!(!format!("{failure:?}").contains("canary"));
    }
}
