//! X25519 public keys that are fit to be published.

use crate::SignatureError;

/// 2^255 − 19, little-endian.
const PRIME: [u8; 32] = [
    0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
];

/// The u-coordinates of order 1, 2, 4 and 8 on the curve and its twist, as far as they are
/// canonical: 0, 1, p − 1 and the two of order 8. A shared secret with any of them is zero
/// (Bernstein, "Curve25519: new Diffie-Hellman speed records"; RFC 7748, section 6.1).
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    {
        let mut minus_one = PRIME;
        minus_one[0] -= 1;
        minus_one
    },
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
        0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
        0x11, 0x57,
    ],
];

/// Refuses small-order points, and every second encoding of a point.
pub(crate) fn check(key: &[u8; 32]) -> Result<(), SignatureError> {
    let canonical = key.iter().rev().lt(PRIME.iter().rev());
    if canonical && !SMALL_ORDER.contains(key) {
        Ok(())
    } else {
        Err(SignatureError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_refuses_exactly_what_wycheproof_marks() {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../vectors/wycheproof-x25519.json")).unwrap();
        let mut refused = 0;
        for case in file["tests"].as_array().unwrap() {
            let bytes = |name: &str| -> [u8; 32] {
                hex::decode(case[name].as_str().unwrap())
                    .unwrap()
                    .try_into()
                    .unwrap()
            };
            let public = bytes("public");
            // A second encoding is one with the high bit set or of a number beyond the prime.
            let second = public[31] & 0x80 != 0 || case["nonCanonical"] == true;
            let bad = second || case["lowOrder"] == true;
            assert_eq!(check(&public).is_err(), bad, "{case}");
            assert_eq!(
                bytes("shared") == [0; 32],
                case["lowOrder"] == true,
                "{case}"
            );
            refused += usize::from(bad);
            // The library itself, RFC 7748 among the cases.
            assert_eq!(
                x25519_dalek::x25519(bytes("private"), public),
                bytes("shared"),
                "{case}"
            );
        }
        assert!(refused > 20);
    }
}
