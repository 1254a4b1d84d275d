use keyarc_wire::{
    AccountId, Bytes, Handle, Keyset, NewVault, Notice, NoticeKind, RecoveryInfo, RecoveryKeyInfo,
    Sealed, VaultId, VaultInfo, limits,
};

use crate::{
    NewRecovery, NewRecoveryKey, NewSession, Store, StoreError, UsedNonce,
    convert::{to_array, to_i64, to_u32, to_u64},
    db::{reading, transaction, writing},
    recovery::put_recovery,
    reminders::any_on,
    sessions::{insert_session, use_nonce},
};

/// An account to be made, with its vault.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The account.
    pub id: AccountId,
    /// From the setup code.
    pub handle: Handle,
    /// The key that log-ins are checked against.
    pub auth_public_key: [u8; 32],
    /// The signed genesis bundle.
    pub bundle: Bytes,
    /// Wrapped keys.
    pub keyset: Keyset,
    /// The first vault.
    pub vault: NewVault,
    /// The recovery key, of version 1.
    pub recovery: Option<NewRecoveryKey>,
    /// For display.
    pub email: Option<String>,
    /// The address as it is compared with others.
    pub email_key: Option<String>,
    /// The terms agreed to.
    pub terms_version: String,
    /// Unix milliseconds.
    pub created_at_ms: u64,
}

/// How a sign-up ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUpOutcome {
    /// Account, vault and session are there.
    Made,
    /// The nonce was used before. Nothing was changed.
    NonceUsed,
    /// The handle belongs to another account. Nothing was changed.
    HandleTaken,
    /// The account exists already. Nothing was changed.
    AccountExists,
    /// The vault's id is in use. Nothing was changed.
    VaultExists,
}

/// What a log-in is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginKey {
    /// The account.
    pub account_id: AccountId,
    /// Its Ed25519 public key.
    pub auth_public_key: [u8; 32],
    /// Whether the account has a second factor.
    pub second_factor: bool,
}

/// An account with its keys, vaults, notices and pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// For display.
    pub email: Option<String>,
    /// The signed genesis bundle.
    pub bundle: Bytes,
    /// The bundles that replaced it, one after the other.
    pub rotations: Bytes,
    /// Wrapped keys.
    pub keyset: Keyset,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// Oldest first.
    pub vaults: Vec<VaultInfo>,
    /// Oldest first.
    pub notices: Vec<Notice>,
    /// What its devices have seen, sealed by them.
    pub pins: Vec<Sealed>,
    /// The recovery key; `None` when it never had one.
    pub recovery: Option<RecoveryInfo>,
    /// When a change of keys was begun that is not finished, Unix milliseconds.
    pub rekey_begun_at_ms: Option<u64>,
    /// Something is on that reminds of what is due.
    pub reminders: bool,
    /// There are machine tokens that were not revoked.
    pub machine_tokens: bool,
    /// One of them writes.
    pub machine_writes: bool,
}

impl Store {
    /// Makes an account with its vault and first session, uses up the nonce and ends the session
    /// `ended`. Nine statements, all or nothing. Whether another account has the same address
    /// changes nothing of it, not even the time that it takes.
    pub async fn sign_up(
        &self,
        account: &NewAccount,
        session: &NewSession,
        nonce: &UsedNonce,
        ended: Option<&[u8; 32]>,
    ) -> Result<SignUpOutcome, StoreError> {
        transaction!(self, |tx| {
            if !use_nonce!(tx, nonce) {
                return Ok(SignUpOutcome::NonceUsed);
            }
            let inserted = sqlx::query(
                "INSERT INTO accounts
                 (account_id, handle, bundle, email, email_key, terms_version, created_at_ms)
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            )
            .bind(account.id.as_bytes().as_slice())
            .bind(account.handle.as_bytes().as_slice())
            .bind(account.bundle.as_ref())
            .bind(account.email.as_deref())
            .bind(account.email_key.as_deref())
            .bind(account.terms_version.as_str())
            .bind(to_i64(account.created_at_ms))
            .execute(&mut *tx)
            .await?;
            if inserted.rows_affected() == 0 {
                let taken: Option<i32> =
                    sqlx::query_scalar("SELECT 1 FROM accounts WHERE handle = $1")
                        .bind(account.handle.as_bytes().as_slice())
                        .fetch_optional(&mut *tx)
                        .await?;
                return Ok(match taken {
                    Some(_) => SignUpOutcome::HandleTaken,
                    None => SignUpOutcome::AccountExists,
                });
            }
            sqlx::query(
                "INSERT INTO keysets (account_id, version, auth_public_key, wrapped_root_key,
                 keyring, changed_at_ms) VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(account.id.as_bytes().as_slice())
            .bind(i64::from(account.keyset.version))
            .bind(account.auth_public_key.as_slice())
            .bind(account.keyset.wrapped_root_key.as_ref())
            .bind(account.keyset.keyring.as_ref())
            .bind(to_i64(account.created_at_ms))
            .execute(&mut *tx)
            .await?;
            let inserted = sqlx::query(
                "INSERT INTO vaults
                 (vault_id, owner_id, key_epoch, wrapped_key, revision, created_at_ms)
                 VALUES ($1, $2, 1, $3, 0, $4) ON CONFLICT DO NOTHING",
            )
            .bind(account.vault.id.as_bytes().as_slice())
            .bind(account.id.as_bytes().as_slice())
            .bind(account.vault.wrapped_key.as_ref())
            .bind(to_i64(account.created_at_ms))
            .execute(&mut *tx)
            .await?;
            if inserted.rows_affected() == 0 {
                return Ok(SignUpOutcome::VaultExists);
            }
            sqlx::query("INSERT INTO manifests (vault_id, version, manifest) VALUES ($1, 0, $2)")
                .bind(account.vault.id.as_bytes().as_slice())
                .bind(account.vault.manifest.as_ref())
                .execute(&mut *tx)
                .await?;
            let recovery = NewRecovery {
                version: 1,
                key: account.recovery.clone(),
                changed_at_ms: account.created_at_ms,
            };
            if recovery.key.is_some() && !put_recovery!(tx, account.id, recovery) {
                return Ok(SignUpOutcome::AccountExists);
            }
            insert_session!(tx, account.id, session, ended);
        });
        Ok(SignUpOutcome::Made)
    }

