//! Plaintext items and the unlocked vault. No I/O.

mod model;

pub use model::*;
