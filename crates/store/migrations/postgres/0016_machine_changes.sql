-- Equal in tables, columns, keys and indexes to the SQLite migration of the same name.

-- 1 if its holder may hand in changes.
ALTER TABLE machine_tokens ADD COLUMN writes BIGINT NOT NULL DEFAULT 0;

-- What was handed in with a token that writes, and was neither taken nor discarded yet: one of an item
-- at most.
CREATE TABLE machine_changes (
    token_id BYTEA NOT NULL REFERENCES machine_tokens (token_id) ON DELETE CASCADE,
    item_id BYTEA NOT NULL,
    change_id BYTEA NOT NULL,
    -- The version of the vault's item that it is made on; 0 for one that it makes.
    base_version BIGINT NOT NULL,
    handed_in_at_ms BIGINT NOT NULL,
    -- What is to become of the item, sealed under the key of the copy.
    sealed BYTEA NOT NULL,
    PRIMARY KEY (token_id, item_id)
);
