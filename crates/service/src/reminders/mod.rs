//! Reminders of what is due. The server knows dates under ids that only the account's own devices
//! can read, and only while something is switched on that needs them.

mod channel;
mod deliver;

use keyarc_store::{
    DeliveryChannel, DeliveryRow, DeliveryState, MailRow, NewReminders, PutOutcome,
};
use keyarc_wire::{
    DeliveryOutcome, Fixed, MailReminders, MailState, PutRemindersRequest, PutRemindersResponse,
    ReminderChannel, ReminderDelivery, ReminderEntry, ReminderSet, RemindersResponse,
    WebhookReminders, limits,
};

pub use self::{
    channel::{StepOutcome, reseal, step, unsubscribe},
    deliver::{ATTEMPTS, Claim, ReminderCall, ReminderMail, Work, claim, note, plan, release},
};
use crate::{Context, ServiceError, Services, validate};

const DAY_MS: u64 = 24 * 3_600_000;
/// 9999-12-31, in days since 1970-01-01.
const LAST_DAY: u32 = 2_932_896;

/// What a calendar feed shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Counts the changes.
    pub revision: u64,
    /// When the dates were changed last, Unix milliseconds.
    pub changed_at_ms: u64,
    /// Its language, as in BCP 47.
    pub language: Option<String>,
    /// By their days.
    pub entries: Vec<ReminderEntry>,
}

/// How the actor's account is reminded, and what was sent last.
pub async fn get(context: &Context) -> Result<RemindersResponse, ServiceError> {
    let services = &context.services;
    let account = context.actor.account_id;
    let row = services.store().reminders(account).await?;
    let row = row.ok_or(ServiceError::Unauthenticated)?;
    let sent = services
        .store()
        .deliveries(account, limits::DELIVERIES_SHOWN as u32)
        .await?;
    let webhook = row.webhook.and_then(|(sealed, since_ms)| {
        // One under a secret that this server has no more cannot be called, and is made anew.
        let (_, url) = services.keys().open_webhook(account.as_bytes(), &sealed)?;
        Some(WebhookReminders { url, since_ms })
    });
    Ok(RemindersResponse {
        revision: row.revision,
        state: row.state,
        digest: row.digest.map(Fixed),
        mail: MailReminders {
            service: services.policy().mail,
            address: row.email,
            state: match row.mail {
                MailRow::Off => MailState::Off,
                MailRow::Unconfirmed => MailState::Unconfirmed,
                MailRow::On => MailState::On,
            },
        },
        webhook,
        feed_since_ms: row.feed_since_ms,
        deliveries: sent.iter().map(delivery).collect(),
    })
}

/// Keeps the account's own settings, what it is to be reminded of, or both.
pub async fn put(
    context: &Context,
    request: &PutRemindersRequest,
) -> Result<PutRemindersResponse, ServiceError> {
    let services = &context.services;
    if let Some(state) = &request.state {
        validate::envelope(state, limits::REMINDER_STATE, || "state".into())?;
    }
    let now_ms = services.now_ms();
    let set = request
        .set
        .as_ref()
        .map(|set| check_set(set, now_ms))
        .transpose()?;
    match services
        .store()
        .put_reminders(
            context.actor.account_id,
            request.base_revision,
            request.state.as_ref(),
            set.as_ref(),
            now_ms,
        )
        .await?
    {
        PutOutcome::Kept(revision) => Ok(PutRemindersResponse { revision }),
        PutOutcome::Conflict => Err(ServiceError::Conflict(Vec::new())),
    }
}

/// What the feed of a token shows. One that nobody has is not found.
pub async fn feed(services: &Services, token: &str) -> Result<Feed, ServiceError> {
    let token = keyarc_auth::FeedToken::parse(token).ok_or(ServiceError::NotFound)?;
    let row = services.store().feed(&token.hash()).await?;
    let row = row.ok_or(ServiceError::NotFound)?;
    Ok(Feed {
        revision: row.revision,
        changed_at_ms: row.changed_at_ms,
        language: row.language,
        entries: row.entries,
    })
}

