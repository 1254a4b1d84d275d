-- What each version of a vault holds, signed by its writer. Version 0 is the empty vault.
CREATE TABLE manifests (
    vault_id BLOB NOT NULL REFERENCES vaults (vault_id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    manifest BLOB NOT NULL,
    PRIMARY KEY (vault_id, version)
) STRICT, WITHOUT ROWID;

-- What each device of an account has seen, sealed for its other devices.
CREATE TABLE pins (
    account_id BLOB NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    device_id BLOB NOT NULL,
    pins BLOB NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, device_id)
) STRICT, WITHOUT ROWID;
