//! Files that keep certificates and a key under a password (PKCS #12, RFC 7292), and private keys
//! that are encrypted by themselves (RFC 5958).
//!
//! What OpenSSL 3 and today's Windows write (PBES2) is read, and so is what older ones wrote
//! (3DES, RC2): to refuse it would keep people from getting their keys out of it. A file that asks
//! for more work than any tool's would is refused before the work begins.

use cbc::cipher::{BlockModeDecrypt, InnerIvInit as _, KeyIvInit, block_padding::Pkcs7};
use hmac::{Hmac, KeyInit, Mac as _};
use pkcs5::pbes2::Parameters;
use sha1::Sha1;
use sha2::{
    Digest, Sha256, Sha384, Sha512,
    digest::{block_api::EagerHash, common::BlockSizeUser},
};
use zeroize::Zeroizing;

use super::{
    MaterialError,
    walk::{Broken, INTEGER, OCTETS, OID, Piece, SEQUENCE, SET, Walk, algorithm, small},
};

/// Most steps of key derivation for a whole file: seconds in a browser. OpenSSL writes 2,048 and
/// the most careful tools 600,000.
const STEPS_MAX: u32 = 3_000_000;
/// Most memory that scrypt may ask for, in bytes.
const SCRYPT_MAX: u64 = 64 << 20;
/// Most parts of a file.
const PARTS_MAX: usize = 200;

const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const ENCRYPTED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
const KEY_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01";
const SHROUDED_KEY_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02";
const CERTIFICATE_BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03";
const PBES2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";
const PBE_3DES_3: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03";
const PBE_RC2_128: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x05";
const PBE_RC2_40: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x06";
const SHA1: &[u8] = b"\x2b\x0e\x03\x02\x1a";
const SHA256: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";
const SHA384: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x02";
const SHA512: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x03";
/// Explicit and implicit context tags of number 0.
const EXPLICIT: u8 = 0xa0;
const IMPLICIT: u8 = 0x80;

/// What a file held, in DER.
#[derive(Default)]
pub(crate) struct Opened {
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) keys: Vec<Zeroizing<Vec<u8>>>,
    /// It was encrypted with 3DES or RC2.
    pub(crate) is_weak: bool,
}

/// Whether bytes look like such a file: a number, and a content with an object identifier.
pub(crate) fn is_pkcs12(bytes: &[u8]) -> bool {
    let begins = || -> Result<(), Broken> {
        let mut walk = Walk::first(bytes)?.of(SEQUENCE)?.walk()?;
        walk.take(INTEGER)?;
        walk.take(SEQUENCE)?
            .walk()?
            .take(OID)
            .and_then(|oid| match oid.value {
                DATA => Ok(()),
                _ => Err(Broken),
            })
    };
    begins().is_ok()
}

/// Opens a file. Without a password the empty one is tried, which some tools use.
pub(crate) fn open(bytes: &[u8], password: Option<&str>) -> Result<Opened, MaterialError> {
    let mut opening = Opening {
        password: Password::of(password.unwrap_or_default()),
        is_given: password.is_some(),
        steps: 0,
        opened: Opened::default(),
    };
    opening.file(bytes)?;
    Ok(opening.opened)
}

/// Opens a private key that is encrypted by itself (`EncryptedPrivateKeyInfo`).
pub(crate) fn open_key(
    bytes: &[u8],
    password: &str,
) -> Result<(Zeroizing<Vec<u8>>, bool), MaterialError> {
    let mut opening = Opening {
        password: Password::of(password),
        is_given: true,
        steps: 0,
        opened: Opened::default(),
    };
    let key = opening.shrouded(Walk::first(bytes)?)?;
    Ok((key, opening.opened.is_weak))
}

/// A password in both of the forms in which it goes into keys.
struct Password {
    /// UTF-8, for PBES2.
    text: Zeroizing<Vec<u8>>,
    /// UTF-16, big-endian, with a zero at its end (RFC 7292, B.1).
    wide: Zeroizing<Vec<u8>>,
}

impl Password {
    fn of(text: &str) -> Self {
        let wide = text.encode_utf16().chain([0]).flat_map(u16::to_be_bytes);
        Self {
            text: Zeroizing::new(text.as_bytes().to_vec()),
            wide: Zeroizing::new(wide.collect()),
        }
    }
}

struct Opening {
    password: Password,
    is_given: bool,
    /// Steps of key derivation so far.
    steps: u32,
    opened: Opened,
}

impl From<Broken> for MaterialError {
    fn from(_: Broken) -> Self {
        Self::Pkcs12
    }
}

