use axum::{
    extract::{FromRequestParts, Path},
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use keyarc_service::attachment;
use keyarc_wire::{
    AttachmentId, AttachmentUpload, BeginAttachmentRequest, CHUNK_MEDIA_TYPE, Sealed, VaultId,
    limits,
};

use super::vault::InVault;
use crate::{
    body::{Json, Octets},
    caller::Caller,
    error::Failure,
    state::AppState,
};

/// The attachment that the path names. What is not an id names nothing.
pub(super) struct InAttachment(VaultId, AttachmentId);

impl FromRequestParts<AppState> for InAttachment {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let named = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((vault, attachment)) = named.map_err(|_| Failure::not_found())?;
        match (vault.parse(), attachment.parse()) {
            (Ok(vault), Ok(attachment)) => Ok(Self(vault, attachment)),
            _ => Err(Failure::not_found()),
        }
    }
}

/// The chunk that the path names.
pub(super) struct InChunk(VaultId, AttachmentId, u32);

impl FromRequestParts<AppState> for InChunk {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let named = Path::<(String, String, String)>::from_request_parts(parts, state).await;
        let Path((vault, attachment, number)) = named.map_err(|_| Failure::not_found())?;
        match (vault.parse(), attachment.parse(), number.parse()) {
            (Ok(vault), Ok(attachment), Ok(number)) => Ok(Self(vault, attachment, number)),
            _ => Err(Failure::not_found()),
        }
    }
}

pub(super) async fn begin(
    Caller(context): Caller,
    InVault(vault): InVault,
    Json(request): Json<BeginAttachmentRequest>,
) -> Result<axum::Json<AttachmentUpload>, Failure> {
    Ok(axum::Json(
        attachment::begin(&context, vault, &request).await?,
    ))
}

pub(super) async fn put_chunk(
    Caller(context): Caller,
    InChunk(vault, attachment, number): InChunk,
    Octets(envelope): Octets<{ limits::ATTACHMENT_CHUNK }>,
) -> Result<StatusCode, Failure> {
    attachment::put_chunk(&context, vault, attachment, number, &Sealed(envelope)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn chunk(
    Caller(context): Caller,
    InChunk(vault, attachment, number): InChunk,
) -> Result<Response, Failure> {
    let Sealed(envelope) = attachment::chunk(&context, vault, attachment, number).await?;
    let mut response = envelope.into_response();
    let media_type = HeaderValue::from_static(CHUNK_MEDIA_TYPE);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

pub(super) async fn discard(
    Caller(context): Caller,
    InAttachment(vault, attachment): InAttachment,
) -> Result<StatusCode, Failure> {
    attachment::discard(&context, vault, attachment).await?;
    Ok(StatusCode::NO_CONTENT)
}
