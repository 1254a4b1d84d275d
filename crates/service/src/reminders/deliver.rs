use keyarc_auth::WebhookSecret;
use keyarc_store::{ClaimedDelivery, DeliveryChannel, DeliveryFault, DeliveryKey, DeliveryState};
use keyarc_wire::{DeliveryProblem, ReminderEntry, ReminderId};

use super::day_of;
use crate::{ServiceError, Services};

/// How long after a failed attempt the next one comes, in minutes: some twenty hours in all.
const WAIT_MINUTES: [u64; 6] = [1, 5, 30, 120, 360, 720];
/// How often a delivery is tried.
pub const ATTEMPTS: u32 = WAIT_MINUTES.len() as u32 + 1;
const MINUTE_MS: u64 = 60_000;
/// How long whoever claimed deliveries has for them. Beyond it somebody else makes them.
const LEASE_MS: u64 = 10 * MINUTE_MS;
/// Most deliveries that are claimed at a time.
const AT_A_TIME: u32 = 20;

/// A mail to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderMail {
    /// The account's address.
    pub to: String,
    /// The token that stands in the mail, for switching mails off.
    pub unsubscribe: String,
    /// Its language, as in BCP 47.
    pub language: Option<String>,
    /// What it tells, by days.
    pub entries: Vec<ReminderEntry>,
    /// How many more there are than fit.
    pub more: u32,
}

/// A webhook to be called.
#[derive(Debug)]
pub struct ReminderCall {
    /// Where.
    pub url: String,
    /// Signs it.
    pub secret: WebhookSecret,
    /// Names the delivery, the same for each attempt.
    pub delivery: String,
    /// What it tells.
    pub entry: ReminderEntry,
    /// Unix seconds.
    pub sent_at_s: u64,
    /// Asked for by a person.
    pub is_test: bool,
}

/// A delivery that this server makes, and nobody else at the same time.
#[derive(Debug)]
pub struct Claim {
    lease: [u8; 16],
    key: DeliveryKey,
    attempts: u32,
    /// What is to be done.
    pub work: Work,
}

/// What a delivery consists of.
#[derive(Debug)]
pub enum Work {
    /// A mail.
    Mail(ReminderMail),
    /// A call.
    Call(ReminderCall),
    /// Nothing any more: it was switched off, or the item is gone.
    Nothing,
}

/// Notes what is to be sent today. Any number of servers may do so at the same time.
pub async fn plan(services: &Services) -> Result<u64, ServiceError> {
    let now_ms = services.now_ms();
    let planned = services
        .store()
        .plan_deliveries(day_of(now_ms), now_ms)
        .await?;
    Ok(planned)
}

/// Takes some of what is to be sent now. An empty answer says that there is nothing.
pub async fn claim(services: &Services) -> Result<Vec<Claim>, ServiceError> {
    let lease = services.random()?;
    let now_ms = services.now_ms();
    let claimed = services
        .store()
        .claim_deliveries(&lease, now_ms, now_ms + LEASE_MS, AT_A_TIME)
        .await?;
    Ok(claimed
        .into_iter()
        .map(|delivery| Claim {
            lease,
            key: delivery.key,
            attempts: delivery.attempts,
            work: work(services, delivery),
        })
        .collect())
}

/// Notes how it went: a failure is tried again, later and later, and in the end given up. One
/// delivery at a time, because a crash before it repeats what was sent and not noted.
pub async fn note(
    services: &Services,
    claim: &Claim,
    outcome: Result<(), DeliveryProblem>,
) -> Result<(), ServiceError> {
    let now_ms = services.now_ms();
    let state = match (outcome, &claim.work) {
        (_, Work::Nothing) => DeliveryState::NotNeeded,
        (Ok(()), _) => DeliveryState::Delivered,
        (Err(problem), _) => match WAIT_MINUTES.get(claim.attempts.saturating_sub(1) as usize) {
            Some(minutes) => DeliveryState::Waiting(now_ms + minutes * MINUTE_MS, fault(problem)),
            None => DeliveryState::GivenUp(fault(problem)),
        },
    };
    let store = services.store();
    Ok(store
        .note_delivery(&claim.lease, &claim.key, state, now_ms)
        .await?)
}

/// Gives back what was not tried, because the server stops.
pub async fn release(services: &Services, claims: &[Claim]) -> Result<(), ServiceError> {
    match claims.first() {
        Some(claim) => Ok(services.store().release_deliveries(&claim.lease).await?),
        None => Ok(()),
    }
}

fn work(services: &Services, delivery: ClaimedDelivery) -> Work {
    match delivery.key.channel {
        DeliveryChannel::Mail => match (delivery.email, delivery.mail_token) {
            (Some(to), Some(token)) if !delivery.entries.is_empty() => Work::Mail(ReminderMail {
                to,
                unsubscribe: token_text(&token),
                language: delivery.mail_language,
                entries: delivery.entries,
                more: delivery.more,
            }),
            _ => Work::Nothing,
        },
        DeliveryChannel::Webhook => {
            let account = delivery.key.account;
            let opened = delivery
                .webhook
                .and_then(|sealed| services.keys().open_webhook(account.as_bytes(), &sealed));
            match (opened, delivery.entries.first()) {
                (Some((secret, url)), Some(entry)) => Work::Call(ReminderCall {
                    url,
                    secret,
                    delivery: format!("rem_{}_{}", entry.id, delivery.key.day),
                    entry: *entry,
                    sent_at_s: services.now_ms() / 1000,
                    is_test: false,
                }),
                _ => Work::Nothing,
            }
        }
    }
}

/// 32 hexadecimal digits.
pub(super) fn token_text(token: &[u8; 16]) -> String {
    ReminderId(*token).to_string()
}

fn fault(problem: DeliveryProblem) -> DeliveryFault {
    let (problem, status) = match problem {
        DeliveryProblem::Unreachable => (1, None),
        DeliveryProblem::TimedOut => (2, None),
        DeliveryProblem::Forbidden => (3, None),
        DeliveryProblem::NotSecure => (4, None),
        DeliveryProblem::Refused(status) => (5, status),
        DeliveryProblem::Operator => (6, None),
    };
    DeliveryFault { problem, status }
}

/// The reverse of [`fault`].
pub(super) fn problem(fault: DeliveryFault) -> DeliveryProblem {
    match fault.problem {
        1 => DeliveryProblem::Unreachable,
        2 => DeliveryProblem::TimedOut,
        3 => DeliveryProblem::Forbidden,
        4 => DeliveryProblem::NotSecure,
        5 => DeliveryProblem::Refused(fault.status),
        _ => DeliveryProblem::Operator,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_read_back() {
        for one in [
            DeliveryProblem::Unreachable,
            DeliveryProblem::TimedOut,
            DeliveryProblem::Forbidden,
            DeliveryProblem::NotSecure,
            DeliveryProblem::Refused(None),
            DeliveryProblem::Refused(Some(410)),
            DeliveryProblem::Operator,
        ] {
            assert_eq!(problem(fault(one)), one);
        }
    }

    #[test]
    fn attempts_spread_over_most_of_a_day() {
        let minutes: u64 = WAIT_MINUTES.iter().sum();
        assert!((18 * 60..24 * 60).contains(&minutes));
        assert!(WAIT_MINUTES.is_sorted());
    }
}
