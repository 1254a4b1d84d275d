use std::collections::BTreeSet;

use keyarc_wire::ItemId;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    state::{Session, Toasts, use_session, use_toasts},
    worker::{
        Command, Failure, MomentChoice, MomentCommand, MomentFacts, MomentReply, Reply, Worker,
        use_worker,
    },
};

/// How far somebody is who looks back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// No moment is chosen yet.
    Choose,
    /// It is on its way.
    Looking,
    /// It is here.
    Shown(MomentFacts),
}

/// The vault at a moment, as the page sees it. What it was is the worker's.
#[derive(Clone, Copy)]
pub(super) struct MomentWork {
    step: RwSignal<Step>,
    problem: RwSignal<Option<String>>,
    busy: RwSignal<bool>,
    /// All that can become again what it was is chosen, but for `except`; or only `except` is.
    all: RwSignal<bool>,
    except: RwSignal<BTreeSet<ItemId>>,
    /// Counts up with each look; late answers are dropped.
    round: StoredValue<u32>,
    worker: Worker,
    session: Session,
    toasts: Toasts,
}

impl MomentWork {
    pub(super) fn step(self) -> Step {
        self.step.get()
    }

    pub(super) fn problem(self) -> Option<String> {
        self.problem.get()
    }

    pub(super) fn busy(self) -> Signal<bool> {
        self.busy.into()
    }

    /// Whether an item is chosen, of those that can be.
    pub(super) fn has(self, item: ItemId) -> bool {
        self.except.with(|except| except.contains(&item)) != self.all.get()
    }

    /// Chooses an item, or not.
    pub(super) fn set(self, item: ItemId, on: bool) {
        let is_exception = on != self.all.get_untracked();
        self.except.update(|except| {
            match is_exception {
                true => except.insert(item),
                false => except.remove(&item),
            };
        });
    }

    /// Chooses all that can be chosen, or none.
    pub(super) fn set_all(self, on: bool) {
        self.except.update(BTreeSet::clear);
        self.all.set(on);
    }

    /// How many are chosen.
    pub(super) fn count(self) -> u32 {
        let Step::Shown(facts) = self.step.get() else {
            return 0;
        };
        let except = self.except.with(BTreeSet::len) as u32;
        match self.all.get() {
            true => facts.returnable.saturating_sub(except),
            false => except,
        }
    }

    /// Looks at a moment, Unix milliseconds.
    pub(super) fn show(self, at_ms: u64) {
        let round = self.next_round();
        self.problem.set(None);
        self.set_all(false);
        self.step.set(Step::Looking);
        spawn_local(async move {
            let reply = self.ask(MomentCommand::Show { at_ms }).await;
            if self.round.try_get_value() != Some(round) {
                return;
            }
            match reply {
                Ok(MomentReply::Shown(facts)) => drop(self.step.try_set(Step::Shown(facts))),
                Ok(_) => drop(self.step.try_set(Step::Choose)),
                Err(failure) => {
                    let _ = self.step.try_set(Step::Choose);
                    let _ = self.problem.try_set(Some(failure.to_string()));
                }
            }
        });
    }

    /// Says what is wrong with what was chosen.
    pub(super) fn refuse(self, problem: &str) {
        self.next_round();
        self.step.set(Step::Choose);
        self.problem.set(Some(problem.to_owned()));
    }

    /// Makes what is chosen again what it was.
    pub(super) fn restore(self) {
        let Step::Shown(facts) = self.step.get_untracked() else {
            return;
        };
        if self.busy.get_untracked() || untrack(|| self.count()) == 0 {
            return;
        }
        let choice = MomentChoice {
            all: self.all.get_untracked(),
            except: self
                .except
                .with_untracked(|except| except.iter().copied().collect()),
        };
        self.busy.set(true);
        self.problem.set(None);
        self.session.clear_progress();
        spawn_local(async move {
            let reply = self.ask(MomentCommand::Return(choice)).await;
            let is_here = self.busy.try_set(false).is_none();
            self.session.clear_progress();
            match reply {
                Ok(MomentReply::Returned { changed, lost }) => {
                    self.tell_returned(changed, lost);
                    if is_here {
                        self.show(facts.at_ms);
                    }
                }
                Ok(_) => {}
                Err(failure) if is_here => {
                    drop(self.problem.try_set(Some(failure.to_string())));
                }
                Err(failure) => self.toasts.failed(&failure),
            }
        });
    }

    /// The worker forgets the moment.
    pub(super) fn leave(self) {
        spawn_local(async move {
            let _ = self.ask(MomentCommand::Forget).await;
        });
    }

    /// Asks the worker.
    pub(super) async fn ask(self, command: MomentCommand) -> Result<MomentReply, Failure> {
        match self.worker.call(Command::Moment(command)).await? {
            Reply::Moment(reply) => Ok(reply),
            _ => Err(Failure::NotFound),
        }
    }

    /// Outlives this page, as the toast does.
    fn tell_returned(self, changed: u32, lost: u32) {
        let (worker, toasts) = (self.worker, self.toasts);
        if lost > 0 {
            toasts.fail(tn!(
                lost,
                "{count} item could not be restored: gone for good, or the server does not have the secret any more.",
                "{count} items could not be restored: gone for good, or the server does not have the secret any more."
            ));
        }
        if changed == 0 {
            return;
        }
        let words = tn!(changed, "{count} item restored.", "{count} items restored.");
        toasts.undoable(words, move || {
            spawn_local(async move {
                match worker.call(Command::Moment(MomentCommand::Undo)).await {
                    Ok(Reply::Moment(MomentReply::Undone { restored, left })) => {
                        toasts.say(undone(restored, left));
                    }
                    Ok(_) => {}
                    Err(failure) => toasts.failed(&failure),
                }
            });
        });
    }

    fn next_round(self) -> u32 {
        let next = self.round.try_update_value(|round| {
            *round += 1;
            *round
        });
        next.unwrap_or_default()
    }
}

fn undone(restored: u32, left: u32) -> String {
    let words = tn!(
        restored,
        "{count} item as before.",
        "{count} items as before."
    );
    if left == 0 {
        return words;
    }
    let stayed = tn!(
        left,
        "{count} changed since, and stayed.",
        "{count} changed since, and stayed."
    );
    format!("{words} {stayed}")
}

/// Makes the moment known to the components below.
pub(super) fn provide_moment() -> MomentWork {
    let work = MomentWork {
        step: RwSignal::new(Step::Choose),
        problem: RwSignal::new(None),
        busy: RwSignal::new(false),
        all: RwSignal::new(false),
        except: RwSignal::new(BTreeSet::new()),
        round: StoredValue::new(0),
        worker: use_worker(),
        session: use_session(),
        toasts: use_toasts(),
    };
    provide_context(work);
    work
}

/// See [`provide_moment`].
pub(super) fn use_moment() -> MomentWork {
    expect_context()
}
