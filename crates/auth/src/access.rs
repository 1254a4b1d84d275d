use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::mac::MacKey;

/// `{"alg":"HS256","typ":"JWT"}`. The header is compared byte for byte and never read: no token
/// can choose its own algorithm (RFC 8725, section 3.1).
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// Longest token looked at, in bytes. Ours have some 220.
const MAX_LEN: usize = 512;

/// Why an access token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessTokenError {
    /// It has not the form of our tokens.
    #[error("the access token is malformed")]
    Malformed,
    /// None of our keys signed it.
    #[error("the access token is not ours")]
    NotOurs,
    /// Its lifetime is over.
    #[error("the access token has expired")]
    Expired,
}

/// What an access token says. The session must still be looked up: a token outlives neither its
/// own expiry nor its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessToken {
    /// The account.
    pub account_id: [u8; 16],
    /// The session that the token was made for.
    pub session_id: [u8; 16],
    /// Unix seconds.
    pub issued_at: u64,
    /// Unix seconds; refused from then on.
    pub expires_at: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    sub: String,
    sid: String,
    iat: u64,
    exp: u64,
}

/// Signs and checks HS256 tokens (RFC 7519, RFC 7515).
#[derive(Debug, Clone)]
pub struct AccessKey(MacKey);

impl AccessKey {
    /// Derives the key from the server's secret.
    pub fn derive(secret: &[u8]) -> Self {
        Self(MacKey::derive(secret, "keyarc/v1/server/access-token"))
    }

    /// Writes a token.
    pub fn sign(&self, token: &AccessToken) -> String {
        let claims = format!(
            r#"{{"sub":"{}","sid":"{}","iat":{},"exp":{}}}"#,
            hex::encode(token.account_id),
            hex::encode(token.session_id),
            token.issued_at,
            token.expires_at,
        );
        let mut text = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(claims));
        let tag = self.0.tag(&[text.as_bytes()]);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(tag, &mut text);
        text
    }

    /// Reads and checks a token at a time in Unix milliseconds.
    pub fn check(&self, text: &str, now_ms: u64) -> Result<AccessToken, AccessTokenError> {
        let (signed, tag) = split(text)?;
        if !bool::from(self.0.tag(&[signed.as_bytes()]).ct_eq(&tag)) {
            return Err(AccessTokenError::NotOurs);
        }
        let token = read_claims(signed)?;
        if now_ms / 1000 >= token.expires_at {
            return Err(AccessTokenError::Expired);
        }
        Ok(token)
    }
}

/// The signed part and the tag.
fn split(text: &str) -> Result<(&str, [u8; 32]), AccessTokenError> {
    if text.len() > MAX_LEN {
        return Err(AccessTokenError::Malformed);
    }
    let (signed, tag) = text.rsplit_once('.').ok_or(AccessTokenError::Malformed)?;
    let tag = URL_SAFE_NO_PAD
        .decode(tag)
        .map_err(|_| AccessTokenError::Malformed)?;
    let tag = tag.try_into().map_err(|_| AccessTokenError::Malformed)?;
    Ok((signed, tag))
}

fn read_claims(signed: &str) -> Result<AccessToken, AccessTokenError> {
    let claims = signed
        .strip_prefix(HEADER)
        .and_then(|rest| rest.strip_prefix('.'))
        .ok_or(AccessTokenError::Malformed)?;
    let claims = URL_SAFE_NO_PAD
        .decode(claims)
        .map_err(|_| AccessTokenError::Malformed)?;
    let claims: Claims =
        serde_json::from_slice(&claims).map_err(|_| AccessTokenError::Malformed)?;
    Ok(AccessToken {
        account_id: read_id(&claims.sub)?,
        session_id: read_id(&claims.sid)?,
        issued_at: claims.iat,
        expires_at: claims.exp,
    })
}

