-- Equal in tables, columns, keys and indexes to the Postgres migration of the same name.

-- Answers to requests that came with an idempotency key, for the same request once more.
CREATE TABLE kept_answers (
    account_id BLOB NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    -- SHA-256 of the key.
    key_hash BLOB NOT NULL,
    -- SHA-256 of what was asked.
    request_hash BLOB NOT NULL,
    begun_at_ms INTEGER NOT NULL,
    -- The HTTP status; none while the request is under way.
    status INTEGER,
    body BLOB,
    PRIMARY KEY (account_id, key_hash)
) STRICT;
CREATE INDEX kept_answers_of_account ON kept_answers (account_id, begun_at_ms);
CREATE INDEX kept_answers_by_age ON kept_answers (begun_at_ms);
