use keyarc_wire::{AccountId, ReminderEntry, ReminderId, Sealed, limits};

use crate::{
    Store, StoreError,
    batch::{Batch, BatchSql},
    convert::{to_array, to_i64, to_u32, to_u64},
    db::{reading, transaction, writing},
};

/// Whether reminders go by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailRow {
    /// No.
    Off,
    /// A code is awaited.
    Unconfirmed,
    /// Yes.
    On,
}

/// How an account is reminded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderRow {
    /// For mails.
    pub email: Option<String>,
    /// Counts the changes of what clients write.
    pub revision: u64,
    /// What the account keeps for itself.
    pub state: Option<Sealed>,
    /// Of the entries.
    pub digest: Option<[u8; 32]>,
    /// Mail.
    pub mail: MailRow,
    /// Stands in each mail.
    pub mail_token: Option<[u8; 16]>,
    /// The language of mails, as in BCP 47.
    pub mail_language: Option<String>,
    /// The webhook as the service encrypted it, and since when it is called, Unix milliseconds.
    pub webhook: Option<(Vec<u8>, u64)>,
    /// Since when there is a feed, Unix milliseconds.
    pub feed_since_ms: Option<u64>,
}

/// What an account is to be reminded of.
#[derive(Debug, Clone)]
pub struct NewReminders {
    /// For the account's devices to compare.
    pub digest: [u8; 32],
    /// Bits over [`limits::REMINDER_LEADS`].
    pub lead_mask: u8,
    /// In the place of those before. Those that stay keep what was told of them.
    pub entries: Vec<ReminderEntry>,
    /// The day, in days since 1970-01-01: what comes anew counts as told until the day before.
    pub today: u32,
}

/// How putting settings ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOutcome {
    /// They are kept, as this revision.
    Kept(u64),
    /// They are not at the revision that was read, or nothing is on that needs entries. Nothing
    /// was changed.
    Conflict,
}

/// A way to be reminded, switched on or off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelChange {
    /// A code is awaited.
    MailCode {
        /// The code under a key of the server.
        tag: [u8; 32],
        /// Unix milliseconds.
        until_ms: u64,
        /// The language of mails from now on, as in BCP 47.
        language: String,
    },
    /// Calls a webhook.
    Webhook {
        /// As the service encrypted it.
        sealed: Vec<u8>,
        /// The name of the key.
        key_id: [u8; 8],
        /// Unix milliseconds.
        since_ms: u64,
    },
    /// Serves a feed.
    Feed {
        /// Of its token.
        hash: [u8; 32],
        /// Unix milliseconds.
        since_ms: u64,
        /// Its language, as in BCP 47.
        language: String,
    },
    /// No more mails.
    MailOff,
    /// No more calls.
    WebhookOff,
    /// No more feed.
    FeedOff,
}

/// What a feed shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRow {
    /// The settings' revision.
    pub revision: u64,
    /// When the entries were changed last, Unix milliseconds.
    pub changed_at_ms: u64,
    /// Its language, as in BCP 47.
    pub language: Option<String>,
    /// By their days.
    pub entries: Vec<ReminderEntry>,
}

type ReminderColumns = (
    Option<String>,
    Option<i64>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Option<i64>,
    Option<Vec<u8>>,
    Option<String>,
    Option<Vec<u8>>,
    Option<i64>,
    Option<i64>,
);

/// Something is on that needs entries.
macro_rules! any_on {
    () => {
        "(reminder_settings.mail_state = 2 OR reminder_settings.webhook IS NOT NULL
         OR reminder_settings.feed_hash IS NOT NULL)"
    };
}
pub(crate) use any_on;

/// Settings that say nothing, where there are none.
macro_rules! ensure_settings {
    ($tx:ident, $account:expr) => {
        sqlx::query(
            "INSERT INTO reminder_settings (account_id, revision, lead_mask, changed_at_ms,
             mail_state) VALUES ($1, 0, 0, 0, 0) ON CONFLICT (account_id) DO NOTHING",
        )
        .bind($account.as_bytes().as_slice())
        .execute(&mut *$tx)
        .await?
    };
}