impl Opening {
    fn file(&mut self, bytes: &[u8]) -> Result<(), MaterialError> {
        let mut walk = Walk::first(bytes)?.of(SEQUENCE)?.walk()?;
        if small(walk.step()?)? != 3 {
            return Err(MaterialError::Pkcs12);
        }
        let safe = data_of(walk.step()?)?;
        if !walk.is_done() {
            self.check(walk.step()?, safe)?;
        }
        let mut parts = Walk::first(safe)?.of(SEQUENCE)?.walk()?;
        while !parts.is_done() {
            let part = parts.step()?;
            let mut content = part.of(SEQUENCE)?.walk()?;
            match content.take(OID)?.value {
                DATA => self.bags(data_of(part)?)?,
                ENCRYPTED_DATA => {
                    let data = Walk::first(content.take(EXPLICIT)?.value)?;
                    let mut data = data.of(SEQUENCE)?.walk()?;
                    data.take(INTEGER)?;
                    let mut inner = data.take(SEQUENCE)?.walk()?;
                    inner.take(OID)?;
                    let scheme = inner.step()?;
                    let sealed = inner.take(IMPLICIT)?.value;
                    let plain = self.decrypt(scheme, sealed)?;
                    self.bags(&plain)?;
                }
                _ => return Err(MaterialError::Pkcs12),
            }
        }
        Ok(())
    }

    /// Checks the password and the file by its code (RFC 7292, 4).
    fn check(&mut self, mac: Piece<'_>, safe: &[u8]) -> Result<(), MaterialError> {
        let mut walk = mac.of(SEQUENCE)?.walk()?;
        let mut digest = walk.take(SEQUENCE)?.walk()?;
        let (hash, _) = algorithm(digest.step()?)?;
        let expected = digest.take(OCTETS)?.value;
        let salt = walk.take(OCTETS)?.value;
        let steps = if walk.is_done() {
            1
        } else {
            small(walk.step()?)?
        };
        let mut fits = self.is_right::<Sha1>(hash == SHA1, safe, expected, salt, steps)?;
        fits |= self.is_right::<Sha256>(hash == SHA256, safe, expected, salt, steps)?;
        fits |= self.is_right::<Sha384>(hash == SHA384, safe, expected, salt, steps)?;
        fits |= self.is_right::<Sha512>(hash == SHA512, safe, expected, salt, steps)?;
        if !matches!(hash, SHA1 | SHA256 | SHA384 | SHA512) {
            return Err(MaterialError::Unsupported);
        }
        if fits { Ok(()) } else { Err(self.refused()) }
    }

    fn is_right<D: EagerHash + Digest + BlockSizeUser>(
        &mut self,
        is_it: bool,
        safe: &[u8],
        expected: &[u8],
        salt: &[u8],
        steps: u32,
    ) -> Result<bool, MaterialError> {
        if !is_it {
            return Ok(false);
        }
        self.spend(steps)?;
        let length = <D as Digest>::output_size();
        let key = derive::<D>(3, &self.password.wide, salt, steps, length);
        let mut mac = Hmac::<D>::new_from_slice(&key).map_err(|_| MaterialError::Pkcs12)?;
        mac.update(safe);
        Ok(mac.verify_slice(expected).is_ok())
    }

    fn bags(&mut self, bytes: &[u8]) -> Result<(), MaterialError> {
        let mut bags = Walk::first(bytes)?.of(SEQUENCE)?.walk()?;
        while !bags.is_done() {
            if self.opened.certificates.len() + self.opened.keys.len() >= PARTS_MAX {
                return Err(MaterialError::TooMany);
            }
            let mut bag = bags.take(SEQUENCE)?.walk()?;
            let sort = bag.take(OID)?.value;
            let value = bag.take(EXPLICIT)?.value;
            bag.take_if(SET)?;
            match sort {
                KEY_BAG => {
                    let key = Walk::first(value)?.whole.to_vec();
                    self.opened.keys.push(Zeroizing::new(key));
                }
                SHROUDED_KEY_BAG => {
                    let key = self.shrouded(Walk::first(value)?)?;
                    self.opened.keys.push(key);
                }
                CERTIFICATE_BAG => {
                    let mut certificate = Walk::first(value)?.of(SEQUENCE)?.walk()?;
                    certificate.take(OID)?;
                    let wrapped = certificate.take(EXPLICIT)?.value;
                    let der = Walk::first(wrapped)?.of(OCTETS)?.value;
                    self.opened.certificates.push(der.to_vec());
                }
                // Lists of revoked certificates and secrets of other sorts are nothing that an
                // item holds.
                _ => {}
            }
        }
        Ok(())
    }

    fn shrouded(&mut self, key: Piece<'_>) -> Result<Zeroizing<Vec<u8>>, MaterialError> {
        let mut walk = key.of(SEQUENCE)?.walk()?;
        let scheme = walk.step()?;
        let sealed = walk.take(OCTETS)?.value;
        self.decrypt(scheme, sealed)
    }

