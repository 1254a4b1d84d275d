use keyarc_crypto::{SealError, StateContext};
use keyarc_vault::{SavedView, decode_views, encode_views};

use super::Session;
use crate::{ClientError, Host, Transport};

/// Where saved views are bound to: this account and nothing else.
const VIEWS: &str = "views";

impl<T: Transport, H: Host> Session<T, H> {
    /// Seals saved views for keeping on this device.
    pub fn seal_views(&self, views: &[SavedView]) -> Result<Vec<u8>, ClientError> {
        let plaintext = encode_views(views);
        self.root
            .seal_state(&self.views_context(), &plaintext, &mut self.host.rng())
            .map_err(|error| match error {
                SealError::TooLong => ClientError::TooLarge,
                SealError::Randomness => ClientError::Sealing,
            })
    }

    /// Opens views sealed by [`Self::seal_views`]; `None` when they are not this account's, or
    /// were sealed under keys that are not in force any more.
    pub fn open_views(&self, sealed: &[u8]) -> Option<Vec<SavedView>> {
        let plaintext = self.root.open_state(&self.views_context(), sealed).ok()?;
        decode_views(&plaintext)
    }

    fn views_context(&self) -> StateContext {
        StateContext {
            owner: self.account.0,
            label: VIEWS,
        }
    }
}
