use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Length of a feed's token in characters.
const TEXT_LEN: usize = 43;

/// The token in the address of a calendar feed: whoever has it reads the dates. The server keeps
/// its hash alone. Wiped when dropped.
pub struct FeedToken(Zeroizing<[u8; 32]>);

impl FeedToken {
    /// From random bytes.
    pub fn make(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads exactly what [`Self::to_text`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != TEXT_LEN {
            return None;
        }
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
        <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Self::make)
    }

    /// 43 characters of base64url.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()))
    }

    /// What the server keeps: SHA-256. 256 random bits need no slow hash.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_slice()).into()
    }
}

impl std::fmt::Debug for FeedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FeedToken(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_text_and_hash_of_a_known_token() {
        let token = FeedToken::make([0; 32]);
        assert_eq!(*token.to_text(), "A".repeat(43));
        assert_eq!(
            hex::encode(token.hash()),
            "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
        );
        assert_eq!(format!("{token:?}"), "FeedToken(redacted)");
    }

    proptest! {
        #[test]
        fn tokens_read_back(bytes: [u8; 32]) {
            let text = FeedToken::make(bytes).to_text();
            prop_assert_eq!(FeedToken::parse(&text).unwrap().hash(), FeedToken::make(bytes).hash());
        }

        #[test]
        fn what_parses_is_canonical(text in "[A-Za-z0-9_=+/-]{40,46}") {
            if let Some(token) = FeedToken::parse(&text) {
                let canonical = token.to_text();
                prop_assert_eq!(canonical.as_str(), text.as_str());
            }
        }
    }
}
