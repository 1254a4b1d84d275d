//! Base32 for whole groups: every five bytes are eight characters, so there is no padding.

use zeroize::Zeroizing;

/// RFC 4648, which authenticator apps read.
pub(crate) const RFC_4648: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Crockford's, which people copy from paper: no I, L, O or U.
pub(crate) const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const GROUP: usize = 5;
const CHARS: usize = 8;

/// Writes bytes whose number is a multiple of five.
pub(crate) fn encode(bytes: &[u8], alphabet: &[u8; 32]) -> Zeroizing<String> {
    // Reserved in full, so that no copy is left behind by growing.
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() / GROUP * CHARS));
    for group in bytes.chunks_exact(GROUP) {
        let bits = group
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        for at in (0..CHARS).rev() {
            text.push(char::from(alphabet[(bits >> (at * 5)) as usize & 31]));
        }
    }
    text
}

/// Reads Crockford's base32 as leniently as he means it: either case, O for 0, I and L for 1.
pub(crate) fn decode_crockford<const N: usize>(text: &[u8]) -> Option<Zeroizing<[u8; N]>> {
    if text.len() * GROUP != N * CHARS {
        return None;
    }
    let mut bytes = Zeroizing::new([0; N]);
    for (group, chars) in bytes.chunks_exact_mut(GROUP).zip(text.chunks_exact(CHARS)) {
        let mut bits = 0_u64;
        for char in chars {
            bits = bits << 5 | crockford_digit(*char)?;
        }
        group.copy_from_slice(&bits.to_be_bytes()[8 - GROUP..]);
    }
    Some(bytes)
}

fn crockford_digit(char: u8) -> Option<u64> {
    let char = match char.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    let at = CROCKFORD.iter().position(|digit| *digit == char)?;
    Some(at as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 4648, section 10: the one vector without padding.
    #[test]
    fn the_text_is_that_of_rfc_4648() {
        assert_eq!(*encode(b"fooba", RFC_4648), "MZXW6YTB");
    }

    #[test]
    fn what_looks_alike_is_read_alike() {
        assert_eq!(
            decode_crockford::<5>(b"oOiIlL00"),
            decode_crockford(b"00111100")
        );
        assert!(decode_crockford::<5>(b"UUUUUUUU").is_none());
        assert!(decode_crockford::<5>(b"0000000").is_none());
        assert!(decode_crockford::<5>(b"000000000").is_none());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(bytes: [u8; 10]) {
            let text = encode(&bytes, CROCKFORD);
            prop_assert_eq!(decode_crockford::<10>(text.as_bytes()), Some(Zeroizing::new(bytes)));
            let lower = text.to_ascii_lowercase();
            prop_assert_eq!(decode_crockford::<10>(lower.as_bytes()), Some(Zeroizing::new(bytes)));
        }
    }
}
