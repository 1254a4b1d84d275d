//! A device without a screen: what a client needs of a machine, the same in each run.

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    future::Future,
    rc::Rc,
    time::Duration,
};

use keyarc_client::{Host, Trust};
use keyarc_crypto::{KdfError, PasswordKey, SetupCode};
use keyarc_testkit::mutate::Dice;
use rand_core::{TryCryptoRng, TryRng};
use tokio::sync::Notify;
use zeroize::Zeroizing;

/// What a session told its device.
#[derive(Debug, Default)]
pub struct Told {
    /// Every note of what was seen, sealed; the last is what the device keeps.
    pub pins: Vec<Vec<u8>>,
    pub trust: Vec<Trust>,
    /// What keys were derived for: suite and handle.
    pub derived: Vec<(u8, [u8; 6])>,
    pub pauses: u32,
}

/// Time stands still, waiting takes none, and randomness repeats itself.
#[derive(Clone)]
pub struct Device {
    pub told: Rc<RefCell<Told>>,
    /// Somebody has waited for the server for longer than anybody would watch.
    pub gave_up: Rc<Notify>,
    rng: SeededRng,
    derives: Derives,
    waits: bool,
    now_ms: u64,
}

/// How a device derives keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derives {
    /// As the product does.
    Truly,
    /// By a stand-in that takes no time. For where the derivation is not the point.
    Quickly,
}

/// Pauses after which nobody watches any more.
const PATIENCE: u32 = 30;

impl Device {
    /// Devices with different seeds make different keys.
    pub fn new(seed: u64, derives: Derives) -> Self {
        Self {
            told: Rc::default(),
            gave_up: Rc::default(),
            rng: SeededRng(Rc::new(Cell::new(seed))),
            derives,
            waits: false,
            now_ms: 1_790_000_000_000,
        }
    }

    /// The same where waiting takes time, since somebody else has to get on with something.
    pub fn that_waits(self) -> Self {
        Self {
            waits: true,
            ..self
        }
    }

    /// The same at another time.
    pub fn at(self, now_ms: u64) -> Self {
        Self { now_ms, ..self }
    }

    /// What it keeps of what was seen.
    pub fn pins(&self) -> Option<Vec<u8>> {
        self.told.borrow().pins.last().cloned()
    }
}

impl Host for Device {
    type Rng = SeededRng;

    fn rng(&self) -> SeededRng {
        self.rng.clone()
    }

    fn now_ms(&self) -> u64 {
        self.now_ms
    }

    async fn sleep(&self, _millis: u32) {
        if self.waits {
            return tokio::time::sleep(Duration::from_millis(40)).await;
        }
        let pauses = {
            let mut told = self.told.borrow_mut();
            told.pauses += 1;
            told.pauses
        };
        if pauses > PATIENCE {
            self.gave_up.notify_one();
            std::future::pending().await
        }
    }

    fn derive_password_key(
        &self,
        password: &str,
        code: &SetupCode,
    ) -> impl Future<Output = Result<PasswordKey, KdfError>> {
        let what = (code.suite().to_byte(), code.handle());
        self.told.borrow_mut().derived.push(what);
        std::future::ready(match self.derives {
            Derives::Truly => keyarc_crypto::derive_password_key(password, code),
            Derives::Quickly => quick_key(password, code),
        })
    }

    fn keep_pins(&self, sealed: &[u8]) {
        self.told.borrow_mut().pins.push(sealed.to_vec());
    }

    fn trust(&self, trust: Trust) {
        self.told.borrow_mut().trust.push(trust);
    }
}

/// A key of the same inputs as the true one.
pub fn quick_key(password: &str, code: &SetupCode) -> Result<PasswordKey, KdfError> {
    if password.is_empty() {
        return Err(KdfError::Password);
    }
    let mut state = u64::from(code.suite().to_byte());
    for byte in password.bytes().chain(code.handle()) {
        state = Dice::new(state.rotate_left(8) ^ u64::from(byte)).roll();
    }
    let mut dice = Dice::new(state);
    let mut key = Zeroizing::new([0; 32]);
    key.fill_with(|| dice.roll() as u8);
    Ok(PasswordKey::from_derived(key))
}

/// Randomness that repeats itself (SplitMix64), shared by all who ask one device.
#[derive(Clone)]
pub struct SeededRng(Rc<Cell<u64>>);

impl TryRng for SeededRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|number| number as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let number = Dice::new(self.0.get()).roll();
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        Ok(number)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(8) {
            let number = self.try_next_u64()?;
            chunk.copy_from_slice(&number.to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for SeededRng {}
