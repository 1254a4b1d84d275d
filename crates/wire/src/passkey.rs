use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Bytes, ClientKind, Fixed, Handle, LoginProof, LoginRequest, RecoveryCodes, Sealed};

/// Says that whoever holds the session knows the password, for what the session alone must not
/// do. Good for one request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FreshProof {
    /// From the setup code.
    pub handle: Handle,
    /// Signed with purpose `confirm`.
    pub proof: LoginProof,
}

/// How a passkey is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PasskeyCreation {
    /// The challenge. For this session alone.
    pub token: Fixed<32>,
    /// Unix milliseconds after which it is refused.
    pub expires_at_ms: u64,
    /// The passkeys that there are: an authenticator that holds one of them makes no other.
    pub exclude: Vec<Bytes>,
}

/// What an authenticator made (WebAuthn level 3, section 5.2.1).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PasskeyAttestation {
    /// Names the passkey, at most [`crate::limits::CREDENTIAL_ID`] bytes.
    pub credential_id: Bytes,
    /// `clientDataJSON`.
    pub client_data: Bytes,
    /// `attestationObject`.
    pub attestation: Bytes,
}

/// What an authenticator signed (WebAuthn level 3, section 5.2.2).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PasskeyAssertion {
    /// Names the passkey.
    pub credential_id: Bytes,
    /// `clientDataJSON`.
    pub client_data: Bytes,
    /// `authenticatorData`.
    pub authenticator_data: Bytes,
    /// `signature`.
    pub signature: Bytes,
}

/// What makes a passkey open the vault, beside the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PasskeyUnlock {
    /// The Ed25519 public key that log-ins by it are checked against.
    pub public_key: Fixed<32>,
    /// The account root key, wrapped by what the passkey gives.
    pub wrapped_root_key: Sealed,
}

/// Puts a passkey in force.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddPasskeyRequest {
    /// The origin that the client talks to.
    pub origin: String,
    /// From [`PasskeyCreation`].
    pub token: Fixed<32>,
    /// What the owner calls it, at most [`crate::limits::DEVICE_NAME`] bytes.
    pub name: String,
    /// What was made.
    pub attestation: PasskeyAttestation,
    /// Absent when the authenticator gives nothing to wrap by: it is a second factor only.
    #[serde(default)]
    pub unlock: Option<PasskeyUnlock>,
}

/// A passkey is in force.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PasskeyAdded {
    /// For when it is lost, if the account had no second factor before. Shown once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_codes: Option<RecoveryCodes>,
}

/// A passkey, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyInfo {
    /// Names the passkey.
    pub credential_id: Bytes,
    /// What the owner calls it.
    pub name: String,
    /// The host that it belongs to: it serves at no other.
    pub host: String,
    /// Whether it opens the vault without the password.
    pub unlocks: bool,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// Unix milliseconds; absent when it was not used yet.
    pub last_used_at_ms: Option<u64>,
}

/// A passkey that opens the vault, as the account's clients need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnlockingPasskey {
    /// Names the passkey.
    pub credential_id: Bytes,
    /// The account root key, wrapped by what the passkey gives.
    pub wrapped_root_key: Sealed,
}

/// The second half of a log-in, by a passkey.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PasskeyFactorRequest {
    /// The first half, as it was sent.
    pub log_in: LoginRequest,
    /// From [`crate::SecondFactorChallenge`]; the challenge that the passkey signed.
    pub token: Fixed<32>,
    /// What it signed.
    pub assertion: PasskeyAssertion,
}

/// A log-in by a passkey alone, on a device that has the setup code.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PasskeyLoginRequest {
    /// From the setup code.
    pub handle: Handle,
    /// Signed with purpose `login` by the key that the passkey's output gives.
    pub proof: LoginProof,
    /// Over the server nonce of the proof as its challenge.
    pub assertion: PasskeyAssertion,
    /// Where the session token goes.
    pub client: ClientKind,
    /// What the owner sees in the list of sessions.
    pub device_name: String,
}

impl fmt::Debug for PasskeyFactorRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasskeyFactorRequest(redacted)")
    }
}
