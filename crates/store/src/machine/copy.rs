//! What a token's copy holds.

use futures::TryStreamExt as _;
use keyarc_wire::{
    AccountId, Bytes, Change, ItemChange, ItemId, ItemPurge, MachineChangeId, MachineTokenId,
    Sealed, SealedChange, SealedDetails, VaultId, WriteItemsRequest,
};
use tracing::Instrument as _;

use super::{FLOOR, both_parts};
use crate::{
    Changes, DetailsOutcome, Store, StoreError, WriteOutcome,
    batch::{Batch, BatchSql},
    convert::{to_array, to_i64, to_u64},
    db::{reading, transaction},
    items::to_conflicts,
};

/// What a write to a token's copy is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineHead {
    /// The copy.
    pub vault: VaultId,
    /// The owner's signed genesis bundle.
    pub bundle: Bytes,
    /// The bundles that replaced it.
    pub rotations: Bytes,
    /// The newest manifest.
    pub manifest: Bytes,
}

/// What a row is, as `Change` has it: 1 an item, 3 a manifest, 4 details, 5 the grant, 6 a change that
/// waits, whose own name comes last.
type CopyColumns = (i64, Vec<u8>, i64, i64, Option<Vec<u8>>, Vec<u8>);

impl Store {
    /// What a write to a token's copy is checked against; `None` when the account has no such
    /// token in force. One statement.
    pub async fn machine_head(
        &self,
        account: AccountId,
        token: MachineTokenId,
    ) -> Result<Option<MachineHead>, StoreError> {
        type Columns = (Vec<u8>, Vec<u8>, Option<Vec<u8>>, Vec<u8>);
        let head: Option<Columns> = reading!(self, |conn| {
            sqlx::query_as(
                "SELECT tokens.vault_id, accounts.bundle, accounts.rotations, manifests.manifest
                 FROM machine_tokens AS tokens
                 JOIN accounts ON accounts.account_id = tokens.account_id
                 JOIN machine_manifests AS manifests ON manifests.token_id = tokens.token_id
                 AND manifests.version = tokens.revision
                 WHERE tokens.token_id = $1 AND tokens.account_id = $2
                 AND tokens.revoked_at_ms IS NULL",
            )
            .bind(token.as_bytes().as_slice())
            .bind(account.as_bytes().as_slice())
            .fetch_optional(&mut *conn)
            .await?
        });
        head.map(|(vault, bundle, rotations, manifest)| {
            Ok(MachineHead {
                vault: VaultId(to_array(vault)?),
                bundle: Bytes(bundle),
                rotations: Bytes(rotations.unwrap_or_default()),
                manifest: Bytes(manifest),
            })
        })
        .transpose()
    }

