use keyarc_wire::{AccountId, Bytes, Sealed, SessionId, StagedItem, VaultId};

use crate::{
    LoginKey, NewKeyset, NewRecovery, Store, StoreError, UsedNonce,
    batch::{Batch, BatchSql},
    convert::to_i64,
    db::{transaction, writing},
    machine::revoke_tokens,
    recovery::put_recovery,
    sessions::use_nonce,
};

/// New keys for an account, throughout.
#[derive(Debug, Clone)]
pub struct NewAccountKeys {
    /// Names the items that were staged.
    pub rekey: [u8; 16],
    /// The next keyset.
    pub keys: NewKeyset,
    /// All bundles that replaced the genesis bundle, the new one last.
    pub rotations: Bytes,
    /// The account's vault.
    pub vault: VaultId,
    /// The version of its head, which the new manifest follows.
    pub head: u64,
    /// The next epoch of its key.
    pub key_epoch: u32,
    /// Its key of that epoch, wrapped.
    pub wrapped_vault_key: Sealed,
    /// The manifest of the items as staged.
    pub manifest: Bytes,
    /// The next recovery key.
    pub recovery: NewRecovery,
}

/// How a change of all keys ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RekeyOutcome {
    /// The new keys are in force, and `asking` is the account's only session.
    Changed,
    /// The nonce was used before. Nothing was changed.
    NonceUsed,
    /// The keys in force are not those that the change was made from. Nothing was changed.
    Conflict,
    /// The vault was written to meanwhile, or an item is not staged as it is now. Nothing was
    /// changed.
    Stale,
}

impl Store {
    /// Keeps items aside that were sealed under a key to come, and drops those of another change
    /// of keys. What is not in the account's vault is passed over. Three statements, whatever the
    /// number of items.
    pub async fn stage_items(
        &self,
        account: AccountId,
        rekey: &[u8; 16],
        items: Vec<StagedItem>,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for item in items {
            batch.push_pair(
                item.item_id.as_bytes(),
                to_i64(item.version),
                item.overview.as_ref(),
                item.details.as_ref(),
            );
        }
        let batch = batch.finish();
        let account = account.as_bytes().as_slice();
        transaction!(self, |tx: Driver| {
            sqlx::query("DELETE FROM rekeys WHERE account_id = $1 AND rekey_id <> $2")
                .bind(account)
                .bind(rekey.as_slice())
                .execute(&mut *tx)
                .await?;
            sqlx::query(
                "INSERT INTO rekeys (account_id, rekey_id, begun_at_ms) VALUES ($1, $2, $3)
                 ON CONFLICT (account_id) DO NOTHING",
            )
            .bind(account)
            .bind(rekey.as_slice())
            .bind(to_i64(now_ms))
            .execute(&mut *tx)
            .await?;
            sqlx::query(<Driver as BatchSql>::STAGE_ITEMS)
                .bind(batch.rows)
                .bind(batch.bytes)
                .bind(account)
                .execute(&mut *tx)
                .await?;
        });
        Ok(())
    }

    /// Drops what an account has staged. One statement.
    pub async fn discard_rekey(&self, account: AccountId) -> Result<(), StoreError> {
        writing!(self, |conn| {
            sqlx::query("DELETE FROM rekeys WHERE account_id = $1")
                .bind(account.as_bytes().as_slice())
                .execute(&mut *conn)
                .await?;
        });
        Ok(())
    }

