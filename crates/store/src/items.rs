use std::collections::HashSet;

use futures::TryStreamExt as _;
use keyarc_wire::{
    AccountId, Bytes, EarlierWrite, ItemId, ItemPurge, ItemWrite, Sealed, SealedDetails, VaultId,
    VersionConflict, WriteItemsRequest,
};

use crate::{
    Store, StoreError,
    batch::{Batch, BatchSql},
    convert::{to_array, to_i64, to_u32, to_u64},
    db::{reading, transaction},
    machine::change_names,
    versions::{SECRETS_KEPT, VERSIONS_KEPT},
};

/// How a write to a vault ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteOutcome {
    /// All of it was written, as this revision of the vault.
    Written {
        /// The vault's revision after it.
        revision: u64,
    },
    /// Some items are at another version or were deleted for good. Nothing was written.
    Conflict(Vec<VersionConflict>),
    /// The vault's head is not the version that the write follows. Nothing was written.
    Stale,
    /// There is no such vault.
    NoVault,
    /// An attachment that the write names is not there, or not as a whole. Nothing was written.
    NoAttachment,
    /// A change that the write takes waits no more. Nothing was written.
    NoChange,
}

/// What a request for details brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DetailsOutcome {
    /// The details, in no particular order.
    Found(Vec<SealedDetails>),
    /// They are larger than the caller takes at once.
    TooLarge,
}

/// A write, taken apart into what each statement takes. Built before the transaction begins, so
/// that nobody waits for it.
struct Batches {
    expected: Batch,
    /// Items that there are already.
    replaced: Batch,
    overviews: Batch,
    details: Batch,
    /// Versions that come with items which the write creates.
    earlier: Batch,
    /// Attachments that details name.
    attachments: Batch,
    /// How many they are, each counted once.
    attachments_named: u64,
    purges: Batch,
    /// Changes that the write takes.
    takes: Batch,
    /// How many they are.
    taken: u64,
}

impl Batches {
    fn new(request: WriteItemsRequest) -> Self {
        let (mut expected, mut overviews) = (Batch::default(), Batch::default());
        let (mut details, mut purges) = (Batch::default(), Batch::default());
        let mut replaced = Batch::default();
        let created: HashSet<ItemId> = request.earlier.iter().map(|one| one.item_id).collect();
        let (mut attachments, mut named) = (Batch::default(), HashSet::new());
        // By value: each item's own copy is freed as it moves into the batch.
        for ItemWrite {
            item_id,
            base_version,
            overview,
            details: changed,
            attachments: names,
        } in request.writes
        {
            let base = to_i64(base_version);
            let is_new = created.contains(&item_id);
            let expects = if is_new { 0 } else { base };
            expected.push(item_id.as_bytes(), expects, false, &[]);
            if expects > 0 {
                replaced.push(item_id.as_bytes(), base, changed.is_some(), &[]);
            }
            overviews.push(
                item_id.as_bytes(),
                base,
                changed.is_some(),
                overview.as_ref(),
            );
            for attachment in names {
                attachments.push(attachment.as_bytes(), base, false, item_id.as_bytes());
                named.insert(attachment);
            }
            if let Some(changed) = changed {
                details.push(item_id.as_bytes(), base, false, changed.as_ref());
            }
        }
        for earlier in &request.earlier {
            let base = to_i64(earlier.version) - 1;
            for attachment in &earlier.attachments {
                attachments.push(
                    attachment.as_bytes(),
                    base,
                    false,
                    earlier.item_id.as_bytes(),
                );
                named.insert(*attachment);
            }
        }
        for ItemPurge {
            item_id,
            base_version,
        } in request.purges
        {
            expected.push(item_id.as_bytes(), to_i64(base_version), false, &[]);
            purges.push(item_id.as_bytes(), to_i64(base_version), false, &[]);
        }
        Self {
            expected,
            replaced,
            overviews,
            details,
            earlier: earlier_versions(request.earlier),
            attachments,
            attachments_named: named.len() as u64,
            purges,
            taken: request.takes.len() as u64,
            takes: change_names(&request.takes),
        }
    }
}

/// Details stand with the last version that had them, as those that a write replaces do.
fn earlier_versions(earlier: Vec<EarlierWrite>) -> Batch {
    let mut batch = Batch::default();
    let mut shared: Option<(u64, Sealed)> = None;
    let mut rest = earlier.into_iter().peekable();
    while let Some(EarlierWrite {
        item_id,
        version,
        overview,
        details,
        ..
    }) = rest.next()
    {
        if let Some(own) = details {
            shared = Some((version, own));
        }
        let next_shares = rest
            .peek()
            .is_some_and(|next| next.item_id == item_id && next.details.is_none());
        let details_version = shared
            .as_ref()
            .map_or(version, |(sealed_for, _)| *sealed_for);
        let stored = match next_shares {
            true => None,
            false => shared.take(),
        };
        batch.push_version(
            item_id.as_bytes(),
            (to_i64(version), to_i64(details_version)),
            overview.as_ref(),
            stored.as_ref().map_or(&[], |(_, details)| details.as_ref()),
        );
    }
    batch
}

