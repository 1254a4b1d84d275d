use std::cell::{Cell, RefCell};

use gloo_timers::future::TimeoutFuture;
use keyarc_app::worker::{Event, Failure, ImportCommand, ImportReply, Reply, Stage, Unread};
use keyarc_vault::{
    ImportPlan, ImportWish,
    import::{IMPORT_MAX, Import, Unreadable, detect, open},
    sample_items,
};
use keyarc_wire::ItemId;
use zeroize::Zeroizing;

use super::{commands::tell_changed, state::VaultWorker, tell};
use crate::browser::today;

/// Entries compared with the vault between two looks at whether that was stopped.
const SORT_AT_ONCE: usize = 250;

/// A file on its way into the vault.
#[derive(Default)]
pub(super) struct Importing {
    file: RefCell<Zeroizing<Vec<u8>>>,
    /// What was read of it.
    read: RefCell<Option<Import>>,
    /// What the last import added, until the next file.
    added: RefCell<Vec<ItemId>>,
    /// Counts up whenever somebody stops what is going on.
    stopped: Cell<u32>,
}

impl Importing {
    /// Stops, and forgets everything.
    pub(super) fn forget(&self) {
        self.stop();
        self.file.take();
        self.read.take();
        self.added.take();
    }

    fn stop(&self) {
        self.stopped.set(self.stopped.get().wrapping_add(1));
    }
}

impl VaultWorker {
    /// Carries out what the page asks of an import.
    pub(super) async fn import(&self, command: ImportCommand) -> Result<ImportReply, Failure> {
        match command {
            ImportCommand::Take { first, piece } => {
                if first {
                    self.import.forget();
                }
                let mut file = self.import.file.borrow_mut();
                if file.len() + piece.0.len() > IMPORT_MAX {
                    let limit_mb = (IMPORT_MAX >> 20) as u32;
                    return Err(Failure::TooLarge { limit_mb });
                }
                append(&mut file, &piece.0);
                Ok(ImportReply::Done)
            }
            ImportCommand::Read { file_name, wish } => {
                self.read_import(file_name.as_deref(), wish).await
            }
            ImportCommand::Rows(query) => {
                self.look(|import| ImportReply::Rows(import.window(&query)))
            }
            ImportCommand::Errors { offset, limit } => {
                self.look(|import| ImportReply::Errors(import.errors(offset, limit).to_vec()))
            }
            ImportCommand::Confirm(plan) => self.confirm_import(&plan).await,
            ImportCommand::Stop => {
                self.import.stop();
                Ok(ImportReply::Done)
            }
            ImportCommand::Undo => {
                let session = self.session()?;
                let added = self.import.added.take();
                let trashed = session.trash(&added).await;
                trashed.map_err(|error| self.failed(error))?;
                tell_changed(&session);
                Ok(ImportReply::Done)
            }
            ImportCommand::Forget => {
                // What was added can be taken back for as long as the page offers it.
                self.import.stop();
                self.import.file.take();
                self.import.read.take();
                Ok(ImportReply::Done)
            }
        }
    }

    fn look(&self, look: impl FnOnce(&Import) -> ImportReply) -> Result<ImportReply, Failure> {
        let read = self.import.read.borrow();
        read.as_ref().map(look).ok_or(Failure::NotFound)
    }

    async fn read_import(
        &self,
        file_name: Option<&str>,
        mut wish: ImportWish,
    ) -> Result<ImportReply, Failure> {
        let session = self.session()?;
        let importing = &self.import;
        importing.read.take();
        let round = importing.stopped.get();
        let is_stopped = || importing.stopped.get() != round;
        reading(0);
        // So that the page shows it before the worker has no more time for messages.
        TimeoutFuture::new(0).await;
        if is_stopped() {
            return Ok(ImportReply::Stopped { trashed: 0 });
        }
        let opened = {
            let file = importing.file.borrow();
            let format = wish.format.unwrap_or_else(|| detect(&file, file_name));
            wish.format = Some(format);
            match open(&file, file_name, &wish) {
                Ok(opened) => opened,
                Err(why) => {
                    let why = unread(why);
                    return Ok(ImportReply::Unread { format, why });
                }
            }
        };
        let mut sorting = session.look(|vault| opened.sort(vault));
        loop {
            let percent = session.look(|vault| sorting.step(vault, SORT_AT_ONCE));
            reading(percent);
            if percent == 100 {
                break;
            }
            TimeoutFuture::new(0).await;
            if is_stopped() {
                return Ok(ImportReply::Stopped { trashed: 0 });
            }
        }
        let import = sorting.finish();
        let preview = import.preview();
        *importing.read.borrow_mut() = Some(import);
        Ok(ImportReply::Preview(preview))
    }

    /// What somebody gets who wants to look around first.
    pub(super) async fn add_sample(&self) -> Result<Reply, Failure> {
        let session = self.session()?;
        let added = session.import(&sample_items(today())).await;
        added.map_err(|error| self.not_saved(error))?;
        tell_changed(&session);
        Ok(Reply::Done)
    }

    async fn confirm_import(&self, plan: &ImportPlan) -> Result<ImportReply, Failure> {
        let session = self.session()?;
        let importing = &self.import;
        let planned = match &*importing.read.borrow() {
            Some(import) => session.look(|vault| vault.plan_import(import, plan)),
            None => return Err(Failure::NotFound),
        };
        let planned = planned.map_err(Failure::Draft)?;
        let round = importing.stopped.get();
        let goes_on = || importing.stopped.get() == round;
        let written = session.import_while(&planned, goes_on).await;
        let Some(added) = written.map_err(|error| self.not_saved(error))? else {
            return Ok(ImportReply::Stopped { trashed: 0 });
        };
        tell_changed(&session);
        let count = added.len() as u32;
        if !goes_on() {
            // The server had taken it by then. Nobody wants it, and nobody loses it.
            let trashed = session.trash(&added).await;
            trashed.map_err(|error| self.failed(error))?;
            tell_changed(&session);
            return Ok(ImportReply::Stopped { trashed: count });
        }
        // Until here it all stays, so that what failed can be tried again.
        importing.forget();
        *importing.added.borrow_mut() = added;
        Ok(ImportReply::Imported { added: count })
    }
}

/// Appends without leaving copies behind, as a buffer that grows by itself would.
fn append(file: &mut Zeroizing<Vec<u8>>, piece: &[u8]) {
    let length = file.len() + piece.len();
    if length > file.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(length.max(file.capacity() * 2)));
        larger.extend_from_slice(file);
        *file = larger;
    }
    file.extend_from_slice(piece);
}

fn reading(percent: u8) {
    tell(Event::Progress {
        stage: Stage::Reading,
        percent,
    });
}

fn unread(why: Unreadable) -> Unread {
    match why {
        Unreadable::PasswordNeeded => Unread::PasswordNeeded,
        Unreadable::WrongPassword => Unread::WrongPassword,
        Unreadable::CodeNeeded => Unread::CodeNeeded,
        Unreadable::WrongCode => Unread::WrongCode,
        other => Unread::Other(other.to_string()),
    }
}
