//! Passkeys. The page talks to authenticators, which a worker cannot; what they give comes here
//! at once.

use keyarc_app::worker::{Failure, PasskeyAsked, PasskeyWish, PrfOutput, Reply};
use keyarc_client::{FetchTransport, NewPasskey, PasskeyLogIn, Session};
use keyarc_crypto::prf_input;
use keyarc_wire::{
    Bytes, ClientKind, Fixed, PasskeyAssertion, PasskeyAttestation, SecondFactorKind,
};

use super::{
    commands::own_origin,
    failure::{from_client, from_store},
    state::{Open, PinKeeper, VaultWorker, host},
};

/// What goes on with a log-in.
pub(super) enum Factor<'a> {
    Code(&'a str),
    Passkey(PasskeyAssertion),
}

impl VaultWorker {
    pub(super) async fn prove_password(&self, password: &str) -> Result<Reply, Failure> {
        let session = self.session()?;
        let fresh = session.prove_password(&own_origin()?, password).await;
        Ok(Reply::Proof(fresh.map_err(|error| self.failed(error))?))
    }

    pub(super) async fn begin_passkey(&self, password: &str) -> Result<Reply, Failure> {
        let session = self.session()?;
        let creation = session.begin_passkey(&own_origin()?, password).await;
        let creation = creation.map_err(|error| self.failed(error))?;
        Ok(Reply::PasskeyWish(PasskeyWish {
            token: creation.token,
            user: session.passkey_user(),
            label: session.unlocked().label,
            exclude: creation.exclude,
            prf_input: prf_input(),
        }))
    }

    pub(super) async fn add_passkey(
        &self,
        token: Fixed<32>,
        name: &str,
        attestation: PasskeyAttestation,
        prf: Option<PrfOutput>,
    ) -> Result<Reply, Failure> {
        let session = self.session()?;
        let made = NewPasskey {
            token,
            name,
            attestation,
            prf: prf.as_ref().map(|output| output.0.as_slice()),
        };
        let added = session.add_passkey(&own_origin()?, made).await;
        let added = added.map_err(|error| self.failed(error))?;
        self.keep_passkeys(&session).await;
        Ok(Reply::PasskeyAdded {
            unlocks: added.unlocks,
            codes: added.recovery_codes,
        })
    }

    pub(super) async fn begin_passkey_unlock(&self) -> Result<Reply, Failure> {
        let record = self.device.record().await.map_err(from_store)?;
        let record = record.ok_or(Failure::UnknownDevice)?;
        let code = record.open().await.map_err(|_| Failure::UnknownDevice)?;
        let seen = self.device.pins(record.handle).await.ok().flatten();
        let pins = PinKeeper::default();
        let wish = PasskeyLogIn {
            origin: &own_origin()?,
            code: &code,
            device_name: &record.device_name,
            client: ClientKind::Browser,
            pins: seen.as_deref(),
        };
        let pending = Session::begin_passkey_log_in(FetchTransport::home(), host(&pins), &wish)
            .await
            .map_err(from_client)?;
        let asked = PasskeyAsked {
            challenge: Fixed(pending.challenge()),
            credentials: record.passkeys.into_iter().map(Bytes).collect(),
            prf_input: Some(prf_input()),
        };
        *self.awaits_passkey.borrow_mut() = Some((pending, pins));
        Ok(Reply::PasskeyAsked(asked))
    }

    pub(super) async fn passkey_unlock(
        &self,
        assertion: PasskeyAssertion,
        prf: &PrfOutput,
    ) -> Result<Reply, Failure> {
        let waiting = self.awaits_passkey.borrow_mut().take();
        let (pending, pins) = waiting.ok_or(Failure::PasskeyRefused)?;
        let session = pending.finish(assertion, &prf.0).await;
        let session = self.enter(session.map_err(from_client)?);
        self.keep_seen(&pins, &session).await;
        Ok(Reply::Unlocked(self.glance(&session).await))
    }

    pub(super) fn factors(&self) -> Result<Reply, Failure> {
        let factors = self.look_at_log_in(|waits| {
            let pending = &waits.pending;
            let takes = |kind| pending.factors().contains(&kind);
            let by_passkey = takes(SecondFactorKind::Passkey);
            Reply::Factors {
                passkey: by_passkey.then(|| PasskeyAsked {
                    challenge: Fixed(pending.token()),
                    credentials: pending.passkeys().to_vec(),
                    prf_input: None,
                }),
                totp: takes(SecondFactorKind::Totp),
            }
        });
        factors.ok_or(Failure::LogInExpired)
    }

    /// Keeps on this device, if it knows the account, which passkeys open it. Tells whether it
    /// does. A browser that keeps nothing is a device that knows nobody.
    pub(super) async fn keep_passkeys(&self, session: &Open) -> bool {
        let record = self.device.record().await.ok().flatten();
        let Some(mut record) = record.filter(|record| record.handle == session.handle()) else {
            return false;
        };
        let ids = passkey_ids(session);
        if record.passkeys != ids {
            record.passkeys = ids;
            let _ = self.device.update(&record).await;
        }
        true
    }
}

/// The passkeys that open a vault, as its last log-in told.
pub(super) fn passkey_ids(session: &Open) -> Vec<Vec<u8>> {
    let ids = session.unlocking_passkeys().into_iter();
    ids.map(|id| id.0).collect()
}
