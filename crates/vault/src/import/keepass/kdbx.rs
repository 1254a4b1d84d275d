//! KeePass's encrypted databases, KDBX 3.1 and 4
//! (<https://keepass.info/help/kb/kdbx.html>, and KeePassXC, which reads and writes the same):
//!
//! ```text
//! 3.1: header ‖ cipher(start bytes ‖ (number ‖ SHA-256 ‖ length ‖ data)…)
//! 4:   header ‖ SHA-256(header) ‖ HMAC(header) ‖ (HMAC ‖ length ‖ data of the cipher)…
//! key = SHA-256(seed ‖ transformed);  authentication key = SHA-512(seed ‖ transformed ‖ 1)
//! ```
//! Below that is XML, often in gzip, with passwords once more under a stream of their own. What an
//! authentication code covers is checked before it is decrypted. The crate `keepass` also writes
//! databases and merges them, and spends whatever time and memory a file asks for.

use aes::Aes256;
use cbc::{
    Decryptor,
    cipher::{
        BlockCipherDecrypt, BlockModeDecrypt as _, InnerIvInit as _, KeyInit, KeyIvInit as _,
        StreamCipher as _, block_padding::Pkcs7,
    },
};
use chacha20::ChaCha20;
use hmac::{Hmac, Mac as _};
use salsa20::Salsa20;
use sha2::{Digest as _, Sha256, Sha512};
use twofish::Twofish;
use zeroize::Zeroizing;

use super::super::deflate::gunzip;
use super::{
    Unreadable,
    header::{Cipher, Header, Inner, SIGNATURE, take},
    kdf::{Key, composite},
};

/// Most bytes that a database unpacks to (100 MB).
pub(super) const UNPACKED_MAX: usize = 100 << 20;

pub(super) const SHAPE: Unreadable =
    Unreadable::Malformed("it is no KeePass database, or was changed or cut off");
pub(super) const OLD: Unreadable = Unreadable::Malformed(
    "it is of a version of KeePass that is not read. Open it in KeePass 2 or KeePassXC, save it in \
     the format KDBX 4, and try again",
);

/// What a database holds: its XML, and the stream over the passwords in it.
pub(super) struct Database {
    pub(super) xml: Zeroizing<Vec<u8>>,
    pub(super) stream: InnerStream,
    /// The hash of the header of version 3, which nothing but a copy in the XML protects.
    pub(super) header: Option<[u8; 32]>,
}

/// The stream that passwords are under.
pub(super) enum InnerStream {
    Salsa20(Box<Salsa20>),
    ChaCha20(Box<ChaCha20>),
    /// Passwords are not protected once more.
    None,
}

impl InnerStream {
    fn new(inner: &Inner) -> Result<Self, Unreadable> {
        match inner.stream {
            0 => Ok(Self::None),
            2 => {
                const NONCE: [u8; 8] = [0xe8, 0x30, 0x09, 0x4b, 0x97, 0x20, 0x5d, 0x2a];
                let key: Key = Zeroizing::new(Sha256::digest(&*inner.key).into());
                let stream = Salsa20::new(&(*key).into(), &NONCE.into());
                Ok(Self::Salsa20(Box::new(stream)))
            }
            3 => {
                let hash: Zeroizing<[u8; 64]> = Zeroizing::new(Sha512::digest(&*inner.key).into());
                let (key, nonce) = hash.split_first_chunk::<32>().ok_or(SHAPE)?;
                let nonce = nonce.first_chunk::<12>().ok_or(SHAPE)?;
                let stream = ChaCha20::new(&(*key).into(), &(*nonce).into());
                Ok(Self::ChaCha20(Box::new(stream)))
            }
            _ => Err(OLD),
        }
    }

    /// Undoes the protection of the next value.
    pub(super) fn apply(&mut self, bytes: &mut [u8]) {
        // Neither ends before the limit on the size of a file.
        let _ends = match self {
            Self::Salsa20(stream) => stream.try_apply_keystream(bytes),
            Self::ChaCha20(stream) => stream.try_apply_keystream(bytes),
            Self::None => Ok(()),
        };
    }
}

/// Whether bytes begin like a database, of whatever version.
pub(super) fn fits(bytes: &[u8]) -> bool {
    bytes.starts_with(&SIGNATURE)
}

/// Opens a database.
pub(super) fn open(
    bytes: &[u8],
    password: Option<&str>,
    key_file: Option<&[u8]>,
) -> Result<Database, Unreadable> {
    let (header, rest) = Header::read(bytes)?;
    header.kdf.check()?;
    if header.is_fourth {
        // A copy of the hash follows the header: what was changed by chance is told at once.
        let hash = rest.get(..32).ok_or(SHAPE)?;
        if Sha256::digest(&bytes[..bytes.len() - rest.len()]).as_slice() != hash {
            return Err(SHAPE);
        }
    }
    let composite = composite(password, key_file)?;
    let transformed = header.kdf.derive(&composite)?;
    match header.is_fourth {
        true => fourth(bytes, &header, rest, &transformed),
        false => third(bytes, &header, rest, &transformed),
    }
}

