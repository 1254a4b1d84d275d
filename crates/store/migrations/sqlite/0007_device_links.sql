-- Equal in tables, columns, keys and indexes to the Postgres migration of the same name.

-- Two devices that are being linked, for a few minutes. The server passes messages on and learns
-- nothing from them.
CREATE TABLE device_links (
    -- Names the link to the new device alone.
    mailbox BLOB NOT NULL PRIMARY KEY,
    -- Names it, with the PIN, to the device that joins.
    place INTEGER NOT NULL UNIQUE,
    pin INTEGER NOT NULL,
    -- How often somebody tried to join.
    tries INTEGER NOT NULL,
    -- Who has joined.
    account_id BLOB REFERENCES accounts (account_id) ON DELETE CASCADE,
    offer BLOB NOT NULL,
    answer BLOB,
    reveal BLOB,
    sealed BLOB,
    expires_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX device_links_by_expiry ON device_links (expires_at_ms);
