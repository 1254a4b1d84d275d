use keyarc_wire::{AccountId, Handle, Sealed, limits};

use crate::{
    BeginOutcome, NewSession, Store, StoreError, UsedNonce,
    convert::{to_array, to_i64, to_u64},
    db::{reading, transaction, writing},
    second_factor::{NO_KEY, remove_empty_factor},
    sessions::{insert_session, use_nonce},
};

/// What makes a passkey open the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyUnlockRow {
    /// The Ed25519 key that log-ins by it are checked against.
    pub public_key: [u8; 32],
    /// The account root key, wrapped by it.
    pub wrapped_root_key: Sealed,
}

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyRow {
    /// As the authenticator names it.
    pub credential_id: Vec<u8>,
    /// Counts the row's changes, from 1.
    pub version: u64,
    /// What its owner calls it.
    pub name: String,
    /// The host that it belongs to.
    pub host: String,
    /// Public key, counter and flags, as the service wrote them.
    pub credential: Vec<u8>,
    /// `None` for one that is a second factor only.
    pub unlock: Option<PasskeyUnlockRow>,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// Unix milliseconds.
    pub last_used_at_ms: Option<u64>,
}

/// How the adding of a passkey ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddPasskeyOutcome {
    /// It is there, and so are the recovery codes.
    AddedFirst,
    /// It is there. The account had a second factor before and keeps its recovery codes.
    Added,
    /// The nonce was used before. Nothing was changed.
    NonceUsed,
    /// The account has this passkey. Nothing was changed.
    Exists,
    /// The account has as many as it may have. Nothing was changed.
    TooMany,
}

/// What an accepted assertion changes. It is written only over the version that was read.
#[derive(Debug, Clone)]
pub struct PasskeyUse {
    /// The passkey.
    pub credential_id: Vec<u8>,
    /// The version that was read.
    pub base_version: u64,
    /// The credential after it.
    pub credential: Vec<u8>,
    /// Unix milliseconds.
    pub used_at_ms: u64,
}

type PasskeyColumns = (
    Vec<u8>,
    i64,
    String,
    String,
    Vec<u8>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    i64,
    Option<i64>,
);

/// Notes within a transaction that a passkey was used; false when its row is not at the version
/// that was read.
macro_rules! use_passkey {
    ($tx:ident, $account:expr, $change:expr) => {
        sqlx::query(
            "UPDATE passkeys SET version = version + 1, credential = $4, last_used_at_ms = $5
             WHERE account_id = $1 AND credential_id = $2 AND version = $3",
        )
        .bind($account.as_bytes().as_slice())
        .bind($change.credential_id.as_slice())
        .bind($crate::convert::to_i64($change.base_version))
        .bind($change.credential.as_slice())
        .bind($crate::convert::to_i64($change.used_at_ms))
        .execute(&mut *$tx)
        .await?
        .rows_affected()
            == 1
    };
}

pub(crate) use use_passkey;

impl Store {
    /// An account's passkeys, oldest first. One statement.
    pub async fn passkeys(&self, account: AccountId) -> Result<Vec<PasskeyRow>, StoreError> {
        let rows: Vec<PasskeyColumns> = reading!(self, |conn| {
            sqlx::query_as(
                "SELECT credential_id, version, name, host, credential, unlock_public_key,
                 wrapped_root_key, created_at_ms, last_used_at_ms FROM passkeys
                 WHERE account_id = $1 ORDER BY created_at_ms, credential_id",
            )
            .bind(account.as_bytes().as_slice())
            .fetch_all(&mut *conn)
            .await?
        });
        rows.into_iter().map(to_passkey).collect()
    }

    /// Whose handle it is, and one of their passkeys. Two statements.
    pub async fn passkey_of_handle(
        &self,
        handle: Handle,
        credential_id: &[u8],
    ) -> Result<Option<(AccountId, PasskeyRow)>, StoreError> {
        let account: Option<Vec<u8>> = reading!(self, |conn| {
            sqlx::query_scalar("SELECT account_id FROM accounts WHERE handle = $1")
                .bind(handle.as_bytes().as_slice())
                .fetch_optional(&mut *conn)
                .await?
        });
        let Some(account) = account else {
            return Ok(None);
        };
        let account = AccountId(to_array(account)?);
        let rows = self.passkeys(account).await?;
        let row = rows
            .into_iter()
            .find(|row| row.credential_id == credential_id);
        Ok(row.map(|row| (account, row)))
    }

