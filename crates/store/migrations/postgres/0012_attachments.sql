-- Equal in tables, columns, keys and indexes to the SQLite migration of the same name.

-- Files that are attached to items, sealed in chunks. A binary before this one knows nothing of them
-- and keeps them: it refuses writes that name any, and what it does to items takes none away.
CREATE TABLE attachments (
    vault_id BYTEA NOT NULL,
    attachment_id BYTEA NOT NULL,
    -- Of all envelopes together; the chunks are as many as that makes.
    bytes BIGINT NOT NULL,
    chunks BIGINT NOT NULL,
    -- Since when no item names it; absent while one does.
    unreferenced_since_ms BIGINT,
    -- It is gone for everybody, and its chunks are being deleted.
    dropped_at_ms BIGINT,
    PRIMARY KEY (vault_id, attachment_id),
    FOREIGN KEY (vault_id) REFERENCES vaults (vault_id) ON DELETE CASCADE
);

CREATE TABLE attachment_chunks (
    vault_id BYTEA NOT NULL,
    attachment_id BYTEA NOT NULL,
    number BIGINT NOT NULL,
    envelope BYTEA NOT NULL,
    PRIMARY KEY (vault_id, attachment_id, number),
    FOREIGN KEY (vault_id, attachment_id) REFERENCES attachments (vault_id, attachment_id)
    ON DELETE CASCADE
);

-- Which details name which attachments: those of an item, and those of versions that were replaced.
CREATE TABLE attachment_refs (
    vault_id BYTEA NOT NULL,
    attachment_id BYTEA NOT NULL,
    item_id BYTEA NOT NULL,
    -- Which version wrote the details.
    details_version BIGINT NOT NULL,
    PRIMARY KEY (vault_id, attachment_id, item_id, details_version),
    FOREIGN KEY (vault_id, attachment_id) REFERENCES attachments (vault_id, attachment_id)
    ON DELETE CASCADE,
    FOREIGN KEY (vault_id, item_id) REFERENCES item_details (vault_id, item_id) ON DELETE CASCADE
);

CREATE INDEX attachment_refs_by_item ON attachment_refs (vault_id, item_id);
