use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    rc::Rc,
};

use gloo_timers::future::TimeoutFuture;
use keyarc_app::worker::{Event, Failure, ImportCommand, ImportReply, Reply, Stage, Unread};
use keyarc_client::{ClientError, Stoppable};
use keyarc_vault::{
    Attachment, ImportPlan, ImportWish,
    archive::{ArchiveFiles, ArchiveReader, HEADER_LEN},
    import::{Format, IMPORT_MAX, Import, Opened, Unreadable, detect, open},
    sample_items,
};
use keyarc_wire::{AttachmentId, ItemId};
use zeroize::Zeroizing;

use super::{
    commands::tell_changed,
    state::{Open, VaultWorker},
    tell,
};
use crate::browser::{BlobError, Blobs, today};

/// Entries compared with the vault between two looks at whether that was stopped.
const SORT_AT_ONCE: usize = 250;
/// Bytes of an archive that are read between two of these looks.
const READ_AT_ONCE: usize = 1024 * 1024;

/// A file on its way into the vault.
#[derive(Default)]
pub(super) struct Importing {
    file: RefCell<Zeroizing<Vec<u8>>>,
    /// The file in its place, when it is an archive: that may be of any length.
    archive: RefCell<Option<Blobs>>,
    /// The archive once it is here as a whole.
    whole: RefCell<Option<Rc<Blobs>>>,
    /// What was read of it.
    read: RefCell<Option<Import>>,
    /// The files that lie in the archive.
    files: RefCell<Option<Rc<ArchiveFiles>>>,
    /// What became of those that were sent, until the items are written that name them.
    sent: RefCell<HashMap<AttachmentId, Attachment>>,
    /// What the last import added, until the next file.
    added: RefCell<Vec<ItemId>>,
    /// Counts up whenever somebody stops what is going on.
    stopped: Cell<u32>,
}

impl Importing {
    /// Stops, and forgets everything.
    pub(super) fn forget(&self) {
        self.forget_file();
        self.added.take();
    }

    /// Stops, and forgets all but what can be taken back.
    fn forget_file(&self) {
        self.stop();
        self.file.take();
        self.archive.take();
        self.whole.take();
        self.read.take();
        self.files.take();
        self.sent.take();
    }

    /// Takes the next piece of a file; `first` comes with its length.
    fn take(&self, first: Option<u64>, piece: &[u8]) -> Result<(), Failure> {
        if first.is_some() {
            self.forget();
            let is_archive = detect(piece, None) == Format::Archive;
            *self.archive.borrow_mut() = is_archive.then(Blobs::default);
        }
        if let Some(archive) = &mut *self.archive.borrow_mut() {
            return archive.append(piece).map_err(not_kept);
        }
        let mut file = self.file.borrow_mut();
        let length = file.len() as u64 + piece.len() as u64;
        if first.unwrap_or_default().max(length) > IMPORT_MAX as u64 {
            let limit_mb = (IMPORT_MAX >> 20) as u32;
            return Err(Failure::TooLarge { limit_mb });
        }
        append(&mut file, piece);
        Ok(())
    }

