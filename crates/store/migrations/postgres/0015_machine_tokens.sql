-- Equal in tables, columns, keys and indexes to the SQLite migration of the same name.

-- A token that a script reads with, and its copy of some items. Copies stand in tables of their own
-- and not among the vaults: a binary before this one lists all vaults of an account, and clients
-- refuse an account with more than one.
CREATE TABLE machine_tokens (
    token_id BYTEA NOT NULL PRIMARY KEY,
    account_id BYTEA NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    -- What requests are checked against.
    auth_public_key BYTEA NOT NULL,
    -- What its holder is to have, sealed for them.
    granted BYTEA NOT NULL,
    -- What the account notes about it for itself, sealed by it.
    note BYTEA NOT NULL,
    -- The copy as a vault: its name, its key of epoch 1 for the owner, and how often it was written.
    vault_id BYTEA NOT NULL UNIQUE,
    wrapped_key BYTEA NOT NULL,
    revision BIGINT NOT NULL,
    -- Where it may be used, separated by spaces; empty for anywhere.
    networks TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT,
    -- Nothing is left of its copy from then on. The row stays for a while, to say so.
    revoked_at_ms BIGINT,
    last_used_at_ms BIGINT,
    -- As coarse as that of a session.
    last_address TEXT,
    last_kind BIGINT
);
CREATE INDEX machine_tokens_by_account ON machine_tokens (account_id);
CREATE INDEX machine_tokens_by_revocation ON machine_tokens (revoked_at_ms);

CREATE TABLE machine_manifests (
    token_id BYTEA NOT NULL REFERENCES machine_tokens (token_id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    manifest BYTEA NOT NULL,
    PRIMARY KEY (token_id, version)
);

-- An item has both parts, sealed for its version. What left the copy has neither.
CREATE TABLE machine_items (
    token_id BYTEA NOT NULL REFERENCES machine_tokens (token_id) ON DELETE CASCADE,
    item_id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    overview BYTEA,
    details BYTEA,
    PRIMARY KEY (token_id, item_id)
);
CREATE INDEX machine_items_by_revision ON machine_items (token_id, revision);

-- Who used a token, and who tried to: the newest of each, for a while.
CREATE TABLE machine_uses (
    token_id BYTEA NOT NULL REFERENCES machine_tokens (token_id) ON DELETE CASCADE,
    at_ms BIGINT NOT NULL,
    -- Of the request, which serves once.
    nonce BYTEA NOT NULL,
    address TEXT NOT NULL,
    -- 1 opened, 2 details; refused: 3 address, 4 expired, 5 revoked.
    kind BIGINT NOT NULL,
    PRIMARY KEY (token_id, at_ms, nonce)
);
CREATE INDEX machine_uses_by_time ON machine_uses (at_ms);
