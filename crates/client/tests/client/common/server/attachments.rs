//! What a server does with attachments.

use keyarc_client::{HttpRequest, Method};
use keyarc_wire::*;

use super::{Answer, Server, read, refuse, respond};

/// An attachment, as far as it is there.
pub struct StoredAttachment {
    bytes: u64,
    chunks: Vec<Option<Vec<u8>>>,
}

impl StoredAttachment {
    pub fn is_whole(&self) -> bool {
        self.chunks.iter().all(Option::is_some)
    }
}

impl Server {
    /// Does something to the chunks of all attachments, in the order of their ids.
    pub fn spoil_attachments(&mut self, spoil: impl FnOnce(&mut Vec<&mut Vec<Option<Vec<u8>>>>)) {
        let all = self.accounts.values_mut();
        let mut chunks: Vec<_> = all
            .flat_map(|account| account.attachments.values_mut())
            .map(|stored| &mut stored.chunks)
            .collect();
        spoil(&mut chunks);
    }

    /// How many attachments there are, over all accounts.
    pub fn attachments(&self) -> usize {
        let accounts = self.accounts.values();
        accounts.map(|account| account.attachments.len()).sum()
    }

    pub(super) fn attachment(&mut self, handle: Handle, request: &HttpRequest) -> Answer {
        let body = request.body.clone().unwrap_or_default();
        let (_, place) = request
            .path
            .split_once("/attachments")
            .expect("one of them");
        let parts: Vec<&str> = place.split('/').skip(1).collect();
        let account = self.accounts.get_mut(&handle).expect("logged in");
        let id = |text: &str| text.parse::<AttachmentId>().expect("an id");
        match (request.method, parts.as_slice()) {
            (Method::Post, []) => {
                let BeginAttachmentRequest {
                    attachment_id,
                    bytes,
                } = read(&body);
                let used: u64 = account.attachments.values().map(|one| one.bytes).sum();
                let is_new = !account.attachments.contains_key(&attachment_id);
                if is_new && self.room.is_some_and(|room| used + bytes > room) {
                    return refuse(507, ErrorCode::AttachmentsFull);
                }
                let chunks = bytes.div_ceil(limits::ATTACHMENT_CHUNK as u64) as u32;
                let stored = account.attachments.entry(attachment_id);
                let stored = stored.or_insert_with(|| StoredAttachment {
                    bytes,
                    chunks: vec![None; chunks as usize],
                });
                let there = |number: &u32| stored.chunks[*number as usize].is_some();
                let received = (0..chunks).filter(there).collect();
                self.json("/attachments", &AttachmentUpload { chunks, received })
            }
            (Method::Post, [attachment, "discard"]) => {
                account.attachments.remove(&id(attachment));
                Ok(respond(204, "", Vec::new()))
            }
            (method, [attachment, "chunks", number]) => {
                let number: usize = number.parse().expect("a number");
                let Some(stored) = account.attachments.get_mut(&id(attachment)) else {
                    return refuse(404, ErrorCode::NotFound);
                };
                match (method, stored.chunks.get_mut(number)) {
                    (Method::Put, Some(chunk)) => {
                        assert_eq!(request.body_type, CHUNK_MEDIA_TYPE);
                        chunk.get_or_insert(body);
                        Ok(respond(204, "", Vec::new()))
                    }
                    (Method::Get, Some(Some(chunk))) => {
                        Ok(respond(200, CHUNK_MEDIA_TYPE, chunk.clone()))
                    }
                    _ => refuse(404, ErrorCode::NotFound),
                }
            }
            _ => refuse(404, ErrorCode::NotFound),
        }
    }
}
