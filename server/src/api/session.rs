use axum::{
    Extension,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use keyarc_service::{account, passkey, second_factor, session, session::LoggedIn};
use keyarc_wire::{
    ChallengeRequest, ChallengeResponse, ClientKind, LoginRequest, PasskeyFactorRequest,
    PasskeyLoginRequest, RefreshResponse, SecondFactorRequest, SignUpRequest,
};

use crate::{
    body::Json, caller::Caller, error::Failure, middleware::address::ClientAddress, state::AppState,
};

pub(super) async fn challenge(
    State(state): State<AppState>,
    Json(request): Json<ChallengeRequest>,
) -> Result<axum::Json<ChallengeResponse>, Failure> {
    Ok(axum::Json(session::challenge(state.services(), &request)?))
}

pub(super) async fn sign_up(
    State(state): State<AppState>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    headers: HeaderMap,
    Json(request): Json<SignUpRequest>,
) -> Result<Response, Failure> {
    let previous = state.cookie().read(&headers);
    let logged_in = account::sign_up(state.services(), address, &request, previous).await?;
    Ok(begin(
        &state,
        StatusCode::CREATED,
        logged_in,
        ClientKind::Browser,
    ))
}

pub(super) async fn log_in(
    State(state): State<AppState>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    headers: HeaderMap,
    Json(request): Json<LoginRequest>,
) -> Result<Response, Failure> {
    let previous = state.cookie().read(&headers);
    let logged_in = session::log_in(state.services(), address, &request, previous).await?;
    Ok(begin(&state, StatusCode::OK, logged_in, request.client))
}

pub(super) async fn log_in_second_factor(
    State(state): State<AppState>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    headers: HeaderMap,
    Json(request): Json<SecondFactorRequest>,
) -> Result<Response, Failure> {
    let previous = state.cookie().read(&headers);
    let logged_in = second_factor::log_in(state.services(), address, &request, previous).await?;
    let client = request.log_in.client;
    Ok(begin(&state, StatusCode::OK, logged_in, client))
}

pub(super) async fn log_in_by_passkey_factor(
    State(state): State<AppState>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    headers: HeaderMap,
    Json(request): Json<PasskeyFactorRequest>,
) -> Result<Response, Failure> {
    let previous = state.cookie().read(&headers);
    let logged_in =
        second_factor::log_in_by_passkey(state.services(), address, &request, previous).await?;
    let client = request.log_in.client;
    Ok(begin(&state, StatusCode::OK, logged_in, client))
}

pub(super) async fn log_in_by_passkey(
    State(state): State<AppState>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    headers: HeaderMap,
    Json(request): Json<PasskeyLoginRequest>,
) -> Result<Response, Failure> {
    let previous = state.cookie().read(&headers);
    let logged_in = passkey::log_in(state.services(), address, &request, previous).await?;
    Ok(begin(&state, StatusCode::OK, logged_in, request.client))
}

pub(super) async fn log_out(
    State(state): State<AppState>,
    Caller(context): Caller,
) -> Result<Response, Failure> {
    session::log_out(&context).await?;
    Ok(with_cookie(
        StatusCode::NO_CONTENT.into_response(),
        state.cookie().end(),
    ))
}

pub(super) async fn refresh(
    State(state): State<AppState>,
    Caller(context): Caller,
) -> Result<axum::Json<RefreshResponse>, Failure> {
    Ok(axum::Json(session::refresh(state.services(), &context)?))
}

pub(super) fn begin(
    state: &AppState,
    status: StatusCode,
    logged_in: LoggedIn,
    client: ClientKind,
) -> Response {
    let response = (status, axum::Json(logged_in.response)).into_response();
    match client {
        ClientKind::Browser => {
            let left_ms = logged_in
                .expires_at_ms
                .saturating_sub(state.services().now_ms());
            with_cookie(
                response,
                state.cookie().begin(&logged_in.token, left_ms / 1000),
            )
        }
        ClientKind::Api => response,
    }
}

fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
