use serde::{Deserialize, Serialize};

use crate::{ItemId, Sealed};

/// Asks for the versions of an item that were replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
pub struct ItemVersionsResponse {
    /// The item's version now.
    pub current_version: u64,
    /// Newest first, at most [`crate::limits::VERSIONS_PER_PAGE`].
    pub versions: Vec<SealedVersion>,
    /// There are older ones.
    pub more: bool,
}

/// Asks for the details of a version that was replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionDetailsRequest {
    /// The item.
    pub item_id: ItemId,
    /// Which version of it.
    pub version: u64,
}

/// The details of a version that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionDetailsResponse {
    /// Sealed for the version that its overview names, which may be an earlier one.
    pub details: Sealed,
}
