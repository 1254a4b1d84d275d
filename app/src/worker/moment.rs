//! What page and worker say to each other about the vault as it was at a moment. What it was stays
//! in the worker; the page gets a window of it.

use std::fmt;

use keyarc_vault::MomentRow;
use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};

/// What the page may ask about a moment.
#[derive(Serialize, Deserialize)]
pub enum MomentCommand {
    /// Looks at a moment, Unix milliseconds → [`MomentReply::Shown`].
    Show {
        /// When.
        at_ms: u64,
    },
    /// Some of it → [`MomentReply::Rows`].
    Rows(MomentQuery),
    /// Makes items again what they were → [`MomentReply::Returned`].
    Return(MomentChoice),
    /// Takes the last of those back → [`MomentReply::Undone`].
    Undo,
    /// Forgets it → [`MomentReply::Done`].
    Forget,
}

/// Which lines are wanted.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct MomentQuery {
    /// Only items that are not now what they were.
    pub differing: bool,
    /// Only those with this in their name.
    pub text: String,
    /// How many come before.
    pub offset: u32,
    /// How many at most.
    pub limit: u32,
}

/// Which items are to become what they were.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MomentChoice {
    /// All that can, but for these. Otherwise these and no others.
    pub all: bool,
    /// See `all`.
    pub except: Vec<ItemId>,
}

/// What the worker answers.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MomentReply {
    /// How much there was.
    Shown(MomentFacts),
    /// Lines.
    Rows(MomentWindow),
    /// Items are what they were.
    Returned {
        /// So many.
        changed: u32,
        /// So many are not, because their secret of then is not kept, or they are gone.
        lost: u32,
    },
    /// That was taken back.
    Undone {
        /// Items that are as they were before.
        restored: u32,
        /// Items that were changed since, and stay.
        left: u32,
    },
    /// Done.
    Done,
}

/// How much there was at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MomentFacts {
    /// When, Unix milliseconds.
    pub at_ms: u64,
    /// Items, those in the trash included.
    pub items: u32,
    /// Those that are not now what they were.
    pub differing: u32,
    /// Those that can become it again.
    pub returnable: u32,
    /// Items of now that came later.
    pub later: u32,
}

/// Lines that were asked for.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MomentWindow {
    /// How many there are.
    pub total: u32,
    /// How many come before.
    pub offset: u32,
    /// The lines.
    pub rows: Vec<MomentRow>,
}

impl fmt::Debug for MomentQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MomentQuery({}, {})", self.offset, self.limit)
    }
}

impl fmt::Debug for MomentWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MomentWindow({} of {})", self.rows.len(), self.total)
    }
}