    /// Writes to a token's copy if its head and every item are at the version expected: all of it
    /// or nothing. At most six statements, whatever the number of items. `head` is the version that
    /// the request's manifest follows. No version is kept of what it replaces.
    ///
    /// What left the copy may come back, as the version after that of its tombstone. The caller
    /// sees to it that no item occurs twice and that every write has details.
    pub async fn write_machine_items(
        &self,
        account: AccountId,
        token: MachineTokenId,
        head: u64,
        request: WriteItemsRequest,
    ) -> Result<WriteOutcome, StoreError> {
        let mut expected = Batch::default();
        let mut gone = Batch::default();
        for write in &request.writes {
            let base = to_i64(write.base_version);
            expected.push(write.item_id.as_bytes(), base, false, &[]);
        }
        for ItemPurge {
            item_id,
            base_version,
        } in &request.purges
        {
            let base = to_i64(*base_version);
            expected.push(item_id.as_bytes(), base, false, &[]);
            gone.push(item_id.as_bytes(), base, false, &[]);
        }
        let writes = both_parts(request.writes);
        let token = token.as_bytes().as_slice();
        let account = account.as_bytes().as_slice();
        let revision = transaction!(self, |tx: Driver| {
            // First, because it locks the copy: see `write_items`.
            let revision: Option<i64> = sqlx::query_scalar(
                "UPDATE machine_tokens SET revision = revision + 1
                 WHERE token_id = $1 AND account_id = $2 AND revision = $3
                 AND revoked_at_ms IS NULL RETURNING revision",
            )
            .bind(token)
            .bind(account)
            .bind(to_i64(head))
            .fetch_optional(&mut *tx)
            .await?;
            let Some(revision) = revision else {
                let there: Option<i32> = sqlx::query_scalar(
                    "SELECT 1 FROM machine_tokens
                     WHERE token_id = $1 AND account_id = $2 AND revoked_at_ms IS NULL",
                )
                .bind(token)
                .bind(account)
                .fetch_optional(&mut *tx)
                .await?;
                return Ok(match there {
                    Some(_) => WriteOutcome::Stale,
                    None => WriteOutcome::NoVault,
                });
            };
            let expected = expected.finish();
            let conflicts: Vec<(Vec<u8>, i64)> =
                sqlx::query_as(<Driver as BatchSql>::MACHINE_CONFLICTS)
                    .bind(expected.rows)
                    .bind(expected.bytes)
                    .bind(token)
                    .fetch_all(&mut *tx)
                    .await?;
            if !conflicts.is_empty() {
                return Ok(WriteOutcome::Conflict(to_conflicts(conflicts)?));
            }
            keep_manifest!(tx, token, revision, request.manifest);
            write_copy!(tx, Driver, token, revision, writes);
            if !gone.is_empty() {
                let gone = gone.finish();
                sqlx::query(<Driver as BatchSql>::PURGE_MACHINE_ITEMS)
                    .bind(gone.rows)
                    .bind(gone.bytes)
                    .bind(token)
                    .bind(revision)
                    .execute(&mut *tx)
                    .await?;
            }
            revision
        });
        Ok(WriteOutcome::Written {
            revision: to_u64(revision)?,
        })
    }

    /// What changed in the copy of an account's token after a revision, with its newest manifest and
    /// all from version `manifests_from` on. As [`Store::changes`] of a vault.
    pub async fn machine_changes(
        &self,
        token: MachineTokenId,
        since: u64,
        manifests_from: Option<u64>,
    ) -> Result<Changes, StoreError> {
        let from = manifests_from.map_or(i64::MAX, to_i64);
        self.copy_rows(token, to_i64(since), from, false, -1).await
    }

    /// Everything that the holder of a token gets: its grant, its copy with the manifests since it
    /// was made, what was handed in with the token and waits, and the details where all of them have at
    /// most `max_details` bytes. One statement,
    /// hence one consistent state, whose rows pass through in chunks as those of [`Store::changes`].
    pub async fn open_machine_copy(
        &self,
        token: MachineTokenId,
        max_details: usize,
    ) -> Result<Changes, StoreError> {
        self.copy_rows(token, 0, FLOOR, true, to_i64(max_details as u64))
            .await
    }

