//! The endpoints of attachments.

use keyarc_wire::{
    AttachmentId, AttachmentUpload, BeginAttachmentRequest, CHUNK_MEDIA_TYPE, Sealed, VaultId,
    limits, paths,
};

use super::{Api, ApiFailure, encode, get, json_body, post};
use crate::{HttpRequest, Method, Patience, Transport};

impl<T: Transport> Api<T> {
    /// Begins an upload, or asks how far it is.
    pub async fn begin_attachment(
        &self,
        vault: VaultId,
        request: &BeginAttachmentRequest,
        now_ms: u64,
    ) -> Result<AttachmentUpload, ApiFailure> {
        let call = post(paths::attachments(vault), Some(encode(request)?));
        json_body(&self.call(call, now_ms).await?)
    }

    /// Sends a chunk. One that the server has already stays as it is.
    pub async fn put_chunk(
        &self,
        vault: VaultId,
        attachment: AttachmentId,
        number: u32,
        envelope: Sealed,
        now_ms: u64,
    ) -> Result<(), ApiFailure> {
        let path = paths::attachment_chunk(vault, attachment, number);
        let call = HttpRequest {
            method: Method::Put,
            body: Some(envelope.0),
            body_type: CHUNK_MEDIA_TYPE,
            patience: Patience::Long,
            ..get(path)
        };
        self.call(call, now_ms).await.map(drop)
    }

    /// Fetches a chunk.
    pub async fn chunk(
        &self,
        vault: VaultId,
        attachment: AttachmentId,
        number: u32,
        now_ms: u64,
    ) -> Result<Sealed, ApiFailure> {
        let call = HttpRequest {
            accept: CHUNK_MEDIA_TYPE,
            max_response: limits::ATTACHMENT_CHUNK,
            patience: Patience::Long,
            ..get(paths::attachment_chunk(vault, attachment, number))
        };
        let answer = self.call(call, now_ms).await?;
        match answer.content_type == CHUNK_MEDIA_TYPE {
            true => Ok(Sealed(answer.body)),
            false => Err(ApiFailure::Malformed),
        }
    }

    /// Gives an upload up.
    pub async fn discard_attachment(
        &self,
        vault: VaultId,
        attachment: AttachmentId,
        now_ms: u64,
    ) -> Result<(), ApiFailure> {
        let call = post(paths::discard_attachment(vault, attachment), None);
        self.call(call, now_ms).await.map(drop)
    }
}
