use serde::{Deserialize, Serialize};

use crate::{AttachmentId, Bytes, ItemId, MachineChangeName, Sealed};

/// Creates or replaces an item. Its new version is `base_version + 1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ItemWrite {
    /// The item.
    pub item_id: ItemId,
    /// The version this write is based on; 0 creates the item, and so does the number of versions
    /// that come along in [`WriteItemsRequest::earlier`].
    pub base_version: u64,
    /// What a list row and a search need, sealed for the new version.
    pub overview: Sealed,
    /// The secret values, sealed for the new version; absent when they did not change, in which
    /// case the stored details keep the version they were sealed for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Sealed>,
    /// The attachments that the details name, so that the server keeps them: at most
    /// [`crate::limits::ATTACHMENTS_PER_ITEM`], each there as a whole. They come with details only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentId>,
}

/// A version that an item had in the vault it comes from: an item that a change creates can bring
/// its history along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EarlierWrite {
    /// The item.
    pub item_id: ItemId,
    /// Which version of it, from 1.
    pub version: u64,
    /// Its overview, sealed for this version.
    pub overview: Sealed,
    /// Its details, sealed for this version; absent when it has those of the version before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Sealed>,
    /// The attachments that the details name, as in [`ItemWrite::attachments`]. They come with
    /// details only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentId>,
}

/// Deletes an item for good and leaves a tombstone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ItemPurge {
    /// The item.
    pub item_id: ItemId,
    /// The version it is expected to have.
    pub base_version: u64,
}

/// One atomic change to a vault: all of it happens or none of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WriteItemsRequest {
    /// Items to create or replace.
    #[serde(default)]
    pub writes: Vec<ItemWrite>,
    /// Items to delete for good.
    #[serde(default)]
    pub purges: Vec<ItemPurge>,
    /// Versions that items which this change creates had before, at most
    /// [`crate::limits::EARLIER_PER_WRITE`]. Those of an item stand in their order, from 1 to the
    /// `base_version` of its write, which then creates the item as the version after them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<EarlierWrite>,
    /// Changes handed in with machine tokens that this change takes, each of an item that it writes.
    /// They wait no longer once it is stored; when one of them waits no more already, nothing is
    /// written and the answer is [`crate::ErrorCode::Conflict`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<MachineChangeName>,
    /// The signed manifest of the vault after this change. Its version is one more than that of
    /// the vault's head, which it names; otherwise nothing is written and the answer is
    /// [`crate::ErrorCode::ManifestStale`].
    pub manifest: Bytes,
}

/// The change was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WriteItemsResponse {
    /// The vault's revision after it; every item of the change has it.
    pub revision: u64,
}

/// Asks for the details of some items.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DetailsRequest {
    /// At most [`crate::limits::DETAILS_PER_REQUEST`], without duplicates.
    pub item_ids: Vec<ItemId>,
}

/// One item's details.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SealedDetails {
    /// The item.
    pub item_id: ItemId,
    /// The item's version now.
    pub version: u64,
    /// The version that the details were sealed for.
    pub details_version: u64,
    /// The details.
    pub details: Sealed,
}

/// The details asked for. Items that do not exist are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DetailsResponse {
    /// In no particular order.
    pub details: Vec<SealedDetails>,
}
