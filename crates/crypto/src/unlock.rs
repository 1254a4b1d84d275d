//! What password and setup code give together.

use keyarc_signature::SigningKey;

use crate::kae1::SealingKey;
use crate::kdf::PasswordKey;
use crate::secret;
use crate::setup_code::SetupCode;

/// The keys that unlock an account: one wraps the root key, one proves at the server that the
/// password is known. The server keeps only the public half of the latter.
#[derive(Debug)]
pub struct UnlockKeys {
    wrap: SealingKey,
    auth: SigningKey,
}

impl UnlockKeys {
    /// Mixes the password's key with the setup code's secret.
    pub fn derive(password_key: &PasswordKey, setup_code: &SetupCode) -> Self {
        let master = secret::extract(setup_code.secret().bytes(), password_key.secret().bytes());
        let wrap = SealingKey::new(secret::derive(&master, "keyarc/v1/unlock/wrap"));
        let seed = secret::derive(&master, "keyarc/v1/unlock/auth");
        Self {
            wrap,
            auth: SigningKey::from_seed(seed.bytes()),
        }
    }

    /// Signs log-in statements.
    pub fn auth(&self) -> &SigningKey {
        &self.auth
    }

    pub(crate) fn wrap(&self) -> &SealingKey {
        &self.wrap
    }
}
