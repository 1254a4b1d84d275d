//! Change of password, and what a change of suite means for this device: its setup code becomes
//! another one. Until the new one is known to be in force the device keeps both, so that whatever
//! is cut off, the password that is right opens the vault here.

use keyarc_app::worker::{Failure, LEAST_SCORE, NewPassword, Reply, SuiteTime};
use keyarc_client::{ChangePassword, Host as _, PasswordError};
use keyarc_crypto::{SetupCode, Suite};
use zeroize::Zeroizing;

use super::{
    commands::{own_origin, rate, read_suite, remember},
    failure::from_store,
    kit::draw_kit,
    state::{Open, PinKeeper, VaultWorker, host},
};
use crate::browser::DeviceRecord;

/// A [`NewPassword`] that is wiped.
pub(super) struct Wish {
    pub(super) current: Zeroizing<String>,
    pub(super) new: Zeroizing<String>,
    pub(super) suite: Suite,
}

impl VaultWorker {
    /// Tells whether the change could be made, and gives the kit that it makes.
    pub(super) async fn make_kit(&self, wish: NewPassword) -> Result<Reply, Failure> {
        let session = self.session()?;
        let wish = self.checked(&session, wish).await?;
        session
            .check_password(&wish.current)
            .await
            .map_err(|error| self.failed(error))?;
        let code = session.setup_code(wish.suite);
        draw_kit(&session, &code, None, None).map(Reply::NewKit)
    }

    pub(super) async fn change_password(&self, wish: NewPassword) -> Result<Reply, Failure> {
        let session = self.session()?;
        let wish = self.checked(&session, wish).await?;
        let code = session.setup_code(wish.suite);
        let next = if wish.suite == session.suite() {
            None
        } else {
            self.keep_next(&session, &code).await?
        };
        let change = ChangePassword {
            origin: &own_origin()?,
            current: &wish.current,
            new: &wish.new,
            suite: wish.suite,
        };
        let changed = session.change_password(&change).await;
        match (&changed, next) {
            (Ok(()), Some(next)) => {
                remember(self.device, &code, &session, &next.device_name).await;
            }
            (Err(PasswordError::Unknown), _) | (_, None) => {}
            // If it stays, the next unlocking sees to it.
            (Err(_), Some(_)) => drop(self.device.drop_next().await),
        }
        match changed {
            Ok(()) => Ok(Reply::Unlocked(self.glance(&session).await)),
            Err(PasswordError::ChangedElsewhere) => Err(Failure::PasswordChangedElsewhere),
            Err(PasswordError::Unknown) => Err(Failure::PasswordUnknown),
            Err(PasswordError::Client(error)) => Err(self.failed(error)),
        }
    }

    /// Unlocks on a known device, by the setup code that it is known to have, or by the one that
    /// was about to come into force.
    pub(super) async fn unlock(&self, password: &str) -> Result<Reply, Failure> {
        let record = self.device.record().await.map_err(from_store)?;
        let record = record.ok_or(Failure::UnknownDevice)?;
        let code = record.open().await.map_err(|_| Failure::UnknownDevice)?;
        let unlocked = self
            .log_in(&code, password, false, &record.device_name)
            .await;
        let next = self.device.next_record().await.ok().flatten();
        let Some(next) = next.filter(|next| next.handle == record.handle) else {
            return unlocked;
        };
        match unlocked {
            Ok(reply) => {
                let _ = self.device.drop_next().await;
                Ok(reply)
            }
            Err(Failure::WrongPassword) => {
                let code = next.open().await.map_err(|_| Failure::WrongPassword)?;
                // It is the one in force, and is kept as that, also after a second factor.
                self.log_in(&code, password, true, &next.device_name).await
            }
            Err(other) => Err(other),
        }
    }

    pub(super) async fn checked(&self, session: &Open, wish: NewPassword) -> Result<Wish, Failure> {
        let wish = Wish {
            current: Zeroizing::new(wish.current),
            new: Zeroizing::new(wish.new),
            suite: read_suite(wish.suite)?,
        };
        let words: Vec<String> = session.email().map(str::to_owned).into_iter().collect();
        if rate(&wish.new, &words).await?.score < LEAST_SCORE {
            return Err(Failure::WeakPassword);
        }
        Ok(wish)
    }

    /// Keeps the setup code that is about to come into force, on a device that keeps the one
    /// that is. Nothing is sent before that is done.
    pub(super) async fn keep_next(
        &self,
        session: &Open,
        code: &SetupCode,
    ) -> Result<Option<DeviceRecord>, Failure> {
        let Ok(Some(record)) = self.device.record().await else {
            return Ok(None);
        };
        if record.handle != session.handle() {
            return Ok(None);
        }
        let label = session.unlocked().label;
        let mut next = DeviceRecord::seal(code, &label, &record.device_name)
            .await
            .map_err(from_store)?;
        next.passkeys = record.passkeys;
        self.device.keep_next(&next).await.map_err(from_store)?;
        Ok(Some(next))
    }
}

/// Derives a key that is thrown away, in each suite.
pub(super) async fn measure_suites() -> Vec<SuiteTime> {
    let host = host(&PinKeeper::default());
    let mut measured = Vec::new();
    for suite in Suite::ALL {
        let code = SetupCode::make(suite, &mut host.rng());
        let began_ms = host.now_ms();
        let derived = host.derive_password_key("measured, not used", &code).await;
        let took_ms = host.now_ms().saturating_sub(began_ms);
        measured.push(SuiteTime {
            suite: suite.to_byte(),
            millis: derived.is_ok().then_some(took_ms as u32),
        });
    }
    measured
}
