use keyarc_wire::{Bytes, Fixed, PasskeyAssertion, PasskeyAttestation};
use p256::ecdsa::{DerSignature, SigningKey, signature::Signer as _};
use serde_json::json;
use sha2::{Digest as _, Sha256};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const HAS_CREDENTIAL: u8 = 0x40;

/// An authenticator with one passkey of ES256, and the browser around it. A test may spoil any
/// part. Bytes as in WebAuthn level 3, sections 5.8.1, 6.1 and 6.5, and RFC 9053, section 7.1.1.
#[derive(Clone)]
pub struct Authenticator {
    key: SigningKey,
    /// Names the passkey.
    pub credential_id: Vec<u8>,
    /// The page's origin.
    pub origin: String,
    /// The host that the passkey belongs to.
    pub host: String,
    /// Rises with each use, unless it stays at 0.
    pub counter: u32,
    /// Whether the person was verified.
    pub verified: bool,
}

impl Authenticator {
    /// Different numbers are different passkeys. `origin` is `https://` or `http://`, a name, and
    /// perhaps a port.
    pub fn new(number: u8, origin: &str) -> Self {
        let (_, authority) = origin.split_once("://").expect("an origin");
        let host = authority.split(':').next().expect("a host");
        Self {
            key: SigningKey::from_slice(&[number; 32]).expect("in range"),
            credential_id: vec![number; 20],
            origin: origin.to_owned(),
            host: host.to_owned(),
            counter: 1,
            verified: true,
        }
    }

    /// `navigator.credentials.create`.
    pub fn create(&mut self, challenge: Fixed<32>) -> PasskeyAttestation {
        let mut data = self.data(HAS_CREDENTIAL);
        data.extend([0; 16]);
        data.extend((self.credential_id.len() as u16).to_be_bytes());
        data.extend(&self.credential_id);
        let point = self.key.verifying_key().to_sec1_point(false);
        data.extend([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]);
        data.extend(point.x().expect("not at infinity"));
        data.extend([0x22, 0x58, 32]);
        data.extend(point.y().expect("not compressed"));
        let mut attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        attestation.extend((data.len() as u16).to_be_bytes());
        attestation.extend(data);
        PasskeyAttestation {
            credential_id: Bytes(self.credential_id.clone()),
            client_data: Bytes(self.client_data("webauthn.create", challenge)),
            attestation: Bytes(attestation),
        }
    }

    /// `navigator.credentials.get`.
    pub fn get(&mut self, challenge: Fixed<32>) -> PasskeyAssertion {
        let client_data = self.client_data("webauthn.get", challenge);
        let data = self.data(0);
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signature: DerSignature = self.key.sign(&signed);
        PasskeyAssertion {
            credential_id: Bytes(self.credential_id.clone()),
            client_data: Bytes(client_data),
            authenticator_data: Bytes(data),
            signature: Bytes(signature.as_bytes().to_vec()),
        }
    }

    fn client_data(&self, kind: &str, challenge: Fixed<32>) -> Vec<u8> {
        let origin = &self.origin;
        let data = json!({
            "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false,
        });
        data.to_string().into_bytes()
    }

    fn data(&mut self, flags: u8) -> Vec<u8> {
        let verified = if self.verified { USER_VERIFIED } else { 0 };
        let mut data = Sha256::digest(self.host.as_bytes()).to_vec();
        data.push(flags | USER_PRESENT | verified);
        data.extend(self.counter.to_be_bytes());
        if self.counter > 0 {
            self.counter += 1;
        }
        data
    }
}
