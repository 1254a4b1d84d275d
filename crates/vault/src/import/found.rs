//! What the reader of any format gives: items to be, and places that could not be read.

use crate::{ImportLineError, ItemDraft};

/// An item that stands in a file.
#[derive(Debug)]
pub(crate) struct Found {
    /// Where it stands: the line of a text, the number of the record elsewhere, from 1.
    pub(crate) place: u32,
    /// The item to be, in the folder that the file names.
    pub(crate) draft: ItemDraft,
    /// The name under which programs know it.
    pub(crate) variable: Option<String>,
}

/// All that a file holds. What cannot be read is told beside what can.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// In the order of the file.
    pub(crate) found: Vec<Found>,
    /// In the order of the file, without any content of it.
    pub(crate) errors: Vec<ImportLineError>,
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
    /// Not of the format that it was taken for, cut off, or in an encoding that is not read.
    #[error("cannot be read: {0}")]
    Malformed(&'static str),
}
