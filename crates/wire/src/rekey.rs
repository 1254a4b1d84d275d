use serde::{Deserialize, Serialize};

use crate::{
    AttachmentId, Bytes, Fixed, Handle, ItemId, Keyset, LoginProof, NewRecoveryKey, Sealed, VaultId,
};

/// Items sealed anew under a key that is not in force yet. They are kept aside, and nothing reads
/// them before [`RekeyRequest`] puts them all in force.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StageItemsRequest {
    /// Names the change of keys; random. Another one than before drops what was staged.
    pub rekey: Fixed<16>,
    /// At most [`crate::limits::ITEMS_PER_STAGE`]. One that was staged already is replaced; one
    /// that is not in the account's vault is passed over.
    pub items: Vec<StagedItem>,
}

/// An item, sealed anew for the version after the one that it has.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StagedItem {
    /// The item.
    pub item_id: ItemId,
    /// Its version afterwards.
    pub version: u64,
    /// Sealed for that version.
    pub overview: Sealed,
    /// Sealed for that version.
    pub details: Sealed,
    /// The attachments that the details name, which are those that the item has now. A server that
    /// knows nothing of attachments refuses the change by it, and does not lose track of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentId>,
}

/// Puts new keys in force throughout, with the items that were staged, all or nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RekeyRequest {
    /// From the setup code. A change of keys keeps it.
    pub handle: Handle,
    /// Names what was staged.
    pub rekey: Fixed<16>,
    /// The new root key and keyring, wrapped. The version is one more than that in force.
    pub keyset: Keyset,
    /// The Ed25519 public key that log-ins are to be checked against.
    pub auth_public_key: Fixed<32>,
    /// The user bundle after the one in force, signed by both keys.
    pub bundle: Bytes,
    /// The account's vault.
    pub vault: VaultId,
    /// One more than the epoch in force.
    pub key_epoch: u32,
    /// The vault key of that epoch, wrapped under the new root key.
    pub wrapped_vault_key: Sealed,
    /// The manifest of the items as staged, signed by the new key. It follows the vault's head.
    pub manifest: Bytes,
    /// The version of the new recovery key: one more than that of the last change, or 1.
    pub recovery_version: u32,
    /// The new recovery key.
    pub recovery_key: NewRecoveryKey,
    /// Signed with purpose `rekey` by the authentication key that is about to be replaced, over
    /// all of this.
    pub proof: LoginProof,
}
