//! Codes of authenticator apps (TOTP, RFC 6238), from what a service gives when it sets one up.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::{Zeroize as _, Zeroizing};

/// Longest secret in bytes.
const SECRET_MAX: usize = 512;
/// Longest time that a code may last, in seconds.
const PERIOD_MAX: u32 = 3_600;

/// A secret shared with a service, and how codes are made of it.
pub struct Totp {
    secret: Zeroizing<Vec<u8>>,
    hash: Hash,
    digits: u32,
    period: u32,
    issuer: Option<String>,
    account: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha256,
    Sha512,
}

/// Why a text gives no codes, in words that follow "The setup key".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum TotpError {
    /// There is nothing.
    #[error("is missing")]
    Missing,
    /// Neither Base32 nor an `otpauth` address.
    #[error("is neither letters and digits of Base32 nor an otpauth:// address")]
    Malformed,
    /// A code by counter (HOTP): its next value is known to one device alone.
    #[error("is for codes that count, not for codes that change with the time")]
    Counter,
    /// A parameter that no service uses.
    #[error("names a hash, length or time that is not known")]
    Unsupported,
}

/// A code, and until when it is good.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpCode {
    /// Decimal digits, with leading zeros.
    pub code: String,
    /// Whole seconds until the next one, from 1.
    pub seconds_left: u32,
    /// Seconds that each lasts.
    pub period: u32,
}

impl fmt::Debug for Totp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Totp(redacted)")
    }
}

impl fmt::Debug for TotpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpCode(redacted)")
    }
}

impl Totp {
    /// Reads a secret in Base32 (RFC 4648; spaces, hyphens, case and padding do not matter), with
    /// SHA-1, six digits and 30 seconds, or an
    /// [`otpauth://totp/` address](https://github.com/google/google-authenticator/wiki/Key-Uri-Format),
    /// which names them.
    pub fn parse(text: &str) -> Result<Self, TotpError> {
        let text = text.trim();
        match text.get(..10) {
            Some(start) if start.eq_ignore_ascii_case("otpauth://") => Self::parse_uri(&text[10..]),
            _ => Ok(Self::of(secret(text)?)),
        }
    }

    /// The code of a moment, Unix milliseconds (RFC 6238, section 4).
    pub fn code(&self, unix_ms: u64) -> TotpCode {
        let seconds = unix_ms / 1_000;
        let period = u64::from(self.period);
        let tag = self.tag(seconds / period);
        // RFC 4226, section 5.3: four bytes from where the last nibble says.
        let at = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
        let mut chosen = [0; 4];
        chosen.copy_from_slice(&tag[at..at + 4]);
        let number = (u32::from_be_bytes(chosen) & 0x7fff_ffff) % 10_u32.pow(self.digits);
        TotpCode {
            code: format!("{number:0width$}", width = self.digits as usize),
            seconds_left: self.period - (seconds % period) as u32,
            period: self.period,
        }
    }