    /// Swaps all keys of an account and every item of its vault for what was staged, if `proven`,
    /// the key that the request was signed with, the keyset before, the vault's head and every
    /// item are still what they were, uses up the nonce, and ends every session but `asking`.
    /// Twenty-one statements, whatever the number of items, all or nothing.
    pub async fn rekey(
        &self,
        proven: &LoginKey,
        asking: SessionId,
        new: &NewAccountKeys,
        nonce: &UsedNonce,
    ) -> Result<RekeyOutcome, StoreError> {
        let account = proven.account_id.as_bytes().as_slice();
        let vault = new.vault.as_bytes().as_slice();
        let revision = to_i64(new.head.saturating_add(1));
        transaction!(self, |tx| {
            if !use_nonce!(tx, nonce) {
                return Ok(RekeyOutcome::NonceUsed);
            }
            let swapped = sqlx::query(
                "UPDATE keysets SET version = $3, auth_public_key = $4, wrapped_root_key = $5,
                 keyring = $6, changed_at_ms = $7
                 WHERE account_id = $1 AND auth_public_key = $2 AND version = $3 - 1",
            )
            .bind(account)
            .bind(proven.auth_public_key.as_slice())
            .bind(i64::from(new.keys.keyset.version))
            .bind(new.keys.auth_public_key.as_slice())
            .bind(new.keys.keyset.wrapped_root_key.as_ref())
            .bind(new.keys.keyset.keyring.as_ref())
            .bind(to_i64(new.keys.changed_at_ms))
            .execute(&mut *tx)
            .await?;
            if swapped.rows_affected() == 0 || !put_recovery!(tx, proven.account_id, new.recovery) {
                return Ok(RekeyOutcome::Conflict);
            }
            let moved_on = sqlx::query(
                "UPDATE vaults SET revision = $3, key_epoch = $4, wrapped_key = $5
                 WHERE vault_id = $1 AND owner_id = $2 AND revision = $3 - 1
                 AND key_epoch = $4 - 1",
            )
            .bind(vault)
            .bind(account)
            .bind(revision)
            .bind(i64::from(new.key_epoch))
            .bind(new.wrapped_vault_key.as_ref())
            .execute(&mut *tx)
            .await?;
            if moved_on.rows_affected() == 0 {
                return Ok(RekeyOutcome::Stale);
            }
            let missing: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM items WHERE vault_id = $1 AND overview IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM rekey_items AS staged
                 JOIN rekeys ON rekeys.account_id = staged.account_id
                 WHERE staged.account_id = $2 AND rekeys.rekey_id = $3
                 AND staged.item_id = items.item_id AND staged.version = items.version + 1)",
            )
            .bind(vault)
            .bind(account)
            .bind(new.rekey.as_slice())
            .fetch_one(&mut *tx)
            .await?;
            if missing != 0 {
                return Ok(RekeyOutcome::Stale);
            }
            // The details sealed anew name the attachments that those of before named.
            sqlx::query(
                "UPDATE attachment_refs SET details_version = staged.version
                 FROM rekey_items AS staged, item_details
                 WHERE attachment_refs.vault_id = $1 AND staged.account_id = $2
                 AND staged.item_id = attachment_refs.item_id
                 AND item_details.vault_id = attachment_refs.vault_id
                 AND item_details.item_id = attachment_refs.item_id
                 AND item_details.version = attachment_refs.details_version",
            )
            .bind(vault)
            .bind(account)
            .execute(&mut *tx)
            .await?;
            sqlx::query(
                "UPDATE items SET version = staged.version, revision = $3,
                 details_version = staged.version, overview = staged.overview
                 FROM rekey_items AS staged
                 WHERE items.vault_id = $1 AND items.overview IS NOT NULL
                 AND staged.account_id = $2 AND staged.item_id = items.item_id",
            )
            .bind(vault)
            .bind(account)
            .bind(revision)
            .execute(&mut *tx)
            .await?;
            sqlx::query(
                "UPDATE item_details SET version = staged.version, details = staged.details
                 FROM rekey_items AS staged
                 WHERE item_details.vault_id = $1
                 AND staged.account_id = $2 AND staged.item_id = item_details.item_id",
            )
            .bind(vault)
            .bind(account)
            .execute(&mut *tx)
            .await?;
            // Sealed under the vault key before, which nobody has any more.
            sqlx::query("DELETE FROM item_versions WHERE vault_id = $1")
                .bind(vault)
                .execute(&mut *tx)
                .await?;
            sqlx::query("INSERT INTO manifests (vault_id, version, manifest) VALUES ($1, $2, $3)")
                .bind(vault)
                .bind(revision)
                .bind(new.manifest.as_ref())
                .execute(&mut *tx)
                .await?;
            sqlx::query("UPDATE accounts SET rotations = $2 WHERE account_id = $1")
                .bind(account)
                .bind(new.rotations.as_ref())
                .execute(&mut *tx)
                .await?;
            // Sealed under the root key before, which opens nothing any more.
            sqlx::query("DELETE FROM pins WHERE account_id = $1")
                .bind(account)
                .execute(&mut *tx)
                .await?;
            // So are the settings of reminders. Whoever had the keys may have switched a way on, and
            // what the server was told names nothing any more.
            for forget in [
                "DELETE FROM reminder_deliveries WHERE account_id = $1",
                "DELETE FROM reminder_entries WHERE account_id = $1",
                "DELETE FROM reminder_settings WHERE account_id = $1",
            ] {
                sqlx::query(forget).bind(account).execute(&mut *tx).await?;
            }
            // So are the notes about machine tokens. Whoever had the keys may have made some, and what
            // is in the copies is what the change is to take away.
            revoke_tokens!(tx, account, None, new.keys.changed_at_ms);
            // Passkeys go on as second factors. What they open is the root key before; whoever is
            // just using one finds another version, and fails.
            sqlx::query(
                "UPDATE passkeys SET version = version + 1, unlock_public_key = NULL,
                 wrapped_root_key = NULL WHERE account_id = $1",
            )
            .bind(account)
            .execute(&mut *tx)
            .await?;
            sqlx::query("DELETE FROM rekeys WHERE account_id = $1")
                .bind(account)
                .execute(&mut *tx)
                .await?;
            sqlx::query("DELETE FROM sessions WHERE account_id = $1 AND session_id <> $2")
                .bind(account)
                .bind(asking.as_bytes().as_slice())
                .execute(&mut *tx)
                .await?;
        });
        Ok(RekeyOutcome::Changed)
    }
}
