use keyarc_wire::{AccountId, ReminderEntry, ReminderId};

use crate::{
    Store, StoreError,
    convert::{to_array, to_i64, to_u32, to_u64},
    db::{reading, transaction, writing},
    reminders::to_entry,
};

/// The days before something is due, as a table of bits and days: those of
/// `keyarc_wire::limits::REMINDER_LEADS`, in that order.
macro_rules! with_leads {
    ($statement:literal) => {
        concat!(
            "WITH leads(mark, days) AS (VALUES (1, 0), (2, 1), (4, 3), (8, 7), (16, 14), (32, 30),
             (64, 60), (128, 90)) ",
            $statement
        )
    };
}

/// Most calls of one webhook for one day. Ids are the clients' own choice, and a webhook can be
/// anybody's.
const CALLS_PER_DAY: i64 = 100;
/// Most deliveries of one account and channel that are claimed together.
const CLAIMED_AT_ONCE: i64 = 2;
/// Stands for all entries of a day.
const ALL: [u8; 16] = [0; 16];
/// How many days after it was due something is still told, when the server was away.
const LATE_DAYS: i64 = 7;
/// Longest a mail.
const ENTRIES_PER_MAIL: usize = 100;

/// What a delivery goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryChannel {
    /// A mail with all of a day.
    Mail,
    /// A request for one entry.
    Webhook,
}

/// Names a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeliveryKey {
    /// Whose.
    pub account: AccountId,
    /// By what.
    pub channel: DeliveryChannel,
    /// The entry; zeros for a mail.
    pub entry: ReminderId,
    /// The day that it is for, in days since 1970-01-01.
    pub day: u32,
}

/// A delivery to be made now, by whoever claimed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedDelivery {
    /// Its name.
    pub key: DeliveryKey,
    /// How often it has been tried, this time included.
    pub attempts: u32,
    /// What it tells: one entry, or those of a mail by their days. Empty when it is not needed any
    /// more.
    pub entries: Vec<ReminderEntry>,
    /// How many more there are than fit.
    pub more: u32,
    /// The account's address.
    pub email: Option<String>,
    /// Stands in each mail; absent when mails are off.
    pub mail_token: Option<[u8; 16]>,
    /// The language of mails, as in BCP 47.
    pub mail_language: Option<String>,
    /// The webhook as the service encrypted it; absent when it is off.
    pub webhook: Option<Vec<u8>>,
}

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// To be tried again at a time, Unix milliseconds, for a reason: a number of the service's,
    /// and perhaps a status.
    Waiting(u64, DeliveryFault),
    /// Done.
    Delivered,
    /// Not to be tried again.
    GivenUp(DeliveryFault),
    /// Switched off, or the item is gone.
    NotNeeded,
}

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryFault {
    /// A number of the service's.
    pub problem: u8,
    /// A status of HTTP.
    pub status: Option<u16>,
}

/// A delivery that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryRow {
    /// By what.
    pub channel: DeliveryChannel,
    /// How often.
    pub attempts: u32,
    /// When last, Unix milliseconds.
    pub noted_at_ms: u64,
    /// How it stands. The time of the next attempt is not told.
    pub state: DeliveryState,
}

type ClaimedColumns = (
    Vec<u8>,
    i64,
    Vec<u8>,
    i64,
    i64,
    Option<i64>,
    Option<String>,
    i64,
    Option<Vec<u8>>,
    Option<String>,
    Option<Vec<u8>>,
);

