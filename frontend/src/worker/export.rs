//! Making a file of items. Which details are fetched depends on what somebody chose and on nothing
//! that is sealed: a format that has no place for logins fetches them all the same.

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    rc::Rc,
};

use gloo_timers::future::TimeoutFuture;
use keyarc_app::worker::{
    Event, ExportBuilt, ExportCommand, ExportFacts, ExportFormat, ExportReply, ExportWhat,
    ExportWish, ExportedFiles, ExportedPast, Failure, LEAST_SCORE, Piece, Stage,
};
use keyarc_client::{ClientError, Histories, Host as _, Stoppable};
use keyarc_crypto::KdfError;
use keyarc_vault::{
    Attachment, AttachmentReader, Earlier,
    archive::{ArchiveLock, ArchiveRefused, ArchiveWriter},
    export::{Exported, LeftOut, PlainFormat, Writer, Written},
};
use keyarc_wire::{ItemId, ItemVersion};
use zeroize::Zeroizing;

use super::{
    commands::{rate, tell_changed},
    state::{Open, PinKeeper, VaultWorker, host},
    tell,
};
use crate::browser::{BlobError, Blobs, today};

/// Items whose details are fetched at once.
const BATCH: usize = 200;
/// How often items that changed while they were fetched are fetched anew.
const TRIES: u32 = 3;
/// Items written between two looks at whether that was stopped.
const WRITE_AT_ONCE: usize = 250;
/// Bytes handed to the page at a time: what its main thread copies without being noticed.
const PIECE: usize = 256 * 1024;

/// A file that was made.
#[derive(Clone)]
enum Made {
    /// In clear.
    Plain(Rc<Zeroizing<Vec<u8>>>),
    /// An archive, of any length.
    Sealed(Rc<Blobs>),
}

impl Default for Made {
    fn default() -> Self {
        Self::Plain(Rc::default())
    }
}

impl Made {
    fn length(&self) -> u64 {
        match self {
            Self::Plain(bytes) => bytes.len() as u64,
            Self::Sealed(blobs) => blobs.length(),
        }
    }
}

/// A file on its way out of the vault.
#[derive(Default)]
pub(super) struct Exporting {
    file: RefCell<Made>,
    /// How much of it was handed over.
    given: Cell<u64>,
    /// Counts up whenever somebody stops what is going on.
    stopped: Cell<u32>,
}

impl Exporting {
    /// Stops, and forgets the file.
    pub(super) fn forget(&self) {
        self.stop();
        self.file.take();
        self.given.set(0);
    }

    fn stop(&self) {
        self.stopped.set(self.stopped.get().wrapping_add(1));
    }

    async fn next_piece(&self, first: bool) -> Result<Option<Piece>, Failure> {
        if first {
            self.given.set(0);
        }
        let file = self.file.borrow().clone();
        let from = self.given.get().min(file.length());
        let length = (file.length() - from).min(PIECE as u64) as usize;
        self.given.set(from + length as u64);
        if length == 0 {
            return Ok(None);
        }
        Ok(Some(Piece(match file {
            Made::Plain(bytes) => bytes[from as usize..from as usize + length].to_vec(),
            Made::Sealed(blobs) => blobs.read(from, length).await.map_err(not_kept)?,
        })))
    }
}

/// Something on the way of a file.
enum Halt {
    /// Somebody stopped it.
    Stopped,
    /// It did not work.
    Failed(Failure),
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// One making of a file.
struct Round<'a> {
    worker: &'a VaultWorker,
    session: &'a Open,
    number: u32,
}

impl VaultWorker {
    /// Carries out what the page asks of an export.
    pub(super) async fn export(&self, command: ExportCommand) -> Result<ExportReply, Failure> {
        match command {
            ExportCommand::Facts => {
                let session = self.session()?;
                let facets = session.look(|vault| vault.facets(today()));
                let (files, file_bytes) = files_of(&session);
                Ok(ExportReply::Facts(ExportFacts {
                    items: facets.all,
                    trashed: facets.trash,
                    selected: self.selection.borrow().ids().len() as u32,
                    files,
                    file_bytes,
                }))
            }
            ExportCommand::Build(wish) => self.build_export(wish).await,
            ExportCommand::Take { first } => {
                Ok(ExportReply::Piece(self.export.next_piece(first).await?))
            }
            ExportCommand::Stop => {
                self.export.stop();
                Ok(ExportReply::Done)
            }
            ExportCommand::Forget => {
                self.export.forget();
                Ok(ExportReply::Done)
            }
        }
    }

