//! The two headers of a KeePass database: the outer one in clear, and in version 4 an inner one
//! before the XML.

use argon2::{Algorithm, Version};
use zeroize::Zeroizing;

use super::{
    Unreadable,
    kdbx::{OLD, SHAPE},
    kdf::Kdf,
};

/// How every database begins.
pub(super) const SIGNATURE: [u8; 4] = 0x9aa2_d903_u32.to_le_bytes();
const SECOND: u32 = 0xb54b_fb67;

const AES: u128 = 0x31c1f2e6_bf714350_be580521_6afc5aff;
const TWOFISH: u128 = 0xad68f29f_576f4bb9_a36ad47a_f965346c;
const CHACHA20: u128 = 0xd6038a2b_8b6f4cb5_a524339a_31dbb59a;
/// AES as a key derivation, by its first name and by that of version 4.
const AES_KDF: [u128; 2] = [
    0xc9d9f39a_628a4460_bf740d08_c18a4fea,
    0x7c02bb82_79a74ac0_927d114a_00648238,
];
const ARGON2D: u128 = 0xef636ddf_8c29444b_91f7a9a4_03e30a0c;
const ARGON2ID: u128 = 0x9e298b19_56db4773_b23dfc3e_c6f0a1e6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cipher {
    Aes,
    Twofish,
    ChaCha20,
}

/// What stands in clear before everything else.
pub(super) struct Header<'a> {
    pub(super) is_fourth: bool,
    pub(super) cipher: Cipher,
    pub(super) is_packed: bool,
    pub(super) seed: &'a [u8],
    pub(super) iv: &'a [u8],
    pub(super) kdf: Kdf,
    /// Of version 3: what the plaintext begins with.
    pub(super) start: &'a [u8],
    /// Of version 3; version 4 has it before its XML.
    pub(super) inner: Option<Inner>,
}

/// What passwords are protected with once more.
pub(super) struct Inner {
    pub(super) stream: u32,
    pub(super) key: Zeroizing<Vec<u8>>,
}

