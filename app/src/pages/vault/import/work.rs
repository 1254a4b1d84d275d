use std::{future::Future, pin::Pin, time::Duration};

use keyarc_vault::{ImportPlan, ImportPreview, ImportWish, import::Format};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use zeroize::Zeroizing;

use crate::{
    state::{Go, Place, Session, Toasts, sleep, use_go, use_session, use_toasts},
    worker::{
        Command, Failure, ImportCommand, ImportReply, Piece, Reply, Unread, Worker, use_worker,
    },
};

/// Bytes that go to the worker at a time: what the main thread copies without being noticed.
const PIECE: usize = 256 * 1024;
/// The longest text an import takes, in bytes. The worker has the last word, and takes archives of
/// any length.
const TEXT_MAX: usize = 50 * 1024 * 1024;

/// How far an import is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// There is no file yet.
    Source,
    /// It is being read.
    Reading,
    /// Nothing of it can be read.
    Unread(Format, Unread),
    /// It was read, and waits to be confirmed.
    Preview(ImportPreview),
}

/// An import, as the page sees it. The file and what was read of it are the worker's.
#[derive(Clone, Copy)]
pub(super) struct ImportWork {
    step: RwSignal<Step>,
    problem: RwSignal<Option<String>>,
    writing: RwSignal<bool>,
    /// Somebody wants the writing to stop.
    stopping: RwSignal<bool>,
    file_name: RwSignal<Option<String>>,
    /// Counts up with each file and each way of reading it; late answers are dropped.
    round: StoredValue<u32>,
    worker: Worker,
    session: Session,
    toasts: Toasts,
    go: Go,
}

/// The next piece of a file, from wherever it comes; `None` after the last one.
type NextPiece = Box<dyn FnMut() -> Coming>;
/// A piece that is being read.
type Coming = Pin<Box<dyn Future<Output = Result<Option<Piece>, ()>>>>;

impl ImportWork {
    pub(super) fn step(self) -> Step {
        self.step.get()
    }

    pub(super) fn problem(self) -> Option<String> {
        self.problem.get()
    }

    pub(super) fn writing(self) -> Signal<bool> {
        self.writing.into()
    }

    pub(super) fn stopping(self) -> bool {
        self.stopping.get()
    }

    /// What is being read: a file by its name, or what was pasted.
    pub(super) fn reading_words(self) -> String {
        self.file_name.with(|name| match name {
            Some(name) => t!("Reading “{name}”.", name),
            None => t!("Reading what you pasted.").to_owned(),
        })
    }

    /// What the words below it are about.
    pub(super) fn about_words(self) -> String {
        self.file_name.with(|name| match name {
            Some(name) => t!("This is about “{name}”.", name),
            None => t!("This is about what you pasted.").to_owned(),
        })
    }

    /// Says what is wrong with what was chosen.
    pub(super) fn refuse(self, problem: &str) {
        self.problem.set(Some(problem.to_owned()));
    }

    /// Reads a text that was pasted.
    pub(super) fn take_text(self, text: String) {
        if text.trim().is_empty() {
            return self.refuse(t!("There is nothing to read yet."));
        }
        let bytes = Zeroizing::new(text.into_bytes());
        if bytes.len() > TEXT_MAX {
            return self.refuse(crate::language::text(TOO_LARGE));
        }
        let (mut from, length) = (0, bytes.len() as u64);
        let next = move || {
            let piece = &bytes[from..(from + PIECE).min(bytes.len())];
            from += piece.len();
            let piece = (!piece.is_empty()).then(|| Piece(piece.to_vec()));
            Box::pin(std::future::ready(Ok(piece))) as Coming
        };
        self.take(None, length, Box::new(next));
    }

    /// Reads a file that was chosen or dropped.
    pub(super) fn take_file(self, file: web_sys::File) {
        if file.size() == 0.0 {
            return self.refuse(t!("The file is empty."));
        }
        let (name, length) = (file.name(), file.size() as u64);
        let mut from = 0.0;
        let next = move || {
            let to = (from + PIECE as f64).min(file.size());
            let part = file.slice_with_f64_and_f64(from, to);
            let is_over = from >= file.size();
            from = to;
            Box::pin(async move {
                if is_over {
                    return Ok(None);
                }
                let buffer = JsFuture::from(part.map_err(drop)?.array_buffer());
                let buffer = buffer.await.map_err(drop)?;
                let array = js_sys::Uint8Array::new(buffer.unchecked_ref());
                let piece = Piece(array.to_vec());
                array.fill(0, 0, array.length());
                Ok::<_, ()>(Some(piece))
            }) as Coming
        };
        self.take(Some(name), length, Box::new(next));
    }

    /// Reads the file once more, as a person says.
    pub(super) fn read(self, wish: ImportWish) {
        let round = self.next_round();
        self.problem.set(None);
        self.step.set(Step::Reading);
        spawn_local(async move {
            let _ = self.ask(ImportCommand::Stop).await;
            self.read_now(round, wish).await;
        });
    }

    /// Back to where a file is chosen; the worker forgets this one.
    pub(super) fn back(self) {
        self.next_round();
        self.problem.set(None);
        self.step.set(Step::Source);
        self.forget();
    }

    /// The worker forgets the file, and stops whatever it does with it.
    pub(super) fn forget(self) {
        spawn_local(async move {
            let _ = self.ask(ImportCommand::Forget).await;
        });
    }

    /// Somebody goes elsewhere. What was confirmed is written all the same.
    pub(super) fn leave(self) {
        if self.writing.try_get_untracked() != Some(true) {
            self.forget();
        }
    }

    /// Stops the writing.
    pub(super) fn stop(self) {
        self.stopping.set(true);
        spawn_local(async move {
            let _ = self.ask(ImportCommand::Stop).await;
        });
    }

