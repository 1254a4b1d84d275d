use subtle::ConstantTimeEq as _;

use crate::mac::MacKey;

/// Length of a server nonce and of a client nonce in bytes.
pub const NONCE_LEN: usize = 32;
/// How long a server nonce is good for, in milliseconds.
pub const CHALLENGE_LIFETIME_MS: u64 = 60_000;
/// How long the token between the two halves of a log-in, or of the registration of a passkey, is
/// good for, in milliseconds.
pub const SECOND_FACTOR_LIFETIME_MS: u64 = 5 * 60_000;
/// How long the ticket between the two halves of a recovery is good for, in milliseconds: a new
/// password has to be thought of meanwhile.
pub const RECOVERY_LIFETIME_MS: u64 = 15 * 60_000;

/// How far another instance's clock may be ahead, in milliseconds.
const CLOCKS_DIFFER_MS: u64 = 60_000;

const TIME: usize = 8;
const RANDOM: usize = 8;
const TAG: usize = NONCE_LEN - TIME - RANDOM;

/// A server nonce and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    /// time u64be ‖ random 8 ‖ first 16 bytes of HMAC-SHA256(key, time ‖ random ‖ subject).
    pub nonce: [u8; NONCE_LEN],
    /// Unix milliseconds after which it is refused.
    pub expires_at_ms: u64,
}

/// Why a server nonce was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// It is not 32 bytes, or names a time that no server of ours has reached.
    #[error("the challenge is malformed")]
    Malformed,
    /// This key did not make it for this subject.
    #[error("the challenge is not ours")]
    NotOurs,
    /// Its lifetime is over.
    #[error("the challenge has expired")]
    Expired,
}

/// Makes and checks server nonces without keeping any: those that a log-in signs, whose subject
/// Makes and checks server nonces without keeping any: those that a log-in signs, whose subject
/// is the handle; the tokens between the two halves of a log-in, whose subject is the handle and the
/// signature of the first half; the tickets between those of a recovery, whose subject is the
/// handle and the public key; and the tokens that a passkey is registered with, whose subject is
/// the session.
///
/// A nonce carries its time and a tag, so that asking for one writes nothing and costs the same
/// for known and unknown handles. The caller keeps used nonces until they expire: that makes
/// them good for one use.
#[derive(Debug, Clone)]
pub struct ChallengeKey {
    key: MacKey,
    lifetime_ms: u64,
}

impl ChallengeKey {
    /// Derives the key for nonces from the server's secret.
    pub fn derive(secret: &[u8]) -> Self {
        Self {
            key: MacKey::derive(secret, "keyarc/v1/server/challenge"),
            lifetime_ms: CHALLENGE_LIFETIME_MS,
        }
    }

    /// Derives the key for the tokens between the two halves of a log-in.
    pub fn derive_second_factor(secret: &[u8]) -> Self {
        Self {
            key: MacKey::derive(secret, "keyarc/v1/server/second-factor"),
            lifetime_ms: SECOND_FACTOR_LIFETIME_MS,
        }
    }

    /// Derives the key for the tickets between the two halves of a recovery.
    pub fn derive_recovery(secret: &[u8]) -> Self {
        Self {
            key: MacKey::derive(secret, "keyarc/v1/server/recovery"),
            lifetime_ms: RECOVERY_LIFETIME_MS,
        }
    }

    /// Derives the key for the tokens that a passkey is registered with.
    pub fn derive_passkey(secret: &[u8]) -> Self {
        Self {
            key: MacKey::derive(secret, "keyarc/v1/server/passkey"),
            lifetime_ms: SECOND_FACTOR_LIFETIME_MS,
        }
    }

    /// Makes a nonce for a subject. `random` is fresh.
    pub fn issue(&self, subject: &[u8], now_ms: u64, random: [u8; RANDOM]) -> Challenge {
        let time = now_ms.to_be_bytes();
        let mut nonce = [0; NONCE_LEN];
        nonce[..TIME].copy_from_slice(&time);
        nonce[TIME..TIME + RANDOM].copy_from_slice(&random);
        let tag = self.key.tag(&[&time, &random, subject]);
        nonce[TIME + RANDOM..].copy_from_slice(&tag[..TAG]);
        Challenge {
            nonce,
            expires_at_ms: now_ms.saturating_add(self.lifetime_ms),
        }
    }

