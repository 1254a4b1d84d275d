//! Which commands a lock waits for.

use super::Command;
use crate::worker::{
    ArrangeCommand, AttachmentCommand, CheckCommand, ImportCommand, MomentCommand, ReminderCommand,
    TokenCommand,
};

impl Command {
    /// Whether it changes something that a person believes to be done once they asked for it: a
    /// lock waits for it. What takes long and can be stopped is not among them.
    pub fn is_change(&self) -> bool {
        match self {
            Self::Save(_)
            | Self::KeepDraft(_)
            | Self::SetFavourite { .. }
            | Self::Trash(_)
            | Self::Restore(_)
            | Self::Purge(_)
            | Self::RestoreVersion { .. }
            | Self::DismissNotices
            | Self::PutRecoveryOff
            | Self::DropRekey
            | Self::PasskeyRemoved(_)
            | Self::Reminders(ReminderCommand::Change(_))
            | Self::Import(ImportCommand::Undo) => true,
            Self::Arrange(command) => matches!(
                command,
                ArrangeCommand::Change { .. }
                    | ArrangeCommand::Undo(_)
                    | ArrangeCommand::ChangeViews(_)
            ),
            Self::Attachment(command) => matches!(
                command,
                AttachmentCommand::Finish(_)
                    | AttachmentCommand::Discard(_)
                    | AttachmentCommand::Rename { .. }
                    | AttachmentCommand::Remove { .. }
                    | AttachmentCommand::PutBack(_)
            ),
            Self::Tokens(command) => matches!(
                command,
                TokenCommand::Revoke(_) | TokenCommand::Take(_) | TokenCommand::Discard(_)
            ),
            Self::Check(command) => {
                matches!(command, CheckCommand::Keep | CheckCommand::Save { .. })
            }
            Self::Moment(command) => {
                matches!(command, MomentCommand::Return(_) | MomentCommand::Undo)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use keyarc_wire::ItemId;

    use super::*;

    #[test]
    fn a_lock_waits_for_what_a_person_believes_to_be_done() {
        let item = ItemId([1; 16]);
        let changes = [
            Command::PutRecoveryOff,
            Command::KeepDraft(None),
            Command::Trash(vec![item]),
            Command::Arrange(ArrangeCommand::Undo(1)),
            Command::Moment(MomentCommand::Undo),
            Command::Check(CheckCommand::Keep),
        ];
        assert!(changes.iter().all(Command::is_change));
        let looks = [
            Command::Sync,
            Command::Reveal(item),
            Command::Arrange(ArrangeCommand::Views),
            Command::Check(CheckCommand::Next),
        ];
        assert!(!looks.iter().any(Command::is_change));
    }
}
