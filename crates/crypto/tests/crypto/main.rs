//! The crate from outside: vectors, properties, attacks, and the primitives below it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

mod attacks;
mod counter_rng;
mod link;
mod machine;
mod primitives;
mod properties;
mod recovery;
mod reminders;
mod support;
mod vectors;
