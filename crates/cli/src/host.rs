//! What this machine gives the client.

use std::{cell::RefCell, rc::Rc};

use keyarc_client::{Host, NativeHost, NativeTransport, Session, Trust};

use crate::{failure::Failure, home::Home};

/// An account that is logged in and unlocked, in this process.
pub type Open = Session<NativeTransport, Machine>;

/// Clock and randomness of the system, and a memory of what was seen.
#[derive(Clone)]
pub struct Machine {
    home: Home,
    /// Why what was seen could not be kept, if it could not.
    unkept: Rc<RefCell<Option<Failure>>>,
}

impl Machine {
    pub fn new(home: &Home) -> Self {
        Self {
            home: home.clone(),
            unkept: Rc::default(),
        }
    }

    /// Why what was seen of the vault could not be kept the last time, if it could not: a server
    /// that shows an older state later would not be found out.
    pub fn unkept(&self) -> Option<String> {
        self.unkept.borrow().as_ref().map(Failure::to_string)
    }
}

impl Host for Machine {
    type Rng = <NativeHost as Host>::Rng;

    fn rng(&self) -> Self::Rng {
        NativeHost.rng()
    }

    fn now_ms(&self) -> u64 {
        NativeHost.now_ms()
    }

    async fn sleep(&self, millis: u32) {
        NativeHost.sleep(millis).await;
    }

    fn keep_pins(&self, sealed: &[u8]) {
        *self.unkept.borrow_mut() = self.home.keep_seen(sealed).err();
    }
}

/// What is to be said of a vault that cannot be believed, or that nobody can vouch for.
pub fn doubt(trust: Trust) -> Option<&'static str> {
    trust.is_alarm().then_some(
        "the server shows another state of the vault than the newest that was seen; nothing is taken from it",
    )
}