    fn decrypt(
        &mut self,
        scheme: Piece<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, MaterialError> {
        let (oid, parameters) = algorithm(scheme)?;
        let parameters = parameters.ok_or(MaterialError::Unsupported)?;
        let plain = match oid {
            PBES2 => self.pbes2(parameters, sealed)?,
            PBE_3DES_3 => self.legacy::<cbc::Decryptor<des::TdesEde3>>(parameters, sealed, 24)?,
            PBE_RC2_128 => self.rc2(parameters, sealed, 16)?,
            PBE_RC2_40 => self.rc2(parameters, sealed, 5)?,
            _ => return Err(MaterialError::Unsupported),
        };
        plain.ok_or_else(|| self.refused())
    }

    fn pbes2(
        &mut self,
        parameters: Piece<'_>,
        sealed: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, MaterialError> {
        let any = der::asn1::AnyRef::try_from(parameters.whole);
        let parameters = any.and_then(Parameters::try_from);
        let parameters = parameters.map_err(|_| MaterialError::Unsupported)?;
        if let Some(pbkdf2) = parameters.kdf.pbkdf2() {
            self.spend(pbkdf2.iteration_count)?;
        }
        if let Some(scrypt) = parameters.kdf.scrypt() {
            let memory = scrypt
                .cost_parameter
                .checked_mul(128 * u64::from(scrypt.block_size));
            if memory.is_none_or(|bytes| bytes > SCRYPT_MAX) || scrypt.parallelization > 4 {
                return Err(MaterialError::TooSlow);
            }
            self.spend(STEPS_MAX / 4)?;
        }
        match parameters.decrypt(&*self.password.text, sealed) {
            Ok(plain) => Ok(Some(Zeroizing::new(plain))),
            Err(pkcs5::Error::DecryptFailed) => Ok(None),
            Err(_) => Err(MaterialError::Unsupported),
        }
    }

    /// RFC 7292, appendix C.
    fn legacy<C: KeyIvInit + BlockModeDecrypt>(
        &mut self,
        parameters: Piece<'_>,
        sealed: &[u8],
        key_length: usize,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, MaterialError> {
        let [key, iv] = self.legacy_key(parameters, key_length)?;
        let cipher = C::new_from_slices(&key, &iv).map_err(|_| MaterialError::Pkcs12)?;
        Ok(unpad(cipher, sealed))
    }

    fn rc2(
        &mut self,
        parameters: Piece<'_>,
        sealed: &[u8],
        key_length: usize,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, MaterialError> {
        let [key, iv] = self.legacy_key(parameters, key_length)?;
        let cipher = rc2::Rc2::new_with_eff_key_len(&key, key_length * 8);
        let cipher = cbc::Decryptor::inner_iv_slice_init(cipher, &iv);
        Ok(unpad(cipher.map_err(|_| MaterialError::Pkcs12)?, sealed))
    }

    /// The key and the first block of the schemes of PKCS #12.
    fn legacy_key(
        &mut self,
        parameters: Piece<'_>,
        length: usize,
    ) -> Result<[Zeroizing<Vec<u8>>; 2], MaterialError> {
        let mut walk = parameters.of(SEQUENCE)?.walk()?;
        let salt = walk.take(OCTETS)?.value;
        let steps = small(walk.step()?)?;
        self.spend(steps.saturating_mul(3))?;
        self.opened.is_weak = true;
        let wide = &self.password.wide;
        Ok([
            derive::<Sha1>(1, wide, salt, steps, length),
            derive::<Sha1>(2, wide, salt, steps, 8),
        ])
    }

    fn spend(&mut self, steps: u32) -> Result<(), MaterialError> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > STEPS_MAX {
            return Err(MaterialError::TooSlow);
        }
        Ok(())
    }

    fn refused(&self) -> MaterialError {
        match self.is_given {
            true => MaterialError::WrongPassword,
            false => MaterialError::NeedsPassword,
        }
    }
}

fn unpad<C: BlockModeDecrypt>(cipher: C, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let plain = cipher.decrypt_padded_vec::<Pkcs7>(sealed);
    plain.ok().map(Zeroizing::new)
}

/// The bytes of a content of plain data.
fn data_of(content: Piece<'_>) -> Result<&[u8], Broken> {
    let mut walk = content.of(SEQUENCE)?.walk()?;
    if walk.take(OID)?.value != DATA {
        return Err(Broken);
    }
    let data = Walk::first(walk.take(EXPLICIT)?.value)?;
    Ok(data.of(OCTETS)?.value)
}

/// The key derivation of PKCS #12 (RFC 7292, B.2). `id` is 1 for a key, 2 for a first block and 3
/// for a code.
fn derive<D: Digest + BlockSizeUser>(
    id: u8,
    password: &[u8],
    salt: &[u8],
    steps: u32,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let block = D::block_size();
    let filled = |bytes: &[u8]| -> Vec<u8> {
        let whole = bytes.len().div_ceil(block) * block;
        bytes.iter().copied().cycle().take(whole).collect()
    };
    let mut mixed = Zeroizing::new([filled(salt), filled(password)].concat());
    let mut out = Zeroizing::new(Vec::with_capacity(length + 64));
    while out.len() < length {
        let first = D::new().chain_update(vec![id; block]).chain_update(&*mixed);
        let mut hash = first.finalize();
        for _ in 1..steps {
            hash = D::digest(&hash);
        }
        out.extend_from_slice(&hash);
        let added: Vec<u8> = hash.iter().copied().cycle().take(block).collect();
        for part in mixed.chunks_exact_mut(block) {
            let mut carry = 1_u16;
            for (to, from) in part.iter_mut().zip(&added).rev() {
                let sum = u16::from(*to) + u16::from(*from) + carry;
                *to = sum as u8;
                carry = sum >> 8;
            }
        }
    }
    out.truncate(length);
    out
}
