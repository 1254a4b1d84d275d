use keyarc_service::versions;
use keyarc_wire::{
    HistoriesRequest, HistoriesResponse, ItemVersionsRequest, ItemVersionsResponse, MomentRequest,
    MomentResponse, VersionDetailsRequest, VersionDetailsResponse,
};

use super::vault::InVault;
use crate::{body::Json, caller::Caller, error::Failure};

pub(super) async fn list(
    Caller(context): Caller,
    InVault(vault): InVault,
    Json(request): Json<ItemVersionsRequest>,
) -> Result<axum::Json<ItemVersionsResponse>, Failure> {
    Ok(axum::Json(versions::list(&context, vault, &request).await?))
}

pub(super) async fn of_items(
    Caller(context): Caller,
    InVault(vault): InVault,
    Json(request): Json<HistoriesRequest>,
) -> Result<axum::Json<HistoriesResponse>, Failure> {
    Ok(axum::Json(
        versions::of_items(&context, vault, &request).await?,
    ))
}

pub(super) async fn details(
    Caller(context): Caller,
    InVault(vault): InVault,
    Json(request): Json<VersionDetailsRequest>,
) -> Result<axum::Json<VersionDetailsResponse>, Failure> {
    Ok(axum::Json(
        versions::details(&context, vault, &request).await?,
    ))
}

pub(super) async fn moment(
    Caller(context): Caller,
    InVault(vault): InVault,
    Json(request): Json<MomentRequest>,
) -> Result<axum::Json<MomentResponse>, Failure> {
    Ok(axum::Json(
        versions::moment(&context, vault, &request).await?,
    ))
}
