use keyarc_wire::AccountId;

use crate::{
    Store, StoreError,
    convert::{to_array, to_i64, to_u64},
    db::{reading, transaction, writing},
};

/// Length of the hash of a recovery code in bytes.
const HASH_LEN: usize = 32;
/// Stands where there is no secret to be encrypted.
pub(crate) const NO_KEY: [u8; 8] = [0; 8];

/// A TOTP secret as the service encrypted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTotpSecret {
    /// Names the key it is encrypted under.
    pub key_id: [u8; 8],
    /// The encrypted secret.
    pub bytes: Vec<u8>,
}

/// A second factor to be put in force.
#[derive(Debug, Clone)]
pub struct NewSecondFactor {
    /// The secret of the authenticator app.
    pub totp: StoredTotpSecret,
    /// The time step of the code that confirmed it.
    pub last_step: u64,
    /// The hashes of the recovery codes.
    pub recovery_codes: Vec<[u8; HASH_LEN]>,
    /// Unix milliseconds.
    pub created_at_ms: u64,
}

/// An account's second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactorRow {
    /// Counts the row's changes, from 1.
    pub version: u64,
    /// The secret of the authenticator app; `None` when the account has passkeys only.
    pub totp: Option<StoredTotpSecret>,
    /// The time step of the last code that was accepted.
    pub last_step: u64,
    /// The hashes of the recovery codes that are left.
    pub recovery_codes: Vec<[u8; HASH_LEN]>,
    /// Unix milliseconds.
    pub created_at_ms: u64,
}

/// What an accepted code changes. It is written only over the version that was read, so that of
/// two who show the same code one is too late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactorChange {
    /// The version that was read.
    pub base_version: u64,
    /// The time step of the last code that was accepted.
    pub last_step: u64,
    /// The hashes of the recovery codes that are left.
    pub recovery_codes: Vec<[u8; HASH_LEN]>,
}

type SecondFactorColumns = (i64, Vec<u8>, Vec<u8>, i64, Vec<u8>, i64);

/// Notes within a transaction, or on a connection, that a code was accepted; false when somebody
/// was faster.
macro_rules! change_second_factor {
    ($conn:ident, $account:expr, $change:expr) => {
        sqlx::query(
            "UPDATE second_factors SET version = version + 1, last_step = $3, recovery_codes = $4
             WHERE account_id = $1 AND version = $2",
        )
        .bind($account.as_bytes().as_slice())
        .bind($crate::convert::to_i64($change.base_version))
        .bind($crate::convert::to_i64($change.last_step))
        .bind($change.recovery_codes.concat())
        .execute(&mut *$conn)
        .await?
        .rows_affected()
            == 1
    };
}

/// Forgets, within a transaction, the second factor of an account that has neither an app nor a
/// passkey: its recovery codes.
macro_rules! remove_empty_factor {
    ($conn:ident, $account:expr) => {
        sqlx::query(
            "DELETE FROM second_factors WHERE account_id = $1 AND length(totp_secret) = 0
             AND NOT EXISTS (SELECT 1 FROM passkeys WHERE account_id = $1)",
        )
        .bind($account.as_bytes().as_slice())
        .execute(&mut *$conn)
        .await?
    };
}

pub(crate) use {change_second_factor, remove_empty_factor};

impl Store {
    /// An account's second factor, if it has one. One statement.
    pub async fn second_factor(
        &self,
        account: AccountId,
    ) -> Result<Option<SecondFactorRow>, StoreError> {
        let row: Option<SecondFactorColumns> = reading!(self, |conn| {
            sqlx::query_as(
                "SELECT version, totp_secret, key_id, last_step, recovery_codes, created_at_ms
                 FROM second_factors WHERE account_id = $1",
            )
            .bind(account.as_bytes().as_slice())
            .fetch_optional(&mut *conn)
            .await?
        });
        row.map(to_second_factor).transpose()
    }

