//! Ed25519 signatures that say what they are for.
//!
//! Every signature in KeyArc covers `"keyarc/v1/sig/<purpose>" ‖ 0 ‖ length u64 ‖ body`, so that
//! a signature made for one structure can never stand for another, and verification is
//! `verify_strict` (no small-order keys, canonical encodings only; Chalkias, Garillot,
//! Nikolaenko, "Taming the many EdDSAs", 2020).
//!
//! It is a crate of its own because the server verifies log-ins and must not link the crate
//! that can open a vault.

mod bundle;
mod exchange;
mod manifest;

use ed25519_dalek::Signer as _;
use rand_core::CryptoRng;
use zeroize::{Zeroize as _, ZeroizeOnDrop};

pub use bundle::{GENESIS_LEN, ROTATED_LEN, UserBundle, user_id};
pub use manifest::{MANIFEST_LEN, ManifestBody, VaultManifest};

/// Length of a public key in bytes.
pub const PUBLIC_KEY_LEN: usize = 32;
/// Length of a signature in bytes.
pub const SIGNATURE_LEN: usize = 64;

/// What a signature is for. One structure, one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A log-in statement.
    Login,
    /// A sign-up statement.
    SignUp,
    /// A user bundle.
    UserBundle,
    /// A vault's manifest.
    VaultManifest,
    /// A statement that puts new keys in the place of an account's old ones.
    PasswordChange,
    /// A statement that shows the recovery key, to be given what it opens.
    Recovery,
    /// A statement that puts new keys in force by the recovery key.
    RecoveryChange,
    /// A statement that puts another recovery key in force, or none.
    RecoveryKey,
    /// A statement that puts a whole new set of keys in force, down to those of the vaults.
    Rekey,
    /// What a release of KeyArc consists of.
    Release,
    /// A statement that its signer is there and knows the password, for what a session alone must
    /// not do.
    Confirm,
    /// A request by a machine token.
    Machine,
    /// Changes that are handed in with a machine token.
    MachineChange,
}

impl Purpose {
    /// Every purpose there is.
    pub const ALL: [Self; 13] = [
        Self::Login,
        Self::SignUp,
        Self::UserBundle,
        Self::VaultManifest,
        Self::PasswordChange,
        Self::Recovery,
        Self::RecoveryChange,
        Self::RecoveryKey,
        Self::Rekey,
        Self::Release,
        Self::Confirm,
        Self::Machine,
        Self::MachineChange,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Login => "keyarc/v1/sig/login",
            Self::SignUp => "keyarc/v1/sig/sign-up",
            Self::UserBundle => "keyarc/v1/sig/user-bundle",
            Self::VaultManifest => "keyarc/v1/sig/vault-manifest",
            Self::PasswordChange => "keyarc/v1/sig/password-change",
            Self::Recovery => "keyarc/v1/sig/recovery",
            Self::RecoveryChange => "keyarc/v1/sig/recovery-change",
            Self::RecoveryKey => "keyarc/v1/sig/recovery-key",
            Self::Rekey => "keyarc/v1/sig/rekey",
            Self::Release => "keyarc/v1/sig/release",
            Self::Confirm => "keyarc/v1/sig/confirm",
            Self::Machine => "keyarc/v1/sig/machine",
            Self::MachineChange => "keyarc/v1/sig/machine-change",
        }
    }
}

/// A signature, its public key, or both are not acceptable. There is deliberately one error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not valid")]
pub struct SignatureError;

/// A private signing key. Wiped when dropped; its `Debug` shows nothing.
#[derive(ZeroizeOnDrop)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// Takes a 32-byte seed (RFC 8032, section 5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Makes a key from fresh randomness.
    pub fn make(rng: &mut impl CryptoRng) -> Self {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let key = Self::from_seed(&seed);
        seed.zeroize();
        key
    }

    /// The seed, for wrapping only.
    pub fn seed(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    pub fn public_key(&self) -> [u8; PUBLIC_KEY_LEN] {
        self.0.verifying_key().to_bytes()
    }

    /// The public half, ready to verify with.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    /// Signs a canonical body for one purpose.
    pub fn sign(&self, purpose: Purpose, body: &[u8]) -> [u8; SIGNATURE_LEN] {
        self.0.sign(&framed(purpose, body)).to_bytes()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(redacted)")
    }
}

/// A public key that is fit to verify with: on the curve and not of small order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// Refuses encodings off the curve and weak (small-order) points.
    pub fn from_bytes(bytes: &[u8; PUBLIC_KEY_LEN]) -> Result<Self, SignatureError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| SignatureError)?;
        if key.is_weak() {
            return Err(SignatureError);
        }
        Ok(Self(key))
    }

    /// The encoding it came from.
    pub fn to_bytes(self) -> [u8; PUBLIC_KEY_LEN] {
        self.0.to_bytes()
    }

    /// Checks a signature over a canonical body for one purpose.
    pub fn verify(
        &self,
        purpose: Purpose,
        body: &[u8],
        signature: &[u8; SIGNATURE_LEN],
    ) -> Result<(), SignatureError> {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.0
            .verify_strict(&framed(purpose, body), &signature)
            .map_err(|_| SignatureError)
    }
}

/// Takes fixed fields off the front of an encoding.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], SignatureError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(SignatureError)?;
        self.0 = rest;
        Ok(*head)
    }
}

fn framed(purpose: Purpose, body: &[u8]) -> Vec<u8> {
    let label = purpose.label().as_bytes();
    let mut message = Vec::with_capacity(label.len() + 1 + 8 + body.len());
    message.extend_from_slice(label);
    message.push(0);
    message.extend_from_slice(&(body.len() as u64).to_be_bytes());
    message.extend_from_slice(body);
    message
}
