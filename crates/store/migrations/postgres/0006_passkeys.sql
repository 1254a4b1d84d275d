-- Equal in tables, columns, keys and indexes to the SQLite migration of the same name.

-- A passkey of an account. An account with one has a row in second_factors too, whose secret is
-- empty when no authenticator app is set up.
CREATE TABLE passkeys (
    account_id BYTEA NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    -- As the authenticator names it.
    credential_id BYTEA NOT NULL,
    -- Counts the changes of the row. Whoever accepts an assertion changes the row they read.
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    -- The host that it belongs to.
    host TEXT NOT NULL,
    -- Public key, counter and flags, as webauthn-rs writes them.
    credential BYTEA NOT NULL,
    -- What log-ins by it are checked against, and the root key wrapped by it: both or neither.
    unlock_public_key BYTEA,
    wrapped_root_key BYTEA,
    created_at_ms BIGINT NOT NULL,
    last_used_at_ms BIGINT,
    PRIMARY KEY (account_id, credential_id)
);
