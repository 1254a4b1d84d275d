-- What each version of a vault holds, signed by its writer. Version 0 is the empty vault.
CREATE TABLE manifests (
    vault_id BYTEA NOT NULL REFERENCES vaults (vault_id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    manifest BYTEA NOT NULL,
    PRIMARY KEY (vault_id, version)
);

-- What each device of an account has seen, sealed for its other devices.
CREATE TABLE pins (
    account_id BYTEA NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    device_id BYTEA NOT NULL,
    pins BYTEA NOT NULL,
    changed_at_ms BIGINT NOT NULL,
    PRIMARY KEY (account_id, device_id)
);
