//! A run of tests over all keys: one after the other, until it is paused, stopped, left or done.

use std::{collections::HashSet, time::Duration};

use keyarc_vault::{Browsers, CheckOutcome};
use leptos::{prelude::*, task::spawn_local};

use super::run::{ask, keep, test};
use crate::{
    state::{Session, sleep},
    worker::{CheckCommand, CheckFound, CheckReply, ChecksAhead, Worker},
};

/// What was found is written after so many tests, and at the end.
const KEEP_EVERY: u32 = 50;
/// Most results that are listed; the list of items shows all keys that do not work.
const LISTED: usize = 300;

/// Where the run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Looking,
    Failed,
    Ready(ChecksAhead),
    Running(ChecksAhead),
    /// After the test that is being made.
    Pausing(ChecksAhead),
    Paused(ChecksAhead),
    /// To its end, or not.
    Over {
        whole: bool,
    },
}

/// A run, as this page shows it.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) worker: Worker,
    session: Session,
    pub(super) phase: RwSignal<Phase>,
    /// Counts up with each beginning, so that one which was stopped goes on in no other.
    turn: RwSignal<u32>,
    pub(super) trouble: RwSignal<Option<String>>,
    /// Items done, whatever came of them.
    pub(super) done: RwSignal<u32>,
    pub(super) counts: RwSignal<Vec<(CheckOutcome, u32)>>,
    /// Without those that work, the newest first.
    pub(super) listed: RwSignal<Vec<CheckFound>>,
    pub(super) passed_over: RwSignal<u32>,
    /// The item that is being tested.
    pub(super) now: RwSignal<Option<String>>,
    /// A host that a person is asked about, and where the answer goes.
    pub(super) question: RwSignal<Option<String>>,
    pub(super) answer: RwSignal<Option<bool>>,
}

impl Run {
    /// A run that has not begun.
    pub(super) fn new(worker: Worker, session: Session) -> Self {
        Self {
            worker,
            session,
            phase: RwSignal::new(Phase::Looking),
            turn: RwSignal::new(0),
            trouble: RwSignal::new(None),
            done: RwSignal::new(0),
            counts: RwSignal::new(Vec::new()),
            listed: RwSignal::new(Vec::new()),
            passed_over: RwSignal::new(0),
            now: RwSignal::new(None),
            question: RwSignal::new(None),
            answer: RwSignal::new(None),
        }
    }

    /// Finds out what there is to test.
    pub(super) fn look(self) {
        self.turn.update(|turn| *turn += 1);
        self.phase.set(Phase::Looking);
        self.trouble.set(None);
        self.done.set(0);
        self.counts.set(Vec::new());
        self.listed.set(Vec::new());
        self.passed_over.set(0);
        spawn_local(async move {
            let phase = match ask(self.worker, CheckCommand::BeginAll).await {
                Ok(CheckReply::Ahead(ahead)) => Phase::Ready(ahead),
                Ok(_) => return,
                Err(reason) => {
                    let _ = self.trouble.try_set(Some(reason));
                    Phase::Failed
                }
            };
            let _ = self.phase.try_set(phase);
        });
    }

    pub(super) fn start(self, ahead: ChecksAhead) {
        self.trouble.set(None);
        self.phase.set(Phase::Running(ahead));
        self.turn.update(|turn| *turn += 1);
        spawn_local(self.go(ahead, self.turn.get_untracked()));
    }

    pub(super) fn stop(self) {
        // A paused run has saved what it found already.
        self.phase.set(Phase::Over { whole: false });
    }

