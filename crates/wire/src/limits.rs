//! Sizes that both sides keep to.

/// Largest sealed overview in bytes. An overview that needs more does not belong in a list.
pub const OVERVIEW: usize = 16 * 1024;
/// Largest sealed details of one item in bytes.
pub const DETAILS: usize = 1024 * 1024;
/// Largest wrapped key, keyring or bundle in bytes.
pub const WRAPPED_KEY: usize = 4 * 1024;
/// Longest device name in bytes.
pub const DEVICE_NAME: usize = 100;
/// Longest code of a second factor in bytes, however it is spaced.
pub const SECOND_FACTOR_CODE: usize = 64;
/// Longest e-mail address in bytes (RFC 5321, section 4.5.3.1.3, less the angle brackets).
pub const EMAIL: usize = 254;
/// Most items in one atomic change.
pub const ITEMS_PER_WRITE: usize = 20_000;
/// Most items in one batch of a change of keys.
pub const ITEMS_PER_STAGE: usize = 1_000;
/// Largest body of a batch of a change of keys, in bytes.
pub const STAGE_BODY: usize = 8 * 1024 * 1024;
/// Largest sealed note about a recovery key, in bytes.
pub const RECOVERY_NOTE: usize = 1024;
/// Most items in one request for details.
pub const DETAILS_PER_REQUEST: usize = 1_000;
/// Most replaced versions of an item in one answer.
pub const VERSIONS_PER_PAGE: usize = 25;
/// Most versions in one request for their details.
pub const VERSION_DETAILS_PER_REQUEST: usize = 500;
/// Most replaced versions of an item that are kept, and that come with an item which is created.
pub const EARLIER_PER_ITEM: usize = 70;
/// Most replaced versions that come with the items which one change creates.
pub const EARLIER_PER_WRITE: usize = 20_000;
/// Most replaced versions of many items in one answer.
pub const HISTORIES_PER_PAGE: usize = 1_000;
/// Most items in one answer about a moment.
pub const MOMENT_PER_PAGE: usize = 1_000;
/// Largest body of a write to a vault, in bytes.
pub const WRITE_BODY: usize = 48 * 1024 * 1024;
/// Largest body of any other request, in bytes.
pub const BODY: usize = 64 * 1024;
/// Largest manifest of a vault, in bytes.
pub const MANIFEST: usize = 1024;
/// Largest message of a device link in bytes, beside what is sealed.
pub const LINK_MESSAGE: usize = 128;
/// Longest id of a passkey in bytes (WebAuthn level 3, section 4).
pub const CREDENTIAL_ID: usize = 1023;
/// Most passkeys of an account.
pub const PASSKEYS: usize = 20;
/// Largest sealed note of what one device has seen, in bytes.
pub const PINS: usize = 4 * 1024;
/// Most devices of an account whose notes are kept; the oldest goes first.
pub const PINS_KEPT: usize = 16;
/// Bytes of every envelope of an attachment but the last one.
pub const ATTACHMENT_CHUNK: usize = 1024 * 1024 + 94;
/// Most bytes of the envelopes of one attachment: those of a file of 100 MiB.
pub const ATTACHMENT: u64 = 106_964_946;
/// Most attachments that one item names.
pub const ATTACHMENTS_PER_ITEM: usize = 20;
/// Most dates that a server is given to remind of.
pub const REMINDERS: usize = 1_000;
/// Largest body that carries them, in bytes.
pub const REMINDERS_BODY: usize = 256 * 1024;
/// How many days before something is due a reminder can come.
pub const REMINDER_LEADS: [u16; 8] = [0, 1, 3, 7, 14, 30, 60, 90];
/// Largest sealed settings of reminders, in bytes.
pub const REMINDER_STATE: usize = 128 * 1024;
/// Longest address of a webhook in bytes.
pub const WEBHOOK_URL: usize = 1_000;
/// How many deliveries of reminders are shown.
pub const DELIVERIES_SHOWN: usize = 10;
/// Most machine tokens of an account that are in force.
pub const MACHINE_TOKENS: usize = 100;
/// Most networks that a machine token may be used from.
pub const MACHINE_NETWORKS: usize = 16;
/// Largest sealed note about a machine token, in bytes.
pub const MACHINE_NOTE: usize = 16 * 1024;
/// Most bytes of details that come with a copy which a machine token opens.
pub const MACHINE_DETAILS: usize = 4 * 1024 * 1024;
/// Most items in one request of a machine token for details.
pub const MACHINE_DETAILS_PER_REQUEST: usize = 500;
/// Largest sealed change that is handed in with a machine token, in bytes: what an item is, and its
/// details.
pub const MACHINE_CHANGE: usize = DETAILS + 2 * OVERVIEW;
/// Most changes of a machine token that wait for its owner, and in one request.
pub const MACHINE_CHANGES: usize = 100;
/// Most bytes of the changes of a machine token that wait for its owner.
pub const MACHINE_CHANGES_BYTES: usize = 4 * 1024 * 1024;
/// Largest body of a request that hands changes in, in bytes: one change fits, however large.
pub const MACHINE_CHANGES_BODY: usize = 2 * 1024 * 1024;
/// Most changes that wait in one answer, and most that are discarded by one request.
pub const WAITING_PER_PAGE: usize = 100;
/// Most uses of a machine token in one answer.
pub const MACHINE_USES_PER_PAGE: usize = 100;
/// Longest idempotency key in bytes.
pub const IDEMPOTENCY_KEY: usize = 255;
/// Most idempotency keys of an account whose answers are kept; the oldest goes first.
pub const IDEMPOTENCY_KEYS: usize = 1_000;
