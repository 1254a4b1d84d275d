//! Machine tokens: what a script shows to read a copy of some items, and to hand in changes. See [`MachineToken`].

use std::fmt;

use keyarc_signature::SigningKey;
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use crate::context::{MachineGrantContext, MachineKept, MachineKeptContext};
use crate::error::{OpenError, SealError};
use crate::kae1::SealingKey;
use crate::secret::{self, Secret};
use crate::vault_key::VaultKey;

/// Length of a token's id in bytes.
pub const MACHINE_TOKEN_ID_LEN: usize = 16;
const SECRET_LEN: usize = 32;
const CHECK_LEN: usize = 3;
const PREFIX: &str = "kat1_";
const LABEL: &[u8] = b"keyarc/v1/machine-token";
const SALT_LABEL: &[u8] = b"keyarc/v1/machine-token/salt";
/// Crockford's base32 in small letters, and no other spelling of it.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const ID_DIGITS: usize = 2 * MACHINE_TOKEN_ID_LEN;
const SECRET_DIGITS: usize = (SECRET_LEN * 8).div_ceil(5);
const CHECK_DIGITS: usize = (CHECK_LEN * 8).div_ceil(5);
const TEXT_LEN: usize = PREFIX.len() + ID_DIGITS + 1 + SECRET_DIGITS + 1 + CHECK_DIGITS;

/// Why a text is no machine token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MachineTokenError {
    /// Too short, too long, a character that no token has, or not beginning with `kat1_`.
    #[error("a machine token begins with kat1_ and has 96 characters")]
    Shape,
    /// It has the right shape and a mistake in it.
    #[error("the machine token has a mistake in it")]
    Checksum,
}

/// An id and 256 random bits, written as
/// `kat1_<id in hexadecimal>_<secret in base32>_<checksum in base32>`, all in small letters.
///
/// The checksum is the beginning of SHA-256(`"keyarc/v1/machine-token"` ‖ id ‖ secret). It finds
/// mistakes and protects nothing. The secret is never sent anywhere; what is sent is derived from
/// it ([`MachineKeys`]).
pub struct MachineToken {
    id: [u8; MACHINE_TOKEN_ID_LEN],
    secret: Secret<SECRET_LEN>,
}

impl MachineToken {
    /// Makes a new one. A generator that repeats itself goes unnoticed here and fails when the
    /// grant is sealed, so such a token never comes into use.
    pub fn make(rng: &mut impl CryptoRng) -> Self {
        let mut id = [0; MACHINE_TOKEN_ID_LEN];
        rng.fill_bytes(&mut id);
        Self {
            id,
            secret: Secret::make(rng),
        }
    }

    /// Reads exactly what [`to_text`](Self::to_text) writes: programs hand tokens on, nobody types
    /// them.
    pub fn parse(text: &str) -> Result<Self, MachineTokenError> {
        let shape = MachineTokenError::Shape;
        let rest = text.strip_prefix(PREFIX).ok_or(shape)?;
        if text.len() != TEXT_LEN || !text.is_ascii() {
            return Err(shape);
        }
        let (id_digits, rest) = rest.split_at(ID_DIGITS);
        let (secret_digits, check_digits) = rest
            .strip_prefix('_')
            .and_then(|rest| rest.split_once('_'))
            .ok_or(shape)?;
        let mut id = [0; MACHINE_TOKEN_ID_LEN];
        for (byte, pair) in id.iter_mut().zip(id_digits.as_bytes().chunks_exact(2)) {
            *byte = hex_of(pair[0]).ok_or(shape)? << 4 | hex_of(pair[1]).ok_or(shape)?;
        }
        let secret = from_digits::<SECRET_LEN>(secret_digits.as_bytes()).ok_or(shape)?;
        let check = from_digits::<CHECK_LEN>(check_digits.as_bytes()).ok_or(shape)?;
        let token = Self { id, secret };
        match token.check() == *check.bytes() {
            true => Ok(token),
            false => Err(MachineTokenError::Checksum),
        }
    }

