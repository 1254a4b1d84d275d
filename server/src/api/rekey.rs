use axum::Extension;
use http::StatusCode;
use keyarc_service::rekey;
use keyarc_wire::{RekeyRequest, StageItemsRequest, limits};

use crate::{body::Json, caller::Caller, error::Failure, middleware::address::ClientAddress};

pub(super) async fn stage(
    Caller(context): Caller,
    Json(request): Json<StageItemsRequest, { limits::STAGE_BODY }>,
) -> Result<StatusCode, Failure> {
    rekey::stage(&context, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn change(
    Caller(context): Caller,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Json(request): Json<RekeyRequest>,
) -> Result<StatusCode, Failure> {
    rekey::change(&context, address, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn discard(Caller(context): Caller) -> Result<StatusCode, Failure> {
    rekey::discard(&context).await?;
    Ok(StatusCode::NO_CONTENT)
}
