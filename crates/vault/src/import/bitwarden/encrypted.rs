//! Bitwarden's JSON that is protected by a password
//! (<https://bitwarden.com/help/encrypted-export/> and its security white paper):
//!
//! ```text
//! key   = PBKDF2-HMAC-SHA256(password, salt) or Argon2id(password, SHA-256(salt)), 32 bytes
//! enc   = HKDF-Expand-SHA256(key, "enc", 32);  mac = HKDF-Expand-SHA256(key, "mac", 32)
//! value = "2." iv "|" AES-256-CBC(enc, iv, text) "|" HMAC-SHA256(mac, iv ‖ ciphertext), Base64
//! ```
//! The salt is the text of the file, not what it may decode to. The authentication code is checked
//! before anything is decrypted.

use aes::Aes256;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cbc::{
    Decryptor,
    cipher::{BlockModeDecrypt as _, KeyIvInit as _, block_padding::Pkcs7},
};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use super::super::{Unreadable, node::Node};

/// Most iterations of PBKDF2: as many as Bitwarden lets an account have.
const ITERATIONS_MAX: u64 = 2_000_000;
/// Most passes of Argon2id, likewise.
const PASSES_MAX: u64 = 10;
/// Most memory of Argon2id, likewise, in MiB.
const MEMORY_MAX: u64 = 1_024;
/// Most lanes of Argon2id, likewise.
const LANES_MAX: u64 = 16;

const COSTLY: Unreadable = Unreadable::Malformed(
    "opening it would take more time or memory than any file of Bitwarden does",
);
const SHAPE: Unreadable =
    Unreadable::Malformed("it lacks a part of an encrypted file, or was changed or cut off");

/// What the file protects.
pub(super) fn decrypt(
    file: &Node,
    password: Option<&str>,
) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let sealed = |name: &str| Sealed::parse(file.word(name)).ok_or(SHAPE);
    let (check, data) = (sealed("encKeyValidation_DO_NOT_EDIT")?, sealed("data")?);
    let cost = Cost::of(file)?;
    let salt = file.get("salt").and_then(Node::text).ok_or(SHAPE)?;
    let password = password.filter(|password| !password.is_empty());
    let password = password.ok_or(Unreadable::PasswordNeeded)?;
    let keys = Keys::of(&*cost.derive(password, salt)?)?;
    // This one only shows whether the password is right.
    keys.open(&check)?;
    // So that what does not open now was changed.
    keys.open(&data)
}

/// What the key derivation is to cost.
enum Cost {
    Pbkdf2(u32),
    Argon2id(Params),
}

impl Cost {
    /// Refuses what would keep a device busy or fill its memory.
    fn of(file: &Node) -> Result<Self, Unreadable> {
        let number = |name: &str, most: u64| match file.get(name).and_then(Node::number) {
            Some(0) | None => Err(SHAPE),
            Some(number) if number > most => Err(COSTLY),
            Some(number) => Ok(number as u32),
        };
        match file.get("kdfType").and_then(Node::number) {
            Some(0) => Ok(Self::Pbkdf2(number("kdfIterations", ITERATIONS_MAX)?)),
            Some(1) => {
                let memory = number("kdfMemory", MEMORY_MAX)? * 1_024;
                let passes = number("kdfIterations", PASSES_MAX)?;
                let lanes = number("kdfParallelism", LANES_MAX)?;
                let params = Params::new(memory, passes, lanes, Some(32));
                params.map(Self::Argon2id).map_err(|_| SHAPE)
            }
            _ => Err(Unreadable::Malformed(
                "its key derivation is newer than this version of KeyArc",
            )),
        }
    }

    fn derive(self, password: &str, salt: &str) -> Result<Zeroizing<[u8; 32]>, Unreadable> {
        let mut key = Zeroizing::new([0; 32]);
        match self {
            Self::Pbkdf2(iterations) => pbkdf2::pbkdf2_hmac::<Sha256>(
                password.as_bytes(),
                salt.as_bytes(),
                iterations,
                &mut *key,
            ),
            Self::Argon2id(params) => {
                let salt = Sha256::digest(salt);
                // Our own memory: the library may abort the worker when there is too little.
                let mut blocks = Vec::new();
                let count = params.block_count();
                blocks.try_reserve_exact(count).map_err(|_| {
                    Unreadable::Malformed("this device has too little memory to open it")
                })?;
                blocks.resize(count, Block::new());
                let derived = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                    .hash_password_into_with_memory(
                        password.as_bytes(),
                        &salt,
                        &mut *key,
                        blocks.as_mut_slice(),
                    );
                blocks.zeroize();
                derived.map_err(|_| SHAPE)?;
            }
        }
        Ok(key)
    }
}

/// An encrypted value.
struct Sealed {
    iv: [u8; 16],
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

impl Sealed {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("2.")?.split('|');
        let mut part = || STANDARD.decode(parts.next()?).ok();
        let (iv, ciphertext, tag) = (part()?, part()?, part()?);
        parts.next().is_none().then_some(())?;
        Some(Self {
            iv: iv.try_into().ok()?,
            ciphertext,
            tag,
        })
    }
}

struct Keys {
    enc: Zeroizing<[u8; 32]>,
    mac: Zeroizing<[u8; 32]>,
}

impl Keys {
    fn of(key: &[u8; 32]) -> Result<Self, Unreadable> {
        let expand = Hkdf::<Sha256>::from_prk(key).map_err(|_| SHAPE)?;
        let half = |info: &[u8]| {
            let mut half = Zeroizing::new([0; 32]);
            expand.expand(info, &mut *half).map_err(|_| SHAPE)?;
            Ok(half)
        };
        Ok(Self {
            enc: half(b"enc")?,
            mac: half(b"mac")?,
        })
    }

    fn open(&self, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        let mac = Hmac::<Sha256>::new_from_slice(&*self.mac).map_err(|_| SHAPE)?;
        mac.chain_update(sealed.iv)
            .chain_update(&sealed.ciphertext)
            .verify_slice(&sealed.tag)
            .map_err(|_| Unreadable::WrongPassword)?;
        let mut text = Zeroizing::new(sealed.ciphertext.clone());
        let length = Decryptor::<Aes256>::new_from_slices(&*self.enc, &sealed.iv)
            .map_err(|_| SHAPE)?
            .decrypt_padded::<Pkcs7>(&mut text)
            .map_err(|_| Unreadable::WrongPassword)?
            .len();
        text.truncate(length);
        Ok(text)
    }
}
