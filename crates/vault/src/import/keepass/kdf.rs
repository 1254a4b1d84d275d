//! From a password and a key file to the key of a KeePass database, at a cost that is bounded.
//!
//! ```text
//! composite   = SHA-256(SHA-256(password) ‖ key of the file), either of which may be missing
//! transformed = SHA-256(AES-256-ECB(seed)^rounds(composite)), or Argon2d or Argon2id of it
//! ```

use aes::{
    Aes256,
    cipher::{Block as CipherBlock, BlockCipherEncrypt as _, KeyInit as _},
};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use super::{Unreadable, xml};

/// Most rounds of AES: what KeePassXC takes in some seconds on a fast desk.
const ROUNDS_MAX: u64 = 60_000_000;
/// Most memory of Argon2, in bytes (1 GiB).
const MEMORY_MAX: u64 = 1 << 30;
/// Most memory times passes of Argon2, in bytes (16 GiB): what bounds the time.
const WORK_MAX: u64 = 16 << 30;
/// Most lanes of Argon2.
const LANES_MAX: u64 = 64;
/// Largest key file, in bytes.
pub(super) const KEY_FILE_MAX: usize = 1 << 20;

pub(super) const COSTLY: Unreadable = Unreadable::Malformed(
    "opening it would take more time or memory than is spent here: in KeePass, lower the \
     transformation rounds or the memory of the database, save it, and try again",
);
const MEMORY: Unreadable = Unreadable::Malformed(
    "opening it takes more memory than this device has to spare. Close other windows and try again",
);
const KEY_FILE: Unreadable =
    Unreadable::Malformed("its key file is none of KeePass's, or was changed");

pub(super) type Key = Zeroizing<[u8; 32]>;

/// How a database makes its key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kdf {
    Aes {
        seed: [u8; 32],
        rounds: u64,
    },
    Argon2 {
        algorithm: Algorithm,
        version: Version,
        salt: Vec<u8>,
        /// In bytes.
        memory: u64,
        passes: u64,
        lanes: u64,
    },
}

impl Kdf {
    /// Refuses what costs more than the ceilings.
    pub(super) fn check(&self) -> Result<(), Unreadable> {
        let is_bounded = match self {
            Self::Aes { rounds, .. } => *rounds <= ROUNDS_MAX,
            Self::Argon2 {
                memory,
                passes,
                lanes,
                ..
            } => {
                *memory <= MEMORY_MAX
                    && *lanes <= LANES_MAX
                    && memory.saturating_mul(*passes) <= WORK_MAX
            }
        };
        if is_bounded { Ok(()) } else { Err(COSTLY) }
    }

    /// The transformed key, at a bounded cost.
    pub(super) fn derive(&self, composite: &Key) -> Result<Key, Unreadable> {
        self.check()?;
        match self {
            Self::Aes { seed, rounds } => Ok(aes(seed, *rounds, composite)),
            Self::Argon2 {
                algorithm,
                version,
                salt,
                memory,
                passes,
                lanes,
            } => {
                let params = Params::new(
                    (memory / 1_024) as u32,
                    u32::try_from(*passes).map_err(|_| COSTLY)?,
                    *lanes as u32,
                    Some(32),
                );
                let params = params.map_err(|_| super::kdbx::SHAPE)?;
                argon2(Argon2::new(*algorithm, *version, params), salt, composite)
            }
        }
    }
}

fn aes(seed: &[u8; 32], rounds: u64, composite: &Key) -> Key {
    let cipher = Aes256::new(&(*seed).into());
    let mut halves: [CipherBlock<Aes256>; 2] = [[0; 16].into(), [0; 16].into()];
    for (half, bytes) in halves.iter_mut().zip(composite.as_chunks::<16>().0) {
        *half = (*bytes).into();
    }
    for _ in 0..rounds {
        cipher.encrypt_blocks(&mut halves);
    }
    let mut hash = Sha256::new();
    for half in &mut halves {
        hash.update(half.as_slice());
        half.as_mut_slice().zeroize();
    }
    Zeroizing::new(hash.finalize().into())
}

