use crate::{Store, StoreError, convert::to_i64, db::transaction};

/// How many rows were forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Nonces past their lifetime.
    pub nonces: u64,
    /// Sessions past their end or their longest rest.
    pub sessions: u64,
    /// Rate counters whose window is over.
    pub counters: u64,
    /// Changes of keys that were begun and not finished.
    pub rekeys: u64,
    /// Links between devices that ran out.
    pub links: u64,
    /// Attachments that no item named for long enough.
    pub attachments: u64,
    /// Deliveries of reminders that nobody looks at any more.
    pub deliveries: u64,
    /// Machine tokens that were revoked long ago, and uses of machine tokens.
    pub machine: u64,
    /// Answers to requests with an idempotency key.
    pub answers: u64,
}

/// How much longer than its lifetime a used nonce is remembered, because another instance's
/// clock may be behind this one's.
const NONCE_KEPT_MS: u64 = 10 * 60_000;
/// A change of keys takes minutes. What was staged for one that was given up is kept this long.
const REKEY_KEPT_MS: u64 = 24 * 3_600_000;
/// What was sent is remembered this many days, for its owner to look at.
const DELIVERIES_KEPT_DAYS: u64 = 90;
/// Uses of machine tokens, and tokens that were revoked, are remembered for as long.
const MACHINE_KEPT_MS: u64 = 90 * DAY_MS;
/// Whoever got no answer can ask for it this long.
const ANSWER_KEPT_MS: u64 = 24 * 3_600_000;
const DAY_MS: u64 = 24 * 3_600_000;

/// An upload that was cut off can go on for as long, and so long stays what no item names any more.
const ATTACHMENT_KEPT_MS: u64 = 24 * 3_600_000;

/// Forgets what is long over of machine tokens, within a transaction.
macro_rules! clean_up_machine {
    ($tx:ident, $now_ms:expr) => {{
        let long_ago = to_i64($now_ms.saturating_sub(MACHINE_KEPT_MS));
        let mut forgotten = 0;
        for forget in [
            "DELETE FROM machine_uses WHERE at_ms < $1",
            "DELETE FROM machine_tokens WHERE revoked_at_ms < $1",
        ] {
            forgotten += sqlx::query(forget)
                .bind(long_ago)
                .execute(&mut *$tx)
                .await?
                .rows_affected();
        }
        forgotten
    }};
}

impl Store {
    /// Deletes expired nonces, sessions, rate counters, device links, old deliveries of reminders,
    /// changes of keys that were given up, attachments that no item names, machine tokens that were
    /// revoked and uses of them, both of long ago, and answers that were kept. Fifteen statements, and one for each 16
    /// chunks that are deleted.
    pub async fn clean_up(&self, now_ms: u64, session_idle_ms: u64) -> Result<Cleaned, StoreError> {
        let now = to_i64(now_ms);
        let cleaned = transaction!(self, |tx| {
            Cleaned {
                nonces: sqlx::query("DELETE FROM used_nonces WHERE expires_at_ms < $1")
                    .bind(to_i64(now_ms.saturating_sub(NONCE_KEPT_MS)))
                    .execute(&mut *tx)
                    .await?
                    .rows_affected(),
                sessions: sqlx::query(
                    "DELETE FROM sessions WHERE expires_at_ms <= $1 OR last_used_at_ms <= $2",
                )
                .bind(now)
                .bind(to_i64(now_ms.saturating_sub(session_idle_ms)))
                .execute(&mut *tx)
                .await?
                .rows_affected(),
                links: sqlx::query("DELETE FROM device_links WHERE expires_at_ms <= $1")
                    .bind(now)
                    .execute(&mut *tx)
                    .await?
                    .rows_affected(),
                counters: sqlx::query("DELETE FROM rate_counters WHERE window_ends_at_ms <= $1")
                    .bind(now)
                    .execute(&mut *tx)
                    .await?
                    .rows_affected(),
                deliveries: sqlx::query("DELETE FROM reminder_deliveries WHERE day < $1")
                    .bind(to_i64(
                        (now_ms / DAY_MS).saturating_sub(DELIVERIES_KEPT_DAYS),
                    ))
                    .execute(&mut *tx)
                    .await?
                    .rows_affected(),
                rekeys: sqlx::query("DELETE FROM rekeys WHERE begun_at_ms < $1")
                    .bind(to_i64(now_ms.saturating_sub(REKEY_KEPT_MS)))
                    .execute(&mut *tx)
                    .await?
                    .rows_affected(),
                machine: clean_up_machine!(tx, now_ms),
                answers: sqlx::query("DELETE FROM kept_answers WHERE begun_at_ms < $1")
                    .bind(to_i64(now_ms.saturating_sub(ANSWER_KEPT_MS)))
                    .execute(&mut *tx)
                    .await?
                    .rows_affected(),
                attachments: 0,
            }
        });
        let before_ms = now_ms.saturating_sub(ATTACHMENT_KEPT_MS);
        let attachments = self.clean_up_attachments(now_ms, before_ms).await?;
        Ok(Cleaned {
            attachments,
            ..cleaned
        })
    }
}
