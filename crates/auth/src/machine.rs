use keyarc_signature::{Purpose, SIGNATURE_LEN, SignatureError, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::NONCE_LEN;

/// What a machine token signs at each request, so that one round trip is enough.
///
/// The origin stops a relay, as in [`crate::LoginStatement`]. There is no nonce of the server's:
/// the time bounds how long the nonce of the client has to be remembered, so that a request serves
/// once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MachineStatement<'a> {
    /// The origin that the client talks to, for example `https://keyarc.example`.
    pub origin: &'a str,
    /// The token.
    pub token: [u8; 16],
    /// The client's clock, Unix milliseconds.
    pub time_ms: u64,
    /// Made by the client for this one request.
    pub client_nonce: [u8; NONCE_LEN],
    /// The items whose details are asked for; none for the copy itself.
    pub items: &'a [[u8; 16]],
}

impl MachineStatement<'_> {
    /// The canonical bytes: origin length u32 ‖ origin ‖ token ‖ time u64 ‖ client nonce ‖ number
    /// of items u32 ‖ items, big-endian. The purpose is in the signature's frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        let origin = self.origin.as_bytes();
        let mut bytes =
            Vec::with_capacity(4 + origin.len() + 16 + 8 + NONCE_LEN + 4 + 16 * self.items.len());
        bytes.extend_from_slice(&(origin.len() as u32).to_be_bytes());
        bytes.extend_from_slice(origin);
        bytes.extend_from_slice(&self.token);
        bytes.extend_from_slice(&self.time_ms.to_be_bytes());
        bytes.extend_from_slice(&self.client_nonce);
        bytes.extend_from_slice(&(self.items.len() as u32).to_be_bytes());
        for item in self.items {
            bytes.extend_from_slice(item);
        }
        bytes
    }

    /// Signs the statement.
    pub fn sign(&self, key: &SigningKey) -> [u8; SIGNATURE_LEN] {
        key.sign(Purpose::Machine, &self.to_bytes())
    }

    /// Checks a signature over exactly this statement.
    pub fn verify(
        &self,
        key: &VerifyingKey,
        signature: &[u8; SIGNATURE_LEN],
    ) -> Result<(), SignatureError> {
        key.verify(Purpose::Machine, &self.to_bytes(), signature)
    }

    /// What the server remembers of the request, so that it serves once: the SHA-256 of token and
    /// nonce. A client must not be able to use up the nonce of anybody else.
    pub fn once(&self) -> [u8; 32] {
        once(&self.token, &self.client_nonce)
    }
}

/// A change among those that a [`HandInStatement`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandedIn<'a> {
    /// The change.
    pub change: [u8; 16],
    /// The item that it changes or makes.
    pub item: [u8; 16],
    /// The version of the vault's item that it is made on; 0 for one that it makes.
    pub base: u64,
    /// The change of this item whose place it takes, if it takes one's.
    pub replaces: Option<[u8; 16]>,
    /// As it is sealed.
    pub sealed: &'a [u8],
}

/// What a machine token signs to hand in changes: as [`MachineStatement`], with a purpose of its own
/// and over all that is handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandInStatement<'a> {
    /// The origin that the client talks to.
    pub origin: &'a str,
    /// The token.
    pub token: [u8; 16],
    /// The client's clock, Unix milliseconds.
    pub time_ms: u64,
    /// Made by the client for this one request.
    pub client_nonce: [u8; NONCE_LEN],
    /// What is handed in, in the order of the request.
    pub changes: &'a [HandedIn<'a>],
}

