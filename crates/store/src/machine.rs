use keyarc_wire::{
    AccountId, Fixed, ItemWrite, MachineTokenId, MachineTokenInfo, MachineUse, MachineUseKind,
    MachineUseMark, MachineUsesResponse, NewVault, Sealed, VaultId, VaultInfo, WriteItemsRequest,
    limits,
};

use crate::{
    Store, StoreError, UsedNonce,
    batch::{Batch, BatchSql},
    convert::{to_array, to_i64, to_u32, to_u64},
    db::{reading, transaction},
    sessions::use_nonce,
};

/// How many uses of a token are kept. The oldest goes first.
const USES_KEPT: i64 = 1_000;
/// How many revoked tokens of an account are kept. The oldest goes first.
const REVOKED_KEPT: i64 = 100;
/// The epoch of a copy's key: it has one for its life.
const KEY_EPOCH: u32 = 1;
/// The manifest that a token knows from the moment it is made. The one before is of the empty copy.
const FLOOR: i64 = 1;

/// A token to be made, with its copy.
#[derive(Debug, Clone)]
pub struct NewMachineToken {
    /// The token.
    pub id: MachineTokenId,
    /// What its requests are checked against.
    pub auth_public_key: [u8; 32],
    /// What its holder is to have.
    pub grant: Sealed,
    /// What the account notes about it.
    pub note: Sealed,
    /// The copy, while it is empty.
    pub vault: NewVault,
    /// What comes into it; its manifest is of version 1.
    pub first: WriteItemsRequest,
    /// Where it may be used.
    pub networks: Vec<String>,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// Unix milliseconds; `None` for never.
    pub expires_at_ms: Option<u64>,
    /// Whether its holder may hand in changes.
    pub writes: bool,
}

/// How the making of a token ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MakeMachineTokenOutcome {
    /// Token and copy are there.
    Made,
    /// The account has as many as there can be. Nothing was changed.
    TooMany,
    /// A token or a copy of that name is there. Nothing was changed.
    Exists,
}

/// What the request of a token is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineKeyRow {
    /// Its Ed25519 public key.
    pub auth_public_key: [u8; 32],
    /// Where it may be used; anywhere without any.
    pub networks: Vec<String>,
    /// When it ends, Unix milliseconds.
    pub expires_at_ms: Option<u64>,
    /// When it was revoked, Unix milliseconds.
    pub revoked_at_ms: Option<u64>,
    /// Whether its holder may hand in changes.
    pub writes: bool,
}

type TokenColumns = (
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    i64,
    Vec<u8>,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<i64>,
    i64,
    i64,
);

/// Puts both parts of items into a copy, within a transaction.
macro_rules! write_copy {
    ($tx:ident, $driver:ident, $token:expr, $revision:expr, $writes:expr) => {
        if !$writes.is_empty() {
            let writes = $writes.finish();
            sqlx::query(<$driver as BatchSql>::WRITE_MACHINE_ITEMS)
                .bind(writes.rows)
                .bind(writes.bytes)
                .bind($token)
                .bind($revision)
                .execute(&mut *$tx)
                .await?;
        }
    };
}

/// Keeps a manifest of a copy, within a transaction.
macro_rules! keep_manifest {
    ($tx:ident, $token:expr, $version:expr, $manifest:expr) => {
        sqlx::query(
            "INSERT INTO machine_manifests (token_id, version, manifest) VALUES ($1, $2, $3)",
        )
        .bind($token)
        .bind($version)
        .bind($manifest.as_ref())
        .execute(&mut *$tx)
        .await?
    };
}

/// Revokes a token of an account, or all of them, within a transaction, and deletes what their
/// copies hold. Gives how many there were.
macro_rules! revoke_tokens {
    ($tx:ident, $account:expr, $token:expr, $now_ms:expr) => {{
        let token: Option<&[u8]> = $token;
        // First, because it locks the tokens: who writes to one has to wait, and then finds it revoked.
        let revoked = sqlx::query(
            "UPDATE machine_tokens SET revoked_at_ms = COALESCE(revoked_at_ms, $3)
             WHERE account_id = $1 AND ($2 IS NULL OR token_id = $2)",
        )
        .bind($account)
        .bind(token)
        .bind($crate::convert::to_i64($now_ms))
        .execute(&mut *$tx)
        .await?
        .rows_affected();
        for delete in [
            "DELETE FROM machine_changes WHERE token_id IN (SELECT token_id FROM machine_tokens
             WHERE account_id = $1 AND ($2 IS NULL OR token_id = $2))",
            "DELETE FROM machine_items WHERE token_id IN (SELECT token_id FROM machine_tokens
             WHERE account_id = $1 AND ($2 IS NULL OR token_id = $2))",
            "DELETE FROM machine_manifests WHERE token_id IN (SELECT token_id FROM machine_tokens
             WHERE account_id = $1 AND ($2 IS NULL OR token_id = $2))",
        ] {
            sqlx::query(delete)
                .bind($account)
                .bind(token)
                .execute(&mut *$tx)
                .await?;
        }
        revoked
    }};
}

