use keyarc_signature::{Purpose, SIGNATURE_LEN, SignatureError, SigningKey, VerifyingKey};

use crate::NONCE_LEN;

/// What a statement is signed for. None can stand for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LoginPurpose {
    /// Log-in to an account that exists.
    Login,
    /// Proof of the key that a new account will be reached with.
    SignUp,
    /// Proof of the recovery key, to be given what it opens.
    Recovery,
    /// Proof within a session, for what the session alone must not do.
    Confirm,
}

impl LoginPurpose {
    const fn signature_purpose(self) -> Purpose {
        match self {
            Self::Login => Purpose::Login,
            Self::SignUp => Purpose::SignUp,
            Self::Recovery => Purpose::Recovery,
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
    /// Log-in, sign-up, recovery or confirmation.
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

/// Who talks to whom, and when: where every statement begins.
pub(crate) fn presence(
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
    }
}
