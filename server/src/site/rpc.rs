//! Server functions: authenticated here, once, like any other endpoint.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::post,
};
use http::header;
use keyarc_app::rpc::host::{Address, Caller as RpcCaller, ErrorMap};
use keyarc_wire::{ErrorCode, limits};
use leptos::{prelude::provide_context, server_fn::axum::server_fn_paths};
use leptos_axum::handle_server_fns_with_context;

use crate::{
    body, caller::Caller, error, error::Failure, middleware::address::ClientAddress,
    state::AppState,
};

/// A route for each server function that the app links.
pub(super) fn routes() -> Router<AppState> {
    server_fn_paths().fold(Router::new(), |router, (path, _)| {
        router.route(path, post(serve))
    })
}

async fn serve(State(state): State<AppState>, request: Request) -> Result<Response, Failure> {
    let (mut parts, body) = request.into_parts();
    let caller = match Caller::of(&parts, &state).await {
        Ok(Caller(context)) => Some(context),
        Err(failure) if failure.code() == ErrorCode::Unauthenticated => None,
        Err(failure) => return Err(failure),
    };
    let body = body::read_limited(&parts.headers, body, limits::BODY, &state).await?;
    // With it, the answer to a form would be a redirect to wherever the header says.
    parts.headers.remove(header::REFERER);
    let address = parts.extensions.get().copied();
    let provide = move || {
        provide_context(RpcCaller(caller.clone()));
        provide_context(ErrorMap(error::for_rpc));
        provide_context(Address(address.map(|ClientAddress(address)| address)));
    };
    let request = Request::from_parts(parts, Body::from(body));
    Ok(handle_server_fns_with_context(provide, request)
        .await
        .into_response())
}