impl<'a> Header<'a> {
    /// Reads the header, and gives what follows it.
    pub(super) fn read(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Unreadable> {
        let mut rest = bytes.strip_prefix(&SIGNATURE).ok_or(SHAPE)?;
        if u32::from_le_bytes(*take(&mut rest)?) != SECOND {
            return Err(OLD);
        }
        let version = u32::from_le_bytes(*take(&mut rest)?) >> 16;
        let is_fourth = match version {
            3 => false,
            4 => true,
            _ => return Err(OLD),
        };
        // By their numbers; the last of a number counts.
        let mut fields: [&[u8]; 13] = [&[]; 13];
        loop {
            let [number] = *take::<1>(&mut rest)?;
            let length = match is_fourth {
                true => u32::from_le_bytes(*take(&mut rest)?) as usize,
                false => usize::from(u16::from_le_bytes(*take(&mut rest)?)),
            };
            let (data, after) = rest.split_at_checked(length).ok_or(SHAPE)?;
            rest = after;
            if number == 0 {
                break;
            }
            if let Some(field) = fields.get_mut(usize::from(number)) {
                *field = data;
            }
        }
        let header = Self::of(&fields, is_fourth)?;
        Ok((header, rest))
    }

    fn of(fields: &[&'a [u8]; 13], is_fourth: bool) -> Result<Self, Unreadable> {
        let cipher = match id(fields[2])? {
            AES => Cipher::Aes,
            TWOFISH => Cipher::Twofish,
            CHACHA20 => Cipher::ChaCha20,
            _ => return Err(OLD),
        };
        let is_packed = match number(fields[3])? {
            0 => false,
            1 => true,
            _ => return Err(OLD),
        };
        let kdf = match is_fourth {
            true => kdf(fields[11])?,
            false => Kdf::Aes {
                seed: fields[5].try_into().map_err(|_| SHAPE)?,
                rounds: number(fields[6])?,
            },
        };
        let inner = match is_fourth {
            true => None,
            false => Some(Inner {
                key: Zeroizing::new(fields[8].to_vec()),
                stream: number(fields[10])? as u32,
            }),
        };
        if fields[4].len() != 32 || (!is_fourth && fields[9].len() != 32) {
            return Err(SHAPE);
        }
        Ok(Self {
            is_fourth,
            cipher,
            is_packed,
            seed: fields[4],
            iv: fields[7],
            kdf,
            start: fields[9],
            inner,
        })
    }
}

impl Inner {
    /// Reads the inner header of version 4, and gives the XML that follows it. Attachments stand
    /// here; entries name them by number.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, &[u8]), Unreadable> {
        let mut rest = bytes;
        let (mut stream, mut key) = (&[][..], &[][..]);
        loop {
            let [field] = *take::<1>(&mut rest)?;
            let length = u32::from_le_bytes(*take(&mut rest)?) as usize;
            let (data, after) = rest.split_at_checked(length).ok_or(SHAPE)?;
            rest = after;
            match field {
                0 => break,
                1 => stream = data,
                2 => key = data,
                _ => {}
            }
        }
        let inner = Self {
            stream: number(stream)? as u32,
            key: Zeroizing::new(key.to_vec()),
        };
        Ok((inner, rest))
    }
}

/// The parameters of a key derivation, a dictionary: type, length and name, length and value.
fn kdf(bytes: &[u8]) -> Result<Kdf, Unreadable> {
    let mut rest = bytes;
    let [_, version] = *take::<2>(&mut rest)?;
    if version != 1 {
        return Err(OLD);
    }
    let mut entries: Vec<(&[u8], &[u8])> = Vec::new();
    while *take::<1>(&mut rest)? != [0] {
        let name = sized(&mut rest)?;
        entries.push((name, sized(&mut rest)?));
    }
    let get = |wanted: &str| {
        let found = entries.iter().find(|(name, _)| *name == wanted.as_bytes());
        found.map_or(&[][..], |(_, value)| *value)
    };
    let algorithm = match id(get("$UUID"))? {
        ARGON2D => Algorithm::Argon2d,
        ARGON2ID => Algorithm::Argon2id,
        kind if AES_KDF.contains(&kind) => {
            return Ok(Kdf::Aes {
                seed: get("S").try_into().map_err(|_| SHAPE)?,
                rounds: number(get("R"))?,
            });
        }
        _ => return Err(OLD),
    };
    // A secret and associated data are part of the format, and no program sets them.
    if !get("K").is_empty() || !get("A").is_empty() {
        return Err(OLD);
    }
    Ok(Kdf::Argon2 {
        algorithm,
        version: match number(get("V"))? {
            0x10 => Version::V0x10,
            0x13 => Version::V0x13,
            _ => return Err(OLD),
        },
        salt: get("S").to_vec(),
        memory: number(get("M"))?,
        passes: number(get("I"))?,
        lanes: number(get("P"))?,
    })
}

fn sized<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Unreadable> {
    let length = u32::from_le_bytes(*take(rest)?) as usize;
    let (data, after) = rest.split_at_checked(length).ok_or(SHAPE)?;
    *rest = after;
    Ok(data)
}

/// Takes the first bytes off.
pub(super) fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Result<&'a [u8; N], Unreadable> {
    let (taken, after) = rest.split_first_chunk::<N>().ok_or(SHAPE)?;
    *rest = after;
    Ok(taken)
}

fn id(bytes: &[u8]) -> Result<u128, Unreadable> {
    bytes.try_into().map(u128::from_be_bytes).map_err(|_| SHAPE)
}

/// Four or eight bytes, the lowest first.
fn number(bytes: &[u8]) -> Result<u64, Unreadable> {
    match bytes.len() {
        4 | 8 => {}
        _ => return Err(SHAPE),
    }
    let mut whole = [0; 8];
    whole[..bytes.len()].copy_from_slice(bytes);
    Ok(u64::from_le_bytes(whole))
}
