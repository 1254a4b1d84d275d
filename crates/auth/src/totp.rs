use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::base32;

/// Length of a TOTP secret in bytes: that of the hash (RFC 4226, section 4).
pub const TOTP_SECRET_LEN: usize = 20;
/// How long a code lasts, in milliseconds.
pub const TOTP_STEP_MS: u64 = 30_000;

/// Six digits.
const MODULUS: u32 = 1_000_000;
/// Block size of SHA-1 in bytes.
const BLOCK: usize = 64;
/// Steps before and after the present one whose codes are taken: clocks differ, and people need
/// a moment to type (RFC 6238, section 5.2).
const WINDOW: u64 = 1;

/// The secret that an authenticator app shares with the server (RFC 6238 with SHA-1, 6 digits
/// and 30 seconds, since that is all that every app knows).
///
/// Wiped when dropped; its `Debug` shows nothing.
#[derive(ZeroizeOnDrop)]
pub struct TotpSecret([u8; TOTP_SECRET_LEN]);

impl TotpSecret {
    /// Makes a secret of fresh random bytes.
    pub fn make(random: [u8; TOTP_SECRET_LEN]) -> Self {
        Self(random)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; TOTP_SECRET_LEN] {
        &self.0
    }

    /// The secret as it is typed into an app.
    pub fn to_text(&self) -> Zeroizing<String> {
        base32::encode(&self.0, base32::RFC_4648)
    }

    /// The secret as an app scans it
    /// (<https://github.com/google/google-authenticator/wiki/Key-Uri-Format>).
    pub fn to_uri(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let (issuer, account) = (percent_encoded(issuer), percent_encoded(account));
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}",
            *self.to_text()
        ))
    }

    /// The time step whose code this is, among those that are good now and later than
    /// `last_step`, the last one that was accepted: a code serves once.
    ///
    /// Takes the same time whatever the code is.
    pub fn check(&self, code: u32, now_ms: u64, last_step: u64) -> Option<u64> {
        let now = now_ms / TOTP_STEP_MS;
        let mut found = 0_u64;
        for step in now.saturating_sub(WINDOW)..=now.saturating_add(WINDOW) {
            let hit = self.code(step).ct_eq(&code);
            found = u64::conditional_select(&found, &step, hit);
        }
        // No step is 0 but in the first half minute of 1970.
        (found > last_step).then_some(found)
    }

    /// The code of a time step (RFC 4226, section 5.3).
    pub fn code(&self, step: u64) -> u32 {
        let mut block = Zeroizing::new([0; BLOCK]);
        block[..TOTP_SECRET_LEN].copy_from_slice(&self.0);
        let mut mac = <Hmac<Sha1>>::new((&*block).into());
        mac.update(&step.to_be_bytes());
        let tag: [u8; 20] = mac.finalize().into_bytes().into();
        let at = usize::from(tag[19] & 0x0f);
        let chosen = [tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]];
        u32::from_be_bytes(chosen) % MODULUS
    }
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(redacted)")
    }
}

/// What RFC 3986, section 2.3, calls unreserved stays; everything else is encoded.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc_secret() -> TotpSecret {
        TotpSecret::make(*b"12345678901234567890")
    }

    /// RFC 4226, appendix D.
    #[test]
    fn the_codes_of_rfc_4226() {
        let expected = [
            755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871,
            520_489,
        ];
        for (counter, code) in expected.into_iter().enumerate() {
            assert_eq!(rfc_secret().code(counter as u64), code, "{counter}");
        }
    }

    /// RFC 6238, appendix B, the rows of SHA-1, cut to six digits.
    #[test]
    fn the_codes_of_rfc_6238() {
        for (seconds, code) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            let step = seconds / 30;
            assert_eq!(rfc_secret().code(step), code, "{seconds}");
            assert_eq!(rfc_secret().check(code, seconds * 1000, 0), Some(step));
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_one_step_late() {
        let secret = rfc_secret();
        let step = 60_000_000;
        let code = secret.code(step);
        let at = |step: u64| secret.check(code, step * TOTP_STEP_MS, 0);
        assert_eq!(
            [-2_i64, -1, 0, 1, 2].map(|by| at(step.wrapping_add_signed(by))),
            [None, Some(step), Some(step), Some(step), None]
        );
        // To the millisecond.
        assert_eq!(
            secret.check(code, (step + 2) * TOTP_STEP_MS - 1, 0),
            Some(step)
        );
    }

    #[test]
    fn a_step_is_accepted_once_and_none_before_it_after() {
        let secret = rfc_secret();
        let step = 60_000_000;
        let now_ms = step * TOTP_STEP_MS;
        assert_eq!(
            secret.check(secret.code(step), now_ms, step - 1),
            Some(step)
        );
        assert_eq!(secret.check(secret.code(step), now_ms, step), None);
        assert_eq!(secret.check(secret.code(step - 1), now_ms, step), None);
        assert_eq!(
            secret.check(secret.code(step + 1), now_ms, step),
            Some(step + 1)
        );
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        assert_eq!(rfc_secret().check(MODULUS, 0, 0), None);
        assert_eq!(rfc_secret().check(MODULUS, u64::MAX, 0), None);
    }

    #[test]
    fn an_app_can_read_the_address() {
        let uri = rfc_secret().to_uri("KeyArc", "ada+x@example.org");
        assert_eq!(
            *uri,
            "otpauth://totp/KeyArc:ada%2Bx%40example.org\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=KeyArc"
        );
    }

    #[test]
    fn debug_output_shows_nothing() {
        assert_eq!(format!("{:?}", rfc_secret()), "TotpSecret(redacted)");
    }
}
