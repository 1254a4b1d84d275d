use axum::Extension;
use http::StatusCode;
use keyarc_service::passkey;
use keyarc_wire::{AddPasskeyRequest, FreshProof, PasskeyAdded, PasskeyCreation};

use crate::{body::Json, caller::Caller, error::Failure, middleware::address::ClientAddress};

pub(super) async fn begin(
    Caller(context): Caller,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Json(request): Json<FreshProof>,
) -> Result<axum::Json<PasskeyCreation>, Failure> {
    Ok(axum::Json(
        passkey::begin(&context, address, &request).await?,
    ))
}

pub(super) async fn add(
    Caller(context): Caller,
    Json(request): Json<AddPasskeyRequest>,
) -> Result<(StatusCode, axum::Json<PasskeyAdded>), Failure> {
    let added = passkey::add(&context, &request).await?;
    Ok((StatusCode::CREATED, axum::Json(added)))
}
