//! One line a request: method, route pattern, status, duration. No address, no path as it was
//! sent, no query, nothing of a header or body.

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::Method;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::request_id;
use crate::stopwatch;

/// What the log calls a response that no route made. Handlers put it into the response.
#[derive(Debug, Clone, Copy)]
pub struct LoggedRoute(pub &'static str);

/// Logs when the response's headers are ready, or when the client went away before.
pub async fn layer(request: Request, next: Next) -> Response {
    let mut line = Line {
        started: stopwatch::now(),
        method: known_method(request.method()),
        route: request.extensions().get::<MatchedPath>().cloned(),
        named: None,
        status: None,
        request_id: request_id::current().unwrap_or_default(),
    };
    let span = tracing::info_span!("request", request_id = line.request_id);
    let response = next.run(request).instrument(span).await;
    line.status = Some(response.status().as_u16());
    line.named = response.extensions().get().copied();
    response
}

/// Written when dropped, so that a request that its client gave up is not missing.
struct Line {
    started: Instant,
    method: &'static str,
    route: Option<MatchedPath>,
    named: Option<LoggedRoute>,
    status: Option<u16>,
    request_id: String,
}

impl Drop for Line {
    fn drop(&mut self) {
        let route = match (&self.named, &self.route) {
            (Some(LoggedRoute(name)), _) => name,
            (None, Some(route)) => route.as_str(),
            (None, None) => "(none)",
        };
        let duration_ms = self.started.elapsed().as_secs_f64() * 1000.0;
        let Self {
            method, request_id, ..
        } = &self;
        match self.status {
            Some(status) if status >= 500 => {
                tracing::error!(request_id, method, route, status, duration_ms, "request");
            }
            // Probes come every few seconds for ever.
            Some(status) if route.starts_with("/health") => {
                tracing::debug!(request_id, method, route, status, duration_ms, "request");
            }
            Some(status) => {
                tracing::info!(request_id, method, route, status, duration_ms, "request");
            }
            None => tracing::info!(request_id, method, route, duration_ms, "request given up"),
        }
    }
}

/// A method is the client's text too: unknown ones are not written down.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "(other)",
    }
}
