use serde::{Deserialize, Serialize};

use crate::{Bytes, Fixed, Sealed};

/// A new device wants to be linked, and waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OpenLinkRequest {
    /// Its first message, at most [`crate::limits::LINK_MESSAGE`] bytes.
    pub offer: Bytes,
    /// What whoever joins has to know, 20 bits.
    pub pin: u32,
}

/// Where it waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OpenLinkResponse {
    /// Names the link to the device that opened it, and to nobody else.
    pub mailbox: Fixed<16>,
    /// Names it to whoever joins, together with the PIN: 20 bits.
    pub place: u32,
    /// Unix milliseconds after which nobody can join.
    pub expires_at_ms: u64,
}

/// What the new device has to say, if anything, and what is new?
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewDeviceStep {
    /// From [`OpenLinkResponse`].
    pub mailbox: Fixed<16>,
    /// Its second message, once.
    #[serde(default)]
    pub reveal: Option<Bytes>,
    /// The end of it.
    #[serde(default)]
    pub close: bool,
}

/// An unlocked device joins. So many may be wrong, and then nobody can join any more.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct JoinLinkRequest {
    /// Where the new device waits.
    pub place: u32,
    /// What it shows.
    pub pin: u32,
}

/// Joined.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JoinLinkResponse {
    /// The new device's first message.
    pub offer: Bytes,
}

/// What the unlocked device has to say, if anything, and what is new?
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KnownDeviceStep {
    /// Where it joined.
    pub place: u32,
    /// Its message, once.
    #[serde(default)]
    pub answer: Option<Bytes>,
    /// What the new device is to have, once, after a person has compared the words.
    #[serde(default)]
    pub sealed: Option<Sealed>,
    /// The end of it.
    #[serde(default)]
    pub close: bool,
}

/// What the other side has said so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LinkNews {
    /// The unlocked device's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Bytes>,
    /// The new device's second message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reveal: Option<Bytes>,
    /// What the new device is to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}