pub(crate) use revoke_tokens;

// Behind the macros, which it uses.
mod copy;
mod waiting;

pub use copy::MachineHead;
pub use waiting::HandInOutcome;
pub(crate) use waiting::change_names;

impl Store {
    /// Makes a token with its copy, if the account has room for one. At most seven statements,
    /// whatever the number of items, all or nothing.
    pub async fn make_machine_token(
        &self,
        account: AccountId,
        new: NewMachineToken,
    ) -> Result<MakeMachineTokenOutcome, StoreError> {
        let writes = both_parts(new.first.writes);
        let account = account.as_bytes().as_slice();
        let token = new.id.as_bytes().as_slice();
        transaction!(self, |tx: Driver| {
            // The row that all of an account's tokens hang on: two that are made at the same time
            // wait for each other, and are counted.
            sqlx::query("UPDATE accounts SET account_id = account_id WHERE account_id = $1")
                .bind(account)
                .execute(&mut *tx)
                .await?;
            let there: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM machine_tokens
                 WHERE account_id = $1 AND revoked_at_ms IS NULL",
            )
            .bind(account)
            .fetch_one(&mut *tx)
            .await?;
            if there >= limits::MACHINE_TOKENS as i64 {
                return Ok(MakeMachineTokenOutcome::TooMany);
            }
            let inserted = sqlx::query(
                "INSERT INTO machine_tokens (token_id, account_id, auth_public_key, granted, note,
                 vault_id, wrapped_key, revision, networks, created_at_ms, expires_at_ms, writes)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
            )
            .bind(token)
            .bind(account)
            .bind(new.auth_public_key.as_slice())
            .bind(new.grant.as_ref())
            .bind(new.note.as_ref())
            .bind(new.vault.id.as_bytes().as_slice())
            .bind(new.vault.wrapped_key.as_ref())
            .bind(FLOOR)
            .bind(new.networks.join(" "))
            .bind(to_i64(new.created_at_ms))
            .bind(new.expires_at_ms.map(to_i64))
            .bind(i64::from(new.writes))
            .execute(&mut *tx)
            .await?;
            if inserted.rows_affected() == 0 {
                return Ok(MakeMachineTokenOutcome::Exists);
            }
            keep_manifest!(tx, token, FLOOR - 1, new.vault.manifest);
            keep_manifest!(tx, token, FLOOR, new.first.manifest);
            write_copy!(tx, Driver, token, FLOOR, writes);
            sqlx::query(
                "DELETE FROM machine_tokens WHERE account_id = $1 AND token_id IN
                 (SELECT token_id FROM machine_tokens
                 WHERE account_id = $1 AND revoked_at_ms IS NOT NULL
                 ORDER BY revoked_at_ms DESC, token_id LIMIT $3 OFFSET $2)",
            )
            .bind(account)
            .bind(REVOKED_KEPT)
            .bind(i64::MAX)
            .execute(&mut *tx)
            .await?;
        });
        Ok(MakeMachineTokenOutcome::Made)
    }

    /// The tokens of an account, oldest first. One statement.
    pub async fn machine_tokens(
        &self,
        account: AccountId,
    ) -> Result<Vec<MachineTokenInfo>, StoreError> {
        let rows: Vec<TokenColumns> = reading!(self, |conn| {
            sqlx::query_as(
                "SELECT token_id, vault_id, wrapped_key, revision, note, networks, created_at_ms,
                 expires_at_ms, revoked_at_ms, last_used_at_ms, last_address, last_kind, writes,
                 (SELECT COUNT(*) FROM machine_changes
                 WHERE machine_changes.token_id = machine_tokens.token_id)
                 FROM machine_tokens WHERE account_id = $1 ORDER BY created_at_ms, token_id",
            )
            .bind(account.as_bytes().as_slice())
            .fetch_all(&mut *conn)
            .await?
        });
        rows.into_iter().map(to_info).collect()
    }

    /// What the requests of a token are checked against. One statement.
    pub async fn machine_key(
        &self,
        token: MachineTokenId,
    ) -> Result<Option<MachineKeyRow>, StoreError> {
        type Columns = (Vec<u8>, String, Option<i64>, Option<i64>, i64);
        let row: Option<Columns> = reading!(self, |conn| {
            sqlx::query_as(
                "SELECT auth_public_key, networks, expires_at_ms, revoked_at_ms, writes
                 FROM machine_tokens WHERE token_id = $1",
            )
            .bind(token.as_bytes().as_slice())
            .fetch_optional(&mut *conn)
            .await?
        });
        row.map(|(key, networks, expires_at_ms, revoked_at_ms, writes)| {
            Ok(MachineKeyRow {
                auth_public_key: to_array(key)?,
                networks: to_networks(&networks),
                expires_at_ms: expires_at_ms.map(to_u64).transpose()?,
                revoked_at_ms: revoked_at_ms.map(to_u64).transpose()?,
                writes: writes != 0,
            })
        })
        .transpose()
    }

    /// Notes a use of a token, and uses up its nonce; false when that was used before, and then
    /// nothing is noted. Four statements.
    pub async fn note_machine_use(
        &self,
        token: MachineTokenId,
        nonce: &UsedNonce,
        used: &MachineUse,
    ) -> Result<bool, StoreError> {
        let token = token.as_bytes().as_slice();
        transaction!(self, |tx| {
            if !use_nonce!(tx, nonce) {
                return Ok(false);
            }
            sqlx::query(
                "UPDATE machine_tokens SET last_used_at_ms = $2, last_address = $3, last_kind = $4
                 WHERE token_id = $1",
            )
            .bind(token)
            .bind(to_i64(used.at_ms))
            .bind(used.address.as_str())
            .bind(kind_number(used.kind))
            .execute(&mut *tx)
            .await?;
            // From the row, so that a token which is gone this moment has no uses.
            sqlx::query(
                "INSERT INTO machine_uses (token_id, at_ms, nonce, address, kind)
                 SELECT token_id, $2, $5, $3, $4 FROM machine_tokens WHERE token_id = $1",
            )
            .bind(token)
            .bind(to_i64(used.at_ms))
            .bind(used.address.as_str())
            .bind(kind_number(used.kind))
            .bind(nonce.nonce.as_slice())
            .execute(&mut *tx)
            .await?;
            sqlx::query(
                "DELETE FROM machine_uses WHERE token_id = $1 AND at_ms <
                 (SELECT at_ms FROM machine_uses WHERE token_id = $1
                 ORDER BY at_ms DESC LIMIT 1 OFFSET $2)",
            )
            .bind(token)
            .bind(USES_KEPT - 1)
            .execute(&mut *tx)
            .await?;
        });
        Ok(true)
    }

    /// The uses of an account's token before a mark, newest first; `None` when it has no such
    /// token. Two statements.
    pub async fn machine_uses(
        &self,
        account: AccountId,
        token: MachineTokenId,
        before: Option<MachineUseMark>,
        limit: u32,
    ) -> Result<Option<MachineUsesResponse>, StoreError> {
        type Columns = (i64, Vec<u8>, String, i64);
        let mark = before.map_or((i64::MAX, [0xff; 32]), |mark| {
            (to_i64(mark.at_ms), mark.id.0)
        });
        let rows: Vec<Columns> = reading!(self, |conn| {
            let there: Option<i32> = sqlx::query_scalar(
                "SELECT 1 FROM machine_tokens WHERE token_id = $1 AND account_id = $2",
            )
            .bind(token.as_bytes().as_slice())
            .bind(account.as_bytes().as_slice())
            .fetch_optional(&mut *conn)
            .await?;
            if there.is_none() {
                return Ok(None);
            }
            sqlx::query_as(
                "SELECT at_ms, nonce, address, kind FROM machine_uses
                 WHERE token_id = $1 AND (at_ms, nonce) < ($2, $3)
                 ORDER BY at_ms DESC, nonce DESC LIMIT $4",
            )
            .bind(token.as_bytes().as_slice())
            .bind(mark.0)
            .bind(mark.1.as_slice())
            // One more than wanted tells whether there are more.
            .bind(i64::from(limit).saturating_add(1))
            .fetch_all(&mut *conn)
            .await?
        });
        let most = limit as usize;
        let next = match rows.get(most.saturating_sub(1)) {
            Some((at_ms, nonce, ..)) if rows.len() > most => Some(MachineUseMark {
                at_ms: to_u64(*at_ms)?,
                id: Fixed(to_array(nonce.clone())?),
            }),
            _ => None,
        };
        let uses = rows
            .into_iter()
            .take(most)
            .map(|(at_ms, _, address, kind)| {
                Ok(MachineUse {
                    at_ms: to_u64(at_ms)?,
                    address,
                    kind: to_kind(kind)?,
                })
            });
        Ok(Some(MachineUsesResponse {
            uses: uses.collect::<Result<_, StoreError>>()?,
            next,
        }))
    }

    /// Revokes a token of an account, and deletes what its copy holds; false when it has no such
    /// token. A second time changes nothing. Four statements.
    pub async fn revoke_machine_token(
        &self,
        account: AccountId,
        token: MachineTokenId,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let account = account.as_bytes().as_slice();
        let token = Some(token.as_bytes().as_slice());
        let revoked = transaction!(self, |tx| revoke_tokens!(tx, account, token, now_ms));
        Ok(revoked == 1)
    }
}

