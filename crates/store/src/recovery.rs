use keyarc_wire::{AccountId, Bytes, Handle, Keyset, Sealed};

use crate::{
    LoginKey, NewKeyset, NewSession, Store, StoreError, UsedNonce,
    convert::{to_array, to_i64, to_u32},
    db::{reading, transaction, writing},
    password::key_in_force,
    sessions::{insert_session, use_nonce},
};

/// A recovery key to come into force, or the revocation of one.
#[derive(Debug, Clone)]
pub struct NewRecovery {
    /// One more than that of the last change; 1 for the first.
    pub version: u32,
    /// `None` revokes the one in force.
    pub key: Option<NewRecoveryKey>,
    /// Unix milliseconds.
    pub changed_at_ms: u64,
}

/// What is kept of a recovery key.
#[derive(Debug, Clone)]
pub struct NewRecoveryKey {
    /// The key that recoveries are checked against.
    pub auth_public_key: [u8; 32],
    /// The account root key, wrapped by it.
    pub wrapped_root_key: Sealed,
    /// Sealed by the account for itself.
    pub note: Sealed,
}

/// What a recovery is checked against, and what it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryRow {
    /// The account.
    pub account_id: AccountId,
    /// The version of the recovery key.
    pub version: u32,
    /// Its Ed25519 public key.
    pub auth_public_key: [u8; 32],
    /// The account root key, wrapped by it.
    pub wrapped_root_key: Sealed,
    /// The signed genesis bundle.
    pub bundle: Bytes,
    /// The bundles that replaced it.
    pub rotations: Bytes,
    /// The keys in force.
    pub keyset: Keyset,
    /// Whether the account has a second factor.
    pub second_factor: bool,
}

/// How a change of the recovery key ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryOutcome {
    /// It is in force, or none is.
    Changed,
    /// A nonce was used before. Nothing was changed.
    NonceUsed,
    /// What is in force is not what the change was made from. Nothing was changed.
    Conflict,
}

/// Puts a recovery key in force within a transaction, if the version before is; yields whether it
/// was.
macro_rules! put_recovery {
    ($tx:ident, $account:expr, $new:expr) => {{
        let key = $new.key.as_ref();
        sqlx::query(
            "INSERT INTO recovery_keys (account_id, version, auth_public_key, wrapped_root_key,
             note, changed_at_ms)
             SELECT $1, $2, $3, $4, $5, $6 WHERE $2 = 1
             OR EXISTS (SELECT 1 FROM recovery_keys WHERE account_id = $1)
             ON CONFLICT (account_id) DO UPDATE SET version = excluded.version,
             auth_public_key = excluded.auth_public_key,
             wrapped_root_key = excluded.wrapped_root_key, note = excluded.note,
             changed_at_ms = excluded.changed_at_ms, used_at_ms = NULL
             WHERE recovery_keys.version = excluded.version - 1",
        )
        .bind($account.as_bytes().as_slice())
        .bind(i64::from($new.version))
        .bind(key.map(|key| key.auth_public_key.as_slice()))
        .bind(key.map(|key| key.wrapped_root_key.as_ref()))
        .bind(key.map(|key| key.note.as_ref()))
        .bind($crate::convert::to_i64($new.changed_at_ms))
        .execute(&mut *$tx)
        .await?
        .rows_affected()
            == 1
    }};
}

pub(crate) use put_recovery;

impl Store {
    /// Puts another recovery key in force, or none, if `proven`, the key that the request was
    /// signed with, and the version before are in force, and uses up the nonce. Three statements,
    /// all or nothing.
    pub async fn change_recovery(
        &self,
        proven: &LoginKey,
        new: &NewRecovery,
        nonce: &UsedNonce,
    ) -> Result<RecoveryOutcome, StoreError> {
        transaction!(self, |tx: Driver| {
            if !use_nonce!(tx, nonce) {
                return Ok(RecoveryOutcome::NonceUsed);
            }
            if !key_in_force!(tx, Driver, proven) || !put_recovery!(tx, proven.account_id, new) {
                return Ok(RecoveryOutcome::Conflict);
            }
        });
        Ok(RecoveryOutcome::Changed)
    }

    /// Keeps another note about the recovery key of a version, and tells whether that is in
    /// force. One statement.
    pub async fn keep_recovery_note(
        &self,
        account: AccountId,
        version: u32,
        note: &Sealed,
    ) -> Result<bool, StoreError> {
        let kept = writing!(self, |conn| {
            sqlx::query(
                "UPDATE recovery_keys SET note = $3
                 WHERE account_id = $1 AND version = $2 AND note IS NOT NULL",
            )
            .bind(account.as_bytes().as_slice())
            .bind(i64::from(version))
            .bind(note.as_ref())
            .execute(&mut *conn)
            .await?
            .rows_affected()
        });
        Ok(kept == 1)
    }

