use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Bytes, Fixed, Handle, LoginProof, NewRecoveryKey, RecoveryInfo, Sealed, SessionId,
    UnlockingPasskey, VaultId,
};

/// The account's keys, each wrapped by the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Keyset {
    /// Counts password and key changes, from 1.
    pub version: u32,
    /// The account root key, wrapped by the key derived from password and setup code.
    pub wrapped_root_key: Sealed,
    /// The Ed25519 and X25519 private keys, wrapped under the root key.
    pub keyring: Sealed,
}

/// A vault to be made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewVault {
    /// Chosen at random by the client.
    pub id: VaultId,
    /// The vault key of epoch 1, wrapped under the root key.
    pub wrapped_key: Sealed,
    /// The signed manifest of the empty vault, version 0.
    pub manifest: Bytes,
}

/// A vault the account can open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VaultInfo {
    /// The vault.
    pub id: VaultId,
    /// Which vault key is in use, from 1.
    pub key_epoch: u32,
    /// The vault key, wrapped under the root key.
    pub wrapped_key: Sealed,
    /// Counts the vault's writes; 0 when empty.
    pub revision: u64,
}

/// Makes an account, its first vault and its first session.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SignUpRequest {
    /// From the setup code.
    pub handle: Handle,
    /// The signed genesis bundle; its hash is the account id.
    pub bundle: Bytes,
    /// The Ed25519 public key that log-ins are checked against.
    pub auth_public_key: Fixed<32>,
    /// Wrapped keys, version 1.
    pub keyset: Keyset,
    /// The personal vault.
    pub vault: NewVault,
    /// The recovery key, of version 1; absent when the person wants none.
    #[serde(default)]
    pub recovery: Option<NewRecoveryKey>,
    /// For display and notices only; absent when the person gave none.
    #[serde(default)]
    pub email: Option<String>,
    /// The version of the terms that the person agreed to, for example `2026-11`.
    pub terms_version: String,
    /// Signed with purpose `sign-up` by the key in `auth_public_key`.
    pub proof: LoginProof,
    /// What the owner sees in the list of sessions.
    pub device_name: String,
}

/// What kind of notice waits for the account's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoticeKind {
    /// Somebody signed up with this account's e-mail address.
    EmailUsedAgain,
}

/// Something the owner should see once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Notice {
    /// What happened.
    pub kind: NoticeKind,
    /// When, Unix milliseconds.
    pub at_ms: u64,
}

/// The account as its owner's client needs it. Only sent after the client proved its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccountResponse {
    /// The account.
    pub id: AccountId,
    /// For display.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The signed genesis bundle.
    pub bundle: Bytes,
    /// The bundles that replaced it, one after the other.
    #[serde(default)]
    pub rotations: Bytes,
    /// Wrapped keys.
    pub keyset: Keyset,
    /// The vaults that the account can open.
    pub vaults: Vec<VaultInfo>,
    /// The session that asks.
    pub session_id: SessionId,
    /// When the account was made, Unix milliseconds.
    pub created_at_ms: u64,
    /// Notices not yet dismissed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
    /// What the account's devices have seen of its vaults, sealed by them, in no particular
    /// order.
    #[serde(default)]
    pub pins: Vec<Sealed>,
    /// The recovery key; absent when the account never had one.
    #[serde(default)]
    pub recovery: Option<RecoveryInfo>,
    /// When a change of keys was begun that is not finished, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rekey_begun_at_ms: Option<u64>,
    /// The passkeys that open the vault, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passkeys: Vec<UnlockingPasskey>,
    /// The server reminds of what is due, and is to be told of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reminders: bool,
    /// There are machine tokens in force, whose copies are to follow the vault.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub machine_tokens: bool,
    /// One of them writes, so that changes may wait for the owner.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub machine_writes: bool,
}

/// Keeps what a device has seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KeepPinsRequest {
    /// The device, as it names itself: random, and the same each time.
    pub device: Fixed<16>,
    /// Sealed by the account for itself.
    pub pins: Sealed,
}
