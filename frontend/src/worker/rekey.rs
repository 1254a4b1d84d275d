//! Change of all keys. The new ones are in this worker's memory alone until they are in force: a
//! page that is closed or reloaded meanwhile leaves the account as it was.

use keyarc_app::worker::{Failure, NewPassword, Reply};
use keyarc_client::{ChangeAllKeys, PasswordError};

use super::{
    commands::{own_origin, remember},
    failure::gone,
    kit::draw_kit,
    state::VaultWorker,
};

impl VaultWorker {
    /// Makes keys that are not in force yet, and the kit that belongs to them.
    pub(super) async fn make_keys(&self, wish: NewPassword) -> Result<Reply, Failure> {
        let session = self.session()?;
        let wish = self.checked(&session, wish).await?;
        let keys = ChangeAllKeys {
            current: &wish.current,
            new: &wish.new,
            suite: wish.suite,
        };
        let rekey = session
            .begin_rekey(&keys)
            .await
            .map_err(|error| self.failed(error))?;
        let kit = draw_kit(
            &session,
            rekey.setup_code(),
            Some(rekey.recovery_key()),
            Some(rekey.checkpoint()),
        )?;
        *self.rekey.borrow_mut() = Some(rekey);
        Ok(Reply::NewKit(kit))
    }

    pub(super) async fn rekey(&self, current: &str) -> Result<Reply, Failure> {
        let session = self.session()?;
        let Some(mut rekey) = self.rekey.borrow_mut().take() else {
            return Err(gone());
        };
        // Nothing is sent before this device has the code that may be in force afterwards.
        let next = match self.keep_next(&session, rekey.setup_code()).await {
            Ok(next) => next,
            Err(failure) => {
                *self.rekey.borrow_mut() = Some(rekey);
                return Err(failure);
            }
        };
        let origin = own_origin()?;
        let views = self.kept_views(&session).await;
        match session.rekey(&mut rekey, &origin, current).await {
            Ok(new) => {
                let new = self.enter(new);
                if let Some(next) = next {
                    // A form that was kept is sealed under a key that is gone.
                    let _ = self.device.drop_draft(new.handle()).await;
                    remember(self.device, rekey.setup_code(), &new, &next.device_name).await;
                }
                if !views.is_empty() {
                    // They are sealed under a key that is gone. A device that keeps nothing more
                    // loses them.
                    let _ = self.keep_views(&new, &views).await;
                }
                Ok(Reply::Unlocked(self.glance(&new).await))
            }
            Err(error) => {
                *self.rekey.borrow_mut() = Some(rekey);
                Err(match error {
                    PasswordError::Unknown => Failure::KeysUnknown,
                    PasswordError::ChangedElsewhere => Failure::PasswordChangedElsewhere,
                    PasswordError::Client(error) => self.failed(error),
                })
            }
        }
    }

    /// Wipes the new keys, and has the server drop what it keeps aside.
    pub(super) async fn drop_rekey(&self) -> Result<Reply, Failure> {
        let session = self.session()?;
        self.rekey.borrow_mut().take();
        let dropped = session.discard_rekey().await;
        dropped.map_err(|error| self.failed(error))?;
        let _ = self.device.drop_next().await;
        Ok(Reply::Done)
    }
}
