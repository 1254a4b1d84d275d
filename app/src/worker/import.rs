//! What the page and the worker say to each other about an import. The file goes to the worker
//! piece by piece and stays there: the page sees names and counts, a window at a time.

use std::fmt;

use keyarc_vault::{
    ImportLineError, ImportPlan, ImportPreview, ImportQuery, ImportWindow, ImportWish,
    import::Format,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// What the page may ask of an import.
#[derive(Serialize, Deserialize)]
pub enum ImportCommand {
    /// Takes the next piece of a file → [`ImportReply::Done`]. An archive may be of any length.
    Take {
        /// It is the first one, of a file of so many bytes: what was there before is forgotten.
        first: Option<u64>,
        /// Its bytes.
        piece: Piece,
    },
    /// Reads what was taken and compares it with the vault → [`ImportReply::Preview`],
    /// [`ImportReply::Unread`] or [`ImportReply::Stopped`]. It can be read again otherwise.
    Read {
        /// The file's name, when there is one.
        file_name: Option<String>,
        /// What a person says about it.
        wish: ImportWish,
    },
    /// Rows of what was read → [`ImportReply::Rows`].
    Rows(ImportQuery),
    /// What could not be read, a window of it → [`ImportReply::Errors`].
    Errors {
        /// First one wanted.
        offset: u32,
        /// Most wanted.
        limit: u32,
    },
    /// Imports from what was read in one write → [`ImportReply::Imported`] or
    /// [`ImportReply::Stopped`].
    Confirm(ImportPlan),
    /// Stops reading or writing → [`ImportReply::Done`]; what is stopped tells where it was.
    Stop,
    /// Moves what the last import added to the trash → [`ImportReply::Done`].
    Undo,
    /// Stops, and forgets the file and what was read of it → [`ImportReply::Done`].
    Forget,
}

/// What the worker answers.
#[derive(Debug, Serialize, Deserialize)]
pub enum ImportReply {
    /// It is done.
    Done,
    /// What the import would do.
    Preview(ImportPreview),
    /// Nothing of it could be read.
    Unread {
        /// For what it was taken.
        format: Format,
        /// Why.
        why: Unread,
    },
    /// A window of rows.
    Rows(ImportWindow),
    /// A window of what could not be read.
    Errors(Vec<ImportLineError>),
    /// It is written.
    Imported {
        /// Items added.
        added: u32,
    },
    /// It was stopped.
    Stopped {
        /// Items that the server had taken by then; they are in the trash.
        trashed: u32,
    },
}

/// Why nothing of a file can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unread {
    /// It is protected, and the password is missing.
    PasswordNeeded,
    /// It is protected by another password.
    WrongPassword,
    /// It is an archive for a setup code, and that is missing.
    CodeNeeded,
    /// It is an archive for another setup code.
    WrongCode,
    /// Anything else, in words that follow "The file".
    Other(String),
}

/// A piece of a file. It is wiped when it is dropped, for it may hold secrets.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Piece(pub Vec<u8>);

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Piece({} bytes)", self.0.len())
    }
}

/// As bytes in one go; number by number it would take the page's main thread seconds.
impl Serialize for Piece {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Piece {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;
        impl de::Visitor<'_> for Whole {
            type Value = Piece;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Piece, E> {
                Ok(Piece(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Whole)
    }
}

#[cfg(test)]
mod tests {
    use keyarc_vault::{FileKey, FilePassword};

    use super::*;

    #[test]
    fn a_piece_passes_byte_by_byte() {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        let sent = ImportCommand::Take {
            first: Some(256),
            piece: Piece(bytes.clone()),
        };
        let written = postcard::to_allocvec(&sent).expect("written");
        assert!(written.len() < bytes.len() + 8);
        let read: ImportCommand = postcard::from_bytes(&written).expect("read");
        assert!(
            matches!(read, ImportCommand::Take { first: Some(256), ref piece } if piece.0 == bytes)
        );
    }

    #[test]
    fn a_wish_passes_whole_and_shows_no_password() {
        let wish = ImportWish {
            format: Some(Format::BitwardenJson),
            password: Some(FilePassword("hunter2".to_owned())),
            key_file: Some(FileKey(b"a key".to_vec())),
            table: None,
        };
        assert!(!format!("{wish:?}").contains("hunter2"));
        let written = postcard::to_allocvec(&wish).expect("written");
        let read: ImportWish = postcard::from_bytes(&written).expect("read");
        assert_eq!(
            read.password.map(|password| password.0.clone()).as_deref(),
            Some("hunter2")
        );
        assert_eq!(
            read.key_file.map(|key| key.0.clone()).as_deref(),
            Some(b"a key".as_slice())
        );
        assert_eq!(read.format, Some(Format::BitwardenJson));
    }
}
