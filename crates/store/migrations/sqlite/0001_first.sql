-- Equal in tables, columns, keys and indexes to the Postgres migration of the same name.
-- Ids, hashes and sealed bytes are BLOB; times are Unix milliseconds.

CREATE TABLE accounts (
    account_id BLOB NOT NULL PRIMARY KEY,
    handle BLOB NOT NULL UNIQUE,
    bundle BLOB NOT NULL,
    email TEXT,
    -- The address as it is compared. Deliberately not unique: addresses are not verified.
    email_key TEXT,
    terms_version TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX accounts_by_email_key ON accounts (email_key);

-- One row per account, replaced as a whole when the password changes.
CREATE TABLE keysets (
    account_id BLOB NOT NULL PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    auth_public_key BLOB NOT NULL,
    wrapped_root_key BLOB NOT NULL,
    keyring BLOB NOT NULL,
    changed_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE vaults (
    vault_id BLOB NOT NULL PRIMARY KEY,
    owner_id BLOB NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    key_epoch INTEGER NOT NULL,
    wrapped_key BLOB NOT NULL,
    revision INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX vaults_by_owner ON vaults (owner_id);

-- What a list row needs. A tombstone has neither details version nor overview.
CREATE TABLE items (
    vault_id BLOB NOT NULL REFERENCES vaults (vault_id) ON DELETE CASCADE,
    item_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    details_version INTEGER,
    overview BLOB,
    PRIMARY KEY (vault_id, item_id)
) STRICT;
CREATE INDEX items_by_revision ON items (vault_id, revision);

-- Kept apart from items, so that a sync does not read past the details.
CREATE TABLE item_details (
    vault_id BLOB NOT NULL,
    item_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    details BLOB NOT NULL,
    PRIMARY KEY (vault_id, item_id),
    FOREIGN KEY (vault_id, item_id) REFERENCES items (vault_id, item_id) ON DELETE CASCADE
) STRICT;

CREATE TABLE sessions (
    session_id BLOB NOT NULL PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    account_id BLOB NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    client TEXT NOT NULL,
    device_name TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    last_used_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_account ON sessions (account_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);

CREATE TABLE used_nonces (
    nonce BLOB NOT NULL PRIMARY KEY,
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX used_nonces_by_expiry ON used_nonces (expires_at_ms);

CREATE TABLE rate_counters (
    counter_key BLOB NOT NULL PRIMARY KEY,
    hits INTEGER NOT NULL,
    window_ends_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX rate_counters_by_end ON rate_counters (window_ends_at_ms);

-- At most one notice of a kind per account, so that nobody can flood another.
CREATE TABLE notices (
    account_id BLOB NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, kind)
) STRICT, WITHOUT ROWID;
