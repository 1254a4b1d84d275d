//! Certificates and private keys: what they say, in which order they belong, and whether they
//! belong together. Read, never judged: whether somebody trusts an issuer is not decided here.
//!
//! The bytes come from anywhere. Nothing here panics, reads deeper than the code that reads, keeps
//! more than it was given, or works longer for a file than seconds.

mod chain;
mod names;
pub(crate) mod pem;
mod pkcs12;
pub(crate) mod private_key;
pub(crate) mod public_key;
mod read;
pub(crate) mod walk;
mod x509;

use serde::{Deserialize, Serialize};

pub(crate) use read::{PrivatePem, read_bundle};
use x509::Certificate;

/// Most certificates of a chain that are shown.
pub const CHAIN_SHOWN: usize = 20;
/// Most names of a certificate that are shown.
pub const NAMES_SHOWN: usize = 100;

/// What certificates and their key are, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFacts {
    /// The leaf first, then each issuer; at most [`CHAIN_SHOWN`].
    pub chain: Vec<CertificateView>,
    /// How many there are.
    pub count: u32,
    /// How the private key stands to the leaf.
    pub key: KeyMatch,
    /// The leaf's public key in PEM (`SubjectPublicKeyInfo`).
    pub public_key: String,
    /// What else is to be said.
    pub remarks: Vec<Remark>,
}

/// What one certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateView {
    /// For example `CN=example.com, O=Example Ltd`.
    pub subject: String,
    /// The common name, the first alternative name, or the organisation; empty when it has none.
    pub short: String,
    /// As `subject`.
    pub issuer: String,
    /// Alternative names; at most [`NAMES_SHOWN`].
    pub names: Vec<String>,
    /// How many there are.
    pub names_count: u32,
    /// Hexadecimal, in pairs.
    pub serial: String,
    /// Unix seconds.
    pub not_before: i64,
    /// Unix seconds; `None` when it has no end.
    pub not_after: Option<i64>,
    /// Algorithm and size of its key, for example `ECDSA P-256`.
    pub key: String,
    /// What it is signed with, for example `ECDSA with SHA-384`.
    pub signature: String,
    /// SHA-256 of the certificate, hexadecimal, in pairs.
    pub fingerprint: String,
    /// It names itself as its issuer.
    pub self_signed: bool,
    /// It may issue others.
    pub authority: bool,
}

/// How a private key stands to a public one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyMatch {
    /// There is no private key.
    Absent,
    /// They belong together.
    Matches,
    /// They do not.
    Differs,
    /// The private key is encrypted.
    Encrypted,
    /// The private key does not tell its public half.
    Untold,
}

/// Something that was noticed in what was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Remark {
    /// The certificates stood in another order than they are kept in.
    Reordered,
    /// So many certificates are not part of the chain.
    Unrelated(u32),
    /// More than one private key was found; the first that belongs to the leaf is kept.
    MoreKeys,
    /// The file was encrypted with a cipher that is no protection any more.
    WeakFile,
    /// The private key was encrypted, and is kept as it was inside.
    Decrypted,
    /// So many blocks are neither certificates nor private keys, and are not kept.
    LeftOut(u32),
}

