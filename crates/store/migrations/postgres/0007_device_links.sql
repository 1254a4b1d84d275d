-- Equal in tables, columns, keys and indexes to the SQLite migration of the same name.

-- Two devices that are being linked, for a few minutes. The server passes messages on and learns
-- nothing from them.
CREATE TABLE device_links (
    -- Names the link to the new device alone.
    mailbox BYTEA NOT NULL PRIMARY KEY,
    -- Names it, with the PIN, to the device that joins.
    place BIGINT NOT NULL UNIQUE,
    pin BIGINT NOT NULL,
    -- How often somebody tried to join.
    tries BIGINT NOT NULL,
    -- Who has joined.
    account_id BYTEA REFERENCES accounts (account_id) ON DELETE CASCADE,
    offer BYTEA NOT NULL,
    answer BYTEA,
    reveal BYTEA,
    sealed BYTEA,
    expires_at_ms BIGINT NOT NULL
);
CREATE INDEX device_links_by_expiry ON device_links (expires_at_ms);
