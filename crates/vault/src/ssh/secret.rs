//! What a private key signs with.

use zeroize::Zeroizing;

use super::private::{BEGIN, OpenSsh};
use crate::certificate::{
    MaterialError, pem,
    private_key::{LABELS, PrivateKey},
};

/// A private key in clear, and its public half as SSH has it.
pub struct SshSecretKey {
    /// The bytes of the public key, which begin with the algorithm's name.
    pub public: Vec<u8>,
    /// What stands behind it, for example `ada@example.com`; empty in PEM, which has no place for it.
    pub comment: String,
    /// Its numbers.
    pub numbers: SshNumbers,
}

/// The numbers of a private key, big-endian.
pub enum SshNumbers {
    /// The seed.
    Ed25519(Zeroizing<[u8; 32]>),
    /// The scalar of a key on a curve that the public key names, perhaps with zeros before it.
    Ecdsa(Zeroizing<Vec<u8>>),
    /// Of RSA.
    Rsa(SshRsaNumbers),
}

/// The numbers of an RSA key, big-endian, perhaps with zeros before them.
pub struct SshRsaNumbers {
    /// Of the public key.
    pub modulus: Zeroizing<Vec<u8>>,
    /// Of the public key.
    pub public_exponent: Zeroizing<Vec<u8>>,
    /// `d`
    pub private_exponent: Zeroizing<Vec<u8>>,
    /// `p`
    pub prime1: Zeroizing<Vec<u8>>,
    /// `q`
    pub prime2: Zeroizing<Vec<u8>>,
    /// The inverse of `q` modulo `p`.
    pub coefficient: Zeroizing<Vec<u8>>,
}

/// Reads the private key of an item: OpenSSH's format or PEM, in clear. Whether the numbers belong
/// to the public key is checked for Ed25519 and is for whoever signs to check for others.
///
/// # Errors
/// [`MaterialError::NeedsPassword`] for an encrypted one, [`MaterialError::NotForSsh`] for an
/// algorithm that is not among these, or where the public half is not told.
pub fn read_ssh_secret(text: &str) -> Result<SshSecretKey, MaterialError> {
    if text.contains(BEGIN) {
        return OpenSsh::secret(text);
    }
    if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,") {
        return Err(MaterialError::NeedsPassword);
    }
    let blocks = pem::blocks(text)?;
    let block = blocks
        .iter()
        .find(|block| LABELS.contains(&block.label))
        .ok_or(MaterialError::Nothing)?;
    let key = PrivateKey::read(&block.bytes).map_err(|_| MaterialError::PrivateKey)?;
    let public = key.public_key().and_then(|public| public.to_ssh());
    let (_, public) = public.ok_or(MaterialError::NotForSsh)?;
    let own = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
    let numbers = match key {
        PrivateKey::Ed25519(seed) => SshNumbers::Ed25519(seed),
        PrivateKey::Ec { scalar, .. } => SshNumbers::Ecdsa(own(scalar)),
        PrivateKey::Rsa(numbers) => SshNumbers::Rsa(SshRsaNumbers {
            modulus: own(numbers.modulus),
            public_exponent: own(numbers.public_exponent),
            private_exponent: own(numbers.private_exponent),
            prime1: own(numbers.prime1),
            prime2: own(numbers.prime2),
            coefficient: own(numbers.coefficient),
        }),
        PrivateKey::Other => return Err(MaterialError::NotForSsh),
    };
    Ok(SshSecretKey {
        public,
        comment: String::new(),
        numbers,
    })
}
