use keyarc_signature::{
    PUBLIC_KEY_LEN, Purpose, SIGNATURE_LEN, SignatureError, SigningKey, VerifyingKey,
};
use sha2::{Digest as _, Sha256};

use crate::NONCE_LEN;

/// What a statement is signed for. None can stand for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LoginPurpose {
    /// Log-in to an account that exists.
    Login,
    /// Proof of the key that a new account will be reached with.
    SignUp,
    /// Proof within a session, for what the session alone must not do.
    Confirm,
}

impl LoginPurpose {
    const fn signature_purpose(self) -> Purpose {
        match self {
            Self::Login => Purpose::Login,
            Self::SignUp => Purpose::SignUp,
            Self::Confirm => Purpose::Confirm,
        }
    }
}

/// What a client signs to prove its key.
///
/// The origin stops a relay: a statement signed for one server is worth nothing at another
/// (protocol, case 6). The server nonce stops a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginStatement<'a> {
    /// Log-in, sign-up or confirmation.
    pub purpose: LoginPurpose,
    /// The origin that the client talks to, for example `https://keyarc.example`.
    pub origin: &'a str,
    /// The part of the setup code that names the account.
    pub handle: [u8; 6],
    /// From the server's challenge.
    pub server_nonce: [u8; NONCE_LEN],
    /// Made by the client, so that it never signs bytes that are all of the server's choosing.
    pub client_nonce: [u8; NONCE_LEN],
    /// The client's clock, Unix milliseconds.
    pub time_ms: u64,
}

impl LoginStatement<'_> {
    /// The canonical bytes: origin length u32 ‖ origin ‖ handle ‖ server nonce ‖ client nonce ‖
    /// time u64, big-endian. The purpose is in the signature's frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        presence(
            self.origin,
            &self.handle,
            &self.server_nonce,
            &self.client_nonce,
            self.time_ms,
        )
    }

    /// Signs the statement for its purpose.
    pub fn sign(&self, key: &SigningKey) -> [u8; SIGNATURE_LEN] {
        key.sign(self.purpose.signature_purpose(), &self.to_bytes())
    }

    /// Checks a signature over exactly this statement.
    pub fn verify(
        &self,
        key: &VerifyingKey,
        signature: &[u8; SIGNATURE_LEN],
    ) -> Result<(), SignatureError> {
        key.verify(
            self.purpose.signature_purpose(),
            &self.to_bytes(),
            signature,
        )
    }
}

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

/// What a client signs, with the key in force, to put new keys in its place.
///
/// It names the new keys, so that whoever holds a session and sees the request go by cannot put
/// in others, and its purpose is its own: no log-in is a change of password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordStatement<'a> {
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
    pub keys: NewKeys<'a>,
}

impl PasswordStatement<'_> {
    /// The bytes of a [`LoginStatement`], and then [`NewKeys::digest`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = presence(
            self.origin,
            &self.handle,
            &self.server_nonce,
            &self.client_nonce,
            self.time_ms,
        );
        bytes.extend_from_slice(&self.keys.digest());
        bytes
    }

    /// Signs the statement. The key is the one that is about to be replaced.
    pub fn sign(&self, key: &SigningKey) -> [u8; SIGNATURE_LEN] {
        key.sign(Purpose::PasswordChange, &self.to_bytes())
    }

    /// Checks a signature over exactly this statement.
    pub fn verify(
        &self,
        key: &VerifyingKey,
        signature: &[u8; SIGNATURE_LEN],
    ) -> Result<(), SignatureError> {
        key.verify(Purpose::PasswordChange, &self.to_bytes(), signature)
    }
}

