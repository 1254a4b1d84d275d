use futures::TryStreamExt as _;
use keyarc_wire::{
    HistoriesResponse, HistoryVersion, ItemId, ItemVersion, ItemVersionsResponse, MomentResponse,
    MomentVersion, Sealed, SealedVersion, SealedVersionDetails, VaultId,
};

use crate::{
    Store, StoreError,
    batch::{Batch, BatchSql},
    convert::{to_array, to_i64, to_u64},
    db::reading,
};

/// How many replaced versions of an item are kept. The oldest goes first.
pub const VERSIONS_KEPT: u32 = 50;
/// How many replaced details of an item are kept at least, each with the last version that had it:
/// stars and tests of a key make versions, too, and must not push the secrets of before out.
pub const SECRETS_KEPT: u32 = 20;

/// The item's version, and a version that was replaced: number, time, overview.
type Columns = (i64, Option<i64>, Option<i64>, Option<Vec<u8>>);

/// An item, and the version of it at a moment: number, end, beginning, overview.
type MomentColumns = (Vec<u8>, i64, i64, Option<i64>, Vec<u8>);

/// What [`Store::version_details`] found.
#[derive(Debug, PartialEq, Eq)]
pub enum VersionDetailsOutcome {
    /// These.
    Found(Vec<SealedVersionDetails>),
    /// More than was wanted at once.
    TooLarge,
}

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

    /// The versions of many items that were replaced, in the order of item ids, of each item the
    /// oldest first: those after `after`, at most `limit` of them. Items that do not exist have
    /// none. One statement.
    pub async fn histories(
        &self,
        vault: VaultId,
        items: &[ItemId],
        after: Option<ItemVersion>,
        limit: u32,
    ) -> Result<HistoriesResponse, StoreError> {
        let mut batch = Batch::default();
        for item in items {
            batch.push(item.as_bytes(), 0, false, &[]);
        }
        let batch = batch.finish();
        let (item, version) = match &after {
            Some(after) => (after.item_id.as_bytes().as_slice(), to_i64(after.version)),
            None => (&[][..], 0),
        };
        let rows: Vec<(Vec<u8>, i64, i64, Vec<u8>)> = reading!(self, |conn: Driver| {
            sqlx::query_as(<Driver as BatchSql>::READ_HISTORIES)
                .bind(batch.rows)
                .bind(batch.bytes)
                .bind(vault.as_bytes().as_slice())
                .bind(item)
                .bind(version)
                .bind(i64::from(limit).saturating_add(1))
                .fetch_all(&mut *conn)
                .await?
        });
        let more = rows.len() > limit as usize;
        let mut versions = Vec::with_capacity(rows.len().min(limit as usize));
        for (item_id, version, replaced_at_ms, overview) in rows.into_iter().take(limit as usize) {
            versions.push(HistoryVersion {
                item_id: ItemId(to_array(item_id)?),
                sealed: SealedVersion {
                    version: to_u64(version)?,
                    replaced_at_ms: to_u64(replaced_at_ms)?,
                    overview: Sealed(overview),
                },
            });
        }
        Ok(HistoriesResponse { versions, more })
    }

    /// The details that replaced versions had. Those of no such item or version are left out, and
    /// those that were not kept; [`VersionDetailsOutcome::TooLarge`] when all are more than
    /// `max_bytes`. One statement, however many versions.
    pub async fn version_details(
        &self,
        vault: VaultId,
        versions: &[ItemVersion],
        max_bytes: usize,
    ) -> Result<VersionDetailsOutcome, StoreError> {
        let mut batch = Batch::default();
        for wanted in versions {
            batch.push(
                wanted.item_id.as_bytes(),
                to_i64(wanted.version),
                false,
                &[],
            );
        }
        let batch = batch.finish();
        let mut found = Vec::new();
        let mut bytes = 0;
        reading!(self, |conn: Driver| {
            let mut rows = sqlx::query_as::<_, (Vec<u8>, i64, Vec<u8>)>(
                <Driver as BatchSql>::READ_VERSION_DETAILS,
            )
            .bind(batch.rows)
            .bind(batch.bytes)
            .bind(vault.as_bytes().as_slice())
            .fetch(&mut *conn);
            while let Some((item_id, version, details)) = rows.try_next().await? {
                bytes += details.len();
                if bytes > max_bytes {
                    return Ok(VersionDetailsOutcome::TooLarge);
                }
                found.push(SealedVersionDetails {
                    item_id: ItemId(to_array(item_id)?),
                    version: to_u64(version)?,
                    details: Sealed(details),
                });
            }
        });
        Ok(VersionDetailsOutcome::Found(found))
    }

    /// For each item that was changed after a moment: the oldest version kept that was replaced
    /// after it, which is the one of that moment unless older ones are gone. In the order of item
    /// ids, those after `after`, at most `limit` of them. One statement.
    pub async fn moment(
        &self,
        vault: VaultId,
        at_ms: u64,
        after: Option<ItemId>,
        limit: u32,
    ) -> Result<MomentResponse, StoreError> {
        let after = after.map(|item| item.as_bytes().to_vec());
        let rows: Vec<MomentColumns> = reading!(self, |conn| {
            sqlx::query_as(
                "SELECT kept.item_id, kept.version, kept.replaced_at_ms,
                 (SELECT before.replaced_at_ms FROM item_versions AS before
                 WHERE before.vault_id = kept.vault_id AND before.item_id = kept.item_id
                 AND before.version = kept.version - 1), kept.overview
                 FROM items
                 JOIN vaults ON vaults.vault_id = items.vault_id
                 JOIN item_versions AS kept ON kept.vault_id = items.vault_id
                 AND kept.item_id = items.item_id AND kept.key_epoch = vaults.key_epoch
                 AND kept.version = (SELECT MIN(later.version) FROM item_versions AS later
                 WHERE later.vault_id = items.vault_id AND later.item_id = items.item_id
                 AND later.replaced_at_ms > $3)
                 WHERE items.vault_id = $1 AND items.item_id > $2 AND items.overview IS NOT NULL
                 ORDER BY items.item_id LIMIT $4",
            )
            .bind(vault.as_bytes().as_slice())
            .bind(after.unwrap_or_default())
            .bind(to_i64(at_ms))
            .bind(i64::from(limit).saturating_add(1))
            .fetch_all(&mut *conn)
            .await?
        });
        let more = rows.len() > limit as usize;
        let mut versions = Vec::with_capacity(rows.len());
        for (item_id, version, replaced_at_ms, since_ms, overview) in
            rows.into_iter().take(limit as usize)
        {
            versions.push(MomentVersion {
                item_id: ItemId(to_array(item_id)?),
                since_ms: since_ms.map(to_u64).transpose()?,
                sealed: SealedVersion {
                    version: to_u64(version)?,
                    replaced_at_ms: to_u64(replaced_at_ms)?,
                    overview: Sealed(overview),
                },
            });
        }
        Ok(MomentResponse { versions, more })
    }
}
