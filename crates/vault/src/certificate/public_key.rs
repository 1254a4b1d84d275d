//! Public keys: of certificates (RFC 5280, RFC 8410), of private keys, and as SSH writes them
//! (RFC 4253, RFC 5656, RFC 8709).

use super::walk::{
    BITS, Broken, OID, Piece, SEQUENCE, Walk, algorithm, bits, dotted, positive, write,
    write_positive,
};

const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const RSA_PSS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
const EC: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
const ED25519: &[u8] = b"\x2b\x65\x70";
const ED448: &[u8] = b"\x2b\x65\x71";
const P256: &[u8] = b"\x2a\x86\x48\xce\x3d\x03\x01\x07";
const P384: &[u8] = b"\x2b\x81\x04\x00\x22";
const P521: &[u8] = b"\x2b\x81\x04\x00\x23";
const SECP256K1: &[u8] = b"\x2b\x81\x04\x00\x0a";
/// `NULL`, the parameters of RSA.
const NULL: &[u8] = &[5, 0];

/// A public key.
#[derive(Debug, Clone)]
pub(crate) enum PublicKey {
    /// Modulus and exponent, big-endian without leading zeros.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    /// The curve's object identifier, and a point in either form of SEC 1.
    Ec { curve: Vec<u8>, point: Vec<u8> },
    /// 32 bytes.
    Ed25519(Vec<u8>),
    /// What has no meaning here: the algorithm's object identifier and the key's bytes.
    Other { oid: Vec<u8>, bytes: Vec<u8> },
}

impl PublicKey {
    /// Of a `SubjectPublicKeyInfo`.
    pub(crate) fn of_spki(spki: &[u8]) -> Result<Self, Broken> {
        let mut walk = Walk::first(spki)?.of(SEQUENCE)?.walk()?;
        let (oid, parameters) = algorithm(walk.step()?)?;
        let key = bits(walk.take(BITS)?)?;
        Self::of(oid, parameters, key)
    }

    /// Of an algorithm, its parameters, and the key's bytes.
    pub(crate) fn of(
        oid: &[u8],
        parameters: Option<Piece<'_>>,
        key: &[u8],
    ) -> Result<Self, Broken> {
        match oid {
            RSA | RSA_PSS => {
                let mut walk = Walk::first(key)?.of(SEQUENCE)?.walk()?;
                Ok(Self::Rsa {
                    modulus: positive(walk.step()?)?.to_vec(),
                    exponent: positive(walk.step()?)?.to_vec(),
                })
            }
            EC => {
                let curve = parameters.ok_or(Broken)?;
                let curve = match curve.tag {
                    OID => curve.value.to_vec(),
                    // A curve that is spelled out.
                    _ => Vec::new(),
                };
                Ok(Self::Ec {
                    curve,
                    point: key.to_vec(),
                })
            }
            ED25519 if key.len() == 32 => Ok(Self::Ed25519(key.to_vec())),
            ED25519 => Err(Broken),
            other => Ok(Self::Other {
                oid: other.to_vec(),
                bytes: key.to_vec(),
            }),
        }
    }

    /// Whether an algorithm identifier is that of elliptic curves, RSA or Ed25519 keys.
    pub(crate) fn is_rsa(oid: &[u8]) -> bool {
        matches!(oid, RSA | RSA_PSS)
    }

    pub(crate) fn is_ec(oid: &[u8]) -> bool {
        oid == EC
    }

    pub(crate) fn is_ed25519(oid: &[u8]) -> bool {
        oid == ED25519
    }