impl Store {
    /// Notes what is to be sent on a day, once for each channel and entry, whoever else does so at
    /// the same time. Three statements over all accounts.
    pub async fn plan_deliveries(&self, today: u32, now_ms: u64) -> Result<u64, StoreError> {
        let day = i64::from(today);
        let planned = transaction!(self, |tx| {
            sqlx::query(with_leads!(
                "UPDATE reminder_entries SET told_day = $1
                 WHERE due_day >= $1 - $2 AND due_day <= $1 + 90 AND told_day < $1 AND EXISTS
                 (SELECT 1 FROM reminder_settings AS own CROSS JOIN leads
                 WHERE own.account_id = reminder_entries.account_id
                 AND (own.lead_mask & leads.mark) <> 0
                 AND reminder_entries.due_day - leads.days <= $1
                 AND reminder_entries.due_day - leads.days > reminder_entries.told_day)"
            ))
            .bind(day)
            .bind(LATE_DAYS)
            .execute(&mut *tx)
            .await?;
            let mails = sqlx::query(
                "INSERT INTO reminder_deliveries (account_id, channel, entry_id, day, attempts,
                 next_at_ms, leased_until_ms, state)
                 SELECT DISTINCT own.account_id, 1, $2, $1, 0, $3, 0, 0
                 FROM reminder_settings AS own JOIN reminder_entries AS entry
                 ON entry.account_id = own.account_id
                 WHERE own.mail_state = 2 AND entry.told_day <> entry.mailed_day
                 AND entry.due_day >= $1 - $4
                 AND NOT EXISTS (SELECT 1 FROM reminder_deliveries AS waiting
                 WHERE waiting.account_id = own.account_id AND waiting.channel = 1
                 AND waiting.state = 0)
                 ON CONFLICT DO NOTHING",
            )
            .bind(day)
            .bind(ALL.as_slice())
            .bind(to_i64(now_ms))
            .bind(LATE_DAYS)
            .execute(&mut *tx)
            .await?;
            let calls = sqlx::query(
                "INSERT INTO reminder_deliveries (account_id, channel, entry_id, day, attempts,
                 next_at_ms, leased_until_ms, state)
                 SELECT account_id, 2, entry_id, $1, 0, $2, 0, 0 FROM
                 (SELECT own.account_id, entry.entry_id, ROW_NUMBER()
                 OVER (PARTITION BY own.account_id ORDER BY entry.due_day, entry.entry_id)
                 + (SELECT COUNT(*) FROM reminder_deliveries AS made
                 WHERE made.account_id = own.account_id AND made.channel = 2 AND made.day = $1)
                 AS place
                 FROM reminder_settings AS own JOIN reminder_entries AS entry
                 ON entry.account_id = own.account_id
                 WHERE own.webhook IS NOT NULL AND entry.told_day = $1
                 AND entry.due_day >= $1 - $3 AND entry.due_day <= $1 + 90
                 AND NOT EXISTS (SELECT 1 FROM reminder_deliveries AS known
                 WHERE known.account_id = own.account_id AND known.channel = 2
                 AND known.entry_id = entry.entry_id AND known.day = $1)) AS fresh
                 WHERE place <= $4
                 ON CONFLICT DO NOTHING",
            )
            .bind(day)
            .bind(to_i64(now_ms))
            .bind(LATE_DAYS)
            .bind(CALLS_PER_DAY)
            .execute(&mut *tx)
            .await?;
            mails.rows_affected() + calls.rows_affected()
        });
        Ok(planned)
    }

    /// Takes some deliveries whose time has come, mails first and few of any one account, so that
    /// none waits for another's webhook: nobody else gets them before `until_ms`. `lease` is fresh
    /// and random. Three statements.
    pub async fn claim_deliveries(
        &self,
        lease: &[u8; 16],
        now_ms: u64,
        until_ms: u64,
        most: u32,
    ) -> Result<Vec<ClaimedDelivery>, StoreError> {
        let lease = lease.as_slice();
        let (rows, mailed) = transaction!(self, |tx| {
            // The outer conditions once more: who waited for another's claim looks again.
            let claimed = sqlx::query(
                "UPDATE reminder_deliveries
                 SET lease = $1, leased_until_ms = $3, attempts = attempts + 1
                 WHERE state = 0 AND leased_until_ms <= $2
                 AND (account_id, channel, entry_id, day) IN
                 (SELECT account_id, channel, entry_id, day FROM
                 (SELECT account_id, channel, entry_id, day, next_at_ms, ROW_NUMBER()
                 OVER (PARTITION BY account_id, channel ORDER BY next_at_ms, entry_id) AS place
                 FROM reminder_deliveries
                 WHERE next_at_ms <= $2 AND state = 0 AND leased_until_ms <= $2) AS waiting
                 WHERE place <= $5
                 ORDER BY channel, next_at_ms LIMIT $4)",
            )
            .bind(lease)
            .bind(to_i64(now_ms))
            .bind(to_i64(until_ms))
            .bind(i64::from(most))
            .bind(CLAIMED_AT_ONCE)
            .execute(&mut *tx)
            .await?;
            if claimed.rows_affected() == 0 {
                return Ok(Vec::new());
            }
            let mailed: Vec<(Vec<u8>, Vec<u8>, i64)> = sqlx::query_as(
                "UPDATE reminder_entries SET mail_lease = $1
                 WHERE told_day <> mailed_day AND account_id IN
                 (SELECT account_id FROM reminder_deliveries WHERE lease = $1 AND channel = 1)
                 RETURNING account_id, entry_id, due_day",
            )
            .bind(lease)
            .fetch_all(&mut *tx)
            .await?;
            let rows: Vec<ClaimedColumns> = sqlx::query_as(
                "SELECT claimed.account_id, claimed.channel, claimed.entry_id, claimed.day,
                 claimed.attempts, entry.due_day, accounts.email, own.mail_state,
                 own.mail_token, own.mail_language, own.webhook
                 FROM reminder_deliveries AS claimed
                 JOIN reminder_settings AS own ON own.account_id = claimed.account_id
                 JOIN accounts ON accounts.account_id = claimed.account_id
                 LEFT JOIN reminder_entries AS entry ON entry.account_id = claimed.account_id
                 AND entry.entry_id = claimed.entry_id
                 WHERE claimed.lease = $1
                 ORDER BY claimed.account_id, claimed.channel, claimed.entry_id",
            )
            .bind(lease)
            .fetch_all(&mut *tx)
            .await?;
            (rows, mailed)
        });
        rows.into_iter()
            .map(|row| to_claimed(row, &mailed))
            .collect()
    }

    /// Notes how a claimed delivery went; nothing is noted when somebody else has claimed it since.
    /// Two statements at most.
    pub async fn note_delivery(
        &self,
        lease: &[u8; 16],
        key: &DeliveryKey,
        state: DeliveryState,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let (number, next_at_ms, fault) = match state {
            DeliveryState::Waiting(at_ms, fault) => (0_i64, to_i64(at_ms), Some(fault)),
            DeliveryState::Delivered => (1, i64::MAX, None),
            DeliveryState::GivenUp(fault) => (2, i64::MAX, Some(fault)),
            DeliveryState::NotNeeded => (3, i64::MAX, None),
        };
        let account = key.account.as_bytes().as_slice();
        transaction!(self, |tx| {
            sqlx::query(
                "UPDATE reminder_deliveries SET state = $6, next_at_ms = $7, leased_until_ms = 0,
                 lease = NULL, problem = $8, status = $9, noted_at_ms = $10
                 WHERE account_id = $1 AND channel = $2 AND entry_id = $3 AND day = $4
                 AND lease = $5",
            )
            .bind(account)
            .bind(channel_number(key.channel))
            .bind(key.entry.as_bytes().as_slice())
            .bind(i64::from(key.day))
            .bind(lease.as_slice())
            .bind(number)
            .bind(next_at_ms)
            .bind(fault.map(|fault| i64::from(fault.problem)))
            .bind(fault.and_then(|fault| fault.status).map(i64::from))
            .bind(to_i64(now_ms))
            .execute(&mut *tx)
            .await?;
            if key.channel == DeliveryChannel::Mail && number != 0 {
                sqlx::query(
                    "UPDATE reminder_entries SET mailed_day = told_day, mail_lease = NULL
                     WHERE mail_lease = $1 AND account_id = $2",
                )
                .bind(lease.as_slice())
                .bind(account)
                .execute(&mut *tx)
                .await?;
            }
        });
        Ok(())
    }

    /// Gives claimed deliveries back that were not tried, because the server stops. One statement.
    pub async fn release_deliveries(&self, lease: &[u8; 16]) -> Result<(), StoreError> {
        writing!(self, |conn| {
            sqlx::query(
                "UPDATE reminder_deliveries SET lease = NULL, leased_until_ms = 0,
                 attempts = attempts - 1 WHERE lease = $1",
            )
            .bind(lease.as_slice())
            .execute(&mut *conn)
            .await?;
        });
        Ok(())
    }

    /// The last deliveries of an account that were tried, the newest first. One statement.
    pub async fn deliveries(
        &self,
        account: AccountId,
        most: u32,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        type Columns = (i64, i64, i64, i64, Option<i64>, Option<i64>);
        let rows: Vec<Columns> = reading!(self, |conn| {
            sqlx::query_as(
                "SELECT channel, attempts, noted_at_ms, state, problem, status
                 FROM reminder_deliveries
                 WHERE account_id = $1 AND noted_at_ms IS NOT NULL AND state <> 3
                 ORDER BY noted_at_ms DESC LIMIT $2",
            )
            .bind(account.as_bytes().as_slice())
            .bind(i64::from(most))
            .fetch_all(&mut *conn)
            .await?
        });
        rows.into_iter()
            .map(|(channel, attempts, noted_at_ms, state, problem, status)| {
                let fault = DeliveryFault {
                    problem: problem.and_then(|it| u8::try_from(it).ok()).unwrap_or(0),
                    status: status.and_then(|it| u16::try_from(it).ok()),
                };
                Ok(DeliveryRow {
                    channel: to_channel(channel),
                    attempts: to_u32(attempts)?,
                    noted_at_ms: to_u64(noted_at_ms)?,
                    state: match state {
                        1 => DeliveryState::Delivered,
                        2 => DeliveryState::GivenUp(fault),
                        3 => DeliveryState::NotNeeded,
                        _ => DeliveryState::Waiting(0, fault),
                    },
                })
            })
            .collect()
    }
}

