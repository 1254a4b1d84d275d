use keyarc_wire::{
    ItemId, ItemVersionsResponse, Sealed, SealedVersion, VaultId, VersionDetailsResponse,
};

use crate::{
    Store, StoreError,
    convert::{to_i64, to_u64},
    db::reading,
};

/// How many replaced versions of an item are kept. The oldest goes first.
pub const VERSIONS_KEPT: u32 = 50;
/// How many replaced details of an item are kept at least, each with the last version that had it:
/// stars and tests of a key make versions, too, and must not push the secrets of before out.
pub const SECRETS_KEPT: u32 = 20;

/// The item's version, and a version that was replaced: number, time, overview.
type Columns = (i64, Option<i64>, Option<i64>, Option<Vec<u8>>);

impl Store {
    /// The versions of an item that were replaced, those below `before`, newest first, at most
    /// `limit` of them. `None` when there is no such item, or when it was deleted for good. One
    /// statement.
    pub async fn item_versions(
        &self,
        vault: VaultId,
        item: ItemId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Option<ItemVersionsResponse>, StoreError> {
        // One more than wanted tells whether there are more.
        let most = i64::from(limit).saturating_add(1);
        let rows: Vec<Columns> = reading!(self, |conn| {
            sqlx::query_as(
                "SELECT items.version, kept.version, kept.replaced_at_ms, kept.overview
                 FROM items
                 JOIN vaults ON vaults.vault_id = items.vault_id
                 LEFT JOIN item_versions AS kept ON kept.vault_id = items.vault_id
                 AND kept.item_id = items.item_id AND kept.version < $3
                 AND kept.key_epoch = vaults.key_epoch
                 WHERE items.vault_id = $1 AND items.item_id = $2 AND items.overview IS NOT NULL
                 ORDER BY kept.version DESC LIMIT $4",
            )
            .bind(vault.as_bytes().as_slice())
            .bind(item.as_bytes().as_slice())
            .bind(before.map_or(i64::MAX, to_i64))
            .bind(most)
            .fetch_all(&mut *conn)
            .await?
        });
        let Some((current, ..)) = rows.first() else {
            return Ok(None);
        };
        let current_version = to_u64(*current)?;
        let mut versions = Vec::with_capacity(rows.len());
        for row in rows {
            if let (_, Some(version), Some(replaced_at_ms), Some(overview)) = row {
                versions.push(SealedVersion {
                    version: to_u64(version)?,
                    replaced_at_ms: to_u64(replaced_at_ms)?,
                    overview: Sealed(overview),
                });
            }
        }
        let more = versions.len() > limit as usize;
        versions.truncate(limit as usize);
        Ok(Some(ItemVersionsResponse {
            current_version,
            versions,
            more,
        }))
    }

    /// The details that a replaced version of an item had. `None` when there is no such item or
    /// version, and when its details were not kept. One statement.
    pub async fn version_details(
        &self,
        vault: VaultId,
        item: ItemId,
        version: u64,
    ) -> Result<Option<VersionDetailsResponse>, StoreError> {
        // They stand with the last version that had them, or the item has them still.
        let details: Option<Option<Vec<u8>>> = reading!(self, |conn| {
            sqlx::query_scalar(
                "SELECT COALESCE(
                 (SELECT shared.details FROM item_versions AS shared
                 WHERE shared.vault_id = $1 AND shared.item_id = $2
                 AND shared.details_version = wanted.details_version
                 AND shared.details IS NOT NULL
                 ORDER BY shared.version DESC LIMIT 1),
                 (SELECT item_details.details FROM item_details
                 WHERE item_details.vault_id = $1 AND item_details.item_id = $2
                 AND item_details.version = wanted.details_version))
                 FROM item_versions AS wanted
                 JOIN vaults ON vaults.vault_id = wanted.vault_id
                 WHERE wanted.vault_id = $1 AND wanted.item_id = $2 AND wanted.version = $3
                 AND wanted.key_epoch = vaults.key_epoch",
            )
            .bind(vault.as_bytes().as_slice())
            .bind(item.as_bytes().as_slice())
            .bind(to_i64(version))
            .fetch_optional(&mut *conn)
            .await?
        });
        Ok(details.flatten().map(|details| VersionDetailsResponse {
            details: Sealed(details),
        }))
    }
}
