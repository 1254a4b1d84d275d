//! Private keys: PKCS #8 (RFC 5958), PKCS #1 (RFC 8017) and SEC 1 (RFC 5915). Of each the public
//! half is read, to be compared with a certificate.

use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use super::{
    public_key::PublicKey,
    walk::{BITS, Broken, INTEGER, OCTETS, OID, SEQUENCE, Walk, algorithm, bits, positive},
};

/// The names of blocks that hold a private key in clear.
pub(crate) const LABELS: [&str; 3] = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];

/// The form of a private key in DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Pkcs8,
    Pkcs1,
    Sec1,
}

impl Form {
    /// Tells by the first two pieces which of the forms it is.
    pub(crate) fn of(der: &[u8]) -> Option<Self> {
        let mut walk = Walk::first(der).ok()?.of(SEQUENCE).ok()?.walk().ok()?;
        walk.take(INTEGER).ok()?;
        match walk.step().ok()?.tag {
            SEQUENCE => Some(Self::Pkcs8),
            INTEGER => Some(Self::Pkcs1),
            OCTETS => Some(Self::Sec1),
            _ => None,
        }
    }

    /// The label of its PEM block.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Pkcs8 => LABELS[0],
            Self::Pkcs1 => LABELS[1],
            Self::Sec1 => LABELS[2],
        }
    }
}

/// The numbers of an RSA key, big-endian without leading zeros.
pub(crate) struct RsaNumbers<'a> {
    pub(crate) modulus: &'a [u8],
    pub(crate) public_exponent: &'a [u8],
    pub(crate) private_exponent: &'a [u8],
    pub(crate) prime1: &'a [u8],
    pub(crate) prime2: &'a [u8],
    pub(crate) coefficient: &'a [u8],
}

/// What a private key is.
pub(crate) enum PrivateKey<'a> {
    Rsa(RsaNumbers<'a>),
    Ed25519(Zeroizing<[u8; 32]>),
    /// On a curve.
    Ec {
        scalar: &'a [u8],
        /// Where the key carries it.
        public: Option<PublicKey>,
    },
    /// Of an algorithm that has no meaning here.
    Other,
}

impl<'a> PrivateKey<'a> {
    /// Reads any of the forms.
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, Broken> {
        let whole = Walk::first(der)?;
        match Form::of(der).ok_or(Broken)? {
            Form::Pkcs1 => rsa(whole.whole).map(Self::Rsa),
            Form::Sec1 => ec(whole.whole, None),
            Form::Pkcs8 => {
                let mut walk = whole.walk()?;
                walk.take(INTEGER)?;
                let (oid, parameters) = algorithm(walk.step()?)?;
                let key = walk.take(OCTETS)?.value;
                if PublicKey::is_rsa(oid) {
                    rsa(key).map(Self::Rsa)
                } else if PublicKey::is_ec(oid) {
                    let curve = parameters.ok_or(Broken)?.of(OID)?.value;
                    ec(key, Some(curve))
                } else if PublicKey::is_ed25519(oid) {
                    let seed = Walk::first(key)?.of(OCTETS)?.value;
                    let seed = seed.try_into().map_err(|_| Broken)?;
                    Ok(Self::Ed25519(Zeroizing::new(seed)))
                } else {
                    Ok(Self::Other)
                }
            }
        }
    }

    /// The public half; `None` when it cannot be told.
    pub(crate) fn public_key(&self) -> Option<PublicKey> {
        match self {
            Self::Rsa(numbers) => Some(PublicKey::Rsa {
                modulus: numbers.modulus.to_vec(),
                exponent: numbers.public_exponent.to_vec(),
            }),
            Self::Ed25519(seed) => {
                let key = SigningKey::from_bytes(seed).verifying_key();
                Some(PublicKey::Ed25519(key.to_bytes().to_vec()))
            }
            Self::Ec { public, .. } => public.clone(),
            Self::Other => None,
        }
    }
}

fn rsa(der: &[u8]) -> Result<RsaNumbers<'_>, Broken> {
    let mut walk = Walk::first(der)?.of(SEQUENCE)?.walk()?;
    walk.take(INTEGER)?;
    let modulus = positive(walk.step()?)?;
    let public_exponent = positive(walk.step()?)?;
    let private_exponent = positive(walk.step()?)?;
    let prime1 = positive(walk.step()?)?;
    let prime2 = positive(walk.step()?)?;
    walk.take(INTEGER)?;
    walk.take(INTEGER)?;
    Ok(RsaNumbers {
        modulus,
        public_exponent,
        private_exponent,
        prime1,
        prime2,
        coefficient: positive(walk.step()?)?,
    })
}

/// An `ECPrivateKey`. Reckoning its public half needs the arithmetic of each curve; every tool in
/// use writes it.
fn ec<'a>(der: &'a [u8], curve: Option<&[u8]>) -> Result<PrivateKey<'a>, Broken> {
    const PARAMETERS: u8 = 0xa0;
    const PUBLIC: u8 = 0xa1;
    let mut walk = Walk::first(der)?.of(SEQUENCE)?.walk()?;
    walk.take(INTEGER)?;
    let scalar = walk.take(OCTETS)?.value;
    let named = match walk.take_if(PARAMETERS)? {
        Some(parameters) => Some(Walk::first(parameters.value)?.of(OID)?.value),
        None => None,
    };
    let Some(public) = walk.take_if(PUBLIC)? else {
        return Ok(PrivateKey::Ec {
            scalar,
            public: None,
        });
    };
    let point = bits(Walk::first(public.value)?.of(BITS)?)?.to_vec();
    let curve = curve.or(named).ok_or(Broken)?.to_vec();
    Ok(PrivateKey::Ec {
        scalar,
        public: Some(PublicKey::Ec { curve, point }),
    })
}
