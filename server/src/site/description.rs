//! The description of the API, for programs. It is the same until the next version.

use axum::{extract::State, response::Response};
use http::{HeaderMap, HeaderValue, header};
use keyarc_app::site::DESCRIPTION;

use super::packed::Packed;
use crate::state::AppState;

/// `GET` of [`keyarc_wire::paths::DESCRIPTION`].
pub(super) async fn serve(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let packed = state
        .site()
        .description
        .get_or_init(|| Packed::new(DESCRIPTION.to_owned()));
    let mut response = packed.respond(&headers);
    let out = response.headers_mut();
    out.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    out.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, no-cache"),
    );
    response
}
