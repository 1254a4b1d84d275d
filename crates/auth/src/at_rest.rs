use aes_gcm::{
    Aes256Gcm, Key, Nonce,
    aead::{Aead as _, KeyInit as _, Payload},
};
use zeroize::Zeroizing;

use crate::{TotpSecret, WEBHOOK_SECRET_LEN, WebhookSecret, mac::MacKey, totp::TOTP_SECRET_LEN};

/// Length of the random nonce that each sealing takes, in bytes.
pub const AT_REST_NONCE_LEN: usize = 12;
/// Length of the name of a key in bytes.
pub const AT_REST_KEY_ID_LEN: usize = 8;

/// A TOTP secret as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedTotpSecret {
    /// Names the key, so that those under an earlier one are found after a rotation.
    pub key_id: [u8; AT_REST_KEY_ID_LEN],
    /// nonce 12 ‖ AES-256-GCM(key, nonce, secret 20, account id) with its tag.
    pub bytes: Vec<u8>,
}

/// A webhook, its secret and its address, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedWebhook {
    /// Names the key, so that those under an earlier one are found after a rotation.
    pub key_id: [u8; AT_REST_KEY_ID_LEN],
    /// nonce 12 ‖ AES-256-GCM(key, nonce, secret 32 ‖ address, account id) with its tag.
    pub bytes: Vec<u8>,
}

/// Encrypts what the server has to store and to read again: TOTP secrets, and webhooks.
///
/// A database that is copied without the server's secret tells none of them. It is no protection
/// against the server itself. Its `Debug` shows nothing.
#[derive(Clone)]
pub(crate) struct AtRestKey {
    pub(crate) id: [u8; AT_REST_KEY_ID_LEN],
    key: Zeroizing<[u8; 32]>,
}

impl AtRestKey {
    /// Derives the key for TOTP secrets from the server's secret.
    pub(crate) fn derive(secret: &[u8]) -> Self {
        Self::derive_for(secret, "keyarc/v1/server/totp-secret")
    }

    /// Derives the key for webhooks from the server's secret.
    pub(crate) fn derive_webhook(secret: &[u8]) -> Self {
        Self::derive_for(secret, "keyarc/v1/server/webhook")
    }

    fn derive_for(secret: &[u8], label: &str) -> Self {
        let key = MacKey::derive_bytes(secret, label);
        let named = MacKey::derive_bytes(secret, &format!("{label}/key-id"));
        let mut id = [0; AT_REST_KEY_ID_LEN];
        id.copy_from_slice(&named[..AT_REST_KEY_ID_LEN]);
        Self { id, key }
    }

    /// Encrypts a secret for an account. `nonce` is fresh and random. `None` never happens: the
    /// cipher refuses only what is longer than 64 GiB.
    pub(crate) fn seal(
        &self,
        account_id: &[u8; 16],
        nonce: [u8; AT_REST_NONCE_LEN],
        secret: &TotpSecret,
    ) -> Option<SealedTotpSecret> {
        Some(SealedTotpSecret {
            key_id: self.id,
            bytes: self.seal_bytes(account_id, nonce, secret.as_bytes())?,
        })
    }

    /// Decrypts a secret of an account; `None` when this key did not encrypt it for that account.
    pub(crate) fn open(&self, account_id: &[u8; 16], bytes: &[u8]) -> Option<TotpSecret> {
        let secret = self.open_bytes(account_id, bytes)?;
        let secret = <[u8; TOTP_SECRET_LEN]>::try_from(secret.as_slice()).ok()?;
        Some(TotpSecret::make(secret))
    }

    /// Encrypts a webhook of an account. `nonce` is fresh and random. `None` never happens.
    pub(crate) fn seal_webhook(
        &self,
        account_id: &[u8; 16],
        nonce: [u8; AT_REST_NONCE_LEN],
        secret: &WebhookSecret,
        url: &str,
    ) -> Option<SealedWebhook> {
        let plain = Zeroizing::new([secret.as_bytes().as_slice(), url.as_bytes()].concat());
        Some(SealedWebhook {
            key_id: self.id,
            bytes: self.seal_bytes(account_id, nonce, &plain)?,
        })
    }

