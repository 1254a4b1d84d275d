use keyarc_wire::{AccountId, Keyset, SessionId};

use crate::{
    LoginKey, Store, StoreError, UsedNonce, convert::to_i64, db::transaction, sessions::use_nonce,
};

/// New keys for an account.
#[derive(Debug, Clone)]
pub struct NewKeyset {
    /// Wrapped keys, of the version after the one in force.
    pub keyset: Keyset,
    /// The key that log-ins are to be checked against.
    pub auth_public_key: [u8; 32],
    /// Unix milliseconds.
    pub changed_at_ms: u64,
}

/// How a change of password ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordOutcome {
    /// The new keys are in force, and `asking` is the account's only session.
    Changed,
    /// The nonce was used before. Nothing was changed.
    NonceUsed,
    /// The keys in force are not those that the change was made from. Nothing was changed.
    Conflict,
}

/// What differs between the databases.
pub(crate) trait KeySql {
    /// `$1` account, `$2` its public key → a row while that key is in force. It stays so until
    /// the transaction ends: Postgres needs to be told, SQLite has one writer at a time.
    const IN_FORCE: &'static str;
}

impl KeySql for sqlx::Sqlite {
    const IN_FORCE: &'static str =
        "SELECT 1 FROM keysets WHERE account_id = $1 AND auth_public_key = $2";
}

impl KeySql for sqlx::Postgres {
    const IN_FORCE: &'static str =
        "SELECT 1 FROM keysets WHERE account_id = $1 AND auth_public_key = $2 FOR SHARE";
}

/// Is a key in force, and until the end of this transaction? Whoever was let in by a key that is
/// being replaced at this moment either comes first, and is ended with the others, or is refused.
macro_rules! key_in_force {
    ($tx:ident, $driver:ty, $key:expr) => {{
        let found: Option<i32> =
            sqlx::query_scalar(<$driver as $crate::password::KeySql>::IN_FORCE)
                .bind($key.account_id.as_bytes().as_slice())
                .bind($key.auth_public_key.as_slice())
                .fetch_optional(&mut *$tx)
                .await?;
        found.is_some()
    }};
}

pub(crate) use key_in_force;

impl Store {
    /// Swaps an account's keys if `proven`, the key that the request was signed with, and the
    /// version before are still in force, uses up the nonce, and ends every session but `asking`.
    /// Three statements, all or nothing.
    pub async fn change_password(
        &self,
        proven: &LoginKey,
        asking: SessionId,
        new: &NewKeyset,
        nonce: &UsedNonce,
    ) -> Result<PasswordOutcome, StoreError> {
        let account: AccountId = proven.account_id;
        transaction!(self, |tx| {
            if !use_nonce!(tx, nonce) {
                return Ok(PasswordOutcome::NonceUsed);
            }
            let swapped = sqlx::query(
                "UPDATE keysets SET version = $3, auth_public_key = $4, wrapped_root_key = $5,
                 keyring = $6, changed_at_ms = $7
                 WHERE account_id = $1 AND auth_public_key = $2 AND version = $3 - 1",
            )
            .bind(account.as_bytes().as_slice())
            .bind(proven.auth_public_key.as_slice())
            .bind(i64::from(new.keyset.version))
            .bind(new.auth_public_key.as_slice())
            .bind(new.keyset.wrapped_root_key.as_ref())
            .bind(new.keyset.keyring.as_ref())
            .bind(to_i64(new.changed_at_ms))
            .execute(&mut *tx)
            .await?;
            if swapped.rows_affected() == 0 {
                return Ok(PasswordOutcome::Conflict);
            }
            sqlx::query("DELETE FROM sessions WHERE account_id = $1 AND session_id <> $2")
                .bind(account.as_bytes().as_slice())
                .bind(asking.as_bytes().as_slice())
                .execute(&mut *tx)
                .await?;
        });
        Ok(PasswordOutcome::Changed)
    }
}
