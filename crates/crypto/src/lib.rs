//! KeyArc's cryptographic core: setup code, key derivation, key hierarchy and the committing
//! encryption every stored byte goes through. `docs/protocol.md` describes the same thing for
//! people who write another client.
//!
//! The front door is small:
//!
//! - [`SetupCode`] and the master password give a [`PasswordKey`] and from it [`UnlockKeys`];
//! - [`UnlockKeys`] wrap the [`RootKey`], which wraps the [`Keyring`] and every [`VaultKey`];
//! - the [`RecoveryKey`] wraps the root key a second time, and stands in the recovery [`Kit`];
//! - a [`MachineToken`] opens its [`MachineGrant`], which holds the key of a copy of some items;
//! - [`VaultKey::seal`] and [`VaultKey::open`] protect the two parts of an item;
//! - [`AttachmentKey`] seals a file that is attached to items, chunk by chunk;
//! - [`ReminderKey`] names what is due for a server that reminds of it;
//! - [`ArchiveKey`] seals a vault into a file.
//!
//! What is absent: input and output, clocks, a source of randomness (pass one in), any choice of
//! algorithm by the other side, any second format, and `Clone` on keys. Every refusal to open is
//! the same [`OpenError`], whatever was wrong, so that nothing can be learnt from it.
//!
//! Keys are wiped when dropped and boxed, so that moving one leaves no copy behind. Copies that
//! the compiler keeps in registers or on the stack during a computation are out of our hands.

#![forbid(unsafe_code)]

mod aad;
mod archive;
mod attachment;
mod checkpoint;
mod coded;
mod context;
mod error;
mod fingerprint;
pub mod hazmat;
mod kae1;
mod kdf;
mod keyring;
mod kit;
mod link;
mod machine_token;
mod padding;
mod passkey;
mod recovery_key;
mod reminder;
mod root_key;
mod secret;
mod setup_code;
mod unlock;
mod vault_key;

pub use archive::{ARCHIVE_SALT_LEN, ArchiveKey};
pub use attachment::{ATTACHMENT_KEY_LEN, AttachmentKey, envelope_len};
pub use checkpoint::{CHECKPOINT_HASH_LEN, Checkpoint, CheckpointError};
pub use context::{
    AccountContext, ArchiveContext, AttachmentContext, ItemContext, MachineChangeContext,
    MachineGrantContext, MachineKept, MachineKeptContext, Part, PasskeyContext, RecoveryContext,
    StateContext, VaultKeyContext,
};
pub use error::{KdfError, OpenError, SealError};
pub use kae1::MAX_PLAINTEXT;
pub use kdf::{
    KdfParams, PASSWORD_MAX, PasswordKey, Pbkdf2Input, derive_password_key, pbkdf2_input,
};
pub use keyring::Keyring;
pub use kit::{Kit, KitError};
pub use link::{
    KnownDeviceLink, LINK_WORDS, Link, LinkCode, LinkContext, LinkError, LinkMessage, NewDeviceLink,
};
pub use machine_token::{
    MACHINE_TOKEN_ID_LEN, MachineGrant, MachineKeys, MachineToken, MachineTokenError,
};
pub use padding::padded_len;
pub use passkey::{PasskeyKeys, PrfError, prf_input};
pub use recovery_key::{
    RECOVERY_ENDING_LEN, RecoveryEnding, RecoveryKey, RecoveryKeyError, RecoveryKeys,
};
pub use reminder::{REMINDER_ID_LEN, ReminderKey};
pub use root_key::RootKey;
pub use setup_code::{HANDLE_LEN, SetupCode, SetupCodeError, Suite};
pub use unlock::UnlockKeys;
pub use vault_key::VaultKey;
