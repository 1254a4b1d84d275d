//! What a device has seen of its account, kept so that a server cannot go back behind it.
//!
//! ```text
//! pins = "KP" ‖ 1 ‖ device 16 ‖ keyset version u32 ‖ count u8
//!        ‖ count × (vault 16 ‖ version u64 ‖ hash of that manifest 32), by vault
//! ```
//! Sealed under the account's state key with the label `pins`, on the device and, for the
//! account's other devices, at the server.

use keyarc_signature::VaultManifest;
use keyarc_wire::VaultId;

const MAGIC: &[u8; 3] = b"KP\x01";
const VAULT_LEN: usize = 16 + 8 + 32;
/// What pins are bound to: this account and nothing else.
pub(crate) const LABEL: &str = "pins";

/// One vault at one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    /// The vault.
    pub vault: VaultId,
    /// The version of its manifest.
    pub version: u64,
    /// The hash of that manifest.
    pub hash: [u8; 32],
}

impl Pin {
    /// The vault of a manifest at its version.
    pub(crate) fn of(manifest: &VaultManifest) -> Self {
        let body = manifest.body();
        Self {
            vault: VaultId(body.vault),
            version: body.version,
            hash: manifest.hash(),
        }
    }
}

/// What a device has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pins {
    /// The device, by a random name that it gave itself.
    pub device: [u8; 16],
    /// The newest keyset.
    pub keyset_version: u32,
    /// The newest manifest of each vault, by vault.
    pub vaults: Vec<Pin>,
}

/// The bytes are not pins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not pins")]
pub struct PinsDecodeError;

impl Pins {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(MAGIC.len() + 21 + self.vaults.len() * VAULT_LEN);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&self.device);
        out.extend_from_slice(&self.keyset_version.to_be_bytes());
        let vaults = &self.vaults[..self.vaults.len().min(usize::from(u8::MAX))];
        out.push(vaults.len() as u8);
        for pin in vaults {
            out.extend_from_slice(pin.vault.as_bytes());
            out.extend_from_slice(&pin.version.to_be_bytes());
            out.extend_from_slice(&pin.hash);
        }
        out
    }

    /// Reads exactly what [`encode`](Self::encode) writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, PinsDecodeError> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(PinsDecodeError)?;
        let device = take(&mut rest)?;
        let keyset_version = u32::from_be_bytes(take(&mut rest)?);
        let [count] = take(&mut rest)?;
        let mut vaults: Vec<Pin> = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let pin = Pin {
                vault: VaultId(take(&mut rest)?),
                version: u64::from_be_bytes(take(&mut rest)?),
                hash: take(&mut rest)?,
            };
            if vaults.last().is_some_and(|last| last.vault >= pin.vault) {
                return Err(PinsDecodeError);
            }
            vaults.push(pin);
        }
        if !rest.is_empty() {
            return Err(PinsDecodeError);
        }
        Ok(Self {
            device,
            keyset_version,
            vaults,
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], PinsDecodeError> {
    let (head, after) = rest.split_first_chunk().ok_or(PinsDecodeError)?;
    *rest = after;
    Ok(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pins() -> Pins {
        let pin = |vault: u8| Pin {
            vault: VaultId([vault; 16]),
            version: u64::from(vault) * 7,
            hash: [vault ^ 0xff; 32],
        };
        Pins {
            device: [9; 16],
            keyset_version: 3,
            vaults: vec![pin(1), pin(2)],
        }
    }

    #[test]
    fn pins_read_back_and_nothing_else_does() {
        let bytes = pins().encode();
        assert_eq!(Pins::decode(&bytes), Ok(pins()));
        for cut in 0..bytes.len() {
            assert_eq!(Pins::decode(&bytes[..cut]), Err(PinsDecodeError), "{cut}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(Pins::decode(&longer), Err(PinsDecodeError));
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            if let Ok(read) = Pins::decode(&changed) {
                assert_eq!(read.encode(), changed, "what is read is canonical");
            }
        }
    }

    #[test]
    fn a_vault_stands_once_and_in_order() {
        let mut twice = pins();
        twice.vaults.swap(0, 1);
        assert_eq!(Pins::decode(&twice.encode()), Err(PinsDecodeError));
        twice.vaults[1] = twice.vaults[0];
        assert_eq!(Pins::decode(&twice.encode()), Err(PinsDecodeError));
    }
}
