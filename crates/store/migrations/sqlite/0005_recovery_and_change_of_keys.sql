-- Equal in tables, columns, keys and indexes to the Postgres migration of the same name.

-- The user bundles that replaced the genesis bundle, one after the other. Absent where none did.
ALTER TABLE accounts ADD COLUMN rotations BLOB;

-- An account without a row never had a recovery key. One that was revoked leaves its row, so that
-- its version is never used again.
CREATE TABLE recovery_keys (
    account_id BLOB NOT NULL PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    -- Counts the keys made and revoked.
    version INTEGER NOT NULL,
    -- The rest is absent where the key was revoked.
    auth_public_key BLOB,
    wrapped_root_key BLOB,
    -- Sealed by the account for itself.
    note BLOB,
    changed_at_ms INTEGER NOT NULL,
    -- When it last put new keys in force.
    used_at_ms INTEGER
) STRICT;

-- A change of keys that has begun.
CREATE TABLE rekeys (
    account_id BLOB NOT NULL PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    rekey_id BLOB NOT NULL,
    begun_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX rekeys_by_begin ON rekeys (begun_at_ms);

-- Its items, sealed anew. Nothing reads them before they are all in force.
CREATE TABLE rekey_items (
    account_id BLOB NOT NULL REFERENCES rekeys (account_id) ON DELETE CASCADE,
    item_id BLOB NOT NULL,
    -- The item's version afterwards.
    version INTEGER NOT NULL,
    overview BLOB NOT NULL,
    details BLOB NOT NULL,
    PRIMARY KEY (account_id, item_id)
) STRICT;
