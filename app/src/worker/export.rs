//! What the page and the worker say to each other about an export. The file is made in the worker,
//! and handed to the page piece by piece when somebody saves it.

use std::fmt;

use keyarc_vault::export::{PlainFormat, Written};
use serde::{Deserialize, Serialize};

use super::Piece;

/// What the page may ask of an export.
#[derive(Serialize, Deserialize)]
pub enum ExportCommand {
    /// How much there is to export → [`ExportReply::Facts`].
    Facts,
    /// Makes a file, once the master password is proven → [`ExportReply::Built`] or
    /// [`ExportReply::Stopped`]. The one before is forgotten.
    Build(ExportWish),
    /// The next piece of the file, from its beginning on → [`ExportReply::Piece`].
    Take {
        /// Begin again.
        first: bool,
    },
    /// Stops what is being made → [`ExportReply::Done`].
    Stop,
    /// Stops, and forgets the file → [`ExportReply::Done`].
    Forget,
}

/// What is to be made.
#[derive(Clone, Serialize, Deserialize)]
pub struct ExportWish {
    /// Which items.
    pub what: ExportWhat,
    /// As what.
    pub format: ExportFormat,
    /// What the items were before, too, where the format has a place for it.
    pub earlier: bool,
    /// What is attached to them, too, where the format has a place for it.
    pub files: bool,
    /// The master password: whoever comes upon an unlocked screen does not know it.
    pub password: String,
}

/// Which items.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExportWhat {
    /// Everything; in an archive what is in the trash, too.
    #[default]
    All,
    /// Those that are selected, which the worker knows.
    Selection,
    /// What is in a folder or below it.
    Folder(String),
}

/// As what.
#[derive(Clone, Serialize, Deserialize)]
pub enum ExportFormat {
    /// In clear.
    Plain(PlainFormat),
    /// KeyArc's archive, for this account's setup code.
    ArchiveForCode,
    /// KeyArc's archive, for a password of its own.
    ArchiveForPassword(String),
}

impl fmt::Debug for ExportWish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExportWish({:?}, redacted)", self.what)
    }
}

/// What the worker answers.
#[derive(Debug, Serialize, Deserialize)]
pub enum ExportReply {
    /// It is done.
    Done,
    /// How much there is.
    Facts(ExportFacts),
    /// The file is there.
    Built(ExportBuilt),
    /// A piece of it; `None` after the last one.
    Piece(Option<Piece>),
    /// It was stopped, and nothing of it is left.
    Stopped,
}

/// How much there is to export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportFacts {
    /// Items outside the trash.
    pub items: u32,
    /// Items in it.
    pub trashed: u32,
    /// Items that are selected.
    pub selected: u32,
    /// Files that are attached to items, those in the trash too.
    pub files: u32,
    /// Bytes of those files together.
    pub file_bytes: u64,
}

/// A file that can be saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportBuilt {
    /// What it is to be called.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Whether nobody can read it without its password or setup code.
    pub sealed: bool,
    /// What it holds, and what not.
    pub written: Written,
    /// What it holds of what items were before; `None` when that is not in it.
    pub past: Option<ExportedPast>,
    /// What it holds of what is attached to items; `None` when that is not in it.
    pub files: Option<ExportedFiles>,
    /// Items that were asked for and could not be opened.
    pub unreadable: u32,
}

/// What a file holds of what is attached to items, and was to what they were before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedFiles {
    /// Files that stand in it.
    pub files: u32,
    /// Their bytes together.
    pub bytes: u64,
    /// Files that the server should have, and does not.
    pub missing: u32,
}

/// What a file holds of what items were before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedPast {
    /// Versions that stand in it.
    pub versions: u32,
    /// Versions that the server should have, and does not.
    pub missing: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_passes_whole_and_shows_no_password() {
        let wish = ExportWish {
            what: ExportWhat::Folder("Checkout".to_owned()),
            format: ExportFormat::ArchiveForPassword("of its own".to_owned()),
            earlier: true,
            files: false,
            password: "hunter2".to_owned(),
        };
        let told = format!("{wish:?}");
        assert!(!told.contains("hunter2") && !told.contains("of its own"));
        let written = postcard::to_allocvec(&wish).expect("written");
        let read: ExportWish = postcard::from_bytes(&written).expect("read");
        assert_eq!((read.what, read.password), (wish.what, wish.password));
        assert!(read.earlier && !read.files);
        assert!(
            matches!(read.format, ExportFormat::ArchiveForPassword(own) if own == "of its own")
        );
    }
}