/// Why something could not be read. Nothing of it was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum MaterialError {
    /// Beyond what an item holds.
    #[error("This is larger than an item can hold. Nothing was read.")]
    TooLarge,
    /// None of the formats.
    #[error(
        "No certificate and no key was found in it. PEM, DER, PKCS#12 and OpenSSH files can be read."
    )]
    Nothing,
    /// Beyond what any chain has.
    #[error("It holds more than 200 certificates and keys. Keep one chain in an item.")]
    TooMany,
    /// A block has no end.
    #[error("A block between BEGIN and END is cut off. Copy it from the first dash to the last.")]
    Truncated,
    /// A block holds something else.
    #[error("A block between BEGIN and END is damaged: it is not Base64.")]
    NotBase64,
    /// There is a key and no certificate.
    #[error("There is a private key and no certificate. Add the certificate that belongs to it.")]
    NoCertificate,
    /// The certificate of that number, from 1.
    #[error("Certificate {0} is damaged, or is no X.509 certificate.")]
    Certificate(u32),
    /// A private key in clear.
    #[error("The private key is damaged, or of a form that nobody uses.")]
    PrivateKey,
    /// An old way of encrypting keys.
    #[error(
        "The private key is encrypted in an old way that cannot be read. Decrypt it with: openssl pkey -in key.pem -out new.pem"
    )]
    OldEncryption,
    /// A file or a key under a password.
    #[error("It is protected by a password. Enter the password to open it.")]
    NeedsPassword,
    /// Another password than that of the file, or the file is damaged.
    #[error("The password does not open it. If you are sure of the password, the file is damaged.")]
    WrongPassword,
    /// A PKCS#12 file whose parts are not where they should be.
    #[error(
        "The PKCS#12 file is damaged or unusual. Convert it with: openssl pkcs12 -in file.p12 -out file.pem -noenc"
    )]
    Pkcs12,
    /// A cipher or a code that is not read.
    #[error(
        "It is encrypted in a way that cannot be read. Convert it with: openssl pkcs12 -in file.p12 -out file.pem -noenc -legacy"
    )]
    Unsupported,
    /// More work than any tool's files ask for.
    #[error("Opening it would take longer than a browser should work. Nothing was read.")]
    TooSlow,
    /// A request is no certificate.
    #[error("This is a certificate request. Add the certificate that was issued for it.")]
    Request,
    /// A PKCS#7 bundle.
    #[error(
        "This is a PKCS#7 bundle. Convert it with: openssl pkcs7 -print_certs -in file.p7b -out file.pem"
    )]
    Pkcs7,
    /// Two things that are items of their own.
    #[error("It holds certificates and an SSH key. Keep each in an item of its own.")]
    Mixed,
    /// More than one SSH key.
    #[error("It holds more than one SSH key. Keep each in an item of its own.")]
    SeveralSsh,
    /// A key of PuTTY.
    #[error(
        "This is a key of PuTTY. In PuTTYgen choose Conversions, Export OpenSSH key, and add that."
    )]
    Putty,
    /// An OpenSSH key whose parts are not where they should be.
    #[error("The SSH key is damaged: copy all of its lines.")]
    Ssh,
    /// A key that SSH does not know.
    #[error("SSH knows no keys of this algorithm.")]
    NotForSsh,
    /// A public key where a private key or a certificate was expected.
    #[error("This is a public key alone. Add the certificate, or the private key.")]
    PublicOnly,
}

/// What a list row shows of a chain: `*.example.com · ECDSA P-256`. Empty when it cannot be read.
pub(crate) fn hint(chain: &str) -> String {
    let Ok(Some((block, _))) = pem::next_block(chain) else {
        return String::new();
    };
    let Ok(certificate) = Certificate::read(&block.bytes) else {
        return String::new();
    };
    let name = short_name(&certificate);
    let key = certificate.public_key().map(|key| key.words());
    match (name.is_empty(), key) {
        (false, Ok(key)) => {
            // The key's words stay whole beside a long name.
            let room = HINT_NAME_MAX.saturating_sub(key.chars().count());
            let cut: String = match name.char_indices().nth(room) {
                Some((at, _)) => format!("{}…", &name[..at]),
                None => name,
            };
            format!("{cut} · {key}")
        }
        (true, Ok(key)) => key,
        (_, Err(_)) => name,
    }
}

/// Room for a name and the words of its key in a hint, in characters.
const HINT_NAME_MAX: usize = 36;

/// What people call a certificate by.
fn short_name(certificate: &Certificate<'_>) -> String {
    let first = || {
        let (names, _) = certificate.names(1).ok()?;
        names.into_iter().next()
    };
    let subject = certificate.subject_name().ok().and_then(|name| name.short);
    subject.or_else(first).unwrap_or_default()
}

#[cfg(test)]
mod tests;
