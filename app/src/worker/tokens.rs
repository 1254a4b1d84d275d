//! What page and worker say to each other about machine tokens.

use std::fmt;

use keyarc_vault::MachineScope;
use keyarc_wire::{MachineTokenId, MachineUseKind, MachineUseMark};
use serde::{Deserialize, Serialize};

use super::message::Failure;

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
    /// Done.
    Done,
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
