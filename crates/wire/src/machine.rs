use serde::{Deserialize, Serialize};

use crate::{
    Fixed, ItemId, MachineChangeId, MachineTokenId, NewVault, Sealed, VaultInfo, WriteItemsRequest,
};

/// Makes a machine token, with its copy of some items.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MakeMachineTokenRequest {
    /// Chosen at random by the client.
    pub token_id: MachineTokenId,
    /// The Ed25519 public key that its requests are checked against.
    pub auth_public_key: Fixed<32>,
    /// What its holder is to have, sealed for them.
    pub grant: Sealed,
    /// What the account notes about it for itself, at most
    /// [`crate::limits::MACHINE_NOTE`] bytes.
    pub note: Sealed,
    /// The copy, while it is empty.
    pub vault: NewVault,
    /// What comes into it at once; its manifest is of version 1.
    pub first: WriteItemsRequest,
    /// When it ends, Unix milliseconds; absent for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<u64>,
    /// The networks that it may be used from, as `10.0.0.0/8`: at most
    /// [`crate::limits::MACHINE_NETWORKS`], none for any address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
    /// Whether its holder may hand in changes. Clients believe the grant and the note about that;
    /// this is for the server.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub writes: bool,
}

/// The machine tokens of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MachineTokensResponse {
    /// Those in force, and those that were revoked lately; oldest first.
    pub tokens: Vec<MachineTokenInfo>,
}

/// A machine token as its owner's client needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MachineTokenInfo {
    /// The token.
    pub id: MachineTokenId,
    /// Its copy.
    pub vault: VaultInfo,
    /// As it was sealed.
    pub note: Sealed,
    /// When it was made, Unix milliseconds.
    pub created_at_ms: u64,
    /// When it ends, Unix milliseconds; absent for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<u64>,
    /// Where it may be used; anywhere without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
    /// Whether its holder may hand in changes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub writes: bool,
    /// How many changes wait for the owner, at most [`crate::limits::MACHINE_CHANGES`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub waiting: u32,
    /// When it was revoked, Unix milliseconds. Nothing is left of its copy then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at_ms: Option<u64>,
    /// The last time that it was used, or somebody tried to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_use: Option<MachineUse>,
}

/// A use of a machine token, by whoever holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MachineUse {
    /// When, Unix milliseconds.
    pub at_ms: u64,
    /// From where, as coarse as the list of sessions has it: `203.0.x.x`.
    pub address: String,
    /// What for, and how it ended.
    pub kind: MachineUseKind,
}

/// What a machine token was used for, by somebody who has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MachineUseKind {
    /// Its copy was fetched.
    Opened,
    /// Details were fetched that did not come with the copy.
    Details,
    /// Refused: the address is in none of its networks.
    RefusedAddress,
    /// Refused: it has ended.
    RefusedExpired,
    /// Refused: it was revoked.
    RefusedRevoked,
    /// Changes were handed in.
    HandedIn,
    /// Refused: it only reads.
    RefusedReadsOnly,
}

/// Asks for the uses of a token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MachineUsesRequest {
    /// Those before this one, from [`MachineUsesResponse::next`]; the newest without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<MachineUseMark>,
}

/// Some uses of a token, at most [`crate::limits::MACHINE_USES_PER_PAGE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MachineUsesResponse {
    /// Newest first.
    pub uses: Vec<MachineUse>,
    /// Where to go on; absent when there are no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<MachineUseMark>,
}

/// A place among the uses of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MachineUseMark {
    /// Unix milliseconds.
    pub at_ms: u64,
    /// Tells those of one moment apart.
    pub id: Fixed<32>,
}

/// What the holder of a token asks for, signed by its key: at
/// [`crate::paths::MACHINE_OPEN`] the grant and the copy, at
/// [`crate::paths::MACHINE_DETAILS`] the details of some of its items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MachineRequest {
    /// The token.
    pub token_id: MachineTokenId,
    /// The server, as the client calls it.
    pub origin: String,
    /// The client's clock, Unix milliseconds.
    pub time_ms: u64,
    /// Random, and serves once.
    pub client_nonce: Fixed<32>,
    /// Over all else, with the purpose `machine`.
    pub signature: Fixed<64>,
    /// The items whose details are asked for, at most
    /// [`crate::limits::MACHINE_DETAILS_PER_REQUEST`] and none twice; none for the copy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub item_ids: Vec<ItemId>,
}

/// Hands in changes of items, signed by the key of a token that writes: all of them, or none. They wait
/// until an unlocked client of the owner takes them into the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HandInRequest {
    /// The token.
    pub token_id: MachineTokenId,
    /// The server, as the client calls it.
    pub origin: String,
    /// The client's clock, Unix milliseconds.
    pub time_ms: u64,
    /// Random, and serves once.
    pub client_nonce: Fixed<32>,
    /// Over all else, with the purpose `machine-change`.
    pub signature: Fixed<64>,
    /// At least one, at most [`crate::limits::MACHINE_CHANGES`], and no item twice.
    pub changes: Vec<NewMachineChange>,
}

/// A change of one item that is handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewMachineChange {
    /// Random. Once more under the same name, it is the same change.
    pub change_id: MachineChangeId,
    /// The item that it changes or makes.
    pub item_id: ItemId,
    /// The version of the vault's item that it is made on; 0 for one that it makes.
    pub base_version: u64,
    /// The change of this item that waits and whose place it takes, made on the same version. Absent
    /// when none waits, as far as its maker knows; when that is not so, nothing is handed in and the
    /// answer is [`crate::ErrorCode::Conflict`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<MachineChangeId>,
    /// What is to become of the item, at most [`crate::limits::MACHINE_CHANGE`] bytes.
    pub change: Sealed,
}

/// A change of one item, sealed for its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SealedChange {
    /// The change.
    pub change_id: MachineChangeId,
    /// The item that it changes or makes.
    pub item_id: ItemId,
    /// The version of the vault's item that it is made on; 0 for one that it makes.
    pub base_version: u64,
    /// What is to become of the item.
    pub change: Sealed,
}

/// Names a change that waits. One that took its place has another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MachineChangeName {
    /// The token that it was handed in with.
    pub token_id: MachineTokenId,
    /// The item that it changes or makes.
    pub item_id: ItemId,
    /// The change.
    pub change_id: MachineChangeId,
}

/// Asks for the changes that wait, of all tokens of the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WaitingChangesRequest {
    /// Those after this one, from [`WaitingChangesResponse::next`]; all without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<MachineChangeName>,
}

/// Some of the changes that wait, at most [`crate::limits::WAITING_PER_PAGE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WaitingChangesResponse {
    /// In the order of their tokens and items.
    pub changes: Vec<WaitingChange>,
    /// Where to go on; absent when there are no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<MachineChangeName>,
}

/// A change that waits for the owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WaitingChange {
    /// The token that it was handed in with.
    pub token_id: MachineTokenId,
    /// When, Unix milliseconds.
    pub handed_in_at_ms: u64,
    /// The change.
    pub sealed: SealedChange,
}

impl WaitingChange {
    /// What it is called when it is taken or discarded.
    pub fn name(&self) -> MachineChangeName {
        MachineChangeName {
            token_id: self.token_id,
            item_id: self.sealed.item_id,
            change_id: self.sealed.change_id,
        }
    }
}

/// Discards changes that wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DiscardChangesRequest {
    /// At least one, at most [`crate::limits::WAITING_PER_PAGE`]. Those that wait no more are passed
    /// over.
    pub changes: Vec<MachineChangeName>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}
