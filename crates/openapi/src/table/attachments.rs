use keyarc_wire::{AttachmentUpload, BeginAttachmentRequest, ErrorCode, paths};

use crate::operation::{Access, Area, Effect, Gives, Method, Operation, Takes};

pub(super) fn operations() -> Vec<Operation> {
    let post = Operation {
        id: "",
        method: Method::Post,
        path: "",
        area: Area::Attachments,
        summary: "",
        words: "",
        access: Access::Session,
        takes: Takes::Nothing,
        gives: Gives::Nothing,
        effect: Effect::Reads,
        refuses: &[ErrorCode::NotFound],
    };
    vec![
        Operation {
            id: "beginAttachment",
            path: paths::ATTACHMENTS_ROUTE,
            summary: "Begin or resume an upload",
            words: "Says which chunks are there. `bytes` are those of all envelopes; a file of more than 100 MB is `payload_too_large`.",
            takes: Takes::json::<BeginAttachmentRequest>(),
            gives: Gives::json::<AttachmentUpload>(),
            effect: Effect::Writes("it says how far the upload is."),
            refuses: &[ErrorCode::NotFound, ErrorCode::AttachmentsFull],
            ..post.clone()
        },
        Operation {
            id: "putChunk",
            method: Method::Put,
            path: paths::CHUNK_ROUTE,
            summary: "Send a chunk",
            words: "One envelope, of exactly the bytes that its number calls for: 1,048,670, and the rest for the last one.",
            takes: Takes::Chunk,
            effect: Effect::Writes("a chunk that is there stays as it is."),
            ..post.clone()
        },
        Operation {
            id: "getChunk",
            method: Method::Get,
            path: paths::CHUNK_ROUTE,
            summary: "Fetch a chunk",
            words: "The envelope, as it was sent.",
            gives: Gives::Chunk,
            ..post.clone()
        },
        Operation {
            id: "discardAttachment",
            path: paths::DISCARD_ROUTE,
            summary: "Give an upload up",
            words: "Also when there is none; one that an item names stays.",
            effect: Effect::WritesKeyed("the same comes of it as of the first time."),
            ..post
        },
    ]
}