    /// The one text of it.
    pub fn to_text(&self) -> Zeroizing<String> {
        // Reserved in full: growing would leave a copy of the beginning behind.
        let mut text = Zeroizing::new(String::with_capacity(TEXT_LEN));
        text.push_str(PREFIX);
        for byte in self.id {
            for digit in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(digit.into(), 16));
            }
        }
        text.push('_');
        push_digits(&mut text, self.secret.bytes());
        text.push('_');
        push_digits(&mut text, &self.check());
        text
    }

    /// Names it, to its owner and to the server.
    pub fn id(&self) -> [u8; MACHINE_TOKEN_ID_LEN] {
        self.id
    }

    /// The keys that it gives.
    pub fn derive_keys(&self) -> MachineKeys {
        let salt = Sha256::new()
            .chain_update(SALT_LABEL)
            .chain_update(self.id)
            .finalize();
        let master = secret::extract(&salt, self.secret.bytes());
        let seed = secret::derive(&master, "keyarc/v1/machine/auth");
        MachineKeys {
            token: self.id,
            grant: SealingKey::new(secret::derive(&master, "keyarc/v1/machine/grant")),
            kept: SealingKey::new(secret::derive(&master, "keyarc/v1/machine/kept")),
            auth: SigningKey::from_seed(seed.bytes()),
        }
    }

    fn check(&self) -> [u8; CHECK_LEN] {
        let hash = Sha256::new()
            .chain_update(LABEL)
            .chain_update(self.id)
            .chain_update(self.secret.bytes())
            .finalize();
        [hash[0], hash[1], hash[2]]
    }
}

impl fmt::Debug for MachineToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MachineToken(redacted)")
    }
}

/// What a machine token gives: one key opens its grant, one seals what a machine keeps for when the
/// server cannot be reached, one proves at the server that the token is at hand. The server keeps
/// only the public half of the last.
#[derive(Debug)]
pub struct MachineKeys {
    token: [u8; MACHINE_TOKEN_ID_LEN],
    grant: SealingKey,
    kept: SealingKey,
    auth: SigningKey,
}

impl MachineKeys {
    /// Signs requests.
    pub fn auth(&self) -> &SigningKey {
        &self.auth
    }

    /// Seals what a machine keeps, for whoever has the token. Of at most
    /// [`MAX_PLAINTEXT`](crate::MAX_PLAINTEXT) bytes.
    pub fn seal_kept(
        &self,
        kept: MachineKept,
        plaintext: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, SealError> {
        self.kept.seal(&self.place(kept), plaintext, rng)
    }

    /// Opens it.
    pub fn open_kept(
        &self,
        kept: MachineKept,
        envelope: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        self.kept.open(&self.place(kept), envelope)
    }

    fn place(&self, kept: MachineKept) -> MachineKeptContext {
        MachineKeptContext {
            token: self.token,
            kept,
        }
    }
}

/// What a token is good for: with the key of the copy, everything that its holder needs to open it,
/// and to refuse any other and any that is older than the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MachineGrant {
    /// Whose items they are.
    pub account: [u8; 16],
    /// The Ed25519 public key that signs the copy's manifests.
    pub identity: [u8; 32],
    /// The copy's name.
    pub vault: [u8; 16],
    /// The epoch of the copy's key.
    pub epoch: u32,
    /// The version of the manifest that there was when the token was made.
    pub floor_version: u64,
    /// The hash of that manifest.
    pub floor_hash: [u8; 32],
    /// Whether its holder may hand in changes, and not only read.
    pub writes: bool,
    /// When the token ends, Unix milliseconds; `None` for never.
    pub expires_at_ms: Option<u64>,
}

const MAGIC: &[u8; 2] = b"KG";
/// Format and access of a grant for reading.
const READS: (u8, u8) = (1, 1);
/// Of one for reading and for handing in changes. It is a format of its own, so that clients which know
/// nothing of changes refuse it, as they always did.
const WRITES: (u8, u8) = (2, 2);
const KEY_LEN: usize = 32;
const GRANT_LEN: usize = MAGIC.len() + 1 + 16 + 32 + 16 + 4 + KEY_LEN + 8 + 32 + 1 + 8;

