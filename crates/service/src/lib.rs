//! The use cases of a KeyArc server: who may do what, and what then happens. No HTTP, no SQL.
//!
//! One module per area, one function per use case: each authorises, checks its input and
//! changes the store. A handler decodes a request, calls one function, and maps its answer.
//!
//! - [`session`]: challenge, log-in, authentication, access tokens, listing, revoking;
//! - [`second_factor`]: the second half of a log-in, and turning a second factor on and off;
//! - [`passkey`]: adding, naming and removing them, and log-in by one;
//! - [`account`]: sign-up, what a client needs to unlock, notices;
//! - [`link`]: where a new device and an unlocked one meet;
//! - [`machine`]: tokens that scripts read copies of some items with;
//! - [`password`]: its change;
//! - [`recovery`]: recovery keys, and coming back by one;
//! - [`rekey`]: change of all keys;
//! - [`reminders`]: by mail, webhook and feed, of what the server knows nothing but dates of;
//! - [`vault`]: sync, writes, details;
//! - [`versions`]: the replaced versions of an item;
//! - [`health`]: is the database there;
//! - [`cleanup`]: forgetting what has expired.
//!
//! The crate never sees plaintext or a key: vault data is [`keyarc_wire::Sealed`]. Time and
//! randomness come from [`Services`].

pub mod account;
pub mod attachment;
pub mod cleanup;
mod context;
mod error;
pub mod health;
pub mod idempotency;
mod identity;
pub mod link;
pub mod machine;
mod network;
pub mod passkey;
pub mod password;
mod proof;
mod rate;
pub mod recovery;
pub mod rekey;
pub mod reminders;
pub mod second_factor;
pub mod session;
mod source;
mod validate;
pub mod vault;
pub mod versions;
mod webauthn;

pub use context::{Actor, Context, Policy, Services};
pub use error::ServiceError;
pub use source::{Clock, Entropy, OsEntropy, SystemClock};
