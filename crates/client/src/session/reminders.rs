//! Reminders: what is due in this vault, and what the server is told so that it can remind.
//!
//! The server is told dates under names that only the account's devices can read, and only while
//! something is switched on that needs them. That it is stands in the account's sealed settings: a
//! server that says so of itself is told nothing. Every device makes the same names, so that it does not
//! matter which one tells; the digest says whether there is anything to tell.

use keyarc_crypto::{SealError, StateContext};
use keyarc_vault::{ReminderChange, ReminderSettings, Reminders, reminder_set_bytes};
use keyarc_wire::{
    ErrorCode, Fixed, ItemId, MailState, PutRemindersRequest, ReminderEntry, ReminderId,
    ReminderSet, ReminderStep, ReminderStepResponse, RemindersResponse, Sealed,
};

use super::Session;
use crate::{ClientError, Host, Transport};

/// Where the settings are bound to: this account and nothing else.
const REMINDERS: &str = "reminders";
/// How often something is tried that another device was faster with.
const TRIES: usize = 4;

/// What this session knows of reminders.
#[derive(Default)]
pub(super) struct Reminding {
    /// Something is on that the server is to be told for, as it says.
    on: bool,
    /// What the server keeps; `None` before it was asked.
    kept: Option<Kept>,
    /// Its owner has switched something on here, and that is not noted in the sealed settings yet.
    wanted: bool,
}

struct Kept {
    revision: u64,
    settings: ReminderSettings,
    digest: Option<[u8; 32]>,
}

/// Whether a step begins a way to be reminded.
fn turns_on(step: &ReminderStep) -> bool {
    matches!(
        step,
        ReminderStep::ConfirmMail(_) | ReminderStep::SetWebhook(_) | ReminderStep::MakeFeed(_)
    )
}

/// How the account is reminded, and what would be told next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderChannels {
    /// As the server says.
    pub kept: RemindersResponse,
    /// The nearest date that is still to come, under the name that the server has for it.
    pub next: Option<ReminderEntry>,
    /// How many dates the server is told, or would be.
    pub count: u32,
}

impl Reminding {
    pub(super) fn new(on: bool) -> Self {
        Self {
            on,
            ..Self::default()
        }
    }
}

impl<T: Transport, H: Host> Session<T, H> {
    /// Whether [`Self::tell_reminders`] may have something to do when the vault changes.
    pub fn reminds(&self) -> bool {
        let reminding = self.reminding.borrow();
        let told = reminding
            .kept
            .as_ref()
            .is_some_and(|kept| kept.settings.tells());
        reminding.on || told
    }

    /// What is due, and what of it was put away.
    pub async fn reminders(&self) -> Result<Reminders, ClientError> {
        if self.reminding.borrow().kept.is_none() {
            self.fetch_reminders().await?;
        }
        Ok(self.reminders_now())
    }

    /// Changes the settings on all devices.
    pub async fn change_reminders(
        &self,
        change: &ReminderChange,
    ) -> Result<Reminders, ClientError> {
        for _ in 0..TRIES {
            if self.reminding.borrow().kept.is_none() {
                self.fetch_reminders().await?;
            }
            let (revision, mut settings) = self.kept_settings();
            settings.change(change);
            // Only when there is no room: what this device does not know of may be another's.
            if settings.is_crowded() {
                let key = self.root.reminder_key();
                self.look(|vault| vault.tidy_reminders(&key, &mut settings));
            }
            let state = Some(self.seal_reminders(&settings)?);
            let is_on = self.reminding.borrow().on;
            let tells = is_on && settings.tells() && !self.trust().is_alarm();
            let set = tells.then(|| self.set_of(&settings));
            let request = PutRemindersRequest {
                base_revision: revision,
                state,
                set,
            };
            if self.put_reminders(request, settings).await? {
                return Ok(self.reminders_now());
            }
        }
        Err(busy())
    }

    /// Tells the server what is due now, if that is something else than it knows. Nothing of a
    /// vault whose newest state the server does not show.
    pub async fn tell_reminders(&self) -> Result<(), ClientError> {
        for _ in 0..TRIES {
            if !self.reminds() || self.trust().is_alarm() {
                return Ok(());
            }
            if self.reminding.borrow().kept.is_none() {
                self.fetch_reminders().await?;
                continue;
            }
            let (revision, settings) = self.kept_settings();
            let (is_on, is_wanted) = {
                let reminding = self.reminding.borrow();
                (reminding.on, reminding.wanted)
            };
            if is_on && is_wanted && !settings.tells() {
                self.change_reminders(&ReminderChange::Tell(true)).await?;
                self.reminding.borrow_mut().wanted = false;
                continue;
            }
            // Switched off elsewhere, by the link in a mail: a server that says "on" later is told
            // nothing.
            if !is_on && settings.tells() {
                self.change_reminders(&ReminderChange::Tell(false)).await?;
                return Ok(());
            }
            if !settings.tells() {
                return Ok(());
            }
            let set = self.set_of(&settings);
            let known = self
                .reminding
                .borrow()
                .kept
                .as_ref()
                .and_then(|it| it.digest);
            if known == Some(set.digest.0) {
                return Ok(());
            }
            let request = PutRemindersRequest {
                base_revision: revision,
                state: None,
                set: Some(set),
            };
            if self.put_reminders(request, settings).await? {
                return Ok(());
            }
        }
        Err(busy())
    }

