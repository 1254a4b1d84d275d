//! Parts behind the front door, for test vectors, fuzzing and writers of other clients. Nothing
//! here opens or seals, and no application needs it.

use crate::aad;
use crate::context::{
    AccountContext, ArchiveContext, AttachmentContext, ItemContext, KeyringBinding,
    MachineChangeContext, MachineGrantContext, MachineKeptContext, RecoveryContext, RootKeyBinding,
    StateContext, VaultKeyContext,
};
use crate::kae1;
pub use crate::padding::padded_len;

/// Length of an envelope's header: magic, format, algorithm, type, key id.
pub const HEADER_LEN: usize = kae1::HEADER_LEN;

/// A place that can be bound into associated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A part of an item.
    Item(ItemContext),
    /// The wrapped root key.
    RootKey(AccountContext),
    /// The wrapped private keys.
    Keyring(AccountContext),
    /// A wrapped vault key.
    VaultKey(VaultKeyContext),
    /// The root key, wrapped by the recovery key.
    RecoveryRootKey(RecoveryContext),
    /// Something the account keeps for itself.
    State(StateContext),
    /// What a machine token is granted.
    MachineGrant(MachineGrantContext),
    /// What a machine keeps of what its token opens.
    MachineKept(MachineKeptContext),
    /// A change that is handed in with a machine token.
    MachineChange(MachineChangeContext),
    /// A chunk of an archive.
    Archive(ArchiveContext),
    /// A chunk of an attachment.
    Attachment(AttachmentContext),
}

impl Place {
    /// The associated data of an envelope with this header in this place.
    pub fn associated_data(&self, header: &[u8; HEADER_LEN]) -> Vec<u8> {
        match self {
            Self::Item(context) => aad::encode(header, context),
            Self::RootKey(context) => aad::encode(header, &RootKeyBinding(context)),
            Self::Keyring(context) => aad::encode(header, &KeyringBinding(context)),
            Self::VaultKey(context) => aad::encode(header, context),
            Self::RecoveryRootKey(context) => aad::encode(header, context),
            Self::State(context) => aad::encode(header, context),
            Self::MachineGrant(context) => aad::encode(header, context),
            Self::MachineKept(context) => aad::encode(header, context),
            Self::MachineChange(context) => aad::encode(header, context),
            Self::Archive(context) => aad::encode(header, context),
            Self::Attachment(context) => aad::encode(header, context),
        }
    }
}
