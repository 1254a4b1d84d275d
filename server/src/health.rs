//! Health, for load balancers, platforms and people.
//!
//! `live` says that the process answers; `ready` that it can do its work, which needs the
//! database; `/health` says both in words. None of them needs a session or tells a version of
//! anything but KeyArc itself.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header};
use keyarc_service::Services;
use serde::Serialize;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use crate::{state::AppState, stopwatch};

/// How long an answer of the database is believed. Probes come often and from many sides; the
/// database is asked at most so often.
const FRESH: Duration = Duration::from_millis(500);

/// Whether the database answers, asked anew when the last answer is old.
#[derive(Debug)]
pub struct Readiness {
    wait: Duration,
    last: Mutex<Option<(Instant, bool)>>,
}

impl Readiness {
    /// Nothing known yet. `wait` is the longest time the database may take.
    pub fn new(wait: Duration) -> Self {
        Self {
            wait,
            last: Mutex::new(None),
        }
    }

    /// Asks, or repeats a fresh answer. Whoever comes while the question is out waits for it.
    pub async fn check(&self, services: &Services) -> bool {
        let mut last = self.last.lock().await;
        if let Some((at, ready)) = *last
            && at.elapsed() < FRESH
        {
            return ready;
        }
        let ready = match timeout(self.wait, keyarc_service::health::ready(services)).await {
            Ok(Ok(())) => true,
            Ok(Err(_)) | Err(_) => false,
        };
        match (last.map(|(_, before)| before), ready) {
            (Some(true) | None, false) => tracing::error!("the database does not answer"),
            (Some(false), true) => tracing::info!("the database answers again"),
            _ => {}
        }
        *last = Some((stopwatch::now(), ready));
        ready
    }
}

#[derive(Serialize)]
struct Report {
    status: &'static str,
    database: &'static str,
    version: &'static str,
}

/// `GET /health/live`: 200 for as long as the process answers.
pub async fn live() -> Response {
    answer(StatusCode::OK, "live")
}

/// `GET /health/ready`: 200, or 503 while the database is away or the server is stopping.
pub async fn ready(State(state): State<AppState>) -> Response {
    if is_ready(&state).await {
        answer(StatusCode::OK, "ready")
    } else {
        answer(StatusCode::SERVICE_UNAVAILABLE, "not ready")
    }
}

/// `GET /health`: the same as `ready`, in words.
pub async fn report(State(state): State<AppState>) -> Response {
    let database = state.readiness().check(state.services()).await;
    let stopping = state.is_stopping();
    let report = Report {
        status: match (database, stopping) {
            (_, true) => "stopping",
            (true, false) => "ok",
            (false, false) => "degraded",
        },
        database: if database { "ok" } else { "unreachable" },
        version: env!("CARGO_PKG_VERSION"),
    };
    let ready = database && !stopping;
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    no_store((status, Json(report)).into_response())
}

async fn is_ready(state: &AppState) -> bool {
    !state.is_stopping() && state.readiness().check(state.services()).await
}

fn answer(status: StatusCode, text: &'static str) -> Response {
    no_store((status, text).into_response())
}

fn no_store(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
