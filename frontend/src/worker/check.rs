//! Tests of keys. The worker says what is asked, gives one key out for one request, and reads
//! what came of it; the page sends the request from a frame of its own.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    mem,
};

use keyarc_app::worker::{
    CheckCommand, CheckEdit, CheckFound, CheckReady, CheckRefusal, CheckReply, ChecksAhead,
    Failure, Reply,
};
use keyarc_client::Host as _;
use keyarc_vault::{
    CheckAnswer, CheckDefinition, CheckNote, CheckPlan, CheckRequest, CheckResult, Item, ItemDraft,
    PlanError,
};
use keyarc_wire::ItemId;

use super::state::{PinKeeper, VaultWorker, host};
use crate::browser::today;

/// A host is asked no more often, in milliseconds.
const HOST_EVERY_MS: u64 = 1_000;
const NOT_BEGUN: &str = "There is no test that waits for this. Begin it again.";

/// What the worker remembers of tests.
#[derive(Default)]
pub(super) struct Checking {
    begun: Option<Begun>,
    /// Items to be tested.
    queue: VecDeque<ItemId>,
    /// When each host was asked last, Unix milliseconds.
    asked_ms: HashMap<String, u64>,
    /// Hosts that a person agreed to ask.
    agreed: HashSet<String>,
    /// What is not written yet.
    found: Vec<CheckNote>,
}

/// A test that was begun.
struct Begun {
    ready: CheckReady,
    plan: CheckPlan,
    /// Until it is taken.
    request: Option<Box<CheckRequest>>,
}

impl VaultWorker {
    pub(super) async fn check(&self, command: CheckCommand) -> Result<Reply, Failure> {
        let reply = match command {
            CheckCommand::Begin(item) => {
                self.checking.borrow_mut().begun.take();
                self.begin_check(item).await?
            }
            CheckCommand::BeginAll => self.begin_checks()?,
            CheckCommand::Next => self.next_check().await?,
            CheckCommand::Take => self.take_check()?,
            CheckCommand::Skip => {
                self.checking.borrow_mut().begun.take();
                CheckReply::Done
            }
            CheckCommand::Answered(answer) => self.answered(answer)?,
            CheckCommand::Keep => return self.keep_checks().await,
            CheckCommand::Edit(item) => self.edit_check(item).await?,
            CheckCommand::Save {
                item,
                version,
                definition,
            } => self.save_check(item, version, definition).await?,
        };
        Ok(Reply::Check(reply))
    }

    async fn begin_check(&self, id: ItemId) -> Result<CheckReply, Failure> {
        let item = self.revealed(id).await?;
        let begun = match self.planned(&item) {
            Ok(begun) => begun,
            Err(why) => {
                return Ok(CheckReply::Refused(CheckRefusal {
                    item: id,
                    name: item.summary.name,
                    why,
                }));
            }
        };
        let ready = begun.ready.clone();
        self.checking.borrow_mut().begun = Some(begun);
        Ok(CheckReply::Ready(Box::new(ready)))
    }

    fn planned(&self, item: &Item) -> Result<Begun, PlanError> {
        let plan = CheckPlan::of(item)?;
        let request = plan.request(item)?;
        let host = plan.host().to_owned();
        let before = self
            .session()
            .is_ok_and(|session| session.look(|vault| vault.was_asked(&host)));
        let ready = CheckReady {
            item: item.summary.id,
            name: item.summary.name.clone(),
            agreed: before || self.checking.borrow().agreed.contains(&host),
            host,
            browsers: plan.browsers(),
            command_line: plan.command_line(None),
        };
        Ok(Begun {
            ready,
            plan,
            request: Some(Box::new(request)),
        })
    }

    fn begin_checks(&self) -> Result<CheckReply, Failure> {
        let found = self.session()?.look(|vault| vault.check_candidates());
        let mut checking = self.checking.borrow_mut();
        checking.begun = None;
        checking.queue = found.items.into();
        Ok(CheckReply::Ahead(ChecksAhead {
            items: u32::try_from(checking.queue.len()).unwrap_or(u32::MAX),
            not_by_browsers: found.not_by_browsers,
        }))
    }

