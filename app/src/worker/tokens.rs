//! What page and worker say to each other about machine tokens.

use std::fmt;

use keyarc_vault::{DraftError, MachineScope};
use keyarc_wire::{ItemId, MachineChangeName, MachineTokenId, MachineUseKind, MachineUseMark};
use serde::{Deserialize, Serialize};

use super::message::Failure;
use crate::compare::Difference;

/// What the page may ask about machine tokens.
#[derive(Serialize, Deserialize)]
pub enum TokenCommand {
    /// The account's tokens, with their copies brought up to date → [`TokenReply::List`].
    List,
    /// Makes one → [`TokenReply::Made`].
    Make(TokenWish),
    /// Revokes one → [`TokenReply::Done`].
    Revoke(MachineTokenId),
    /// Who used one → [`TokenReply::Uses`].
    Uses {
        /// The token.
        token: MachineTokenId,
        /// Those before this one; the newest without it.
        before: Option<MachineUseMark>,
    },
    /// Brings the copies up to date → [`TokenReply::Done`]. The worker gives this to itself.
    Update,
    /// Takes what was handed in and fits, and lists what else waits → [`TokenReply::Waiting`].
    Waiting,
    /// Looks at what a change that waits makes of its item → [`TokenReply::Compared`].
    Look {
        /// Names it.
        change: MachineChangeName,
        /// Secrets too. Without it they stay in the worker.
        reveal: bool,
    },
    /// Takes a change that waits, as the newest version of its item → [`TokenReply::Done`].
    Take(MachineChangeName),
    /// Discards a change that waits → [`TokenReply::Done`].
    Discard(MachineChangeName),
}

/// A token to be made.
#[derive(Serialize, Deserialize)]
pub struct TokenWish {
    /// What its owner calls it.
    pub name: String,
    /// What it reads.
    pub scope: MachineScope,
    /// When it ends, Unix milliseconds; `None` for never.
    pub expires_at_ms: Option<u64>,
    /// Where it may be used, as `10.0.0.0/8`; anywhere without any.
    pub networks: Vec<String>,
    /// Whether its holder may hand in changes.
    pub writes: bool,
}

/// What the worker answers.
#[derive(Serialize, Deserialize)]
pub enum TokenReply {
    /// The tokens.
    List(Vec<TokenView>),
    /// It was made.
    Made {
        /// The token, to be shown once.
        text: String,
        /// How many items it reads.
        items: u32,
    },
    /// Who used it.
    Uses {
        /// Newest first.
        uses: Vec<TokenUse>,
        /// Where to go on; `None` when there are no more.
        next: Option<MachineUseMark>,
    },
    /// What waits for a person.
    Waiting(Vec<WaitingView>),
    /// A change that waits, field by field, beside what its item is now.
    Compared(Vec<Difference>),
    /// Done.
    Done,
}

/// A change that was taken, as it is told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenView {
    /// What its token is called.
    pub token: String,
    /// The item.
    pub item: ItemId,
    /// What the item is called.
    pub name: String,
    /// It went to the trash.
    pub trashed: bool,
}

impl fmt::Debug for TakenView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TakenView({}, redacted)", self.item)
    }
}

/// A change that waits for a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingView {
    /// Names it.
    pub change: MachineChangeName,
    /// What its token is called, if that can be opened.
    pub token: Option<String>,
    /// What the item is called, or would be; `None` when nothing tells.
    pub name: Option<String>,
    /// The item would go to the trash.
    pub trashes: bool,
    /// When it was handed in, Unix milliseconds.
    pub handed_in_at_ms: u64,
    /// Why it waits.
    pub why: WaitingWhy,
}

impl fmt::Debug for WaitingView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WaitingView({}, redacted)", self.change.item_id)
    }
}

/// Why a change waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaitingWhy {
    /// The item was changed since.
    Outdated,
    /// Its token has ended.
    Ended,
    /// The item was deleted for good.
    Gone,
    /// Its token may not write that.
    OutOfScope,
    /// It breaks a rule for items.
    Broken(DraftError),
    /// It does not open.
    Unreadable,
}

impl WaitingView {
    /// Whether it says something that a person can look at.
    pub fn can_be_looked_at(&self) -> bool {
        !self.trashes && self.why != WaitingWhy::Unreadable
    }
}

impl WaitingWhy {
    /// Whether a person can take it all the same.
    pub fn can_be_taken(&self) -> bool {
        matches!(self, Self::Outdated | Self::Ended)
    }
}

/// A token in the list.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenView {
    /// Names it.
    pub id: MachineTokenId,
    /// What its owner calls it, and what it reads; `None` when that cannot be opened.
    pub note: Option<(String, MachineScope)>,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// Unix milliseconds; `None` for never.
    pub expires_at_ms: Option<u64>,
    /// Where it may be used; anywhere without any.
    pub networks: Vec<String>,
    /// Whether its holder may hand in changes.
    pub writes: bool,
    /// How many of them wait.
    pub waiting: u32,
    /// The last time that somebody used it, or tried to.
    pub last_use: Option<TokenUse>,
    /// How its copy stands to the vault.
    pub standing: TokenStanding,
}

impl fmt::Debug for TokenView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenView({}, redacted)", self.id)
    }
}

/// How the copy of a token stands to the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenStanding {
    /// It holds so many items, as they are now.
    Current {
        /// How many.
        items: u32,
    },
    /// It has older values, or could not be looked at.
    Behind(Box<Failure>),
    /// The token has ended.
    Expired,
    /// It was revoked, Unix milliseconds.
    Revoked(u64),
}

/// A use of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUse {
    /// Unix milliseconds.
    pub at_ms: u64,
    /// From where, shortened as in the list of sessions.
    pub address: String,
    /// What for, and how it ended.
    pub kind: MachineUseKind,
}
