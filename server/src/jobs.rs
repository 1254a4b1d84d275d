//! What happens without a request.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::state::AppState;

/// How often what has expired is forgotten.
const EVERY: Duration = Duration::from_secs(300);

/// Forgets expired sessions, nonces and counters, and moves what is encrypted under a previous
/// secret to the present one, for ever. Several instances may do so at the same time.
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
                rekeys = cleaned.rekeys,
                attachments = cleaned.attachments,
                deliveries = cleaned.deliveries,
                machine = cleaned.machine,
                "forgot what has expired"
            ),
            // The next round does it; the health check tells about the database.
            Err(error) => tracing::warn!(%error, "could not forget what has expired"),
        }
        match keyarc_service::second_factor::reseal(state.services()).await {
            Ok(0) => {}
            Ok(resealed) => tracing::info!(
                resealed,
                "second factors are encrypted under the new secret"
            ),
            Err(error) => tracing::warn!(%error, "could not encrypt second factors anew"),
        }
        match keyarc_service::reminders::reseal(state.services()).await {
            Ok(0) => {}
            Ok(resealed) => {
                tracing::info!(resealed, "webhooks are encrypted under the new secret");
            }
            Err(error) => tracing::warn!(%error, "could not encrypt webhooks anew"),
        }
    }
}