    /// Goes on until it is paused, stopped, left or done.
    async fn go(self, ahead: ChecksAhead, turn: u32) {
        let mut refused_hosts = HashSet::new();
        let mut unsaved = 0;
        let is_mine = || self.turn.try_get_untracked() == Some(turn);
        let end = loop {
            if !is_mine() {
                return;
            }
            match self.phase.try_get_untracked() {
                Some(Phase::Running(_)) => {}
                Some(Phase::Pausing(_)) => break Some(Phase::Paused(ahead)),
                Some(_) => break None,
                // The page was left.
                None => return,
            }
            match self.step(&mut refused_hosts).await {
                Ok(Step::Tested) => unsaved += 1,
                Ok(Step::PassedOver) => {}
                Ok(Step::Ended) => break Some(Phase::Over { whole: true }),
                Err(_) if !is_mine() => return,
                Err(reason) => {
                    let _ = self.trouble.try_set(Some(reason));
                    break Some(Phase::Paused(ahead));
                }
            }
            if unsaved >= KEEP_EVERY {
                unsaved = 0;
                self.keep().await;
            }
        };
        let _ = self.now.try_set(None);
        self.keep().await;
        if let Some(end) = end.filter(|_| is_mine()) {
            let _ = self.phase.try_set(end);
        }
    }

    async fn keep(self) {
        if let Err(reason) = keep(self.worker).await {
            let _ = self.trouble.try_set(Some(reason));
        }
    }

    /// One test, or what stands in its place.
    async fn step(self, refused_hosts: &mut HashSet<String>) -> Result<Step, String> {
        let ready = match ask(self.worker, CheckCommand::Next).await? {
            CheckReply::Ready(ready) => ready,
            CheckReply::Wait { millis } => {
                sleep(Duration::from_millis(u64::from(millis))).await;
                return Ok(Step::PassedOver);
            }
            CheckReply::Refused(_) => {
                self.pass_over();
                return Ok(Step::PassedOver);
            }
            _ => return Ok(Step::Ended),
        };
        let _ = self.now.try_set(Some(ready.name.clone()));
        let agrees = ready.browsers != Browsers::No
            && !refused_hosts.contains(&ready.host)
            && (ready.agreed || self.ask_about(&ready.host).await);
        if !agrees {
            refused_hosts.insert(ready.host);
            ask(self.worker, CheckCommand::Skip).await?;
            self.pass_over();
            return Ok(Step::PassedOver);
        }
        self.note(test(self.worker, self.session).await?);
        Ok(Step::Tested)
    }

    /// Waits for a person's answer; no, when the page is left or the run stopped meanwhile.
    async fn ask_about(self, host: &str) -> bool {
        /// How often it is looked whether somebody has answered.
        const LOOK_EVERY: Duration = Duration::from_millis(50);
        let _ = self.answer.try_set(None);
        let _ = self.question.try_set(Some(host.to_owned()));
        let answer = loop {
            let runs = matches!(
                self.phase.try_get_untracked(),
                Some(Phase::Running(_) | Phase::Pausing(_))
            );
            match self.answer.try_get_untracked() {
                Some(Some(answer)) => break answer,
                Some(None) if runs => sleep(LOOK_EVERY).await,
                _ => break false,
            }
        };
        let _ = self.question.try_set(None);
        answer
    }

    fn pass_over(self) {
        let _ = self.done.try_update(|done| *done += 1);
        let _ = self.passed_over.try_update(|passed| *passed += 1);
    }

    fn note(self, found: CheckFound) {
        let outcome = found.result.outcome;
        let _ = self.done.try_update(|done| *done += 1);
        let _ = self.counts.try_update(|counts| count(counts, outcome));
        if outcome != CheckOutcome::Valid {
            let _ = self.listed.try_update(|listed| {
                listed.insert(0, found);
                listed.truncate(LISTED);
            });
        }
    }
}

/// What one step came to.
enum Step {
    Tested,
    PassedOver,
    Ended,
}

/// Counts an outcome, in the order of all of them.
fn count(counts: &mut Vec<(CheckOutcome, u32)>, outcome: CheckOutcome) {
    match counts.binary_search_by_key(&outcome, |(known, _)| *known) {
        Ok(at) => counts[at].1 += 1,
        Err(at) => counts.insert(at, (outcome, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_counted_in_their_order() {
        let mut counts = Vec::new();
        for outcome in [
            CheckOutcome::Blocked,
            CheckOutcome::Valid,
            CheckOutcome::Blocked,
        ] {
            count(&mut counts, outcome);
        }
        assert_eq!(
            counts,
            [(CheckOutcome::Valid, 1), (CheckOutcome::Blocked, 2)]
        );
    }
}
