//! What tests of the server's crates share: throwaway databases, a clock that stands still,
//! randomness that repeats itself, a counter of queries, builders, and what it takes to lie: a
//! proxy that changes what a server says, mutations of every field of an answer, and a search for
//! words that must never have been sent.
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
mod canary;
mod client;
mod clock;
mod described;
mod entropy;
#[cfg(feature = "server")]
mod http_client;
#[cfg(feature = "server")]
mod log;
pub mod mutate;
#[cfg(feature = "server")]
mod proxy;
mod queries;
#[cfg(feature = "server")]
mod server;
mod temp_db;
mod totp_app;

pub use authenticator::Authenticator;
pub use canary::Canaries;
pub use client::{HERE, TestClient, authenticate};
pub use clock::FixedClock;
pub use described::assert_described;
pub use entropy::SeededEntropy;
#[cfg(feature = "server")]
pub use http_client::http_client;
#[cfg(feature = "server")]
pub use log::captured_log;
#[cfg(feature = "server")]
pub use proxy::{Asked, Delivery, Proxy};
pub use queries::count_queries;
#[cfg(feature = "server")]
pub use server::TestServer;
pub use temp_db::{POSTGRES_URL, TempDb};
pub use totp_app::TotpApp;
