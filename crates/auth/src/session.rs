use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// What every session token begins with, so that secret scanners know one when they see it.
pub const SESSION_TOKEN_PREFIX: &str = "kas1_";

/// 32 bytes in base64url without padding.
const ENCODED: usize = 43;

/// The text is not a session token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a session token")]
pub struct SessionTokenError;

/// The opaque token of a session: 256 random bits, as `kas1_` and 43 base64url characters.
///
/// The server stores [`SessionToken::hash`] only. Wiped when dropped; its `Debug` shows nothing.
#[derive(ZeroizeOnDrop)]
pub struct SessionToken([u8; 32]);

impl SessionToken {
    /// Makes a token of 32 fresh random bytes.
    pub fn make(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// Reads a token. Only the spelling that [`SessionToken::to_text`] writes is accepted.
    pub fn parse(text: &str) -> Result<Self, SessionTokenError> {
        let encoded = text
            .strip_prefix(SESSION_TOKEN_PREFIX)
            .ok_or(SessionTokenError)?;
        if encoded.len() != ENCODED {
            return Err(SessionTokenError);
        }
        let mut bytes = Zeroizing::new([0; 32]);
        let length = URL_SAFE_NO_PAD
            .decode_slice(encoded, bytes.as_mut_slice())
            .map_err(|_| SessionTokenError)?;
        if length != bytes.len() {
            return Err(SessionTokenError);
        }
        Ok(Self(*bytes))
    }

    /// The token as its holder keeps it.
    pub fn to_text(&self) -> Zeroizing<String> {
        // Reserved in full, so that no copy is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity(SESSION_TOKEN_PREFIX.len() + ENCODED));
        text.push_str(SESSION_TOKEN_PREFIX);
        URL_SAFE_NO_PAD.encode_string(self.0, &mut text);
        text
    }

    /// What the server stores and looks up: SHA-256 of the 32 bytes. No salt and no stretching
    /// are needed, for there is nothing to guess; and a look-up by hash leaks no token bytes
    /// through its timing.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl std::fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionToken(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_text_and_hash_of_a_known_token() {
        let token = SessionToken::make([0; 32]);
        assert_eq!(*token.to_text(), format!("kas1_{}", "A".repeat(43)));
        assert_eq!(
            hex::encode(token.hash()),
            "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
        );
    }

    #[test]
    fn debug_output_shows_nothing() {
        assert_eq!(
            format!("{:?}", SessionToken::make([1; 32])),
            "SessionToken(redacted)"
        );
    }

    #[test]
    fn other_spellings_are_refused() {
        let text = SessionToken::make([0; 32]).to_text().to_string();
        for wrong in [
            String::new(),
            text[5..].to_owned(),
            format!("{text}A"),
            format!("{text}="),
            format!(" {text}"),
            text.replace("kas1", "kas2"),
            text.replace("kas1", "KAS1"),
            // The last character has two bits that no token uses.
            format!("{}B", &text[..text.len() - 1]),
            format!("{}é", &text[..text.len() - 2]),
        ] {
            assert_eq!(
                SessionToken::parse(&wrong).err(),
                Some(SessionTokenError),
                "{wrong}"
            );
        }
    }

    proptest! {
        #[test]
        fn tokens_read_back(bytes: [u8; 32]) {
            let token = SessionToken::make(bytes);
            let read = SessionToken::parse(&token.to_text()).unwrap();
            prop_assert_eq!(read.hash(), token.hash());
            prop_assert_eq!(read.to_text(), token.to_text());
        }

        #[test]
        fn what_parses_is_canonical(text in "(kas1_)?[A-Za-z0-9_=+/-]{40,46}") {
            if let Ok(token) = SessionToken::parse(&text) {
                let canonical = token.to_text();
                prop_assert_eq!(canonical.as_str(), text.as_str());
            }
        }
    }
}