fn channel_number(channel: DeliveryChannel) -> i64 {
    match channel {
        DeliveryChannel::Mail => 1,
        DeliveryChannel::Webhook => 2,
    }
}

fn to_channel(number: i64) -> DeliveryChannel {
    match number {
        1 => DeliveryChannel::Mail,
        _ => DeliveryChannel::Webhook,
    }
}

fn to_claimed(
    row: ClaimedColumns,
    mailed: &[(Vec<u8>, Vec<u8>, i64)],
) -> Result<ClaimedDelivery, StoreError> {
    let (
        account,
        channel,
        entry,
        day,
        attempts,
        due,
        email,
        mail_state,
        token,
        mail_language,
        webhook,
    ) = row;
    let channel = to_channel(channel);
    let mut entries = match channel {
        DeliveryChannel::Mail => mailed
            .iter()
            .filter(|(owner, ..)| *owner == account)
            .map(|(_, id, on)| to_entry((id.clone(), *on)))
            .collect::<Result<Vec<_>, _>>()?,
        DeliveryChannel::Webhook => due
            .map(|due| to_entry((entry.clone(), due)))
            .transpose()?
            .into_iter()
            .collect(),
    };
    entries.sort_unstable_by_key(|entry| (entry.on, entry.id));
    let more = entries.len().saturating_sub(ENTRIES_PER_MAIL) as u32;
    entries.truncate(ENTRIES_PER_MAIL);
    Ok(ClaimedDelivery {
        key: DeliveryKey {
            account: AccountId(to_array(account)?),
            channel,
            entry: ReminderId(to_array(entry)?),
            day: to_u32(day)?,
        },
        attempts: to_u32(attempts)?,
        entries,
        more,
        email,
        mail_token: token
            .filter(|_| mail_state == 2)
            .map(to_array)
            .transpose()?,
        mail_language,
        webhook,
    })
}
