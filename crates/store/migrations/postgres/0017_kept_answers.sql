-- Equal in tables, columns, keys and indexes to the SQLite migration of the same name.

-- Answers to requests that came with an idempotency key, for the same request once more.
CREATE TABLE kept_answers (
    account_id BYTEA NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    -- SHA-256 of the key.
    key_hash BYTEA NOT NULL,
    -- SHA-256 of what was asked.
    request_hash BYTEA NOT NULL,
    begun_at_ms BIGINT NOT NULL,
    -- The HTTP status; none while the request is under way.
    status BIGINT,
    body BYTEA,
    PRIMARY KEY (account_id, key_hash)
);
CREATE INDEX kept_answers_of_account ON kept_answers (account_id, begun_at_ms);
CREATE INDEX kept_answers_by_age ON kept_answers (begun_at_ms);