    /// Who set it up, if the address says so.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// For which account, if the address says so.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    fn of(secret: Zeroizing<Vec<u8>>) -> Self {
        Self {
            secret,
            hash: Hash::Sha1,
            digits: 6,
            period: 30,
            issuer: None,
            account: None,
        }
    }

    fn parse_uri(rest: &str) -> Result<Self, TotpError> {
        let (path, query) = rest.split_once('?').ok_or(TotpError::Malformed)?;
        let (sort, label) = path.split_once('/').unwrap_or((path, ""));
        if sort.eq_ignore_ascii_case("hotp") {
            return Err(TotpError::Counter);
        }
        if !sort.eq_ignore_ascii_case("totp") {
            return Err(TotpError::Malformed);
        }
        let mut found = None;
        let mut totp = Self::of(Zeroizing::default());
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = Zeroizing::new(percent_decoded(value)?);
            match name.to_ascii_lowercase().as_str() {
                "secret" => found = Some(secret(&value)?),
                "algorithm" => totp.hash = hash(&value)?,
                "digits" => totp.digits = number(&value, 6..=8)?,
                "period" => totp.period = number(&value, 1..=PERIOD_MAX)?,
                "issuer" => totp.issuer = said(&value),
                // Pictures and the like.
                _ => {}
            }
        }
        totp.secret = found.ok_or(TotpError::Missing)?;
        let label = percent_decoded(label)?;
        match label.split_once(':') {
            Some((issuer, account)) => {
                totp.issuer = totp.issuer.or_else(|| said(issuer));
                totp.account = said(account);
            }
            None => totp.account = said(&label),
        }
        Ok(totp)
    }

    fn tag(&self, step: u64) -> Zeroizing<Vec<u8>> {
        macro_rules! tag {
            ($hash:ty) => {{
                // A key of any length is a key of HMAC.
                let mac = <Hmac<$hash>>::new_from_slice(&self.secret).ok();
                mac.map(|mac| {
                    mac.chain_update(step.to_be_bytes())
                        .finalize()
                        .into_bytes()
                        .to_vec()
                })
            }};
        }
        let tag = match self.hash {
            Hash::Sha1 => tag!(Sha1),
            Hash::Sha256 => tag!(Sha256),
            Hash::Sha512 => tag!(Sha512),
        };
        Zeroizing::new(tag.unwrap_or_else(|| vec![0; 20]))
    }
}

fn said(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn hash(name: &str) -> Result<Hash, TotpError> {
    match name.to_ascii_uppercase().replace('-', "").as_str() {
        "SHA1" => Ok(Hash::Sha1),
        "SHA256" => Ok(Hash::Sha256),
        "SHA512" => Ok(Hash::Sha512),
        _ => Err(TotpError::Unsupported),
    }
}

fn number(text: &str, among: std::ops::RangeInclusive<u32>) -> Result<u32, TotpError> {
    let number = text.parse().map_err(|_| TotpError::Unsupported)?;
    among
        .contains(&number)
        .then_some(number)
        .ok_or(TotpError::Unsupported)
}

/// Base32 as people copy it. Bits after the last whole byte are taken for padding: services
/// differ in what they put there.
fn secret(text: &str) -> Result<Zeroizing<Vec<u8>>, TotpError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len().min(SECRET_MAX * 2) * 5 / 8));
    let (mut held, mut bits) = (0_u32, 0);
    let letters = text.trim_end_matches(['=', ' ']).chars();
    for letter in letters.filter(|c| !matches!(c, ' ' | '-')) {
        let value = match letter.to_ascii_uppercase() {
            upper @ 'A'..='Z' => upper as u32 - 'A' as u32,
            digit @ '2'..='7' => digit as u32 - '2' as u32 + 26,
            _ => return Err(TotpError::Malformed),
        };
        held = (held << 5) | value;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
        if bytes.len() > SECRET_MAX {
            return Err(TotpError::Unsupported);
        }
    }
    held.zeroize();
    match bytes.is_empty() {
        true if text.trim().is_empty() => Err(TotpError::Missing),
        true => Err(TotpError::Malformed),
        false => Ok(bytes),
    }
}

