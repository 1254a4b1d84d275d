//! Making key pairs. Ed25519 is made here of random bytes; the numbers of other algorithms come
//! from whoever has the means: WebCrypto in a browser, a library in a program.

use std::fmt;

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    certificate::{
        pem::write_block,
        private_key::{Form, PrivateKey},
    },
    ssh::{COMMENT_MAX, line_of, write_ed25519, write_rsa},
};

/// What an Ed25519 key has before its 32 bytes in PKCS #8 (RFC 8410, section 7).
const ED25519_PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// An algorithm and a size that key pairs are made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyAlgorithm {
    /// Ed25519 (RFC 8032).
    #[default]
    Ed25519,
    /// ECDSA on P-256.
    EcP256,
    /// ECDSA on P-384.
    EcP384,
    /// RSA of 2,048 bits.
    Rsa2048,
    /// RSA of 3,072 bits.
    Rsa3072,
    /// RSA of 4,096 bits.
    Rsa4096,
}

impl KeyAlgorithm {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 6] = [
        Self::Ed25519,
        Self::EcP256,
        Self::EcP384,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
    ];

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::EcP256 => "EC P-256",
            Self::EcP384 => "EC P-384",
            Self::Rsa2048 => "RSA 2048",
            Self::Rsa3072 => "RSA 3072",
            Self::Rsa4096 => "RSA 4096",
        }
    }

    /// Whether keys for SSH are made of it.
    pub fn is_for_ssh(self) -> bool {
        !matches!(self, Self::EcP256 | Self::EcP384)
    }
}

/// What key pair is to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPairRecipe {
    /// Of which algorithm.
    pub algorithm: KeyAlgorithm,
    /// As OpenSSH writes it, with this comment; otherwise in PKCS #8.
    pub ssh_comment: Option<String>,
}

/// A key pair as text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct KeyPair {
    /// PEM of PKCS #8, or OpenSSH's own format.
    pub private_key: String,
    /// PEM of `SubjectPublicKeyInfo`, or a line as SSH has them.
    pub public_key: String,
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair(redacted)")
    }
}

/// No key pair can be made by this recipe, or here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyPairError {
    /// SSH keys are made of Ed25519 or RSA.
    #[error("Choose Ed25519 or RSA for SSH.")]
    NotForSsh,
    /// The comment is too long, or has several lines.
    #[error("The comment is one line of at most 200 characters.")]
    Comment,
    /// Who has the means made nothing, or something else.
    #[error("This browser cannot make keys of this algorithm. Choose another.")]
    NotMade,
}

/// Makes a key pair. `make_pkcs8` makes a private key in PKCS #8, DER, of any algorithm but
/// Ed25519; it is asked at most once.
pub async fn make_key_pair(
    recipe: &KeyPairRecipe,
    rng: &mut impl CryptoRng,
    make_pkcs8: impl AsyncFnOnce(KeyAlgorithm) -> Option<Zeroizing<Vec<u8>>>,
) -> Result<KeyPair, KeyPairError> {
    let comment = recipe.ssh_comment.as_deref();
    if comment.is_some() && !recipe.algorithm.is_for_ssh() {
        return Err(KeyPairError::NotForSsh);
    }
    let is_one_line = |comment: &str| {
        comment.chars().count() <= COMMENT_MAX && !comment.chars().any(char::is_control)
    };
    if comment.is_some_and(|comment| !is_one_line(comment)) {
        return Err(KeyPairError::Comment);
    }
    let check = rng.next_u32();
    let pkcs8 = match recipe.algorithm {
        KeyAlgorithm::Ed25519 => {
            let mut pkcs8 = Zeroizing::new(vec![0; 48]);
            pkcs8[..16].copy_from_slice(&ED25519_PKCS8);
            rng.fill_bytes(&mut pkcs8[16..]);
            pkcs8
        }
        other => make_pkcs8(other).await.ok_or(KeyPairError::NotMade)?,
    };
    write_pair(&pkcs8, recipe.algorithm, comment, check).ok_or(KeyPairError::NotMade)
}

fn write_pair(
    pkcs8: &[u8],
    algorithm: KeyAlgorithm,
    comment: Option<&str>,
    check: u32,
) -> Option<KeyPair> {
    let key = PrivateKey::read(pkcs8).ok()?;
    let public = key.public_key()?;
    // What came is what was asked for.
    let words = public.words();
    if words.trim_start_matches("ECDSA") != algorithm.words().trim_start_matches("EC") {
        return None;
    }
    let Some(comment) = comment else {
        return (Form::of(pkcs8)? == Form::Pkcs8).then(|| KeyPair {
            private_key: write_block(Form::Pkcs8.label(), pkcs8).to_string(),
            public_key: write_block("PUBLIC KEY", &public.to_spki()).to_string(),
        });
    };
    let private_key = match &key {
        PrivateKey::Ed25519(seed) => write_ed25519(seed, comment, check),
        PrivateKey::Rsa(numbers) => write_rsa(numbers, comment, check),
        PrivateKey::Ec { .. } | PrivateKey::Other => return None,
    };
    let (name, blob) = public.to_ssh()?;
    Some(KeyPair {
        private_key: private_key.to_string(),
        public_key: line_of(name, &blob, comment),
    })
}

#[cfg(test)]
mod tests;