    /// Writes what was chosen, all of it or nothing.
    pub(super) fn confirm(self, plan: ImportPlan) {
        if self.writing.get_untracked() {
            return;
        }
        self.writing.set(true);
        self.stopping.set(false);
        self.problem.set(None);
        self.session.clear_progress();
        let folder = Some(plan.folder.clone()).filter(|folder| !folder.is_empty());
        spawn_local(async move {
            let reply = self.ask(ImportCommand::Confirm(plan)).await;
            if let Ok(ImportReply::Imported { added: added @ 1.. }) = reply {
                self.tell_added(added);
                // The vault is built in a task of its own.
                sleep(Duration::ZERO).await;
            }
            let is_here = self.writing.try_set(false).is_none();
            let _ = self.stopping.try_set(false);
            self.session.clear_progress();
            match reply {
                Ok(ImportReply::Imported { added: 0 }) => {
                    let nothing = t!("All of it is in the vault already. Nothing was added.");
                    let _ = self.problem.try_set(Some(nothing.to_owned()));
                }
                // To what was added: changed last comes first.
                Ok(ImportReply::Imported { .. }) if is_here => self.go.to(&Place {
                    folder,
                    ..Place::default()
                }),
                Ok(ImportReply::Stopped { trashed: 0 }) => {
                    self.toasts.say(t!("Stopped. Nothing was written."));
                }
                Ok(ImportReply::Stopped { trashed }) => {
                    self.toasts.say(tn!(
                        trashed,
                        "Stopped. The server had taken {count} item by then; all of it is in the trash.",
                        "Stopped. The server had taken {count} items by then; all of it is in the trash."
                    ));
                }
                Ok(_) => {}
                Err(failure) if is_here => self.problem.set(Some(failure.to_string())),
                Err(failure) => {
                    self.toasts.failed(&failure);
                    self.forget();
                }
            }
        });
    }

    /// Asks the worker.
    pub(super) async fn ask(self, command: ImportCommand) -> Result<ImportReply, Failure> {
        match self.worker.call(Command::Import(command)).await? {
            Reply::Import(reply) => Ok(reply),
            _ => Err(Failure::NotFound),
        }
    }

    /// Outlives this page, as the toast does.
    fn tell_added(self, added: u32) {
        let (worker, toasts) = (self.worker, self.toasts);
        let words = tn!(added, "{count} item imported.", "{count} items imported.");
        toasts.undoable(words, move || {
            spawn_local(async move {
                match worker.call(Command::Import(ImportCommand::Undo)).await {
                    Ok(_) => toasts.say(tn!(
                        added,
                        "{count} item moved to the trash.",
                        "{count} items moved to the trash."
                    )),
                    Err(failure) => toasts.failed(&failure),
                }
            });
        });
    }

    fn take(self, name: Option<String>, length: u64, mut next: NextPiece) {
        let round = self.next_round();
        self.problem.set(None);
        self.file_name.set(name);
        self.step.set(Step::Reading);
        self.session.clear_progress();
        spawn_local(async move {
            let mut first = Some(length);
            loop {
                match next().await {
                    Ok(None) => break,
                    Ok(Some(_)) if !self.is_round(round) => return,
                    Ok(Some(piece)) => {
                        let taken = self.ask(ImportCommand::Take { first, piece }).await;
                        match taken {
                            Ok(_) => first = None,
                            Err(Failure::TooLarge { .. }) => {
                                let words = crate::language::text(TOO_LARGE);
                                return self.fail(round, words.to_owned());
                            }
                            Err(failure) => return self.fail(round, failure.to_string()),
                        }
                    }
                    Err(()) => {
                        let unread =
                            t!("The browser could not read the file. Nothing was changed.");
                        return self.fail(round, unread.to_owned());
                    }
                }
            }
            self.read_now(round, ImportWish::default()).await;
        });
    }

    async fn read_now(self, round: u32, wish: ImportWish) {
        if !self.is_round(round) {
            return;
        }
        let file_name = self.file_name.try_get_untracked().flatten();
        let reply = self.ask(ImportCommand::Read { file_name, wish }).await;
        if !self.is_round(round) {
            return;
        }
        let step = match reply {
            Ok(ImportReply::Preview(found)) => Step::Preview(found),
            Ok(ImportReply::Unread { format, why }) => Step::Unread(format, why),
            Ok(_) => Step::Source,
            Err(failure) => return self.fail(round, failure.to_string()),
        };
        let _ = self.step.try_set(step);
        self.session.clear_progress();
    }

    fn fail(self, round: u32, problem: String) {
        if self.is_round(round) {
            let _ = self.problem.try_set(Some(problem));
            let _ = self.step.try_set(Step::Source);
        }
    }

    fn next_round(self) -> u32 {
        let next = self.round.try_update_value(|round| {
            *round += 1;
            *round
        });
        next.unwrap_or_default()
    }

    /// Whether nothing else was begun meanwhile, and the page is still there.
    fn is_round(self, round: u32) -> bool {
        self.round.try_get_value() == Some(round)
    }
}

const TOO_LARGE: &str =
    mark!("It is larger than 50 MB, the most that an import takes. Nothing was read.");

/// Makes an import known to the components below.
pub(super) fn provide_import() -> ImportWork {
    let work = ImportWork {
        step: RwSignal::new(Step::Source),
        problem: RwSignal::new(None),
        writing: RwSignal::new(false),
        stopping: RwSignal::new(false),
        file_name: RwSignal::new(None),
        round: StoredValue::new(0),
        worker: use_worker(),
        session: use_session(),
        toasts: use_toasts(),
        go: use_go(),
    };
    provide_context(work);
    work
}

/// See [`provide_import`].
pub(super) fn use_import() -> ImportWork {
    expect_context()
}
