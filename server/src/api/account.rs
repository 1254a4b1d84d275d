use axum::Json;
use http::StatusCode;
use keyarc_service::account;
use keyarc_wire::AccountResponse;

use crate::{caller::Caller, error::Failure};

pub(super) async fn get(Caller(context): Caller) -> Result<Json<AccountResponse>, Failure> {
    Ok(Json(account::get(&context).await?))
}

pub(super) async fn dismiss_notices(Caller(context): Caller) -> Result<StatusCode, Failure> {
    account::dismiss_notices(&context).await?;
    Ok(StatusCode::NO_CONTENT)
}
