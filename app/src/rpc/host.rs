//! The server's half: who asks, and how its errors become the API's.

use std::net::IpAddr;

use keyarc_service::{Context, ServiceError};
use keyarc_wire::{ApiError, ErrorCode};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use super::RpcError;

/// Who calls a server function; `None` without a session in force. Provided by the server for
/// each request.
#[derive(Debug, Clone)]
pub struct Caller(pub Option<Context>);

/// Where the call comes from, for rate limits. Provided by the server for each request.
#[derive(Debug, Clone, Copy)]
pub struct Address(pub Option<IpAddr>);

/// How the server turns a use case's error into an answer: a status and a body. Provided by the
/// server, which maps errors in one place.
#[derive(Clone, Copy)]
pub struct ErrorMap(pub fn(ServiceError) -> (http::StatusCode, ApiError));

/// The context of the session that asks.
pub(super) fn caller() -> Result<Context, RpcError> {
    match use_context::<Caller>() {
        Some(Caller(Some(context))) => Ok(context),
        _ => Err(refuse(ServiceError::Unauthenticated)),
    }
}

/// The address of whoever asks. Every request that came over a socket has one.
pub(super) fn address() -> Result<IpAddr, RpcError> {
    match use_context::<Address>() {
        Some(Address(Some(address))) => Ok(address),
        _ => Err(refuse(ServiceError::internal("a call from nowhere"))),
    }
}

/// Sets the status and gives the body for a use case's error.
pub(super) fn refuse(error: ServiceError) -> RpcError {
    let Some(ErrorMap(map)) = use_context::<ErrorMap>() else {
        return RpcError(Box::new(ApiError::new(
            ErrorCode::Internal,
            "The request failed.",
            "Try again; if it goes on, tell the operator.",
        )));
    };
    let (status, body) = map(error);
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(status);
    }
    RpcError(Box::new(body))
}
