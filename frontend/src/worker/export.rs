//! Making a file of items. Which details are fetched depends on what somebody chose and on nothing
//! that is sealed: a format that has no place for logins fetches them all the same.

use std::cell::{Cell, RefCell};

use gloo_timers::future::TimeoutFuture;
use keyarc_app::worker::{
    Event, ExportBuilt, ExportCommand, ExportFacts, ExportFormat, ExportReply, ExportWhat,
    ExportWish, ExportedPast, Failure, LEAST_SCORE, Piece, Stage,
};
use keyarc_client::{Histories, Host as _};
use keyarc_crypto::KdfError;
use keyarc_vault::{
    Earlier,
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
use crate::browser::today;

/// Items whose details are fetched at once.
const BATCH: usize = 200;
/// How often items that changed while they were fetched are fetched anew.
const TRIES: u32 = 3;
/// Items written between two looks at whether that was stopped.
const WRITE_AT_ONCE: usize = 250;
/// Bytes handed to the page at a time: what its main thread copies without being noticed.
const PIECE: usize = 256 * 1024;

/// A file on its way out of the vault.
#[derive(Default)]
pub(super) struct Exporting {
    file: RefCell<Zeroizing<Vec<u8>>>,
    /// How much of it was handed over.
    given: Cell<usize>,
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

    fn next_piece(&self, first: bool) -> Option<Piece> {
        if first {
            self.given.set(0);
        }
        let file = self.file.borrow();
        let from = self.given.get().min(file.len());
        let to = (from + PIECE).min(file.len());
        self.given.set(to);
        (from < to).then(|| Piece(file[from..to].to_vec()))
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
                Ok(ExportReply::Facts(ExportFacts {
                    items: facets.all,
                    trashed: facets.trash,
                    selected: self.selection.borrow().ids().len() as u32,
                }))
            }
            ExportCommand::Build(wish) => self.build_export(wish).await,
            ExportCommand::Take { first } => Ok(ExportReply::Piece(self.export.next_piece(first))),
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
    async fn build(&self, wish: ExportWish) -> Result<(Zeroizing<Vec<u8>>, ExportBuilt), Halt> {
        let ExportWish {
            what,
            format,
            earlier,
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
        let (name, file, written, past) = match &format {
            Lock::None(format) => {
                let (file, written) = self.plain(*format, &ids).await?;
                let name = format!("keyarc-{}.{}", today(), format.extension());
                (name, file, written, None)
            }
            lock => {
                let (file, written, past) = self.archive(lock, &ids, earlier).await?;
                let name = format!("keyarc-{}.keyarc", today());
                (name, file, written, earlier.then_some(past))
            }
        };
        let built = ExportBuilt {
            name,
            bytes: file.len() as u64,
            sealed,
            written,
            past,
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

    /// Batch by batch: of what is fetched nothing is kept in clear.
    async fn archive(
        &self,
        lock: &Lock,
        ids: &[ItemId],
        earlier: bool,
    ) -> Result<(Zeroizing<Vec<u8>>, Written, ExportedPast), Halt> {
        let host = host(&PinKeeper::default());
        let rng = &mut host.rng();
        let mut out = Vec::new();
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
        let begun = ArchiveWriter::begin(lock, today(), &mut out, rng);
        let mut writer = begun.map_err(refused)?;
        let mut past = ExportedPast::default();
        let mut with_files = 0_u32;
        for (at, batch) in ids.chunks(BATCH).enumerate() {
            let items = self.read(batch).await?;
            let mut histories = match earlier {
                true => Some(self.histories(&items).await?),
                false => None,
            };
            for item in items {
                with_files += u32::from(!item.item.attachments.is_empty());
                let earlier = match &mut histories {
                    Some(histories) => self.history(histories).await?,
                    None => Vec::new(),
                };
                let put = writer.put_with(&item, &earlier, &mut out, rng);
                put.map_err(refused)?;
                past.versions = past.versions.saturating_add(earlier.len() as u32);
            }
            let missing = histories.map_or(0, |histories| histories.missing());
            past.missing = past.missing.saturating_add(missing);
            self.fetched(at, ids.len());
        }
        let revision = self.session.look(|vault| vault.revision());
        let facts = writer.finish(host.now_ms(), revision, &mut out, rng);
        let written = Written {
            items: facts.map_err(refused)?.items,
            left_out: (with_files > 0)
                .then_some((LeftOut::Attachments, with_files))
                .into_iter()
                .collect(),
            ..Written::default()
        };
        Ok((Zeroizing::new(out), written, past))
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
