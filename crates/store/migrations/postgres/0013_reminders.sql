-- Equal in tables, columns, keys and indexes to the SQLite migration of the same name.

-- How an account is reminded of what is due. The server knows no item: the account's devices hand
-- over dates under ids of their own, and only while something is on that needs them.
CREATE TABLE reminder_settings (
    account_id BYTEA NOT NULL PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    -- Counts the changes of what clients write.
    revision BIGINT NOT NULL,
    -- What the account keeps for itself, sealed by it.
    state BYTEA,
    -- Of the entries, for the account's devices to compare.
    digest BYTEA,
    -- Bits over the days before that there are.
    lead_mask BIGINT NOT NULL,
    -- When the entries were changed last.
    changed_at_ms BIGINT NOT NULL,
    -- 0 off, 1 a code is awaited, 2 on.
    mail_state BIGINT NOT NULL,
    -- The code under a key of the server.
    mail_code BYTEA,
    mail_code_until_ms BIGINT,
    -- Stands in each mail, and is good for switching them off alone.
    mail_token BYTEA UNIQUE,
    -- Secret and address, encrypted under a key of the server, and the name of that key.
    webhook BYTEA,
    webhook_key_id BYTEA,
    webhook_since_ms BIGINT,
    -- The hash of the token in the feed's address.
    feed_hash BYTEA UNIQUE,
    feed_since_ms BIGINT
);
CREATE INDEX reminder_settings_by_webhook_key ON reminder_settings (webhook_key_id, account_id);

-- What is due, as the account's devices handed it over.
CREATE TABLE reminder_entries (
    account_id BYTEA NOT NULL REFERENCES reminder_settings (account_id) ON DELETE CASCADE,
    entry_id BYTEA NOT NULL,
    -- Days since 1970-01-01, as the two below.
    due_day BIGINT NOT NULL,
    -- The last day on which it was to be told.
    told_day BIGINT NOT NULL,
    -- The day that it was told for when it last stood in a mail.
    mailed_day BIGINT NOT NULL,
    -- The delivery that it is being mailed by.
    mail_lease BYTEA,
    PRIMARY KEY (account_id, entry_id)
);
CREATE INDEX reminder_entries_by_day ON reminder_entries (due_day);
CREATE INDEX reminder_entries_by_lease ON reminder_entries (mail_lease);

-- What was sent, is being sent, and is to be sent.
CREATE TABLE reminder_deliveries (
    account_id BYTEA NOT NULL REFERENCES reminder_settings (account_id) ON DELETE CASCADE,
    -- 1 mail, 2 webhook.
    channel BIGINT NOT NULL,
    -- Zeros for a mail, which holds all of a day.
    entry_id BYTEA NOT NULL,
    day BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- When to try next; the last moment there is once it is over.
    next_at_ms BIGINT NOT NULL,
    -- Whoever sends it, and until when others leave it alone.
    lease BYTEA,
    leased_until_ms BIGINT NOT NULL,
    -- 0 to be sent, 1 delivered, 2 given up, 3 not needed any more.
    state BIGINT NOT NULL,
    -- Why the last attempt failed.
    problem BIGINT,
    status BIGINT,
    noted_at_ms BIGINT,
    PRIMARY KEY (account_id, channel, entry_id, day)
);
CREATE INDEX reminder_deliveries_by_time ON reminder_deliveries (next_at_ms);
CREATE INDEX reminder_deliveries_by_lease ON reminder_deliveries (lease);
CREATE INDEX reminder_deliveries_by_day ON reminder_deliveries (day);
