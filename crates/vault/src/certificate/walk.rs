//! Walking through DER, one piece after another. Every length is checked against what is there,
//! nothing is copied, and how deep one goes is how deep the code that walks goes.

use der::{Decode, Reader, SliceReader, asn1::AnyRef};

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BITS: u8 = 0x03;
pub(crate) const OCTETS: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// It is not what it should be. Who asked knows what that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

impl From<der::Error> for Broken {
    fn from(_: der::Error) -> Self {
        Self
    }
}

/// One piece: a tag and its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece<'a> {
    /// The tag's first octet.
    pub(crate) tag: u8,
    /// With tag and length.
    pub(crate) whole: &'a [u8],
    /// Without.
    pub(crate) value: &'a [u8],
}

impl<'a> Piece<'a> {
    /// The pieces within.
    pub(crate) fn walk(self) -> Result<Walk<'a>, Broken> {
        Walk::over(self.value)
    }

    /// What stands in a piece of this tag.
    pub(crate) fn of(self, tag: u8) -> Result<Self, Broken> {
        if self.tag == tag {
            Ok(self)
        } else {
            Err(Broken)
        }
    }
}

/// Pieces that stand beside each other.
pub(crate) struct Walk<'a>(SliceReader<'a>);

impl<'a> Walk<'a> {
    pub(crate) fn over(bytes: &'a [u8]) -> Result<Self, Broken> {
        Ok(Self(SliceReader::new(bytes)?))
    }

    /// The first piece of the bytes, whatever follows.
    pub(crate) fn first(bytes: &'a [u8]) -> Result<Piece<'a>, Broken> {
        Self::over(bytes)?.step()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.0.is_finished()
    }

    /// The next piece.
    pub(crate) fn step(&mut self) -> Result<Piece<'a>, Broken> {
        let whole = self.0.tlv_bytes()?;
        Ok(Piece {
            tag: *whole.first().ok_or(Broken)?,
            whole,
            value: AnyRef::from_der(whole)?.value(),
        })
    }

    /// The next piece, which must have this tag.
    pub(crate) fn take(&mut self, tag: u8) -> Result<Piece<'a>, Broken> {
        self.step()?.of(tag)
    }

    /// The next piece if it has this tag.
    pub(crate) fn take_if(&mut self, tag: u8) -> Result<Option<Piece<'a>>, Broken> {
        if self.0.peek_byte() == Some(tag) {
            self.step().map(Some)
        } else {
            Ok(None)
        }
    }
}

/// The bytes of a whole number without the zero that marks it as positive. A negative one is
/// refused: nothing that is read here can be.
pub(crate) fn positive(piece: Piece<'_>) -> Result<&[u8], Broken> {
    match piece.of(INTEGER)?.value {
        [] => Err(Broken),
        [0, rest @ ..] if !rest.is_empty() => Ok(rest),
        [first, ..] if *first >= 0x80 => Err(Broken),
        value => Ok(value),
    }
}

/// A small whole number.
pub(crate) fn small(piece: Piece<'_>) -> Result<u32, Broken> {
    let bytes = positive(piece)?;
    if bytes.len() > 4 {
        return Err(Broken);
    }
    Ok(bytes
        .iter()
        .fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

/// The bytes of a bit string of whole bytes.
pub(crate) fn bits(piece: Piece<'_>) -> Result<&[u8], Broken> {
    match piece.of(BITS)?.value {
        [0, bytes @ ..] => Ok(bytes),
        _ => Err(Broken),
    }
}

/// Algorithm and parameters of an `AlgorithmIdentifier`.
pub(crate) fn algorithm(piece: Piece<'_>) -> Result<(&[u8], Option<Piece<'_>>), Broken> {
    let mut walk = piece.of(SEQUENCE)?.walk()?;
    let oid = walk.take(OID)?.value;
    let parameters = if walk.is_done() {
        None
    } else {
        Some(walk.step()?)
    };
    Ok((oid, parameters))
}

/// Writes a piece: the tag, the length in its shortest form (X.690, 8.1.3), the value.
pub(crate) fn write(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 6);
    out.push(tag);
    let length = value.len();
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes = length.to_be_bytes();
        let from = bytes.iter().take_while(|byte| **byte == 0).count();
        out.push(0x80 | (bytes.len() - from) as u8);
        out.extend_from_slice(&bytes[from..]);
    }
    out.extend_from_slice(value);
    out
}

/// Writes a positive whole number.
pub(crate) fn write_positive(bytes: &[u8]) -> Vec<u8> {
    let from = bytes.iter().take_while(|byte| **byte == 0).count();
    let mut value = Vec::with_capacity(bytes.len() + 1);
    if bytes.get(from).is_none_or(|first| *first >= 0x80) {
        value.push(0);
    }
    value.extend_from_slice(&bytes[from..]);
    write(INTEGER, &value)
}

/// An object identifier with dots, for what has no name here.
pub(crate) fn dotted(oid: &[u8]) -> String {
    let mut text = String::new();
    let mut number: u64 = 0;
    for byte in oid.iter().take(64) {
        // An arc beyond 57 bits has no use, and is not worth more than its end.
        number = (number & (u64::MAX >> 7)) << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        if text.is_empty() {
            let first = (number / 40).min(2);
            text = format!("{first}.{}", number - first * 40);
        } else {
            text.push_str(&format!(".{number}"));
        }
        number = 0;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let value = vec![7; length];
            let bytes = write(OCTETS, &value);
            let piece = Walk::first(&bytes).expect("a piece");
            assert_eq!((piece.tag, piece.value), (OCTETS, &*value));
        }
        for (number, bytes) in [(&[0][..], &[2, 1, 0][..]), (&[0x80], &[2, 2, 0, 0x80])] {
            assert_eq!(write_positive(number), bytes);
        }
    }

    #[test]
    fn a_length_beyond_the_end_is_refused() {
        for bytes in [
            &[0x30, 5, 1][..],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 0x80, 0, 0],
            &[0x30],
            &[],
        ] {
            assert!(Walk::first(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn numbers_are_positive_and_identifiers_have_dots() {
        let number = |value: &'static [u8]| Piece {
            tag: INTEGER,
            whole: value,
            value,
        };
        assert_eq!(small(number(&[0, 0x80])), Ok(128));
        assert!(small(number(&[0x80])).is_err());
        assert!(small(number(&[1, 0, 0, 0, 0])).is_err());
        assert_eq!(dotted(b"\x2a\x86\x48\xce\x3d\x02\x01"), "1.2.840.10045.2.1");
        assert_eq!(dotted(b"\x55\x04\x03"), "2.5.4.3");
    }
}