    /// Decrypts a webhook of an account.
    pub(crate) fn open_webhook(
        &self,
        account_id: &[u8; 16],
        bytes: &[u8],
    ) -> Option<(WebhookSecret, String)> {
        let plain = self.open_bytes(account_id, bytes)?;
        let (secret, url) = plain.split_first_chunk::<WEBHOOK_SECRET_LEN>()?;
        let url = std::str::from_utf8(url).ok()?.to_owned();
        Some((WebhookSecret::make(*secret), url))
    }

    fn seal_bytes(
        &self,
        account_id: &[u8; 16],
        nonce: [u8; AT_REST_NONCE_LEN],
        msg: &[u8],
    ) -> Option<Vec<u8>> {
        let aad = account_id;
        let sealed = self
            .cipher()
            .encrypt(&Nonce::from(nonce), Payload { msg, aad })
            .ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    fn open_bytes(&self, account_id: &[u8; 16], bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, msg) = bytes.split_first_chunk::<AT_REST_NONCE_LEN>()?;
        let aad = account_id;
        let plain = self
            .cipher()
            .decrypt(&Nonce::from(*nonce), Payload { msg, aad })
            .ok()?;
        Some(Zeroizing::new(plain))
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&Key::<Aes256Gcm>::from(*self.key))
    }
}

impl std::fmt::Debug for AtRestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AtRestKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> AtRestKey {
        AtRestKey::derive(b"0123456789abcdef0123456789abcdef")
    }

    #[test]
    fn the_bytes_are_those_checked_in() {
        let secret = TotpSecret::make([5; 20]);
        let sealed = key().seal(&[1; 16], [2; 12], &secret).unwrap();
        assert_eq!(
            hex::encode(&sealed.bytes),
            include_str!("../vectors/totp-secret.hex").trim()
        );
        assert_eq!(sealed.bytes.len(), 12 + 20 + 16);
        assert!(format!("{:?}", key()).contains("redacted"));
    }

    proptest! {
        #[test]
        fn it_opens_for_its_account_and_key_alone(
            secret: [u8; 20],
            nonce: [u8; 12],
            account: [u8; 16],
            other: [u8; 16],
            bit in 0..384_usize,
        ) {
            let mut sealed = key().seal(&account, nonce, &TotpSecret::make(secret)).unwrap().bytes;
            let opened = key().open(&account, &sealed).unwrap();
            prop_assert_eq!(opened.as_bytes(), &secret);
            prop_assert_eq!(key().open(&other, &sealed).is_some(), other == account);
            let foreign = AtRestKey::derive(b"another secret");
            prop_assert!(foreign.open(&account, &sealed).is_none());
            prop_assert_ne!(foreign.id, key().id);
            sealed[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(key().open(&account, &sealed).is_none());
            prop_assert!(key().open(&account, &sealed[..bit / 8]).is_none());
        }

        #[test]
        fn a_webhook_opens_for_its_account_and_key_alone(
            secret: [u8; 32],
            nonce: [u8; 12],
            account: [u8; 16],
            other: [u8; 16],
            url in "https://[a-z]{1,20}/[a-zA-Z0-9]{0,40}",
        ) {
            let key = AtRestKey::derive_webhook(b"0123456789abcdef0123456789abcdef");
            let sealed = key.seal_webhook(&account, nonce, &WebhookSecret::make(secret), &url).unwrap();
            let (opened, at) = key.open_webhook(&account, &sealed.bytes).unwrap();
            prop_assert_eq!(opened.as_bytes(), &secret);
            prop_assert_eq!(at, url);
            prop_assert_eq!(key.open_webhook(&other, &sealed.bytes).is_some(), other == account);
            // Neither key takes what is the other's.
            prop_assert!(AtRestKey::derive(b"0123456789abcdef0123456789abcdef")
                .open_bytes(&account, &sealed.bytes).is_none());
            prop_assert_ne!(sealed.key_id, self::key().id);
        }
    }
}
