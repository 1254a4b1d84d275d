//! The header `Idempotency-Key`, at the endpoints that take one.

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header, request::Parts};
use http_body_util::BodyExt as _;
use keyarc_service::{
    Context,
    idempotency::{self, Begun, KeptAnswer, Running},
};

use crate::{body, caller::Caller, error::Failure, state::AppState};

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
    let (bytes, _room) = match *body {
        0 => (Vec::new(), None),
        limit => body::read_whole(&mut parts, sent, limit, state).await?,
    };
    let asked = [
        parts.method.as_str().as_bytes(),
        parts.uri.path().as_bytes(),
        &bytes,
    ];
    let begun = idempotency::begin(&context, key.as_bytes(), asked).await?;
    match begun {
        Begun::Before(answer) => Ok(given(answer, true)),
        Begun::Now(running) => carried_out(&context, running, (parts, bytes), next).await,
    }
}

async fn carried_out(
    context: &Context,
    running: Running,
    (parts, bytes): (Parts, Vec<u8>),
    next: Next,
) -> Result<Response, Failure> {
    let body = Body::from(Bytes::from(bytes));
    let response = next.run(Request::from_parts(parts, body)).await;
    if !response.status().is_success() {
        idempotency::end(context, running, None).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|_| Failure::internal())?;
    let answer = KeptAnswer {
        status: parts.status.as_u16(),
        body: body.to_bytes().to_vec(),
    };
    // It is done, whether that can be noted or not: whoever asks again is told by the versions.
    if let Err(error) = idempotency::end(context, running, Some(&answer)).await {
        tracing::warn!(%error, "an answer could not be kept");
    }
    Ok(given(answer, false))
}

fn given(answer: KeptAnswer, again: bool) -> Response {
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
    if again {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}
