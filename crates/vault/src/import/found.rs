//! What the reader of any format gives: items to be, and places that could not be read.

use std::fmt;

use keyarc_wire::AttachmentId;

use crate::{
    Earlier, ImportLineError, ItemDraft,
    archive::{ArchiveError, ArchiveFacts},
    check::CheckLog,
};

/// An item that stands in a file.
#[derive(Debug)]
pub(crate) struct Found {
    /// Where it stands: the line of a text, the number of the record elsewhere, from 1.
    pub(crate) place: u32,
    /// The item to be, in the folder that the file names.
    pub(crate) draft: ItemDraft,
    /// The name under which programs know it.
    pub(crate) variable: Option<String>,
    /// What else it was, where the file is KeyArc's own. Such an item is taken as it stands there,
    /// and nothing about it is guessed.
    pub(crate) kept: Option<Kept>,
}

/// What an item was beside what a person enters.
#[derive(Clone)]
pub struct Kept {
    /// Unix milliseconds.
    pub(crate) created_at_ms: u64,
    /// Unix milliseconds.
    pub(crate) updated_at_ms: u64,
    /// It lay in the trash.
    pub(crate) in_trash: bool,
    /// What tests of its key found.
    pub(crate) checks: Option<CheckLog>,
    /// What it was before, the oldest first.
    pub(crate) earlier: Vec<Earlier>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            in_trash, earlier, ..
        } = self;
        write!(f, "Kept(in trash: {in_trash}, earlier: {})", earlier.len())
    }
}

/// All that a file holds. What cannot be read is told beside what can.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// In the order of the file.
    pub(crate) found: Vec<Found>,
    /// In the order of the file, without any content of it.
    pub(crate) errors: Vec<ImportLineError>,
    /// What an archive says of itself.
    pub(crate) archive: Option<ArchiveFacts>,
    /// The files that lie in an archive, in their order there.
    pub(crate) files: Vec<AttachmentId>,
}

/// A file of which nothing can be read. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Larger than an import takes, or it would unpack to more.
    #[error("is larger than {limit_mb} MB, or would be once it is unpacked")]
    TooLarge {
        /// The limit, in MB.
        limit_mb: u32,
    },
    /// It is encrypted, and no password was given.
    #[error("is protected by a password")]
    PasswordNeeded,
    /// It is encrypted, and the password does not open it.
    #[error("is not opened by this password, or was changed")]
    WrongPassword,
    /// It is an archive for a setup code, and none was given.
    #[error("is protected by a setup code")]
    CodeNeeded,
    /// It is an archive for a setup code, and this one does not open it, or is none.
    #[error("is not opened by this setup code, or was changed")]
    WrongCode,
    /// It is an archive, and not whole, or one that this version cannot read.
    #[error(transparent)]
    Archive(ArchiveError),
    /// Not of the format that it was taken for, cut off, or in an encoding that is not read.
    #[error("cannot be read: {0}")]
    Malformed(&'static str),
}
