use std::borrow::Cow;

use keyarc_store::StoreError;
use keyarc_wire::{SecondFactorChallenge, VersionConflict};

/// Why a use case did not happen. In every case nothing was changed.
///
/// Each variant has one `keyarc_wire::ErrorCode`, given in its description; the server maps
/// them and their HTTP status in one place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// A field breaks a rule (`invalid_request`). Never holds what was sent.
    #[error("{field} {rule}")]
    Invalid {
        /// The field, as a path into the request: `writes[3].overview`.
        field: Cow<'static, str>,
        /// The rule, reading on from the field's name: `must be …`.
        rule: Cow<'static, str>,
    },
    /// No session, or one that has ended (`unauthenticated`).
    #[error("no session, or one that has ended")]
    Unauthenticated,
    /// Handle, signature, nonce or origin was not accepted; which one is not told
    /// (`login_refused`).
    #[error("the log-in was refused")]
    LoginRefused,
    /// The proof was right, and the account has a second factor (`second_factor_required`).
    #[error("a second factor is required")]
    SecondFactorRequired(SecondFactorChallenge),
    /// The code of the second factor was not accepted (`second_factor_refused`).
    #[error("the second factor was refused")]
    SecondFactorRefused,
    /// What a passkey made or signed was not accepted (`passkey_refused`).
    #[error("the passkey was refused")]
    PasskeyRefused,
    /// The time in a machine token's request is too far from this server's (`clock_skew`).
    #[error("the clocks differ too much")]
    ClockSkew {
        /// This server's clock, Unix milliseconds.
        server_time_ms: u64,
    },
    /// The machine token has ended (`token_expired`).
    #[error("the token has ended")]
    TokenExpired,
    /// The machine token was revoked (`token_revoked`).
    #[error("the token was revoked")]
    TokenRevoked,
    /// The machine token may not be used from this address (`address_refused`).
    #[error("the token may not be used from this address")]
    AddressRefused,
    /// The machine token only reads (`token_reads_only`).
    #[error("the token only reads")]
    TokenReadsOnly,
    /// Not there, or not the actor's: the two are not told apart (`not_found`).
    #[error("not found")]
    NotFound,
    /// Items are not at the versions that the writer expected (`conflict`).
    #[error("{} items were changed by somebody else", .0.len())]
    Conflict(Vec<VersionConflict>),
    /// Somebody else wrote to the vault first (`manifest_stale`).
    #[error("the manifest does not follow the vault's head")]
    ManifestStale,
    /// The account's keys in force are not those that the change was made from (`conflict`).
    #[error("the keys were changed by somebody else")]
    KeysConflict,
    /// Of an item that a machine token changes, something else waits than its holder knows; or what
    /// an owner takes waits no more (`conflict`).
    #[error("what waits of an item is something else")]
    ChangesConflict,
    /// The same request with the same idempotency key is under way (`request_under_way`).
    #[error("the same request is under way")]
    RequestUnderWay,
    /// Another request came with the same idempotency key (`idempotency_key_reused`).
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    /// The handle chosen at sign-up exists (`handle_taken`).
    #[error("the handle is taken")]
    HandleTaken,
    /// Too often (`rate_limited`).
    #[error("too many requests")]
    RateLimited {
        /// Seconds until the next attempt is counted afresh; at least 1.
        retry_after_seconds: u32,
    },
    /// The database cannot be reached or is too busy (`unavailable`).
    #[error("the database is unavailable")]
    Unavailable(#[source] StoreError),
    /// The disk is full; reading still works (`storage_full`).
    #[error("the storage is full")]
    StorageFull(#[source] StoreError),
    /// The account's room for attachments is used up (`attachments_full`).
    #[error("the room for attachments is used up")]
    AttachmentsFull {
        /// Bytes that the account may have of them.
        quota: u64,
    },
    /// As many changes of a machine token wait for its owner as may (`changes_full`).
    #[error("too many changes wait")]
    ChangesFull,
    /// A file is larger than the server takes (`payload_too_large`).
    #[error("the file is too large")]
    FileTooLarge,
    /// A fault on our side (`internal`). Its source is for the log alone.
    #[error("internal fault")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ServiceError {
    pub(crate) fn invalid(
        field: impl Into<Cow<'static, str>>,
        rule: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Invalid {
            field: field.into(),
            rule: rule.into(),
        }
    }

    /// A fault on our side, with its cause for the log.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full(_) => Self::StorageFull(error),
            StoreError::Unavailable(_) | StoreError::Busy | StoreError::Stalled => {
                Self::Unavailable(error)
            }
            StoreError::Broken(_) => Self::internal(error),
        }
    }
}