    /// What a log-in with a handle is checked against. One statement.
    pub async fn login_key(&self, handle: Handle) -> Result<Option<LoginKey>, StoreError> {
        let row: Option<(Vec<u8>, Vec<u8>, Option<i64>)> = reading!(self, |conn| {
            sqlx::query_as(
                "SELECT accounts.account_id, keysets.auth_public_key, second_factors.version
                 FROM accounts JOIN keysets ON keysets.account_id = accounts.account_id
                 LEFT JOIN second_factors ON second_factors.account_id = accounts.account_id
                 WHERE accounts.handle = $1",
            )
            .bind(handle.as_bytes().as_slice())
            .fetch_optional(&mut *conn)
            .await?
        });
        row.map(|(account_id, auth_public_key, second_factor)| {
            Ok(LoginKey {
                account_id: AccountId(to_array(account_id)?),
                auth_public_key: to_array(auth_public_key)?,
                second_factor: second_factor.is_some(),
            })
        })
        .transpose()
    }

    /// An account with its keys, vaults, notices and pins. Four statements.
    pub async fn account(&self, id: AccountId) -> Result<Option<AccountRow>, StoreError> {
        type AccountColumns = (
            Option<String>,
            Vec<u8>,
            Option<Vec<u8>>,
            i64,
            i64,
            Vec<u8>,
            Vec<u8>,
            Option<i64>,
            Option<Vec<u8>>,
            Option<i64>,
            Option<i64>,
            i64,
            i64,
            i64,
        );
        type VaultColumns = (Vec<u8>, i64, Vec<u8>, i64);

        let id = id.as_bytes().as_slice();
        let (account, vaults, email_used_again, pins) = reading!(self, |conn| {
            let account: Option<AccountColumns> = sqlx::query_as(concat!(
                "SELECT accounts.email, accounts.bundle, accounts.rotations,
                 accounts.created_at_ms, keysets.version, keysets.wrapped_root_key,
                 keysets.keyring, recovery_keys.version, recovery_keys.note,
                 recovery_keys.changed_at_ms, rekeys.begun_at_ms,
                 CAST(CASE WHEN ",
                any_on!(),
                " THEN 1 ELSE 0 END AS BIGINT),
                 (SELECT COUNT(*) FROM machine_tokens
                  WHERE machine_tokens.account_id = accounts.account_id
                  AND machine_tokens.revoked_at_ms IS NULL),
                 (SELECT COUNT(*) FROM machine_tokens
                  WHERE machine_tokens.account_id = accounts.account_id
                  AND machine_tokens.revoked_at_ms IS NULL AND machine_tokens.writes = 1)
                 FROM accounts JOIN keysets ON keysets.account_id = accounts.account_id
                 LEFT JOIN recovery_keys ON recovery_keys.account_id = accounts.account_id
                 LEFT JOIN rekeys ON rekeys.account_id = accounts.account_id
                 LEFT JOIN reminder_settings
                 ON reminder_settings.account_id = accounts.account_id
                 WHERE accounts.account_id = $1"
            ))
            .bind(id)
            .fetch_optional(&mut *conn)
            .await?;
            let vaults: Vec<VaultColumns> = sqlx::query_as(
                "SELECT vault_id, key_epoch, wrapped_key, revision FROM vaults
                 WHERE owner_id = $1 ORDER BY created_at_ms, vault_id",
            )
            .bind(id)
            .fetch_all(&mut *conn)
            .await?;
            // The newest account with the address, when it is younger than this one and than
            // the last that was dismissed. One look into an index, however many there are.
            let email_used_again: Option<i64> = sqlx::query_scalar(
                "SELECT MAX(other.created_at_ms) FROM accounts own
                 JOIN accounts other ON other.email_key = own.email_key
                 AND other.created_at_ms > own.created_at_ms
                 WHERE own.account_id = $1 AND other.created_at_ms > COALESCE(
                 (SELECT at_ms FROM notices
                 WHERE account_id = $1 AND kind = 'email_used_again'), -1)",
            )
            .bind(id)
            .fetch_one(&mut *conn)
            .await?;
            let pins: Vec<Vec<u8>> =
                sqlx::query_scalar("SELECT pins FROM pins WHERE account_id = $1")
                    .bind(id)
                    .fetch_all(&mut *conn)
                    .await?;
            (account, vaults, email_used_again, pins)
        });
        let Some((
            email,
            bundle,
            rotations,
            created_at_ms,
            version,
            wrapped_root_key,
            keyring,
            recovery_version,
            recovery_note,
            recovery_changed_at_ms,
            rekey_begun_at_ms,
            reminders,
            machine_tokens,
            machine_writes,
        )) = account
        else {
            return Ok(None);
        };
        let recovery = match (recovery_version, recovery_note, recovery_changed_at_ms) {
            (Some(version), note, Some(changed_at_ms)) => Some(RecoveryInfo {
                version: to_u32(version)?,
                key: match note {
                    Some(note) => Some(RecoveryKeyInfo {
                        made_at_ms: to_u64(changed_at_ms)?,
                        note: Sealed(note),
                    }),
                    None => None,
                },
            }),
            _ => None,
        };
        Ok(Some(AccountRow {
            email,
            bundle: Bytes(bundle),
            rotations: Bytes(rotations.unwrap_or_default()),
            keyset: Keyset {
                version: to_u32(version)?,
                wrapped_root_key: Sealed(wrapped_root_key),
                keyring: Sealed(keyring),
            },
            created_at_ms: to_u64(created_at_ms)?,
            vaults: vaults
                .into_iter()
                .map(|(vault_id, key_epoch, wrapped_key, revision)| {
                    Ok(VaultInfo {
                        id: VaultId(to_array(vault_id)?),
                        key_epoch: to_u32(key_epoch)?,
                        wrapped_key: Sealed(wrapped_key),
                        revision: to_u64(revision)?,
                    })
                })
                .collect::<Result<_, StoreError>>()?,
            notices: email_used_again
                .into_iter()
                .map(|at_ms| {
                    Ok(Notice {
                        kind: NoticeKind::EmailUsedAgain,
                        at_ms: to_u64(at_ms)?,
                    })
                })
                .collect::<Result<_, StoreError>>()?,
            pins: pins.into_iter().map(Sealed).collect(),
            recovery,
            rekey_begun_at_ms: rekey_begun_at_ms.map(to_u64).transpose()?,
            reminders: reminders != 0,
            machine_tokens: machine_tokens != 0,
            machine_writes: machine_writes != 0,
        }))
    }

    /// Keeps what a device has seen, and of an account's devices those that told last. Two
    /// statements.
    pub async fn keep_pins(
        &self,
        account: AccountId,
        device: &[u8; 16],
        pins: &Sealed,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let account = account.as_bytes().as_slice();
        transaction!(self, |tx| {
            sqlx::query(
                "INSERT INTO pins (account_id, device_id, pins, changed_at_ms)
                 VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, device_id)
                 DO UPDATE SET pins = excluded.pins, changed_at_ms = excluded.changed_at_ms",
            )
            .bind(account)
            .bind(device.as_slice())
            .bind(pins.as_ref())
            .bind(to_i64(now_ms))
            .execute(&mut *tx)
            .await?;
            sqlx::query(
                "DELETE FROM pins WHERE account_id = $1 AND device_id NOT IN
                 (SELECT device_id FROM pins WHERE account_id = $1
                 ORDER BY changed_at_ms DESC, device_id LIMIT $2)",
            )
            .bind(account)
            .bind(limits::PINS_KEPT as i64)
            .execute(&mut *tx)
            .await?;
        });
        Ok(())
    }

    /// Notes that an account has seen what there is to notice. One statement.
    pub async fn dismiss_notices(&self, account: AccountId) -> Result<(), StoreError> {
        writing!(self, |conn| {
            sqlx::query(
                "INSERT INTO notices (account_id, kind, at_ms)
                 SELECT own.account_id, 'email_used_again', MAX(other.created_at_ms)
                 FROM accounts own JOIN accounts other ON other.email_key = own.email_key
                 WHERE own.account_id = $1 GROUP BY own.account_id
                 ON CONFLICT (account_id, kind) DO UPDATE SET at_ms = excluded.at_ms",
            )
            .bind(account.as_bytes().as_slice())
            .execute(&mut *conn)
            .await?;
        });
        Ok(())
    }
}
