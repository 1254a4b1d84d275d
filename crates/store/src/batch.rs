//! Any number of rows as two parameters of one statement.
//!
//! SQLite takes at most 32,766 variables per statement, Postgres 65,535, and a statement per row
//! would make the cost of a batch grow with the round trip. A batch is instead one blob, which
//! holds the rows' bytes end to end, and one JSON array of `[offset, length, number, flag]`, some
//! with another number at the end.
//! Both databases can take that apart: only the name of the function that unfolds the array
//! differs. Binary stays binary, with no hexadecimal in between.

use std::fmt::Write as _;

/// Rows for one statement: `$1` is the JSON array and `$2` the blob.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) rows: String,
    pub(crate) bytes: Vec<u8>,
}

impl Batch {
    /// Appends a row of 16-byte id, number, flag and payload.
    pub(crate) fn push(&mut self, id: &[u8; 16], number: i64, flag: bool, payload: &[u8]) {
        let separator = if self.rows.is_empty() { '[' } else { ',' };
        // SQL counts bytes from 1. Writing into a string cannot fail.
        let _ = write!(
            self.rows,
            "{separator}[{},{},{number},{}]",
            self.bytes.len() + 1,
            payload.len(),
            u8::from(flag)
        );
        self.bytes.extend_from_slice(id);
        self.bytes.extend_from_slice(payload);
    }

    /// Appends a row whose payload is two things; its flag is the length of the second.
    pub(crate) fn push_pair(&mut self, id: &[u8; 16], number: i64, first: &[u8], second: &[u8]) {
        let separator = if self.rows.is_empty() { '[' } else { ',' };
        let _ = write!(
            self.rows,
            "{separator}[{},{},{number},{}]",
            self.bytes.len() + 1,
            first.len() + second.len(),
            second.len()
        );
        for part in [id.as_slice(), first, second] {
            self.bytes.extend_from_slice(part);
        }
    }

    /// Appends a version, whose payload is an overview and, where they stand with it, details; its
    /// flag is the length of the details. `extra` is the version that its details were sealed for.
    pub(crate) fn push_version(
        &mut self,
        id: &[u8; 16],
        (version, details_version): (i64, i64),
        overview: &[u8],
        details: &[u8],
    ) {
        self.push_pair(id, version, overview, details);
        self.rows.pop();
        let _ = write!(self.rows, ",{details_version}]");
    }

    /// Whether there is no row.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Ends the array.
    pub(crate) fn finish(mut self) -> Self {
        self.rows
            .push_str(if self.rows.is_empty() { "[]" } else { "]" });
        self
    }
}

