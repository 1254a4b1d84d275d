//! Log-in formats, both halves: what a client signs, and what the server hands out and checks.
//!
//! - [`LoginStatement`]: the bytes a client signs at log-in and sign-up;
//! - [`ChangeStatement`]: the bytes it signs to put new keys in the place of old ones;
//! - [`MachineStatement`]: the bytes that a machine token signs at each request;
//! - [`HandInStatement`]: those that it signs to hand in changes;
//! - [`ChallengeKey`]: server nonces that need no table until they are used;
//! - [`SessionToken`]: the opaque token of a session, which the server keeps as a hash only;
//! - [`AccessKey`]: 15-minute HS256 tokens for API clients;
//! - [`TotpSecret`], [`RecoveryCode`]: second factors, and [`SecondFactorCode`], what is typed;
//! - [`WebhookSecret`], [`FeedToken`]: what reminders are signed with, and fetched by;
//! - [`ServerKeys`]: the keys behind these, derived from one configured secret.
//!
//! The crate does no I/O and takes time and randomness as arguments.

mod access;
mod at_rest;
mod base32;
mod challenge;
mod change;
mod feed;
mod keys;
mod mac;
mod machine;
mod recovery;
mod session;
mod statement;
mod totp;
mod webhook;

pub use access::{AccessKey, AccessToken, AccessTokenError};
pub use at_rest::{AT_REST_KEY_ID_LEN, AT_REST_NONCE_LEN, SealedTotpSecret, SealedWebhook};
pub use challenge::{
    CHALLENGE_LIFETIME_MS, Challenge, ChallengeError, ChallengeKey, NONCE_LEN,
    RECOVERY_LIFETIME_MS, SECOND_FACTOR_LIFETIME_MS,
};
pub use change::{Change, ChangeStatement, NewAccountKeys, NewKeys, NewRecovery, NewRecoveryKey};
pub use feed::FeedToken;
pub use keys::{MIN_SECRET_LEN, ServerKeys, WeakSecret};
pub use machine::{HandInStatement, HandedIn, MachineStatement};
pub use recovery::{RECOVERY_CODE_LEN, RECOVERY_CODES, RecoveryCode, SecondFactorCode};
pub use session::{SESSION_TOKEN_PREFIX, SessionToken, SessionTokenError};
pub use statement::{LoginPurpose, LoginStatement};
pub use totp::{TOTP_SECRET_LEN, TOTP_STEP_MS, TotpSecret};
pub use webhook::{WEBHOOK_SECRET_LEN, WebhookSecret};
