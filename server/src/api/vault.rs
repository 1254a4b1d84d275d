use axum::{
    body::Body,
    extract::{FromRequestParts, Path, Query},
    response::{IntoResponse as _, Response},
};
use futures::TryStreamExt as _;
use http::{HeaderValue, header, request::Parts};
use keyarc_service::vault::{self, ChangesBody};
use keyarc_wire::{
    CHANGES_MEDIA_TYPE, DetailsRequest, DetailsResponse, VaultId, WriteItemsRequest,
    WriteItemsResponse, limits,
};
use serde::Deserialize;

use crate::{body::Json, caller::Caller, error::Failure, state::AppState};

/// The vault that the path names. What is not an id names nothing.
pub(super) struct InVault(pub(super) VaultId);

impl FromRequestParts<AppState> for InVault {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Failure::not_found())?;
        text.parse().map(Self).map_err(|_| Failure::not_found())
    }
}

/// What the client has.
pub(super) struct Since {
    pub(super) revision: u64,
    pub(super) manifests_from: Option<u64>,
}

impl FromRequestParts<AppState> for Since {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        struct Parameters {
            #[serde(default)]
            since: u64,
            manifests_from: Option<u64>,
        }
        Query::<Parameters>::from_request_parts(parts, state)
            .await
            .map(|Query(parameters)| Self {
                revision: parameters.since,
                manifests_from: parameters.manifests_from,
            })
            .map_err(|_| {
                Failure::invalid("since", "must be a revision, and so must manifests_from")
            })
    }
}

pub(super) async fn changes(
    Caller(context): Caller,
    InVault(vault): InVault,
    since: Since,
) -> Result<Response, Failure> {
    let stream = vault::changes(&context, vault, since.revision, since.manifests_from).await?;
    Ok(streamed(stream))
}

pub(super) async fn write_items(
    Caller(context): Caller,
    InVault(vault): InVault,
    Json(request): Json<WriteItemsRequest, { limits::WRITE_BODY }>,
) -> Result<axum::Json<WriteItemsResponse>, Failure> {
    Ok(axum::Json(
        vault::write_items(&context, vault, request).await?,
    ))
}

pub(super) async fn details(
    Caller(context): Caller,
    InVault(vault): InVault,
    Json(request): Json<DetailsRequest>,
) -> Result<axum::Json<DetailsResponse>, Failure> {
    Ok(axum::Json(vault::details(&context, vault, &request).await?))
}

/// The body ends without its end record if something goes wrong on the way, which clients refuse;
/// the log has the cause.
pub(super) fn streamed(stream: ChangesBody) -> Response {
    let stream = stream.map_err(|error| std::io::Error::other(Failure::from(error).to_string()));
    let mut response = Body::from_stream(stream).into_response();
    let media_type = HeaderValue::from_static(CHANGES_MEDIA_TYPE);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    response
}
