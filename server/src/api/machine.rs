use axum::{
    Extension,
    extract::{FromRequestParts, Path, State},
    response::Response,
};
use http::{StatusCode, request::Parts};
use keyarc_service::machine;
use keyarc_wire::{
    DetailsResponse, DiscardChangesRequest, HandInRequest, MachineRequest, MachineTokenId,
    MachineTokensResponse, MachineUsesRequest, MachineUsesResponse, MakeMachineTokenRequest,
    WaitingChangesRequest, WaitingChangesResponse, WriteItemsRequest, WriteItemsResponse, limits,
};

use super::vault::{Since, streamed};
use crate::{
    body::Json, caller::Caller, error::Failure, middleware::address::ClientAddress, state::AppState,
};

/// The token that the path names. What is not an id names nothing.
pub(super) struct OfToken(MachineTokenId);

impl FromRequestParts<AppState> for OfToken {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Failure::not_found())?;
        text.parse().map(Self).map_err(|_| Failure::not_found())
    }
}

pub(super) async fn open(
    State(state): State<AppState>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Json(request): Json<MachineRequest>,
) -> Result<Response, Failure> {
    let stream = machine::open(state.services(), address, &request).await?;
    Ok(streamed(stream))
}

pub(super) async fn details(
    State(state): State<AppState>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Json(request): Json<MachineRequest>,
) -> Result<axum::Json<DetailsResponse>, Failure> {
    Ok(axum::Json(
        machine::details(state.services(), address, &request).await?,
    ))
}

pub(super) async fn hand_in(
    State(state): State<AppState>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Json(request): Json<HandInRequest, { limits::MACHINE_CHANGES_BODY }>,
) -> Result<StatusCode, Failure> {
    machine::hand_in(state.services(), address, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn waiting(
    Caller(context): Caller,
    Json(request): Json<WaitingChangesRequest>,
) -> Result<axum::Json<WaitingChangesResponse>, Failure> {
    Ok(axum::Json(machine::waiting(&context, &request).await?))
}

pub(super) async fn discard(
    Caller(context): Caller,
    Json(request): Json<DiscardChangesRequest>,
) -> Result<StatusCode, Failure> {
    machine::discard(&context, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn list(
    Caller(context): Caller,
) -> Result<axum::Json<MachineTokensResponse>, Failure> {
    Ok(axum::Json(machine::list(&context).await?))
}

pub(super) async fn make(
    Caller(context): Caller,
    Json(request): Json<MakeMachineTokenRequest, { limits::WRITE_BODY }>,
) -> Result<StatusCode, Failure> {
    machine::make(&context, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn changes(
    Caller(context): Caller,
    OfToken(token): OfToken,
    since: Since,
) -> Result<Response, Failure> {
    let stream = machine::changes(&context, token, since.revision, since.manifests_from).await?;
    Ok(streamed(stream))
}

pub(super) async fn write_items(
    Caller(context): Caller,
    OfToken(token): OfToken,
    Json(request): Json<WriteItemsRequest, { limits::WRITE_BODY }>,
) -> Result<axum::Json<WriteItemsResponse>, Failure> {
    Ok(axum::Json(
        machine::write_items(&context, token, request).await?,
    ))
}

pub(super) async fn revoke(
    Caller(context): Caller,
    OfToken(token): OfToken,
) -> Result<StatusCode, Failure> {
    machine::revoke(&context, token).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn uses(
    Caller(context): Caller,
    OfToken(token): OfToken,
    Json(request): Json<MachineUsesRequest>,
) -> Result<axum::Json<MachineUsesResponse>, Failure> {
    Ok(axum::Json(machine::uses(&context, token, &request).await?))
}
