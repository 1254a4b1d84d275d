//! What is packed by DEFLATE (RFC 1951), alone or in a gzip member (RFC 1952), within a limit.

use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};
use zeroize::{Zeroize as _, Zeroizing};

use super::Unreadable;

const SHAPE: Unreadable = Unreadable::Malformed("what is packed in it was changed or cut off");

/// Unpacks at most `limit` bytes. Memory grows with what was unpacked, not with what is claimed.
pub(super) fn inflate(packed: &[u8], limit: usize) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    match decompress_to_vec_with_limit(packed, limit) {
        Ok(unpacked) => Ok(Zeroizing::new(unpacked)),
        Err(mut error) => {
            error.output.zeroize();
            Err(match error.status {
                TINFLStatus::HasMoreOutput => Unreadable::TooLarge {
                    limit_mb: (limit >> 20) as u32,
                },
                _ => SHAPE,
            })
        }
    }
}

/// Unpacks one gzip member that fills all of the bytes, and compares length and checksum.
pub(super) fn gunzip(bytes: &[u8], limit: usize) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let (head, rest) = bytes.split_first_chunk::<10>().ok_or(SHAPE)?;
    let [0x1f, 0x8b, 8, flags, ..] = *head else {
        return Err(SHAPE);
    };
    let mut rest = rest;
    if flags & 0x04 != 0 {
        let (length, extra) = rest.split_first_chunk::<2>().ok_or(SHAPE)?;
        let length = usize::from(u16::from_le_bytes(*length));
        rest = extra.get(length..).ok_or(SHAPE)?;
    }
    // A name and a comment, each up to a null character.
    for flag in [0x08, 0x10] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0).ok_or(SHAPE)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & 0x02 != 0 {
        rest = rest.get(2..).ok_or(SHAPE)?;
    }
    let (packed, tail) = rest.split_last_chunk::<8>().ok_or(SHAPE)?;
    let unpacked = inflate(packed, limit)?;
    let [sum @ .., l0, l1, l2, l3] = *tail;
    let length = u32::from_le_bytes([l0, l1, l2, l3]);
    if u32::from_le_bytes(sum) != crc32(&unpacked) || length != unpacked.len() as u32 {
        return Err(SHAPE);
    }
    Ok(unpacked)
}

/// The checksum of gzip and ZIP (RFC 1952, section 8).
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    static TABLE: [u32; 256] = table();
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        TABLE[usize::from(sum as u8 ^ byte)] ^ (sum >> 8)
    })
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < table.len() {
        let mut sum = at as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = (sum >> 1) ^ (if sum & 1 == 1 { 0xedb8_8320 } else { 0 });
            bit += 1;
        }
        table[at] = sum;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::compress_to_vec;

    use super::*;

    fn member(flags: u8, between: &[u8], text: &[u8]) -> Vec<u8> {
        let head = [0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255];
        let sum = crc32(text).to_le_bytes();
        let length = (text.len() as u32).to_le_bytes();
        [&head, between, &compress_to_vec(text, 6), &sum, &length].concat()
    }

    #[test]
    fn a_checksum_is_the_published_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn members_with_every_part_are_unpacked() {
        let text = b"secret ".repeat(1_000);
        for (flags, between) in [
            (0, b"".as_slice()),
            (0x08, b"name\0"),
            (0x1e, b"\x02\0xyname\0comment\0\0\0"),
        ] {
            let bytes = member(flags, between, &text);
            assert_eq!(*gunzip(&bytes, 1 << 20).expect("a member"), text);
        }
    }

    #[test]
    fn what_is_cut_off_or_changed_is_refused() {
        let whole = member(0x08, b"name\0", &b"secret ".repeat(50));
        for length in 0..whole.len() {
            assert!(gunzip(&whole[..length], 1 << 20).is_err(), "{length}");
        }
        // The time and the system in the header say nothing; the rest of it and all else does.
        for at in (0..3).chain(15..whole.len()) {
            let mut changed = whole.clone();
            changed[at] ^= 0x55;
            // The bits that fill up the last byte of what is packed say nothing either.
            match gunzip(&changed, 1 << 20) {
                Ok(same) => assert_eq!(*same, b"secret ".repeat(50), "{at}"),
                Err(refused) => {
                    assert!(refused == SHAPE || refused == (Unreadable::TooLarge { limit_mb: 1 }))
                }
            }
        }
    }

    #[test]
    fn what_unpacks_to_more_than_the_limit_is_refused() {
        let bomb = member(0, b"", &vec![0; 8 << 20]);
        assert!(bomb.len() < 16 << 10);
        let refused = gunzip(&bomb, 1 << 20);
        assert_eq!(refused.err(), Some(Unreadable::TooLarge { limit_mb: 1 }));
    }
}
