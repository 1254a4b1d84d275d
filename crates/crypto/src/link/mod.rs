//! Linking a new device from an unlocked one, past a server that may lie.
//!
//! Both devices make a key pair for this one time. The new one commits to its half before it sees
//! the other's, and reveals it after: so a server between the two cannot search for keys of its
//! own under which both screens would show the same words. Only what both people's eyes have
//! compared is used, and what it carries is the setup code: the password is still asked for.

mod code;
mod message;
mod words;

use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use x25519_dalek::{PublicKey, StaticSecret};

pub use code::LinkCode;
pub use message::LinkMessage;

use crate::aad::{Aad, Binding, EnvelopeType};
use crate::error::{OpenError, SealError};
use crate::kae1::SealingKey;
use crate::secret;
use crate::setup_code::SetupCode;
use message::Half;
use words::WORDS;

/// How many words are compared: one for each byte, 48 bits.
pub const LINK_WORDS: usize = 6;

const SEAL: &str = "keyarc/v1/link/seal";

/// The other side's message is not one, or not what was committed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the device link does not verify")]
pub struct LinkError;

/// What both devices know before they begin: it becomes part of the words.
#[derive(Debug, Clone, Copy)]
pub struct LinkContext<'a> {
    /// The origin that the device itself talks to, for example `https://keyarc.example`.
    pub origin: &'a str,
    /// The code that one shows and the other is told.
    pub code: LinkCode,
}

/// One side's half, made for one link.
struct Own {
    secret: StaticSecret,
    half: Half,
}

impl Own {
    fn make(rng: &mut impl CryptoRng) -> Self {
        let secret = StaticSecret::random_from_rng(rng);
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        let key = PublicKey::from(&secret).to_bytes();
        Self {
            secret,
            half: Half { key, nonce },
        }
    }
}

/// The side that has nothing yet.
pub struct NewDeviceLink(Own);

impl NewDeviceLink {
    /// Makes its half.
    pub fn make(rng: &mut impl CryptoRng) -> Self {
        Self(Own::make(rng))
    }

    /// What it sends first: a commitment.
    pub fn offer(&self) -> Vec<u8> {
        LinkMessage::Offer(self.0.half.commitment()).encode()
    }

    /// What it sends once it has the answer.
    pub fn reveal(&self) -> Vec<u8> {
        LinkMessage::Reveal(self.0.half).encode()
    }

    /// Takes the other side's answer.
    pub fn answered(&self, context: &LinkContext<'_>, answer: &[u8]) -> Result<Link, LinkError> {
        let LinkMessage::Answer(other) = LinkMessage::decode(answer).ok_or(LinkError)? else {
            return Err(LinkError);
        };
        Link::agree(&self.0.secret, &other, context, &self.0.half, &other)
    }
}

/// The side that is unlocked.
pub struct KnownDeviceLink {
    own: Own,
    offered: [u8; 32],
}

impl KnownDeviceLink {
    /// Makes its half, after the other has committed to its own.
    pub fn make(offer: &[u8], rng: &mut impl CryptoRng) -> Result<Self, LinkError> {
        let LinkMessage::Offer(offered) = LinkMessage::decode(offer).ok_or(LinkError)? else {
            return Err(LinkError);
        };
        let own = Own::make(rng);
        Ok(Self { own, offered })
    }

    /// What it sends.
    pub fn answer(&self) -> Vec<u8> {
        LinkMessage::Answer(self.own.half).encode()
    }

    /// Takes what the other side had committed to, and nothing else.
    pub fn revealed(&self, context: &LinkContext<'_>, reveal: &[u8]) -> Result<Link, LinkError> {
        let LinkMessage::Reveal(other) = LinkMessage::decode(reveal).ok_or(LinkError)? else {
            return Err(LinkError);
        };
        if other.commitment() != self.offered {
            return Err(LinkError);
        }
        Link::agree(&self.own.secret, &other, context, &other, &self.own.half)
    }
}

/// What two devices agree on, or each with somebody between them.
pub struct Link {
    key: SealingKey,
    transcript: [u8; 32],
}

impl Link {
    fn agree(
        secret: &StaticSecret,
        other: &Half,
        context: &LinkContext<'_>,
        new: &Half,
        known: &Half,
    ) -> Result<Self, LinkError> {
        let shared = secret.diffie_hellman(&PublicKey::from(other.key));
        if !shared.was_contributory() {
            return Err(LinkError);
        }
        let transcript: [u8; 32] = Sha256::new()
            .chain_update(b"keyarc/v1/link/transcript")
            .chain_update((context.origin.len() as u32).to_be_bytes())
            .chain_update(context.origin)
            .chain_update(context.code.to_bytes())
            .chain_update(new.commitment())
            .chain_update(known.key)
            .chain_update(known.nonce)
            .chain_update(new.key)
            .chain_update(new.nonce)
            .finalize()
            .into();
        let master = secret::extract(&transcript, shared.as_bytes());
        Ok(Self {
            key: SealingKey::new(secret::derive(&master, SEAL)),
            transcript,
        })
    }

    /// What both screens show. Equal when nobody is between them; with somebody there, equal once
    /// in 2^48 times, however long they compute.
    pub fn words(&self) -> [&'static str; LINK_WORDS] {
        let digest = Sha256::new()
            .chain_update(b"keyarc/v1/link/words")
            .chain_update(self.transcript)
            .finalize();
        std::array::from_fn(|at| WORDS[usize::from(digest[at])])
    }

    /// Seals the setup code, once a person has said that the words are the same.
    pub fn seal(&self, code: &SetupCode, rng: &mut impl CryptoRng) -> Result<Vec<u8>, SealError> {
        self.key
            .seal(&LinkBinding(self), code.to_text().as_bytes(), rng)
    }

    /// Opens the setup code, once a person has said that the words are the same.
    pub fn open(&self, sealed: &[u8]) -> Result<SetupCode, OpenError> {
        let text = self.key.open(&LinkBinding(self), sealed)?;
        let text = std::str::from_utf8(&text).map_err(|_| OpenError)?;
        SetupCode::parse(text).map_err(|_| OpenError)
    }
}

/// The place of a setup code on its way between two devices.
struct LinkBinding<'a>(&'a Link);

impl Binding for LinkBinding<'_> {
    fn envelope_type(&self) -> EnvelopeType {
        EnvelopeType::DeviceLink
    }

    fn write(&self, aad: &mut Aad) {
        aad.field(&self.0.transcript).field(b"device-link");
    }
}
