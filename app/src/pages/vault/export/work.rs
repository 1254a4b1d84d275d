use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_query_map;

use super::words::ARCHIVE;
use crate::{
    state::{Session, Toasts, use_session, use_toasts},
    ui::{blob_of, save_blobs},
    worker::{
        Command, ExportBuilt, ExportCommand, ExportFacts, ExportReply, ExportWish, Failure, Reply,
        Worker, use_worker,
    },
};

/// Everything, as a choice.
pub(super) const ALL: &str = "all";
/// What is selected, as a choice, and in the address.
pub(super) const SELECTED: &str = "selected";
/// A password of its own, as what opens an archive.
pub(super) const OWN: &str = "password";

/// How far an export is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// How much there is, is being asked.
    Looking,
    /// There is nothing.
    Empty,
    /// What is to be made is being chosen.
    Choose(ExportFacts),
    /// The file is being made.
    Building,
    /// It is there, and waits to be saved.
    Ready(ExportBuilt),
}

/// An export, as the page sees it. The file is the worker's until it is saved.
#[derive(Clone, Copy)]
pub(super) struct ExportWork {
    step: RwSignal<Step>,
    problem: RwSignal<Option<String>>,
    /// What is wrong with a password, beside its field.
    refused: RwSignal<Option<Refused>>,
    stopping: RwSignal<bool>,
    saving: RwSignal<bool>,
    facts: StoredValue<ExportFacts>,
    choice: Choice,
    /// Somebody came here from selected items.
    of_selection: bool,
    worker: Worker,
    session: Session,
    toasts: Toasts,
}

/// What is chosen. It stays when a file could not be made.
#[derive(Clone, Copy)]
pub(super) struct Choice {
    pub(super) what: RwSignal<String>,
    pub(super) format: RwSignal<String>,
    pub(super) lock: RwSignal<String>,
    /// The password that the archive is to have, and the same once more.
    pub(super) own: RwSignal<String>,
    pub(super) repeated: RwSignal<String>,
    /// Whether an archive has what items were before.
    pub(super) earlier: RwSignal<bool>,
    /// Whether an archive has what is attached to items.
    pub(super) files: RwSignal<bool>,
}

/// Which password was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// The master password.
    Master,
    /// The one that the archive is to have.
    Own,
}

impl ExportWork {
    pub(super) fn step(self) -> Step {
        self.step.get()
    }

    pub(super) fn problem(self) -> Option<String> {
        self.problem.get()
    }

    pub(super) fn refused(self) -> Option<Refused> {
        self.refused.get()
    }

    pub(super) fn stopping(self) -> bool {
        self.stopping.get()
    }

    pub(super) fn saving(self) -> Signal<bool> {
        self.saving.into()
    }

    pub(super) fn choice(self) -> Choice {
        self.choice
    }

    pub(super) fn is_of_selection(self) -> bool {
        self.of_selection && self.facts.with_value(|facts| facts.selected > 0)
    }

    /// Makes the file.
    pub(super) fn build(self, wish: ExportWish) {
        if self.step.with_untracked(|step| *step == Step::Building) {
            return;
        }
        self.problem.set(None);
        self.refused.set(None);
        self.stopping.set(false);
        self.session.clear_progress();
        self.step.set(Step::Building);
        spawn_local(async move {
            let reply = self.ask(ExportCommand::Build(wish)).await;
            self.session.clear_progress();
            let (step, problem) = match reply {
                Ok(ExportReply::Built(built)) => {
                    let _ = self.choice.own.try_set(String::new());
                    let _ = self.choice.repeated.try_set(String::new());
                    (Step::Ready(built), None)
                }
                Ok(_) => {
                    self.toasts.say(t!("Stopped. Nothing was exported."));
                    (self.choose(), None)
                }
                Err(Failure::WrongPassword) => {
                    let _ = self.refused.try_set(Some(Refused::Master));
                    (self.choose(), None)
                }
                Err(Failure::WeakPassword) => {
                    let _ = self.refused.try_set(Some(Refused::Own));
                    (self.choose(), None)
                }
                Err(Failure::Offline) => (
                    self.choose(),
                    Some(crate::language::text(OFFLINE).to_owned()),
                ),
                Err(failure) => (self.choose(), Some(failure.to_string())),
            };
            let _ = self.problem.try_set(problem);
            let _ = self.step.try_set(step);
        });
    }