fn read_id(text: &str) -> Result<[u8; 16], AccessTokenError> {
    let mut id = [0; 16];
    hex::decode_to_slice(text, &mut id).map_err(|_| AccessTokenError::Malformed)?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_790_000_000;

    fn key() -> AccessKey {
        AccessKey::derive(b"0123456789abcdef0123456789abcdef")
    }

    fn token() -> AccessToken {
        AccessToken {
            account_id: [0xab; 16],
            session_id: [0x01; 16],
            issued_at: NOW,
            expires_at: NOW + 900,
        }
    }

    fn signed(header: &str, claims: &str) -> String {
        let text = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
        let tag = key().0.tag(&[text.as_bytes()]);
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// RFC 7515, appendix A.1.
    #[test]
    fn the_tag_of_rfc_7515() {
        let key = URL_SAFE_NO_PAD
            .decode(
                "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAz\
                 Zr1Z9CAow",
            )
            .unwrap();
        let input = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                     eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9\
                     pc19yb290Ijp0cnVlfQ";
        let tag = MacKey::new(&key).tag(&[input.as_bytes()]);
        assert_eq!(
            URL_SAFE_NO_PAD.encode(tag),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
    }

    #[test]
    fn the_token_is_the_one_checked_in() {
        assert_eq!(
            key().sign(&token()),
            include_str!("../vectors/access-token.jwt").trim()
        );
    }

    #[test]
    fn a_token_ends_at_its_expiry() {
        let text = key().sign(&token());
        assert_eq!(key().check(&text, NOW * 1000), Ok(token()));
        assert_eq!(key().check(&text, (NOW + 900) * 1000 - 1), Ok(token()));
        assert_eq!(
            key().check(&text, (NOW + 900) * 1000),
            Err(AccessTokenError::Expired)
        );
    }

    #[test]
    fn another_key_does_not_accept_it() {
        let text = AccessKey::derive(b"another").sign(&token());
        assert_eq!(
            key().check(&text, NOW * 1000),
            Err(AccessTokenError::NotOurs)
        );
    }

    #[test]
    fn no_other_header_is_read_even_when_the_tag_is_right() {
        let claims = format!(
            r#"{{"sub":"{0}","sid":"{0}","iat":1,"exp":{1}}}"#,
            "ab".repeat(16),
            NOW + 900
        );
        assert!(key().check(&signed(HEADER, &claims), NOW * 1000).is_ok());
        for header in [
            r#"{"alg":"none","typ":"JWT"}"#,
            r#"{"typ":"JWT","alg":"HS256"}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS512","typ":"JWT"}"#,
        ] {
            let text = signed(&URL_SAFE_NO_PAD.encode(header), &claims);
            assert_eq!(
                key().check(&text, NOW * 1000),
                Err(AccessTokenError::Malformed)
            );
        }
    }

    #[test]
    fn claims_are_read_strictly() {
        let id = "ab".repeat(16);
        for claims in [
            "{}".to_owned(),
            "null".to_owned(),
            format!(r#"{{"sub":"{id}","sid":"{id}","iat":1}}"#),
            format!(r#"{{"sub":"{id}","sid":"{id}","iat":1,"exp":-1}}"#),
            format!(r#"{{"sub":"{id}","sid":"{id}","iat":1,"exp":"9999999999"}}"#),
            format!(r#"{{"sub":"{id}","sid":"{id}","iat":1,"exp":9999999999,"x":1}}"#),
            format!(r#"{{"sub":"{id}","sub":"{id}","sid":"{id}","iat":1,"exp":9999999999}}"#),
            format!(r#"{{"sub":"{id}00","sid":"{id}","iat":1,"exp":9999999999}}"#),
        ] {
            let text = signed(HEADER, &claims);
            assert_eq!(
                key().check(&text, NOW * 1000),
                Err(AccessTokenError::Malformed),
                "{claims}"
            );
        }
    }

    #[test]
    fn a_missing_tag_or_a_giant_text_is_malformed() {
        let text = key().sign(&token());
        let (signed, _) = text.rsplit_once('.').unwrap();
        for wrong in [
            "",
            ".",
            "..",
            signed,
            &format!("{signed}."),
            &"a".repeat(1 << 20),
        ] {
            assert_eq!(
                key().check(wrong, NOW * 1000),
                Err(AccessTokenError::Malformed)
            );
        }
    }

    proptest! {
        #[test]
        fn tokens_read_back(account_id: [u8; 16], session_id: [u8; 16], issued_at: u64) {
            let token = AccessToken { account_id, session_id, issued_at, expires_at: u64::MAX };
            prop_assert_eq!(key().check(&key().sign(&token), 0), Ok(token));
        }

        #[test]
        fn any_changed_character_is_refused(at in 0..150_usize, with in "[A-Za-z0-9_.-]") {
            let mut text = key().sign(&token());
            let at = at % text.len();
            prop_assume!(text[at..=at] != with);
            text.replace_range(at..=at, &with);
            prop_assert!(key().check(&text, NOW * 1000).is_err());
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".{0,300}") {
            prop_assert!(key().check(&text, 0).is_err());
        }
    }
}