/// What a write to a vault is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultHead {
    /// Whose vault it is.
    pub owner: AccountId,
    /// The owner's signed genesis bundle.
    pub bundle: Bytes,
    /// The bundles that replaced it.
    pub rotations: Bytes,
    /// The epoch of the vault key.
    pub key_epoch: u32,
    /// The newest manifest.
    pub manifest: Bytes,
}

impl Store {
    /// Who owns a vault. One statement.
    pub async fn vault_owner(&self, vault: VaultId) -> Result<Option<AccountId>, StoreError> {
        let owner: Option<Vec<u8>> = reading!(self, |conn| {
            sqlx::query_scalar("SELECT owner_id FROM vaults WHERE vault_id = $1")
                .bind(vault.as_bytes().as_slice())
                .fetch_optional(&mut *conn)
                .await?
        });
        owner
            .map(|owner| Ok(AccountId(to_array(owner)?)))
            .transpose()
    }

    /// The head of a vault. One statement.
    pub async fn vault_head(&self, vault: VaultId) -> Result<Option<VaultHead>, StoreError> {
        type HeadColumns = (Vec<u8>, Vec<u8>, Option<Vec<u8>>, i64, Vec<u8>);
        let head: Option<HeadColumns> = reading!(self, |conn| {
            sqlx::query_as(
                "SELECT vaults.owner_id, accounts.bundle, accounts.rotations, vaults.key_epoch,
                 manifests.manifest
                 FROM vaults
                 JOIN accounts ON accounts.account_id = vaults.owner_id
                 JOIN manifests ON manifests.vault_id = vaults.vault_id
                 AND manifests.version = vaults.revision
                 WHERE vaults.vault_id = $1",
            )
            .bind(vault.as_bytes().as_slice())
            .fetch_optional(&mut *conn)
            .await?
        });
        head.map(|(owner, bundle, rotations, key_epoch, manifest)| {
            Ok(VaultHead {
                owner: AccountId(to_array(owner)?),
                bundle: Bytes(bundle),
                rotations: Bytes(rotations.unwrap_or_default()),
                key_epoch: to_u32(key_epoch)?,
                manifest: Bytes(manifest),
            })
        })
        .transpose()
    }

