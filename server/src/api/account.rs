use axum::Json;
use http::StatusCode;
use keyarc_service::account;
use keyarc_wire::{AccountResponse, KeepPinsRequest};

use crate::{body::Json as Body, caller::Caller, error::Failure};

pub(super) async fn get(Caller(context): Caller) -> Result<Json<AccountResponse>, Failure> {
    Ok(Json(account::get(&context).await?))
}

pub(super) async fn keep_pins(
    Caller(context): Caller,
    Body(request): Body<KeepPinsRequest>,
) -> Result<StatusCode, Failure> {
    account::keep_pins(&context, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn dismiss_notices(Caller(context): Caller) -> Result<StatusCode, Failure> {
    account::dismiss_notices(&context).await?;
    Ok(StatusCode::NO_CONTENT)
}
