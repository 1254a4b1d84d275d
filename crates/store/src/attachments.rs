//! Attachments: sealed chunks, which of them are there, and which details name them.

use keyarc_wire::{AttachmentId, Sealed, VaultId};

use crate::{
    Store, StoreError,
    convert::{to_i64, to_u32, to_u64},
    db::{reading, transaction, writing},
};

/// An upload that is to begin, or to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewAttachment {
    /// The vault.
    pub vault: VaultId,
    /// The attachment.
    pub attachment: AttachmentId,
    /// Bytes of all its envelopes.
    pub bytes: u64,
    /// Their number.
    pub chunks: u32,
}

/// How the beginning of an upload ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BeginAttachmentOutcome {
    /// It goes on; these chunks are there, by their numbers, ascending.
    Begun(Vec<u32>),
    /// Another one has that name, or had it.
    Taken,
    /// All attachments of the account would take more than they may.
    Full {
        /// Bytes that are left.
        room: u64,
    },
    /// There is no such vault.
    NoVault,
}

/// What is known of an attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttachmentRow {
    /// Bytes of all its envelopes.
    pub bytes: u64,
    /// Their number.
    pub chunks: u32,
}

impl Store {
    /// Begins an upload, if the attachments of the vault's owner take at most `quota` bytes with
    /// it, or says how far it is. At most five statements.
    pub async fn begin_attachment(
        &self,
        new: &NewAttachment,
        quota: u64,
        now_ms: u64,
    ) -> Result<BeginAttachmentOutcome, StoreError> {
        let vault = new.vault.as_bytes().as_slice();
        let attachment = new.attachment.as_bytes().as_slice();
        let received: Vec<i64> = transaction!(self, |tx| {
            // First, because it locks the vault: uploads that begin together are counted one
            // after the other.
            let there = sqlx::query("UPDATE vaults SET revision = revision WHERE vault_id = $1")
                .bind(vault)
                .execute(&mut *tx)
                .await?;
            if there.rows_affected() == 0 {
                return Ok(BeginAttachmentOutcome::NoVault);
            }
            let known: Option<(i64, Option<i64>)> = sqlx::query_as(
                "SELECT bytes, dropped_at_ms FROM attachments
                 WHERE vault_id = $1 AND attachment_id = $2",
            )
            .bind(vault)
            .bind(attachment)
            .fetch_optional(&mut *tx)
            .await?;
            match known {
                Some((bytes, None)) if bytes == to_i64(new.bytes) => {}
                Some(_) => return Ok(BeginAttachmentOutcome::Taken),
                None => {
                    let used: i64 = sqlx::query_scalar(
                        "SELECT CAST(COALESCE(SUM(attachments.bytes), 0) AS BIGINT)
                         FROM attachments
                         JOIN vaults ON vaults.vault_id = attachments.vault_id
                         WHERE (attachments.dropped_at_ms IS NULL OR EXISTS
                         (SELECT 1 FROM attachment_chunks AS left_over
                         WHERE left_over.vault_id = attachments.vault_id
                         AND left_over.attachment_id = attachments.attachment_id))
                         AND vaults.owner_id =
                         (SELECT own.owner_id FROM vaults AS own WHERE own.vault_id = $1)",
                    )
                    .bind(vault)
                    .fetch_one(&mut *tx)
                    .await?;
                    let room = quota.saturating_sub(to_u64(used)?);
                    if new.bytes > room {
                        return Ok(BeginAttachmentOutcome::Full { room });
                    }
                    sqlx::query(
                        "INSERT INTO attachments (vault_id, attachment_id, bytes, chunks,
                         unreferenced_since_ms) VALUES ($1, $2, $3, $4, $5)",
                    )
                    .bind(vault)
                    .bind(attachment)
                    .bind(to_i64(new.bytes))
                    .bind(i64::from(new.chunks))
                    .bind(to_i64(now_ms))
                    .execute(&mut *tx)
                    .await?;
                }
            }
            sqlx::query_scalar(
                "SELECT number FROM attachment_chunks
                 WHERE vault_id = $1 AND attachment_id = $2 ORDER BY number",
            )
            .bind(vault)
            .bind(attachment)
            .fetch_all(&mut *tx)
            .await?
        });
        let received = received.into_iter().map(to_u32);
        Ok(BeginAttachmentOutcome::Begun(
            received.collect::<Result<_, _>>()?,
        ))
    }

    /// What is known of an attachment; `None` when there is none, or it was dropped. One
    /// statement.
    pub async fn attachment(
        &self,
        vault: VaultId,
        attachment: AttachmentId,
    ) -> Result<Option<AttachmentRow>, StoreError> {
        let row: Option<(i64, i64)> = reading!(self, |conn| {
            sqlx::query_as(
                "SELECT bytes, chunks FROM attachments
                 WHERE vault_id = $1 AND attachment_id = $2 AND dropped_at_ms IS NULL",
            )
            .bind(vault.as_bytes().as_slice())
            .bind(attachment.as_bytes().as_slice())
            .fetch_optional(&mut *conn)
            .await?
        });
        row.map(|(bytes, chunks)| {
            Ok(AttachmentRow {
                bytes: to_u64(bytes)?,
                chunks: to_u32(chunks)?,
            })
        })
        .transpose()
    }

    /// Keeps a chunk. One that is there already stays as it is: what an item names does not change
    /// any more. Nothing is kept of an attachment that was dropped. One statement.
    pub async fn put_chunk(
        &self,
        vault: VaultId,
        attachment: AttachmentId,
        number: u32,
        envelope: &Sealed,
    ) -> Result<(), StoreError> {
        writing!(self, |conn| {
            sqlx::query(
                "INSERT INTO attachment_chunks (vault_id, attachment_id, number, envelope)
                 SELECT vault_id, attachment_id, $3, $4 FROM attachments
                 WHERE vault_id = $1 AND attachment_id = $2 AND dropped_at_ms IS NULL
                 AND $3 < chunks
                 ON CONFLICT (vault_id, attachment_id, number) DO NOTHING",
            )
            .bind(vault.as_bytes().as_slice())
            .bind(attachment.as_bytes().as_slice())
            .bind(i64::from(number))
            .bind(envelope.as_ref())
            .execute(&mut *conn)
            .await?;
        });
        Ok(())
    }

    /// A chunk; `None` when it is not there, or was dropped. One statement.
    pub async fn chunk(
        &self,
        vault: VaultId,
        attachment: AttachmentId,
        number: u32,
    ) -> Result<Option<Sealed>, StoreError> {
        let envelope: Option<Vec<u8>> = reading!(self, |conn| {
            sqlx::query_scalar(
                "SELECT attachment_chunks.envelope FROM attachment_chunks
                 JOIN attachments ON attachments.vault_id = attachment_chunks.vault_id
                 AND attachments.attachment_id = attachment_chunks.attachment_id
                 WHERE attachment_chunks.vault_id = $1 AND attachment_chunks.attachment_id = $2
                 AND attachment_chunks.number = $3 AND attachments.dropped_at_ms IS NULL",
            )
            .bind(vault.as_bytes().as_slice())
            .bind(attachment.as_bytes().as_slice())
            .bind(i64::from(number))
            .fetch_optional(&mut *conn)
            .await?
        });
        Ok(envelope.map(Sealed))
    }

    /// Drops an upload that no details name; one that any do stays. Whoever cleans up deletes its
    /// chunks. One statement.
    pub async fn drop_attachment(
        &self,
        vault: VaultId,
        attachment: AttachmentId,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        writing!(self, |conn| {
            sqlx::query(
                "UPDATE attachments SET dropped_at_ms = $3
                 WHERE vault_id = $1 AND attachment_id = $2 AND dropped_at_ms IS NULL
                 AND unreferenced_since_ms IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM attachment_refs AS named
                 WHERE named.vault_id = attachments.vault_id
                 AND named.attachment_id = attachments.attachment_id)",
            )
            .bind(vault.as_bytes().as_slice())
            .bind(attachment.as_bytes().as_slice())
            .bind(to_i64(now_ms))
            .execute(&mut *conn)
            .await?;
        });
        Ok(())
    }

    /// Drops attachments that no details have named since `before_ms`, uploads that were never
    /// finished among them, and deletes the chunks of all that were dropped, a few in each
    /// statement, so that nobody waits for long. Returns how many attachments are gone.
    pub async fn clean_up_attachments(
        &self,
        now_ms: u64,
        before_ms: u64,
    ) -> Result<u64, StoreError> {
        let (now, before) = (to_i64(now_ms), to_i64(before_ms));
        transaction!(self, |tx| {
            // Details that are neither an item's nor those of a version that is kept.
            sqlx::query(
                "DELETE FROM attachment_refs WHERE NOT EXISTS
                 (SELECT 1 FROM item_details WHERE item_details.vault_id = attachment_refs.vault_id
                 AND item_details.item_id = attachment_refs.item_id
                 AND item_details.version = attachment_refs.details_version)
                 AND NOT EXISTS
                 (SELECT 1 FROM item_versions
                 WHERE item_versions.vault_id = attachment_refs.vault_id
                 AND item_versions.item_id = attachment_refs.item_id
                 AND item_versions.details_version = attachment_refs.details_version)",
            )
            .execute(&mut *tx)
            .await?;
            sqlx::query(
                "UPDATE attachments SET unreferenced_since_ms = $1
                 WHERE unreferenced_since_ms IS NULL AND NOT EXISTS
                 (SELECT 1 FROM attachment_refs AS named
                 WHERE named.vault_id = attachments.vault_id
                 AND named.attachment_id = attachments.attachment_id)",
            )
            .bind(now)
            .execute(&mut *tx)
            .await?;
            // What was named at the very moment in which it was found unnamed.
            sqlx::query(
                "UPDATE attachments SET unreferenced_since_ms = NULL
                 WHERE unreferenced_since_ms IS NOT NULL AND EXISTS
                 (SELECT 1 FROM attachment_refs AS named
                 WHERE named.vault_id = attachments.vault_id
                 AND named.attachment_id = attachments.attachment_id)",
            )
            .execute(&mut *tx)
            .await?;
            sqlx::query(
                "UPDATE attachments SET dropped_at_ms = $1
                 WHERE dropped_at_ms IS NULL AND unreferenced_since_ms < $2",
            )
            .bind(now)
            .bind(before)
            .execute(&mut *tx)
            .await?;
        });
        loop {
            let deleted = writing!(self, |conn| {
                sqlx::query(
                    "DELETE FROM attachment_chunks WHERE (vault_id, attachment_id, number) IN
                     (SELECT doomed.vault_id, doomed.attachment_id, doomed.number
                     FROM attachments
                     JOIN attachment_chunks AS doomed ON doomed.vault_id = attachments.vault_id
                     AND doomed.attachment_id = attachments.attachment_id
                     WHERE attachments.dropped_at_ms IS NOT NULL LIMIT $1)",
                )
                .bind(CHUNKS_AT_ONCE)
                .execute(&mut *conn)
                .await?
                .rows_affected()
            });
            if deleted == 0 {
                break;
            }
        }
        // A day later, so that nobody takes the name of one whose last chunks are on their way.
        let gone = writing!(self, |conn| {
            sqlx::query("DELETE FROM attachments WHERE dropped_at_ms < $1")
                .bind(before)
                .execute(&mut *conn)
                .await?
                .rows_affected()
        });
        Ok(gone)
    }
}

/// Chunks deleted by one statement: 16 MiB, which a disk overwrites in the time of a few saves.
const CHUNKS_AT_ONCE: i64 = 16;