/// Who talks to whom, and when: where every statement begins.
fn presence(
    origin: &str,
    handle: &[u8; 6],
    server_nonce: &[u8; NONCE_LEN],
    client_nonce: &[u8; NONCE_LEN],
    time_ms: u64,
) -> Vec<u8> {
    let origin = origin.as_bytes();
    let mut bytes = Vec::with_capacity(4 + origin.len() + 6 + 2 * NONCE_LEN + 8 + 32);
    bytes.extend_from_slice(&(origin.len() as u32).to_be_bytes());
    bytes.extend_from_slice(origin);
    bytes.extend_from_slice(handle);
    bytes.extend_from_slice(server_nonce);
    bytes.extend_from_slice(client_nonce);
    bytes.extend_from_slice(&time_ms.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn statement(origin: &str) -> LoginStatement<'_> {
        LoginStatement {
            purpose: LoginPurpose::Login,
            origin,
            handle: [1; 6],
            server_nonce: [2; 32],
            client_nonce: [3; 32],
            time_ms: 0x0102_0304_0506_0708,
        }
    }

    #[test]
    fn the_bytes_are_as_documented() {
        let mut expected = vec![0, 0, 0, 4];
        expected.extend_from_slice(b"a://");
        expected.extend_from_slice(&[1; 6]);
        expected.extend_from_slice(&[2; 32]);
        expected.extend_from_slice(&[3; 32]);
        expected.extend_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(statement("a://").to_bytes(), expected);
    }

    #[test]
    fn the_signature_is_the_one_checked_in() {
        let signature = statement("https://keyarc.example").sign(&SigningKey::from_seed(&[7; 32]));
        assert_eq!(
            hex::encode(signature),
            include_str!("../vectors/login-signature.hex").trim()
        );
    }

    #[test]
    fn a_log_in_signature_is_no_sign_up_signature() {
        let key = SigningKey::from_seed(&[9; 32]);
        let public = VerifyingKey::from_bytes(&key.public_key()).unwrap();
        let log_in = statement("https://keyarc.example");
        let sign_up = LoginStatement {
            purpose: LoginPurpose::SignUp,
            ..log_in
        };
        let signature = log_in.sign(&key);
        assert_eq!(log_in.verify(&public, &signature), Ok(()));
        assert_eq!(sign_up.verify(&public, &signature), Err(SignatureError));
    }

    const ROOT: [u8; 350] = [0xa1; 350];
    const RING: [u8; 606] = [0xb2; 606];

    fn change<'a>(origin: &'a str, wrapped: &'a [u8], keyring: &'a [u8]) -> PasswordStatement<'a> {
        PasswordStatement {
            origin,
            handle: [1; 6],
            server_nonce: [2; 32],
            client_nonce: [3; 32],
            time_ms: 0x0102_0304_0506_0708,
            keys: NewKeys {
                version: 2,
                auth_public_key: [4; 32],
                wrapped_root_key: wrapped,
                keyring,
            },
        }
    }

    #[test]
    fn a_change_of_password_begins_as_a_log_in_and_ends_in_its_keys() {
        let change = change("a://", &ROOT, &RING);
        let bytes = change.to_bytes();
        let (presence, digest) = bytes.split_at(bytes.len() - 32);
        assert_eq!(presence, statement("a://").to_bytes());
        assert_eq!(digest, change.keys.digest());
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
        let log_in = statement("https://keyarc.example");
        assert!(log_in.verify(&public, &change.sign(&key)).is_err());
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

    fn of(parts: &(String, [u8; 6], [u8; 32], [u8; 32], u64)) -> LoginStatement<'_> {
        LoginStatement {
            purpose: LoginPurpose::Login,
            origin: &parts.0,
            handle: parts.1,
            server_nonce: parts.2,
            client_nonce: parts.3,
            time_ms: parts.4,
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
            flip in 0..48_usize,
        ) {
            let key = SigningKey::from_seed(&[5; 32]);
            let public = VerifyingKey::from_bytes(&key.public_key()).unwrap();
            let signature = of(&parts).sign(&key);
            prop_assert!(of(&parts).verify(&public, &signature).is_ok());
            let mut other = parts;
            match field {
                0 => other.0.push('x'),
                1 => other.1[flip % 6] ^= 1 << (flip / 6),
                2 => other.2[flip % 32] ^= 1 << (flip / 32),
                3 => other.3[flip % 32] ^= 1 << (flip / 32),
                _ => other.4 ^= 1 << flip,
            }
            prop_assert!(of(&other).verify(&public, &signature).is_err());
        }

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
                PasswordStatement {
                    origin: &parts.0,
                    handle: parts.1,
                    server_nonce: parts.2,
                    client_nonce: parts.3,
                    time_ms: parts.4,
                    keys,
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
