//! Forgetting what has expired. The server runs this every few minutes.

pub use keyarc_store::Cleaned;

use crate::{ServiceError, Services};

/// Deletes expired nonces, sessions and counters, what was staged for changes of keys that were
/// given up, and attachments that no item names.
pub async fn run(services: &Services) -> Result<Cleaned, ServiceError> {
    let idle_ms = services.policy().session_idle_ms;
    Ok(services
        .store()
        .clean_up(services.now_ms(), idle_ms)
        .await?)
}
