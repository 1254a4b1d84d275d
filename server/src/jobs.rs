//! What happens without a request.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::state::AppState;

/// How often what has expired is forgotten.
const EVERY: Duration = Duration::from_secs(300);

/// Forgets expired sessions, nonces and counters, for ever. Several instances may do so at the
/// same time.
pub async fn clean_up(state: AppState) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        state.rates().sweep();
        match keyarc_service::cleanup::run(state.services()).await {
            Ok(cleaned) => tracing::debug!(
                nonces = cleaned.nonces,
                sessions = cleaned.sessions,
                counters = cleaned.counters,
                "forgot what has expired"
            ),
            // The next round does it; the health check tells about the database.
            Err(error) => tracing::warn!(%error, "could not forget what has expired"),
        }
    }
}