    async fn build_export(&self, wish: ExportWish) -> Result<ExportReply, Failure> {
        let session = self.session()?;
        self.export.forget();
        let round = Round {
            worker: self,
            session: &session,
            number: self.export.stopped.get(),
        };
        match round.build(wish).await {
            Ok((file, built)) => {
                *self.export.file.borrow_mut() = file;
                Ok(ExportReply::Built(built))
            }
            Err(Halt::Stopped) => Ok(ExportReply::Stopped),
            Err(Halt::Failed(failure)) => Err(failure),
        }
    }
}

impl Round<'_> {
    async fn build(&self, wish: ExportWish) -> Result<(Made, ExportBuilt), Halt> {
        let ExportWish {
            what,
            format,
            earlier,
            files,
            password,
        } = wish;
        let format = match format {
            ExportFormat::ArchiveForPassword(own) => {
                let own = Zeroizing::new(own);
                if rate(&own, &[]).await?.score < LEAST_SCORE {
                    return Err(Failure::WeakPassword.into());
                }
                Lock::Password(own)
            }
            ExportFormat::ArchiveForCode => Lock::Code,
            ExportFormat::Plain(format) => Lock::None(format),
        };
        let password = Zeroizing::new(password);
        let checked = self.session.check_password(&password).await;
        checked.map_err(|error| self.worker.failed(error))?;
        self.goes_on()?;
        let sealed = !matches!(format, Lock::None(_));
        let ids = self.ids(&what, sealed);
        let (ending, file, contents) = match &format {
            Lock::None(format) => {
                let (bytes, written) = self.plain(*format, &ids).await?;
                let contents = Contents {
                    written,
                    ..Contents::default()
                };
                (format.extension(), Made::Plain(Rc::new(bytes)), contents)
            }
            lock => {
                let (blobs, contents) = self.archive(lock, &ids, (earlier, files)).await?;
                ("keyarc", Made::Sealed(Rc::new(blobs)), contents)
            }
        };
        let built = ExportBuilt {
            name: format!("keyarc-{}.{ending}", today()),
            bytes: file.length(),
            sealed,
            written: contents.written,
            past: contents.past,
            files: contents.files,
            unreadable: match what {
                ExportWhat::All => self.session.look(|vault| vault.unreadable()),
                ExportWhat::Selection | ExportWhat::Folder(_) => 0,
            },
        };
        Ok((file, built))
    }

    /// What is to be written, in the order of the ids. What is in the trash is written only when
    /// it was chosen itself, and into an archive.
    fn ids(&self, what: &ExportWhat, sealed: bool) -> Vec<ItemId> {
        let mut ids = match what {
            ExportWhat::All => self.session.look(|vault| vault.item_ids()),
            ExportWhat::Selection => self.worker.selection.borrow().ids(),
            ExportWhat::Folder(path) => self.session.look(|vault| vault.items_below(path)),
        };
        if !sealed && *what != ExportWhat::Selection {
            self.session.look(|vault| {
                ids.retain(|id| {
                    let row = vault.summary(*id);
                    row.is_some_and(|row| row.trashed_at_ms.is_none())
                });
            });
        }
        ids.sort_unstable();
        ids
    }

    /// By folder and name, as somebody would look for something in it.
    async fn plain(
        &self,
        format: PlainFormat,
        ids: &[ItemId],
    ) -> Result<(Zeroizing<Vec<u8>>, Written), Halt> {
        let mut items = Vec::with_capacity(ids.len());
        for (at, batch) in ids.chunks(BATCH).enumerate() {
            items.extend(self.read(batch).await?);
            self.fetched(at, ids.len());
        }
        items.sort_by(|one, other| place(one).cmp(&place(other)));
        let mut writer = Writer::new(format);
        for few in items.chunks(WRITE_AT_ONCE) {
            few.iter().for_each(|item| writer.put(item));
            TimeoutFuture::new(0).await;
            self.goes_on()?;
        }
        Ok(writer.finish())
    }

    /// Batch by batch, and then file by file: of what is fetched nothing is kept in clear, and of
    /// what is sealed no more than a few pieces in memory.
    async fn archive(
        &self,
        lock: &Lock,
        ids: &[ItemId],
        (earlier, with_files): (bool, bool),
    ) -> Result<(Blobs, Contents), Halt> {
        let host = host(&PinKeeper::default());
        let rng = &mut host.rng();
        let mut out = Sheet::default();
        progress(Stage::Deriving, 0);
        // So that the page shows it before the worker has no more time for messages.
        TimeoutFuture::new(0).await;
        let code;
        let lock = match lock {
            Lock::Password(own) => ArchiveLock::Password(own),
            Lock::Code | Lock::None(_) => {
                code = self.session.setup_code(self.session.suite());
                ArchiveLock::Code(&code)
            }
        };
        let begun = ArchiveWriter::begin(lock, today(), &mut out.bytes, rng);
        let mut writer = begun.map_err(refused)?;
        if with_files {
            writer = writer.with_files();
        }
        let mut past = ExportedPast::default();
        let mut have_files = 0_u32;
        let (mut named, mut files) = (HashSet::new(), Vec::new());
        for (at, batch) in ids.chunks(BATCH).enumerate() {
            let items = self.read(batch).await?;
            let mut histories = match earlier {
                true => Some(self.histories(&items).await?),
                false => None,
            };
            for item in items {
                have_files += u32::from(!item.item.attachments.is_empty());
                let earlier = match &mut histories {
                    Some(histories) => self.history(histories).await?,
                    None => Vec::new(),
                };
                let put = writer.put_with(&item, &earlier, &mut out.bytes, rng);
                put.map_err(refused)?;
                out.hand_over()?;
                if with_files {
                    let before = earlier.iter().flat_map(|one| &one.draft().attachments);
                    let all = item.item.attachments.iter().chain(before);
                    files.extend(all.filter(|one| named.insert(one.id)).cloned());
                }
                past.versions = past.versions.saturating_add(earlier.len() as u32);
            }
            let missing = histories.map_or(0, |histories| histories.missing());
            past.missing = past.missing.saturating_add(missing);
            self.fetched(at, ids.len());
        }
        let told = self.files(&files, &mut writer, &mut out).await?;
        let revision = self.session.look(|vault| vault.revision());
        let facts = writer.finish(host.now_ms(), revision, &mut out.bytes, rng);
        let left_out = (!with_files && have_files > 0)
            .then_some((LeftOut::Attachments, have_files))
            .into_iter();
        let contents = Contents {
            written: Written {
                items: facts.map_err(refused)?.items,
                left_out: left_out.collect(),
                ..Written::default()
            },
            past: earlier.then_some(past),
            files: with_files.then_some(told),
        };
        Ok((out.finish()?, contents))
    }

    /// Writes what is in files. One that the server does not show is not in the archive, and is
    /// told; one that is not what was attached ends the making.
    async fn files(
        &self,
        files: &[Attachment],
        writer: &mut ArchiveWriter,
        out: &mut Sheet,
    ) -> Result<ExportedFiles, Halt> {
        let rng = &mut host(&PinKeeper::default()).rng();
        let total: u64 = files.iter().map(|file| file.size).sum();
        let (mut told, mut done) = (ExportedFiles::default(), 0_u64);
        for file in files {
            let reader = AttachmentReader::begin(file);
            let mut reader = reader.map_err(|_| Failure::Browser(NOT_THE_FILE.to_owned()))?;
            loop {
                let number = reader.next();
                let goes_on = || self.goes_on().is_ok();
                let read = self.session.next_chunk(file.id, &mut reader, goes_on).await;
                let content = match (read, number) {
                    (Ok(Stoppable::Stopped), _) => return Err(Halt::Stopped),
                    (Ok(Stoppable::Done(Some(content))), Some(number)) => (number, content),
                    (Ok(Stoppable::Done(_)), _) => {
                        told.files += 1;
                        told.bytes += file.size;
                        break;
                    }
                    (Err(ClientError::NotFound), Some(0)) => {
                        told.missing += 1;
                        break;
                    }
                    (Err(ClientError::NotFound | ClientError::Tampered), _) => {
                        return Err(Failure::Browser(NOT_THE_FILE.to_owned()).into());
                    }
                    (Err(error), _) => return Err(self.worker.failed(error).into()),
                };
                let (number, content) = content;
                let put = writer.piece(file.id, number, &content, &mut out.bytes, rng);
                put.map_err(refused)?;
                out.hand_over()?;
                done += content.len() as u64;
                let percent = (done * 100).checked_div(total).unwrap_or(100);
                progress(Stage::Files, percent as u8);
                self.goes_on()?;
            }
        }
        Ok(told)
    }

    /// What items were before they became what was read.
    async fn histories(&self, items: &[Exported]) -> Result<Histories, Halt> {
        let place = |exported: &Exported| ItemVersion {
            item_id: exported.item.summary.id,
            version: exported.item.summary.version,
        };
        let places: Vec<ItemVersion> = items.iter().map(place).collect();
        let known = self.session.unlocked().revision;
        let histories = self.session.histories(&places).await;
        // It may have found out that something changed elsewhere.
        if self.session.unlocked().revision != known {
            tell_changed(self.session);
        }
        let histories = histories.map_err(|error| self.worker.failed(error))?;
        self.goes_on()?;
        Ok(histories)
    }

    /// That of the next item.
    async fn history(&self, histories: &mut Histories) -> Result<Vec<Earlier>, Halt> {
        let history = self.session.next_history(histories).await;
        let history = history.map_err(|error| self.worker.failed(error))?;
        self.goes_on()?;
        Ok(history)
    }

    /// Some items with all that the vault has of them. What changes meanwhile is read as it is
    /// then, and what is deleted for good meanwhile is left out.
    async fn read(&self, ids: &[ItemId]) -> Result<Vec<Exported>, Halt> {
        let mut read = Vec::with_capacity(ids.len());
        let mut missing = ids.to_vec();
        for _ in 0..TRIES {
            self.goes_on()?;
            let items = self.session.read_many(&missing).await;
            let items = items.map_err(|error| self.worker.failed(error))?;
            self.session.look(|vault| {
                read.extend(items.into_iter().filter_map(|item| vault.exported(item)));
            });
            let mut known: Vec<_> = read.iter().map(|one| one.item.summary.id).collect();
            known.sort_unstable();
            missing.retain(|id| known.binary_search(id).is_err());
            self.session
                .look(|vault| missing.retain(|id| vault.summary(*id).is_some()));
            if missing.is_empty() {
                return Ok(read);
            }
            let synced = self.session.sync().await;
            if synced.map_err(|error| self.worker.failed(error))? {
                tell_changed(self.session);
            }
        }
        Err(Failure::Browser(CHANGING.to_owned()).into())
    }

    fn fetched(&self, batch: usize, total: usize) {
        let done = ((batch + 1) * BATCH).min(total);
        progress(Stage::Fetching, (done * 100 / total.max(1)) as u8);
    }

    fn goes_on(&self) -> Result<(), Halt> {
        match self.worker.export.stopped.get() == self.number {
            true => Ok(()),
            false => Err(Halt::Stopped),
        }
    }
}

