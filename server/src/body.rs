//! Reading request bodies: limited before anything is buffered, and no slower than a human's
//! line.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use http::{HeaderMap, header, request::Parts};
use http_body_util::BodyExt as _;
use keyarc_wire::{CHUNK_MEDIA_TYPE, ErrorCode, limits};
use serde::de::DeserializeOwned;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{config::Waits, error::Failure, state::AppState, stopwatch};

/// A JSON body of at most `LIMIT` bytes.
#[derive(Debug)]
pub struct Json<T, const LIMIT: usize = { limits::BODY }>(pub T);

impl<T: DeserializeOwned, const LIMIT: usize> FromRequest<AppState> for Json<T, LIMIT> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Failure> {
        if !is_marked(request.headers(), "application/json") {
            return Err(Failure::new(
                ErrorCode::UnsupportedMediaType,
                "The body is not marked as JSON.",
                "Send it with Content-Type: application/json.",
            )
            .closing());
        }
        let (mut parts, body) = request.into_parts();
        let WholeBody(bytes, room) = match WholeBody::of(&mut parts) {
            Some(ahead) if ahead.0.len() > LIMIT => return Err(too_large()),
            Some(ahead) => ahead,
            None => WholeBody::read(&parts.headers, body, LIMIT, state).await?,
        };
        let value = parse(&bytes);
        drop(room);
        value.map(Self)
    }
}

/// A body of bytes, at most `LIMIT` of them.
#[derive(Debug)]
pub struct Octets<const LIMIT: usize>(pub Vec<u8>);

impl<const LIMIT: usize> FromRequest<AppState> for Octets<LIMIT> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Failure> {
        if !is_marked(request.headers(), CHUNK_MEDIA_TYPE) {
            return Err(Failure::new(
                ErrorCode::UnsupportedMediaType,
                "The body is not marked as bytes.",
                "Send it with Content-Type: application/octet-stream.",
            )
            .closing());
        }
        let (parts, body) = request.into_parts();
        let length = checked_length(&parts.headers, LIMIT)?;
        let room = state.body_room().take(length.unwrap_or(LIMIT)).await?;
        let bytes = read(body, LIMIT, length, state.waits()).await?;
        drop(room);
        Ok(Self(bytes))
    }
}

/// A body that is read ahead of its handler, with the room that it takes.
pub(crate) struct WholeBody(Vec<u8>, Option<OwnedSemaphorePermit>);

/// Where the handler finds it. Once: it takes the room along.
#[derive(Clone)]
struct ReadAhead(Arc<Mutex<Option<WholeBody>>>);

impl WholeBody {
    /// For a handler that reads none.
    pub(crate) fn none() -> Self {
        Self(Vec::new(), None)
    }

    /// Reads a body of at most `limit` bytes to its end.
    pub(crate) async fn read(
        headers: &HeaderMap,
        body: Body,
        limit: usize,
        state: &AppState,
    ) -> Result<Self, Failure> {
        let length = checked_length(headers, limit)?;
        let room = state.body_room().take(length.unwrap_or(limit)).await?;
        let bytes = read(body, limit, length, state.waits()).await?;
        Ok(Self(bytes, room))
    }

    /// All of it.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The handler gets it from the request.
    pub(crate) fn keep_for_handler(self, parts: &mut Parts) {
        let ahead = ReadAhead(Arc::new(Mutex::new(Some(self))));
        parts.extensions.insert(ahead);
    }

    /// What was read ahead, if anything was.
    fn of(parts: &mut Parts) -> Option<Self> {
        let ReadAhead(ahead) = parts.extensions.remove()?;
        ahead.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Reads a small body of any type.
pub(crate) async fn read_limited(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    state: &AppState,
) -> Result<Vec<u8>, Failure> {
    let length = checked_length(headers, limit)?;
    read(body, limit, length, state.waits()).await
}

/// Memory for the large bodies that are read at the same time, so that a few uploads cannot
/// exhaust a small machine. Small bodies do not ask.
#[derive(Debug, Clone)]
pub struct BodyRoom(Arc<Semaphore>);

impl BodyRoom {
    /// One body of the largest size fits, or many smaller ones.
    const KIB: usize = limits::WRITE_BODY / 1024;
    const SMALL: usize = limits::BODY;
    const WAIT: Duration = Duration::from_secs(10);

    /// All of it free.
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(Self::KIB)))
    }

    async fn take(&self, bytes: usize) -> Result<Option<OwnedSemaphorePermit>, Failure> {
        if bytes <= Self::SMALL {
            return Ok(None);
        }
        let kib = u32::try_from(bytes.div_ceil(1024).min(Self::KIB)).unwrap_or(u32::MAX);
        match timeout(Self::WAIT, Arc::clone(&self.0).acquire_many_owned(kib)).await {
            Ok(Ok(permit)) => Ok(Some(permit)),
            _ => {
                let message = "The server is busy with other large uploads.";
                Err(Failure::unavailable(message, 5).closing())
            }
        }
    }
}