    /// Checks a nonce that came back, and tells when it expires, in Unix milliseconds.
    ///
    /// A time of up to a minute ahead is accepted, because instances' clocks differ.
    pub fn check(&self, nonce: &[u8], subject: &[u8], now_ms: u64) -> Result<u64, ChallengeError> {
        let nonce: &[u8; NONCE_LEN] = nonce.try_into().map_err(|_| ChallengeError::Malformed)?;
        let (signed, tag) = nonce.split_at(TIME + RANDOM);
        let expected = self.key.tag(&[signed, subject]);
        if !bool::from(expected[..TAG].ct_eq(tag)) {
            return Err(ChallengeError::NotOurs);
        }
        let mut time = [0; TIME];
        time.copy_from_slice(&signed[..TIME]);
        let time_ms = u64::from_be_bytes(time);
        if time_ms > now_ms.saturating_add(CLOCKS_DIFFER_MS) {
            return Err(ChallengeError::Malformed);
        }
        let expires_at_ms = time_ms.saturating_add(self.lifetime_ms);
        if now_ms > expires_at_ms {
            return Err(ChallengeError::Expired);
        }
        Ok(expires_at_ms)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_790_000_000_000;

    fn key() -> ChallengeKey {
        ChallengeKey::derive(b"0123456789abcdef0123456789abcdef")
    }

    #[test]
    fn the_nonce_is_the_one_checked_in() {
        let nonce = key().issue(&[1, 2, 3, 4, 5, 6], NOW, [9; 8]).nonce;
        assert_eq!(
            hex::encode(nonce),
            include_str!("../vectors/challenge.hex").trim()
        );
    }

    #[test]
    fn a_nonce_lives_for_a_minute() {
        let challenge = key().issue(&[1; 6], NOW, [2; 8]);
        assert_eq!(challenge.expires_at_ms, NOW + 60_000);
        let check = |now| key().check(&challenge.nonce, &[1; 6], now);
        assert_eq!(check(NOW), Ok(NOW + 60_000));
        assert_eq!(check(NOW + 60_000), Ok(NOW + 60_000));
        assert_eq!(check(NOW + 60_001), Err(ChallengeError::Expired));
        assert_eq!(check(NOW - 60_000), Ok(NOW + 60_000));
        assert_eq!(check(NOW - 60_001), Err(ChallengeError::Malformed));
    }

    #[test]
    fn another_length_is_malformed() {
        let nonce = key().issue(&[1; 6], NOW, [2; 8]).nonce;
        assert_eq!(
            key().check(&nonce[..31], &[1; 6], NOW),
            Err(ChallengeError::Malformed)
        );
        assert_eq!(
            key().check(&[], &[1; 6], NOW),
            Err(ChallengeError::Malformed)
        );
    }

    #[test]
    fn times_at_the_end_of_the_range_do_not_overflow() {
        let challenge = key().issue(&[1; 6], u64::MAX, [2; 8]);
        assert_eq!(challenge.expires_at_ms, u64::MAX);
        assert_eq!(
            key().check(&challenge.nonce, &[1; 6], u64::MAX),
            Ok(u64::MAX)
        );
        assert_eq!(
            key().check(&challenge.nonce, &[1; 6], 0),
            Err(ChallengeError::Malformed)
        );
    }

    #[test]
    fn a_second_factor_token_lives_for_five_minutes_and_is_no_nonce() {
        let secret = b"0123456789abcdef0123456789abcdef";
        let tokens = ChallengeKey::derive_second_factor(secret);
        let token = tokens.issue(&[1; 70], NOW, [2; 8]);
        assert_eq!(token.expires_at_ms, NOW + 300_000);
        let check = |now| tokens.check(&token.nonce, &[1; 70], now);
        assert_eq!(check(NOW + 300_000), Ok(NOW + 300_000));
        assert_eq!(check(NOW + 300_001), Err(ChallengeError::Expired));
        assert_eq!(check(NOW - 60_001), Err(ChallengeError::Malformed));
        assert_eq!(
            key().check(&token.nonce, &[1; 70], NOW),
            Err(ChallengeError::NotOurs)
        );
        assert_eq!(
            tokens.check(&token.nonce, &[3; 70], NOW),
            Err(ChallengeError::NotOurs)
        );
    }

    proptest! {
        #[test]
        fn any_flipped_bit_and_any_other_handle_or_key_is_not_ours(
            handle: [u8; 6],
            other: [u8; 6],
            random: [u8; 8],
            bit in 0..256_usize,
        ) {
            let mut nonce = key().issue(&handle, NOW, random).nonce;
            prop_assert!(key().check(&nonce, &handle, NOW).is_ok());
            prop_assert_eq!(key().check(&nonce, &other, NOW).is_ok(), handle == other);
            let foreign = ChallengeKey::derive(b"another secret");
            prop_assert_eq!(foreign.check(&nonce, &handle, NOW), Err(ChallengeError::NotOurs));
            nonce[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(key().check(&nonce, &handle, NOW), Err(ChallengeError::NotOurs));
        }
    }
}
