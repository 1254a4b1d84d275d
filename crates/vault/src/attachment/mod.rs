//! Files that are attached to items: what an item keeps of one, and how its bytes are cut into
//! chunks. `docs/protocol.md` describes the same thing for people who write another client.

mod layout;
mod read;
mod upload;

#[cfg(test)]
mod tests;

use std::fmt;

use keyarc_crypto::ATTACHMENT_KEY_LEN;
use keyarc_wire::AttachmentId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

pub use layout::{ATTACHMENT_MAX, AttachmentLayout, CHUNK_LEN};
pub use read::{AttachmentReader, AttachmentTampered};
pub use upload::{AnotherFile, UPLOADS_MAX, Upload, decode_uploads, encode_uploads};

use crate::{
    DraftError,
    draft::{broken, is_visible, single_line, turns_direction},
};

/// Most attachments of one item.
pub const ATTACHMENTS_MAX: usize = keyarc_wire::limits::ATTACHMENTS_PER_ITEM;
/// Longest name of a file in characters.
pub const FILE_NAME_MAX: usize = 100;
/// Most bytes of the names of all files of an item, which stand in its overview.
pub const FILE_NAMES_MAX: usize = 2_000;
/// Longest media type in bytes.
const MEDIA_TYPE_MAX: usize = 100;
/// What a file is called that has no name which could be shown.
const UNNAMED: &str = "file";

/// A file, as the details of an item keep it. Its bytes are the server's, sealed under its key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Attachment {
    /// Names it to the server.
    #[zeroize(skip)]
    pub id: AttachmentId,
    /// Its name, at most [`FILE_NAME_MAX`] characters.
    pub name: String,
    /// Its media type, for example `application/pdf`; empty when nobody said.
    pub media_type: String,
    /// How many bytes it has, at most [`ATTACHMENT_MAX`].
    #[zeroize(skip)]
    pub size: u64,
    /// Opens its chunks.
    pub key: [u8; ATTACHMENT_KEY_LEN],
    /// What all its chunks are together: see [`AttachmentReader`].
    #[zeroize(skip)]
    pub digest: [u8; 32],
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attachment({}, {} bytes)", self.id, self.size)
    }
}

/// What an overview tells of a file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRow {
    /// Names it to the server.
    pub id: AttachmentId,
    /// Its name.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
}

impl fmt::Debug for FileRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileRow({}, {} bytes)", self.id, self.size)
    }
}

/// What to do with the attachments of an item.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttachmentChange {
    /// Adds one, or puts one back that was removed, before the one at this place; at the end when
    /// there are fewer. One that is there already stays.
    Put {
        /// Which.
        attachment: Attachment,
        /// Where.
        at: u32,
    },
    /// Calls one by another name.
    Rename {
        /// Which.
        id: AttachmentId,
        /// The name.
        name: String,
    },
    /// Removes one. The versions of before keep it.
    Remove(AttachmentId),
}

impl fmt::Debug for AttachmentChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Put { .. } => "Put(redacted)",
            Self::Rename { .. } => "Rename(redacted)",
            Self::Remove(_) => "Remove",
        })
    }
}

impl AttachmentChange {
    /// Makes the change. Returns whether there was anything to change.
    pub fn apply(&self, attachments: &mut Vec<Attachment>) -> bool {
        let find = |all: &[Attachment], id| all.iter().position(|one| one.id == id);
        match self {
            Self::Put { attachment, at } => {
                if find(attachments, attachment.id).is_some() {
                    return false;
                }
                let at = usize::try_from(*at).unwrap_or(usize::MAX);
                attachments.insert(at.min(attachments.len()), attachment.clone());
                true
            }
            Self::Rename { id, name } => match find(attachments, *id) {
                Some(at) if attachments[at].name != name.trim() => {
                    attachments[at].name = name.trim().to_owned();
                    true
                }
                _ => false,
            },
            Self::Remove(id) => match find(attachments, *id) {
                Some(at) => {
                    attachments.remove(at);
                    true
                }
                None => false,
            },
        }
    }
}

/// The name of a file as an item keeps it: what cannot be shown in one line becomes `_`, what is
/// too long loses its middle, and the ending stays.
pub fn clean_file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let is_odd =
        |c: char| c.is_control() || turns_direction(c) || matches!(c, '\u{2028}' | '\u{2029}');
    let clean: String = last
        .chars()
        .map(|c| if is_odd(c) { '_' } else { c })
        .collect();
    if !clean.chars().any(is_visible) {
        return UNNAMED.to_owned();
    }
    let length = clean.chars().count();
    if length <= FILE_NAME_MAX {
        return clean;
    }
    let ending = FILE_NAME_MAX / 4;
    let head = clean.chars().take(FILE_NAME_MAX - ending - 1);
    head.chain(['…'])
        .chain(clean.chars().skip(length - ending))
        .collect()
}

/// The media type as an item keeps it: empty when it is not one.
pub fn clean_media_type(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let token = |part: &str| {
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b);
        !part.is_empty() && part.bytes().all(is_token)
    };
    match essence.split_once('/') {
        Some((kind, sort)) if essence.len() <= MEDIA_TYPE_MAX && token(kind) && token(sort) => {
            essence.to_ascii_lowercase()
        }
        _ => String::new(),
    }
}

/// The rules for the attachments of an item.
pub(crate) fn check_attachments(all: &[Attachment]) -> Result<(), DraftError> {
    if all.len() > ATTACHMENTS_MAX {
        return Err(broken(
            "attachments",
            format!("are more than {ATTACHMENTS_MAX}"),
        ));
    }
    if all.iter().map(|one| one.name.len()).sum::<usize>() > FILE_NAMES_MAX {
        let rule = "have names that are too long together";
        return Err(broken("attachments", rule));
    }
    for (at, one) in all.iter().enumerate() {
        let field = |part: &str| format!("attachments[{at}].{part}");
        if !one.name.chars().any(is_visible) {
            return Err(broken(&field("name"), "needs a name"));
        }
        single_line(&field("name"), &one.name, FILE_NAME_MAX)?;
        if clean_media_type(&one.media_type) != one.media_type {
            return Err(broken(&field("media_type"), "is not a media type"));
        }
        if one.size > ATTACHMENT_MAX {
            return Err(broken(&field("size"), "is larger than 100 MB"));
        }
        if all[..at].iter().any(|before| before.id == one.id) {
            return Err(broken("attachments", "name one file twice"));
        }
    }
    Ok(())
}

const DIGEST: &[u8] = b"keyarc/v1/attachment";

/// The digest over the hashes of all chunks, in their order.
pub(crate) fn digest<'a>(
    id: AttachmentId,
    size: u64,
    hashes: impl IntoIterator<Item = &'a [u8; 32]>,
) -> [u8; 32] {
    let mut digest = Sha256::new()
        .chain_update(DIGEST)
        .chain_update(id.0)
        .chain_update(size.to_be_bytes());
    for hash in hashes {
        digest.update(hash);
    }
    digest.finalize().into()
}