    /// How the account is reminded.
    pub async fn reminder_channels(&self) -> Result<ReminderChannels, ClientError> {
        let kept = self.fetch_reminders().await?;
        let (_, settings) = self.kept_settings();
        let entries = self.set_of(&settings).entries;
        let today = u32::try_from(self.host.today().0).unwrap_or(0);
        Ok(ReminderChannels {
            kept,
            next: entries.iter().find(|entry| entry.on >= today).copied(),
            count: entries.len() as u32,
        })
    }

    /// Switches a way to be reminded on or off, or tries it, and tells the server what is due if it
    /// is to know from now on.
    pub async fn reminder_step(
        &self,
        step: &ReminderStep,
    ) -> Result<ReminderStepResponse, ClientError> {
        let answer = self.api.reminder_step(step, self.host.now_ms()).await;
        let answer = self.noted(answer)?;
        if !matches!(step, ReminderStep::Test(_)) {
            // A secret that is shown once must not be lost because this fails: the next change of
            // the vault makes up for it.
            if self.follow_step(step).await.is_err() {
                let mut reminding = self.reminding.borrow_mut();
                reminding.kept = None;
                if turns_on(step) {
                    (reminding.on, reminding.wanted) = (true, true);
                }
            }
        }
        Ok(answer)
    }

    /// The item that a reminder is for; `None` when it is not one of this vault's, or not due on
    /// that day any more.
    pub fn find_reminder(&self, id: ReminderId) -> Option<ItemId> {
        let key = self.root.reminder_key();
        self.look(|vault| vault.find_reminder(&key, id))
    }

    /// Keeps whether the server may be told, and tells it.
    async fn follow_step(&self, step: &ReminderStep) -> Result<(), ClientError> {
        self.fetch_reminders().await?;
        let (_, settings) = self.kept_settings();
        let wanted = match step {
            step if turns_on(step) => true,
            // While another way is on, it stays.
            ReminderStep::TurnOff(_) => settings.tells() && self.reminds(),
            _ => settings.tells(),
        };
        if wanted != settings.tells() {
            self.change_reminders(&ReminderChange::Tell(wanted)).await?;
        }
        self.tell_reminders().await
    }

    async fn fetch_reminders(&self) -> Result<RemindersResponse, ClientError> {
        let answer = self.api.reminders(self.host.now_ms()).await;
        let answer = self.noted(answer)?;
        // What does not open was sealed under keys that are not in force any more.
        let settings = answer
            .state
            .as_ref()
            .and_then(|sealed| {
                let plain = self.root.open_state(&self.reminders_context(), &sealed.0);
                ReminderSettings::decode(&plain.ok()?)
            })
            .unwrap_or_default();
        let mut reminding = self.reminding.borrow_mut();
        reminding.on = answer.mail.state == MailState::On
            || answer.webhook.is_some()
            || answer.feed_since_ms.is_some();
        reminding.kept = Some(Kept {
            revision: answer.revision,
            settings,
            digest: answer.digest.map(|digest| digest.0),
        });
        Ok(answer)
    }

    /// False when another device was faster: what it left is fetched with the next try.
    async fn put_reminders(
        &self,
        request: PutRemindersRequest,
        settings: ReminderSettings,
    ) -> Result<bool, ClientError> {
        let answer = self.api.put_reminders(&request, self.host.now_ms()).await;
        match self.noted(answer) {
            Ok(answer) => {
                let mut reminding = self.reminding.borrow_mut();
                let before = reminding.kept.as_ref().and_then(|kept| kept.digest);
                reminding.kept = Some(Kept {
                    revision: answer.revision,
                    settings,
                    digest: request.set.map(|set| set.digest.0).or(before),
                });
                Ok(true)
            }
            Err(failure) if failure.code() == Some(ErrorCode::Conflict) => {
                self.reminding.borrow_mut().kept = None;
                Ok(false)
            }
            Err(failure) => Err(failure.into()),
        }
    }

    fn reminders_now(&self) -> Reminders {
        let (_, settings) = self.kept_settings();
        let key = self.root.reminder_key();
        self.look(|vault| vault.reminders(&key, &settings, self.host.today()))
    }

    fn kept_settings(&self) -> (u64, ReminderSettings) {
        let reminding = self.reminding.borrow();
        let kept = reminding.kept.as_ref();
        kept.map_or_else(Default::default, |kept| {
            (kept.revision, kept.settings.clone())
        })
    }

    fn set_of(&self, settings: &ReminderSettings) -> ReminderSet {
        let key = self.root.reminder_key();
        let today = self.host.today();
        let entries = self.look(|vault| vault.reminder_set(&key, settings, today));
        let lead_days = settings.lead_days().to_vec();
        ReminderSet {
            digest: Fixed(key.digest(&reminder_set_bytes(&lead_days, &entries))),
            lead_days,
            entries,
        }
    }

    fn seal_reminders(&self, settings: &ReminderSettings) -> Result<Sealed, ClientError> {
        let plaintext = settings.encode();
        self.root
            .seal_state(&self.reminders_context(), &plaintext, &mut self.host.rng())
            .map(Sealed)
            .map_err(|error| match error {
                SealError::TooLong => ClientError::TooLarge,
                SealError::Randomness => ClientError::Sealing,
            })
    }

    fn reminders_context(&self) -> StateContext {
        StateContext {
            owner: self.account.0,
            label: REMINDERS,
        }
    }
}

fn busy() -> ClientError {
    ClientError::Refused {
        message: "Another device changes the reminders all the time.".to_owned(),
        action: "Nothing was changed here. Try again.".to_owned(),
    }
}
