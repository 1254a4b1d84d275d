//! What the page sees of an import, and what it may say about it. None of it holds a value.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Format, Table, TableWish};
use crate::{Kind, archive::ArchiveFacts};

/// How an entry of a file relates to the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// Will be added.
    New,
    /// An item with the same name and value is in the vault, or the same stands earlier in the
    /// file.
    Duplicate,
}

/// One entry that can be imported, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    /// Position in the import; names the row when confirming.
    pub index: u32,
    /// The line of a text, the number of the record elsewhere, from 1.
    pub line: u32,
    /// The name under which programs know it.
    pub variable: Option<String>,
    /// The item's name to be.
    pub name: String,
    /// The kind to be.
    pub kind: Kind,
    /// The folder that the file names; empty at the top.
    pub folder: String,
    /// Recognised provider's name.
    pub provider_name: Option<String>,
    /// What it was recognised as.
    pub label: Option<String>,
    /// Safe to show.
    pub hint: String,
    /// How it relates to the vault.
    pub status: ImportStatus,
}

/// An entry that could not be read. The rest can be imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportLineError {
    /// The line of a text, the number of the record elsewhere, from 1.
    pub line: u32,
    /// What is wrong, without the entry's content.
    pub reason: String,
}

/// What an import would do, at a glance. Nothing has been written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPreview {
    /// As what it was read.
    pub format: Format,
    /// Entries that would be added.
    pub new: u32,
    /// Entries that the vault has already.
    pub duplicates: u32,
    /// Entries that could not be read.
    pub broken: u32,
    /// Every entry is a variable, so that they could become one environment set.
    pub variables: bool,
    /// What an archive says of itself.
    pub archive: Option<ArchiveFacts>,
    /// Versions of before of the entries that would be added.
    pub earlier: u32,
    /// Files of an archive that would come with them and with those versions, each counted once.
    pub files: u32,
    /// Bytes of those files together.
    pub file_bytes: u64,
    /// Files that they name and that the archive does not have: the server kept them back when it
    /// was made.
    pub files_missing: u32,
    /// How its columns were taken, for a table whose columns a person may name.
    pub table: Option<Table>,
}

/// A request for a window of the rows of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportQuery {
    /// Only those of this status.
    pub only: Option<ImportStatus>,
    /// First row wanted.
    pub offset: u32,
    /// Most rows wanted, at most [`WINDOW_MAX`](crate::WINDOW_MAX).
    pub limit: u32,
}

/// A window of the rows of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportWindow {
    /// How many rows there are of the status asked for.
    pub total: u32,
    /// Which of them the window begins with.
    pub offset: u32,
    /// The window.
    pub rows: Vec<ImportRow>,
}

/// What a person says about a file before it is read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ImportWish {
    /// What it is; `None` to find out.
    pub format: Option<Format>,
    /// What opens it, when it is protected.
    pub password: Option<FilePassword>,
    /// The content of the file that opens it, beside or instead of the password.
    pub key_file: Option<FileKey>,
    /// How its columns are to be taken; `None` to find out.
    pub table: Option<TableWish>,
}

/// The password of a file. It is wiped when it is dropped.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct FilePassword(pub String);

impl fmt::Debug for FilePassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FilePassword(redacted)")
    }
}

/// The content of a key file. It is wiped when it is dropped.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct FileKey(pub Vec<u8>);

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(redacted)")
    }
}

/// Which rows are chosen before any is chosen by hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// What the vault does not have.
    #[default]
    New,
    /// Everything that could be read.
    All,
    /// Nothing.
    None,
}

impl Base {
    /// Whether a row of this status is chosen.
    pub fn takes(self, status: ImportStatus) -> bool {
        match self {
            Self::New => status == ImportStatus::New,
            Self::All => true,
            Self::None => false,
        }
    }
}

/// How entries of a file become items.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportPlan {
    /// Which rows, before [`Self::except`].
    pub base: Base,
    /// Rows by their index for which it is the other way round.
    pub except: Vec<u32>,
    /// Folder for the new items, above those that the file names; empty for the top.
    pub folder: String,
    /// Tags for all of them, beside their own.
    pub tags: Vec<String>,
    /// Environment for those that do not name one themselves.
    pub environment: Option<String>,
    /// Make one environment set of this name instead of one item an entry.
    pub as_set: Option<String>,
    /// Leave out what items of an archive were before.
    pub without_earlier: bool,
    /// Leave out the files of an archive.
    pub without_files: bool,
}
