//! What page and worker say to each other about reminders.

use std::fmt;

use keyarc_vault::{ReminderChange, Reminders};
use keyarc_wire::{
    ItemId, MailService, MailState, ReminderDelivery, ReminderEntry, ReminderId, ReminderStep,
    ReminderStepResponse,
};
use serde::{Deserialize, Serialize};

/// What the page may ask about reminders.
#[derive(Serialize, Deserialize)]
pub enum ReminderCommand {
    /// What is due → [`ReminderReply::List`].
    List,
    /// Puts one away, takes it out again, or changes the days before → [`ReminderReply::List`].
    Change(ReminderChange),
    /// The item that a reminder is for → [`ReminderReply::Found`].
    Find(ReminderId),
    /// How the account is reminded → [`ReminderReply::Channels`].
    Channels,
    /// Switches a way on or off, or tries it → [`ReminderReply::Stepped`].
    Step(Box<ReminderStep>),
    /// Tells the server what is due, if something is on that needs it → [`ReminderReply::Done`].
    /// The worker gives this to itself.
    Tell,
}

/// What the worker answers.
#[derive(Serialize, Deserialize)]
pub enum ReminderReply {
    /// What is due.
    List(Reminders),
    /// The item; `None` when the reminder is for none of this vault, or not any more.
    Found(Option<ItemId>),
    /// How the account is reminded.
    Channels(Box<ReminderView>),
    /// What came of it.
    Stepped(ReminderStepResponse),
    /// Done.
    Done,
}

/// How the account is reminded, and what would be told next.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReminderView {
    /// What the server does with mail.
    pub mail_service: MailService,
    /// The account's address.
    pub address: Option<String>,
    /// Whether mails are on.
    pub mail: MailState,
    /// Where the webhook is, and since when, Unix milliseconds.
    pub webhook: Option<(String, u64)>,
    /// Since when there is a feed, Unix milliseconds.
    pub feed_since_ms: Option<u64>,
    /// What was sent last, the newest first.
    pub deliveries: Vec<ReminderDelivery>,
    /// The nearest date to come, under the name that the server has for it.
    pub next: Option<ReminderEntry>,
    /// How many dates the server is told, or would be.
    pub count: u32,
}

impl fmt::Debug for ReminderView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReminderView(redacted)")
    }
}
