//! What can be done with many items at once, in one table: the bar below the list and the
//! palette go by it.

use keyarc_vault::BulkChange;

use crate::{
    ui::Icon,
    words::long_day,
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
            Self::Move => t!("Move to…"),
            Self::AddTags => t!("Add tags…"),
            Self::Star => t!("Add to favourites"),
            Self::Trash => t!("Move to the trash"),
            Self::RemoveTags => t!("Remove tags…"),
            Self::Environment => t!("Set environment…"),
            Self::Expiry => t!("Set expiry…"),
            Self::Unstar => t!("Remove from favourites"),
            Self::Export => t!("Export…"),
            Self::Restore => t!("Restore"),
            Self::Purge => t!("Delete for good…"),
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
    let change = match what {
        Arrangement::Purge => {
            return tn!(
                changed,
                "{count} item deleted for good.",
                "{count} items deleted for good."
            );
        }
        Arrangement::Change(change) => change,
    };
    match change {
        BulkChange::Folder(path) if path.trim().is_empty() => tn!(
            changed,
            "{count} item moved out of folders.",
            "{count} items moved out of folders."
        ),
        BulkChange::Folder(path) | BulkChange::MoveFolder { to: path, .. } => tn!(
            changed,
            "{count} item moved to {path}.",
            "{count} items moved to {path}.",
            path
        ),
        BulkChange::AddTags(_) => tn!(changed, "{count} item tagged.", "{count} items tagged."),
        BulkChange::RemoveTags(_) => tn!(
            changed,
            "Tags removed from {count} item.",
            "Tags removed from {count} items."
        ),
        BulkChange::Environment(Some(name)) => tn!(
            changed,
            "{count} item moved to {name}.",
            "{count} items moved to {name}.",
            name
        ),
        BulkChange::Environment(None) => tn!(
            changed,
            "{count} item without environment.",
            "{count} items without environment."
        ),
        BulkChange::ExpiresOn(Some(day)) => tn!(
            changed,
            "{count} item to expire on {day}.",
            "{count} items to expire on {day}.",
            day = long_day(*day)
        ),
        BulkChange::ExpiresOn(None) => tn!(
            changed,
            "{count} item without expiry.",
            "{count} items without expiry."
        ),
        BulkChange::Favourite(true) => tn!(
            changed,
            "{count} item added to favourites.",
            "{count} items added to favourites."
        ),
        BulkChange::Favourite(false) => tn!(
            changed,
            "{count} item removed from favourites.",
            "{count} items removed from favourites."
        ),
        BulkChange::Trash => tn!(
            changed,
            "{count} item moved to the trash.",
            "{count} items moved to the trash."
        ),
        BulkChange::Restore => tn!(changed, "{count} item restored.", "{count} items restored."),
    }
}

/// What became of taking it back, in a sentence.
pub(super) fn undone_words(restored: u32, left: u32) -> String {
    let undone = tn!(
        restored,
        "Undone: {count} item as before.",
        "Undone: {count} items as before."
    );
    match (restored, left) {
        (_, 0) => undone,
        (0, left) => tn!(
            left,
            "Nothing was undone: {count} item was changed meanwhile, and stay as they are now.",
            "Nothing was undone: {count} items were changed meanwhile, and stay as they are now."
        ),
        (_, left) => {
            let stayed = tn!(
                left,
                "{count} item was changed meanwhile, and stay as they are now.",
                "{count} items were changed meanwhile, and stay as they are now."
            );
            format!("{undone} {stayed}")
        }
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
