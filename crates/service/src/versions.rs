//! Versions of items that were replaced. All of it ciphertext.

use std::collections::HashSet;

use keyarc_store::VersionDetailsOutcome;
use keyarc_wire::{
    HistoriesRequest, HistoriesResponse, ItemVersionsRequest, ItemVersionsResponse, MomentRequest,
    MomentResponse, VaultId, VersionDetailsRequest, VersionDetailsResponse, limits,
};

use crate::{
    Context, ServiceError,
    vault::{DETAILS_BYTES, authorise, check_items},
};

/// The versions of an item that were replaced, newest first, a page of them.
pub async fn list(
    context: &Context,
    vault: VaultId,
    request: &ItemVersionsRequest,
) -> Result<ItemVersionsResponse, ServiceError> {
    authorise(context, vault).await?;
    let ItemVersionsRequest { item_id, before } = request;
    let store = context.services.store();
    store
        .item_versions(vault, *item_id, *before, limits::VERSIONS_PER_PAGE as u32)
        .await?
        .ok_or(ServiceError::NotFound)
}

/// The versions of many items that were replaced, of each item the oldest first, a page of them.
/// Items that do not exist have none.
pub async fn of_items(
    context: &Context,
    vault: VaultId,
    request: &HistoriesRequest,
) -> Result<HistoriesResponse, ServiceError> {
    let HistoriesRequest { item_ids, after } = request;
    check_items(item_ids)?;
    authorise(context, vault).await?;
    let store = context.services.store();
    let most = limits::HISTORIES_PER_PAGE as u32;
    Ok(store.histories(vault, item_ids, *after, most).await?)
}

/// The details that replaced versions had. One that was not kept is as absent as one that never
/// was.
pub async fn details(
    context: &Context,
    vault: VaultId,
    request: &VersionDetailsRequest,
) -> Result<VersionDetailsResponse, ServiceError> {
    let count = request.versions.len();
    if count == 0 || count > limits::VERSION_DETAILS_PER_REQUEST {
        let most = limits::VERSION_DETAILS_PER_REQUEST;
        let rule = format!("must have 1 to {most} entries");
        return Err(ServiceError::invalid("versions", rule));
    }
    if request.versions.iter().collect::<HashSet<_>>().len() != count {
        return Err(ServiceError::invalid(
            "versions",
            "must not name a version twice",
        ));
    }
    authorise(context, vault).await?;
    let store = context.services.store();
    match store
        .version_details(vault, &request.versions, DETAILS_BYTES)
        .await?
    {
        VersionDetailsOutcome::Found(details) => Ok(VersionDetailsResponse { details }),
        VersionDetailsOutcome::TooLarge => {
            let rule =
                format!("must name fewer versions: their details exceed {DETAILS_BYTES} bytes");
            Err(ServiceError::invalid("versions", rule))
        }
    }
}

/// What items were at a moment, as far as they have changed since, a page of them.
pub async fn moment(
    context: &Context,
    vault: VaultId,
    request: &MomentRequest,
) -> Result<MomentResponse, ServiceError> {
    authorise(context, vault).await?;
    let MomentRequest { at_ms, after } = request;
    let store = context.services.store();
    Ok(store
        .moment(vault, *at_ms, *after, limits::MOMENT_PER_PAGE as u32)
        .await?)
}
