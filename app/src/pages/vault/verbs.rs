//! What can be done with many items at once, in one table: the bar below the list and the
//! palette go by it.

use keyarc_vault::BulkChange;

use crate::{
    ui::Icon,
    words::counted,
    worker::{Arrangement, Target},
};

/// Something that can be done with the selected items, or with the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Move,
    AddTags,
    Star,
    Trash,
    RemoveTags,
    Environment,
    Expiry,
    Unstar,
    Export,
    Restore,
    Purge,
}

impl Verb {
    /// All, in the order they are offered.
    pub(super) const ALL: [Self; 11] = [
        Self::Move,
        Self::AddTags,
        Self::Star,
        Self::Trash,
        Self::RemoveTags,
        Self::Environment,
        Self::Expiry,
        Self::Unstar,
        Self::Export,
        Self::Restore,
        Self::Purge,
    ];

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Move => "Move to…",
            Self::AddTags => "Add tags…",
            Self::Star => "Add to favourites",
            Self::Trash => "Move to the trash",
            Self::RemoveTags => "Remove tags…",
            Self::Environment => "Set environment…",
            Self::Expiry => "Set expiry…",
            Self::Unstar => "Remove from favourites",
            Self::Export => "Export…",
            Self::Restore => "Restore",
            Self::Purge => "Delete for good…",
        }
    }

    pub(super) fn icon(self) -> Icon {
        match self {
            Self::Move => Icon::Folder,
            Self::AddTags | Self::RemoveTags => Icon::Tag,
            Self::Star | Self::Unstar => Icon::Star,
            Self::Trash | Self::Purge => Icon::Trash,
            Self::Environment => Icon::List,
            Self::Expiry => Icon::Clock,
            Self::Export => Icon::Download,
            Self::Restore => Icon::Undo,
        }
    }

    /// For what is in the trash, or for what is not.
    pub(super) fn is_for(self, in_trash: bool) -> bool {
        matches!(self, Self::Restore | Self::Purge) == in_trash
    }

    /// Whether it can be done with these: an export is of what was selected.
    pub(super) fn takes(self, target: &Target) -> bool {
        self != Self::Export || *target == Target::Selection
    }

    /// Stands in the bar by itself, rather than in the menu beside it.
    pub(super) fn is_near(self) -> bool {
        matches!(
            self,
            Self::Move | Self::AddTags | Self::Star | Self::Trash | Self::Restore | Self::Purge
        )
    }

    /// What is done without a question.
    pub(super) fn at_once(self) -> Option<Arrangement> {
        let change = match self {
            Self::Star => BulkChange::Favourite(true),
            Self::Unstar => BulkChange::Favourite(false),
            Self::Trash => BulkChange::Trash,
            Self::Restore => BulkChange::Restore,
            Self::Move
            | Self::AddTags
            | Self::RemoveTags
            | Self::Environment
            | Self::Expiry
            | Self::Export
            | Self::Purge => return None,
        };
        Some(Arrangement::Change(change))
    }
}

/// What was done, in a sentence.
pub(super) fn done_words(what: &Arrangement, changed: u32) -> String {
    let items = counted(changed, "item");
    let change = match what {
        Arrangement::Purge => return format!("{items} deleted for good."),
        Arrangement::Change(change) => change,
    };
    match change {
        BulkChange::Folder(path) if path.trim().is_empty() => {
            format!("{items} moved out of folders.")
        }
        BulkChange::Folder(path) | BulkChange::MoveFolder { to: path, .. } => {
            format!("{items} moved to {path}.")
        }
        BulkChange::AddTags(_) => format!("{items} tagged."),
        BulkChange::RemoveTags(_) => format!("Tags removed from {items}."),
        BulkChange::Environment(Some(name)) => format!("{items} moved to {name}."),
        BulkChange::Environment(None) => format!("{items} without environment."),
        BulkChange::ExpiresOn(Some(day)) => format!("{items} to expire on {}.", day.long()),
        BulkChange::ExpiresOn(None) => format!("{items} without expiry."),
        BulkChange::Favourite(true) => format!("{items} added to favourites."),
        BulkChange::Favourite(false) => format!("{items} removed from favourites."),
        BulkChange::Trash => format!("{items} moved to the trash."),
        BulkChange::Restore => format!("{items} restored."),
    }
}

/// What became of taking it back, in a sentence.
pub(super) fn undone_words(restored: u32, left: u32) -> String {
    let was = |count: u32| if count == 1 { "was" } else { "were" };
    match (restored, left) {
        (_, 0) => format!("Undone: {} as before.", counted(restored, "item")),
        (0, left) => format!(
            "Nothing was undone: {} {} changed meanwhile, and stay as they are now.",
            counted(left, "item"),
            was(left)
        ),
        (restored, left) => format!(
            "Undone: {} as before. {} {} changed meanwhile, and stay as they are now.",
            counted(restored, "item"),
            counted(left, "item"),
            was(left)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_its_own_verbs_and_each_stands_once() {
        let of = |in_trash| {
            Verb::ALL
                .into_iter()
                .filter(move |verb| verb.is_for(in_trash))
        };
        assert_eq!(of(true).collect::<Vec<_>>(), [Verb::Restore, Verb::Purge]);
        assert_eq!(of(false).count(), 9);
        assert!(of(true).all(Verb::is_near));
    }

    #[test]
    fn what_was_not_undone_is_said() {
        assert_eq!(undone_words(3, 0), "Undone: 3 items as before.");
        assert!(undone_words(2, 1).contains("1 item was changed meanwhile"));
        assert!(undone_words(0, 2).starts_with("Nothing was undone"));
    }
}