    async fn next_check(&self) -> Result<CheckReply, Failure> {
        let waits = self
            .checking
            .borrow()
            .begun
            .as_ref()
            .map(|begun| begun.ready.clone());
        let ready = match waits {
            Some(ready) => ready,
            None => {
                let Some(next) = self.checking.borrow_mut().queue.pop_front() else {
                    return Ok(CheckReply::Ended);
                };
                match self.begin_check(next).await {
                    Ok(CheckReply::Ready(ready)) => *ready,
                    // It was deleted meanwhile: there is nothing to say of it.
                    Err(Failure::NotFound) => return Ok(CheckReply::Wait { millis: 0 }),
                    Err(failure) => {
                        // A server that is away is asked for the same item again.
                        self.checking.borrow_mut().queue.push_front(next);
                        return Err(failure);
                    }
                    Ok(other) => return Ok(other),
                }
            }
        };
        let asked = self.checking.borrow().asked_ms.get(&ready.host).copied();
        let since = asked.map(|then| now_ms().saturating_sub(then));
        Ok(
            match since.map_or(0, |since| HOST_EVERY_MS.saturating_sub(since)) {
                0 => CheckReply::Ready(Box::new(ready)),
                wait => CheckReply::Wait {
                    millis: u32::try_from(wait).unwrap_or(u32::MAX),
                },
            },
        )
    }

    fn take_check(&self) -> Result<CheckReply, Failure> {
        let mut checking = self.checking.borrow_mut();
        let begun = checking.begun.as_mut();
        let taken = begun.and_then(|begun| Some((begun.request.take()?, begun.ready.host.clone())));
        let Some((request, host)) = taken else {
            return Err(Failure::Browser(NOT_BEGUN.to_owned()));
        };
        checking.agreed.insert(host.clone());
        checking.asked_ms.insert(host, now_ms());
        Ok(CheckReply::Request(request))
    }

    fn answered(&self, answer: CheckAnswer) -> Result<CheckReply, Failure> {
        let mut checking = self.checking.borrow_mut();
        // Only what was taken can have been answered.
        let taken = checking.begun.take_if(|begun| begun.request.is_none());
        let Some(Begun { ready, plan, .. }) = taken else {
            return Err(Failure::Browser(NOT_BEGUN.to_owned()));
        };
        let result = CheckResult {
            day: today(),
            outcome: plan.interpret(answer),
            status: answer.status(),
        };
        checking.found.push(CheckNote {
            item: ready.item,
            host: ready.host.clone(),
            result,
        });
        Ok(CheckReply::Found(CheckFound {
            item: ready.item,
            name: ready.name,
            host: ready.host,
            result,
            at_ms: now_ms(),
            command_line: ready.command_line,
        }))
    }

    async fn keep_checks(&self) -> Result<Reply, Failure> {
        let session = self.session()?;
        let notes = mem::take(&mut self.checking.borrow_mut().found);
        if !notes.is_empty()
            && let Err(error) = session.note_checks(&notes).await
        {
            self.checking.borrow_mut().found.extend(notes);
            return Err(self.failed(error));
        }
        self.changed(&session, Ok(()))?;
        Ok(Reply::Check(CheckReply::Done))
    }

    async fn edit_check(&self, id: ItemId) -> Result<CheckReply, Failure> {
        let item = self.revealed(id).await?;
        let plan = CheckPlan::of(&item).ok();
        let definition = item
            .check
            .clone()
            .or_else(|| Some(plan?.definition().clone()));
        Ok(CheckReply::Edit(Box::new(CheckEdit {
            item: id,
            version: item.summary.version,
            definition: definition.unwrap_or_default(),
            own: item.check.is_some(),
        })))
    }

    async fn save_check(
        &self,
        id: ItemId,
        version: u64,
        definition: Option<CheckDefinition>,
    ) -> Result<CheckReply, Failure> {
        let session = self.session()?;
        let draft = ItemDraft {
            base_version: version,
            check: definition,
            ..ItemDraft::of(&self.revealed(id).await?)
        };
        let saved = session.save(&draft).await;
        saved.map_err(|error| self.not_saved(error))?;
        self.changed(&session, Ok(()))?;
        Ok(CheckReply::Done)
    }

    async fn revealed(&self, id: ItemId) -> Result<Item, Failure> {
        let item = self.session()?.reveal(id).await;
        item.map_err(|error| self.failed(error))
    }
}

fn now_ms() -> u64 {
    host(&PinKeeper::default()).now_ms()
}
