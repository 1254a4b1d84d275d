use crate::{
    AccessKey, AccessToken, AccessTokenError, Challenge, ChallengeError, ChallengeKey,
    SealedTotpSecret, SealedWebhook, TotpSecret, WebhookSecret,
    at_rest::{AT_REST_KEY_ID_LEN, AT_REST_NONCE_LEN, AtRestKey},
    mac::MacKey,
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
/// until it expires, and opens what was stored under it. Sessions are not affected: they are
/// random tokens.
#[derive(Debug, Clone)]
pub struct ServerKeys {
    current: KeySet,
    previous: Option<KeySet>,
    counters: MacKey,
    mail_codes: MacKey,
}

#[derive(Debug, Clone)]
struct KeySet {
    challenge: ChallengeKey,
    access: AccessKey,
    second_factor: ChallengeKey,
    recovery: ChallengeKey,
    passkey: ChallengeKey,
    at_rest: AtRestKey,
    webhooks: AtRestKey,
}

impl KeySet {
    fn derive(secret: &[u8]) -> Result<Self, WeakSecret> {
        if secret.len() < MIN_SECRET_LEN {
            return Err(WeakSecret);
        }
        Ok(Self {
            challenge: ChallengeKey::derive(secret),
            access: AccessKey::derive(secret),
            second_factor: ChallengeKey::derive_second_factor(secret),
            recovery: ChallengeKey::derive_recovery(secret),
            passkey: ChallengeKey::derive_passkey(secret),
            at_rest: AtRestKey::derive(secret),
            webhooks: AtRestKey::derive_webhook(secret),
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
            mail_codes: MacKey::derive(secret, "keyarc/v1/server/mail-code"),
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
        self.check_nonce(|keys| keys.challenge.check(nonce, handle, now_ms))
    }

    /// Makes the token between the two halves of a log-in, for a handle and the signature of the
    /// first half. See [`ChallengeKey::issue`].
    pub fn issue_second_factor(
        &self,
        handle: &[u8; 6],
        signature: &[u8; 64],
        now_ms: u64,
        random: [u8; 8],
    ) -> Challenge {
        let subject = log_in_subject(handle, signature);
        self.current.second_factor.issue(&subject, now_ms, random)
    }

    /// Checks that token and tells when it expires. See [`ChallengeKey::check`].
    pub fn check_second_factor(
        &self,
        token: &[u8],
        handle: &[u8; 6],
        signature: &[u8; 64],
        now_ms: u64,
    ) -> Result<u64, ChallengeError> {
        let subject = log_in_subject(handle, signature);
        self.check_nonce(|keys| keys.second_factor.check(token, &subject, now_ms))
    }

    /// Makes the ticket between the two halves of a recovery, for a handle and the recovery key's
    /// public half. See [`ChallengeKey::issue`].
    pub fn issue_recovery(
        &self,
        handle: &[u8; 6],
        public_key: &[u8; 32],
        now_ms: u64,
        random: [u8; 8],
    ) -> Challenge {
        let subject = recovery_subject(handle, public_key);
        self.current.recovery.issue(&subject, now_ms, random)
    }

    /// Checks that ticket and tells when it expires. See [`ChallengeKey::check`].
    pub fn check_recovery(
        &self,
        ticket: &[u8],
        handle: &[u8; 6],
        public_key: &[u8; 32],
        now_ms: u64,
    ) -> Result<u64, ChallengeError> {
        let subject = recovery_subject(handle, public_key);
        self.check_nonce(|keys| keys.recovery.check(ticket, &subject, now_ms))
    }

    /// Makes the token that a session registers a passkey with. See [`ChallengeKey::issue`].
    pub fn issue_passkey(
        &self,
        account_id: &[u8; 16],
        session_id: &[u8; 16],
        now_ms: u64,
        random: [u8; 8],
    ) -> Challenge {
        let subject = [*account_id, *session_id].concat();
        self.current.passkey.issue(&subject, now_ms, random)
    }

    /// Checks that token and tells when it expires. See [`ChallengeKey::check`].
    pub fn check_passkey(
        &self,
        token: &[u8],
        account_id: &[u8; 16],
        session_id: &[u8; 16],
        now_ms: u64,
    ) -> Result<u64, ChallengeError> {
        let subject = [*account_id, *session_id].concat();
        self.check_nonce(|keys| keys.passkey.check(token, &subject, now_ms))
    }

    fn check_nonce(
        &self,
        check: impl Fn(&KeySet) -> Result<u64, ChallengeError>,
    ) -> Result<u64, ChallengeError> {
        match (check(&self.current), &self.previous) {
            (Err(ChallengeError::NotOurs), Some(previous)) => check(previous),
            (result, _) => result,
        }
    }

    /// Encrypts a TOTP secret for an account. `nonce` is fresh and random. `None` never happens.
    pub fn seal_totp(
        &self,
        account_id: &[u8; 16],
        nonce: [u8; AT_REST_NONCE_LEN],
        secret: &TotpSecret,
    ) -> Option<SealedTotpSecret> {
        self.current.at_rest.seal(account_id, nonce, secret)
    }

    /// Decrypts a TOTP secret of an account; `None` when it was not encrypted for that account,
    /// or under a secret that this server has no more.
    pub fn open_totp(&self, account_id: &[u8; 16], bytes: &[u8]) -> Option<TotpSecret> {
        let opened = self.current.at_rest.open(account_id, bytes);
        opened.or_else(|| self.previous.as_ref()?.at_rest.open(account_id, bytes))
    }

    /// The name of the key that TOTP secrets were encrypted under before a rotation; `None` when
    /// there is none.
    pub fn previous_totp_key_id(&self) -> Option<[u8; AT_REST_KEY_ID_LEN]> {
        let previous = self.previous.as_ref()?.at_rest.id;
        (previous != self.current.at_rest.id).then_some(previous)
    }

    /// Encrypts a webhook of an account: its secret and its address, which may hold a secret, too.
    /// `nonce` is fresh and random. `None` never happens.
    pub fn seal_webhook(
        &self,
        account_id: &[u8; 16],
        nonce: [u8; AT_REST_NONCE_LEN],
        secret: &WebhookSecret,
        url: &str,
    ) -> Option<SealedWebhook> {
        let key = &self.current.webhooks;
        key.seal_webhook(account_id, nonce, secret, url)
    }

    /// Decrypts a webhook of an account; `None` when it was not encrypted for that account, or
    /// under a secret that this server has no more.
    pub fn open_webhook(
        &self,
        account_id: &[u8; 16],
        bytes: &[u8],
    ) -> Option<(WebhookSecret, String)> {
        let opened = self.current.webhooks.open_webhook(account_id, bytes);
        opened.or_else(|| {
            let previous = self.previous.as_ref()?;
            previous.webhooks.open_webhook(account_id, bytes)
        })
    }

    /// The name of the key that webhooks were encrypted under before a rotation; `None` when there
    /// is none.
    pub fn previous_webhook_key_id(&self) -> Option<[u8; AT_REST_KEY_ID_LEN]> {
        let previous = self.previous.as_ref()?.webhooks.id;
        (previous != self.current.webhooks.id).then_some(previous)
    }

    /// What is kept of a code that was sent to an account's address. A code is short: without this
    /// key a copy of the database would tell it.
    pub fn mail_code_tag(&self, account_id: &[u8; 16], code: &[u8; 8]) -> [u8; 32] {
        self.mail_codes.tag(&[account_id, code])
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

/// Handle ‖ signature, both of fixed length. The signature is over origin, nonces and time, so
/// that it stands for the whole proof.
fn log_in_subject(handle: &[u8; 6], signature: &[u8; 64]) -> [u8; 70] {
    let mut subject = [0; 70];
    subject[..6].copy_from_slice(handle);
    subject[6..].copy_from_slice(signature);
    subject
}

/// Handle ‖ public key, both of fixed length.
fn recovery_subject(handle: &[u8; 6], public_key: &[u8; 32]) -> [u8; 38] {
    let mut subject = [0; 38];
    subject[..6].copy_from_slice(handle);
    subject[6..].copy_from_slice(public_key);
    subject
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
    fn a_passkey_is_registered_in_the_session_that_asked() {
        let before = ServerKeys::derive(OLD, None).unwrap();
        let during = ServerKeys::derive(NEW, Some(OLD)).unwrap();
        let token = before.issue_passkey(&[1; 16], &[2; 16], 0, [3; 8]).nonce;
        assert_eq!(
            during.check_passkey(&token, &[1; 16], &[2; 16], 0),
            Ok(300_000)
        );
        for (account, session) in [([2; 16], [1; 16]), ([1; 16], [1; 16])] {
            assert_eq!(
                before.check_passkey(&token, &account, &session, 0),
                Err(ChallengeError::NotOurs)
            );
        }
        assert_eq!(
            before.check_passkey(&token, &[1; 16], &[2; 16], 300_001),
            Err(ChallengeError::Expired)
        );
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
    fn a_rotation_keeps_second_factors() {
        let before = ServerKeys::derive(OLD, None).unwrap();
        let during = ServerKeys::derive(NEW, Some(OLD)).unwrap();
        let after = ServerKeys::derive(NEW, None).unwrap();
        let sealed = before
            .seal_totp(&[1; 16], [2; 12], &TotpSecret::make([3; 20]))
            .unwrap();
        assert_eq!(during.previous_totp_key_id(), Some(sealed.key_id));
        assert_eq!(after.previous_totp_key_id(), None);
        let opened = during.open_totp(&[1; 16], &sealed.bytes).unwrap();
        assert!(during.open_totp(&[9; 16], &sealed.bytes).is_none());
        assert!(after.open_totp(&[1; 16], &sealed.bytes).is_none());
        let again = during.seal_totp(&[1; 16], [4; 12], &opened).unwrap();
        assert!(after.open_totp(&[1; 16], &again.bytes).is_some());

        let token = before.issue_second_factor(&[3; 6], &[4; 64], 0, [5; 8]);
        let check = |keys: &ServerKeys, handle: &[u8; 6], signature: &[u8; 64]| {
            keys.check_second_factor(&token.nonce, handle, signature, 0)
        };
        assert_eq!(check(&during, &[3; 6], &[4; 64]), Ok(300_000));
        for (keys, handle, signature) in [
            (&after, [3; 6], [4; 64]),
            (&during, [0; 6], [4; 64]),
            (&during, [3; 6], [0; 64]),
        ] {
            let refused = check(keys, &handle, &signature);
            assert_eq!(refused, Err(ChallengeError::NotOurs));
        }
    }

    #[test]
    fn the_same_secret_twice_is_no_rotation() {
        let keys = ServerKeys::derive(NEW, Some(NEW)).unwrap();
        assert_eq!(keys.previous_totp_key_id(), None);
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

    #[test]
    fn a_ticket_is_for_one_handle_and_key_and_outlives_a_rotation() {
        let before = ServerKeys::derive(OLD, None).unwrap();
        let ticket = before.issue_recovery(&[3; 6], &[4; 32], 0, [5; 8]).nonce;
        let after = ServerKeys::derive(NEW, Some(OLD)).unwrap();
        for keys in [before, after] {
            let check = |handle, key, now| keys.check_recovery(&ticket, handle, key, now);
            assert_eq!(check(&[3; 6], &[4; 32], 900_000), Ok(900_000));
            assert_eq!(
                check(&[3; 6], &[4; 32], 900_001),
                Err(ChallengeError::Expired)
            );
            assert_eq!(check(&[2; 6], &[4; 32], 0), Err(ChallengeError::NotOurs));
            assert_eq!(check(&[3; 6], &[5; 32], 0), Err(ChallengeError::NotOurs));
            let token = keys.check_second_factor(&ticket, &[3; 6], &[4; 64], 0);
            assert_eq!(token, Err(ChallengeError::NotOurs));
        }
    }
}
