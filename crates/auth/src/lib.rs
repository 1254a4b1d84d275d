//! Log-in formats, both halves: what a client signs, and what the server hands out and checks.
//!
//! - [`LoginStatement`]: the bytes a client signs at log-in and sign-up;
//! - [`PasswordStatement`]: the bytes it signs to put new keys in the place of the old ones;
//! - [`ChallengeKey`]: server nonces that need no table until they are used;
//! - [`SessionToken`]: the opaque token of a session, which the server keeps as a hash only;
//! - [`AccessKey`]: 15-minute HS256 tokens for API clients;
//! - [`ServerKeys`]: the keys behind these, derived from one configured secret.
//!
//! The crate does no I/O and takes time and randomness as arguments.

mod access;
mod challenge;
mod keys;
mod mac;
mod session;
mod statement;

pub use access::{AccessKey, AccessToken, AccessTokenError};
pub use challenge::{CHALLENGE_LIFETIME_MS, Challenge, ChallengeError, ChallengeKey, NONCE_LEN};
pub use keys::{MIN_SECRET_LEN, ServerKeys, WeakSecret};
pub use session::{SESSION_TOKEN_PREFIX, SessionToken, SessionTokenError};
pub use statement::{LoginPurpose, LoginStatement, NewKeys, PasswordStatement};