    /// Puts an authenticator app in force, with recovery codes in the place of those before;
    /// false, with nothing changed, when the account has one. One statement.
    pub async fn add_second_factor(
        &self,
        account: AccountId,
        factor: &NewSecondFactor,
    ) -> Result<bool, StoreError> {
        let added = writing!(self, |conn| {
            sqlx::query(
                "INSERT INTO second_factors (account_id, version, totp_secret, key_id, last_step,
                 recovery_codes, created_at_ms) VALUES ($1, 1, $2, $3, $4, $5, $6)
                 ON CONFLICT (account_id) DO UPDATE SET version = second_factors.version + 1,
                 totp_secret = excluded.totp_secret, key_id = excluded.key_id,
                 last_step = excluded.last_step, recovery_codes = excluded.recovery_codes
                 WHERE length(second_factors.totp_secret) = 0",
            )
            .bind(account.as_bytes().as_slice())
            .bind(factor.totp.bytes.as_slice())
            .bind(factor.totp.key_id.as_slice())
            .bind(to_i64(factor.last_step))
            .bind(factor.recovery_codes.concat())
            .bind(to_i64(factor.created_at_ms))
            .execute(&mut *conn)
            .await?
            .rows_affected()
        });
        Ok(added == 1)
    }

    /// Notes that a code was accepted, and perhaps replaces the recovery codes; false, with
    /// nothing changed, when the row is not at the version that was read. One statement.
    pub async fn change_second_factor(
        &self,
        account: AccountId,
        change: &SecondFactorChange,
    ) -> Result<bool, StoreError> {
        Ok(writing!(self, |conn| {
            change_second_factor!(conn, account, change)
        }))
    }

    /// Removes the authenticator app, and without passkeys the recovery codes too; false, with
    /// nothing changed, when the row is not at that version. Two statements.
    pub async fn remove_totp(&self, account: AccountId, version: u64) -> Result<bool, StoreError> {
        transaction!(self, |tx| {
            // First of all, so that a passkey that is being added comes before or after.
            let changed = sqlx::query(
                "UPDATE second_factors SET version = version + 1, totp_secret = $3, key_id = $4
                 WHERE account_id = $1 AND version = $2",
            )
            .bind(account.as_bytes().as_slice())
            .bind(to_i64(version))
            .bind([0_u8; 0].as_slice())
            .bind(NO_KEY.as_slice())
            .execute(&mut *tx)
            .await?;
            if changed.rows_affected() == 0 {
                return Ok(false);
            }
            remove_empty_factor!(tx, account);
        });
        Ok(true)
    }

    /// Some TOTP secrets that are encrypted under a key, of accounts after `after`, in the order
    /// of accounts. One statement.
    pub async fn totp_secrets_under(
        &self,
        key_id: &[u8; 8],
        after: AccountId,
        most: u32,
    ) -> Result<Vec<(AccountId, Vec<u8>)>, StoreError> {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = reading!(self, |conn| {
            sqlx::query_as(
                "SELECT account_id, totp_secret FROM second_factors
                 WHERE key_id = $1 AND account_id > $2 ORDER BY account_id LIMIT $3",
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

    /// Puts the same secret, encrypted under another key, in the place of one that was read. Does
    /// nothing when that is not there any more. One statement.
    pub async fn replace_totp_secret(
        &self,
        account: AccountId,
        before: &[u8],
        after: &StoredTotpSecret,
    ) -> Result<(), StoreError> {
        writing!(self, |conn| {
            sqlx::query(
                "UPDATE second_factors SET totp_secret = $3, key_id = $4
                 WHERE account_id = $1 AND totp_secret = $2",
            )
            .bind(account.as_bytes().as_slice())
            .bind(before)
            .bind(after.bytes.as_slice())
            .bind(after.key_id.as_slice())
            .execute(&mut *conn)
            .await?;
        });
        Ok(())
    }
}

fn to_second_factor(columns: SecondFactorColumns) -> Result<SecondFactorRow, StoreError> {
    let (version, bytes, key_id, last_step, recovery_codes, created_at_ms) = columns;
    let (recovery_codes, rest) = recovery_codes.as_chunks::<HASH_LEN>();
    if !rest.is_empty() {
        return Err(sqlx::Error::Decode("unexpected length".into()).into());
    }
    let totp = if bytes.is_empty() {
        None
    } else {
        let key_id = to_array(key_id)?;
        Some(StoredTotpSecret { key_id, bytes })
    };
    Ok(SecondFactorRow {
        version: to_u64(version)?,
        totp,
        last_step: to_u64(last_step)?,
        recovery_codes: recovery_codes.to_vec(),
        created_at_ms: to_u64(created_at_ms)?,
    })
}
