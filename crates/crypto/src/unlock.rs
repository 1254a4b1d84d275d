//! What password and setup code give together.

use keyarc_signature::SigningKey;
use rand_core::CryptoRng;

use crate::aad::{Aad, Binding, EnvelopeType};
use crate::error::{OpenError, SealError};
use crate::kae1::SealingKey;
use crate::kdf::PasswordKey;
use crate::secret::{self, Secret};
use crate::setup_code::SetupCode;

const KEPT: &[u8] = b"keyarc/v1/kept";
const KEPT_UNLOCK: &str = "keyarc/v1/kept/unlock";

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
        Self::of(&master(password_key, setup_code))
    }

    /// Seals what these keys are derived from, for a place of one's own that is apart from the setup
    /// code. With the setup code it stands for the password; neither opens anything without the other.
    pub fn keep(
        password_key: &PasswordKey,
        setup_code: &SetupCode,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, SealError> {
        let master = master(password_key, setup_code);
        kept_key(setup_code).seal(&KeptBinding(setup_code), master.bytes(), rng)
    }

    /// Derives them from what [`Self::keep`] made with this setup code. Whether the password of then
    /// is that of now is for the server's wraps to tell.
    pub fn of_kept(kept: &[u8], setup_code: &SetupCode) -> Result<Self, OpenError> {
        let master = kept_key(setup_code).open(&KeptBinding(setup_code), kept)?;
        Secret::copy_of(&master)
            .map(|master| Self::of(&master))
            .ok_or(OpenError)
    }

    fn of(master: &Secret<32>) -> Self {
        let wrap = SealingKey::new(secret::derive(master, "keyarc/v1/unlock/wrap"));
        let seed = secret::derive(master, "keyarc/v1/unlock/auth");
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

fn master(password_key: &PasswordKey, setup_code: &SetupCode) -> Secret<32> {
    secret::extract(setup_code.secret().bytes(), password_key.secret().bytes())
}

fn kept_key(setup_code: &SetupCode) -> SealingKey {
    let extracted = secret::extract(KEPT, setup_code.secret().bytes());
    SealingKey::new(secret::derive(&extracted, KEPT_UNLOCK))
}

/// The place of what stands for the password of an account, which is named as its setup code names it.
struct KeptBinding<'a>(&'a SetupCode);

impl Binding for KeptBinding<'_> {
    fn envelope_type(&self) -> EnvelopeType {
        EnvelopeType::KeptUnlock
    }

    fn write(&self, aad: &mut Aad) {
        aad.field(&self.0.handle()).field(b"kept-unlock");
    }
}
