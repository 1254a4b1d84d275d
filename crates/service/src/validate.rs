//! Rules that fields must keep. Each names the field and the rule, and never what was sent.

use std::borrow::Cow;

use keyarc_signature::VerifyingKey;
use keyarc_wire::{Sealed, limits};

use crate::ServiceError;

/// Length of the shortest KAE1 envelope in bytes: header 22, salt 24, commitment 32, tag 16.
const ENVELOPE_MIN: usize = 22 + 24 + 32 + 16;
/// Magic, format 1, algorithm 1.
const ENVELOPE_START: &[u8; 4] = b"KA\x01\x01";

/// Ciphertext must at least look like an envelope. That catches a broken client before its
/// owner's data is gone; it says nothing about what is inside, which the server cannot know.
pub(crate) fn envelope(
    sealed: &Sealed,
    max: usize,
    field: impl FnOnce() -> Cow<'static, str>,
) -> Result<(), ServiceError> {
    let bytes = sealed.as_ref();
    if bytes.len() > max {
        return Err(ServiceError::invalid(
            field(),
            format!("must have at most {max} bytes"),
        ));
    }
    if bytes.len() < ENVELOPE_MIN || !bytes.starts_with(ENVELOPE_START) {
        return Err(ServiceError::invalid(field(), "must be a KAE1 envelope"));
    }
    Ok(())
}

/// A key to verify with must be fit for that.
pub(crate) fn public_key(key: &[u8; 32], field: &'static str) -> Result<(), ServiceError> {
    VerifyingKey::from_bytes(key)
        .map(drop)
        .map_err(|_| ServiceError::invalid(field, "must be an Ed25519 public key"))
}

/// A name that a list will show: some text, not too long, on one line.
pub(crate) fn name(name: &str, field: &'static str) -> Result<(), ServiceError> {
    if name.trim().is_empty() {
        return Err(ServiceError::invalid(field, "must not be empty"));
    }
    if name.len() > limits::DEVICE_NAME {
        let rule = format!("must have at most {} bytes", limits::DEVICE_NAME);
        return Err(ServiceError::invalid(field, rule));
    }
    if name.chars().any(is_deceptive) {
        return Err(ServiceError::invalid(
            field,
            "must not contain control characters",
        ));
    }
    Ok(())
}

/// The name of a device.
pub(crate) fn device_name(text: &str) -> Result<(), ServiceError> {
    name(text, "device_name")
}

/// An e-mail address, looked at lightly: whether it exists only a mail can tell. Returns the
/// form in which addresses are compared.
pub(crate) fn email(address: &str) -> Result<String, ServiceError> {
    if address.len() > limits::EMAIL {
        let rule = format!("must have at most {} bytes", limits::EMAIL);
        return Err(ServiceError::invalid("email", rule));
    }
    let odd = |c: char| c.is_whitespace() || is_deceptive(c) || "<>()[],;:\\\"".contains(c);
    let sound = address.split_once('@').is_some_and(|(local, domain)| {
        let labels_sound = domain.split('.').all(|label| !label.is_empty());
        !local.is_empty() && labels_sound && !domain.contains('@')
    });
    if !sound || address.contains(odd) {
        return Err(ServiceError::invalid("email", "must be an e-mail address"));
    }
    Ok(address.to_lowercase())
}

/// Characters that make text look like other text: controls, and the Unicode marks that turn
/// its direction.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(start: &[u8], length: usize) -> Sealed {
        let mut bytes = start.to_vec();
        bytes.resize(length, 0);
        Sealed(bytes)
    }

    fn check(sealed: &Sealed) -> bool {
        envelope(sealed, 1000, || "x".into()).is_ok()
    }

    #[test]
    fn only_what_looks_like_an_envelope_passes() {
        assert!(check(&sealed(b"KA\x01\x01", 94)));
        assert!(check(&sealed(b"KA\x01\x01", 1000)));
        assert!(!check(&sealed(b"KA\x01\x01", 1001)));
        assert!(!check(&sealed(b"KA\x01\x01", 93)));
        assert!(!check(&sealed(b"KA\x01\x02", 94)));
        assert!(!check(&sealed(b"KA\x02\x01", 94)));
        assert!(!check(&sealed(b"KB\x01\x01", 94)));
        assert!(!check(&sealed(b"", 0)));
    }

    #[test]
    fn addresses_are_looked_at_lightly() {
        for good in [
            "a@b",
            "Ada.Lovelace+keys@Example.ORG",
            "ünï@exämple.org",
            "a@b.c.d",
        ] {
            assert_eq!(email(good).unwrap(), good.to_lowercase(), "{good}");
        }
        for bad in [
            "",
            "a",
            "@",
            "a@",
            "@b",
            "a@@b",
            "a@b@c",
            "a b@c",
            "a@b ",
            "a@b\n",
            "a@.b",
            "a@b.",
            "a@b..c",
            "<a@b>",
            "a@b,c@d",
            "a\u{202e}@b",
        ] {
            assert!(email(bad).is_err(), "{bad:?}");
        }
        assert!(email(&format!("{}@b", "a".repeat(252))).is_ok());
        assert!(email(&format!("{}@b", "a".repeat(253))).is_err());
    }

    #[test]
    fn device_names_are_one_honest_line() {
        for good in ["x", "Firefox on Linux", "Mämä's ☎"] {
            assert!(device_name(good).is_ok(), "{good}");
        }
        let long = "x".repeat(101);
        for bad in ["", "  ", "a\nb", "a\u{0}", "a\u{202e}b", long.as_str()] {
            assert!(device_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_error_never_repeats_what_was_sent() {
        let error = email("secret@@secret").unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }
}