    /// Algorithm and size for people: `RSA 2048`, `ECDSA P-256`, `Ed25519`.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Rsa { modulus, .. } => format!("RSA {}", bit_length(modulus)),
            Self::Ec { curve, .. } => match curve.as_slice() {
                P256 => "ECDSA P-256".to_owned(),
                P384 => "ECDSA P-384".to_owned(),
                P521 => "ECDSA P-521".to_owned(),
                SECP256K1 => "ECDSA secp256k1".to_owned(),
                [] => "ECDSA, a curve of its own".to_owned(),
                other => format!("ECDSA, curve {}", dotted(other)),
            },
            Self::Ed25519(_) => "Ed25519".to_owned(),
            Self::Other { oid, .. } if oid == ED448 => "Ed448".to_owned(),
            Self::Other { oid, .. } => format!("Algorithm {}", dotted(oid)),
        }
    }

    /// Whether both are the same key, in whichever form its point is written.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Rsa { modulus, exponent },
                Self::Rsa {
                    modulus: other,
                    exponent: other_exponent,
                },
            ) => modulus == other && exponent == other_exponent,
            (
                Self::Ec { curve, point },
                Self::Ec {
                    curve: other,
                    point: other_point,
                },
            ) => curve == other && compressed(point) == compressed(other_point),
            (Self::Ed25519(one), Self::Ed25519(other)) => one == other,
            (
                Self::Other { oid, bytes },
                Self::Other {
                    oid: other,
                    bytes: other_bytes,
                },
            ) => oid == other && bytes == other_bytes,
            _ => false,
        }
    }

    /// As `SubjectPublicKeyInfo`.
    pub(crate) fn to_spki(&self) -> Vec<u8> {
        let (algorithm, key) = match self {
            Self::Rsa { modulus, exponent } => {
                let numbers = [write_positive(modulus), write_positive(exponent)].concat();
                let algorithm = [&write(OID, RSA), NULL].concat();
                (algorithm, write(SEQUENCE, &numbers))
            }
            Self::Ec { curve, point } => {
                let algorithm = [write(OID, EC), write(OID, curve)].concat();
                (algorithm, point.clone())
            }
            Self::Ed25519(key) => (write(OID, ED25519), key.clone()),
            Self::Other { oid, bytes } => (write(OID, oid), bytes.clone()),
        };
        let bits = write(BITS, &[&[0], key.as_slice()].concat());
        write(SEQUENCE, &[write(SEQUENCE, &algorithm), bits].concat())
    }

    /// The key's bytes as SSH has them, and its name there; `None` for what SSH does not know.
    pub(crate) fn to_ssh(&self) -> Option<(&'static str, Vec<u8>)> {
        let mut out = Vec::new();
        let name = match self {
            Self::Rsa { .. } => "ssh-rsa",
            Self::Ed25519(_) => "ssh-ed25519",
            Self::Ec { curve, .. } => match curve.as_slice() {
                P256 => "ecdsa-sha2-nistp256",
                P384 => "ecdsa-sha2-nistp384",
                P521 => "ecdsa-sha2-nistp521",
                _ => return None,
            },
            Self::Other { .. } => return None,
        };
        ssh_string(&mut out, name.as_bytes());
        match self {
            Self::Rsa { modulus, exponent } => {
                ssh_number(&mut out, exponent);
                ssh_number(&mut out, modulus);
            }
            Self::Ed25519(key) => ssh_string(&mut out, key),
            Self::Ec { point, .. } => {
                ssh_string(&mut out, name.trim_start_matches("ecdsa-sha2-").as_bytes());
                ssh_string(&mut out, point);
            }
            Self::Other { .. } => return None,
        }
        Some((name, out))
    }
}

/// Bits of a number without leading zero bytes.
fn bit_length(bytes: &[u8]) -> usize {
    let zeros = bytes.first().map_or(0, |first| first.leading_zeros());
    bytes.len() * 8 - zeros as usize
}

/// A point as its first coordinate and the parity of its second (SEC 1, 2.3.3).
fn compressed(point: &[u8]) -> Vec<u8> {
    match point {
        [4, xy @ ..] if !xy.is_empty() && xy.len() % 2 == 0 => {
            let parity = xy.last().map_or(0, |last| last & 1);
            [&[2 + parity], &xy[..xy.len() / 2]].concat()
        }
        other => other.to_vec(),
    }
}

/// Four bytes of length, and the bytes (RFC 4251, 5).
pub(crate) fn ssh_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// A positive number (`mpint`, RFC 4251, 5).
pub(crate) fn ssh_number(out: &mut Vec<u8>, bytes: &[u8]) {
    let from = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = &bytes[from..];
    let sign = usize::from(bytes.first().is_some_and(|first| *first >= 0x80));
    out.extend_from_slice(&((bytes.len() + sign) as u32).to_be_bytes());
    out.extend_from_slice(&[0][..sign]);
    out.extend_from_slice(bytes);
}
