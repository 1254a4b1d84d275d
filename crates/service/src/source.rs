//! Where time and randomness come from.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::ServiceError;

/// A clock. Tests give one that stands still.
pub trait Clock: Send + Sync + 'static {
    /// Unix milliseconds.
    fn now_ms(&self) -> u64;
}

/// A source of unpredictable bytes. Tests give one that repeats itself.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the buffer, or fails without using it.
    fn fill(&self, out: &mut [u8]) -> Result<(), ServiceError>;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that is passed in"
    )]
    fn now_ms(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| {
                u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
            })
    }
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the source that is passed in"
    )]
    fn fill(&self, out: &mut [u8]) -> Result<(), ServiceError> {
        getrandom::fill(out).map_err(ServiceError::internal)
    }
}