    /// Writes to a vault if its head and every item are at the version expected: all of it or
    /// nothing. At most fourteen statements and one transaction, whatever the number of items.
    /// `head` is the version that the request's manifest follows.
    ///
    /// What a write replaces is kept as a version of the item, the newest [`VERSIONS_KEPT`] of
    /// them, and longer where it was the last with its details (see [`SECRETS_KEPT`]). Who deletes an item for good deletes them, too.
    ///
    /// An item that exists nowhere is at version 0. A tombstone conflicts with everything: what
    /// was deleted for good does not come back. The caller sees to it that no item occurs twice
    /// and that a new one has details; that the earlier versions that come with new ones stand in
    /// their order, item by item, and each first one has details; that attachments come with
    /// details, and none of them twice with one item.
    pub async fn write_items(
        &self,
        vault: VaultId,
        head: u64,
        mut request: WriteItemsRequest,
        now_ms: u64,
    ) -> Result<WriteOutcome, StoreError> {
        let manifest = std::mem::take(&mut request.manifest);
        let Batches {
            expected,
            replaced,
            overviews,
            details,
            earlier,
            attachments,
            attachments_named,
            purges,
            takes,
            taken,
        } = Batches::new(request);
        let vault = vault.as_bytes().as_slice();
        let revision = transaction!(self, |tx: Driver| {
            // First, because it locks the vault: writers to one vault queue here, and each then
            // sees what the one before it wrote.
            let revision: Option<i64> = sqlx::query_scalar(
                "UPDATE vaults SET revision = revision + 1
                 WHERE vault_id = $1 AND revision = $2 RETURNING revision",
            )
            .bind(vault)
            .bind(to_i64(head))
            .fetch_optional(&mut *tx)
            .await?;
            let Some(revision) = revision else {
                let there: Option<i32> =
                    sqlx::query_scalar("SELECT 1 FROM vaults WHERE vault_id = $1")
                        .bind(vault)
                        .fetch_optional(&mut *tx)
                        .await?;
                return Ok(match there {
                    Some(_) => WriteOutcome::Stale,
                    None => WriteOutcome::NoVault,
                });
            };
            let expected = expected.finish();
            let conflicts: Vec<(Vec<u8>, i64)> = sqlx::query_as(<Driver as BatchSql>::CONFLICTS)
                .bind(expected.rows)
                .bind(expected.bytes)
                .bind(vault)
                .fetch_all(&mut *tx)
                .await?;
            if !conflicts.is_empty() {
                return Ok(WriteOutcome::Conflict(to_conflicts(conflicts)?));
            }
            sqlx::query("INSERT INTO manifests (vault_id, version, manifest) VALUES ($1, $2, $3)")
                .bind(vault)
                .bind(revision)
                .bind(manifest.as_ref())
                .execute(&mut *tx)
                .await?;
            let replaced = (!replaced.is_empty()).then(|| replaced.finish());
            if let Some(replaced) = &replaced {
                sqlx::query(<Driver as BatchSql>::KEEP_VERSIONS)
                    .bind(replaced.rows.as_str())
                    .bind(replaced.bytes.as_slice())
                    .bind(vault)
                    .bind(to_i64(now_ms))
                    .execute(&mut *tx)
                    .await?;
            }
            if !overviews.is_empty() {
                let overviews = overviews.finish();
                sqlx::query(<Driver as BatchSql>::WRITE_OVERVIEWS)
                    .bind(overviews.rows)
                    .bind(overviews.bytes)
                    .bind(vault)
                    .bind(revision)
                    .execute(&mut *tx)
                    .await?;
            }
            if !details.is_empty() {
                let details = details.finish();
                sqlx::query(<Driver as BatchSql>::WRITE_DETAILS)
                    .bind(details.rows)
                    .bind(details.bytes)
                    .bind(vault)
                    .execute(&mut *tx)
                    .await?;
            }
            if !earlier.is_empty() {
                let earlier = earlier.finish();
                sqlx::query(<Driver as BatchSql>::KEEP_EARLIER)
                    .bind(earlier.rows)
                    .bind(earlier.bytes)
                    .bind(vault)
                    .bind(to_i64(now_ms))
                    .execute(&mut *tx)
                    .await?;
            }
            if !attachments.is_empty() {
                let attachments = attachments.finish();
                let named = sqlx::query(<Driver as BatchSql>::NAME_ATTACHMENTS)
                    .bind(attachments.rows.as_str())
                    .bind(attachments.bytes.as_slice())
                    .bind(vault)
                    .execute(&mut *tx)
                    .await?;
                if named.rows_affected() != attachments_named {
                    return Ok(WriteOutcome::NoAttachment);
                }
                sqlx::query(<Driver as BatchSql>::REFER_TO_ATTACHMENTS)
                    .bind(attachments.rows)
                    .bind(attachments.bytes)
                    .bind(vault)
                    .execute(&mut *tx)
                    .await?;
            }
            if let Some(replaced) = replaced {
                sqlx::query(<Driver as BatchSql>::PRUNE_VERSIONS)
                    .bind(replaced.rows)
                    .bind(replaced.bytes)
                    .bind(vault)
                    .bind(i64::from(VERSIONS_KEPT))
                    .bind(i64::from(SECRETS_KEPT))
                    .execute(&mut *tx)
                    .await?;
            }
            if !purges.is_empty() {
                let purges = purges.finish();
                sqlx::query(<Driver as BatchSql>::PURGE_ITEMS)
                    .bind(purges.rows.as_str())
                    .bind(purges.bytes.as_slice())
                    .bind(vault)
                    .bind(revision)
                    .execute(&mut *tx)
                    .await?;
                sqlx::query(<Driver as BatchSql>::PURGE_DETAILS)
                    .bind(purges.rows)
                    .bind(purges.bytes)
                    .bind(vault)
                    .execute(&mut *tx)
                    .await?;
            }
            if taken > 0 {
                let takes = takes.finish();
                let gone = sqlx::query(<Driver as BatchSql>::TAKE_CHANGES)
                    .bind(takes.rows)
                    .bind(takes.bytes)
                    .bind(vault)
                    .execute(&mut *tx)
                    .await?;
                if gone.rows_affected() != taken {
                    return Ok(WriteOutcome::NoChange);
                }
            }
            revision
        });
        Ok(WriteOutcome::Written {
            revision: to_u64(revision)?,
        })
    }

    /// The details of some items of a vault, at most `max_bytes` of them. Items that do not
    /// exist are left out. One statement.
    pub async fn details(
        &self,
        vault: VaultId,
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
            let mut rows = sqlx::query_as::<_, (Vec<u8>, i64, i64, Vec<u8>)>(
                <Driver as BatchSql>::READ_DETAILS,
            )
            .bind(batch.rows)
            .bind(batch.bytes)
            .bind(vault.as_bytes().as_slice())
            .fetch(&mut *conn);
            while let Some((item_id, version, details_version, details)) = rows.try_next().await? {
                bytes += details.len();
                if bytes > max_bytes {
                    return Ok(DetailsOutcome::TooLarge);
                }
                found.push(SealedDetails {
                    item_id: ItemId(to_array(item_id)?),
                    version: to_u64(version)?,
                    details_version: to_u64(details_version)?,
                    details: Sealed(details),
                });
            }
        });
        Ok(DetailsOutcome::Found(found))
    }
}

pub(crate) fn to_conflicts(rows: Vec<(Vec<u8>, i64)>) -> Result<Vec<VersionConflict>, StoreError> {
    rows.into_iter()
        .map(|(item_id, version)| {
            Ok(VersionConflict {
                item_id: ItemId(to_array(item_id)?),
                current_version: to_u64(version)?,
            })
        })
        .collect()
}
