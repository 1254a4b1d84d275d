//! Files that are attached to items, in chunks. All of it ciphertext; which item a file belongs to
//! says the item's own write.

use keyarc_store::{BeginAttachmentOutcome, NewAttachment};
use keyarc_wire::{
    AttachmentId, AttachmentUpload, BeginAttachmentRequest, Sealed, VaultId, limits,
};

use crate::{Context, ServiceError, validate, vault::authorise};

/// Shortest envelope of a chunk in bytes: what one has beside its content, and the least padding.
const CHUNK_MIN: u64 = 94 + 256;

/// Begins an upload, or says how far it is.
pub async fn begin(
    context: &Context,
    vault: VaultId,
    request: &BeginAttachmentRequest,
) -> Result<AttachmentUpload, ServiceError> {
    authorise(context, vault).await?;
    let BeginAttachmentRequest {
        attachment_id,
        bytes,
    } = *request;
    if bytes > limits::ATTACHMENT {
        return Err(ServiceError::FileTooLarge);
    }
    let chunks = chunks_of(bytes);
    let last = chunks.saturating_sub(1);
    if chunks == 0 || chunk_bytes(bytes, chunks, last) < CHUNK_MIN {
        return Err(ServiceError::invalid("bytes", "must be those of envelopes"));
    }
    let services = &context.services;
    let new = NewAttachment {
        vault,
        attachment: attachment_id,
        bytes,
        chunks,
    };
    let quota = services.policy().attachment_bytes;
    let begun = services
        .store()
        .begin_attachment(&new, quota, services.now_ms());
    match begun.await? {
        BeginAttachmentOutcome::Begun(received) => Ok(AttachmentUpload { chunks, received }),
        BeginAttachmentOutcome::Full { .. } => Err(ServiceError::AttachmentsFull { quota }),
        BeginAttachmentOutcome::Taken => Err(ServiceError::invalid(
            "attachment_id",
            "must be a new one, or come with the bytes that it began with",
        )),
        BeginAttachmentOutcome::NoVault => Err(ServiceError::NotFound),
    }
}

/// Keeps a chunk. One that is there already stays.
pub async fn put_chunk(
    context: &Context,
    vault: VaultId,
    attachment: AttachmentId,
    number: u32,
    envelope: &Sealed,
) -> Result<(), ServiceError> {
    authorise(context, vault).await?;
    let store = context.services.store();
    let known = store.attachment(vault, attachment).await?;
    let known = known
        .filter(|known| number < known.chunks)
        .ok_or(ServiceError::NotFound)?;
    validate::envelope(envelope, limits::ATTACHMENT_CHUNK, || "chunk".into())?;
    let due = chunk_bytes(known.bytes, known.chunks, number);
    if envelope.as_ref().len() as u64 != due {
        let rule = format!("must have {due} bytes");
        return Err(ServiceError::invalid("chunk", rule));
    }
    Ok(store.put_chunk(vault, attachment, number, envelope).await?)
}

/// A chunk. One that was not uploaded is as absent as one of somebody else.
pub async fn chunk(
    context: &Context,
    vault: VaultId,
    attachment: AttachmentId,
    number: u32,
) -> Result<Sealed, ServiceError> {
    authorise(context, vault).await?;
    let store = context.services.store();
    let found = store.chunk(vault, attachment, number).await?;
    found.ok_or(ServiceError::NotFound)
}

/// Gives an upload up. One that items name stays, and one that is not there is gone already.
pub async fn discard(
    context: &Context,
    vault: VaultId,
    attachment: AttachmentId,
) -> Result<(), ServiceError> {
    authorise(context, vault).await?;
    let services = &context.services;
    let dropped = services
        .store()
        .drop_attachment(vault, attachment, services.now_ms());
    Ok(dropped.await?)
}

fn chunks_of(bytes: u64) -> u32 {
    bytes.div_ceil(limits::ATTACHMENT_CHUNK as u64) as u32
}

/// Bytes of one of the envelopes: all are alike, but for the last.
fn chunk_bytes(bytes: u64, chunks: u32, number: u32) -> u64 {
    let full = limits::ATTACHMENT_CHUNK as u64;
    match number.saturating_add(1) == chunks {
        true => bytes.saturating_sub(full * u64::from(number)),
        false => full,
    }
}