/// The statements that take a batch. `batch` has the columns `id`, `number`, `flag`, `extra`,
/// `payload`.
pub(crate) trait BatchSql {
    /// `$3` vault → id and current version of each row that is not at version `number`, or is
    /// a tombstone.
    const CONFLICTS: &'static str;
    /// `$3` vault, `$4` now. Keeps what a write is about to replace; `flag` says that the details
    /// are replaced, too.
    const KEEP_VERSIONS: &'static str;
    /// `$3` vault, `$4` now. Keeps versions that come with items which a change creates: see
    /// [`Batch::push_version`].
    const KEEP_EARLIER: &'static str;
    /// `$3` vault, `$4` how many replaced versions of each item stay, `$5` how many secrets of
    /// older ones.
    const PRUNE_VERSIONS: &'static str;
    /// `$3` vault, `$4` revision. `number` is the version before; `flag` says that details come
    /// with it.
    const WRITE_OVERVIEWS: &'static str;
    /// `$3` vault. `number` is the version before.
    const WRITE_DETAILS: &'static str;
    /// `$3` vault, `$4` revision.
    const PURGE_ITEMS: &'static str;
    /// `$3` vault.
    const PURGE_DETAILS: &'static str;
    /// `$3` vault. A row is an attachment. Marks those that are there as a whole as named.
    const NAME_ATTACHMENTS: &'static str;
    /// `$3` vault. A row is an attachment, `number` the version before of the item that is its
    /// payload.
    const REFER_TO_ATTACHMENTS: &'static str;
    /// `$3` vault → id, item version, details version, details.
    const READ_DETAILS: &'static str;
    /// `$3` vault, `$4` and `$5` the item and version after which to begin, `$6` most → id, version,
    /// when it was replaced, overview, in the order of ids and versions.
    const READ_HISTORIES: &'static str;
    /// `$3` vault. `number` is a version that was replaced → id, that version, its details.
    const READ_VERSION_DETAILS: &'static str;
    /// `$3` account. A row is a pair of overview and details, `number` the version of both.
    const STAGE_ITEMS: &'static str;
    /// `$3` account. Deletes the dates that are not in the batch.
    const DROP_REMINDERS: &'static str;
    /// `$3` account, `$4` the day before. `number` is the day; those that are there stay.
    const PUT_REMINDERS: &'static str;
    /// `$3` token → id and current version of each row whose item in the token's copy is not at
    /// version `number`.
    const MACHINE_CONFLICTS: &'static str;
    /// `$3` token, `$4` revision. A row is a pair of overview and details, `number` the version
    /// before.
    const WRITE_MACHINE_ITEMS: &'static str;
    /// `$3` token, `$4` revision.
    const PURGE_MACHINE_ITEMS: &'static str;
    /// `$3` token → id, version, details.
    const READ_MACHINE_DETAILS: &'static str;
    /// `$3` token. A row is an item, `number` the version that a change of it is made on, its payload
    /// the change, that which it replaces, and the sealed bytes; `flag` says that it replaces one. →
    /// how many are not made on what waits.
    const HAND_IN_CONFLICTS: &'static str;
    /// `$3` token, `$4` now. Rows as in [`Self::HAND_IN_CONFLICTS`].
    const HAND_IN: &'static str;
    /// `$3` vault. A row is a token, its payload an item and a change.
    const TAKE_CHANGES: &'static str;
    /// `$3` account. Rows as in [`Self::TAKE_CHANGES`].
    const DISCARD_CHANGES: &'static str;
    /// `$3` now, `$4` end of a window that begins now → id, hits, end of the window.
    const HIT: &'static str;
}

