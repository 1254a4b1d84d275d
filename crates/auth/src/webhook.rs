use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::mac::MacKey;

/// Length of a webhook's secret in bytes.
pub const WEBHOOK_SECRET_LEN: usize = 32;
const PREFIX: &str = "whsec_";

/// What a webhook's requests are signed with, as Standard Webhooks 1.0 has it: HMAC-SHA256 over
/// `id.timestamp.body`. Wiped when dropped.
pub struct WebhookSecret(Zeroizing<[u8; WEBHOOK_SECRET_LEN]>);

impl WebhookSecret {
    /// From random bytes.
    pub fn make(bytes: [u8; WEBHOOK_SECRET_LEN]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for keeping.
    pub fn as_bytes(&self) -> &[u8; WEBHOOK_SECRET_LEN] {
        &self.0
    }

    /// `whsec_` and base64, as receivers take it.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        text.push_str(PREFIX);
        STANDARD.encode_string(self.0.as_slice(), &mut text);
        text
    }

    /// The header `webhook-signature` of a request: `v1,` and base64. `id` is the header
    /// `webhook-id` and holds no full stop; `timestamp` is `webhook-timestamp`, Unix seconds.
    pub fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let tag = MacKey::new(self.0.as_slice()).tag(&[
            id.as_bytes(),
            b".",
            timestamp.to_string().as_bytes(),
            b".",
            body,
        ]);
        format!("v1,{}", STANDARD.encode(tag))
    }
}

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The worked example of Standard Webhooks has a shorter secret: what is compared is its
    /// construction, with the MAC taken over one text.
    #[test]
    fn the_signature_covers_id_time_and_body() {
        let secret = WebhookSecret::make([7; 32]);
        let whole = MacKey::new(&[7; 32]).tag(&[b"msg_1.1614265330.{\"test\": 2432232314}"]);
        assert_eq!(
            secret.sign("msg_1", 1_614_265_330, b"{\"test\": 2432232314}"),
            format!("v1,{}", STANDARD.encode(whole))
        );
    }

    #[test]
    fn the_secret_reads_as_receivers_expect() {
        let secret = WebhookSecret::make([0; 32]);
        assert_eq!(*secret.to_text(), format!("whsec_{}=", "A".repeat(43)));
        assert_eq!(format!("{secret:?}"), "WebhookSecret(redacted)");
    }

    proptest! {
        #[test]
        fn another_id_time_body_or_secret_has_another_signature(
            id in "[a-z0-9_]{1,20}",
            time in any::<u32>(),
            body: Vec<u8>,
            other in "[a-z0-9_]{1,20}",
            secret: [u8; 32],
        ) {
            let time = u64::from(time);
            let signed = WebhookSecret::make(secret).sign(&id, time, &body);
            prop_assert_eq!(&WebhookSecret::make(secret).sign(&id, time, &body), &signed);
            prop_assert_ne!(&WebhookSecret::make(secret).sign(&id, time + 1, &body), &signed);
            let longer = [body.as_slice(), b" "].concat();
            prop_assert_ne!(&WebhookSecret::make(secret).sign(&id, time, &longer), &signed);
            prop_assert_eq!(WebhookSecret::make(secret).sign(&other, time, &body) == signed, other == id);
            let mut foreign = secret;
            foreign[0] ^= 1;
            prop_assert_ne!(&WebhookSecret::make(foreign).sign(&id, time, &body), &signed);
        }
    }
}
