//! Private keys in OpenSSH's own format: names of cipher and derivation, the public key, and a
//! private part that is encrypted or not.

use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use super::secret::{SshNumbers, SshRsaNumbers, SshSecretKey};
use crate::certificate::{
    MaterialError, pem,
    private_key::RsaNumbers,
    public_key::{PublicKey, ssh_number, ssh_string},
};

/// What the block begins with.
pub(super) const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const LABEL: &str = "OPENSSH PRIVATE KEY";
const MAGIC: &[u8] = b"openssh-key-v1\0";
/// Characters in a line, as ssh-keygen writes them.
const LINE: usize = 70;
/// What the private part is filled up to.
const BLOCK: usize = 8;

/// What a private key says of itself.
pub(super) struct OpenSsh {
    /// The bytes of the public key.
    pub(super) public: Vec<u8>,
    /// `None` when it is encrypted, or of an algorithm that has no meaning here.
    pub(super) comment: Option<String>,
    pub(super) is_encrypted: bool,
}

/// Pieces with their lengths before them.
pub(super) struct Strings<'a>(pub(super) &'a [u8]);

impl<'a> Strings<'a> {
    pub(super) fn step(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let value = rest.get(..length)?;
        self.0 = rest.get(length..)?;
        Some(value)
    }

    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*number))
    }
}

impl OpenSsh {
    /// The first such key of a text, and its block as it is kept.
    pub(super) fn find(text: &str) -> Result<Option<(Self, Zeroizing<String>)>, MaterialError> {
        let Some(at) = text.find(BEGIN) else {
            return Ok(None);
        };
        let Some((block, _)) = pem::next_block(&text[at..])? else {
            return Ok(None);
        };
        let key = Self::read(&block.bytes).ok_or(MaterialError::Ssh)?;
        Ok(Some((key, pem::write_lines(LABEL, &block.bytes, LINE))))
    }

    /// What the first such key of a text signs with.
    pub(super) fn secret(text: &str) -> Result<SshSecretKey, MaterialError> {
        let at = text.find(BEGIN).ok_or(MaterialError::Nothing)?;
        let (block, _) = pem::next_block(&text[at..])?.ok_or(MaterialError::Truncated)?;
        let key = Self::read(&block.bytes).ok_or(MaterialError::Ssh)?;
        if key.is_encrypted {
            return Err(MaterialError::NeedsPassword);
        }
        let comment = key.comment.ok_or(MaterialError::NotForSsh)?;
        let private = private_part(&block.bytes).ok_or(MaterialError::Ssh)?;
        let numbers = numbers_of(private).ok_or(MaterialError::Ssh)?;
        Ok(SshSecretKey {
            public: key.public,
            comment,
            numbers,
        })
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut strings = Strings(bytes.strip_prefix(MAGIC)?);
        let cipher = strings.step()?;
        strings.step()?;
        strings.step()?;
        if strings.number()? != 1 {
            return None;
        }
        let public = strings.step()?.to_vec();
        let private = strings.step()?;
        let is_encrypted = cipher != b"none";
        let comment = match is_encrypted {
            true => None,
            false => comment_of(private, &public)?,
        };
        Some(Self {
            public,
            comment,
            is_encrypted,
        })
    }
}

/// The comment of a private part in clear, whose numbers must be those of the public key; `None`
/// within for an algorithm that has no meaning here.
fn comment_of(private: &[u8], public: &[u8]) -> Option<Option<String>> {
    let mut strings = Strings(private);
    // Two equal numbers: that is how a passphrase is checked.
    if strings.number()? != strings.number()? {
        return None;
    }
    let name = strings.step()?;
    let mut told = Strings(public);
    if told.step()? != name {
        return None;
    }
    let fits = match name {
        b"ssh-ed25519" => {
            let own = strings.step()?;
            let pair = strings.step()?;
            let seed = <&[u8; 32]>::try_from(pair.get(..32)?).ok()?;
            let reckoned = SigningKey::from_bytes(seed).verifying_key().to_bytes();
            own == reckoned && told.step()? == reckoned
        }
        b"ssh-rsa" => {
            let modulus = strings.step()?;
            let exponent = strings.step()?;
            for _ in 0..4 {
                strings.step()?;
            }
            told.step()? == exponent && told.step()? == modulus
        }
        b"ecdsa-sha2-nistp256" | b"ecdsa-sha2-nistp384" | b"ecdsa-sha2-nistp521" => {
            let curve = strings.step()?;
            let point = strings.step()?;
            strings.step()?;
            told.step()? == curve && told.step()? == point
        }
        _ => return Some(None),
    };
    let comment = String::from_utf8_lossy(strings.step()?).into_owned();
    fits.then_some(Some(comment))
}

