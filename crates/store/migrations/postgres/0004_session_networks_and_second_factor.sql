-- Equal in tables, columns, keys and indexes to the SQLite migration of the same name.

-- Where a session was last used from, as coarse as `203.0.x.x`. Absent in sessions that a binary
-- before this one began.
ALTER TABLE sessions ADD COLUMN network TEXT;

-- An account without a row has no second factor.
CREATE TABLE second_factors (
    account_id BYTEA NOT NULL PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    -- Counts the changes of the row. Whoever accepts a code changes the row they read, or nothing.
    version BIGINT NOT NULL,
    -- Encrypted by the server under the key that `key_id` names.
    totp_secret BYTEA NOT NULL,
    key_id BYTEA NOT NULL,
    -- The time step of the last code accepted: none up to it is accepted again.
    last_step BIGINT NOT NULL,
    -- The hashes, 32 bytes each, of the recovery codes that are left.
    recovery_codes BYTEA NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX second_factors_by_key_id ON second_factors (key_id);
