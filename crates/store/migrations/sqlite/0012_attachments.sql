-- Equal in tables, columns, keys and indexes to the Postgres migration of the same name.

-- Files that are attached to items, sealed in chunks. A binary before this one knows nothing of them
-- and keeps them: it refuses writes that name any, and what it does to items takes none away.
CREATE TABLE attachments (
    vault_id BLOB NOT NULL,
    attachment_id BLOB NOT NULL,
    -- Of all envelopes together; the chunks are as many as that makes.
    bytes INTEGER NOT NULL,
    chunks INTEGER NOT NULL,
    -- Since when no item names it; absent while one does.
    unreferenced_since_ms INTEGER,
    -- It is gone for everybody, and its chunks are being deleted.
    dropped_at_ms INTEGER,
    PRIMARY KEY (vault_id, attachment_id),
    FOREIGN KEY (vault_id) REFERENCES vaults (vault_id) ON DELETE CASCADE
) STRICT;

CREATE TABLE attachment_chunks (
    vault_id BLOB NOT NULL,
    attachment_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    envelope BLOB NOT NULL,
    PRIMARY KEY (vault_id, attachment_id, number),
    FOREIGN KEY (vault_id, attachment_id) REFERENCES attachments (vault_id, attachment_id)
    ON DELETE CASCADE
) STRICT;

-- Which details name which attachments: those of an item, and those of versions that were replaced.
CREATE TABLE attachment_refs (
    vault_id BLOB NOT NULL,
    attachment_id BLOB NOT NULL,
    item_id BLOB NOT NULL,
    -- Which version wrote the details.
    details_version INTEGER NOT NULL,
    PRIMARY KEY (vault_id, attachment_id, item_id, details_version),
    FOREIGN KEY (vault_id, attachment_id) REFERENCES attachments (vault_id, attachment_id)
    ON DELETE CASCADE,
    FOREIGN KEY (vault_id, item_id) REFERENCES item_details (vault_id, item_id) ON DELETE CASCADE
) STRICT;

CREATE INDEX attachment_refs_by_item ON attachment_refs (vault_id, item_id);
