use serde::{Deserialize, Serialize};

use crate::{ItemId, Sealed};

/// Asks for the versions of an item that were replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ItemVersionsRequest {
    /// The item.
    pub item_id: ItemId,
    /// Only versions below this one; absent for the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
}

/// A version of an item that was replaced by the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SealedVersion {
    /// Which version.
    pub version: u64,
    /// When it was replaced, by the server's clock; Unix milliseconds. Nothing but the server's
    /// word.
    pub replaced_at_ms: u64,
    /// Its overview, as it was sealed.
    pub overview: Sealed,
}

/// Versions that the server has. Those that are missing between them were not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ItemVersionsResponse {
    /// The item's version now.
    pub current_version: u64,
    /// Newest first, at most [`crate::limits::VERSIONS_PER_PAGE`].
    pub versions: Vec<SealedVersion>,
    /// There are older ones.
    pub more: bool,
}

/// Asks for the versions of many items that were replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HistoriesRequest {
    /// Of which items: 1 to [`crate::limits::DETAILS_PER_REQUEST`], none of them twice.
    pub item_ids: Vec<ItemId>,
    /// Only what comes after this version of this item; absent for the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<ItemVersion>,
}

/// A version of some item that was replaced by the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoryVersion {
    /// The item.
    pub item_id: ItemId,
    /// What the server has of the version.
    #[serde(flatten)]
    pub sealed: SealedVersion,
}

/// Versions of many items that the server has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoriesResponse {
    /// In the order of item ids, of each item the oldest first; at most
    /// [`crate::limits::HISTORIES_PER_PAGE`].
    pub versions: Vec<HistoryVersion>,
    /// There are more.
    pub more: bool,
}

/// Asks for the details of versions that were replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VersionDetailsRequest {
    /// Which ones: 1 to [`crate::limits::VERSION_DETAILS_PER_REQUEST`], none of them twice.
    pub versions: Vec<ItemVersion>,
}

/// A version of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ItemVersion {
    /// The item.
    pub item_id: ItemId,
    /// Which version of it.
    pub version: u64,
}

/// The details of versions that were replaced, in no particular order. Those that the server does
/// not have are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VersionDetailsResponse {
    /// One for each version that the server has.
    pub details: Vec<SealedVersionDetails>,
}

/// The details that a replaced version had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SealedVersionDetails {
    /// The item.
    pub item_id: ItemId,
    /// The version that was asked for.
    pub version: u64,
    /// Sealed for the version that its overview names, which may be an earlier one.
    pub details: Sealed,
}

/// Asks what items were at a moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MomentRequest {
    /// The moment, by the server's clock; Unix milliseconds.
    pub at_ms: u64,
    /// Only items whose ids come after this one; absent for the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<ItemId>,
}

/// A version of an item that was replaced only after a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MomentVersion {
    /// The item.
    pub item_id: ItemId,
    /// When the version before was replaced by it; absent when that one is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<u64>,
    /// The oldest version kept that was replaced after the moment.
    #[serde(flatten)]
    pub sealed: SealedVersion,
}

/// What the items were at a moment that have changed since. The others are as they were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MomentResponse {
    /// In the order of their ids, at most [`crate::limits::MOMENT_PER_PAGE`].
    pub versions: Vec<MomentVersion>,
    /// There are more items.
    pub more: bool,
}
