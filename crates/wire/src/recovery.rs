use serde::{Deserialize, Serialize};

use crate::{AccountId, Bytes, ClientKind, Fixed, Handle, Keyset, LoginProof, Sealed};

/// A recovery key to come into force, as far as the server has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewRecoveryKey {
    /// The Ed25519 public key that recoveries are to be checked against.
    pub auth_public_key: Fixed<32>,
    /// The account root key, wrapped by the recovery key.
    pub wrapped_root_key: Sealed,
    /// What the account notes about it for itself.
    pub note: Sealed,
}

/// Puts another recovery key in force, or none.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangeRecoveryRequest {
    /// From the setup code.
    pub handle: Handle,
    /// One more than that of the last change; 1 for the first key of an account.
    pub version: u32,
    /// The key; absent to revoke the one in force.
    #[serde(default)]
    pub key: Option<NewRecoveryKey>,
    /// Signed with purpose `recovery-key` by the account's authentication key, over the key too.
    pub proof: LoginProof,
}

/// Keeps another note about the recovery key in force.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KeepRecoveryNoteRequest {
    /// The version that the note is about.
    pub version: u32,
    /// Sealed by the account for itself.
    pub note: Sealed,
}

/// How an account stands to recovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecoveryInfo {
    /// Counts the recovery keys made and revoked, from 1.
    pub version: u32,
    /// The key in force; absent when it was revoked.
    #[serde(default)]
    pub key: Option<RecoveryKeyInfo>,
}

/// The recovery key in force, as its owner's client sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecoveryKeyInfo {
    /// When it came into force, Unix milliseconds.
    pub made_at_ms: u64,
    /// What the account notes about it for itself.
    pub note: Sealed,
}

/// Asks for what the recovery key opens. A handle that is not known, an account without a
/// recovery key, and a wrong one get the same answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecoverRequest {
    /// From the setup code.
    pub handle: Handle,
    /// Signed with purpose `recovery` by the recovery key.
    pub proof: LoginProof,
    /// For an account that has a second factor: the second time, with the same proof.
    #[serde(default)]
    pub second_factor: Option<RecoverSecondFactor>,
}

/// The second factor of a recovery.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecoverSecondFactor {
    /// From [`crate::SecondFactorChallenge`].
    pub token: Fixed<32>,
    /// The code of an authenticator app, or a recovery code.
    pub code: String,
}

/// What the recovery key opens. There is no session yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecoverResponse {
    /// The account.
    pub account: AccountId,
    /// The signed genesis bundle.
    pub bundle: Bytes,
    /// The bundles that replaced it, one after the other.
    #[serde(default)]
    pub rotations: Bytes,
    /// The keys in force, of which the recovery key opens the keyring by way of the root key.
    pub keyset: Keyset,
    /// The version of the recovery key.
    pub version: u32,
    /// The account root key, wrapped by the recovery key.
    pub wrapped_root_key: Sealed,
    /// Shows in [`FinishRecoveryRequest`] that this half was done.
    pub ticket: Fixed<32>,
    /// Unix time in milliseconds after which the ticket is refused.
    pub expires_at_ms: u64,
}

/// Puts new keys in force by the recovery key, ends every session of the account and begins one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FinishRecoveryRequest {
    /// From the setup code.
    pub handle: Handle,
    /// From [`RecoverResponse`]; good for one use.
    pub ticket: Fixed<32>,
    /// The root key and the keyring, wrapped anew. The version is one more than that in force.
    pub keyset: Keyset,
    /// The Ed25519 public key that log-ins are to be checked against.
    pub auth_public_key: Fixed<32>,
    /// Signed with purpose `recovery-change` by the recovery key, over the new keys too.
    pub proof: LoginProof,
    /// Where the session token goes.
    pub client: ClientKind,
    /// What the owner sees in the list of sessions, at most [`crate::limits::DEVICE_NAME`] bytes.
    pub device_name: String,
}
