use std::collections::VecDeque;

use keyarc_app::worker::{ArrangeCommand, ArrangeReply, Arrangement, Failure, Reply, Target};
use keyarc_client::{BulkUndo, ClientError, SaveError};
use keyarc_vault::{ListQuery, SelectStep};
use keyarc_wire::{ItemId, limits};

use super::{
    commands::tell_changed,
    state::{Open, VaultWorker},
};
use crate::browser::today;

/// Changes that can be taken back: more than a page offers at a time.
const KEPT: usize = 8;

/// The last changes, by number. One is there once: taking it back takes it out.
#[derive(Default)]
pub(super) struct Undos {
    last: u32,
    kept: VecDeque<(u32, BulkUndo)>,
}

impl Undos {
    fn keep(&mut self, undo: BulkUndo) -> u32 {
        self.last += 1;
        self.put(self.last, undo);
        self.last
    }

    fn put(&mut self, number: u32, undo: BulkUndo) {
        if self.kept.len() >= KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((number, undo));
    }

    fn take(&mut self, number: u32) -> Option<BulkUndo> {
        let at = self.kept.iter().position(|(known, _)| *known == number)?;
        self.kept.remove(at).map(|(_, undo)| undo)
    }
}

impl VaultWorker {
    pub(super) fn select(&self, step: SelectStep, window: &ListQuery) -> Result<Reply, Failure> {
        let session = self.session()?;
        let mut selection = self.selection.borrow_mut();
        let selected = session.look(|vault| vault.select(&mut selection, step, window, today()));
        Ok(Reply::Arrange(ArrangeReply::Selected(selected)))
    }

    /// What is seldom asked for; the rest is done where it comes in.
    pub(super) async fn arranged(&self, command: ArrangeCommand) -> Result<Reply, Failure> {
        match command {
            ArrangeCommand::Facts(target) => self.target_facts(&target),
            ArrangeCommand::Change { target, what } => self.arrange(&target, &what).await,
            ArrangeCommand::Undo(number) => self.undo_arrange(number).await,
            ArrangeCommand::ChangeViews(step) => self.change_views(step).await,
            ArrangeCommand::Select { .. } | ArrangeCommand::Opened(_) | ArrangeCommand::Views => {
                Ok(Reply::Arrange(ArrangeReply::Noted))
            }
        }
    }

    fn target_facts(&self, target: &Target) -> Result<Reply, Failure> {
        let session = self.session()?;
        let ids = self.ids_of(&session, target);
        let facts = session.look(|vault| vault.facts_of(&ids));
        Ok(Reply::Arrange(ArrangeReply::Facts(facts)))
    }

    async fn arrange(&self, target: &Target, what: &Arrangement) -> Result<Reply, Failure> {
        let session = self.session()?;
        let ids = self.ids_of(&session, target);
        let (changed, undo) = match what {
            Arrangement::Change(change) => {
                let done = session.change_many(&ids, change).await;
                let bulk = done.map_err(|error| self.not_arranged(error))?;
                let undo = (bulk.changed > 0).then(|| self.undos.borrow_mut().keep(bulk.undo));
                (bulk.changed, undo)
            }
            Arrangement::Purge => {
                let done = session.purge_many(&ids).await;
                let changed = done.map_err(|error| self.not_arranged(error.into()))?;
                (changed, None)
            }
        };
        if changed > 0 {
            tell_changed(&session);
        }
        Ok(Reply::Arrange(ArrangeReply::Changed { changed, undo }))
    }

    /// One that fails can be tried again.
    async fn undo_arrange(&self, number: u32) -> Result<Reply, Failure> {
        let session = self.session()?;
        let undo = self.undos.borrow_mut().take(number);
        let undo = undo.ok_or(Failure::NotFound)?;
        match session.undo_many(&undo).await {
            Ok(undone) => {
                tell_changed(&session);
                Ok(Reply::Arrange(ArrangeReply::Undone {
                    restored: undone.restored,
                    left: undone.left,
                }))
            }
            Err(error) => {
                self.undos.borrow_mut().put(number, undo);
                Err(self.not_arranged(error))
            }
        }
    }

    fn ids_of(&self, session: &Open, target: &Target) -> Vec<ItemId> {
        match target {
            Target::Selection => self.selection.borrow().ids(),
            Target::Items(ids) => ids.clone(),
            Target::Folder(path) => session.look(|vault| vault.items_below(path)),
            Target::Trash => {
                let mut ids = session.look(|vault| vault.items_in_trash());
                ids.truncate(limits::ITEMS_PER_WRITE);
                ids
            }
        }
    }

    fn not_arranged(&self, error: SaveError) -> Failure {
        match error {
            SaveError::Client(ClientError::TooLarge) => Failure::TooMany {
                limit: limits::ITEMS_PER_WRITE as u32,
            },
            other => self.not_saved(other),
        }
    }
}
