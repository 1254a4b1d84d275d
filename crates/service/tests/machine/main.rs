//! Machine tokens: reading with them, and what is handed in with them.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod changes;
mod story;
mod tokens;
