//! What page and worker say to each other about passkeys.

use keyarc_wire::{Bytes, Fixed};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, ZeroizeOnDrop};

/// The PRF output of a passkey: a key. Wiped when dropped.
#[derive(Serialize, Deserialize)]
pub struct PrfOutput(pub Vec<u8>);

impl Drop for PrfOutput {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for PrfOutput {}

/// How a passkey is to be made.
#[derive(Clone, Serialize, Deserialize)]
pub struct PasskeyWish {
    /// The challenge.
    pub token: Fixed<32>,
    /// Names the account to the authenticator.
    pub user: [u8; 16],
    /// What a person knows the account by.
    pub label: String,
    /// The passkeys that there are.
    pub exclude: Vec<Bytes>,
    /// What the authenticator is to evaluate.
    pub prf_input: [u8; 32],
}

/// What a passkey is to sign.
#[derive(Clone, Serialize, Deserialize)]
pub struct PasskeyAsked {
    /// The challenge.
    pub challenge: Fixed<32>,
    /// Which passkeys may.
    pub credentials: Vec<Bytes>,
    /// What it is to evaluate with it.
    pub prf_input: Option<[u8; 32]>,
}
