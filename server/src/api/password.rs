use axum::Extension;
use http::StatusCode;
use keyarc_service::password;
use keyarc_wire::ChangePasswordRequest;

use crate::{body::Json, caller::Caller, error::Failure, middleware::address::ClientAddress};

pub(super) async fn change(
    Caller(context): Caller,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Json(request): Json<ChangePasswordRequest>,
) -> Result<StatusCode, Failure> {
    password::change(&context, address, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}
