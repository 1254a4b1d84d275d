//! What page and worker say to each other about tests of keys.
//!
//! The worker decides what is asked and what an answer means. A key leaves it in
//! [`CheckReply::Request`] alone, one key for one request, after a person agreed to ask that host;
//! the page hands it to a frame of its own and drops it.

use keyarc_vault::{Browsers, CheckAnswer, CheckDefinition, CheckRequest, CheckResult, PlanError};
use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};

/// What the page may ask for.
#[derive(Clone, Serialize, Deserialize)]
pub enum CheckCommand {
    /// How would this item be tested? → [`CheckReply::Ready`] or [`CheckReply::Refused`]. It is
    /// the one that the next commands are about.
    Begin(ItemId),
    /// What can be tested together? → [`CheckReply::Ahead`].
    BeginAll,
    /// The next of those → [`CheckReply::Ready`], [`CheckReply::Refused`],
    /// [`CheckReply::Wait`] or [`CheckReply::Ended`].
    Next,
    /// The request, since a person agrees to ask this host → [`CheckReply::Request`]. Once.
    Take,
    /// Passes the test that was begun over → [`CheckReply::Done`].
    Skip,
    /// What came of it → [`CheckReply::Found`].
    Answered(CheckAnswer),
    /// Writes what was found since this was last asked for → [`CheckReply::Done`].
    Keep,
    /// How is this item tested? → [`CheckReply::Edit`].
    Edit(ItemId),
    /// Tests it in this way from now on; `None` for the way of its provider
    /// → [`CheckReply::Done`].
    Save {
        /// The item.
        item: ItemId,
        /// The version that the edit began from.
        version: u64,
        /// The way.
        definition: Option<CheckDefinition>,
    },
}

/// What the worker answers.
#[derive(Serialize, Deserialize)]
pub enum CheckReply {
    /// It is done.
    Done,
    /// A test waits for somebody to agree.
    Ready(Box<CheckReady>),
    /// An item cannot be tested.
    Refused(CheckRefusal),
    /// What there is to test.
    Ahead(ChecksAhead),
    /// The next one's host was asked just now.
    Wait {
        /// Milliseconds.
        millis: u32,
    },
    /// There is no next one.
    Ended,
    /// The request, with the key in it.
    Request(Box<CheckRequest>),
    /// What a test found.
    Found(CheckFound),
    /// How an item is tested.
    Edit(Box<CheckEdit>),
}

/// A test that has not been made, without the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReady {
    /// Whose key it is.
    pub item: ItemId,
    /// Its name.
    pub name: String,
    /// Who is asked: host and port.
    pub host: String,
    /// Somebody agreed before to ask this host.
    pub agreed: bool,
    /// Whether the host lets browsers ask.
    pub browsers: Browsers,
    /// Asks the same from a terminal, with the key from the environment.
    pub command_line: String,
}

/// An item that cannot be tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRefusal {
    /// The item.
    pub item: ItemId,
    /// Its name.
    pub name: String,
    /// Why.
    pub why: PlanError,
}

/// What there is to test.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecksAhead {
    /// Items.
    pub items: u32,
    /// Further items whose providers let no browser ask.
    pub not_by_browsers: u32,
}

/// What a test found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckFound {
    /// Whose key it was.
    pub item: ItemId,
    /// Its name.
    pub name: String,
    /// Who was asked.
    pub host: String,
    /// What was found.
    pub result: CheckResult,
    /// When, Unix milliseconds.
    pub at_ms: u64,
    /// Asks the same from a terminal.
    pub command_line: String,
}

/// How an item is tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckEdit {
    /// The item.
    pub item: ItemId,
    /// Its version.
    pub version: u64,
    /// Its own way, or its provider's, or an empty one to begin with.
    pub definition: CheckDefinition,
    /// It is its own.
    pub own: bool,
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Command, Reply},
        *,
    };

    #[test]
    fn a_test_passes_between_page_and_worker() {
        let answer = CheckAnswer::Status {
            status: 401,
            found: 3,
        };
        let commands = [
            CheckCommand::Begin(ItemId([1; 16])),
            CheckCommand::Answered(answer),
            CheckCommand::Save {
                item: ItemId([1; 16]),
                version: 4,
                definition: Some(CheckDefinition::default()),
            },
        ];
        for command in commands {
            let bytes = postcard::to_allocvec(&Command::Check(command.clone())).expect("written");
            let Ok(Command::Check(read)) = postcard::from_bytes(&bytes) else {
                panic!("another command");
            };
            let again = postcard::to_allocvec(&Command::Check(read)).expect("written");
            assert_eq!(bytes, again);
        }
        let request = CheckRequest {
            method: "GET".to_owned(),
            url: "https://a.example/".to_owned(),
            origin: "https://a.example".to_owned(),
            headers: vec![("x".to_owned(), "key".to_owned())],
            patterns: vec!["expired".to_owned()],
        };
        let reply = Reply::Check(CheckReply::Request(Box::new(request.clone())));
        let bytes = postcard::to_allocvec(&reply).expect("written");
        let Ok(Reply::Check(CheckReply::Request(read))) = postcard::from_bytes(&bytes) else {
            panic!("another reply");
        };
        assert!(*read == request);
        assert_eq!(format!("{request:?}"), "CheckRequest(redacted)");
    }
}