macro_rules! batch_sql {
    (@$unfold:literal, $statement:literal) => {
        concat!(
            "WITH batch AS (SELECT
             substr($2, CAST(entry.value->>0 AS INTEGER), 16) AS id,
             CAST(entry.value->>2 AS BIGINT) AS number,
             CAST(entry.value->>3 AS INTEGER) AS flag,
             CAST(entry.value->>4 AS BIGINT) AS extra,
             substr($2, CAST(entry.value->>0 AS INTEGER) + 16, CAST(entry.value->>1 AS INTEGER))
             AS payload FROM ",
            $unfold,
            " AS entry) ",
            $statement
        )
    };
    ($driver:ty, $unfold:literal) => {
        impl BatchSql for $driver {
            const CONFLICTS: &'static str = batch_sql!(
                @$unfold,
                "SELECT batch.id, COALESCE(items.version, 0) FROM batch
                 LEFT JOIN items ON items.vault_id = $3 AND items.item_id = batch.id
                 WHERE COALESCE(items.version, 0) <> batch.number
                 OR (items.item_id IS NOT NULL AND items.overview IS NULL)"
            );
            // CROSS, because SQLite may turn another join around, and unfold the batch for every item.
            const KEEP_VERSIONS: &'static str = batch_sql!(
                @$unfold,
                "INSERT INTO item_versions (vault_id, item_id, version, key_epoch, replaced_at_ms,
                 details_version, overview, details)
                 SELECT items.vault_id, items.item_id, items.version,
                 (SELECT vaults.key_epoch FROM vaults WHERE vaults.vault_id = $3), $4,
                 items.details_version, items.overview,
                 CASE WHEN batch.flag = 1 THEN item_details.details END
                 FROM batch CROSS JOIN items
                 JOIN item_details ON item_details.vault_id = items.vault_id
                 AND item_details.item_id = items.item_id
                 WHERE items.vault_id = $3 AND items.item_id = batch.id
                 AND items.overview IS NOT NULL"
            );
            const KEEP_EARLIER: &'static str = batch_sql!(
                @$unfold,
                "INSERT INTO item_versions (vault_id, item_id, version, key_epoch, replaced_at_ms,
                 details_version, overview, details)
                 SELECT $3, batch.id, batch.number,
                 (SELECT vaults.key_epoch FROM vaults WHERE vaults.vault_id = $3), $4,
                 batch.extra,
                 substr(batch.payload, 1, length(batch.payload) - batch.flag),
                 CASE WHEN batch.flag > 0
                 THEN substr(batch.payload, length(batch.payload) - batch.flag + 1) END
                 FROM batch"
            );
            const PRUNE_VERSIONS: &'static str = batch_sql!(
                @$unfold,
                "DELETE FROM item_versions
                 WHERE vault_id = $3 AND item_id IN (SELECT batch.id FROM batch)
                 AND version < (SELECT items.version - $4 FROM items
                 WHERE items.vault_id = $3 AND items.item_id = item_versions.item_id)
                 AND (details IS NULL OR $5 <= (SELECT COUNT(*) FROM item_versions AS newer
                 WHERE newer.vault_id = $3 AND newer.item_id = item_versions.item_id
                 AND newer.version > item_versions.version AND newer.details IS NOT NULL))"
            );
            // `WHERE true` tells SQLite that ON CONFLICT does not belong to a join.
            const WRITE_OVERVIEWS: &'static str = batch_sql!(
                @$unfold,
                "INSERT INTO items
                 (vault_id, item_id, version, revision, details_version, overview)
                 SELECT $3, batch.id, batch.number + 1, $4,
                 CASE WHEN batch.flag = 1 THEN batch.number + 1 END, batch.payload
                 FROM batch WHERE true
                 ON CONFLICT (vault_id, item_id) DO UPDATE SET
                 version = excluded.version, revision = excluded.revision,
                 details_version = COALESCE(excluded.details_version, items.details_version),
                 overview = excluded.overview"
            );
            const WRITE_DETAILS: &'static str = batch_sql!(
                @$unfold,
                "INSERT INTO item_details (vault_id, item_id, version, details)
                 SELECT $3, batch.id, batch.number + 1, batch.payload FROM batch WHERE true
                 ON CONFLICT (vault_id, item_id) DO UPDATE SET
                 version = excluded.version, details = excluded.details"
            );
            const PURGE_ITEMS: &'static str = batch_sql!(
                @$unfold,
                "UPDATE items SET version = version + 1, revision = $4,
                 details_version = NULL, overview = NULL
                 WHERE vault_id = $3 AND item_id IN (SELECT batch.id FROM batch)"
            );
            const PURGE_DETAILS: &'static str = batch_sql!(
                @$unfold,
                "DELETE FROM item_details
                 WHERE vault_id = $3 AND item_id IN (SELECT batch.id FROM batch)"
            );
            const NAME_ATTACHMENTS: &'static str = batch_sql!(
                @$unfold,
                "UPDATE attachments SET unreferenced_since_ms = NULL
                 WHERE vault_id = $3 AND attachment_id IN (SELECT batch.id FROM batch)
                 AND dropped_at_ms IS NULL AND chunks =
                 (SELECT COUNT(*) FROM attachment_chunks AS there
                 WHERE there.vault_id = $3 AND there.attachment_id = attachments.attachment_id)"
            );
            const REFER_TO_ATTACHMENTS: &'static str = batch_sql!(
                @$unfold,
                "INSERT INTO attachment_refs (vault_id, attachment_id, item_id, details_version)
                 SELECT $3, batch.id, batch.payload, batch.number + 1 FROM batch"
            );
            // IN, because SQLite may turn a join around and unfold the batch for every item.
            const READ_DETAILS: &'static str = batch_sql!(
                @$unfold,
                "SELECT items.item_id, items.version, item_details.version, item_details.details
                 FROM item_details
                 JOIN items ON items.vault_id = item_details.vault_id
                 AND items.item_id = item_details.item_id
                 WHERE item_details.vault_id = $3
                 AND item_details.item_id IN (SELECT batch.id FROM batch)"
            );
            const READ_HISTORIES: &'static str = batch_sql!(
                @$unfold,
                "SELECT kept.item_id, kept.version, kept.replaced_at_ms, kept.overview
                 FROM item_versions AS kept
                 JOIN vaults ON vaults.vault_id = kept.vault_id
                 WHERE kept.vault_id = $3 AND kept.item_id IN (SELECT batch.id FROM batch)
                 AND kept.key_epoch = vaults.key_epoch
                 AND (kept.item_id, kept.version) > ($4, $5)
                 ORDER BY kept.item_id, kept.version LIMIT $6"
            );
            // They stand with the last version that had them, or the item has them still.
            const READ_VERSION_DETAILS: &'static str = batch_sql!(
                @$unfold,
                "SELECT found.item_id, found.version, found.details FROM
                 (SELECT wanted.item_id, wanted.version, COALESCE(
                 (SELECT shared.details FROM item_versions AS shared
                 WHERE shared.vault_id = $3 AND shared.item_id = wanted.item_id
                 AND shared.details_version = wanted.details_version
                 AND shared.details IS NOT NULL
                 ORDER BY shared.version DESC LIMIT 1),
                 (SELECT item_details.details FROM item_details
                 WHERE item_details.vault_id = $3 AND item_details.item_id = wanted.item_id
                 AND item_details.version = wanted.details_version)) AS details
                 FROM batch CROSS JOIN item_versions AS wanted
                 JOIN vaults ON vaults.vault_id = wanted.vault_id
                 WHERE wanted.vault_id = $3 AND wanted.item_id = batch.id
                 AND wanted.version = batch.number
                 AND wanted.key_epoch = vaults.key_epoch) AS found
                 WHERE found.details IS NOT NULL"
            );
            const STAGE_ITEMS: &'static str = batch_sql!(
                @$unfold,
                "INSERT INTO rekey_items (account_id, item_id, version, overview, details)
                 SELECT $3, batch.id, batch.number,
                 substr(batch.payload, 1, length(batch.payload) - batch.flag),
                 substr(batch.payload, length(batch.payload) - batch.flag + 1)
                 FROM batch WHERE batch.id IN (SELECT items.item_id FROM items
                 JOIN vaults ON vaults.vault_id = items.vault_id
                 WHERE vaults.owner_id = $3 AND items.overview IS NOT NULL)
                 ON CONFLICT (account_id, item_id) DO UPDATE SET
                 version = excluded.version, overview = excluded.overview,
                 details = excluded.details"
            );
            const DROP_REMINDERS: &'static str = batch_sql!(
                @$unfold,
                "DELETE FROM reminder_entries WHERE account_id = $3
                 AND entry_id NOT IN (SELECT batch.id FROM batch)"
            );
            const PUT_REMINDERS: &'static str = batch_sql!(
                @$unfold,
                "INSERT INTO reminder_entries
                 (account_id, entry_id, due_day, told_day, mailed_day)
                 SELECT $3, batch.id, batch.number, $4, $4 FROM batch WHERE true
                 ON CONFLICT (account_id, entry_id) DO NOTHING"
            );
            const MACHINE_CONFLICTS: &'static str = batch_sql!(
                @$unfold,
                "SELECT batch.id, COALESCE(machine_items.version, 0) FROM batch
                 LEFT JOIN machine_items ON machine_items.token_id = $3
                 AND machine_items.item_id = batch.id
                 WHERE COALESCE(machine_items.version, 0) <> batch.number"
            );
            const WRITE_MACHINE_ITEMS: &'static str = batch_sql!(
                @$unfold,
                "INSERT INTO machine_items
                 (token_id, item_id, version, revision, overview, details)
                 SELECT $3, batch.id, batch.number + 1, $4,
                 substr(batch.payload, 1, length(batch.payload) - batch.flag),
                 substr(batch.payload, length(batch.payload) - batch.flag + 1)
                 FROM batch WHERE true
                 ON CONFLICT (token_id, item_id) DO UPDATE SET
                 version = excluded.version, revision = excluded.revision,
                 overview = excluded.overview, details = excluded.details"
            );
            const PURGE_MACHINE_ITEMS: &'static str = batch_sql!(
                @$unfold,
                "UPDATE machine_items SET version = version + 1, revision = $4,
                 overview = NULL, details = NULL
                 WHERE token_id = $3 AND item_id IN (SELECT batch.id FROM batch)"
            );
            const READ_MACHINE_DETAILS: &'static str = batch_sql!(
                @$unfold,
                "SELECT item_id, version, details FROM machine_items
                 WHERE token_id = $3 AND details IS NOT NULL
                 AND item_id IN (SELECT batch.id FROM batch)"
            );
            // The same change once more is no conflict: its answer was lost. Another one under its name
            // is: a person may have looked at the first.
            const HAND_IN_CONFLICTS: &'static str = batch_sql!(
                @$unfold,
                "SELECT COUNT(*) FROM batch
                 LEFT JOIN machine_changes AS there ON there.token_id = $3
                 AND there.item_id = batch.id
                 WHERE CASE WHEN there.change_id IS NULL THEN batch.flag = 1
                 WHEN there.change_id = substr(batch.payload, 1, 16)
                 THEN there.sealed <> substr(batch.payload, 33)
                 OR there.base_version <> batch.number
                 ELSE NOT (batch.flag = 1
                 AND there.change_id = substr(batch.payload, 17, 16)
                 AND there.base_version = batch.number) END"
            );
            const HAND_IN: &'static str = batch_sql!(
                @$unfold,
                "INSERT INTO machine_changes
                 (token_id, item_id, change_id, base_version, handed_in_at_ms, sealed)
                 SELECT $3, batch.id, substr(batch.payload, 1, 16), batch.number, $4,
                 substr(batch.payload, 33) FROM batch WHERE true
                 ON CONFLICT (token_id, item_id) DO UPDATE SET
                 change_id = excluded.change_id, base_version = excluded.base_version,
                 handed_in_at_ms = excluded.handed_in_at_ms, sealed = excluded.sealed"
            );
            const TAKE_CHANGES: &'static str = batch_sql!(
                @$unfold,
                "DELETE FROM machine_changes WHERE (token_id, item_id, change_id) IN
                 (SELECT batch.id, substr(batch.payload, 1, 16), substr(batch.payload, 17, 16)
                 FROM batch)
                 AND token_id IN (SELECT machine_tokens.token_id FROM machine_tokens
                 JOIN vaults ON vaults.owner_id = machine_tokens.account_id
                 WHERE vaults.vault_id = $3)"
            );
            const DISCARD_CHANGES: &'static str = batch_sql!(
                @$unfold,
                "DELETE FROM machine_changes WHERE (token_id, item_id, change_id) IN
                 (SELECT batch.id, substr(batch.payload, 1, 16), substr(batch.payload, 17, 16)
                 FROM batch)
                 AND token_id IN (SELECT machine_tokens.token_id FROM machine_tokens
                 WHERE machine_tokens.account_id = $3)"
            );
            // Ordered, so that two statements never wait for each other's rows.
            const HIT: &'static str = batch_sql!(
                @$unfold,
                "INSERT INTO rate_counters (counter_key, hits, window_ends_at_ms)
                 SELECT batch.id, 1, $4 FROM batch WHERE true ORDER BY batch.id
                 ON CONFLICT (counter_key) DO UPDATE SET
                 hits = CASE WHEN rate_counters.window_ends_at_ms <= $3
                 THEN 1 ELSE rate_counters.hits + 1 END,
                 window_ends_at_ms = CASE WHEN rate_counters.window_ends_at_ms <= $3
                 THEN $4 ELSE rate_counters.window_ends_at_ms END
                 RETURNING counter_key, hits, window_ends_at_ms"
            );
        }
    };
}

