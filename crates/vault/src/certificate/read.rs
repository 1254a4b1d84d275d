//! From bytes that a person gives to a chain, a key and what is to be said of them.

use std::{borrow::Cow, collections::HashSet};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    CHAIN_SHOWN, CertificateFacts, CertificateView, KeyMatch, MaterialError, NAMES_SHOWN, Remark,
    chain::Chain,
    pem,
    pkcs12::{self, Opened},
    private_key::{Form, LABELS, PrivateKey},
    public_key::PublicKey,
    short_name,
    walk::{INTEGER, OID, SEQUENCE, Walk},
    x509::{Certificate, in_pairs},
};

/// The label of a key that is encrypted by itself.
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// A private key as its item keeps it.
pub(crate) struct PrivatePem {
    /// One block.
    pub(crate) text: Zeroizing<String>,
    /// Its public half, where it can be told.
    pub(crate) public: Option<PublicKey>,
    /// It is kept as encrypted as it came.
    pub(crate) is_encrypted: bool,
}

/// What bytes held: certificates in their order and a key, either of which may be missing.
pub(crate) struct Bundle {
    /// Blocks of PEM, the leaf first.
    pub(crate) chain: String,
    /// `None` without certificates.
    pub(crate) facts: Option<CertificateFacts>,
    /// The key that belongs to the leaf, or the first.
    pub(crate) key: Option<PrivatePem>,
}

/// Certificates and keys as they were found.
#[derive(Default)]
struct Found {
    certificates: Vec<Vec<u8>>,
    keys: Vec<PrivatePem>,
    remarks: Vec<Remark>,
    has_public: bool,
    left_out: u32,
}

/// Reads PEM, DER and PKCS#12, whichever it is.
pub(crate) fn read_bundle(bytes: &[u8], password: Option<&str>) -> Result<Bundle, MaterialError> {
    let text = std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
    // Some tools on Windows write UTF-16.
    let text = text
        .filter(|text| !text.contains('\0'))
        .or_else(|| utf16(bytes));
    let mut found = Found::default();
    match text.filter(|text| pem::is_pem(text)) {
        Some(text) => found.pem(&text, password)?,
        None => found.der(bytes, password)?,
    }
    if found.certificates.is_empty() && found.keys.is_empty() {
        return Err(match found.has_public {
            true => MaterialError::PublicOnly,
            false => MaterialError::Nothing,
        });
    }
    found.into_bundle()
}