/// Forgets what a channel still had to send, and once nothing is on that needs them all dates, and
/// what was sent: days and ids stand in it.
macro_rules! after_off {
    ($tx:ident, $account:expr, $channel:expr) => {
        sqlx::query(
            "DELETE FROM reminder_deliveries WHERE account_id = $1 AND channel = $2 AND state = 0",
        )
        .bind($account)
        .bind($channel)
        .execute(&mut *$tx)
        .await?;
        sqlx::query(concat!(
            "DELETE FROM reminder_deliveries WHERE account_id = $1 AND NOT EXISTS
             (SELECT 1 FROM reminder_settings WHERE account_id = $1 AND ",
            any_on!(),
            ")"
        ))
        .bind($account)
        .execute(&mut *$tx)
        .await?;
        sqlx::query(concat!(
            "DELETE FROM reminder_entries WHERE account_id = $1 AND NOT EXISTS
             (SELECT 1 FROM reminder_settings WHERE account_id = $1 AND ",
            any_on!(),
            ")"
        ))
        .bind($account)
        .execute(&mut *$tx)
        .await?;
        sqlx::query(concat!(
            "UPDATE reminder_settings SET digest = NULL, lead_mask = 0
             WHERE account_id = $1 AND NOT ",
            any_on!()
        ))
        .bind($account)
        .execute(&mut *$tx)
        .await?;
    };
}

impl Store {
    /// How an account is reminded; `None` when there is no such account. One statement.
    pub async fn reminders(&self, account: AccountId) -> Result<Option<ReminderRow>, StoreError> {
        let row: Option<ReminderColumns> = reading!(self, |conn| {
            sqlx::query_as(
                "SELECT accounts.email, own.revision, own.state, own.digest, own.mail_state,
                 own.mail_token, own.mail_language, own.webhook, own.webhook_since_ms,
                 own.feed_since_ms
                 FROM accounts LEFT JOIN reminder_settings AS own
                 ON own.account_id = accounts.account_id WHERE accounts.account_id = $1",
            )
            .bind(account.as_bytes().as_slice())
            .fetch_optional(&mut *conn)
            .await?
        });
        row.map(to_reminders).transpose()
    }

    /// The dates from a day on, the nearest first. One statement.
    pub async fn reminder_entries(
        &self,
        account: AccountId,
        from: u32,
        most: u32,
    ) -> Result<Vec<ReminderEntry>, StoreError> {
        let rows: Vec<(Vec<u8>, i64)> = reading!(self, |conn| {
            sqlx::query_as(
                "SELECT entry_id, due_day FROM reminder_entries
                 WHERE account_id = $1 AND due_day >= $2 ORDER BY due_day, entry_id LIMIT $3",
            )
            .bind(account.as_bytes().as_slice())
            .bind(i64::from(from))
            .bind(i64::from(most))
            .fetch_all(&mut *conn)
            .await?
        });
        rows.into_iter().map(to_entry).collect()
    }

    /// Keeps what the account keeps for itself, what it is to be reminded of, or both, over the
    /// revision that was read. Four statements, however many entries there are.
    pub async fn put_reminders(
        &self,
        account: AccountId,
        base_revision: u64,
        state: Option<&Sealed>,
        set: Option<&NewReminders>,
        now_ms: u64,
    ) -> Result<PutOutcome, StoreError> {
        let id = account.as_bytes().as_slice();
        let mut batch = Batch::default();
        for entry in set.iter().flat_map(|set| &set.entries) {
            batch.push(&entry.id.0, i64::from(entry.on), false, &[]);
        }
        let batch = batch.finish();
        transaction!(self, |tx: DB| {
            ensure_settings!(tx, account);
            let kept = sqlx::query(concat!(
                "UPDATE reminder_settings SET revision = revision + 1,
                 state = COALESCE($3, state), digest = COALESCE($4, digest),
                 lead_mask = COALESCE($5, lead_mask),
                 changed_at_ms = CASE WHEN $4 IS NULL THEN changed_at_ms ELSE $6 END
                 WHERE account_id = $1 AND revision = $2 AND ($4 IS NULL OR ",
                any_on!(),
                ")"
            ))
            .bind(id)
            .bind(to_i64(base_revision))
            .bind(state.map(|state| state.0.as_slice()))
            .bind(set.map(|set| set.digest.as_slice()))
            .bind(set.map(|set| i64::from(set.lead_mask)))
            .bind(to_i64(now_ms))
            .execute(&mut *tx)
            .await?;
            if kept.rows_affected() == 0 {
                return Ok(PutOutcome::Conflict);
            }
            if let Some(set) = set {
                sqlx::query(<DB as BatchSql>::DROP_REMINDERS)
                    .bind(batch.rows.as_str())
                    .bind(batch.bytes.as_slice())
                    .bind(id)
                    .execute(&mut *tx)
                    .await?;
                sqlx::query(<DB as BatchSql>::PUT_REMINDERS)
                    .bind(batch.rows.as_str())
                    .bind(batch.bytes.as_slice())
                    .bind(id)
                    .bind(i64::from(set.today) - 1)
                    .execute(&mut *tx)
                    .await?;
            }
        });
        Ok(PutOutcome::Kept(base_revision + 1))
    }

    /// Switches a way to be reminded on or off. At most four statements.
    pub async fn change_channel(
        &self,
        account: AccountId,
        change: &ChannelChange,
    ) -> Result<(), StoreError> {
        let id = account.as_bytes().as_slice();
        transaction!(self, |tx| {
            ensure_settings!(tx, account);
            match change {
                ChannelChange::MailCode {
                    tag,
                    until_ms,
                    language,
                } => {
                    sqlx::query(
                        "UPDATE reminder_settings SET mail_code = $2, mail_code_until_ms = $3,
                         mail_language = $4,
                         mail_state = CASE WHEN mail_state = 2 THEN 2 ELSE 1 END
                         WHERE account_id = $1",
                    )
                    .bind(id)
                    .bind(tag.as_slice())
                    .bind(to_i64(*until_ms))
                    .bind(language.as_str())
                    .execute(&mut *tx)
                    .await?;
                }
                ChannelChange::Webhook {
                    sealed,
                    key_id,
                    since_ms,
                } => {
                    sqlx::query(
                        "UPDATE reminder_settings SET webhook = $2, webhook_key_id = $3,
                         webhook_since_ms = $4 WHERE account_id = $1",
                    )
                    .bind(id)
                    .bind(sealed.as_slice())
                    .bind(key_id.as_slice())
                    .bind(to_i64(*since_ms))
                    .execute(&mut *tx)
                    .await?;
                }
                ChannelChange::Feed {
                    hash,
                    since_ms,
                    language,
                } => {
                    sqlx::query(
                        "UPDATE reminder_settings SET feed_hash = $2, feed_since_ms = $3,
                         feed_language = $4 WHERE account_id = $1",
                    )
                    .bind(id)
                    .bind(hash.as_slice())
                    .bind(to_i64(*since_ms))
                    .bind(language.as_str())
                    .execute(&mut *tx)
                    .await?;
                }
                ChannelChange::MailOff => {
                    sqlx::query(
                        "UPDATE reminder_settings SET mail_state = 0, mail_code = NULL,
                         mail_code_until_ms = NULL, mail_token = NULL, mail_language = NULL
                         WHERE account_id = $1",
                    )
                    .bind(id)
                    .execute(&mut *tx)
                    .await?;
                    after_off!(tx, id, 1_i64);
                }
                ChannelChange::WebhookOff => {
                    sqlx::query(
                        "UPDATE reminder_settings SET webhook = NULL, webhook_key_id = NULL,
                         webhook_since_ms = NULL WHERE account_id = $1",
                    )
                    .bind(id)
                    .execute(&mut *tx)
                    .await?;
                    after_off!(tx, id, 2_i64);
                }
                ChannelChange::FeedOff => {
                    sqlx::query(
                        "UPDATE reminder_settings SET feed_hash = NULL, feed_since_ms = NULL,
                         feed_language = NULL WHERE account_id = $1",
                    )
                    .bind(id)
                    .execute(&mut *tx)
                    .await?;
                    after_off!(tx, id, 3_i64);
                }
            }
        });
        Ok(())
    }

    /// Switches mails on if that is the code that is awaited; it is used up then. What was to be
    /// told before counts as mailed. Two statements.
    pub async fn confirm_mail(
        &self,
        account: AccountId,
        tag: &[u8; 32],
        token: &[u8; 16],
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let id = account.as_bytes().as_slice();
        transaction!(self, |tx| {
            let confirmed = sqlx::query(
                "UPDATE reminder_settings SET mail_state = 2, mail_code = NULL,
                 mail_code_until_ms = NULL, mail_token = $4
                 WHERE account_id = $1 AND mail_code = $2 AND mail_code_until_ms > $3",
            )
            .bind(id)
            .bind(tag.as_slice())
            .bind(to_i64(now_ms))
            .bind(token.as_slice())
            .execute(&mut *tx)
            .await?;
            if confirmed.rows_affected() == 0 {
                return Ok(false);
            }
            sqlx::query("UPDATE reminder_entries SET mailed_day = told_day WHERE account_id = $1")
                .bind(id)
                .execute(&mut *tx)
                .await?;
        });
        Ok(true)
    }

    /// Switches the mails off in which a token stands; false when there are none. Five statements.
    pub async fn unsubscribe(&self, token: &[u8; 16]) -> Result<bool, StoreError> {
        transaction!(self, |tx| {
            let account: Option<Vec<u8>> = sqlx::query_scalar(
                "UPDATE reminder_settings SET mail_state = 0, mail_code = NULL,
                 mail_code_until_ms = NULL, mail_token = NULL, mail_language = NULL
                 WHERE mail_token = $1 RETURNING account_id",
            )
            .bind(token.as_slice())
            .fetch_optional(&mut *tx)
            .await?;
            let Some(account) = account else {
                return Ok(false);
            };
            after_off!(tx, account.as_slice(), 1_i64);
        });
        Ok(true)
    }

    /// What the feed of a token shows; `None` when there is none. Two statements.
    pub async fn feed(&self, hash: &[u8; 32]) -> Result<Option<FeedRow>, StoreError> {
        let (row, entries) = reading!(self, |conn| {
            let row: Option<(Vec<u8>, i64, i64, Option<String>)> = sqlx::query_as(
                "SELECT account_id, revision, changed_at_ms, feed_language FROM reminder_settings
                 WHERE feed_hash = $1",
            )
            .bind(hash.as_slice())
            .fetch_optional(&mut *conn)
            .await?;
            let Some(row) = row else {
                return Ok(None);
            };
            let entries: Vec<(Vec<u8>, i64)> = sqlx::query_as(
                "SELECT entry_id, due_day FROM reminder_entries WHERE account_id = $1
                 ORDER BY due_day, entry_id LIMIT $2",
            )
            .bind(row.0.as_slice())
            .bind(limits::REMINDERS as i64)
            .fetch_all(&mut *conn)
            .await?;
            (row, entries)
        });
        let (_, revision, changed_at_ms, language) = row;
        Ok(Some(FeedRow {
            revision: to_u64(revision)?,
            changed_at_ms: to_u64(changed_at_ms)?,
            language,
            entries: entries
                .into_iter()
                .map(to_entry)
                .collect::<Result<_, _>>()?,
        }))
    }

    /// Some webhooks that are encrypted under a key, of accounts after `after`, in the order of
    /// accounts. One statement.
    pub async fn webhooks_under(
        &self,
        key_id: &[u8; 8],
        after: AccountId,
        most: u32,
    ) -> Result<Vec<(AccountId, Vec<u8>)>, StoreError> {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = reading!(self, |conn| {
            sqlx::query_as(
                "SELECT account_id, webhook FROM reminder_settings
                 WHERE webhook_key_id = $1 AND account_id > $2 ORDER BY account_id LIMIT $3",
            )
            .bind(key_id.as_slice())
            .bind(after.as_bytes().as_slice())
            .bind(i64::from(most))
            .fetch_all(&mut *conn)
            .await?
        });
        rows.into_iter()
            .map(|(account, bytes)| Ok((AccountId(to_array(account)?), bytes)))
            .collect()
    }

    /// Puts the same webhook, encrypted under another key, in the place of one that was read. Does
    /// nothing when that is not there any more. One statement.
    pub async fn replace_webhook(
        &self,
        account: AccountId,
        before: &[u8],
        key_id: &[u8; 8],
        after: &[u8],
    ) -> Result<(), StoreError> {
        writing!(self, |conn| {
            sqlx::query(
                "UPDATE reminder_settings SET webhook = $3, webhook_key_id = $4
                 WHERE account_id = $1 AND webhook = $2",
            )
            .bind(account.as_bytes().as_slice())
            .bind(before)
            .bind(after)
            .bind(key_id.as_slice())
            .execute(&mut *conn)
            .await?;
        });
        Ok(())
    }
}

fn to_reminders(columns: ReminderColumns) -> Result<ReminderRow, StoreError> {
    let (
        email,
        revision,
        state,
        digest,
        mail_state,
        token,
        mail_language,
        webhook,
        webhook_since,
        feed_since,
    ) = columns;
    let webhook = match (webhook, webhook_since) {
        (Some(sealed), Some(since)) => Some((sealed, to_u64(since)?)),
        _ => None,
    };
    Ok(ReminderRow {
        email,
        revision: to_u64(revision.unwrap_or(0))?,
        state: state.map(Sealed),
        digest: digest.map(to_array).transpose()?,
        mail: match mail_state {
            Some(2) => MailRow::On,
            Some(1) => MailRow::Unconfirmed,
            _ => MailRow::Off,
        },
        mail_token: token.map(to_array).transpose()?,
        mail_language,
        webhook,
        feed_since_ms: feed_since.map(to_u64).transpose()?,
    })
}

pub(crate) fn to_entry((id, on): (Vec<u8>, i64)) -> Result<ReminderEntry, StoreError> {
    Ok(ReminderEntry {
        id: ReminderId(to_array(id)?),
        on: to_u32(on)?,
    })
}
