//! Many items at once, and lists under names: what the page asks the worker to do with them.

use keyarc_vault::{
    BulkChange, ListQuery, SavedView, SelectStep, Selected, SelectionFacts, ViewStep,
};
use keyarc_wire::ItemId;
use serde::{Deserialize, Serialize};

/// What the page may ask for.
#[derive(Serialize, Deserialize)]
pub enum ArrangeCommand {
    /// Changes which items are selected → [`ArrangeReply::Selected`].
    Select {
        /// How.
        step: SelectStep,
        /// The list, and the window of it that is shown.
        window: ListQuery,
    },
    /// An item was opened: it was used last → [`ArrangeReply::Noted`].
    Opened(ItemId),
    /// What there is to know before something is done → [`ArrangeReply::Facts`].
    Facts(Target),
    /// Does something with many items → [`ArrangeReply::Changed`].
    Change {
        /// Which ones.
        target: Target,
        /// What.
        what: Arrangement,
    },
    /// Takes a change back → [`ArrangeReply::Undone`].
    Undo(u32),
    /// The lists kept under a name on this device → [`ArrangeReply::Views`].
    Views,
    /// Changes them → [`ArrangeReply::Views`].
    ChangeViews(ViewStep),
}

/// What the worker answers.
#[derive(Serialize, Deserialize)]
pub enum ArrangeReply {
    /// It is done.
    Noted,
    /// What is selected now.
    Selected(Selected),
    /// What there is to know of some items.
    Facts(SelectionFacts),
    /// Many items were changed.
    Changed {
        /// How many. The others were so already, or are gone.
        changed: u32,
        /// For [`ArrangeCommand::Undo`], if it can be taken back.
        undo: Option<u32>,
    },
    /// A change was taken back.
    Undone {
        /// Items that are as they were.
        restored: u32,
        /// Items that were changed or deleted since, and stay so.
        left: u32,
    },
    /// The lists kept under a name.
    Views(Vec<SavedView>),
}

/// Which items are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// Those that are selected, which the worker knows.
    Selection,
    /// These.
    Items(Vec<ItemId>),
    /// Everything in a folder or below it, in the trash too.
    Folder(String),
    /// Everything in the trash, as far as one write holds it.
    Trash,
}

/// What is done with them, in one write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arrangement {
    /// Can be taken back by [`ArrangeCommand::Undo`].
    Change(BulkChange),
    /// Deletes for good what is in the trash.
    Purge,
}
