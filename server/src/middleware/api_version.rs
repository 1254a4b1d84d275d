//! The version of the API: told with every answer of it, and asked for by clients that want no other.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderName, HeaderValue};
use keyarc_wire::{API_VERSION, API_VERSION_HEADER, ErrorCode};

use crate::error::Failure;

const HEADER: HeaderName = HeaderName::from_static(API_VERSION_HEADER);

/// Refuses requests that want another version, and names this one.
pub async fn layer(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if !path.starts_with("/api/") && !path.starts_with("/auth/") {
        return next.run(request).await;
    }
    let spoken = HeaderValue::from(API_VERSION);
    let mut wanted = request.headers().get_all(HEADER).iter();
    let mut response = match wanted.all(|wanted| *wanted == spoken) {
        true => next.run(request).await,
        false => Failure::new(
            ErrorCode::UnsupportedVersion,
            &format!("This server speaks version {API_VERSION} of the API."),
            "Use a client of that version, or a server of the client's. Nothing was changed.",
        )
        .into_response(),
    };
    response.headers_mut().insert(HEADER, spoken);
    response
}