fn argon2(argon2: Argon2<'_>, salt: &[u8], composite: &Key) -> Result<Key, Unreadable> {
    // Our own memory, since the library neither wipes its own nor may it abort the browser's
    // worker when there is too little.
    let count = argon2.params().block_count();
    let mut blocks = Vec::new();
    blocks.try_reserve_exact(count).map_err(|_| MEMORY)?;
    blocks.resize(count, Block::new());
    let mut key = Zeroizing::new([0; 32]);
    let derived = argon2.hash_password_into_with_memory(
        composite.as_slice(),
        salt,
        key.as_mut_slice(),
        blocks.as_mut_slice(),
    );
    blocks.zeroize();
    derived.map_err(|_| super::kdbx::SHAPE)?;
    Ok(key)
}

/// What password and key file give together.
pub(super) fn composite(
    password: Option<&str>,
    key_file: Option<&[u8]>,
) -> Result<Key, Unreadable> {
    // A field left empty beside a key file is no password; without one, it may be an empty one.
    let password = password.filter(|password| !password.is_empty() || key_file.is_none());
    if password.is_none() && key_file.is_none() {
        return Err(Unreadable::PasswordNeeded);
    }
    let mut hash = Sha256::new();
    if let Some(password) = password {
        let password: Key = Zeroizing::new(Sha256::digest(password).into());
        hash.update(password.as_slice());
    }
    if let Some(file) = key_file {
        hash.update(file_key(file)?.as_slice());
    }
    Ok(Zeroizing::new(hash.finalize().into()))
}

/// The key of a file: XML of version 1 or 2, 32 bytes, 64 hexadecimal digits, or the hash of
/// whatever else it is.
fn file_key(file: &[u8]) -> Result<Key, Unreadable> {
    if file.len() > KEY_FILE_MAX {
        let limit_mb = (KEY_FILE_MAX >> 20) as u32;
        return Err(Unreadable::TooLarge { limit_mb });
    }
    if let Ok(key) = <[u8; 32]>::try_from(file) {
        return Ok(Zeroizing::new(key));
    }
    let text = std::str::from_utf8(file).ok();
    if let Some(key) = text.filter(|text| text.len() == 64).and_then(from_hex) {
        return Ok(key);
    }
    let text = text.map(|text| text.trim_start_matches('\u{feff}').trim_start());
    if let Some(text) =
        text.filter(|text| text.starts_with("<?xml") || text.starts_with("<KeyFile"))
    {
        return xml_key(text);
    }
    Ok(Zeroizing::new(Sha256::digest(file).into()))
}

fn xml_key(text: &str) -> Result<Key, Unreadable> {
    let root = xml::parse(text, None).map_err(|_| KEY_FILE)?;
    let root = root.child("KeyFile").unwrap_or(&root);
    let at = |parent: &str, name: &str| root.child(parent).and_then(|parent| parent.child(name));
    let version = at("Meta", "Version").map_or("", |version| version.text.trim());
    let data = at("Key", "Data").ok_or(KEY_FILE)?;
    let digits: Zeroizing<String> = Zeroizing::new(data.text.split_whitespace().collect());
    if version.starts_with("2.") {
        let key = from_hex(&digits).ok_or(KEY_FILE)?;
        // The first bytes of its hash guard against a slip of the pen.
        let sum = from_hex_bytes(&data.hash).ok_or(KEY_FILE)?;
        return match Sha256::digest(key.as_slice()).starts_with(&sum) && sum.len() >= 4 {
            true => Ok(key),
            false => Err(KEY_FILE),
        };
    }
    let bytes = Zeroizing::new(STANDARD.decode(digits.as_str()).map_err(|_| KEY_FILE)?);
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| KEY_FILE)?;
    Ok(Zeroizing::new(key))
}