impl MachineGrant {
    /// Seals it for the holder of a token, with the copy's key.
    pub fn seal(
        &self,
        key: &VaultKey,
        keys: &MachineKeys,
        token: [u8; MACHINE_TOKEN_ID_LEN],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, SealError> {
        let context = MachineGrantContext { token };
        keys.grant.seal(&context, &self.encode(key), rng)
    }

    /// Opens that of a token, and the copy's key with it. Another token's and a server that lies look the same.
    pub fn open(
        envelope: &[u8],
        keys: &MachineKeys,
        token: [u8; MACHINE_TOKEN_ID_LEN],
    ) -> Result<(Self, VaultKey), OpenError> {
        let context = MachineGrantContext { token };
        Self::decode(&keys.grant.open(&context, envelope)?)
    }

    fn encode(&self, key: &VaultKey) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(GRANT_LEN));
        let (format, access) = if self.writes { WRITES } else { READS };
        out.extend_from_slice(MAGIC);
        out.push(format);
        out.extend_from_slice(&self.account);
        out.extend_from_slice(&self.identity);
        out.extend_from_slice(&self.vault);
        out.extend_from_slice(&self.epoch.to_be_bytes());
        out.extend_from_slice(key.secret().bytes());
        out.extend_from_slice(&self.floor_version.to_be_bytes());
        out.extend_from_slice(&self.floor_hash);
        out.push(access);
        out.extend_from_slice(&self.expires_at_ms.unwrap_or(0).to_be_bytes());
        out
    }

    fn decode(bytes: &[u8]) -> Result<(Self, VaultKey), OpenError> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(OpenError)?;
        let [format] = take(&mut rest)?;
        let account = take(&mut rest)?;
        let identity = take(&mut rest)?;
        let vault = take(&mut rest)?;
        let epoch = u32::from_be_bytes(take(&mut rest)?);
        let (key, after) = rest.split_at_checked(KEY_LEN).ok_or(OpenError)?;
        rest = after;
        let key = VaultKey::from_secret(Secret::copy_of(key).ok_or(OpenError)?);
        let floor_version = u64::from_be_bytes(take(&mut rest)?);
        let floor_hash = take(&mut rest)?;
        let [access] = take(&mut rest)?;
        let expires_at_ms = u64::from_be_bytes(take(&mut rest)?);
        let writes = match (format, access) {
            READS => false,
            WRITES => true,
            _ => return Err(OpenError),
        };
        if !rest.is_empty() {
            return Err(OpenError);
        }
        let grant = Self {
            account,
            identity,
            vault,
            epoch,
            floor_version,
            floor_hash,
            writes,
            expires_at_ms: (expires_at_ms != 0).then_some(expires_at_ms),
        };
        Ok((grant, key))
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], OpenError> {
    let (head, after) = rest.split_first_chunk().ok_or(OpenError)?;
    *rest = after;
    Ok(*head)
}

/// One hexadecimal digit, in small letters.
fn hex_of(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Appends bytes as digits of five bits, the most significant first; zeros fill the last one.
fn push_digits(text: &mut String, bytes: &[u8]) {
    let mut bits = 0_u32;
    let mut held = 0;
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(digit(bits >> held));
        }
    }
    if held > 0 {
        text.push(digit(bits << (5 - held)));
    }
    bits.zeroize();
}

fn digit(bits: u32) -> char {
    char::from(ALPHABET[(bits & 31) as usize])
}

/// Reads exactly what [`push_digits`] wrote of `N` bytes.
fn from_digits<const N: usize>(digits: &[u8]) -> Option<Secret<N>> {
    if digits.len() != (N * 8).div_ceil(5) {
        return None;
    }
    let mut values = Zeroizing::new(Vec::with_capacity(digits.len()));
    for digit in digits {
        let value = ALPHABET.iter().position(|known| known == digit)?;
        values.push(value as u8);
    }
    let mut is_canonical = true;
    let secret = Secret::fill(|bytes| {
        let mut bits = 0_u32;
        let mut held = 0;
        let mut places = bytes.iter_mut();
        for value in values.iter() {
            bits = bits << 5 | u32::from(*value);
            held += 5;
            if held >= 8 {
                held -= 8;
                if let Some(place) = places.next() {
                    *place = (bits >> held) as u8;
                }
            }
        }
        // What fills the last digit says nothing.
        is_canonical = bits & ((1 << held) - 1) == 0;
        bits.zeroize();
    });
    is_canonical.then_some(secret)
}