/// Writes, taken apart into what the statement takes.
fn both_parts(writes: Vec<ItemWrite>) -> Batch {
    let mut batch = Batch::default();
    // By value: each item's own copy is freed as it moves into the batch.
    for write in writes {
        batch.push_pair(
            write.item_id.as_bytes(),
            to_i64(write.base_version),
            write.overview.as_ref(),
            write
                .details
                .as_ref()
                .map_or(&[], |details| details.as_ref()),
        );
    }
    batch
}

fn to_info(columns: TokenColumns) -> Result<MachineTokenInfo, StoreError> {
    let (
        token,
        vault,
        wrapped_key,
        revision,
        note,
        networks,
        created_at_ms,
        expires_at_ms,
        revoked_at_ms,
        last_used_at_ms,
        last_address,
        last_kind,
        writes,
        waiting,
    ) = columns;
    let last_use = match (last_used_at_ms, last_address, last_kind) {
        (Some(at_ms), Some(address), Some(kind)) => Some(MachineUse {
            at_ms: to_u64(at_ms)?,
            address,
            kind: to_kind(kind)?,
        }),
        _ => None,
    };
    Ok(MachineTokenInfo {
        id: MachineTokenId(to_array(token)?),
        vault: VaultInfo {
            id: VaultId(to_array(vault)?),
            key_epoch: KEY_EPOCH,
            wrapped_key: Sealed(wrapped_key),
            revision: to_u64(revision)?,
        },
        note: Sealed(note),
        created_at_ms: to_u64(created_at_ms)?,
        expires_at_ms: expires_at_ms.map(to_u64).transpose()?,
        networks: to_networks(&networks),
        writes: writes != 0,
        waiting: to_u32(waiting)?,
        revoked_at_ms: revoked_at_ms.map(to_u64).transpose()?,
        last_use,
    })
}

fn to_networks(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// A number, once given, keeps its meaning.
fn kind_number(kind: MachineUseKind) -> i64 {
    match kind {
        MachineUseKind::Opened => 1,
        MachineUseKind::Details => 2,
        MachineUseKind::RefusedAddress => 3,
        MachineUseKind::RefusedExpired => 4,
        MachineUseKind::RefusedRevoked => 5,
        MachineUseKind::HandedIn => 6,
        // The last that there is so far.
        _ => 7,
    }
}

fn to_kind(number: i64) -> Result<MachineUseKind, StoreError> {
    Ok(match number {
        1 => MachineUseKind::Opened,
        2 => MachineUseKind::Details,
        3 => MachineUseKind::RefusedAddress,
        4 => MachineUseKind::RefusedExpired,
        5 => MachineUseKind::RefusedRevoked,
        6 => MachineUseKind::HandedIn,
        7 => MachineUseKind::RefusedReadsOnly,
        _ => return Err(sqlx::Error::Decode("unexpected kind of use".into()).into()),
    })
}
