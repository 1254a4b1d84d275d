//! Sending reminders: by mail, by webhook, and the loop that does so when something is due.

mod address;
mod mail;
mod outbox;
mod webhook;
mod work;

use keyarc_app::{
    language::{Spoken, speaking},
    reminder_text::{self, DueDate},
};
use keyarc_service::reminders::{ReminderCall, ReminderMail};
use keyarc_wire::{DeliveryProblem, MailService, paths};

use crate::config::{Config, Environment};
use mail::{Letter, Mailer};
use webhook::Caller;

pub(crate) use work::run;

/// What sends.
#[derive(Debug)]
pub struct Courier {
    origin: String,
    mailer: Mailer,
    caller: Caller,
}

impl Courier {
    /// As the configuration says; `origin` is where links lead.
    pub fn new(config: &Config, origin: String) -> Self {
        Self {
            mailer: Mailer::new(config, &origin),
            caller: Caller::new(config.environment == Environment::Development),
            origin,
        }
    }

    /// Where links lead.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Sends a code to an address.
    pub async fn send_code(
        &self,
        to: &str,
        code: &str,
        spoken: Spoken,
        now_ms: u64,
    ) -> Result<(), DeliveryProblem> {
        let text = speaking(spoken, || reminder_text::code_mail(&self.origin, code));
        let letter = Letter {
            to,
            text,
            stop: None,
            now_ms,
        };
        self.mailer.send(letter).await
    }

    /// Sends a mail with what is due.
    pub async fn send_mail(
        &self,
        mail: &ReminderMail,
        is_test: bool,
        spoken: Spoken,
        now_ms: u64,
    ) -> Result<(), DeliveryProblem> {
        let stop = format!("{}{}", self.origin, paths::unsubscribe(&mail.unsubscribe));
        let due: Vec<DueDate> = mail
            .entries
            .iter()
            .map(|entry| DueDate {
                id: entry.id,
                on: entry.on,
            })
            .collect();
        let text = speaking(spoken, || {
            reminder_text::mail(&self.origin, &due, mail.more, &stop, is_test)
        });
        let letter = Letter {
            to: &mail.to,
            text,
            stop: Some(stop),
            now_ms,
        };
        self.mailer.send(letter).await
    }

    /// Calls a webhook.
    pub async fn call(&self, call: &ReminderCall) -> Result<(), DeliveryProblem> {
        self.caller.call(call).await
    }
}

/// What a server with this configuration does with mail.
pub fn mail_service(config: &Config) -> MailService {
    match (&config.smtp, config.environment) {
        (Some(_), _) => MailService::Smtp,
        (None, Environment::Development) => MailService::Outbox,
        (None, Environment::Production) => MailService::None,
    }
}
