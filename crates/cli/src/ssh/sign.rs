//! Signatures as SSH has them.

use crypto_bigint::{BoxedUint, NonZero};
use ed25519_dalek::Signer as _;
use keyarc_vault::ssh::{SshNumbers, SshRsaNumbers, SshSecretKey};
use ring::{
    rand::SystemRandom,
    rsa::{KeyPair, KeyPairComponents, PublicKeyComponents},
    signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512},
};
use zeroize::Zeroizing;

/// Of an agent's request (draft-ietf-sshm-ssh-agent, "Signature flags").
const RSA_SHA2_256: u32 = 2;
const RSA_SHA2_512: u32 = 4;

/// Why something is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// SHA-1, with which anything could have been signed.
    #[error("it was to be signed with SHA-1, which nothing can be trusted to")]
    Sha1,
    /// RSA of another size than 2048 to 4096 bits, or another algorithm.
    #[error("keys of this algorithm or size are not signed with")]
    Unknown,
    /// The numbers do not belong together.
    #[error("the private key is damaged, or does not belong to its public key")]
    Damaged,
}

/// Signs data for SSH: the algorithm's name, and the signature (RFC 4253, section 6.6; RFC 5656,
/// section 3.1.2; RFC 8332, section 3; RFC 8709, section 6).
pub fn sign(key: &SshSecretKey, data: &[u8], flags: u32) -> Result<Vec<u8>, NotSigned> {
    let (name, signature) = match &key.numbers {
        SshNumbers::Ed25519(seed) => {
            let key = ed25519_dalek::SigningKey::from_bytes(seed);
            ("ssh-ed25519", key.sign(data).to_bytes().to_vec())
        }
        SshNumbers::Ecdsa(scalar) => ecdsa(&key.public, scalar, data)?,
        SshNumbers::Rsa(numbers) => rsa(numbers, data, flags)?,
    };
    let mut out = Vec::new();
    string(&mut out, name.as_bytes());
    string(&mut out, &signature);
    Ok(out)
}

/// Four bytes of length, and the bytes (RFC 4251, section 5).
pub fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// A positive number (RFC 4251, section 5).
fn number(out: &mut Vec<u8>, bytes: &[u8]) {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = &bytes[zeros..];
    let sign = bytes.first().filter(|first| **first >= 0x80).map(|_| 0);
    let bytes: Vec<u8> = sign.into_iter().chain(bytes.iter().copied()).collect();
    string(out, &bytes);
}

/// Signs on the curve that the public key names, if the scalar belongs to its point.
fn ecdsa(public: &[u8], scalar: &[u8], data: &[u8]) -> Result<(&'static str, Vec<u8>), NotSigned> {
    macro_rules! on {
        ($curve:ident, $name:literal, $length:literal) => {{
            let scalar = filled::<$length>(scalar).ok_or(NotSigned::Damaged)?;
            let key =
                $curve::ecdsa::SigningKey::from_slice(&*scalar).map_err(|_| NotSigned::Damaged)?;
            let point = key.verifying_key().to_sec1_point(false);
            if !public.ends_with(point.as_bytes()) {
                return Err(NotSigned::Damaged);
            }
            let signature: $curve::ecdsa::Signature = key.sign(data);
            let (r, s) = signature.split_bytes();
            let mut out = Vec::new();
            number(&mut out, &r);
            number(&mut out, &s);
            Ok(($name, out))
        }};
    }
    let name = public.get(4..).and_then(|rest| rest.get(..19));
    match name {
        Some(b"ecdsa-sha2-nistp256") => on!(p256, "ecdsa-sha2-nistp256", 32),
        Some(b"ecdsa-sha2-nistp384") => on!(p384, "ecdsa-sha2-nistp384", 48),
        Some(b"ecdsa-sha2-nistp521") => on!(p521, "ecdsa-sha2-nistp521", 66),
        _ => Err(NotSigned::Unknown),
    }
}

/// A number of so many bytes, with zeros before it or without those that it has.
fn filled<const N: usize>(bytes: &[u8]) -> Option<Zeroizing<[u8; N]>> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = &bytes[zeros..];
    let mut filled = Zeroizing::new([0; N]);
    let at = N.checked_sub(bytes.len())?;
    filled[at..].copy_from_slice(bytes);
    Some(filled)
}

fn rsa(
    numbers: &SshRsaNumbers,
    data: &[u8],
    flags: u32,
) -> Result<(&'static str, Vec<u8>), NotSigned> {
    let (name, encoding) = match flags {
        flags if flags & RSA_SHA2_512 != 0 => ("rsa-sha2-512", &RSA_PKCS1_SHA512),
        flags if flags & RSA_SHA2_256 != 0 => ("rsa-sha2-256", &RSA_PKCS1_SHA256),
        _ => return Err(NotSigned::Sha1),
    };
    let [modulus, exponent, private, p, q, coefficient] = [
        &numbers.modulus,
        &numbers.public_exponent,
        &numbers.private_exponent,
        &numbers.prime1,
        &numbers.prime2,
        &numbers.coefficient,
    ]
    .map(|number| trimmed(number));
    // What ring takes; anything else would be told as damaged.
    if !(256..=512).contains(&modulus.len()) {
        return Err(NotSigned::Unknown);
    }
    let of_p = less_one(private, p).ok_or(NotSigned::Damaged)?;
    let of_q = less_one(private, q).ok_or(NotSigned::Damaged)?;
    let components = KeyPairComponents {
        public_key: PublicKeyComponents {
            n: modulus,
            e: exponent,
        },
        d: private,
        p,
        q,
        dP: of_p.as_slice(),
        dQ: of_q.as_slice(),
        qInv: coefficient,
    };
    let key = KeyPair::from_components(&components).map_err(|_| NotSigned::Damaged)?;
    let mut signature = vec![0; modulus.len()];
    key.sign(encoding, &SystemRandom::new(), data, &mut signature)
        .map_err(|_| NotSigned::Damaged)?;
    Ok((name, signature))
}

fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// The private exponent modulo a prime less one, which OpenSSH's format leaves out.
fn less_one(private: &[u8], prime: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let private = Zeroizing::new(BoxedUint::from_be_slice_vartime(private));
    let prime = Zeroizing::new(BoxedUint::from_be_slice_vartime(prime));
    let modulus = prime.wrapping_sub(BoxedUint::one());
    let modulus = Option::<NonZero<BoxedUint>>::from(NonZero::new(modulus))?;
    let rest = Zeroizing::new(private.rem(&modulus));
    let bytes = Zeroizing::new(rest.to_be_bytes().into_vec());
    Some(Zeroizing::new(trimmed(&bytes).to_vec()))
}
