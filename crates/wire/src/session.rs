use serde::{Deserialize, Serialize};

use crate::{AccountResponse, Fixed, Handle, SessionId};

/// Asks for a nonce to sign. Known and unknown handles get the same answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChallengeRequest {
    /// Whose log-in (or sign-up) the nonce is for.
    pub handle: Handle,
}

/// A nonce, good for one use within its lifetime.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChallengeResponse {
    /// Server nonce.
    pub nonce: Fixed<32>,
    /// Unix time in milliseconds after which it is refused.
    pub expires_at_ms: u64,
}

/// Proof that the client holds the account's authentication key: a signature over
/// (purpose, origin, handle, server nonce, client nonce, time), and at a change of keys over the
/// new ones. The handle is in the request that carries the proof; the origin must be one that
/// the server goes by.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginProof {
    /// The origin that the client talks to, for example `https://keyarc.example`.
    pub origin: String,
    /// From the challenge.
    pub server_nonce: Fixed<32>,
    /// Made by the client.
    pub client_nonce: Fixed<32>,
    /// The client's clock, Unix milliseconds. Signed for the record; the nonce decides age.
    pub time_ms: u64,
    /// Ed25519, of the purpose that the request calls for.
    pub signature: Fixed<64>,
}

/// How the client will keep its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// In a cookie that scripts cannot read.
    Browser,
    /// As a token in the response, exchanged for short access tokens.
    Api,
}

/// Log-in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// From the setup code.
    pub handle: Handle,
    /// Signed with the account's authentication key.
    pub proof: LoginProof,
    /// Where the session token goes.
    pub client: ClientKind,
    /// What the owner sees in the list of sessions, at most [`crate::limits::DEVICE_NAME`] bytes.
    pub device_name: String,
}

/// A session has begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoginResponse {
    /// What the client needs to unlock.
    pub account: AccountResponse,
    /// The opaque session token, for [`ClientKind::Api`] only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<String>,
}

/// A fresh access token for API clients.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefreshResponse {
    /// An HS256 JWT.
    pub access_token: String,
    /// Its expiry, Unix milliseconds.
    pub expires_at_ms: u64,
}

/// A session, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Names the session for revocation.
    pub id: SessionId,
    /// What the client called itself at log-in.
    pub device_name: String,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// Unix milliseconds, to the minute.
    pub last_used_at_ms: u64,
    /// Where it was last used from, as far as the address alone tells: `203.0.x.x`,
    /// `2001:db8::x`, `this machine` or `a private network`. Absent when it is not known.
    pub network: Option<String>,
    /// Whether it is the session that asks.
    pub current: bool,
}
