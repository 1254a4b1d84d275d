//! Measuring how long something takes. No rule of the product depends on it: those take the time
//! from the clock of `keyarc_service::Services`, which tests own.

use tokio::time::Instant;

/// The present on a clock that never goes back.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that measures durations"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
