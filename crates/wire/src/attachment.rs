use serde::{Deserialize, Serialize};

use crate::AttachmentId;

/// The media type of a chunk of an attachment: the envelope as it is.
pub const CHUNK_MEDIA_TYPE: &str = "application/octet-stream";

/// Begins to upload an attachment, or goes on with it: the same request says what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BeginAttachmentRequest {
    /// The attachment.
    pub attachment_id: AttachmentId,
    /// The bytes of all its envelopes. Each but the last has
    /// [`crate::limits::ATTACHMENT_CHUNK`], so that this says how many there are.
    pub bytes: u64,
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AttachmentUpload {
    /// How many chunks there are to be.
    pub chunks: u32,
    /// The numbers of those that the server has, ascending, from 0. It has the whole attachment
    /// once it has them all.
    pub received: Vec<u32>,
}