impl HandInStatement<'_> {
    /// The canonical bytes: origin length u32 ‖ origin ‖ token ‖ time u64 ‖ client nonce ‖ SHA-256
    /// of (number of changes u32 ‖ for each: change 16 ‖ item 16 ‖ base u64 ‖ the change that it
    /// replaces 16, or zeros ‖ SHA-256 of it as it is sealed 32), big-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut hash = Sha256::new().chain_update((self.changes.len() as u32).to_be_bytes());
        for one in self.changes {
            hash.update(one.change);
            hash.update(one.item);
            hash.update(one.base.to_be_bytes());
            hash.update(one.replaces.unwrap_or_default());
            hash.update(Sha256::digest(one.sealed));
        }
        let origin = self.origin.as_bytes();
        let mut bytes = Vec::with_capacity(4 + origin.len() + 16 + 8 + NONCE_LEN + 32);
        bytes.extend_from_slice(&(origin.len() as u32).to_be_bytes());
        bytes.extend_from_slice(origin);
        bytes.extend_from_slice(&self.token);
        bytes.extend_from_slice(&self.time_ms.to_be_bytes());
        bytes.extend_from_slice(&self.client_nonce);
        bytes.extend_from_slice(&hash.finalize());
        bytes
    }

    /// Signs the statement.
    pub fn sign(&self, key: &SigningKey) -> [u8; SIGNATURE_LEN] {
        key.sign(Purpose::MachineChange, &self.to_bytes())
    }

    /// Checks a signature over exactly this statement.
    pub fn verify(
        &self,
        key: &VerifyingKey,
        signature: &[u8; SIGNATURE_LEN],
    ) -> Result<(), SignatureError> {
        key.verify(Purpose::MachineChange, &self.to_bytes(), signature)
    }

    /// As [`MachineStatement::once`]: a nonce serves once, whatever it is for.
    pub fn once(&self) -> [u8; 32] {
        once(&self.token, &self.client_nonce)
    }
}