impl Found {
    fn pem(&mut self, text: &str, password: Option<&str>) -> Result<(), MaterialError> {
        for block in pem::blocks(text)? {
            match block.label {
                "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
                    self.certificates.push(block.bytes.to_vec());
                }
                "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
                    return Err(MaterialError::Request);
                }
                "PKCS7" => return Err(MaterialError::Pkcs7),
                "PUBLIC KEY" | "RSA PUBLIC KEY" => {
                    self.has_public = true;
                    self.left_out += 1;
                }
                ENCRYPTED => self.encrypted(&block.bytes, password)?,
                label if LABELS.contains(&label) && block.has_headers => {
                    return Err(MaterialError::OldEncryption);
                }
                label if LABELS.contains(&label) => self.key(&block.bytes)?,
                // The key beneath says it once more.
                "EC PARAMETERS" => {}
                _ => self.left_out += 1,
            }
        }
        Ok(())
    }

    fn der(&mut self, bytes: &[u8], password: Option<&str>) -> Result<(), MaterialError> {
        if pkcs12::is_pkcs12(bytes) {
            let opened = pkcs12::open(bytes, password)?;
            return self.opened(opened);
        }
        if Form::of(bytes).is_some() {
            return self.key(bytes);
        }
        if Certificate::read(bytes).is_ok() {
            self.certificates.push(bytes.to_vec());
            return Ok(());
        }
        match beginning(bytes) {
            Some(Beginning::Identifier) => Err(MaterialError::Pkcs7),
            Some(Beginning::Scheme) => self.encrypted(bytes, password),
            Some(Beginning::Certificate) => Err(MaterialError::Certificate(1)),
            None => Ok(()),
        }
    }

    fn opened(&mut self, opened: Opened) -> Result<(), MaterialError> {
        self.certificates = opened.certificates;
        if opened.is_weak {
            self.remarks.push(Remark::WeakFile);
        }
        opened.keys.iter().try_for_each(|key| self.key(key))
    }

    fn key(&mut self, der: &[u8]) -> Result<(), MaterialError> {
        let form = Form::of(der).ok_or(MaterialError::PrivateKey)?;
        let key = PrivateKey::read(der).map_err(|_| MaterialError::PrivateKey)?;
        self.keys.push(PrivatePem {
            text: pem::write_block(form.label(), der),
            public: key.public_key(),
            is_encrypted: false,
        });
        Ok(())
    }

    /// Opens a key with the password, or keeps it as it is.
    fn encrypted(&mut self, der: &[u8], password: Option<&str>) -> Result<(), MaterialError> {
        if let Some(password) = password {
            let (key, is_weak) = pkcs12::open_key(der, password)?;
            self.key(&key)?;
            self.remarks.push(Remark::Decrypted);
            if is_weak {
                self.remarks.push(Remark::WeakFile);
            }
            return Ok(());
        }
        if Walk::first(der)
            .and_then(|piece| piece.of(SEQUENCE))
            .is_err()
        {
            return Err(MaterialError::PrivateKey);
        }
        self.keys.push(PrivatePem {
            text: pem::write_block(ENCRYPTED, der),
            public: None,
            is_encrypted: true,
        });
        Ok(())
    }

    fn into_bundle(mut self) -> Result<Bundle, MaterialError> {
        let mut seen = HashSet::new();
        let mut certificates = Vec::new();
        for (at, der) in self.certificates.iter().enumerate() {
            let read = Certificate::read(der);
            let certificate = read.map_err(|_| MaterialError::Certificate(at as u32 + 1))?;
            // The same one twice is one.
            if seen.insert(certificate.der) {
                certificates.push(certificate);
            }
        }
        if certificates.is_empty() {
            return Ok(Bundle {
                chain: String::new(),
                facts: None,
                key: self.keys.into_iter().next(),
            });
        }
        let publics = self.keys.iter().filter_map(|key| key.public.as_ref());
        let owner = publics.into_iter().find(|public| {
            let belongs = |one: &Certificate<'_>| one.public_key().is_ok_and(|key| key.is(public));
            certificates.iter().any(belongs)
        });
        let chain = Chain::of(&certificates, owner);
        if !chain.is_as_given() {
            self.remarks.push(Remark::Reordered);
        }
        if chain.unrelated > 0 {
            self.remarks.push(Remark::Unrelated(chain.unrelated as u32));
        }
        if self.keys.len() > 1 {
            self.remarks.push(Remark::MoreKeys);
        }
        if self.left_out > 0 {
            self.remarks.push(Remark::LeftOut(self.left_out));
        }
        let ordered: Vec<_> = chain.order.iter().map(|at| certificates[*at]).collect();
        let leaf_key = ordered.first().and_then(|leaf| leaf.public_key().ok());
        let belongs = |key: &PrivatePem| {
            let both = key.public.as_ref().zip(leaf_key.as_ref());
            both.is_some_and(|(one, other)| one.is(other))
        };
        let kept = self.keys.iter().position(belongs).unwrap_or_default();
        let key = match self.keys.get(kept) {
            None => KeyMatch::Absent,
            Some(key) if key.is_encrypted => KeyMatch::Encrypted,
            Some(key) if key.public.is_none() || leaf_key.is_none() => KeyMatch::Untold,
            Some(key) if belongs(key) => KeyMatch::Matches,
            Some(_) => KeyMatch::Differs,
        };
        let mut views = Vec::new();
        let mut text = String::new();
        for (at, certificate) in ordered.iter().enumerate() {
            if at < CHAIN_SHOWN {
                let read = view_of(certificate);
                views.push(read.map_err(|_| MaterialError::Certificate(at as u32 + 1))?);
            }
            text.push_str(&pem::write_block("CERTIFICATE", certificate.der));
        }
        let public_key = ordered
            .first()
            .map(|leaf| pem::write_block("PUBLIC KEY", leaf.spki).to_string());
        Ok(Bundle {
            chain: text,
            facts: Some(CertificateFacts {
                chain: views,
                count: ordered.len() as u32,
                key,
                public_key: public_key.unwrap_or_default(),
                remarks: self.remarks,
            }),
            key: (kept < self.keys.len()).then(|| self.keys.swap_remove(kept)),
        })
    }
}

fn view_of(certificate: &Certificate<'_>) -> Result<CertificateView, super::walk::Broken> {
    let (names, names_count) = certificate.names(NAMES_SHOWN)?;
    Ok(CertificateView {
        subject: certificate.subject_name()?.text,
        short: short_name(certificate),
        issuer: certificate.issuer_name()?.text,
        names,
        names_count,
        serial: certificate.serial(),
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        key: certificate.public_key().map_or_else(
            |_| "A key that cannot be read".to_owned(),
            |key| key.words(),
        ),
        signature: certificate.signature_words(),
        fingerprint: in_pairs(&Sha256::digest(certificate.der)),
        self_signed: certificate.is_self_issued(),
        authority: certificate.is_authority()?,
    })
}

enum Beginning {
    /// An object identifier: a content of PKCS#7.
    Identifier,
    /// The scheme of an encrypted key.
    Scheme,
    /// A certificate that is broken further on.
    Certificate,
}

fn beginning(bytes: &[u8]) -> Option<Beginning> {
    let mut walk = Walk::first(bytes).ok()?.of(SEQUENCE).ok()?.walk().ok()?;
    let first = walk.step().ok()?;
    match first.tag {
        OID => Some(Beginning::Identifier),
        SEQUENCE => match Walk::first(first.value).ok()?.tag {
            OID => Some(Beginning::Scheme),
            0xa0 | INTEGER => Some(Beginning::Certificate),
            _ => None,
        },
        _ => None,
    }
}

/// The text of UTF-16 with a byte order mark.
fn utf16(bytes: &[u8]) -> Option<Cow<'static, str>> {
    let (is_big, rest) = match bytes {
        [0xff, 0xfe, rest @ ..] => (false, rest),
        [0xfe, 0xff, rest @ ..] => (true, rest),
        _ => return None,
    };
    let units = rest.chunks_exact(2).map(|two| match is_big {
        true => u16::from_be_bytes([two[0], two[1]]),
        false => u16::from_le_bytes([two[0], two[1]]),
    });
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.ok().map(Cow::Owned)
}
