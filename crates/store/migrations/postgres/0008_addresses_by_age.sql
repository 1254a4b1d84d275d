-- Whether an address was used again is looked up when its account is read, and no longer written
-- down at sign-up: there a row more would take a moment longer and tell that the address is known.
-- A row of `notices` now says up to when its account has dismissed them.
CREATE INDEX accounts_by_email_key_and_age ON accounts (email_key, created_at_ms);
