//! Envelopes, and what they are bound to.

use keyarc_crypto::hazmat::{HEADER_LEN, Place};
use keyarc_crypto::{
    AccountContext, ArchiveContext, AttachmentContext, ItemContext, MachineChangeContext,
    MachineGrantContext, MachineKept, MachineKeptContext, Part, RecoveryContext, StateContext,
    VaultKey, VaultKeyContext,
};

use crate::counter_rng::CounterRng;

/// Arbitrary bytes never open; a sealed input opens to itself, and not after any edit.
pub fn envelope(data: &[u8]) {
    let mut rng = CounterRng::new(1);
    let key = VaultKey::make(&mut rng);
    let mut input = Input(data);
    let context = input.item();
    assert!(key.open(&context, data).is_err());

    let (at, mask) = (u16::from_be_bytes(input.take()), input.take::<1>()[0]);
    let mut sealed = key
        .seal(&context, input.0, &mut rng)
        .expect("a sound generator");
    assert_eq!(
        key.open(&context, &sealed).expect("just sealed").as_slice(),
        input.0
    );
    let at = usize::from(at) % sealed.len();
    sealed[at] ^= mask;
    assert_eq!(key.open(&context, &sealed).is_ok(), mask == 0);
    sealed[at] ^= mask;
    sealed.truncate(at);
    assert!(key.open(&context, &sealed).is_err());
}

/// The encoding of a place reads back as that place, so no two places encode alike.
pub fn aad(data: &[u8]) {
    let mut input = Input(data);
    let (one, other) = (input.place(), input.place());
    let header: [u8; HEADER_LEN] = input.take();
    let encoded = one.associated_data(&header);
    assert_eq!(decode(&encoded), Some((header, one)));
    assert_eq!(encoded == other.associated_data(&header), one == other);
}

/// Takes values from the front; what is missing is zero.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.0.split_at(N.min(self.0.len()));
        self.0 = rest;
        let mut value = [0; N];
        value[..head.len()].copy_from_slice(head);
        value
    }

    fn item(&mut self) -> ItemContext {
        ItemContext {
            owner: self.take(),
            vault: self.take(),
            item: self.take(),
            part: if self.take::<1>()[0] & 1 == 0 {
                Part::Overview
            } else {
                Part::Details
            },
            version: u64::from_be_bytes(self.take()),
            epoch: u32::from_be_bytes(self.take()),
            schema: u16::from_be_bytes(self.take()),
        }
    }

    fn account(&mut self) -> AccountContext {
        AccountContext {
            account_id: self.take(),
            keyset_version: u32::from_be_bytes(self.take()),
        }
    }

    fn place(&mut self) -> Place {
        match self.take::<1>()[0] % 11 {
            0 => Place::Item(self.item()),
            1 => Place::RootKey(self.account()),
            2 => Place::Keyring(self.account()),
            3 => Place::VaultKey(VaultKeyContext {
                owner: self.take(),
                vault: self.take(),
                epoch: u32::from_be_bytes(self.take()),
            }),
            4 => Place::RecoveryRootKey(RecoveryContext {
                account_id: self.take(),
                version: u32::from_be_bytes(self.take()),
            }),
            6 => Place::Archive(ArchiveContext {
                archive: self.take(),
                number: u64::from_be_bytes(self.take()),
                last: self.take::<1>()[0] & 1 == 1,
            }),
            7 => Place::Attachment(AttachmentContext {
                attachment: self.take(),
                number: u64::from_be_bytes(self.take()),
                last: self.take::<1>()[0] & 1 == 1,
            }),
            8 => Place::MachineGrant(MachineGrantContext { token: self.take() }),
            9 => Place::MachineKept(MachineKeptContext {
                token: self.take(),
                kept: match self.take::<1>()[0] & 1 == 0 {
                    true => MachineKept::Copy,
                    false => MachineKept::Floor,
                },
            }),
            10 => Place::MachineChange(MachineChangeContext {
                token: self.take(),
                change: self.take(),
                item: self.take(),
                base: u64::from_be_bytes(self.take()),
            }),
            _ => Place::State(StateContext {
                owner: self.take(),
                label: ["draft", "pins", ""][usize::from(self.take::<1>()[0] % 3)],
            }),
        }
    }
}

/// A reader for associated data that shares nothing with the writer. The encoding needs no type
/// to be told apart: the text fields do that.
fn decode(mut bytes: &[u8]) -> Option<([u8; HEADER_LEN], Place)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let (field, rest) = rest.split_at_checked(u32::from_be_bytes(*len) as usize)?;
        fields.push(field);
        bytes = rest;
    }
    let id = |field: &[u8]| <[u8; 16]>::try_from(field).ok();
    let number = |field: &[u8]| <[u8; 4]>::try_from(field).ok().map(u32::from_be_bytes);
    let [b"keyarc/aad/v1", header, owner, place @ ..] = fields.as_slice() else {
        return None;
    };
    let place = match place {
        [vault, item, part, version, epoch, schema] => Place::Item(ItemContext {
            owner: id(owner)?,
            vault: id(vault)?,
            item: id(item)?,
            part: match *part {
                b"overview" => Part::Overview,
                b"details" => Part::Details,
                _ => return None,
            },
            version: u64::from_be_bytes((*version).try_into().ok()?),
            epoch: number(epoch)?,
            schema: u16::from_be_bytes((*schema).try_into().ok()?),
        }),
        [b"machine-change", change, item, base] => Place::MachineChange(MachineChangeContext {
            token: id(owner)?,
            change: id(change)?,
            item: id(item)?,
            base: u64::from_be_bytes((*base).try_into().ok()?),
        }),
        [kind, wrapped, recipient, version] if recipient == owner => {
            let account = AccountContext {
                account_id: id(owner)?,
                keyset_version: number(version)?,
            };
            match *kind {
                b"root-key" if wrapped == owner => Place::RootKey(account),
                b"keyring" if wrapped == owner => Place::Keyring(account),
                b"recovery-root-key" if wrapped == owner => {
                    Place::RecoveryRootKey(RecoveryContext {
                        account_id: id(owner)?,
                        version: number(version)?,
                    })
                }
                b"vault-key" => Place::VaultKey(VaultKeyContext {
                    owner: id(owner)?,
                    vault: id(wrapped)?,
                    epoch: number(version)?,
                }),
                _ => return None,
            }
        }
        [b"archive-chunk", number, [last @ (0 | 1)]] => Place::Archive(ArchiveContext {
            archive: id(owner)?,
            number: u64::from_be_bytes((*number).try_into().ok()?),
            last: *last == 1,
        }),
        [b"attachment-chunk", number, [last @ (0 | 1)]] => Place::Attachment(AttachmentContext {
            attachment: id(owner)?,
            number: u64::from_be_bytes((*number).try_into().ok()?),
            last: *last == 1,
        }),
        [b"machine-grant"] => Place::MachineGrant(MachineGrantContext { token: id(owner)? }),
        [kept @ (b"machine-copy" | b"machine-floor")] => Place::MachineKept(MachineKeptContext {
            token: id(owner)?,
            kept: match *kept == b"machine-copy" {
                true => MachineKept::Copy,
                false => MachineKept::Floor,
            },
        }),
        [label] => Place::State(StateContext {
            owner: id(owner)?,
            label: ["draft", "pins", ""]
                .into_iter()
                .find(|known| known.as_bytes() == *label)?,
        }),
        _ => return None,
    };
    Some(((*header).try_into().ok()?, place))
}
