//! What tests of the server's crates share: throwaway databases, a clock that stands still,
//! randomness that repeats itself, a counter of queries, and builders.
//!
//! Write a story once with [`on_both!`] and it runs on SQLite and on Postgres.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a fixture that cannot be set up must end its test, and a skipped test must say so"
)]

mod authenticator;
pub mod build;
mod client;
mod clock;
mod entropy;
mod queries;
#[cfg(feature = "server")]
mod server;
mod temp_db;
mod totp_app;

pub use authenticator::Authenticator;
pub use client::{HERE, TestClient, authenticate};
pub use clock::FixedClock;
pub use entropy::SeededEntropy;
pub use queries::count_queries;
#[cfg(feature = "server")]
pub use server::TestServer;
pub use temp_db::{POSTGRES_URL, TempDb};
pub use totp_app::TotpApp;
