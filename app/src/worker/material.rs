//! What page and worker say to each other about certificates, SSH keys and key pairs.

use keyarc_vault::{Content, Kind, MaterialFacts};
use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};

/// What is to be read.
#[derive(Clone, Serialize, Deserialize)]
pub enum MaterialSource {
    /// A file.
    File {
        /// What is expected.
        kind: Kind,
        /// All of it.
        bytes: Vec<u8>,
        /// Its password.
        password: Option<String>,
    },
    /// What stands in a form.
    Form {
        /// Of which kind, and the texts.
        content: Content,
        /// The password of a private key in it.
        password: Option<String>,
    },
    /// An item, of which only the facts come back.
    Item(ItemId),
}

/// What was read.
#[derive(Clone, Serialize, Deserialize)]
pub struct Inspected {
    /// As an item keeps it; `None` when an item was asked about.
    pub content: Option<Content>,
    /// What it is; `None` when nothing is filled in.
    pub facts: Option<MaterialFacts>,
}

#[cfg(test)]
mod tests {
    use keyarc_vault::certificate::MaterialError;

    use super::super::{Command, Failure, Reply};
    use super::*;

    #[test]
    fn what_is_read_passes_between_page_and_worker() {
        let command = Command::InspectKeyMaterial(Box::new(MaterialSource::File {
            kind: Kind::Certificate,
            bytes: vec![0x30, 0],
            password: Some("p".to_owned()),
        }));
        let bytes = postcard::to_allocvec(&command).expect("written");
        let Ok(Command::InspectKeyMaterial(source)) = postcard::from_bytes(&bytes) else {
            panic!("another command");
        };
        assert!(matches!(*source, MaterialSource::File { bytes, .. } if bytes == [0x30, 0]));
        let reply = Reply::Inspected(Box::new(Inspected {
            content: Some(Content::empty(Kind::SshKey)),
            facts: None,
        }));
        let bytes = postcard::to_allocvec(&reply).expect("written");
        let Ok(Reply::Inspected(read)) = postcard::from_bytes(&bytes) else {
            panic!("another reply");
        };
        assert_eq!(read.content, Some(Content::empty(Kind::SshKey)));
        let failure = Failure::Material(MaterialError::Certificate(3));
        let bytes = postcard::to_allocvec(&failure).expect("written");
        assert_eq!(postcard::from_bytes(&bytes), Ok(failure));
    }
}
