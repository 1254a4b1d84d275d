//! Versions of an item that were replaced. All of it ciphertext.

use keyarc_wire::{
    ItemVersionsRequest, ItemVersionsResponse, VaultId, VersionDetailsRequest,
    VersionDetailsResponse, limits,
};

use crate::{Context, ServiceError, vault::authorise};

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

/// The details that a replaced version had. One that was not kept is as absent as one that never
/// was.
pub async fn details(
    context: &Context,
    vault: VaultId,
    request: &VersionDetailsRequest,
) -> Result<VersionDetailsResponse, ServiceError> {
    authorise(context, vault).await?;
    let store = context.services.store();
    store
        .version_details(vault, request.item_id, request.version)
        .await?
        .ok_or(ServiceError::NotFound)
}
