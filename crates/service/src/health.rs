//! Health of what the server depends on.

use crate::{ServiceError, Services};

/// Finds out whether the database answers and has its schema. Waits a few seconds at most for a
/// connection; the caller bounds the rest.
pub async fn ready(services: &Services) -> Result<(), ServiceError> {
    Ok(services.store().ping().await?)
}
