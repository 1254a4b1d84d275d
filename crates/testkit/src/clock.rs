use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use keyarc_service::Clock;

/// A clock that moves when it is told to. Clones share their time.
#[derive(Debug, Clone)]
pub struct FixedClock(Arc<AtomicU64>);

impl FixedClock {
    /// Where a new clock stands: Unix milliseconds in September 2026.
    pub const START_MS: u64 = 1_790_000_000_000;

    /// A clock that stands at [`Self::START_MS`].
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(Self::START_MS)))
    }

    /// Moves the clock on.
    pub fn advance_ms(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Default for FixedClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for FixedClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}
