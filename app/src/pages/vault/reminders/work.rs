use keyarc_vault::{Day, ReminderChange, ReminderRow, Reminders};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    state::{Toasts, use_toasts},
    words::{long_day, shortened},
    worker::{Command, Failure, ReminderCommand, ReminderReply, Reply, Worker, use_worker},
};

/// What is due, as the page sees it.
#[derive(Clone, Copy)]
pub(super) struct ReminderWork {
    view: RwSignal<Option<Result<Reminders, String>>>,
    /// Counts up with each question; late answers are dropped.
    round: StoredValue<u32>,
    busy: RwSignal<bool>,
    worker: Worker,
    toasts: Toasts,
}

impl ReminderWork {
    /// What is wrong, if it did not come.
    pub(super) fn problem(self) -> Option<String> {
        self.view.with(|view| match view {
            Some(Err(problem)) => Some(problem.clone()),
            _ => None,
        })
    }

    /// Whether it is here.
    pub(super) fn is_here(self) -> bool {
        self.view.with(|view| matches!(view, Some(Ok(_))))
    }

    /// Looks at it; nothing is due before it is here.
    pub(super) fn look<R: Default>(self, look: impl FnOnce(&Reminders) -> R) -> R {
        self.view.with(|view| match view {
            Some(Ok(view)) => look(view),
            _ => R::default(),
        })
    }

    /// Whether something is being changed.
    pub(super) fn busy(self) -> Signal<bool> {
        self.busy.into()
    }

    /// Asks the worker.
    pub(super) fn ask(self) {
        self.run(ReminderCommand::List, |_| {});
    }

    /// Puts a reminder away, and offers to take that back.
    pub(super) fn hide(self, row: &ReminderRow, until: Option<Day>) {
        let name = shortened(&row.name);
        let words = match until {
            Some(day) => t!("{name} comes back on {day}.", name, day = long_day(day)),
            None => t!("The reminder of {name} was dismissed.", name),
        };
        let (id, toasts, worker, view) = (row.id, self.toasts, self.worker, self.view);
        self.change(ReminderChange::Hide { id, until }, move || {
            toasts.undoable(words, move || {
                spawn_local(async move {
                    // Outlives this page, as the toast does.
                    let change = ReminderCommand::Change(ReminderChange::Show(id));
                    match reply(worker, change).await {
                        Ok(now) => drop(view.try_set(Some(Ok(now)))),
                        Err(failure) => toasts.failed(&failure),
                    }
                });
            });
        });
    }

    /// Takes it out again.
    pub(super) fn show(self, row: &ReminderRow) {
        self.change(ReminderChange::Show(row.id), || {});
    }

    /// Other days before.
    pub(super) fn set_lead_days(self, days: Vec<u16>) {
        self.change(ReminderChange::LeadDays(days), || {});
    }

    fn change(self, change: ReminderChange, done: impl FnOnce() + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        let toasts = self.toasts;
        self.run(
            ReminderCommand::Change(change),
            move |failed| match failed {
                Some(failure) => toasts.failed(&failure),
                None => done(),
            },
        );
    }

    /// A change that fails leaves what is shown; a question that fails says so in its place.
    fn run(self, command: ReminderCommand, done: impl FnOnce(Option<Failure>) + 'static) {
        let is_question = matches!(command, ReminderCommand::List);
        let round = self.round.try_update_value(|round| {
            *round += 1;
            *round
        });
        spawn_local(async move {
            let answer = reply(self.worker, command).await;
            let _ = self.busy.try_set(false);
            let is_newest = self.round.try_get_value() == round;
            match answer {
                Ok(now) => {
                    if is_newest {
                        let _ = self.view.try_set(Some(Ok(now)));
                    }
                    done(None);
                }
                Err(failure) => {
                    let has_some = self
                        .view
                        .try_with_untracked(|view| matches!(view, Some(Ok(_))));
                    if is_question && is_newest && has_some == Some(false) {
                        let _ = self.view.try_set(Some(Err(failure.to_string())));
                    }
                    done(Some(failure));
                }
            }
        });
    }
}

async fn reply(worker: Worker, command: ReminderCommand) -> Result<Reminders, Failure> {
    match worker.call(Command::Reminders(command)).await? {
        Reply::Reminders(ReminderReply::List(now)) => Ok(now),
        _ => Err(Failure::NotFound),
    }
}

/// Makes the reminders known to the components below.
pub(super) fn provide_reminders() -> ReminderWork {
    let work = ReminderWork {
        view: RwSignal::new(None),
        round: StoredValue::new(0),
        busy: RwSignal::new(false),
        worker: use_worker(),
        toasts: use_toasts(),
    };
    provide_context(work);
    work
}

/// See [`provide_reminders`].
pub(super) fn use_reminders() -> ReminderWork {
    expect_context()
}
