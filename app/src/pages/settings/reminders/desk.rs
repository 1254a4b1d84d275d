use keyarc_wire::{DeliveryProblem, ReminderChannel, ReminderStep, ReminderStepResponse};
use leptos::{prelude::*, task::spawn_local};

use super::deliveries::problem_words;
use crate::{
    language::text,
    state::{Toasts, use_toasts},
    worker::{
        Command, Failure, ReminderCommand, ReminderReply, ReminderView, Reply, Worker, use_worker,
    },
};

/// Where the part stands.
#[derive(Clone, PartialEq)]
pub(super) enum Stand {
    /// It is on its way.
    Loading,
    /// It did not come.
    Problem(String),
    /// As the server says.
    Is(ReminderView),
}

/// What the three ways have in common.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    stand: RwSignal<Stand>,
    busy: RwSignal<bool>,
    /// What is shown once, by channel; it stays until somebody has saved it.
    secret: RwSignal<Option<(ReminderChannel, String)>>,
    worker: Worker,
    toasts: Toasts,
}

impl Desk {
    pub(super) fn stand(self) -> Stand {
        self.stand.get()
    }

    pub(super) fn busy(self) -> Signal<bool> {
        self.busy.into()
    }

    /// The secret of a channel that was just made.
    pub(super) fn secret_of(self, channel: ReminderChannel) -> Option<String> {
        self.secret.with(|secret| match secret {
            Some((of, secret)) if *of == channel => Some(secret.clone()),
            _ => None,
        })
    }

    /// It was saved.
    pub(super) fn forget_secret(self) {
        self.secret.set(None);
    }

    /// Asks how things are.
    pub(super) fn load(self) {
        spawn_local(async move {
            let now = match self.ask(ReminderCommand::Channels).await {
                Ok(ReminderReply::Channels(view)) => Stand::Is(*view),
                Ok(_) => return,
                Err(failure) => Stand::Problem(failure.to_string()),
            };
            let _ = self.stand.try_set(now);
        });
    }

    /// The same after it failed.
    pub(super) fn load_again(self) {
        self.stand.set(Stand::Loading);
        self.load();
    }

    /// Takes a step, and says what came of it: `done` when it is done; a failure beside a field, and
    /// there in other words when the server refused what was typed, or in a toast.
    pub(super) fn step(
        self,
        step: ReminderStep,
        done: &'static str,
        field: Option<(RwSignal<Option<String>>, &'static str)>,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        if let Some((error, _)) = field {
            error.set(None);
        }
        spawn_local(async move {
            let answer = self.ask(ReminderCommand::Step(Box::new(step))).await;
            let _ = self.busy.try_set(false);
            match answer {
                Ok(ReminderReply::Stepped(answer)) => {
                    self.take(answer, done);
                    self.load();
                }
                Ok(_) => {}
                Err(failure) => match (field, failure) {
                    (Some((error, words)), Failure::Server { .. }) => {
                        drop(error.try_set(Some(text(words).to_owned())));
                    }
                    (Some((error, _)), failure) => {
                        drop(error.try_set(Some(failure.to_string())));
                    }
                    (None, failure) => self.toasts.failed(&failure),
                },
            }
        });
    }

    fn take(self, answer: ReminderStepResponse, done: &'static str) {
        match answer {
            ReminderStepResponse::Done | ReminderStepResponse::CodeSent => self.toasts.say(done),
            ReminderStepResponse::Webhook(secret) => {
                let _ = self
                    .secret
                    .try_set(Some((ReminderChannel::Webhook, secret)));
                self.toasts.say(done);
            }
            ReminderStepResponse::Feed(token) => {
                let _ = self.secret.try_set(Some((ReminderChannel::Feed, token)));
                self.toasts.say(done);
            }
            ReminderStepResponse::Tested(None) => self.toasts.say(done),
            ReminderStepResponse::Tested(Some(problem)) => self.toasts.fail(failed_test(problem)),
        }
    }

    async fn ask(self, command: ReminderCommand) -> Result<ReminderReply, Failure> {
        match self.worker.call(Command::Reminders(command)).await? {
            Reply::Reminders(reply) => Ok(reply),
            _ => Err(Failure::NotFound),
        }
    }
}

fn failed_test(problem: DeliveryProblem) -> String {
    t!(
        "The test was not delivered: {problem}.",
        problem = problem_words(problem)
    )
}

/// Makes the desk known to the parts below.
pub(super) fn provide_desk() -> Desk {
    let desk = Desk {
        stand: RwSignal::new(Stand::Loading),
        busy: RwSignal::new(false),
        secret: RwSignal::new(None),
        worker: use_worker(),
        toasts: use_toasts(),
    };
    provide_context(desk);
    desk
}

/// See [`provide_desk`].
pub(super) fn use_desk() -> Desk {
    expect_context()
}