    /// The archive, all of it; `None` when the file is none.
    fn whole(&self) -> Result<Option<Rc<Blobs>>, Failure> {
        if let Some(mut archive) = self.archive.take() {
            archive.hand_over().map_err(not_kept)?;
            *self.whole.borrow_mut() = Some(Rc::new(archive));
        }
        Ok(self.whole.borrow().clone())
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
                self.import.take(first, &piece.0)?;
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
                let sent = self.import.sent.take();
                // What was added can be taken back for as long as the page offers it.
                self.import.forget_file();
                self.give_up_files(sent).await;
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
        importing.files.take();
        let round = importing.stopped.get();
        let is_stopped = || importing.stopped.get() != round;
        reading(0);
        // So that the page shows it before the worker has no more time for messages.
        TimeoutFuture::new(0).await;
        if is_stopped() {
            return Ok(ImportReply::Stopped { trashed: 0 });
        }
        let archive = importing.whole()?;
        let (format, opened) = match &archive {
            Some(archive) => {
                let opened = self.open_archive(archive, &wish, is_stopped).await?;
                (Format::Archive, opened)
            }
            None => {
                let file = importing.file.borrow();
                let format = wish.format.unwrap_or_else(|| detect(&file, file_name));
                wish.format = Some(format);
                (format, Stoppable::Done(open(&file, file_name, &wish)))
            }
        };
        let opened = match opened {
            Stoppable::Stopped => return Ok(ImportReply::Stopped { trashed: 0 }),
            Stoppable::Done(Ok(opened)) => opened,
            Stoppable::Done(Err(why)) => {
                let why = unread(why);
                return Ok(ImportReply::Unread { format, why });
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

    /// Reads an archive from its beginning to its end, a piece at a time.
    async fn open_archive(
        &self,
        archive: &Blobs,
        wish: &ImportWish,
        is_stopped: impl Fn() -> bool,
    ) -> Result<Stoppable<Result<Opened, Unreadable>>, Failure> {
        let secret = wish.password.as_ref().map(|password| password.0.as_str());
        let length = archive.length();
        let at_once = |from: u64| (length - from).min(READ_AT_ONCE as u64) as usize;
        let beginning = length.min(HEADER_LEN as u64) as usize;
        let header = archive.read(0, beginning).await.map_err(not_kept)?;
        let mut reader = match ArchiveReader::begin(&header, secret) {
            Ok(reader) => reader,
            Err(why) => return Ok(Stoppable::Done(Err(why))),
        };
        let mut from = beginning as u64;
        while from < length {
            let bytes = archive.read(from, at_once(from)).await.map_err(not_kept)?;
            from += bytes.len() as u64;
            if is_stopped() {
                return Ok(Stoppable::Stopped);
            }
            if let Err(why) = reader.push(&bytes) {
                return Ok(Stoppable::Done(Err(why)));
            }
            reading((from * 100 / length) as u8);
        }
        Ok(Stoppable::Done(match reader.finish() {
            Ok((opened, files)) => {
                *self.import.files.borrow_mut() = Some(Rc::new(files));
                Ok(opened)
            }
            Err(why) => Err(why),
        }))
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
        // What cannot be written is told before anything is sent.
        let needed = match &*importing.read.borrow() {
            Some(import) => session
                .look(|vault| vault.plan_import(import, plan))
                .and_then(|_| import.files(plan)),
            None => return Err(Failure::NotFound),
        };
        let needed = needed.map_err(Failure::Draft)?;
        let round = importing.stopped.get();
        let goes_on = || importing.stopped.get() == round;
        if let Stoppable::Stopped = self.send_files(&session, &needed, goes_on).await? {
            let sent = importing.sent.take();
            self.give_up_files(sent).await;
            return Ok(ImportReply::Stopped { trashed: 0 });
        }
        let planned = match &*importing.read.borrow() {
            Some(import) => {
                let sent = importing.sent.borrow();
                session.look(|vault| vault.plan_import_with_files(import, plan, &sent))
            }
            None => return Err(Failure::NotFound),
        };
        let planned = planned.map_err(Failure::Draft)?;
        let written = session.import_while(&planned, goes_on).await;
        let Some(added) = written.map_err(|error| self.not_saved(error))? else {
            let sent = importing.sent.take();
            self.give_up_files(sent).await;
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
        // What was sent for rows that were chosen at first, and not in the end.
        let named: HashSet<AttachmentId> = needed.iter().map(|file| file.id).collect();
        let mut unnamed = importing.sent.take();
        unnamed.retain(|id, _| !named.contains(id));
        self.give_up_files(unnamed).await;
        // Until here it all stays, so that what failed can be tried again.
        importing.forget();
        *importing.added.borrow_mut() = added;
        Ok(ImportReply::Imported { added: count })
    }

    /// Sends files of the archive that were not sent yet. What failed goes on where it was.
    async fn send_files(
        &self,
        session: &Open,
        needed: &[Attachment],
        goes_on: impl Fn() -> bool,
    ) -> Result<Stoppable<()>, Failure> {
        let importing = &self.import;
        let total: u64 = needed.iter().map(|file| file.size).sum();
        let done = Cell::new(0_u64);
        let progress = |bytes: u64| {
            done.set(done.get() + bytes);
            let percent = (done.get() * 100).checked_div(total).unwrap_or(100) as u8;
            let stage = Stage::Files;
            tell(Event::Progress { stage, percent });
        };
        for file in needed {
            if importing.sent.borrow().contains_key(&file.id) {
                progress(file.size);
                continue;
            }
            let files = importing.files.borrow().clone();
            let archive = importing.whole.borrow().clone();
            let (Some(files), Some(archive)) = (files, archive) else {
                return Err(Failure::NotFound);
            };
            let piece = async |number: u32| {
                let place = files.pieces(file.id).get(number as usize);
                let place = place.ok_or(Failure::NotFound)?;
                let envelope = archive.read(place.offset, place.length as usize).await;
                let content = files.open(file.id, number, &envelope.map_err(not_kept)?);
                let content =
                    content.map_err(|_| Failure::Browser(CHANGED_MEANWHILE.to_owned()))?;
                progress(content.len() as u64);
                Ok::<_, FileFailure>(content)
            };
            let sent = session.send_anew(file, piece, &goes_on).await;
            match sent.map_err(|failure| failure.of(self))? {
                Stoppable::Stopped => return Ok(Stoppable::Stopped),
                Stoppable::Done(now) => drop(importing.sent.borrow_mut().insert(file.id, now)),
            }
        }
        Ok(Stoppable::Done(()))
    }

    /// Files that no item will name. Without an answer the server drops them after a day.
    async fn give_up_files(&self, sent: HashMap<AttachmentId, Attachment>) {
        let Ok(session) = self.session() else {
            return;
        };
        for file in sent.values() {
            let _ = session.discard_upload(file.id).await;
        }
    }
}

/// Why a file was not sent.
enum FileFailure {
    Here(Failure),
    Client(ClientError),
}

impl FileFailure {
    fn of(self, worker: &VaultWorker) -> Failure {
        match self {
            Self::Here(failure) => failure,
            Self::Client(error) => worker.failed(error),
        }
    }
}

impl From<Failure> for FileFailure {
    fn from(failure: Failure) -> Self {
        Self::Here(failure)
    }
}

impl From<ClientError> for FileFailure {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

fn not_kept(_: BlobError) -> Failure {
    Failure::Browser(NOT_KEPT.to_owned())
}

const NOT_KEPT: &str = "The browser has no room for the file, or does not have it any more. Nothing was changed. Make room on this device, and choose the file again.";
const CHANGED_MEANWHILE: &str =
    "The archive is not the one that was read before. Nothing was changed. Choose it again.";

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
