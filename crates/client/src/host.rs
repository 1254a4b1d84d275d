use std::future::Future;

use keyarc_crypto::{KdfError, PasswordKey, SetupCode};
use keyarc_vault::Day;
use rand_core::CryptoRng;

use crate::Trust;

/// What the machine provides besides the network.
pub trait Host {
    /// A source of randomness.
    type Rng: CryptoRng;

    /// Randomness from the operating system or the browser.
    fn rng(&self) -> Self::Rng;

    /// The clock, Unix milliseconds.
    fn now_ms(&self) -> u64;

    /// The person's own calendar day. That of UTC unless overridden.
    fn today(&self) -> Day {
        Day::from_unix_ms(i64::try_from(self.now_ms()).unwrap_or(i64::MAX), 0)
    }

    /// Waits. May end early when there is reason to think that the server is back.
    fn sleep(&self, millis: u32) -> impl Future<Output = ()>;

    /// Derives the password key. A host with a faster implementation than this crate's may use
    /// it; the result is the same.
    fn derive_password_key(
        &self,
        password: &str,
        code: &SetupCode,
    ) -> impl Future<Output = Result<PasswordKey, KdfError>> {
        std::future::ready(keyarc_crypto::derive_password_key(password, code))
    }

    /// What was seen of the account, sealed, to be given back at the next log-in on this device
    /// (see `LogIn::pins`). Does nothing unless overridden: then every log-in is that of a device
    /// without a memory.
    fn keep_pins(&self, _sealed: &[u8]) {}

    /// How far the vault may be believed has changed. Does nothing unless overridden.
    fn trust(&self, _trust: Trust) {}

    /// Long work goes on. Does nothing unless overridden.
    fn progress(&self, _stage: Stage, _percent: u8) {}

    /// The server does not answer, and so many writes wait. Does nothing unless overridden.
    fn offline(&self, _pending: u32) {}

    /// The server answers again. Does nothing unless overridden.
    fn online(&self) {}
}

/// A stage of long work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Deriving keys from the password.
    Deriving,
    /// Talking to the server.
    Fetching,
    /// Opening what came.
    Opening,
    /// Sealing what goes.
    Sealing,
    /// Sending.
    Sending,
    /// Checking what came against what was signed and what was seen before.
    Verifying,
}
