//! The associated data: one unambiguous encoding of what a ciphertext is and where it belongs.
//!
//! `field*`, each `length u32be ‖ bytes`. The first is the label, the second the envelope's
//! header, whose type says which fields follow. As every field carries its length and every type
//! has a fixed list of fields, two different contexts never encode alike.

use crate::kae1::HEADER_LEN;

const LABEL: &[u8] = b"keyarc/aad/v1";

/// What an envelope holds. The number stands in its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum EnvelopeType {
    Overview = 0x0001,
    Details = 0x0002,
    RootKey = 0x0101,
    Keyring = 0x0102,
    VaultKey = 0x0103,
    RecoveryRootKey = 0x0104,
    PasskeyRootKey = 0x0105,
    MachineGrant = 0x0106,
    MachineCopy = 0x0107,
    MachineFloor = 0x0108,
    MachineChange = 0x0109,
    State = 0x0201,
    DeviceLink = 0x0301,
    KeptUnlock = 0x0302,
    ArchiveChunk = 0x0401,
    AttachmentChunk = 0x0402,
}

impl EnvelopeType {
    pub(crate) const fn to_bytes(self) -> [u8; 2] {
        (self as u16).to_be_bytes()
    }
}

/// A place that a ciphertext is bound to.
pub(crate) trait Binding {
    /// The type that stands in the header.
    fn envelope_type(&self) -> EnvelopeType;

    /// The fields that follow the header.
    fn write(&self, aad: &mut Aad);
}

/// Writes associated data field by field.
pub(crate) struct Aad(Vec<u8>);

impl Aad {
    /// Appends one field.
    pub(crate) fn field(&mut self, bytes: &[u8]) -> &mut Self {
        self.0
            .extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }
}

/// The whole associated data of an envelope with this header in this place.
pub(crate) fn encode(header: &[u8; HEADER_LEN], binding: &impl Binding) -> Vec<u8> {
    let mut aad = Aad(Vec::with_capacity(192));
    aad.field(LABEL).field(header);
    binding.write(&mut aad);
    aad.0
}
