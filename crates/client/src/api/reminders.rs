use keyarc_wire::{
    PutRemindersRequest, PutRemindersResponse, ReminderStep, ReminderStepResponse,
    RemindersResponse, paths,
};

use super::{Api, ApiFailure, encode, get, json_body, post};
use crate::Transport;

impl<T: Transport> Api<T> {
    /// How the account is reminded.
    pub async fn reminders(&self, now_ms: u64) -> Result<RemindersResponse, ApiFailure> {
        json_body(&self.call(get(paths::REMINDERS.into()), now_ms).await?)
    }

    /// Keeps settings of reminders, what is due, or both.
    pub async fn put_reminders(
        &self,
        request: &PutRemindersRequest,
        now_ms: u64,
    ) -> Result<PutRemindersResponse, ApiFailure> {
        let call = post(paths::REMINDERS.into(), Some(encode(request)?));
        json_body(&self.call(call, now_ms).await?)
    }

    /// Switches a way to be reminded on or off, or tries it.
    pub async fn reminder_step(
        &self,
        step: &ReminderStep,
        now_ms: u64,
    ) -> Result<ReminderStepResponse, ApiFailure> {
        let call = post(paths::REMINDERS_STEP.into(), Some(encode(step)?));
        json_body(&self.call(call, now_ms).await?)
    }
}
