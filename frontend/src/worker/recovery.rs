//! Coming back by the recovery key, and keeping the recovery kit in order.

use keyarc_app::worker::{Failure, LEAST_SCORE, RecoveryView, Reply};
use keyarc_client::{ClientError, FetchTransport, PasswordError, Recover, RecoveryState, Session};
use keyarc_crypto::{Kit, SetupCode};
use keyarc_wire::{ClientKind, Handle};

use super::{
    commands::{own_origin, rate, remember},
    failure::{from_client, from_kit, from_setup_code, gone},
    kit::draw_kit,
    state::{PinKeeper, Recovering, VaultWorker, host},
};

impl VaultWorker {
    pub(super) async fn begin_recovery(&self, text: &str) -> Result<Reply, Failure> {
        self.recovering.borrow_mut().take();
        let kit = Kit::parse(text).map_err(from_kit)?;
        let handle = Handle(kit.setup_code.handle());
        let seen = self.device.pins(handle).await.ok().flatten();
        let pins = PinKeeper::default();
        let wish = Recover {
            origin: &own_origin()?,
            kit: &kit,
            pins: seen.as_deref(),
        };
        let begun = Session::begin_recovery(FetchTransport::home(), host(&pins), &wish).await;
        let (recovering, reply) = match begun.map_err(from_recovery)? {
            keyarc_client::Recovering::Ready(recovery) => {
                (Recovering::Password(recovery, pins), Ok(Reply::Done))
            }
            keyarc_client::Recovering::SecondFactor(pending) => (
                Recovering::Code(pending, pins),
                Err(Failure::SecondFactorRequired),
            ),
        };
        *self.recovering.borrow_mut() = Some(recovering);
        reply
    }

    /// After a wrong code the recovery waits for another.
    pub(super) async fn recovery_code(&self, code: &str) -> Result<Reply, Failure> {
        let taken = self.recovering.borrow_mut().take();
        let Some(Recovering::Code(pending, pins)) = taken else {
            return Err(Failure::LogInExpired);
        };
        match pending.finish(code).await {
            Ok(recovery) => {
                *self.recovering.borrow_mut() = Some(Recovering::Password(recovery, pins));
                Ok(Reply::Done)
            }
            Err(refused) => {
                let pending = refused.pending;
                *self.recovering.borrow_mut() =
                    pending.map(|pending| Recovering::Code(pending, pins));
                Err(from_client(refused.error))
            }
        }
    }

    pub(super) async fn finish_recovery(
        &self,
        password: &str,
        keep: bool,
        device_name: &str,
    ) -> Result<Reply, Failure> {
        // Whatever is wrong with the password is told before the recovery is used up.
        if rate(password, &[]).await?.score < LEAST_SCORE {
            return Err(Failure::WeakPassword);
        }
        let taken = self.recovering.borrow_mut().take();
        let Some(Recovering::Password(recovery, pins)) = taken else {
            return Err(Failure::LogInExpired);
        };
        let code = SetupCode::parse(&recovery.setup_code().to_text()).map_err(from_setup_code)?;
        let finished = recovery.finish(password, device_name, ClientKind::Browser);
        let session = match finished.await {
            Ok(session) => self.enter(session),
            Err(PasswordError::Unknown) => return Err(Failure::RecoveryUnknown),
            Err(PasswordError::ChangedElsewhere) => return Err(Failure::LogInExpired),
            Err(PasswordError::Client(error)) => return Err(from_client(error)),
        };
        if keep {
            remember(self.device, &code, &session, device_name).await;
        }
        self.keep_seen(&pins, &session).await;
        Ok(Reply::Unlocked(self.glance(&session).await))
    }

    /// Makes a kit that is not in force yet.
    pub(super) async fn make_recovery_key(&self, password: &str) -> Result<Reply, Failure> {
        let session = self.session()?;
        let made = session
            .make_recovery_key(password)
            .await
            .map_err(|error| self.failed(error))?;
        let code = session.setup_code(session.suite());
        let kit = draw_kit(&session, &code, Some(made.key()), Some(made.checkpoint()))?;
        *self.made_key.borrow_mut() = Some(made);
        Ok(Reply::NewKit(kit))
    }

    pub(super) async fn put_recovery_key(&self, password: &str) -> Result<Reply, Failure> {
        let session = self.session()?;
        let Some(made) = self.made_key.borrow_mut().take() else {
            return Err(gone());
        };
        let put = session
            .put_recovery_key(&own_origin()?, password, &made)
            .await;
        if put.is_err() {
            // It may be tried again with the same key, which is on paper by now.
            *self.made_key.borrow_mut() = Some(made);
        }
        put.map_err(|error| self.failed(error))?;
        Ok(Reply::Recovery(view(session.recovery())))
    }

    pub(super) async fn revoke_recovery_key(&self, password: &str) -> Result<Reply, Failure> {
        let session = self.session()?;
        let revoked = session.revoke_recovery_key(&own_origin()?, password).await;
        revoked.map_err(|error| self.failed(error))?;
        Ok(Reply::Recovery(view(session.recovery())))
    }

    pub(super) async fn prove_recovery_key(&self, typed: &str) -> Result<Reply, Failure> {
        let session = self.session()?;
        let proven = session.prove_recovery_key(typed).await;
        Ok(Reply::Proven(proven.map_err(|error| self.failed(error))?))
    }
}

pub(super) fn view(state: RecoveryState) -> RecoveryView {
    match state {
        RecoveryState::Never => RecoveryView::Never,
        RecoveryState::Revoked => RecoveryView::Revoked,
        RecoveryState::Unknown => RecoveryView::Unknown,
        RecoveryState::InForce {
            made_at_ms,
            proven_at_ms,
            ..
        } => RecoveryView::InForce {
            made_at_ms,
            proven_at_ms,
        },
    }
}

/// Without a session there is no password that could be wrong.
fn from_recovery(error: ClientError) -> Failure {
    match error {
        ClientError::WrongPassword => Failure::KitRefused,
        other => from_client(other),
    }
}