impl Default for BodyRoom {
    fn default() -> Self {
        Self::new()
    }
}

async fn read(
    mut body: Body,
    limit: usize,
    length: Option<usize>,
    waits: &Waits,
) -> Result<Vec<u8>, Failure> {
    let started = stopwatch::now();
    let mut bytes = Vec::with_capacity(length.unwrap_or(0));
    loop {
        let frame = timeout(waits.body_pause, body.frame())
            .await
            .map_err(|_| too_slow())?;
        let Some(frame) = frame else { return Ok(bytes) };
        let frame = frame.map_err(|_| Failure::invalid("", "ended early").closing())?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > limit {
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
        let beyond_grace = started.elapsed().saturating_sub(waits.body_grace);
        let due = beyond_grace.as_secs_f64() * Waits::BODY_BYTES_PER_SECOND as f64;
        if (bytes.len() as f64) < due {
            return Err(too_slow());
        }
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(bytes).map_err(|_| {
        // Only a refused body is read a second time, to name the field.
        let mut input = serde_json::Deserializer::from_slice(bytes);
        let field = match serde_path_to_error::deserialize::<_, T>(&mut input) {
            Err(error) => field_at_fault(&error),
            Ok(_) => None,
        };
        match field {
            Some(field) => Failure::invalid(field, "is missing or not of its type"),
            None => Failure::invalid("", "is not JSON of the expected form"),
        }
    })
}

/// The field's path, when it is made of our own field names only: nothing that the client made
/// up goes into an answer.
fn field_at_fault(error: &serde_path_to_error::Error<serde_json::Error>) -> Option<String> {
    let message = error.inner().to_string();
    if message.starts_with("unknown field") || !error.inner().is_data() {
        return None;
    }
    let path = error.path().to_string();
    let missing = message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split_once('`'))
        .map(|(name, _)| name);
    match (path.as_str(), missing) {
        (".", None) => None,
        (".", Some(name)) => Some(name.to_owned()),
        (_, None) => Some(path),
        (_, Some(name)) => Some(format!("{path}.{name}")),
    }
}

fn is_marked(headers: &HeaderMap, media_type: &str) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
}

/// The length that the client announces, refused before a byte of the body is read.
fn checked_length(headers: &HeaderMap, limit: usize) -> Result<Option<usize>, Failure> {
    let Some(value) = headers.get(header::CONTENT_LENGTH) else {
        return Ok(None);
    };
    let length = value
        .to_str()
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usize::MAX);
    if length > limit {
        Err(too_large())
    } else {
        Ok(Some(length))
    }
}

fn too_large() -> Failure {
    Failure::new(
        ErrorCode::PayloadTooLarge,
        "The body is larger than this address takes.",
        "Send it in smaller parts. Nothing was changed.",
    )
    .closing()
}

fn too_slow() -> Failure {
    Failure::invalid("", "arrived too slowly").closing()
}

#[cfg(test)]
mod tests {
    use keyarc_wire::{ChallengeRequest, LoginRequest, WriteItemsRequest};

    use super::*;

    fn refusal<T: DeserializeOwned>(text: &str) -> String {
        match parse::<T>(text.as_bytes()) {
            Ok(_) => "accepted".into(),
            Err(failure) => format!("{failure:?}"),
        }
    }

    #[test]
    fn the_field_at_fault_is_named() {
        assert!(refusal::<ChallengeRequest>("{}").contains("field: Some(\"handle\")"));
        assert!(refusal::<ChallengeRequest>(r#"{"handle":7}"#).contains("field: Some(\"handle\")"));
        let nested = r#"{"handle":"010203040506","proof":{"origin":"x"}}"#;
        assert!(
            refusal::<LoginRequest>(nested).contains("field: Some(\"proof.server_nonce\")"),
            "{}",
            refusal::<LoginRequest>(nested)
        );
        let listed = r#"{"writes":[{"item_id":"zz"}]}"#;
        assert!(
            refusal::<WriteItemsRequest>(listed).contains("field: Some(\"writes[0].item_id\")")
        );
    }

    #[test]
    fn nothing_of_what_was_sent_comes_back() {
        for text in [
            r#"{"canary":1}"#,
            r#"{"handle":"canary"}"#,
            r#"canary"#,
            r#"{"handle":"010203040506","canary":{"canary":1}}"#,
            "",
        ] {
            let refusal = refusal::<ChallengeRequest>(text);
            assert!(
                refusal.contains("InvalidRequest") && !refusal.contains("canary"),
                "{refusal}"
            );
        }
    }
}
