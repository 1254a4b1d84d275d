-- Equal in tables, columns, keys and indexes to the Postgres migration of the same name.

-- What each write of an item replaced. A binary before this one keeps nothing: the versions that it
-- replaces are missing here, and clients show the gap.
CREATE TABLE item_versions (
    vault_id BLOB NOT NULL,
    item_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    -- The epoch of the vault key that it is sealed under. A change of keys deletes all versions of
    -- before, but not where a binary before this one makes it.
    key_epoch INTEGER NOT NULL,
    replaced_at_ms INTEGER NOT NULL,
    -- Which version wrote the details that it had.
    details_version INTEGER NOT NULL,
    overview BLOB NOT NULL,
    -- Only in the last version that had them; absent also while the item has them still. Last in
    -- the row, so that whoever lists versions does not read past them.
    details BLOB,
    PRIMARY KEY (vault_id, item_id, version),
    -- Not the item, which leaves a tombstone: whoever deletes it for good deletes its details, and
    -- so do binaries before this one.
    FOREIGN KEY (vault_id, item_id) REFERENCES item_details (vault_id, item_id) ON DELETE CASCADE
) STRICT;