    /// Stops the making.
    pub(super) fn stop(self) {
        self.stopping.set(true);
        self.send(ExportCommand::Stop);
    }

    /// Back to the choice; the worker forgets the file.
    pub(super) fn back(self) {
        self.problem.set(None);
        self.send(ExportCommand::Forget);
        self.step.set(self.choose());
    }

    /// Hands the file to the browser.
    pub(super) fn save(self, name: String) {
        if self.saving.get_untracked() {
            return;
        }
        self.saving.set(true);
        self.problem.set(None);
        spawn_local(async move {
            let saved = self.fetch(&name).await;
            let _ = self.saving.try_set(false);
            match saved {
                Ok(()) => self
                    .toasts
                    .say(t!("{name} was handed to the browser.", name)),
                Err(problem) => drop(self.problem.try_set(Some(problem))),
            }
        });
    }

    /// Somebody goes elsewhere.
    pub(super) fn leave(self) {
        self.session.clear_progress();
        self.send(ExportCommand::Forget);
    }

    async fn fetch(self, name: &str) -> Result<(), String> {
        let not_taken = |_| t!("The browser did not take the file. Nothing was saved.").to_owned();
        let parts = js_sys::Array::new();
        let mut first = true;
        loop {
            let reply = self.ask(ExportCommand::Take { first }).await;
            first = false;
            match reply.map_err(|failure| failure.to_string())? {
                ExportReply::Piece(Some(piece)) => {
                    let blob = blob_of(&piece.0).map_err(not_taken)?;
                    parts.push(blob.as_ref());
                }
                _ => break,
            }
        }
        save_blobs(name, &parts).map_err(not_taken)
    }

    fn choose(self) -> Step {
        Step::Choose(self.facts.try_get_value().unwrap_or_default())
    }

    fn look(self) {
        spawn_local(async move {
            let step = match self.ask(ExportCommand::Facts).await {
                Ok(ExportReply::Facts(facts)) => {
                    self.facts.try_update_value(|known| *known = facts);
                    if facts.selected == 0 {
                        let _ = self.choice.what.try_set(ALL.to_owned());
                    }
                    match facts.items + facts.trashed {
                        0 => Step::Empty,
                        _ => Step::Choose(facts),
                    }
                }
                Ok(_) | Err(Failure::Locked) => return,
                Err(failure) => {
                    let _ = self.problem.try_set(Some(failure.to_string()));
                    return;
                }
            };
            let _ = self.step.try_set(step);
        });
    }

    fn send(self, command: ExportCommand) {
        spawn_local(async move {
            let _ = self.ask(command).await;
        });
    }

    async fn ask(self, command: ExportCommand) -> Result<ExportReply, Failure> {
        match self.worker.call(Command::Export(command)).await? {
            Reply::Export(reply) => Ok(reply),
            _ => Err(Failure::NotFound),
        }
    }
}

const OFFLINE: &str = mark!(
    "The server cannot be reached, and not all that the file needs is on this device. Nothing was exported. Try again when it answers."
);

/// Makes an export known to the components below.
pub(super) fn provide_export() -> ExportWork {
    let query = use_query_map();
    let of_selection = query.with_untracked(|query| query.get("of").as_deref() == Some(SELECTED));
    let work = ExportWork {
        step: RwSignal::new(Step::Looking),
        problem: RwSignal::new(None),
        refused: RwSignal::new(None),
        stopping: RwSignal::new(false),
        saving: RwSignal::new(false),
        facts: StoredValue::new(ExportFacts::default()),
        choice: Choice {
            what: RwSignal::new(if of_selection { SELECTED } else { ALL }.to_owned()),
            format: RwSignal::new(ARCHIVE.to_owned()),
            lock: RwSignal::new(OWN.to_owned()),
            own: RwSignal::new(String::new()),
            repeated: RwSignal::new(String::new()),
            earlier: RwSignal::new(true),
            files: RwSignal::new(true),
        },
        of_selection,
        worker: use_worker(),
        session: use_session(),
        toasts: use_toasts(),
    };
    provide_context(work);
    work.look();
    work
}

/// See [`provide_export`].
pub(super) fn use_export() -> ExportWork {
    expect_context()
}
