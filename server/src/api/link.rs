use axum::{Extension, extract::State};
use http::StatusCode;
use keyarc_service::link;
use keyarc_wire::{
    JoinLinkRequest, JoinLinkResponse, KnownDeviceStep, LinkNews, NewDeviceStep, OpenLinkRequest,
    OpenLinkResponse,
};

use crate::{
    body::Json, caller::Caller, error::Failure, middleware::address::ClientAddress, state::AppState,
};

pub(super) async fn open(
    State(state): State<AppState>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Json(request): Json<OpenLinkRequest>,
) -> Result<(StatusCode, axum::Json<OpenLinkResponse>), Failure> {
    let opened = link::open(state.services(), address, &request).await?;
    Ok((StatusCode::CREATED, axum::Json(opened)))
}

pub(super) async fn step_of_new(
    State(state): State<AppState>,
    Json(step): Json<NewDeviceStep>,
) -> Result<axum::Json<LinkNews>, Failure> {
    Ok(axum::Json(
        link::step_of_new(state.services(), &step).await?,
    ))
}

pub(super) async fn join(
    Caller(context): Caller,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Json(request): Json<JoinLinkRequest>,
) -> Result<axum::Json<JoinLinkResponse>, Failure> {
    Ok(axum::Json(link::join(&context, address, &request).await?))
}

pub(super) async fn step_of_known(
    Caller(context): Caller,
    Json(step): Json<KnownDeviceStep>,
) -> Result<axum::Json<LinkNews>, Failure> {
    Ok(axum::Json(link::step_of_known(&context, &step).await?))
}
