//! The whole server over real sockets on loopback.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "helpers of tests end a test by panicking, and tests measure time"
)]

mod abuse;
mod attachments;
mod common;
mod configuration;
mod cross_site;
mod described;
mod enumeration;
mod files;
mod headers;
mod health;
mod idempotency;
mod journey;
mod languages;
mod logs;
mod pages;
mod passkeys;
mod password;
mod rates;
mod recovery;
mod reminders;
mod second_factor;
mod sessions;
mod stopping;