batch_sql!(sqlx::Sqlite, "json_each($1)");
batch_sql!(sqlx::Postgres, "jsonb_array_elements(CAST($1 AS JSONB))");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_laid_end_to_end() {
        let mut batch = Batch::default();
        assert!(batch.is_empty());
        batch.push(&[1; 16], 7, true, b"abc");
        batch.push(&[2; 16], 0, false, b"");
        assert!(!batch.is_empty());
        let batch = batch.finish();
        assert_eq!(batch.rows, "[[1,3,7,1],[20,0,0,0]]");
        assert_eq!(batch.bytes.len(), 16 + 3 + 16);
        assert_eq!(Batch::default().finish().rows, "[]");
        let mut pairs = Batch::default();
        pairs.push_pair(&[1; 16], 7, b"abc", b"de");
        pairs.push_pair(&[2; 16], 8, b"", b"f");
        let pairs = pairs.finish();
        assert_eq!(pairs.rows, "[[1,5,7,2],[22,1,8,1]]");
        assert!(pairs.bytes.ends_with(b"f") && pairs.bytes[16..21] == *b"abcde");
        let mut versions = Batch::default();
        versions.push_version(&[1; 16], (7, 5), b"abc", b"de");
        versions.push_version(&[1; 16], (8, 8), b"f", b"");
        let versions = versions.finish();
        assert_eq!(versions.rows, "[[1,5,7,2,5],[22,1,8,0,8]]");
    }
}
