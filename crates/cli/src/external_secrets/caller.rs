use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use hyper::{
    HeaderMap,
    header::{AUTHORIZATION, HeaderValue},
};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::failure::Failure;

/// Fewest characters.
const SHORTEST: usize = 24;
/// Answers a second to whoever knows the secret, after a first rush of [`RUSH`].
const EACH_SECOND: NonZeroU32 = most(50);
const RUSH: NonZeroU32 = most(500);
/// The same for whoever does not.
const REFUSED_EACH_SECOND: NonZeroU32 = most(2);
const REFUSED_RUSH: NonZeroU32 = most(20);

const fn most(count: u32) -> NonZeroU32 {
    match NonZeroU32::new(count) {
        Some(count) => count,
        None => NonZeroU32::MIN,
    }
}

/// What callers must know. It is held as a hash.
pub struct CallerSecret([u8; 32]);

impl CallerSecret {
    /// Takes what fits into a header and cannot be guessed.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        match text.len() >= SHORTEST && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(Self(hash(text.as_bytes()))),
            false => Err(Failure::Usage(format!(
                "the secret of callers has {SHORTEST} characters or more, all of them ASCII without spaces: `keyarc generate --base64 32` makes one"
            ))),
        }
    }

    /// Whether a request has it. The time that this takes does not depend on how much of it is right.
    fn is_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        let given = given.and_then(|value| value.split_at_checked(7));
        let Some((scheme, given)) = given else {
            return false;
        };
        scheme.eq_ignore_ascii_case(b"bearer ") && bool::from(hash(given).ct_eq(&self.0))
    }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// What is to be done about a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It knows the secret.
    Known,
    /// It does not.
    Unknown,
    /// It asks too often, whether it knows the secret or not.
    TooOften,
}

/// Who calls, and how often.
pub struct Callers {
    secret: CallerSecret,
    known: DefaultDirectRateLimiter,
    unknown: DefaultDirectRateLimiter,
}

impl Callers {
    pub fn new(secret: CallerSecret) -> Self {
        let limit = |each, rush| RateLimiter::direct(Quota::per_second(each).allow_burst(rush));
        Self {
            secret,
            known: limit(EACH_SECOND, RUSH),
            unknown: limit(REFUSED_EACH_SECOND, REFUSED_RUSH),
        }
    }

    /// Whoever does not know the secret cannot keep out whoever does.
    pub fn judge(&self, headers: &HeaderMap) -> Verdict {
        let (verdict, limit) = match self.secret.is_in(headers) {
            true => (Verdict::Known, &self.known),
            false => (Verdict::Unknown, &self.unknown),
        };
        match limit.check() {
            Ok(()) => verdict,
            Err(_) => Verdict::TooOften,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdefghijklmn";

    fn headers(authorization: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(authorization).expect("a header");
        headers.insert(AUTHORIZATION, value);
        headers
    }

    #[test]
    fn only_the_whole_secret_is_one() {
        let secret = CallerSecret::parse(SECRET).expect("a secret");
        for given in [format!("Bearer {SECRET}"), format!("bearer {SECRET}")] {
            assert!(secret.is_in(&headers(&given)), "{given}");
        }
        for given in [
            "",
            "Bearer",
            "Bearer ",
            SECRET,
            "Basic 0123456789abcdefghijklmn",
            "Bearer 0123456789abcdefghijklm",
            "Bearer 0123456789abcdefghijklmno",
            "Bearer  0123456789abcdefghijklmn",
            "Bearer 0123456789ABCDEFGHIJKLMN",
        ] {
            assert!(!secret.is_in(&headers(given)), "{given}");
        }
        assert!(!secret.is_in(&HeaderMap::new()));
        for text in [
            "",
            "0123456789abcdefghijklm",
            "0123456789 abcdefghijklmn",
            "ä123456789abcdefghijklmno",
        ] {
            let failure = CallerSecret::parse(text).err().expect("is refused");
            assert_eq!(failure.exit_code(), 2);
            assert!(text.is_empty() || !failure.to_string().contains(text));
        }
    }

    #[test]
    fn whoever_guesses_is_held_off_and_holds_nobody_else_off() {
        let callers = Callers::new(CallerSecret::parse(SECRET).expect("a secret"));
        let (right, wrong) = (headers(&format!("Bearer {SECRET}")), headers("Bearer no"));
        let verdicts: Vec<Verdict> = (0..200).map(|_| callers.judge(&wrong)).collect();
        assert_eq!(verdicts[0], Verdict::Unknown);
        let held_off = verdicts.iter().filter(|one| **one == Verdict::TooOften);
        assert!(held_off.count() > 100);
        assert_eq!(callers.judge(&right), Verdict::Known);
        let all = (0..5_000).map(|_| callers.judge(&right));
        assert!(all.filter(|one| *one == Verdict::TooOften).count() > 1_000);
    }
}
