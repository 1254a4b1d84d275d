//! The frame in which keys are tried. The page loads it from here, and what it is to ask goes to
//! it from the page: this server learns that somebody tests something, and no more.

use axum::response::Response;
use http::{HeaderName, HeaderValue, header};
use keyarc_app::check_frame::document;

use super::{files::FOR_EVER, policy};

/// `GET /check-frame`. The page names the version that it wants in the query, so that a browser
/// keeps the document and asks for it once.
pub(super) async fn serve() -> Response {
    let mut response = Response::new(document().into());
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, "text/html; charset=utf-8");
    set(header::CACHE_CONTROL, FOR_EVER);
    // The only document here that a page may frame, and only a page of this server.
    set(header::X_FRAME_OPTIONS, "SAMEORIGIN");
    // An origin that is nobody's has no process to itself by that name.
    set(HeaderName::from_static("origin-agent-cluster"), "?0");
    if let Ok(policy) = HeaderValue::try_from(policy::check_frame()) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