    /// What a recovery with a handle is checked against; `None` where there is no such account,
    /// and where it has no recovery key. One statement.
    pub async fn recovery(&self, handle: Handle) -> Result<Option<RecoveryRow>, StoreError> {
        let row: Option<RecoveryColumns> = reading!(self, |conn| {
            sqlx::query_as(
                "SELECT accounts.account_id, recovery_keys.version, recovery_keys.auth_public_key,
                 recovery_keys.wrapped_root_key, accounts.bundle, accounts.rotations,
                 keysets.version, keysets.wrapped_root_key, keysets.keyring, second_factors.version
                 FROM accounts
                 JOIN recovery_keys ON recovery_keys.account_id = accounts.account_id
                 JOIN keysets ON keysets.account_id = accounts.account_id
                 LEFT JOIN second_factors ON second_factors.account_id = accounts.account_id
                 WHERE accounts.handle = $1 AND recovery_keys.auth_public_key IS NOT NULL",
            )
            .bind(handle.as_bytes().as_slice())
            .fetch_optional(&mut *conn)
            .await?
        });
        row.map(|row| {
            let (account, version, key, wrapped, bundle, rotations, set, root, ring, factor) = row;
            Ok(RecoveryRow {
                account_id: AccountId(to_array(account)?),
                version: to_u32(version)?,
                auth_public_key: to_array(key)?,
                wrapped_root_key: Sealed(wrapped),
                bundle: Bytes(bundle),
                rotations: Bytes(rotations.unwrap_or_default()),
                keyset: Keyset {
                    version: to_u32(set)?,
                    wrapped_root_key: Sealed(root),
                    keyring: Sealed(ring),
                },
                second_factor: factor.is_some(),
            })
        })
        .transpose()
    }

    /// Puts new keys in force by a recovery key, if that is in force and so is the keyset before,
    /// uses up both nonces, ends every session of the account and the session `ended`, and begins
    /// one. All or nothing.
    pub async fn recover(
        &self,
        proven: &RecoveryRow,
        new: &NewKeyset,
        session: &NewSession,
        nonces: [&UsedNonce; 2],
        ended: Option<&[u8; 32]>,
    ) -> Result<RecoveryOutcome, StoreError> {
        let [first, second] = nonces;
        let account = proven.account_id.as_bytes().as_slice();
        transaction!(self, |tx| {
            if !use_nonce!(tx, first) || !use_nonce!(tx, second) {
                return Ok(RecoveryOutcome::NonceUsed);
            }
            // It also holds the row until the end: a revocation comes before this or after it.
            let in_force = sqlx::query(
                "UPDATE recovery_keys SET used_at_ms = $3
                 WHERE account_id = $1 AND auth_public_key = $2",
            )
            .bind(account)
            .bind(proven.auth_public_key.as_slice())
            .bind(to_i64(new.changed_at_ms))
            .execute(&mut *tx)
            .await?;
            if in_force.rows_affected() == 0 {
                return Ok(RecoveryOutcome::Conflict);
            }
            let swapped = sqlx::query(
                "UPDATE keysets SET version = $2, auth_public_key = $3, wrapped_root_key = $4,
                 keyring = $5, changed_at_ms = $6 WHERE account_id = $1 AND version = $2 - 1",
            )
            .bind(account)
            .bind(i64::from(new.keyset.version))
            .bind(new.auth_public_key.as_slice())
            .bind(new.keyset.wrapped_root_key.as_ref())
            .bind(new.keyset.keyring.as_ref())
            .bind(to_i64(new.changed_at_ms))
            .execute(&mut *tx)
            .await?;
            if swapped.rows_affected() == 0 {
                return Ok(RecoveryOutcome::Conflict);
            }
            sqlx::query("DELETE FROM sessions WHERE account_id = $1")
                .bind(account)
                .execute(&mut *tx)
                .await?;
            insert_session!(tx, proven.account_id, session, ended);
        });
        Ok(RecoveryOutcome::Changed)
    }
}

type RecoveryColumns = (
    Vec<u8>,
    i64,
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    Option<Vec<u8>>,
    i64,
    Vec<u8>,
    Vec<u8>,
    Option<i64>,
);
