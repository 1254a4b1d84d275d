use keyarc_wire::AccountId;

use crate::{
    Store, StoreError,
    convert::to_i64,
    db::{transaction, writing},
};

/// A request that came with an idempotency key, by hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyedRequest {
    /// Whose key it is.
    pub account: AccountId,
    /// SHA-256 of the key.
    pub key: [u8; 32],
    /// SHA-256 of what is asked.
    pub request: [u8; 32],
}

/// A request that is under way: the only one of its key that may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BegunRequest {
    of: KeyedRequest,
    /// Another attempt, after this one was given up for lost, began later.
    begun_at_ms: u64,
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The HTTP status.
    pub status: u16,
    /// JSON, or nothing.
    pub body: Vec<u8>,
}

/// What is known of a request that came with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyOutcome {
    /// It is the first one, and is to be carried out now.
    Begun(BegunRequest),
    /// The same request is under way.
    UnderWay,
    /// Another request came with that key.
    OtherRequest,
    /// It was carried out, and this was the answer.
    Done(KeptAnswer),
}

/// Hash of the request, status and body.
type Known = (Vec<u8>, Option<i64>, Option<Vec<u8>>);

impl Store {
    /// Begins a request that came with a key, unless one of that key was begun. One that was begun
    /// before `given_up_ms` and not ended is begun anew. Of an account the newest `most` keys are
    /// kept. At most three statements.
    pub async fn begin_keyed(
        &self,
        of: KeyedRequest,
        most: u32,
        (now_ms, given_up_ms): (u64, u64),
    ) -> Result<KeyOutcome, StoreError> {
        let account = of.account.as_bytes().as_slice();
        let known: Option<Known> = transaction!(self, |tx| {
            let begun = sqlx::query(
                "INSERT INTO kept_answers (account_id, key_hash, request_hash, begun_at_ms)
                 VALUES ($1, $2, $3, $4)
                 ON CONFLICT (account_id, key_hash) DO UPDATE SET begun_at_ms = $4
                 WHERE kept_answers.status IS NULL AND kept_answers.begun_at_ms < $5
                 AND kept_answers.request_hash = $3",
            )
            .bind(account)
            .bind(of.key.as_slice())
            .bind(of.request.as_slice())
            .bind(to_i64(now_ms))
            .bind(to_i64(given_up_ms))
            .execute(&mut *tx)
            .await?
            .rows_affected();
            if begun == 0 {
                sqlx::query_as(
                    "SELECT request_hash, status, body FROM kept_answers
                     WHERE account_id = $1 AND key_hash = $2",
                )
                .bind(account)
                .bind(of.key.as_slice())
                .fetch_optional(&mut *tx)
                .await?
            } else {
                sqlx::query(
                    "DELETE FROM kept_answers WHERE account_id = $1 AND status IS NOT NULL
                     AND key_hash IN
                     (SELECT key_hash FROM kept_answers WHERE account_id = $1
                      ORDER BY begun_at_ms DESC, key_hash LIMIT $2 OFFSET $3)",
                )
                .bind(account)
                .bind(i64::from(most))
                .bind(i64::from(most))
                .execute(&mut *tx)
                .await?;
                None
            }
        });
        Ok(match known {
            None => KeyOutcome::Begun(BegunRequest {
                of,
                begun_at_ms: now_ms,
            }),
            Some((request, ..)) if request != of.request => KeyOutcome::OtherRequest,
            Some((_, None, _)) => KeyOutcome::UnderWay,
            Some((_, Some(status), body)) => KeyOutcome::Done(KeptAnswer {
                status: u16::try_from(status).map_err(|error| sqlx::Error::Decode(error.into()))?,
                body: body.unwrap_or_default(),
            }),
        })
    }

    /// Keeps the answer to a request that was begun, unless it was given up for lost and begun anew. One
    /// statement.
    pub async fn end_keyed(
        &self,
        BegunRequest { of, begun_at_ms }: BegunRequest,
        answer: &KeptAnswer,
    ) -> Result<(), StoreError> {
        writing!(self, |conn| {
            sqlx::query(
                "UPDATE kept_answers SET status = $5, body = $6
                 WHERE account_id = $1 AND key_hash = $2 AND request_hash = $3
                 AND begun_at_ms = $4 AND status IS NULL",
            )
            .bind(of.account.as_bytes().as_slice())
            .bind(of.key.as_slice())
            .bind(of.request.as_slice())
            .bind(to_i64(begun_at_ms))
            .bind(i64::from(answer.status))
            .bind(answer.body.as_slice())
            .execute(&mut *conn)
            .await?;
        });
        Ok(())
    }

    /// Forgets a request that was begun and changed nothing. One statement.
    pub async fn give_up_keyed(
        &self,
        BegunRequest { of, begun_at_ms }: BegunRequest,
    ) -> Result<(), StoreError> {
        writing!(self, |conn| {
            sqlx::query(
                "DELETE FROM kept_answers WHERE account_id = $1 AND key_hash = $2
                 AND request_hash = $3 AND begun_at_ms = $4 AND status IS NULL",
            )
            .bind(of.account.as_bytes().as_slice())
            .bind(of.key.as_slice())
            .bind(of.request.as_slice())
            .bind(to_i64(begun_at_ms))
            .execute(&mut *conn)
            .await?;
        });
        Ok(())
    }
}