fn third(
    bytes: &[u8],
    header: &Header<'_>,
    rest: &[u8],
    transformed: &Key,
) -> Result<Database, Unreadable> {
    let clear = &bytes[..bytes.len() - rest.len()];
    let plain = decrypt(header, transformed, rest).ok_or(Unreadable::WrongPassword)?;
    let mut rest = plain
        .strip_prefix(header.start)
        .ok_or(Unreadable::WrongPassword)?;
    let mut payload = Zeroizing::new(Vec::with_capacity(rest.len()));
    for number in 0_u32.. {
        let place = take::<4>(&mut rest)?;
        let hash = take::<32>(&mut rest)?;
        let length = u32::from_le_bytes(*take::<4>(&mut rest)?) as usize;
        let (data, after) = rest.split_at_checked(length).ok_or(SHAPE)?;
        if u32::from_le_bytes(*place) != number {
            return Err(SHAPE);
        }
        if length == 0 {
            break;
        }
        if Sha256::digest(data).as_slice() != hash {
            return Err(SHAPE);
        }
        payload.extend_from_slice(data);
        rest = after;
    }
    let xml = unpack(header, payload)?;
    let inner = header.inner.as_ref().ok_or(SHAPE)?;
    Ok(Database {
        xml,
        header: Some(Sha256::digest(clear).into()),
        stream: InnerStream::new(inner)?,
    })
}

fn fourth(
    bytes: &[u8],
    header: &Header<'_>,
    mut rest: &[u8],
    transformed: &Key,
) -> Result<Database, Unreadable> {
    let signed = &bytes[..bytes.len() - rest.len()];
    // It was compared before anything was derived.
    take::<32>(&mut rest)?;
    let base = Sha512::new()
        .chain_update(header.seed)
        .chain_update(transformed.as_slice())
        .chain_update([1]);
    let base: Zeroizing<[u8; 64]> = Zeroizing::new(base.finalize().into());
    let mut code = block_code(&base, u64::MAX);
    code.update(signed);
    let expected = take::<32>(&mut rest)?;
    code.verify_slice(expected)
        .map_err(|_| Unreadable::WrongPassword)?;
    let mut sealed = Vec::with_capacity(rest.len());
    for number in 0_u64.. {
        let expected = take::<32>(&mut rest)?;
        let length = take::<4>(&mut rest)?;
        let data = rest.split_at_checked(u32::from_le_bytes(*length) as usize);
        let (data, after) = data.ok_or(SHAPE)?;
        let mut code = block_code(&base, number);
        code.update(&number.to_le_bytes());
        code.update(length);
        code.update(data);
        code.verify_slice(expected).map_err(|_| SHAPE)?;
        if data.is_empty() {
            break;
        }
        sealed.extend_from_slice(data);
        rest = after;
    }
    let plain = decrypt(header, transformed, &sealed).ok_or(SHAPE)?;
    let plain = unpack(header, plain)?;
    let (inner, xml) = Inner::read(&plain)?;
    Ok(Database {
        xml: Zeroizing::new(xml.to_vec()),
        header: None,
        stream: InnerStream::new(&inner)?,
    })
}

fn block_code(base: &[u8; 64], number: u64) -> Hmac<Sha256> {
    let key = Sha512::new()
        .chain_update(number.to_le_bytes())
        .chain_update(base);
    let key: Zeroizing<[u8; 64]> = Zeroizing::new(key.finalize().into());
    Hmac::<Sha256>::new(&(*key).into())
}

fn unpack(
    header: &Header<'_>,
    payload: Zeroizing<Vec<u8>>,
) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    match header.is_packed {
        true => gunzip(&payload, UNPACKED_MAX),
        false => Ok(payload),
    }
}

fn decrypt(header: &Header<'_>, transformed: &Key, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let key = Sha256::new()
        .chain_update(header.seed)
        .chain_update(transformed.as_slice());
    let key: Key = Zeroizing::new(key.finalize().into());
    match header.cipher {
        Cipher::Aes => unchain::<Aes256>(&key, header.iv, sealed),
        Cipher::Twofish => unchain::<Twofish>(&key, header.iv, sealed),
        Cipher::ChaCha20 => {
            let iv = <[u8; 12]>::try_from(header.iv).ok()?;
            let mut plain = Zeroizing::new(sealed.to_vec());
            let mut stream = ChaCha20::new(&(*key).into(), &iv.into());
            stream.try_apply_keystream(&mut plain).ok()?;
            Some(plain)
        }
    }
}

fn unchain<C>(key: &Key, iv: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>>
where
    C: BlockCipherDecrypt + KeyInit,
{
    let cipher = C::new_from_slice(key.as_slice()).ok()?;
    let decryptor = Decryptor::<C>::inner_iv_slice_init(cipher, iv).ok()?;
    let mut plain = Zeroizing::new(sealed.to_vec());
    let length = decryptor.decrypt_padded::<Pkcs7>(&mut plain).ok()?.len();
    plain.truncate(length);
    Some(plain)
}
