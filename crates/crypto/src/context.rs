//! Where things belong. A context is bound into every envelope and must be given again to open
//! it, from what the client itself knows, so that nothing can be moved, swapped or rolled back.

use crate::aad::{Aad, Binding, EnvelopeType};

/// Which part of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// What a list row and a search need.
    Overview,
    /// The secret values, notes and history.
    Details,
}

/// The place of one part of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ItemContext {
    /// The account, or later the team, whose vault it is.
    pub owner: [u8; 16],
    /// The vault.
    pub vault: [u8; 16],
    /// The item.
    pub item: [u8; 16],
    /// Which part.
    pub part: Part,
    /// The item version that wrote this part.
    pub version: u64,
    /// The epoch of the vault key.
    pub epoch: u32,
    /// The schema of the plaintext.
    pub schema: u16,
}

/// The place of an account's own keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccountContext {
    /// The account.
    pub account_id: [u8; 16],
    /// Rises by one with every change of password or keys.
    pub keyset_version: u32,
}

/// The place of the account root key where the recovery key wraps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecoveryContext {
    /// The account.
    pub account_id: [u8; 16],
    /// Rises by one with every recovery key that is made or revoked.
    pub version: u32,
}

/// The place of a personal vault's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VaultKeyContext {
    /// The account.
    pub owner: [u8; 16],
    /// The vault.
    pub vault: [u8; 16],
    /// The epoch of the key.
    pub epoch: u32,
}

/// The place of the account root key wrapped by a passkey. No keyset version: a change of password
/// leaves the root key and what passkeys wrap of it as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PasskeyContext<'a> {
    /// The account.
    pub account_id: [u8; 16],
    /// The passkey, as its authenticator names it.
    pub credential_id: &'a [u8],
}

/// The place of something the account keeps for itself: a draft, pins, settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StateContext {
    /// The account.
    pub owner: [u8; 16],
    /// What it is, for example `draft`. One label, one structure.
    pub label: &'static str,
}

/// The place of what a machine token is granted. Whoever opens it has the token and nothing else,
/// and learns the account from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MachineGrantContext {
    /// The token.
    pub token: [u8; 16],
}

/// What a machine keeps of what its token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MachineKept {
    /// The copy, as the server sent it.
    Copy,
    /// The newest state of it that was seen.
    Floor,
}

/// The place of something that a machine keeps for when the server cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MachineKeptContext {
    /// The token.
    pub token: [u8; 16],
    /// Which part.
    pub kept: MachineKept,
}

/// The place of a change that is handed in with a machine token. The key is that of the token's copy,
/// which nobody has but who holds the token and whose items they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MachineChangeContext {
    /// The token.
    pub token: [u8; 16],
    /// The change.
    pub change: [u8; 16],
    /// The item that it changes or makes.
    pub item: [u8; 16],
    /// The version of the vault's item that it is made on; 0 for one that it makes.
    pub base: u64,
}

/// The place of a chunk in an archive. It belongs to whoever can open it, and names no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ArchiveContext {
    /// The archive.
    pub archive: [u8; 16],
    /// Counts the chunks, from 0.
    pub number: u64,
    /// None follows.
    pub last: bool,
}

/// The place of a chunk of a file that is attached to items. Its key is the file's own and stands in
/// the details of those items, so that it need not name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttachmentContext {
    /// The attachment.
    pub attachment: [u8; 16],
    /// Counts the chunks, from 0.
    pub number: u64,
    /// None follows.
    pub last: bool,
}

impl Binding for ItemContext {
    fn envelope_type(&self) -> EnvelopeType {
        match self.part {
            Part::Overview => EnvelopeType::Overview,
            Part::Details => EnvelopeType::Details,
        }
    }

    fn write(&self, aad: &mut Aad) {
        let part = match self.part {
            Part::Overview => "overview",
            Part::Details => "details",
        };
        aad.field(&self.owner)
            .field(&self.vault)
            .field(&self.item)
            .field(part.as_bytes())
            .field(&self.version.to_be_bytes())
            .field(&self.epoch.to_be_bytes())
            .field(&self.schema.to_be_bytes());
    }
}

/// The place of the account root key, wrapped by what the password gives.
pub(crate) struct RootKeyBinding<'a>(pub(crate) &'a AccountContext);

