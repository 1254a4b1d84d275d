use keyarc_signature::{
    PUBLIC_KEY_LEN, Purpose, SIGNATURE_LEN, SignatureError, SigningKey, VerifyingKey,
};
use sha2::{Digest as _, Sha256};

use crate::{NONCE_LEN, statement::presence};

/// The keys that a change of password brings, as far as the server has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewKeys<'a> {
    /// The version of the keyset: one more than that of the keyset before.
    pub version: u32,
    /// What log-ins are to be checked against.
    pub auth_public_key: [u8; PUBLIC_KEY_LEN],
    /// The account root key, wrapped.
    pub wrapped_root_key: &'a [u8],
    /// The private keys, wrapped.
    pub keyring: &'a [u8],
}

impl NewKeys<'_> {
    /// SHA-256(`"keyarc/v1/keyset"` ‖ version u32 ‖ public key ‖ length u32 ‖ wrapped root key ‖
    /// length u32 ‖ keyring).
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new()
            .chain_update(b"keyarc/v1/keyset")
            .chain_update(self.version.to_be_bytes())
            .chain_update(self.auth_public_key);
        for wrapped in [self.wrapped_root_key, self.keyring] {
            hash.update((wrapped.len() as u32).to_be_bytes());
            hash.update(wrapped);
        }
        hash.finalize().into()
    }
}

/// A recovery key to come into force, or none, as far as the server has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRecovery<'a> {
    /// Its version: one more than that of the one before.
    pub version: u32,
    /// What is in force from then on; `None` revokes the one before.
    pub key: Option<NewRecoveryKey<'a>>,
}

/// What the server keeps of a recovery key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRecoveryKey<'a> {
    /// What recoveries are to be checked against.
    pub auth_public_key: [u8; PUBLIC_KEY_LEN],
    /// The account root key, wrapped by the recovery key.
    pub wrapped_root_key: &'a [u8],
    /// What the account notes about it for itself.
    pub note: &'a [u8],
}

impl NewRecovery<'_> {
    /// SHA-256(`"keyarc/v1/recovery"` ‖ version u32 ‖ 0) where there is none, and otherwise
    /// SHA-256(`"keyarc/v1/recovery"` ‖ version u32 ‖ 1 ‖ public key ‖ length u32 ‖ wrapped root
    /// key ‖ length u32 ‖ note).
    pub fn digest(&self) -> [u8; 32] {
        let hash = Sha256::new()
            .chain_update(b"keyarc/v1/recovery")
            .chain_update(self.version.to_be_bytes());
        let Some(key) = &self.key else {
            return hash.chain_update([0]).finalize().into();
        };
        let mut hash = hash.chain_update([1]).chain_update(key.auth_public_key);
        for sealed in [key.wrapped_root_key, key.note] {
            hash.update((sealed.len() as u32).to_be_bytes());
            hash.update(sealed);
        }
        hash.finalize().into()
    }
}

/// New keys throughout, as far as the server has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewAccountKeys<'a> {
    /// Names the items that were staged.
    pub rekey: [u8; 16],
    /// The next keyset.
    pub keys: NewKeys<'a>,
    /// The user bundle that replaces the one in force.
    pub bundle: &'a [u8],
    /// The vault.
    pub vault: [u8; 16],
    /// The next epoch of its key.
    pub key_epoch: u32,
    /// Its key of that epoch, wrapped.
    pub wrapped_vault_key: &'a [u8],
    /// The manifest of the items as they were sealed anew.
    pub manifest: &'a [u8],
    /// The next recovery key.
    pub recovery: NewRecovery<'a>,
}

