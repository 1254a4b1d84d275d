//! Persistence: the only crate that contains SQL.
//!
//! One [`Store`] stands over SQLite (embedded, the default) or Postgres (more than one machine),
//! with one body of SQL for both. Vault data is ciphertext throughout; session tokens are stored
//! as hashes, rate counters name nobody, and TOTP secrets come encrypted.
//!
//! To add something: write the migration under the same name in `migrations/sqlite` and
//! `migrations/postgres` (expanding only: the previous binary keeps running during a deploy; the
//! test `schema` compares the two), then a method here whose body runs through the macro
//! `reading!`, `writing!` (one statement) or `transaction!`. A statement over many rows takes a
//! batch, never a loop.

mod accounts;
mod attachments;
mod batch;
mod changes;
mod cleanup;
mod convert;
mod db;
mod error;
mod items;
mod kept_answers;
mod link;
mod machine;
mod passkey;
mod password;
mod pool;
mod rate;
mod recovery;
mod rekey;
mod reminder_deliveries;
mod reminders;
mod second_factor;
mod sessions;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod versions;

pub use accounts::{AccountRow, LoginKey, NewAccount, SignUpOutcome};
pub use attachments::{AttachmentRow, BeginAttachmentOutcome, NewAttachment};
pub use changes::Changes;
pub use cleanup::Cleaned;
pub use error::{Cause, MigrationCause, OpenError, StoreError};
pub use items::{DetailsOutcome, VaultHead, WriteOutcome};
pub use kept_answers::{BegunRequest, KeptAnswer, KeyOutcome, KeyedRequest};
pub use link::{JoinOutcome, LinkPart, LinkSide, NewLink};
pub use machine::{
    HandInOutcome, MachineHead, MachineKeyRow, MakeMachineTokenOutcome, NewMachineToken,
};
pub use passkey::{AddPasskeyOutcome, PasskeyRow, PasskeyUnlockRow, PasskeyUse};
pub use password::{NewKeyset, PasswordOutcome};
pub use rate::Hit;
pub use recovery::{NewRecovery, NewRecoveryKey, RecoveryOutcome, RecoveryRow};
pub use rekey::{NewAccountKeys, RekeyOutcome};
pub use reminder_deliveries::{
    ClaimedDelivery, DeliveryChannel, DeliveryFault, DeliveryKey, DeliveryRow, DeliveryState,
};
pub use reminders::{ChannelChange, FeedRow, MailRow, NewReminders, PutOutcome, ReminderRow};
pub use second_factor::{NewSecondFactor, SecondFactorChange, SecondFactorRow, StoredTotpSecret};
pub use sessions::{BeginOutcome, FactorUse, NewSession, SessionRow, UsedNonce};
pub use store::{DbKind, Store, StoreOptions};
pub use versions::{SECRETS_KEPT, VERSIONS_KEPT, VersionDetailsOutcome};
