use axum::{Extension, extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use keyarc_service::recovery;
use keyarc_wire::{
    ChangeRecoveryRequest, FinishRecoveryRequest, KeepRecoveryNoteRequest, RecoverRequest,
    RecoverResponse,
};

use super::session;
use crate::{
    body::Json, caller::Caller, error::Failure, middleware::address::ClientAddress, state::AppState,
};

pub(super) async fn begin(
    State(state): State<AppState>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Json(request): Json<RecoverRequest>,
) -> Result<axum::Json<RecoverResponse>, Failure> {
    Ok(axum::Json(
        recovery::begin(state.services(), address, &request).await?,
    ))
}

pub(super) async fn finish(
    State(state): State<AppState>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    headers: HeaderMap,
    Json(request): Json<FinishRecoveryRequest>,
) -> Result<Response, Failure> {
    let previous = state.cookie().read(&headers);
    let logged_in = recovery::finish(state.services(), address, &request, previous).await?;
    Ok(session::begin(
        &state,
        StatusCode::OK,
        logged_in,
        request.client,
    ))
}

pub(super) async fn change(
    Caller(context): Caller,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Json(request): Json<ChangeRecoveryRequest>,
) -> Result<StatusCode, Failure> {
    recovery::change(&context, address, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn keep_note(
    Caller(context): Caller,
    Json(request): Json<KeepRecoveryNoteRequest>,
) -> Result<StatusCode, Failure> {
    recovery::keep_note(&context, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}
