-- Equal in tables, columns, keys and indexes to the SQLite migration of the same name.
-- Ids, hashes and sealed bytes are BYTEA; times are Unix milliseconds.

CREATE TABLE accounts (
    account_id BYTEA NOT NULL PRIMARY KEY,
    handle BYTEA NOT NULL UNIQUE,
    bundle BYTEA NOT NULL,
    email TEXT,
    -- The address as it is compared. Deliberately not unique: addresses are not verified.
    email_key TEXT,
    terms_version TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX accounts_by_email_key ON accounts (email_key);

-- One row per account, replaced as a whole when the password changes.
CREATE TABLE keysets (
    account_id BYTEA NOT NULL PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    auth_public_key BYTEA NOT NULL,
    wrapped_root_key BYTEA NOT NULL,
    keyring BYTEA NOT NULL,
    changed_at_ms BIGINT NOT NULL
);

CREATE TABLE vaults (
    vault_id BYTEA NOT NULL PRIMARY KEY,
    owner_id BYTEA NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    key_epoch BIGINT NOT NULL,
    wrapped_key BYTEA NOT NULL,
    revision BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX vaults_by_owner ON vaults (owner_id);

-- What a list row needs. A tombstone has neither details version nor overview.
CREATE TABLE items (
    vault_id BYTEA NOT NULL REFERENCES vaults (vault_id) ON DELETE CASCADE,
    item_id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    details_version BIGINT,
    overview BYTEA,
    PRIMARY KEY (vault_id, item_id)
);
-- Ciphertext does not compress: do not try.
ALTER TABLE items ALTER COLUMN overview SET STORAGE EXTERNAL;
CREATE INDEX items_by_revision ON items (vault_id, revision);

-- Kept apart from items, so that a sync does not read past the details.
CREATE TABLE item_details (
    vault_id BYTEA NOT NULL,
    item_id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    details BYTEA NOT NULL,
    PRIMARY KEY (vault_id, item_id),
    FOREIGN KEY (vault_id, item_id) REFERENCES items (vault_id, item_id) ON DELETE CASCADE
);

ALTER TABLE item_details ALTER COLUMN details SET STORAGE EXTERNAL;

CREATE TABLE sessions (
    session_id BYTEA NOT NULL PRIMARY KEY,
    token_hash BYTEA NOT NULL UNIQUE,
    account_id BYTEA NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    client TEXT NOT NULL,
    device_name TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    last_used_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);

CREATE TABLE used_nonces (
    nonce BYTEA NOT NULL PRIMARY KEY,
    expires_at_ms BIGINT NOT NULL
);
CREATE INDEX used_nonces_by_expiry ON used_nonces (expires_at_ms);

CREATE TABLE rate_counters (
    counter_key BYTEA NOT NULL PRIMARY KEY,
    hits BIGINT NOT NULL,
    window_ends_at_ms BIGINT NOT NULL
);
CREATE INDEX rate_counters_by_end ON rate_counters (window_ends_at_ms);

-- At most one notice of a kind per account, so that nobody can flood another.
CREATE TABLE notices (
    account_id BYTEA NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (account_id, kind)
);