impl Binding for RootKeyBinding<'_> {
    fn envelope_type(&self) -> EnvelopeType {
        EnvelopeType::RootKey
    }

    fn write(&self, aad: &mut Aad) {
        let AccountContext {
            account_id,
            keyset_version,
        } = self.0;
        wrap(aad, account_id, "root-key", account_id, *keyset_version);
    }
}

/// The place of the private keys, wrapped by the account root key.
pub(crate) struct KeyringBinding<'a>(pub(crate) &'a AccountContext);

impl Binding for KeyringBinding<'_> {
    fn envelope_type(&self) -> EnvelopeType {
        EnvelopeType::Keyring
    }

    fn write(&self, aad: &mut Aad) {
        let AccountContext {
            account_id,
            keyset_version,
        } = self.0;
        wrap(aad, account_id, "keyring", account_id, *keyset_version);
    }
}

impl Binding for RecoveryContext {
    fn envelope_type(&self) -> EnvelopeType {
        EnvelopeType::RecoveryRootKey
    }

    fn write(&self, aad: &mut Aad) {
        let Self {
            account_id,
            version,
        } = self;
        wrap(aad, account_id, "recovery-root-key", account_id, *version);
    }
}

impl Binding for VaultKeyContext {
    fn envelope_type(&self) -> EnvelopeType {
        EnvelopeType::VaultKey
    }

    fn write(&self, aad: &mut Aad) {
        wrap(aad, &self.owner, "vault-key", &self.vault, self.epoch);
    }
}

/// The fields of a wrapped key. What is wrapped for oneself has the owner as its recipient.
fn wrap(aad: &mut Aad, owner: &[u8; 16], wrapped: &str, wrapped_id: &[u8; 16], version: u32) {
    aad.field(owner)
        .field(wrapped.as_bytes())
        .field(wrapped_id)
        .field(owner)
        .field(&version.to_be_bytes());
}

impl Binding for PasskeyContext<'_> {
    fn envelope_type(&self) -> EnvelopeType {
        EnvelopeType::PasskeyRootKey
    }

    fn write(&self, aad: &mut Aad) {
        aad.field(&self.account_id)
            .field(b"passkey-root-key")
            .field(&self.account_id)
            .field(self.credential_id);
    }
}

impl Binding for StateContext {
    fn envelope_type(&self) -> EnvelopeType {
        EnvelopeType::State
    }

    fn write(&self, aad: &mut Aad) {
        aad.field(&self.owner).field(self.label.as_bytes());
    }
}

impl Binding for MachineGrantContext {
    fn envelope_type(&self) -> EnvelopeType {
        EnvelopeType::MachineGrant
    }

    fn write(&self, aad: &mut Aad) {
        aad.field(&self.token).field(b"machine-grant");
    }
}

impl Binding for MachineKeptContext {
    fn envelope_type(&self) -> EnvelopeType {
        match self.kept {
            MachineKept::Copy => EnvelopeType::MachineCopy,
            MachineKept::Floor => EnvelopeType::MachineFloor,
        }
    }

    fn write(&self, aad: &mut Aad) {
        let kept = match self.kept {
            MachineKept::Copy => "machine-copy",
            MachineKept::Floor => "machine-floor",
        };
        aad.field(&self.token).field(kept.as_bytes());
    }
}

impl Binding for MachineChangeContext {
    fn envelope_type(&self) -> EnvelopeType {
        EnvelopeType::MachineChange
    }

    fn write(&self, aad: &mut Aad) {
        aad.field(&self.token)
            .field(b"machine-change")
            .field(&self.change)
            .field(&self.item)
            .field(&self.base.to_be_bytes());
    }
}

impl Binding for ArchiveContext {
    fn envelope_type(&self) -> EnvelopeType {
        EnvelopeType::ArchiveChunk
    }

    fn write(&self, aad: &mut Aad) {
        aad.field(&self.archive)
            .field(b"archive-chunk")
            .field(&self.number.to_be_bytes())
            .field(&[u8::from(self.last)]);
    }
}

impl Binding for AttachmentContext {
    fn envelope_type(&self) -> EnvelopeType {
        EnvelopeType::AttachmentChunk
    }

    fn write(&self, aad: &mut Aad) {
        aad.field(&self.attachment)
            .field(b"attachment-chunk")
            .field(&self.number.to_be_bytes())
            .field(&[u8::from(self.last)]);
    }
}
