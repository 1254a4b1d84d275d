//! The header `Idempotency-Key`, at the endpoints that take one.

use std::panic::AssertUnwindSafe;

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures::FutureExt as _;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use keyarc_service::{
    Context,
    idempotency::{self, Begun, KeptAnswer, Running},
};

use crate::{
    body::WholeBody, caller::Caller, error::Failure, middleware::request_id, state::AppState,
};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Marks an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// What an endpoint that takes a key needs: the bytes of its largest body, 0 for one that reads none.
#[derive(Clone)]
pub(super) struct Keyed {
    pub(super) state: AppState,
    pub(super) body: usize,
}

/// Carries a request out once for each key, and gives the answer again for the same request.
pub(super) async fn layer(
    State(keyed): State<Keyed>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    match request.headers().get(KEY).cloned() {
        None => Ok(next.run(request).await),
        Some(key) => once(&keyed, &key, request, next).await,
    }
}

async fn once(
    Keyed { state, body }: &Keyed,
    key: &HeaderValue,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let (mut parts, sent) = request.into_parts();
    let caller = Caller::of(&parts, state).await?;
    let context = caller.0.clone();
    // The handler need not find out again, nor count the request a second time.
    parts.extensions.insert(caller);
    let whole = match *body {
        0 => WholeBody::none(),
        limit => WholeBody::read(&parts.headers, sent, limit, state).await?,
    };
    // Whoever hangs up in the middle asks again, and is to get this answer: it is a task of its own,
    // from before it is noted that it began. Whatever is noted is ended.
    let key = key.clone();
    let carried_out = async move {
        let asked = [
            parts.method.as_str().as_bytes(),
            parts.uri.path().as_bytes(),
            whole.bytes(),
        ];
        let running = match idempotency::begin(&context, key.as_bytes(), asked).await? {
            Begun::Before(answer) => return Ok(given(answer)),
            Begun::Now(running) => running,
        };
        whole.keep_for_handler(&mut parts);
        let request = Request::from_parts(parts, Body::empty());
        Ok(carried_out(context, running, request, next).await)
    };
    let task = tokio::spawn(request_id::within(request_id::current(), carried_out));
    match task.await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Failure::internal()),
        },
    }
}

async fn carried_out(context: Context, running: Running, request: Request, next: Next) -> Response {
    let ended = async |answer: Option<&KeptAnswer>| {
        // Done or not, it is so whether that can be noted: whoever asks again is told by the versions.
        if let Err(error) = idempotency::end(&context, running, answer).await {
            tracing::warn!(%error, "what came of a request with a key could not be noted");
        }
    };
    let response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            ended(None).await;
            std::panic::resume_unwind(panic)
        }
    };
    if !response.status().is_success() {
        ended(None).await;
        return response;
    }
    let (parts, body) = response.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Failure::internal().into_response(),
    };
    let answer = KeptAnswer {
        status: parts.status.as_u16(),
        body: body.to_vec(),
    };
    ended(Some(&answer)).await;
    Response::from_parts(parts, Body::from(body))
}

/// An answer that was given before.
fn given(answer: KeptAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let is_json = !answer.body.is_empty();
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if is_json {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