/// The private part of a block, encrypted or not.
fn private_part(bytes: &[u8]) -> Option<&[u8]> {
    let mut strings = Strings(bytes.strip_prefix(MAGIC)?);
    for _ in 0..3 {
        strings.step()?;
    }
    strings.number()?;
    strings.step()?;
    strings.step()
}

/// The numbers of a private part in clear that [`comment_of`] has looked at.
fn numbers_of(private: &[u8]) -> Option<SshNumbers> {
    let mut strings = Strings(private);
    strings.number()?;
    strings.number()?;
    let own = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
    match strings.step()? {
        b"ssh-ed25519" => {
            strings.step()?;
            let seed = strings.step()?.first_chunk::<32>()?;
            Some(SshNumbers::Ed25519(Zeroizing::new(*seed)))
        }
        b"ssh-rsa" => {
            let mut next = || strings.step().map(own);
            // In the order in which they stand.
            let (modulus, public_exponent, private_exponent) = (next()?, next()?, next()?);
            let (coefficient, prime1, prime2) = (next()?, next()?, next()?);
            Some(SshNumbers::Rsa(SshRsaNumbers {
                modulus,
                public_exponent,
                private_exponent,
                prime1,
                prime2,
                coefficient,
            }))
        }
        _ => {
            strings.step()?;
            strings.step()?;
            strings.step().map(own).map(SshNumbers::Ecdsa)
        }
    }
}

/// Writes an Ed25519 key. `check` is any number; ssh-keygen draws one.
pub(crate) fn write_ed25519(seed: &[u8; 32], comment: &str, check: u32) -> Zeroizing<String> {
    let key = SigningKey::from_bytes(seed).verifying_key().to_bytes();
    let mut private = Zeroizing::new(Vec::with_capacity(512));
    ssh_string(&mut private, b"ssh-ed25519");
    ssh_string(&mut private, &key);
    let pair = Zeroizing::new([seed.as_slice(), &key].concat());
    ssh_string(&mut private, &pair);
    write(&PublicKey::Ed25519(key.to_vec()), &private, comment, check)
}

/// Writes an RSA key.
pub(crate) fn write_rsa(numbers: &RsaNumbers<'_>, comment: &str, check: u32) -> Zeroizing<String> {
    let mut private = Zeroizing::new(Vec::with_capacity(numbers.modulus.len() * 8));
    ssh_string(&mut private, b"ssh-rsa");
    for number in [
        numbers.modulus,
        numbers.public_exponent,
        numbers.private_exponent,
        numbers.coefficient,
        numbers.prime1,
        numbers.prime2,
    ] {
        ssh_number(&mut private, number);
    }
    let public = PublicKey::Rsa {
        modulus: numbers.modulus.to_vec(),
        exponent: numbers.public_exponent.to_vec(),
    };
    write(&public, &private, comment, check)
}

fn write(public: &PublicKey, numbers: &[u8], comment: &str, check: u32) -> Zeroizing<String> {
    let mut private = Zeroizing::new(Vec::with_capacity(numbers.len() + comment.len() + 64));
    private.extend_from_slice(&check.to_be_bytes());
    private.extend_from_slice(&check.to_be_bytes());
    private.extend_from_slice(numbers);
    ssh_string(&mut private, comment.as_bytes());
    for filling in 1..=(BLOCK - private.len() % BLOCK) % BLOCK {
        private.push(filling as u8);
    }
    let mut out = Zeroizing::new(Vec::with_capacity(private.len() * 2));
    out.extend_from_slice(MAGIC);
    ssh_string(&mut out, b"none");
    ssh_string(&mut out, b"none");
    ssh_string(&mut out, b"");
    out.extend_from_slice(&1_u32.to_be_bytes());
    let blob = public.to_ssh().map(|(_, blob)| blob);
    ssh_string(&mut out, &blob.unwrap_or_default());
    ssh_string(&mut out, &private);
    pem::write_lines(LABEL, &out, LINE)
}
