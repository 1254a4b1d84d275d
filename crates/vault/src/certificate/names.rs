//! Names in certificates, for people. They come from whoever made the certificate: what could
//! change how the text around them reads is taken out, and what is endless is cut.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::walk::{Broken, OID, Piece, SEQUENCE, SET, Walk, dotted};

/// Longest value that is shown, in characters.
const VALUE_MAX: usize = 200;
/// Most parts of a name that are shown.
const PARTS_MAX: usize = 20;
const COMMON_NAME: &[u8] = b"\x55\x04\x03";
const ORGANISATION: &[u8] = b"\x55\x04\x0a";

/// A distinguished name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// `CN=example.com, O=Example Ltd`, the most particular part first.
    pub(crate) text: String,
    /// The common name, or the organisation, if it has one.
    pub(crate) short: Option<String>,
}

impl Name {
    /// Of an encoded `Name`.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Broken> {
        let mut parts = Vec::new();
        let mut common = None;
        let mut organisation = None;
        let mut walk = Walk::first(bytes)?.of(SEQUENCE)?.walk()?;
        while !walk.is_done() {
            let mut set = walk.take(SET)?.walk()?;
            while !set.is_done() {
                let mut part = set.take(SEQUENCE)?.walk()?;
                let oid = part.take(OID)?.value;
                let value = text_of(part.step()?);
                match oid {
                    COMMON_NAME => common = Some(value.clone()),
                    ORGANISATION => organisation = Some(value.clone()),
                    _ => {}
                }
                parts.push(format!("{}={value}", key(oid)));
            }
        }
        parts.reverse();
        parts.truncate(PARTS_MAX);
        Ok(Self {
            text: parts.join(", "),
            short: common.or(organisation),
        })
    }
}

/// What a part of a name is called (RFC 4514, section 3, and what tools print).
fn key(oid: &[u8]) -> String {
    let known = match oid {
        COMMON_NAME => "CN",
        b"\x55\x04\x05" => "SERIALNUMBER",
        b"\x55\x04\x06" => "C",
        b"\x55\x04\x07" => "L",
        b"\x55\x04\x08" => "ST",
        b"\x55\x04\x09" => "STREET",
        ORGANISATION => "O",
        b"\x55\x04\x0b" => "OU",
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01" => "E",
        b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19" => "DC",
        b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01" => "UID",
        other => return dotted(other),
    };
    known.to_owned()
}

/// The text of any of the string types of X.520. Teletex is read as Latin-1, as everybody does.
fn text_of(piece: Piece<'_>) -> String {
    const BMP: u8 = 0x1e;
    const UNIVERSAL: u8 = 0x1c;
    const TELETEX: u8 = 0x14;
    let value = piece.value;
    match piece.tag {
        BMP => {
            let units = value
                .chunks_exact(2)
                .map(|two| u16::from_be_bytes([two[0], two[1]]));
            clean(char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')))
        }
        UNIVERSAL => {
            let codes = value
                .chunks_exact(4)
                .map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]));
            clean(codes.map(|code| char::from_u32(code).unwrap_or('\u{fffd}')))
        }
        TELETEX => clean(value.iter().map(|byte| char::from(*byte))),
        _ => clean(String::from_utf8_lossy(&value[..value.len().min(VALUE_MAX * 4)]).chars()),
    }
}

/// One of the alternative names, for people.
pub(crate) fn alternative(name: Piece<'_>) -> String {
    const EMAIL: u8 = 0x81;
    const DNS: u8 = 0x82;
    const DIRECTORY: u8 = 0xa4;
    const ADDRESS: u8 = 0x86;
    const IP: u8 = 0x87;
    match (name.tag, name.value) {
        (EMAIL | DNS | ADDRESS, _) => text_of(name),
        (IP, [a, b, c, d]) => Ipv4Addr::new(*a, *b, *c, *d).to_string(),
        (IP, value) => match <[u8; 16]>::try_from(value) {
            Ok(octets) => Ipv6Addr::from(octets).to_string(),
            Err(_) => "an address of no known form".to_owned(),
        },
        (DIRECTORY, value) => match Name::read(value) {
            Ok(name) => name.text,
            Err(_) => "a name that cannot be read".to_owned(),
        },
        _ => "a name of another sort".to_owned(),
    }
}

/// Without characters that leave no mark or turn the direction of text, and not longer than
/// anybody reads.
fn clean(text: impl Iterator<Item = char>) -> String {
    let mut out = String::new();
    for (at, c) in text.enumerate() {
        if at == VALUE_MAX {
            out.push('…');
            break;
        }
        let harmful = c.is_control()
            || matches!(
                c,
                '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            );
        out.push(if harmful { '\u{fffd}' } else { c });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(tag: u8, value: &[u8]) -> Piece<'_> {
        Piece {
            tag,
            whole: value,
            value,
        }
    }

    #[test]
    fn every_string_type_is_read() {
        assert_eq!(text_of(piece(0x1e, b"\0B\0\xfc")), "Bü");
        assert_eq!(text_of(piece(0x1c, b"\0\0\0B\0\0\0\xfc")), "Bü");
        assert_eq!(text_of(piece(0x14, b"B\xfc")), "Bü");
        assert_eq!(text_of(piece(0x0c, "Bü".as_bytes())), "Bü");
        assert_eq!(text_of(piece(0x13, b"B\xfc")), "B\u{fffd}");
        assert_eq!(text_of(piece(0x1e, b"\xd8\0")), "\u{fffd}");
    }

    #[test]
    fn what_could_mislead_is_taken_out() {
        let tricky = "pay\u{202e}moc.elgoog\u{0}\u{200b}";
        assert_eq!(
            text_of(piece(0x0c, tricky.as_bytes())),
            "pay\u{fffd}moc.elgoog\u{fffd}\u{fffd}"
        );
        let long = "x".repeat(10_000);
        assert_eq!(
            text_of(piece(0x0c, long.as_bytes())).chars().count(),
            VALUE_MAX + 1
        );
    }

    #[test]
    fn addresses_are_written_as_people_do() {
        assert_eq!(alternative(piece(0x87, &[192, 0, 2, 7])), "192.0.2.7");
        let mut six = [0; 16];
        six[15] = 1;
        assert_eq!(alternative(piece(0x87, &six)), "::1");
        assert_eq!(
            alternative(piece(0x87, &[1])),
            "an address of no known form"
        );
        assert_eq!(alternative(piece(0xa0, b"x")), "a name of another sort");
    }
}
