//! Bytes as text.

use zeroize::Zeroizing;

use super::Unreadable;

const NOT_TEXT: Unreadable = Unreadable::Malformed(
    "it is no text in UTF-8, nor in UTF-16 with a byte order mark. Save it as UTF-8 and try again",
);

/// Reads UTF-8, with or without a byte order mark, and UTF-16 with one (Unicode 16, section 23.8).
/// A text with a null character is none: it is UTF-16 or UTF-32 without its mark, or no text.
pub(super) fn decode(bytes: &[u8]) -> Result<Zeroizing<String>, Unreadable> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest)?,
        _ => utf8(bytes)?,
    };
    match text.contains('\0') {
        true => Err(NOT_TEXT),
        false => Ok(text),
    }
}

fn utf8(bytes: &[u8]) -> Result<Zeroizing<String>, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| NOT_TEXT)?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Zeroizing<String>, Unreadable> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(NOT_TEXT);
    }
    let units = || pairs.iter().map(|pair| unit(*pair));
    let chars = || char::decode_utf16(units());
    // Measured first: a text that grows leaves copies of itself behind.
    let length = chars().map(|c| c.map_or(0, char::len_utf8)).sum();
    let mut text = Zeroizing::new(String::with_capacity(length));
    for c in chars() {
        text.push(c.map_err(|_| NOT_TEXT)?);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_that_is_read_gives_the_same_text() {
        let text = "Schlüssel,🔑\r\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            [b"\xff\xfe", little.as_slice()].concat(),
            [b"\xfe\xff", big.as_slice()].concat(),
        ] {
            assert_eq!(decode(&bytes).as_deref().map(String::as_str), Ok(text));
        }
    }

    #[test]
    fn other_encodings_are_refused() {
        let utf16: Vec<u8> = "A=1".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [
            b"Schl\xfcssel".as_slice(),
            &utf16,
            b"\xff\xfeA",
            b"\xff\xfe\x00\xd8",
            b"PK\x03\x04\x14\x00\x00\x00",
        ] {
            assert_eq!(decode(bytes).err(), Some(NOT_TEXT), "{bytes:?}");
        }
    }
}