    /// Adds a passkey, with recovery codes if the account has no second factor yet, and uses up
    /// the nonce. All or nothing.
    pub async fn add_passkey(
        &self,
        account: AccountId,
        passkey: &PasskeyRow,
        recovery_codes: &[[u8; 32]],
        nonce: &UsedNonce,
    ) -> Result<AddPasskeyOutcome, StoreError> {
        let id = account.as_bytes().as_slice();
        let version = transaction!(self, |tx| {
            if !use_nonce!(tx, nonce) {
                return Ok(AddPasskeyOutcome::NonceUsed);
            }
            // Whoever adds or removes passkeys changes this row first, one after another.
            let version: i64 = sqlx::query_scalar(
                "INSERT INTO second_factors (account_id, version, totp_secret, key_id, last_step,
                 recovery_codes, created_at_ms) VALUES ($1, 1, $2, $3, 0, $4, $5)
                 ON CONFLICT (account_id) DO UPDATE SET version = second_factors.version + 1
                 RETURNING version",
            )
            .bind(id)
            .bind([0_u8; 0].as_slice())
            .bind(NO_KEY.as_slice())
            .bind(recovery_codes.concat())
            .bind(to_i64(passkey.created_at_ms))
            .fetch_one(&mut *tx)
            .await?;
            let there: i64 =
                sqlx::query_scalar("SELECT COUNT(*) FROM passkeys WHERE account_id = $1")
                    .bind(id)
                    .fetch_one(&mut *tx)
                    .await?;
            if there >= limits::PASSKEYS as i64 {
                return Ok(AddPasskeyOutcome::TooMany);
            }
            let unlock = passkey.unlock.as_ref();
            let added = sqlx::query(
                "INSERT INTO passkeys (account_id, credential_id, version, name, host, credential,
                 unlock_public_key, wrapped_root_key, created_at_ms, last_used_at_ms)
                 VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, NULL)
                 ON CONFLICT (account_id, credential_id) DO NOTHING",
            )
            .bind(id)
            .bind(passkey.credential_id.as_slice())
            .bind(passkey.name.as_str())
            .bind(passkey.host.as_str())
            .bind(passkey.credential.as_slice())
            .bind(unlock.map(|unlock| unlock.public_key.to_vec()))
            .bind(unlock.map(|unlock| unlock.wrapped_root_key.0.clone()))
            .bind(to_i64(passkey.created_at_ms))
            .execute(&mut *tx)
            .await?;
            if added.rows_affected() == 0 {
                return Ok(AddPasskeyOutcome::Exists);
            }
            version
        });
        Ok(if version == 1 {
            AddPasskeyOutcome::AddedFirst
        } else {
            AddPasskeyOutcome::Added
        })
    }

    /// Gives a passkey another name; false when the account has no such passkey. One statement.
    pub async fn rename_passkey(
        &self,
        account: AccountId,
        credential_id: &[u8],
        name: &str,
    ) -> Result<bool, StoreError> {
        let renamed = writing!(self, |conn| {
            sqlx::query(
                "UPDATE passkeys SET name = $3 WHERE account_id = $1 AND credential_id = $2",
            )
            .bind(account.as_bytes().as_slice())
            .bind(credential_id)
            .bind(name)
            .execute(&mut *conn)
            .await?
            .rows_affected()
        });
        Ok(renamed == 1)
    }

    /// Removes a passkey, and with the last of an account that has no authenticator app the
    /// recovery codes; false, with nothing changed, when there is no such passkey. Three
    /// statements.
    pub async fn remove_passkey(
        &self,
        account: AccountId,
        credential_id: &[u8],
    ) -> Result<bool, StoreError> {
        let id = account.as_bytes().as_slice();
        transaction!(self, |tx| {
            sqlx::query("UPDATE second_factors SET version = version + 1 WHERE account_id = $1")
                .bind(id)
                .execute(&mut *tx)
                .await?;
            let removed =
                sqlx::query("DELETE FROM passkeys WHERE account_id = $1 AND credential_id = $2")
                    .bind(id)
                    .bind(credential_id)
                    .execute(&mut *tx)
                    .await?;
            if removed.rows_affected() == 0 {
                return Ok(false);
            }
            remove_empty_factor!(tx, account);
        });
        Ok(true)
    }

    /// Uses up the nonce and the passkey's assertion, ends the session `ended` and begins
    /// another, if the passkey is as it was read. All or nothing.
    pub async fn begin_session_by_passkey(
        &self,
        account: AccountId,
        session: &NewSession,
        nonce: &UsedNonce,
        passkey: &PasskeyUse,
        ended: Option<&[u8; 32]>,
    ) -> Result<BeginOutcome, StoreError> {
        transaction!(self, |tx| {
            if !use_nonce!(tx, nonce) {
                return Ok(BeginOutcome::NonceUsed);
            }
            if !use_passkey!(tx, account, passkey) {
                return Ok(BeginOutcome::FactorChanged);
            }
            insert_session!(tx, account, session, ended);
        });
        Ok(BeginOutcome::Begun)
    }
}

fn to_passkey(columns: PasskeyColumns) -> Result<PasskeyRow, StoreError> {
    let (credential_id, version, name, host, credential, public_key, wrapped, created, used) =
        columns;
    let unlock = match (public_key, wrapped) {
        (Some(public_key), Some(wrapped)) => Some(PasskeyUnlockRow {
            public_key: to_array(public_key)?,
            wrapped_root_key: Sealed(wrapped),
        }),
        _ => None,
    };
    Ok(PasskeyRow {
        credential_id,
        version: to_u64(version)?,
        name,
        host,
        credential,
        unlock,
        created_at_ms: to_u64(created)?,
        last_used_at_ms: used.map(to_u64).transpose()?,
    })
}
