use crate::{
    AccessKey, AccessToken, AccessTokenError, Challenge, ChallengeError, ChallengeKey, mac::MacKey,
};

/// Fewest bytes that the configured secret may have.
pub const MIN_SECRET_LEN: usize = 32;

/// The configured secret is too short to derive keys from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret must have at least {MIN_SECRET_LEN} bytes")]
pub struct WeakSecret;

/// The server's symmetric keys, all derived from `JWT_SECRET` by HMAC with one label per use.
///
/// During a rotation `JWT_SECRET_PREVIOUS` keeps what was handed out under the old secret good
/// until it expires. Sessions are not affected: they are random tokens.
#[derive(Debug, Clone)]
pub struct ServerKeys {
    current: KeySet,
    previous: Option<KeySet>,
    counters: MacKey,
}

#[derive(Debug, Clone)]
struct KeySet {
    challenge: ChallengeKey,
    access: AccessKey,
}

impl KeySet {
    fn derive(secret: &[u8]) -> Result<Self, WeakSecret> {
        if secret.len() < MIN_SECRET_LEN {
            return Err(WeakSecret);
        }
        Ok(Self {
            challenge: ChallengeKey::derive(secret),
            access: AccessKey::derive(secret),
        })
    }
}

impl ServerKeys {
    /// Derives every key.
    pub fn derive(secret: &[u8], previous: Option<&[u8]>) -> Result<Self, WeakSecret> {
        Ok(Self {
            current: KeySet::derive(secret)?,
            previous: previous.map(KeySet::derive).transpose()?,
            counters: MacKey::derive(secret, "keyarc/v1/server/rate-counter"),
        })
    }

    /// Makes a server nonce. See [`ChallengeKey::issue`].
    pub fn issue_challenge(&self, handle: &[u8; 6], now_ms: u64, random: [u8; 8]) -> Challenge {
        self.current.challenge.issue(handle, now_ms, random)
    }

    /// Checks a server nonce and tells when it expires. See [`ChallengeKey::check`].
    pub fn check_challenge(
        &self,
        nonce: &[u8],
        handle: &[u8; 6],
        now_ms: u64,
    ) -> Result<u64, ChallengeError> {
        match (
            self.current.challenge.check(nonce, handle, now_ms),
            &self.previous,
        ) {
            (Err(ChallengeError::NotOurs), Some(previous)) => {
                previous.challenge.check(nonce, handle, now_ms)
            }
            (result, _) => result,
        }
    }

    /// Writes an access token. See [`AccessKey::sign`].
    pub fn sign_access(&self, token: &AccessToken) -> String {
        self.current.access.sign(token)
    }

    /// Reads and checks an access token. See [`AccessKey::check`].
    pub fn check_access(&self, text: &str, now_ms: u64) -> Result<AccessToken, AccessTokenError> {
        match (self.current.access.check(text, now_ms), &self.previous) {
            (Err(AccessTokenError::NotOurs), Some(previous)) => previous.access.check(text, now_ms),
            (result, _) => result,
        }
    }

    /// Names a rate counter without writing an address or a handle into the database.
    pub fn counter_key(&self, kind: u8, subject: &[u8]) -> [u8; 16] {
        let tag = self.counters.tag(&[&[kind], subject]);
        let mut key = [0; 16];
        key.copy_from_slice(&tag[..16]);
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &[u8] = b"old old old old old old old old old";
    const NEW: &[u8] = b"new new new new new new new new new";

    #[test]
    fn a_short_secret_is_refused() {
        assert_eq!(ServerKeys::derive(&[1; 31], None).err(), Some(WeakSecret));
        assert_eq!(
            ServerKeys::derive(&[1; 32], Some(&[1; 31])).err(),
            Some(WeakSecret)
        );
        assert!(ServerKeys::derive(&[1; 32], None).is_ok());
    }

    #[test]
    fn a_rotation_keeps_what_the_old_secret_handed_out() {
        let before = ServerKeys::derive(OLD, None).unwrap();
        let during = ServerKeys::derive(NEW, Some(OLD)).unwrap();
        let after = ServerKeys::derive(NEW, None).unwrap();
        let token = AccessToken {
            account_id: [1; 16],
            session_id: [2; 16],
            issued_at: 0,
            expires_at: 9,
        };
        let text = before.sign_access(&token);
        assert_eq!(during.check_access(&text, 0), Ok(token));
        assert_eq!(
            during.check_access(&text, 9_000),
            Err(AccessTokenError::Expired)
        );
        assert_eq!(after.check_access(&text, 0), Err(AccessTokenError::NotOurs));

        let nonce = before.issue_challenge(&[3; 6], 0, [4; 8]).nonce;
        assert!(during.check_challenge(&nonce, &[3; 6], 0).is_ok());
        assert_eq!(
            after.check_challenge(&nonce, &[3; 6], 0),
            Err(ChallengeError::NotOurs)
        );
    }

    #[test]
    fn what_is_new_is_signed_by_the_new_secret() {
        let during = ServerKeys::derive(NEW, Some(OLD)).unwrap();
        let after = ServerKeys::derive(NEW, None).unwrap();
        let nonce = during.issue_challenge(&[3; 6], 0, [4; 8]).nonce;
        assert!(after.check_challenge(&nonce, &[3; 6], 0).is_ok());
    }

    #[test]
    fn counters_differ_by_kind_and_subject() {
        let keys = ServerKeys::derive(NEW, None).unwrap();
        assert_eq!(keys.counter_key(1, b"a"), keys.counter_key(1, b"a"));
        assert_ne!(keys.counter_key(1, b"a"), keys.counter_key(2, b"a"));
        assert_ne!(keys.counter_key(1, b"a"), keys.counter_key(1, b"b"));
    }

    #[test]
    fn debug_output_shows_no_key() {
        let shown = format!("{:?}", ServerKeys::derive(NEW, Some(OLD)).unwrap());
        assert!(shown.contains("redacted"));
        assert!(
            !shown.contains("110"),
            "a byte of the secret is shown: {shown}"
        );
    }
}
