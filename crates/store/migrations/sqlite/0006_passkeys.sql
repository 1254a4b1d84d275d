-- Equal in tables, columns, keys and indexes to the Postgres migration of the same name.

-- A passkey of an account. An account with one has a row in second_factors too, whose secret is
-- empty when no authenticator app is set up.
CREATE TABLE passkeys (
    account_id BLOB NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    -- As the authenticator names it.
    credential_id BLOB NOT NULL,
    -- Counts the changes of the row. Whoever accepts an assertion changes the row they read.
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    -- The host that it belongs to.
    host TEXT NOT NULL,
    -- Public key, counter and flags, as webauthn-rs writes them.
    credential BLOB NOT NULL,
    -- What log-ins by it are checked against, and the root key wrapped by it: both or neither.
    unlock_public_key BLOB,
    wrapped_root_key BLOB,
    created_at_ms INTEGER NOT NULL,
    last_used_at_ms INTEGER,
    PRIMARY KEY (account_id, credential_id)
) STRICT;
