//! Reminders, as a server keeps them.

use keyarc_wire::*;

use super::{Answer, Server, read, refuse};

/// What is kept of an account.
#[derive(Default)]
pub struct StoredReminders {
    pub revision: u64,
    pub state: Option<Sealed>,
    pub set: Option<ReminderSet>,
    pub feed: bool,
}

impl Server {
    pub(super) fn reminders(&mut self, path: &str, body: &[u8]) -> Option<Answer> {
        match path {
            paths::REMINDERS if body.is_empty() => Some(self.json(path, &self.kept_reminders())),
            paths::REMINDERS => Some(self.put_reminders(&read(body))),
            paths::REMINDERS_STEP => {
                let step: ReminderStep = read(body);
                let answer = match step {
                    ReminderStep::MakeFeed(_) => {
                        self.reminding.feed = true;
                        ReminderStepResponse::Feed("token".to_owned())
                    }
                    ReminderStep::TurnOff(_) => {
                        self.reminding.feed = false;
                        self.reminding.set = None;
                        ReminderStepResponse::Done
                    }
                    _ => ReminderStepResponse::Tested(None),
                };
                for account in self.accounts.values_mut() {
                    account.response.reminders = self.reminding.feed;
                }
                Some(self.json(path, &answer))
            }
            _ => None,
        }
    }

    fn kept_reminders(&self) -> RemindersResponse {
        RemindersResponse {
            revision: self.reminding.revision,
            state: self.reminding.state.clone(),
            digest: self.reminding.set.as_ref().map(|set| set.digest),
            mail: MailReminders {
                service: MailService::None,
                address: None,
                state: MailState::Off,
            },
            webhook: None,
            feed_since_ms: self.reminding.feed.then_some(1),
            deliveries: Vec::new(),
        }
    }

    fn put_reminders(&mut self, request: &PutRemindersRequest) -> Answer {
        let late = request.base_revision != self.reminding.revision;
        if late || (request.set.is_some() && !self.reminding.feed) {
            return refuse(409, ErrorCode::Conflict);
        }
        self.reminding.revision += 1;
        if let Some(state) = &request.state {
            self.reminding.state = Some(state.clone());
        }
        if let Some(set) = &request.set {
            self.reminding.set = Some(set.clone());
        }
        let revision = self.reminding.revision;
        self.json(paths::REMINDERS, &PutRemindersResponse { revision })
    }
}
