//! What was handed in with tokens that write, until it is taken or discarded.

use futures::TryStreamExt as _;
use keyarc_wire::{
    AccountId, ItemId, MachineChangeId, MachineChangeName, MachineTokenId, NewMachineChange,
    Sealed, SealedChange, WaitingChange, WaitingChangesResponse, limits,
};

use crate::{
    Store, StoreError,
    batch::{Batch, BatchSql},
    convert::{to_array, to_i64, to_u64},
    db::{reading, transaction, writing},
};

/// How a hand-in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandInOutcome {
    /// All of it waits for the owner.
    HandedIn,
    /// There is no such token in force that writes. Nothing was changed.
    NoToken,
    /// A change is not made on what waits of its item. Nothing was changed.
    Conflict,
    /// More would wait than may. Nothing was changed.
    Full,
}

impl Store {
    /// Keeps changes for the owner of a token, all or nothing: one of an item at most. At most four
    /// statements, whatever the number of changes. The caller sees to it that no item occurs twice.
    ///
    /// A change takes the place of the one that it names, if both are made on the same version. What
    /// waits without being named is a conflict, and so is what is named and does not wait; only the
    /// very same change once more is none.
    pub async fn hand_in(
        &self,
        token: MachineTokenId,
        changes: Vec<NewMachineChange>,
        now_ms: u64,
    ) -> Result<HandInOutcome, StoreError> {
        let batch = handed_in(changes).finish();
        let token = token.as_bytes().as_slice();
        transaction!(self, |tx: Driver| {
            // First, because it locks the token: those who hand in with it queue here, and are counted.
            let there = sqlx::query(
                "UPDATE machine_tokens SET token_id = token_id
                 WHERE token_id = $1 AND revoked_at_ms IS NULL AND writes = 1",
            )
            .bind(token)
            .execute(&mut *tx)
            .await?;
            if there.rows_affected() == 0 {
                return Ok(HandInOutcome::NoToken);
            }
            let conflicts: i64 = sqlx::query_scalar(<Driver as BatchSql>::HAND_IN_CONFLICTS)
                .bind(batch.rows.as_str())
                .bind(batch.bytes.as_slice())
                .bind(token)
                .fetch_one(&mut *tx)
                .await?;
            if conflicts > 0 {
                return Ok(HandInOutcome::Conflict);
            }
            sqlx::query(<Driver as BatchSql>::HAND_IN)
                .bind(batch.rows.as_str())
                .bind(batch.bytes.as_slice())
                .bind(token)
                .bind(to_i64(now_ms))
                .execute(&mut *tx)
                .await?;
            let (count, bytes): (i64, i64) = sqlx::query_as(
                "SELECT COUNT(*), CAST(COALESCE(SUM(length(sealed)), 0) AS BIGINT)
                 FROM machine_changes WHERE token_id = $1",
            )
            .bind(token)
            .fetch_one(&mut *tx)
            .await?;
            if count > limits::MACHINE_CHANGES as i64
                || bytes > limits::MACHINE_CHANGES_BYTES as i64
            {
                return Ok(HandInOutcome::Full);
            }
        });
        Ok(HandInOutcome::HandedIn)
    }

    /// Some of the changes that wait for an account, in the order of tokens and items, after one of
    /// them: at most `limit`, and at most `max_bytes` of them unless the first alone has more. One
    /// statement.
    pub async fn waiting_changes(
        &self,
        account: AccountId,
        after: Option<MachineChangeName>,
        limit: u32,
        max_bytes: usize,
    ) -> Result<WaitingChangesResponse, StoreError> {
        type Columns = (Vec<u8>, Vec<u8>, Vec<u8>, i64, i64, Vec<u8>);
        let (token, item) = after.map_or((Vec::new(), Vec::new()), |after| {
            (after.token_id.0.to_vec(), after.item_id.0.to_vec())
        });
        let mut changes: Vec<WaitingChange> = Vec::new();
        let (mut bytes, mut more) = (0, false);
        reading!(self, |conn| {
            let mut rows = sqlx::query_as::<_, Columns>(
                "SELECT waiting.token_id, waiting.item_id, waiting.change_id, waiting.base_version,
                 waiting.handed_in_at_ms, waiting.sealed
                 FROM machine_changes AS waiting
                 JOIN machine_tokens ON machine_tokens.token_id = waiting.token_id
                 WHERE machine_tokens.account_id = $1
                 AND (waiting.token_id, waiting.item_id) > ($2, $3)
                 ORDER BY waiting.token_id, waiting.item_id LIMIT $4",
            )
            .bind(account.as_bytes().as_slice())
            .bind(token)
            .bind(item)
            // One more than wanted tells whether there are more.
            .bind(i64::from(limit).saturating_add(1))
            .fetch(&mut *conn);
            while let Some((token, item, change, base, at_ms, sealed)) = rows.try_next().await? {
                bytes += sealed.len();
                more =
                    changes.len() >= limit as usize || (bytes > max_bytes && !changes.is_empty());
                if more {
                    break;
                }
                changes.push(WaitingChange {
                    token_id: MachineTokenId(to_array(token)?),
                    handed_in_at_ms: to_u64(at_ms)?,
                    sealed: SealedChange {
                        change_id: MachineChangeId(to_array(change)?),
                        item_id: ItemId(to_array(item)?),
                        base_version: to_u64(base)?,
                        change: Sealed(sealed),
                    },
                });
            }
        });
        let next = changes.last().filter(|_| more).map(WaitingChange::name);
        Ok(WaitingChangesResponse { changes, next })
    }

    /// Discards changes that wait for an account, and passes over those that do not. One statement.
    pub async fn discard_changes(
        &self,
        account: AccountId,
        names: &[MachineChangeName],
    ) -> Result<(), StoreError> {
        let batch = change_names(names).finish();
        writing!(self, |conn: Driver| {
            sqlx::query(<Driver as BatchSql>::DISCARD_CHANGES)
                .bind(batch.rows.as_str())
                .bind(batch.bytes.as_slice())
                .bind(account.as_bytes().as_slice())
                .execute(&mut *conn)
                .await?;
        });
        Ok(())
    }
}

/// Names of changes, for one statement.
pub(crate) fn change_names(names: &[MachineChangeName]) -> Batch {
    let mut batch = Batch::default();
    for name in names {
        let payload = [name.item_id.0, name.change_id.0].concat();
        batch.push(name.token_id.as_bytes(), 0, false, &payload);
    }
    batch
}

fn handed_in(changes: Vec<NewMachineChange>) -> Batch {
    let mut batch = Batch::default();
    // By value: each change's own copy is freed as it moves into the batch.
    for change in changes {
        let replaces = change.replaces.map_or([0; 16], |replaced| replaced.0);
        let names = [change.change_id.0, replaces].concat();
        let payload = [names.as_slice(), change.change.as_ref()].concat();
        batch.push(
            change.item_id.as_bytes(),
            to_i64(change.base_version),
            change.replaces.is_some(),
            &payload,
        );
    }
    batch
}
