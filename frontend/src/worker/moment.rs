use std::collections::HashSet;

use keyarc_app::worker::{
    Failure, MomentChoice, MomentCommand, MomentFacts, MomentQuery, MomentReply, MomentWindow,
};
use keyarc_client::{ClientError, ReturnUndo, SaveError};
use keyarc_vault::{OldVersion, Then, WINDOW_MAX};
use keyarc_wire::{ItemVersion, limits};

use super::{commands::tell_changed, state::VaultWorker};

/// The vault as it was at a moment.
#[derive(Default)]
pub(super) struct Moment {
    at_ms: u64,
    items: Vec<Then>,
    /// Takes the last return back, which was to the moment `returned_to_ms`.
    undo: Option<ReturnUndo>,
    returned_to_ms: u64,
}

impl VaultWorker {
    /// Carries out what the page asks about a moment.
    pub(super) async fn moment(&self, command: MomentCommand) -> Result<MomentReply, Failure> {
        match command {
            MomentCommand::Show { at_ms } => self.show_moment(at_ms).await,
            MomentCommand::Rows(query) => self.moment_rows(&query),
            MomentCommand::Return(choice) => self.return_chosen(&choice).await,
            MomentCommand::Undo => self.undo_return().await,
            MomentCommand::Forget => {
                self.moment.borrow_mut().items.clear();
                Ok(MomentReply::Done)
            }
        }
    }

    async fn show_moment(&self, at_ms: u64) -> Result<MomentReply, Failure> {
        let session = self.session()?;
        let found = session.moment(at_ms).await;
        let mut items = found.map_err(|error| self.failed(error))?;
        let mut moment = self.moment.borrow_mut();
        if let Some(undo) = moment
            .undo
            .as_ref()
            .filter(|_| moment.returned_to_ms == at_ms)
        {
            // Sealed anew, which nothing but having done it tells from changed.
            let made: HashSet<ItemVersion> = undo.made().collect();
            for then in &mut items {
                let now = session.look(|vault| vault.summary(then.id()));
                let is_made = now.is_some_and(|now| {
                    made.contains(&ItemVersion {
                        item_id: now.id,
                        version: now.version,
                    })
                });
                if is_made {
                    then.mark_returned();
                }
            }
        }
        let facts = MomentFacts {
            at_ms,
            items: items.len() as u32,
            differing: items.iter().filter(|then| then.differs()).count() as u32,
            returnable: items.iter().filter(|then| then.can_return()).count() as u32,
            later: session
                .look(|vault| vault.count())
                .saturating_sub(items.len()) as u32,
        };
        moment.at_ms = at_ms;
        moment.items = items;
        Ok(MomentReply::Shown(facts))
    }

    fn moment_rows(&self, query: &MomentQuery) -> Result<MomentReply, Failure> {
        let session = self.session()?;
        let text = query.text.trim().to_lowercase();
        let moment = self.moment.borrow();
        let wanted = |then: &&Then| (!query.differing || then.differs()) && then.is_called(&text);
        let all: Vec<&Then> = moment.items.iter().filter(wanted).collect();
        let rows = session.look(|vault| {
            all.iter()
                .skip(query.offset as usize)
                .take(query.limit.min(WINDOW_MAX) as usize)
                .filter_map(|then| vault.moment_row(then))
                .collect()
        });
        Ok(MomentReply::Rows(MomentWindow {
            total: all.len() as u32,
            offset: query.offset,
            rows,
        }))
    }

    async fn return_chosen(&self, choice: &MomentChoice) -> Result<MomentReply, Failure> {
        let session = self.session()?;
        // Out of its place while it is used; whoever looks at another moment meanwhile wins.
        let (at_ms, items) = {
            let mut moment = self.moment.borrow_mut();
            (moment.at_ms, std::mem::take(&mut moment.items))
        };
        let is_chosen = |then: &&Then| choice.except.contains(&then.id()) != choice.all;
        let chosen: Vec<&OldVersion> = items
            .iter()
            .filter(is_chosen)
            .filter_map(Then::other)
            .collect();
        let returned = session.return_to(&chosen).await;
        drop(chosen);
        {
            let mut moment = self.moment.borrow_mut();
            if moment.items.is_empty() {
                moment.items = items;
            }
        }
        let returned = returned.map_err(|error| self.not_returned(error))?;
        tell_changed(&session);
        let mut moment = self.moment.borrow_mut();
        moment.undo = Some(returned.undo);
        moment.returned_to_ms = at_ms;
        Ok(MomentReply::Returned {
            changed: returned.changed,
            lost: returned.lost,
        })
    }

    /// One that fails can be tried again.
    async fn undo_return(&self) -> Result<MomentReply, Failure> {
        let session = self.session()?;
        let undo = self.moment.borrow_mut().undo.take();
        let undo = undo.ok_or(Failure::NotFound)?;
        match session.undo_return(&undo).await {
            Ok((restored, left)) => {
                tell_changed(&session);
                Ok(MomentReply::Undone { restored, left })
            }
            Err(error) => {
                self.moment.borrow_mut().undo = Some(undo);
                Err(self.not_returned(error))
            }
        }
    }

    fn not_returned(&self, error: SaveError) -> Failure {
        match error {
            SaveError::Client(ClientError::TooLarge) => Failure::TooMany {
                limit: limits::ITEMS_PER_WRITE as u32,
            },
            other => self.not_saved(other),
        }
    }
}