fn percent_decoded(text: &str) -> Result<String, TotpError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut digit = || {
                    let byte = rest.next()?;
                    char::from(byte).to_digit(16)
                };
                let (high, low) = digit().zip(digit()).ok_or(TotpError::Malformed)?;
                bytes.push((high * 16 + low) as u8);
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).map_err(|_| TotpError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// "12345678901234567890" in Base32.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn code(text: &str, seconds: u64) -> String {
        Totp::parse(text).expect("reads").code(seconds * 1_000).code
    }

    /// RFC 6238, appendix B, with the seeds of each hash that the errata give.
    #[test]
    fn the_codes_of_rfc_6238() {
        let seeds = [
            ("SHA1", SECRET.to_owned()),
            (
                "SHA256",
                "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA".to_owned(),
            ),
            (
                "SHA512",
                "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNA".to_owned(),
            ),
        ];
        let expected = [
            (59, ["94287082", "46119246", "90693936"]),
            (1_111_111_109, ["07081804", "68084774", "25091201"]),
            (1_111_111_111, ["14050471", "67062674", "99943326"]),
            (1_234_567_890, ["89005924", "91819424", "93441116"]),
            (2_000_000_000, ["69279037", "90698825", "38618901"]),
            (20_000_000_000, ["65353130", "77737706", "47863826"]),
        ];
        for (seconds, codes) in expected {
            for ((hash, seed), wanted) in seeds.iter().zip(codes) {
                let uri = format!("otpauth://totp/x?secret={seed}&algorithm={hash}&digits=8");
                assert_eq!(code(&uri, seconds), wanted, "{hash} at {seconds}");
            }
        }
    }

    #[test]
    fn a_bare_secret_reads_as_people_copy_it() {
        let plain = code(SECRET, 59);
        assert_eq!(plain, "287082");
        for spelling in [
            "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
            "GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ",
            "  GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ====== ",
        ] {
            assert_eq!(code(spelling, 59), plain);
        }
    }

    #[test]
    fn an_address_says_whose_it_is() {
        let text =
            "otpauth://totp/Example%20Inc:ann%40example.org?secret=GEZDGNBVGY3TQOJQ&period=60";
        let totp = Totp::parse(text).expect("reads");
        assert_eq!(
            (totp.issuer(), totp.account()),
            (Some("Example Inc"), Some("ann@example.org"))
        );
        let now = totp.code(61_500);
        assert_eq!((now.seconds_left, now.period), (59, 60));
        assert_eq!(
            format!("{totp:?} {now:?}"),
            "Totp(redacted) TotpCode(redacted)"
        );
        let named = Totp::parse("OTPAUTH://TOTP/a?issuer=GitHub&SECRET=GEZDGNBVGY3TQOJQ");
        assert_eq!(named.expect("reads").issuer(), Some("GitHub"));
    }

    #[test]
    fn what_gives_no_codes_says_why() {
        for (text, why) in [
            ("", TotpError::Missing),
            ("   ", TotpError::Missing),
            ("A", TotpError::Malformed),
            ("not base32!", TotpError::Malformed),
            ("https://example.org", TotpError::Malformed),
            ("otpauth://totp/x", TotpError::Malformed),
            ("otpauth://totp/x?issuer=y", TotpError::Missing),
            ("otpauth://totp/x?secret=", TotpError::Missing),
            ("otpauth://totp/x?secret=%zz", TotpError::Malformed),
            (
                "otpauth://hotp/x?secret=GEZDGNBV&counter=1",
                TotpError::Counter,
            ),
            (
                "otpauth://totp/x?secret=GEZDGNBV&digits=9",
                TotpError::Unsupported,
            ),
            (
                "otpauth://totp/x?secret=GEZDGNBV&period=0",
                TotpError::Unsupported,
            ),
            (
                "otpauth://totp/x?secret=GEZDGNBV&algorithm=MD5",
                TotpError::Unsupported,
            ),
        ] {
            assert_eq!(Totp::parse(text).err(), Some(why), "{text}");
        }
        let long = "A".repeat(SECRET_MAX * 8 / 5 + 8);
        assert_eq!(Totp::parse(&long).err(), Some(TotpError::Unsupported));
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn odd_text_never_makes_it_panic(text in "\\PC{0,60}", at in any::<u64>()) {
            for text in [text.clone(), format!("otpauth://totp/{text}"), format!("otpauth://totp/x?secret={text}")] {
                if let Ok(totp) = Totp::parse(&text) {
                    let code = totp.code(at);
                    prop_assert_eq!(code.code.len(), totp.digits as usize);
                    prop_assert!((1..=code.period).contains(&code.seconds_left));
                }
            }
        }
    }
}
