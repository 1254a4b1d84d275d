//! What a passkey gives, by the PRF extension of WebAuthn level 3.

use keyarc_signature::SigningKey;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::kae1::SealingKey;
use crate::secret;
use crate::setup_code::SetupCode;

const OUTPUT_LEN: usize = 32;

/// The authenticator gave nothing that a key could be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the passkey gave no usable output")]
pub struct PrfError;

/// What the authenticator is asked to evaluate, as `prf.eval.first`:
/// SHA-256(`"keyarc/v1/prf/unlock"`).
pub fn prf_input() -> [u8; 32] {
    Sha256::digest(b"keyarc/v1/prf/unlock").into()
}

/// The keys by which a passkey unlocks an account: one wraps the root key, one proves at the
/// server that the passkey gave its output. The server keeps only the public half of the latter.
#[derive(Debug)]
pub struct PasskeyKeys {
    wrap: SealingKey,
    auth: SigningKey,
}

impl PasskeyKeys {
    /// Mixes the output with the setup code's secret, so that whoever keeps copies of passkeys
    /// cannot open anything by them alone. An output that is not 32 bytes, or all zero, is
    /// refused: some authenticators gave such instead of an error.
    pub fn derive(prf_output: &[u8], setup_code: &SetupCode) -> Result<Self, PrfError> {
        if prf_output.len() != OUTPUT_LEN || bool::from(prf_output.ct_eq(&[0; OUTPUT_LEN])) {
            return Err(PrfError);
        }
        let master = secret::extract(setup_code.secret().bytes(), prf_output);
        let wrap = SealingKey::new(secret::derive(&master, "keyarc/v1/passkey/wrap"));
        let seed = secret::derive(&master, "keyarc/v1/passkey/auth");
        Ok(Self {
            wrap,
            auth: SigningKey::from_seed(seed.bytes()),
        })
    }

    /// Signs log-in statements.
    pub fn auth(&self) -> &SigningKey {
        &self.auth
    }

    pub(crate) fn wrap(&self) -> &SealingKey {
        &self.wrap
    }
}
