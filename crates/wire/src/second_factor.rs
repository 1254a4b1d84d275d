use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Bytes, Fixed, LoginRequest, PasskeyInfo};

/// What can stand beside the password and the setup code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SecondFactorKind {
    /// Six digits of an authenticator app (RFC 6238).
    Totp,
    /// One of the codes that were handed out with it, good for one use.
    RecoveryCode,
    /// A passkey, which signs the token (WebAuthn).
    Passkey,
}

/// The proof was right, and the account asks for more; comes with
/// [`crate::ErrorCode::SecondFactorRequired`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecondFactorChallenge {
    /// Opaque. For this log-in alone.
    pub token: Fixed<32>,
    /// Unix milliseconds after which it is refused.
    pub expires_at_ms: u64,
    /// What the account accepts, the one to be offered first first.
    pub factors: Vec<SecondFactorKind>,
    /// The passkeys that can sign the token, by their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passkeys: Vec<Bytes>,
}

/// The second half of a log-in.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SecondFactorRequest {
    /// The first half, as it was sent.
    pub log_in: LoginRequest,
    /// From [`SecondFactorChallenge`].
    pub token: Fixed<32>,
    /// Six digits, or a recovery code. White space and hyphens do not matter.
    pub code: String,
}

/// Whether an account has a second factor, and which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorStatus {
    /// Since when, Unix milliseconds; absent when there is none.
    pub since_ms: Option<u64>,
    /// Recovery codes that were not used yet.
    pub recovery_codes_left: u32,
    /// Whether it takes codes of an authenticator app.
    #[serde(default)]
    pub totp: bool,
    /// Its passkeys, oldest first.
    #[serde(default)]
    pub passkeys: Vec<PasskeyInfo>,
}

/// What an authenticator app needs. It counts for nothing until a first code confirms it.
#[derive(Clone, Serialize, Deserialize)]
pub struct TotpEnrolment {
    /// The secret in base32, to be typed.
    pub secret: String,
    /// The same as `otpauth://totp/…`, to be shown as a QR code.
    pub uri: String,
    /// That address, drawn.
    pub qr: QrCode,
    /// The secret encrypted by the server for itself, to be sent back with the first code.
    pub sealed_secret: Bytes,
}

/// A drawn QR code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QrCode {
    /// Modules on each side, without the quiet zone of four.
    pub size: u32,
    /// A bit for each module, set when it is dark: row by row, the highest bit first.
    pub modules: Bytes,
}

/// New recovery codes. The server keeps only hashes: they are shown once.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecoveryCodes {
    /// `XXXX-XXXX-XXXX-XXXX`, each good for one use.
    pub codes: Vec<String>,
}

impl fmt::Debug for SecondFactorRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecondFactorRequest(redacted)")
    }
}

impl fmt::Debug for TotpEnrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpEnrolment(redacted)")
    }
}

impl fmt::Debug for QrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QrCode({})", self.size)
    }
}

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecoveryCodes({})", self.codes.len())
    }
}