fn check_set(set: &ReminderSet, now_ms: u64) -> Result<NewReminders, ServiceError> {
    let most = limits::REMINDERS;
    if set.entries.len() > most {
        let rule = format!("must have at most {most} entries");
        return Err(ServiceError::invalid("set.entries", rule));
    }
    if set.entries.iter().any(|entry| entry.on > LAST_DAY) {
        return Err(ServiceError::invalid(
            "set.entries",
            "must have days up to the year 9999",
        ));
    }
    let mut ids: Vec<_> = set.entries.iter().map(|entry| entry.id).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() != set.entries.len() {
        return Err(ServiceError::invalid(
            "set.entries",
            "must not have an id twice",
        ));
    }
    let mut lead_mask = 0;
    for days in &set.lead_days {
        let at = limits::REMINDER_LEADS.iter().position(|lead| lead == days);
        let at = at.ok_or_else(|| {
            ServiceError::invalid(
                "set.lead_days",
                "must be some of 0, 1, 3, 7, 14, 30, 60, 90",
            )
        })?;
        lead_mask |= 1 << at;
    }
    Ok(NewReminders {
        digest: set.digest.0,
        lead_mask,
        entries: set.entries.clone(),
        today: day_of(now_ms),
    })
}

/// The day in UTC, in days since 1970-01-01.
fn day_of(now_ms: u64) -> u32 {
    u32::try_from(now_ms / DAY_MS)
        .unwrap_or(LAST_DAY)
        .min(LAST_DAY)
}

fn delivery(row: &DeliveryRow) -> ReminderDelivery {
    ReminderDelivery {
        channel: match row.channel {
            DeliveryChannel::Mail => ReminderChannel::Mail,
            DeliveryChannel::Webhook => ReminderChannel::Webhook,
        },
        at_ms: row.noted_at_ms,
        attempts: row.attempts,
        outcome: match row.state {
            DeliveryState::Delivered | DeliveryState::NotNeeded => DeliveryOutcome::Delivered,
            DeliveryState::Waiting(_, fault) => DeliveryOutcome::Retrying(deliver::problem(fault)),
            DeliveryState::GivenUp(fault) => DeliveryOutcome::GivenUp(deliver::problem(fault)),
        },
    }
}

#[cfg(test)]
mod tests {
    use keyarc_wire::ReminderId;

    use super::*;

    fn set(lead_days: &[u16], entries: &[(u8, u32)]) -> ReminderSet {
        ReminderSet {
            digest: Fixed([1; 32]),
            lead_days: lead_days.to_vec(),
            entries: entries
                .iter()
                .map(|(id, on)| ReminderEntry {
                    id: ReminderId([*id; 16]),
                    on: *on,
                })
                .collect(),
        }
    }

    #[test]
    fn leads_are_bits_and_days_are_in_utc() {
        let checked = check_set(&set(&[30, 0, 7], &[(1, 2)]), 3 * DAY_MS - 1).expect("sound");
        assert_eq!(checked.lead_mask, 0b10_1001);
        assert_eq!(checked.today, 2);
        assert_eq!(day_of(3 * DAY_MS), 3);
        assert_eq!(day_of(u64::MAX), LAST_DAY);
    }

    #[test]
    fn what_breaks_a_rule_is_named() {
        let field = |set: &ReminderSet| match check_set(set, 0) {
            Err(ServiceError::Invalid { field, .. }) => field.into_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(field(&set(&[2], &[])), "set.lead_days");
        assert_eq!(field(&set(&[], &[(1, 2), (1, 3)])), "set.entries");
        assert_eq!(field(&set(&[], &[(1, LAST_DAY + 1)])), "set.entries");
        let many: Vec<(u8, u32)> = (0..=limits::REMINDERS).map(|at| (1, at as u32)).collect();
        assert_eq!(field(&set(&[], &many)), "set.entries");
    }
}
