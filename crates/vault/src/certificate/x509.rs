//! What a certificate says (RFC 5280). It is read, not judged: what is odd is shown as it is, and
//! only what has no structure at all is refused.

use super::{
    names::{self, Name},
    public_key::PublicKey,
    walk::{BITS, BOOLEAN, Broken, INTEGER, OCTETS, OID, Piece, SEQUENCE, Walk, algorithm, dotted},
};
use crate::Day;

const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const ALTERNATIVE_NAMES: &[u8] = b"\x55\x1d\x11";
const BASIC_CONSTRAINTS: &[u8] = b"\x55\x1d\x13";
/// `99991231235959Z`: the certificate has no end (RFC 5280, 4.1.2.5).
const NO_END: i64 = 253_402_300_799;
/// Most bytes of a serial number that are shown. RFC 5280 allows 20.
const SERIAL_MAX: usize = 64;

/// A certificate, still in its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Certificate<'a> {
    /// All of it, without what may follow it.
    pub(crate) der: &'a [u8],
    /// Encoded, to be compared.
    pub(crate) issuer: &'a [u8],
    /// Encoded, to be compared.
    pub(crate) subject: &'a [u8],
    /// Encoded.
    pub(crate) spki: &'a [u8],
    /// Unix seconds.
    pub(crate) not_before: i64,
    /// Unix seconds; `None` when it has no end.
    pub(crate) not_after: Option<i64>,
    serial: &'a [u8],
    signed_with: &'a [u8],
    extensions: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads the certificate that the bytes begin with.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Broken> {
        let whole = Walk::first(bytes)?.of(SEQUENCE)?;
        let mut outer = whole.walk()?;
        let mut signed = outer.take(SEQUENCE)?.walk()?;
        let (signed_with, _) = algorithm(outer.step()?)?;
        outer.take(BITS)?;
        signed.take_if(VERSION)?;
        let serial = signed.take(INTEGER)?.value;
        signed.take(SEQUENCE)?;
        let issuer = signed.take(SEQUENCE)?.whole;
        let mut validity = signed.take(SEQUENCE)?.walk()?;
        let subject = signed.take(SEQUENCE)?.whole;
        let spki = signed.take(SEQUENCE)?.whole;
        let mut extensions = &[][..];
        while !signed.is_done() {
            let piece = signed.step()?;
            if piece.tag == EXTENSIONS {
                extensions = Walk::first(piece.value)?.of(SEQUENCE)?.value;
            }
        }
        let not_before = moment(validity.step()?)?;
        let not_after = moment(validity.step()?)?;
        Ok(Self {
            der: whole.whole,
            issuer,
            subject,
            spki,
            not_before,
            not_after: (not_after < NO_END).then_some(not_after),
            serial,
            signed_with,
            extensions,
        })
    }

    pub(crate) fn subject_name(&self) -> Result<Name, Broken> {
        Name::read(self.subject)
    }

    pub(crate) fn issuer_name(&self) -> Result<Name, Broken> {
        Name::read(self.issuer)
    }

    pub(crate) fn public_key(&self) -> Result<PublicKey, Broken> {
        PublicKey::of_spki(self.spki)
    }

    /// Whether it names itself as its issuer. That its signature fits is another question.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    /// Whether it may issue others.
    pub(crate) fn is_authority(&self) -> Result<bool, Broken> {
        let Some(value) = self.extension(BASIC_CONSTRAINTS)? else {
            return Ok(false);
        };
        let mut walk = Walk::first(value)?.of(SEQUENCE)?.walk()?;
        Ok(walk
            .take_if(BOOLEAN)?
            .is_some_and(|piece| piece.value != [0]))
    }

    /// The first alternative names for people, at most `most`, and how many there are.
    pub(crate) fn names(&self, most: usize) -> Result<(Vec<String>, u32), Broken> {
        let mut shown = Vec::new();
        let mut count = 0_u32;
        let Some(value) = self.extension(ALTERNATIVE_NAMES)? else {
            return Ok((shown, count));
        };
        let mut walk = Walk::first(value)?.of(SEQUENCE)?.walk()?;
        while !walk.is_done() {
            let name = walk.step()?;
            count = count.saturating_add(1);
            if shown.len() < most {
                shown.push(names::alternative(name));
            }
        }
        Ok((shown, count))
    }

    /// In hexadecimal digits, in pairs.
    pub(crate) fn serial(&self) -> String {
        let serial = match self.serial {
            [0, rest @ ..] if !rest.is_empty() => rest,
            serial => serial,
        };
        in_pairs(&serial[..serial.len().min(SERIAL_MAX)])
    }

    /// The algorithm that it is signed with, for people.
    pub(crate) fn signature_words(&self) -> String {
        let known = match self.signed_with {
            b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b" => "RSA with SHA-256",
            b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c" => "RSA with SHA-384",
            b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d" => "RSA with SHA-512",
            b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a" => "RSA-PSS",
            b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05" => "RSA with SHA-1",
            b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04" => "RSA with MD5",
            b"\x2a\x86\x48\xce\x3d\x04\x03\x02" => "ECDSA with SHA-256",
            b"\x2a\x86\x48\xce\x3d\x04\x03\x03" => "ECDSA with SHA-384",
            b"\x2a\x86\x48\xce\x3d\x04\x03\x04" => "ECDSA with SHA-512",
            b"\x2a\x86\x48\xce\x3d\x04\x01" => "ECDSA with SHA-1",
            b"\x2b\x65\x70" => "Ed25519",
            b"\x2b\x65\x71" => "Ed448",
            other => return format!("Algorithm {}", dotted(other)),
        };
        known.to_owned()
    }

    /// What an extension holds.
    fn extension(&self, wanted: &[u8]) -> Result<Option<&'a [u8]>, Broken> {
        let mut walk = Walk::over(self.extensions)?;
        while !walk.is_done() {
            let mut extension = walk.take(SEQUENCE)?.walk()?;
            let oid = extension.take(OID)?.value;
            extension.take_if(BOOLEAN)?;
            let value = extension.take(OCTETS)?.value;
            if oid == wanted {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

/// `AB:CD:…`, as tools print serial numbers and fingerprints.
pub(crate) fn in_pairs(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// Unix seconds of `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`. Before 1970 it is 0: what was valid then
/// is valid from the start.
fn moment(piece: Piece<'_>) -> Result<i64, Broken> {
    let (year, rest) = match (piece.tag, piece.value) {
        (UTC_TIME, [a, b, rest @ ..]) => {
            let year = number(&[*a, *b])?;
            // RFC 5280, 4.1.2.5.1.
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        (GENERALIZED_TIME, [a, b, c, d, rest @ ..]) => (number(&[*a, *b, *c, *d])?, rest),
        _ => return Err(Broken),
    };
    let [mo, mo2, d, d2, h, h2, mi, mi2, s, s2, b'Z'] = rest else {
        return Err(Broken);
    };
    let month = number(&[*mo, *mo2])?;
    let day = number(&[*d, *d2])?;
    let (hour, minute, second) = (
        number(&[*h, *h2])?,
        number(&[*mi, *mi2])?,
        number(&[*s, *s2])?,
    );
    if !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return Err(Broken);
    }
    if year < 1970 {
        return Ok(0);
    }
    let day = Day::from_ymd(year as i32, month, day).ok_or(Broken)?;
    Ok(i64::from(day.0) * 86_400 + i64::from(hour * 3_600 + minute * 60 + second))
}

fn number(digits: &[u8]) -> Result<u32, Broken> {
    digits.iter().try_fold(0, |sum, digit| match digit {
        b'0'..=b'9' => Ok(sum * 10 + u32::from(digit - b'0')),
        _ => Err(Broken),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(tag: u8, text: &str) -> Result<i64, Broken> {
        moment(Piece {
            tag,
            whole: text.as_bytes(),
            value: text.as_bytes(),
        })
    }

    #[test]
    fn moments_are_read_in_both_forms() {
        assert_eq!(at(UTC_TIME, "261128120000Z"), Ok(1_795_867_200));
        assert_eq!(at(GENERALIZED_TIME, "20261128120000Z"), Ok(1_795_867_200));
        assert_eq!(at(GENERALIZED_TIME, "99991231235959Z"), Ok(NO_END));
        assert_eq!(at(UTC_TIME, "500101000000Z"), Ok(0));
        for bad in [
            "",
            "261328120000Z",
            "260230120000Z",
            "2611281200Z",
            "26112812000xZ",
        ] {
            assert_eq!(at(UTC_TIME, bad), Err(Broken), "{bad}");
        }
        assert_eq!(at(OCTETS, "261128120000Z"), Err(Broken));
    }
}
