//! What page and worker say to each other about files that are attached to items. A file goes to the
//! worker piece by piece, and comes back so; its key stays there.

use std::fmt;

use keyarc_wire::{AttachmentId, ItemId};
use serde::{Deserialize, Serialize};

use super::Piece;

/// What the page may ask.
#[derive(Serialize, Deserialize)]
pub enum AttachmentCommand {
    /// Begins to attach a file to an item → [`AttachmentReply::Begun`].
    Begin {
        /// The item.
        item: ItemId,
        /// The file's name, as the browser has it.
        name: String,
        /// Its media type, as the browser has it.
        media_type: String,
        /// Bytes.
        size: u64,
    },
    /// Goes on with an upload that was cut off, with a file that may be the same
    /// → [`AttachmentReply::Begun`] or [`AttachmentReply::AnotherFile`].
    GoOn {
        /// Which.
        upload: AttachmentId,
        /// Bytes of the file.
        size: u64,
    },
    /// Sends a chunk; chunks come in their order → [`AttachmentReply::Sent`],
    /// [`AttachmentReply::AnotherFile`] or [`AttachmentReply::Stopped`]. While the server is away
    /// this waits.
    Send {
        /// Which upload.
        upload: AttachmentId,
        /// Which chunk.
        number: u32,
        /// What it holds of the file.
        piece: Piece,
    },
    /// Attaches the file, once all its chunks were sent → [`AttachmentReply::Done`].
    Finish(AttachmentId),
    /// Gives an upload up, whatever it is doing → [`AttachmentReply::Done`].
    Discard(AttachmentId),
    /// Uploads to an item that were cut off, on this device → [`AttachmentReply::CutOff`].
    CutOff(ItemId),
    /// Calls a file by another name → [`AttachmentReply::Done`].
    Rename {
        /// The item.
        item: ItemId,
        /// The file.
        file: AttachmentId,
        /// The name.
        name: String,
    },
    /// Removes a file from an item → [`AttachmentReply::Done`].
    Remove {
        /// The item.
        item: ItemId,
        /// The file.
        file: AttachmentId,
    },
    /// Takes back that a file was removed → [`AttachmentReply::Done`].
    PutBack(AttachmentId),
    /// Begins to read a file → [`AttachmentReply::Done`].
    Open {
        /// The item.
        item: ItemId,
        /// The file.
        file: AttachmentId,
    },
    /// The next piece of it → [`AttachmentReply::Piece`] or [`AttachmentReply::Stopped`]. It is
    /// the file only once there are no more.
    Next(AttachmentId),
    /// Stops reading it → [`AttachmentReply::Done`].
    Close(AttachmentId),
}

/// What the worker answers.
#[derive(Debug, Serialize, Deserialize)]
pub enum AttachmentReply {
    /// It is done.
    Done,
    /// The upload goes on.
    Begun(BegunUpload),
    /// The chunk is there.
    Sent,
    /// It is not the file that the upload began with.
    AnotherFile,
    /// It was stopped.
    Stopped,
    /// Uploads that were cut off.
    CutOff(Vec<CutOffUpload>),
    /// A piece of a file; `None` after the last one.
    Piece(Option<Piece>),
}

/// An upload that goes on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BegunUpload {
    /// Names it.
    pub id: AttachmentId,
    /// The file's name, as the item will have it.
    pub name: String,
    /// Where each chunk begins in the file, and where the last one ends.
    pub cuts: Vec<u64>,
}

/// An upload that was cut off.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutOffUpload {
    /// Names it.
    pub id: AttachmentId,
    /// The file's name.
    pub name: String,
    /// Bytes of the file.
    pub size: u64,
}

impl fmt::Debug for BegunUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BegunUpload({}, redacted)", self.id)
    }
}

impl fmt::Debug for CutOffUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CutOffUpload({}, {} bytes)", self.id, self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_stand_in_no_log() {
        let id = AttachmentId([1; 16]);
        let name = "canary.pdf".to_owned();
        let begun = BegunUpload {
            id,
            name: name.clone(),
            cuts: vec![0, 1],
        };
        let cut_off = CutOffUpload { id, name, size: 1 };
        let replies = [
            AttachmentReply::Begun(begun),
            AttachmentReply::CutOff(vec![cut_off]),
            AttachmentReply::Piece(Some(Piece(b"canary".to_vec()))),
        ];
        assert!(!format!("{replies:?}").contains("canary"));
    }
}