/// What stands in a file.
#[derive(Default)]
struct Contents {
    written: Written,
    past: Option<ExportedPast>,
    files: Option<ExportedFiles>,
}

/// What an archive is written on.
#[derive(Default)]
struct Sheet {
    /// What was written last.
    bytes: Vec<u8>,
    /// What was written before.
    blobs: Blobs,
}

impl Sheet {
    /// Hands what was written to the browser. All of it is sealed.
    fn hand_over(&mut self) -> Result<(), Failure> {
        self.blobs.append(&self.bytes).map_err(not_kept)?;
        self.bytes.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<Blobs, Failure> {
        self.hand_over()?;
        self.blobs.hand_over().map_err(not_kept)?;
        Ok(self.blobs)
    }
}

/// How many files the items have, those in the trash too, and their bytes together.
fn files_of(session: &Open) -> (u32, u64) {
    let mut seen = HashSet::new();
    session.look(|vault| {
        let rows = vault.item_ids().into_iter();
        let rows = rows.filter_map(|id| vault.summary(id));
        let files = rows.flat_map(|row| row.files);
        files
            .filter(|file| seen.insert(file.id))
            .fold((0, 0), |(count, bytes), file| {
                (count + 1, bytes + file.size)
            })
    })
}

fn not_kept(_: BlobError) -> Failure {
    Failure::Browser(NO_ROOM.to_owned())
}

const NO_ROOM: &str = "The browser has no room for the file. Nothing was exported. Make room on this device, or leave attached files out.";
const NOT_THE_FILE: &str = "What the server sent is not one of the attached files, or not all of it. Nothing was exported. Leave attached files out, or restore a backup of the server.";

/// What opens the file.
enum Lock {
    None(PlainFormat),
    Code,
    Password(Zeroizing<String>),
}

const CHANGING: &str = "Items were changed elsewhere again and again while they were read. Nothing was exported. Try again in a moment.";

fn place(exported: &Exported) -> (&str, &str, ItemId) {
    let summary = &exported.item.summary;
    (&summary.folder, &summary.name, summary.id)
}

fn progress(stage: Stage, percent: u8) {
    tell(Event::Progress { stage, percent });
}

fn refused(why: ArchiveRefused) -> Failure {
    Failure::Browser(match why {
        ArchiveRefused::Key(KdfError::Memory) => {
            "This device has not enough memory to make a key of the password. Nothing was exported. Close other programs, or choose the setup code.".to_owned()
        }
        other => format!("The archive could not be made: {other}. Nothing was exported."),
    })
}