impl NewAccountKeys<'_> {
    /// SHA-256(`"keyarc/v1/rekey"` ‖ rekey 16 ‖ [`NewKeys::digest`] ‖ length u32 ‖ bundle ‖
    /// vault 16 ‖ epoch u32 ‖ length u32 ‖ wrapped vault key ‖ length u32 ‖ manifest ‖
    /// [`NewRecovery::digest`]).
    pub fn digest(&self) -> [u8; 32] {
        let length = |bytes: &[u8]| (bytes.len() as u32).to_be_bytes();
        Sha256::new()
            .chain_update(b"keyarc/v1/rekey")
            .chain_update(self.rekey)
            .chain_update(self.keys.digest())
            .chain_update(length(self.bundle))
            .chain_update(self.bundle)
            .chain_update(self.vault)
            .chain_update(self.key_epoch.to_be_bytes())
            .chain_update(length(self.wrapped_vault_key))
            .chain_update(self.wrapped_vault_key)
            .chain_update(length(self.manifest))
            .chain_update(self.manifest)
            .chain_update(self.recovery.digest())
            .finalize()
            .into()
    }
}

/// What an account may be changed to by a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    /// New keys, signed by the password's key that is about to be replaced.
    Password(NewKeys<'a>),
    /// New keys, signed by the recovery key.
    Recovery(NewKeys<'a>),
    /// Another recovery key or none, signed by the password's key.
    RecoveryKey(NewRecovery<'a>),
    /// New keys throughout, signed by the password's key that is about to be replaced.
    Rekey(NewAccountKeys<'a>),
}

impl Change<'_> {
    const fn purpose(&self) -> Purpose {
        match self {
            Self::Password(_) => Purpose::PasswordChange,
            Self::Recovery(_) => Purpose::RecoveryChange,
            Self::RecoveryKey(_) => Purpose::RecoveryKey,
            Self::Rekey(_) => Purpose::Rekey,
        }
    }

    fn digest(&self) -> [u8; 32] {
        match self {
            Self::Password(keys) | Self::Recovery(keys) => keys.digest(),
            Self::RecoveryKey(recovery) => recovery.digest(),
            Self::Rekey(keys) => keys.digest(),
        }
    }
}

/// What a client signs to put something new in the place of what is in force.
///
/// It names what is new, so that whoever holds a session and sees the request go by cannot put in
/// something else, and each kind of change has a purpose of its own: no log-in is a change of
/// password, and no change of password one of the recovery key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeStatement<'a> {
    /// The origin that the client talks to.
    pub origin: &'a str,
    /// The part of the setup code that names the account.
    pub handle: [u8; 6],
    /// From the server's challenge.
    pub server_nonce: [u8; NONCE_LEN],
    /// Made by the client.
    pub client_nonce: [u8; NONCE_LEN],
    /// The client's clock, Unix milliseconds.
    pub time_ms: u64,
    /// What is to be in force from now on.
    pub change: Change<'a>,
}

impl ChangeStatement<'_> {
    /// The bytes of a [`LoginStatement`](crate::LoginStatement), and then the digest of the change.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = presence(
            self.origin,
            &self.handle,
            &self.server_nonce,
            &self.client_nonce,
            self.time_ms,
        );
        bytes.extend_from_slice(&self.change.digest());
        bytes
    }

    /// Signs the statement for its purpose.
    pub fn sign(&self, key: &SigningKey) -> [u8; SIGNATURE_LEN] {
        key.sign(self.change.purpose(), &self.to_bytes())
    }

    /// Checks a signature over exactly this statement.
    pub fn verify(
        &self,
        key: &VerifyingKey,
        signature: &[u8; SIGNATURE_LEN],
    ) -> Result<(), SignatureError> {
        key.verify(self.change.purpose(), &self.to_bytes(), signature)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{LoginPurpose, LoginStatement};

    fn log_in(origin: &str) -> LoginStatement<'_> {
        LoginStatement {
            purpose: LoginPurpose::Login,
            origin,
            handle: [1; 6],
            server_nonce: [2; 32],
            client_nonce: [3; 32],
            time_ms: 0x0102_0304_0506_0708,
        }
    }

    const ROOT: [u8; 350] = [0xa1; 350];
    const RING: [u8; 606] = [0xb2; 606];

    fn change<'a>(origin: &'a str, wrapped: &'a [u8], keyring: &'a [u8]) -> ChangeStatement<'a> {
        ChangeStatement {
            origin,
            handle: [1; 6],
            server_nonce: [2; 32],
            client_nonce: [3; 32],
            time_ms: 0x0102_0304_0506_0708,
            change: Change::Password(NewKeys {
                version: 2,
                auth_public_key: [4; 32],
                wrapped_root_key: wrapped,
                keyring,
            }),
        }
    }

    #[test]
    fn a_change_of_password_begins_as_a_log_in_and_ends_in_its_keys() {
        let change = change("a://", &ROOT, &RING);
        let bytes = change.to_bytes();
        let (presence, digest) = bytes.split_at(bytes.len() - 32);
        assert_eq!(presence, log_in("a://").to_bytes());
        assert_eq!(digest, change.change.digest());
        assert_eq!(
            hex::encode(digest),
            "99a45d0f9a2b771dd698320901b29e5d054a785843a076454b2f045f76aa8568"
        );
    }

    #[test]
    fn the_signature_of_a_change_is_the_one_checked_in() {
        let change = change("https://keyarc.example", &ROOT, &RING);
        assert_eq!(
            hex::encode(change.sign(&SigningKey::from_seed(&[7; 32]))),
            include_str!("../vectors/password-change-signature.hex").trim()
        );
    }

    #[test]
    fn no_log_in_signature_changes_a_password_nor_the_reverse() {
        let key = SigningKey::from_seed(&[9; 32]);
        let public = VerifyingKey::from_bytes(&key.public_key()).unwrap();
        let change = change("https://keyarc.example", &ROOT, &RING);
        for purpose in Purpose::ALL {
            let signature = key.sign(purpose, &change.to_bytes());
            let accepted = change.verify(&public, &signature).is_ok();
            assert_eq!(accepted, purpose == Purpose::PasswordChange, "{purpose:?}");
        }
        let log_in = log_in("https://keyarc.example");
        assert!(log_in.verify(&public, &change.sign(&key)).is_err());
    }

    const NOTE: [u8; 350] = [0xc3; 350];

    fn recovery(note: &[u8]) -> NewRecovery<'_> {
        NewRecovery {
            version: 3,
            key: Some(NewRecoveryKey {
                auth_public_key: [5; 32],
                wrapped_root_key: &ROOT,
                note,
            }),
        }
    }

    fn rekey<'a>() -> NewAccountKeys<'a> {
        let Change::Password(keys) = change("", &ROOT, &RING).change else {
            unreachable!("made so");
        };
        NewAccountKeys {
            rekey: [6; 16],
            keys,
            bundle: &[0xd4; 311],
            vault: [7; 16],
            key_epoch: 2,
            wrapped_vault_key: &[0xe5; 350],
            manifest: &[0xf6; 203],
            recovery: recovery(&NOTE),
        }
    }

    #[test]
    fn every_change_has_the_digest_checked_in_and_a_purpose_of_its_own() {
        let none = NewRecovery {
            version: 4,
            key: None,
        };
        let keys = rekey().keys;
        let cases = [
            (
                Change::Recovery(keys),
                Purpose::RecoveryChange,
                "99a45d0f9a2b771dd698320901b29e5d054a785843a076454b2f045f76aa8568",
            ),
            (
                Change::RecoveryKey(recovery(&NOTE)),
                Purpose::RecoveryKey,
                "499fc7b37701c179d3d2e5f679cad785de0d3d0fc10f922d8f145724671ab1f8",
            ),
            (
                Change::RecoveryKey(none),
                Purpose::RecoveryKey,
                "98cf19482946943de749b75c648493658c0ae24061abbe2c470a3017670cb992",
            ),
            (
                Change::Rekey(rekey()),
                Purpose::Rekey,
                "a287ecb25dbcb6b4566370a12f63a74286372858b39e916d0d179cd9e435db28",
            ),
        ];
        let key = SigningKey::from_seed(&[9; 32]);
        let public = VerifyingKey::from_bytes(&key.public_key()).unwrap();
        for (of, own, digest) in cases {
            assert_eq!(hex::encode(of.digest()), digest);
            let statement = ChangeStatement {
                change: of,
                ..change("a://", &ROOT, &RING)
            };
            for purpose in Purpose::ALL {
                let signature = key.sign(purpose, &statement.to_bytes());
                let accepted = statement.verify(&public, &signature).is_ok();
                assert_eq!(accepted, purpose == own, "{purpose:?}");
            }
        }
    }

    #[test]
    fn a_change_of_all_keys_covers_each_of_them() {
        let whole = rekey();
        let mut digests = vec![whole.digest()];
        for other in [
            NewAccountKeys {
                rekey: [0; 16],
                ..whole
            },
            NewAccountKeys {
                keys: NewKeys {
                    version: 3,
                    ..whole.keys
                },
                ..whole
            },
            NewAccountKeys {
                bundle: &[0xd4; 310],
                ..whole
            },
            NewAccountKeys {
                vault: [8; 16],
                ..whole
            },
            NewAccountKeys {
                key_epoch: 3,
                ..whole
            },
            NewAccountKeys {
                wrapped_vault_key: &[0xe4; 350],
                ..whole
            },
            NewAccountKeys {
                manifest: &[0xf5; 203],
                ..whole
            },
            NewAccountKeys {
                recovery: recovery(&NOTE[1..]),
                ..whole
            },
            NewAccountKeys {
                recovery: NewRecovery {
                    key: None,
                    ..whole.recovery
                },
                ..whole
            },
        ] {
            digests.push(other.digest());
        }
        let count = digests.len();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), count);
    }

    fn any_parts() -> impl Strategy<Value = (String, [u8; 6], [u8; 32], [u8; 32], u64)> {
        (
            ".{0,40}",
            any::<[u8; 6]>(),
            any::<[u8; 32]>(),
            any::<[u8; 32]>(),
            any::<u64>(),
        )
    }

    proptest! {
        #[test]
        fn a_change_of_password_covers_every_field_and_key(
            parts in any_parts(),
            version: u32,
            public: [u8; 32],
            root in prop::collection::vec(any::<u8>(), 0..40),
            ring in prop::collection::vec(any::<u8>(), 0..40),
            field in 0..9_usize,
            bit in 0..32_usize,
        ) {
            let of = |parts: &(String, [u8; 6], [u8; 32], [u8; 32], u64), version, public, root: &[u8], ring: &[u8]| {
                let keys = NewKeys { version, auth_public_key: public, wrapped_root_key: root, keyring: ring };
                ChangeStatement {
                    origin: &parts.0,
                    handle: parts.1,
                    server_nonce: parts.2,
                    client_nonce: parts.3,
                    time_ms: parts.4,
                    change: Change::Password(keys),
                }
                .to_bytes()
            };
            let before = of(&parts, version, public, &root, &ring);
            let (mut parts, mut version, mut public) = (parts, version, public);
            let (mut root, mut ring) = (root, ring);
            match field {
                0 => parts.0.push('x'),
                1 => parts.1[bit % 6] ^= 1,
                2 => parts.2[bit] ^= 1,
                3 => parts.3[bit] ^= 1,
                4 => parts.4 ^= 1 << bit,
                5 => version ^= 1 << bit,
                6 => public[bit] ^= 1,
                7 => root.push(0),
                // A byte that changes sides: the lengths tell.
                _ => ring.insert(0, root.pop().unwrap_or(7)),
            }
            prop_assert_ne!(before, of(&parts, version, public, &root, &ring));
        }
    }
}