fn from_hex(text: &str) -> Option<Key> {
    let bytes = from_hex_bytes(text)?;
    Some(Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).ok()?))
}

fn from_hex_bytes(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let bytes = pairs
        .iter()
        .map(|[high, low]| Some((digit(*high)? << 4 | digit(*low)?) as u8));
    rest.is_empty()
        .then(|| bytes.collect::<Option<Vec<u8>>>())?
        .map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argon2id(memory: u64, passes: u64, lanes: u64) -> Kdf {
        Kdf::Argon2 {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            salt: vec![7; 32],
            memory,
            passes,
            lanes,
        }
    }

    #[test]
    fn what_costs_too_much_is_refused_before_any_work() {
        let composite = Zeroizing::new([1; 32]);
        for kdf in [
            Kdf::Aes {
                seed: [0; 32],
                rounds: 1 << 40,
            },
            Kdf::Aes {
                seed: [0; 32],
                rounds: u64::MAX,
            },
            argon2id(64 << 30, 2, 2),
            argon2id(u64::MAX, 1, 1),
            argon2id(1 << 30, 17, 1),
            argon2id(8 << 10, u64::MAX, 1),
            argon2id(8 << 10, 1 << 33, 1),
            argon2id(64 << 20, 2, 65),
        ] {
            assert_eq!(kdf.derive(&composite).err(), Some(COSTLY), "{kdf:?}");
        }
    }

    #[test]
    fn parameters_that_no_database_has_are_refused() {
        let composite = Zeroizing::new([1; 32]);
        for kdf in [
            argon2id(0, 1, 1),
            argon2id(8 << 10, 0, 1),
            argon2id(8 << 10, 1, 0),
            argon2id(8 << 10, 1, 2),
        ] {
            assert!(kdf.derive(&composite).is_err(), "{kdf:?}");
        }
    }

    #[test]
    fn key_files_of_every_sort_are_read() {
        let key = [0x5a; 32];
        let hex = "5a".repeat(32);
        let sum: String = Sha256::digest(key)[..4]
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        let first = format!(
            "<?xml version=\"1.0\"?><KeyFile><Meta><Version>1.00</Version></Meta>\
             <Key><Data>{}</Data></Key></KeyFile>",
            STANDARD.encode(key)
        );
        let second = |sum: &str| {
            format!(
                "<KeyFile><Meta><Version>2.0</Version></Meta>\
                 <Key><Data Hash=\"{sum}\">\n5A5A5A5A {}\n</Data></Key></KeyFile>",
                &hex[8..]
            )
        };
        for file in [
            key.as_slice(),
            hex.as_bytes(),
            first.as_bytes(),
            second(&sum).as_bytes(),
        ] {
            assert_eq!(*file_key(file).expect("a key"), key);
        }
        let other = file_key(b"a picture").expect("a key");
        assert_eq!(*other, <[u8; 32]>::from(Sha256::digest(b"a picture")));
        for broken in [
            second("00000000"),
            second(""),
            "<KeyFile/>".to_owned(),
            first.replace("<Data>", "<Data>AA"),
            "<?xml <".to_owned(),
        ] {
            assert_eq!(file_key(broken.as_bytes()).err(), Some(KEY_FILE));
        }
        let large = vec![0; KEY_FILE_MAX + 1];
        let refused = file_key(&large).err();
        assert_eq!(refused, Some(Unreadable::TooLarge { limit_mb: 1 }));
    }

    #[test]
    fn something_has_to_be_given() {
        assert_eq!(
            composite(None, None).err(),
            Some(Unreadable::PasswordNeeded)
        );
        let alone = composite(None, Some(b"x")).expect("a key");
        let with_empty = composite(Some(""), Some(b"x")).expect("a key");
        assert_eq!(*alone, *with_empty);
        assert_ne!(*alone, *composite(Some("p"), Some(b"x")).expect("a key"));
        assert!(composite(Some(""), None).is_ok());
    }
}