    async fn copy_rows(
        &self,
        token: MachineTokenId,
        since: i64,
        manifests_from: i64,
        with_grant: bool,
        max_details: i64,
    ) -> Result<Changes, StoreError> {
        let (chunks, changes) = self.begin_stream().await?;
        reading!(self, |conn| {
            let task = async move {
                let rows = sqlx::query_as::<_, CopyColumns>(
                    "SELECT CAST(1 AS BIGINT), item_id, version, revision, overview, token_id
                     FROM machine_items WHERE token_id = $1 AND revision > $2
                     UNION ALL
                     SELECT CAST(3 AS BIGINT), manifests.token_id, manifests.version,
                     manifests.version, manifests.manifest, manifests.token_id
                     FROM machine_manifests AS manifests
                     JOIN machine_tokens ON machine_tokens.token_id = manifests.token_id
                     WHERE manifests.token_id = $1 AND (manifests.version >= $3
                     OR manifests.version = machine_tokens.revision)
                     UNION ALL
                     SELECT CAST(4 AS BIGINT), item_id, version, revision, details, token_id
                     FROM machine_items WHERE token_id = $1 AND details IS NOT NULL
                     AND (SELECT COALESCE(SUM(length(every_item.details)), 0)
                     FROM machine_items AS every_item WHERE every_item.token_id = $1) <= $5
                     UNION ALL
                     SELECT CAST(5 AS BIGINT), token_id, revision, revision, granted, token_id
                     FROM machine_tokens WHERE token_id = $1 AND $4 = 1
                     UNION ALL
                     SELECT CAST(6 AS BIGINT), item_id, base_version, handed_in_at_ms, sealed,
                     change_id
                     FROM machine_changes WHERE token_id = $1 AND $4 = 1",
                )
                .bind(token.as_bytes().as_slice())
                .bind(since)
                .bind(manifests_from)
                .bind(i64::from(with_grant))
                .bind(max_details)
                .fetch(&mut *conn);
                chunks.fill(rows, to_change).await;
            };
            tokio::spawn(task.in_current_span());
        });
        Ok(changes)
    }

    /// The details of some items of a token's copy, at most `max_bytes` of them. Items that are not
    /// in it are left out. One statement.
    pub async fn machine_details(
        &self,
        token: MachineTokenId,
        items: &[ItemId],
        max_bytes: usize,
    ) -> Result<DetailsOutcome, StoreError> {
        let mut batch = Batch::default();
        for item in items {
            batch.push(item.as_bytes(), 0, false, &[]);
        }
        let batch = batch.finish();
        let mut found = Vec::new();
        let mut bytes = 0;
        reading!(self, |conn: Driver| {
            let mut rows = sqlx::query_as::<_, (Vec<u8>, i64, Vec<u8>)>(
                <Driver as BatchSql>::READ_MACHINE_DETAILS,
            )
            .bind(batch.rows.as_str())
            .bind(batch.bytes.as_slice())
            .bind(token.as_bytes().as_slice())
            .fetch(&mut *conn);
            while let Some((item, version, details)) = rows.try_next().await? {
                bytes += details.len();
                if bytes > max_bytes {
                    return Ok(DetailsOutcome::TooLarge);
                }
                found.push(to_details(item, version, details)?);
            }
        });
        Ok(DetailsOutcome::Found(found))
    }
}

fn to_change(
    (kind, id, version, revision, bytes, name): CopyColumns,
) -> Result<Change, StoreError> {
    let unexpected = || StoreError::from(sqlx::Error::Decode("unexpected row of a copy".into()));
    Ok(match (kind, bytes) {
        (1, overview) => Change::Item(ItemChange {
            item_id: ItemId(to_array(id)?),
            version: to_u64(version)?,
            revision: to_u64(revision)?,
            live: match overview {
                Some(overview) => Some((to_u64(version)?, Sealed(overview))),
                None => None,
            },
        }),
        (3, Some(manifest)) => Change::Manifest(Bytes(manifest)),
        (4, Some(details)) => Change::Details(to_details(id, version, details)?),
        (5, Some(grant)) => Change::Grant(Sealed(grant)),
        (6, Some(change)) => Change::Waiting(SealedChange {
            change_id: MachineChangeId(to_array(name)?),
            item_id: ItemId(to_array(id)?),
            base_version: to_u64(version)?,
            change: Sealed(change),
        }),
        _ => return Err(unexpected()),
    })
}

fn to_details(item: Vec<u8>, version: i64, details: Vec<u8>) -> Result<SealedDetails, StoreError> {
    let version = to_u64(version)?;
    Ok(SealedDetails {
        item_id: ItemId(to_array(item)?),
        version,
        // Both parts are always written together.
        details_version: version,
        details: Sealed(details),
    })
}