fn once(token: &[u8; 16], client_nonce: &[u8; NONCE_LEN]) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"keyarc/v1/machine/once")
        .chain_update(token)
        .chain_update(client_nonce)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ITEMS: [[u8; 16]; 2] = [[4; 16], [5; 16]];

    fn statement(origin: &str) -> MachineStatement<'_> {
        MachineStatement {
            origin,
            token: [1; 16],
            time_ms: 0x0102_0304_0506_0708,
            client_nonce: [3; 32],
            items: &ITEMS,
        }
    }

    #[test]
    fn the_bytes_are_as_documented() {
        let mut expected = vec![0, 0, 0, 4];
        expected.extend_from_slice(b"a://");
        expected.extend_from_slice(&[1; 16]);
        expected.extend_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]);
        expected.extend_from_slice(&[3; 32]);
        expected.extend_from_slice(&[0, 0, 0, 2]);
        expected.extend_from_slice(&[4; 16]);
        expected.extend_from_slice(&[5; 16]);
        assert_eq!(statement("a://").to_bytes(), expected);
    }

    #[test]
    fn the_signature_is_the_one_checked_in() {
        let signature = statement("https://keyarc.example").sign(&SigningKey::from_seed(&[7; 32]));
        assert_eq!(
            hex::encode(signature),
            include_str!("../vectors/machine-signature.hex").trim()
        );
    }

    #[test]
    fn nobody_uses_up_the_nonce_of_another_token() {
        let one = statement("a://");
        let other = MachineStatement {
            token: [2; 16],
            ..one
        };
        assert_ne!(one.once(), other.once());
        assert_ne!(one.once(), one.client_nonce);
        let later = MachineStatement {
            time_ms: 0,
            items: &[],
            ..one
        };
        assert_eq!(one.once(), later.once(), "the nonce alone makes it another");
    }

    const CHANGES: [HandedIn<'static>; 2] = [
        HandedIn {
            change: [4; 16],
            item: [5; 16],
            base: 6,
            replaces: None,
            sealed: b"sealed",
        },
        HandedIn {
            change: [7; 16],
            item: [8; 16],
            base: 0,
            replaces: Some([9; 16]),
            sealed: b"",
        },
    ];

    fn hand_in(origin: &str) -> HandInStatement<'_> {
        HandInStatement {
            origin,
            token: [1; 16],
            time_ms: 0x0102_0304_0506_0708,
            client_nonce: [3; 32],
            changes: &CHANGES,
        }
    }

    #[test]
    fn what_is_handed_in_is_signed_as_documented() {
        let signature = hand_in("https://keyarc.example").sign(&SigningKey::from_seed(&[7; 32]));
        assert_eq!(
            hex::encode(signature),
            include_str!("../vectors/machine-change-signature.hex").trim()
        );
        // Neither stands for the other, and no nonce serves for both.
        let key = SigningKey::from_seed(&[7; 32]);
        let public = VerifyingKey::from_bytes(&key.public_key()).unwrap();
        let (asks, hands_in) = (statement("a://"), hand_in("a://"));
        assert!(asks.verify(&public, &hands_in.sign(&key)).is_err());
        assert!(hands_in.verify(&public, &asks.sign(&key)).is_err());
        assert_eq!(asks.once(), hands_in.once());
    }

    #[test]
    fn a_signature_covers_all_that_is_handed_in() {
        let key = SigningKey::from_seed(&[7; 32]);
        let public = VerifyingKey::from_bytes(&key.public_key()).unwrap();
        let signature = hand_in("a://").sign(&key);
        assert!(hand_in("a://").verify(&public, &signature).is_ok());
        let edits: [fn(&mut HandInStatement<'_>); 4] = [
            |one| one.origin = "b://",
            |one| one.token[0] ^= 1,
            |one| one.time_ms ^= 1,
            |one| one.client_nonce[0] ^= 1,
        ];
        for edit in edits {
            let mut other = hand_in("a://");
            edit(&mut other);
            assert!(other.verify(&public, &signature).is_err());
        }
        let edits: [fn(&mut Vec<HandedIn<'_>>); 8] = [
            |all| all[0].change[0] ^= 1,
            |all| all[0].item[0] ^= 1,
            |all| all[0].base ^= 1,
            |all| all[0].replaces = Some([1; 16]),
            |all| all[1].replaces = None,
            |all| all[0].sealed = b"seale",
            |all| all.reverse(),
            |all| all.truncate(1),
        ];
        for (number, edit) in edits.into_iter().enumerate() {
            let mut changes = CHANGES.to_vec();
            edit(&mut changes);
            let other = HandInStatement {
                changes: &changes,
                ..hand_in("a://")
            };
            assert!(other.verify(&public, &signature).is_err(), "{number}");
        }
    }

    type Parts = (String, [u8; 16], u64, [u8; 32], Vec<[u8; 16]>);

    fn any_parts() -> impl Strategy<Value = Parts> {
        (
            ".{0,40}",
            any::<[u8; 16]>(),
            any::<u64>(),
            any::<[u8; 32]>(),
            proptest::collection::vec(any::<[u8; 16]>(), 0..3),
        )
    }

    fn of(parts: &Parts) -> MachineStatement<'_> {
        MachineStatement {
            origin: &parts.0,
            token: parts.1,
            time_ms: parts.2,
            client_nonce: parts.3,
            items: &parts.4,
        }
    }

    proptest! {
        #[test]
        fn different_statements_have_different_bytes(a in any_parts(), b in any_parts()) {
            prop_assert_eq!(a == b, of(&a).to_bytes() == of(&b).to_bytes());
        }

        #[test]
        fn a_signature_covers_every_field(
            parts in any_parts(),
            field in 0..5_usize,
            flip in 0..64_usize,
        ) {
            let key = SigningKey::from_seed(&[5; 32]);
            let public = VerifyingKey::from_bytes(&key.public_key()).unwrap();
            let signature = of(&parts).sign(&key);
            prop_assert!(of(&parts).verify(&public, &signature).is_ok());
            let mut other = parts;
            match field {
                0 => other.0.push('x'),
                1 => other.1[flip % 16] ^= 1 << (flip / 16),
                2 => other.2 ^= 1 << flip,
                3 => other.3[flip % 32] ^= 1 << (flip / 32),
                _ => other.4.push([9; 16]),
            }
            prop_assert!(of(&other).verify(&public, &signature).is_err());
        }
    }
}
