-- Equal in tables, columns, keys and indexes to the SQLite migration of the same name.

-- The user bundles that replaced the genesis bundle, one after the other. Absent where none did.
ALTER TABLE accounts ADD COLUMN rotations BYTEA;

-- An account without a row never had a recovery key. One that was revoked leaves its row, so that
-- its version is never used again.
CREATE TABLE recovery_keys (
    account_id BYTEA NOT NULL PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    -- Counts the keys made and revoked.
    version BIGINT NOT NULL,
    -- The rest is absent where the key was revoked.
    auth_public_key BYTEA,
    wrapped_root_key BYTEA,
    -- Sealed by the account for itself.
    note BYTEA,
    changed_at_ms BIGINT NOT NULL,
    -- When it last put new keys in force.
    used_at_ms BIGINT
);

-- A change of keys that has begun.
CREATE TABLE rekeys (
    account_id BYTEA NOT NULL PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    rekey_id BYTEA NOT NULL,
    begun_at_ms BIGINT NOT NULL
);
CREATE INDEX rekeys_by_begin ON rekeys (begun_at_ms);

-- Its items, sealed anew. Nothing reads them before they are all in force.
CREATE TABLE rekey_items (
    account_id BYTEA NOT NULL REFERENCES rekeys (account_id) ON DELETE CASCADE,
    item_id BYTEA NOT NULL,
    -- The item's version afterwards.
    version BIGINT NOT NULL,
    overview BYTEA NOT NULL,
    details BYTEA NOT NULL,
    PRIMARY KEY (account_id, item_id)
);
