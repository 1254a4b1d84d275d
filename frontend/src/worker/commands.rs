use std::rc::Rc;

use keyarc_app::worker::{
    ArrangeCommand, ArrangeReply, AttachmentCommand, Command, Event, Failure, KnownDevice,
    LEAST_SCORE, Reply, Strength, Unlocked,
};
use keyarc_client::{FetchTransport, LogIn, LoggingIn, RecoveryState, Session, SignUp};
use keyarc_crypto::{SetupCode, Suite};
use keyarc_vault::ItemDraft;
use keyarc_wire::{ClientKind, Handle};
use zeroize::Zeroizing;

use super::{
    failure::{from_client, from_setup_code, from_store, from_strength},
    kit::draw_kit,
    passkey::{Factor, passkey_ids},
    recovery::view,
    saving::{Wish, run_saving},
    seldom::run_seldom,
    state::{AwaitsCode, Open, PinKeeper, VaultWorker, host},
    tell,
};
use crate::browser::{DeviceRecord, DeviceStore, origin, rate_password, today};

impl VaultWorker {
    /// Runs one command. Commands run side by side: a search does not wait for a save.
    pub(super) async fn run(self: Rc<Self>, command: Command) -> Result<Reply, Failure> {
        match command {
            Command::DeviceStatus => self.device_status().await,
            Command::Strength { password, inputs } => {
                let password = Zeroizing::new(password);
                rate(&password, &inputs).await.map(Reply::Strength)
            }
            Command::Unlock { password } => self.unlock(&Zeroizing::new(password)).await,
            Command::LogIn {
                setup_code,
                password,
                remember,
                device_name,
            } => {
                let code =
                    SetupCode::parse(&Zeroizing::new(setup_code)).map_err(from_setup_code)?;
                self.log_in(&code, &Zeroizing::new(password), remember, &device_name)
                    .await
            }
            Command::LogOut => {
                self.log_out().await?;
                Ok(Reply::Done)
            }
            Command::ForgetDevice => {
                // First what is on this device, since that needs nobody else.
                self.device.forget().await.map_err(from_store)?;
                self.log_out().await?;
                Ok(Reply::Done)
            }
            Command::List(query) => Ok(Reply::List(
                self.session()?.look(|vault| vault.list(&query, today())),
            )),
            Command::Facets => Ok(Reply::Facets(
                self.session()?.look(|vault| vault.facets(today())),
            )),
            Command::Arrange(ArrangeCommand::Select { step, window }) => self.select(step, &window),
            Command::Arrange(ArrangeCommand::Opened(item)) => {
                self.session()?.look(|vault| vault.note_use(item));
                Ok(Reply::Arrange(ArrangeReply::Noted))
            }
            Command::Reveal(item) => {
                let session = self.session()?;
                session.look(|vault| vault.note_use(item));
                let item = session
                    .reveal(item)
                    .await
                    .map_err(|error| self.failed(error))?;
                Ok(Reply::Item(Box::new(item)))
            }
            Command::Save(draft) => run_saving(self, Wish::Save(draft)).await,
            Command::SetFavourite { item, favourite } => {
                let session = self.session()?;
                self.changed(&session, session.set_favourite(item, favourite).await)
            }
            Command::Trash(items) => {
                let session = self.session()?;
                self.changed(&session, session.trash(&items).await)
            }
            Command::Restore(items) => {
                let session = self.session()?;
                self.changed(&session, session.restore(&items).await)
            }
            Command::Purge(items) => {
                let session = self.session()?;
                self.changed(&session, session.purge(&items).await)
            }
            Command::Recognise(value) => {
                run_saving(self, Wish::Recognise(Zeroizing::new(value))).await
            }
            Command::KeepDraft(form) => self.keep_form(form.as_deref()).await,
            Command::TakeDraft => self.take_form().await,
            Command::Sync => {
                let session = self.session()?;
                if session.sync().await.map_err(|error| self.failed(error))? {
                    tell_changed(&session);
                }
                Ok(Reply::Done)
            }
            Command::Salvage => {
                let session = self.session()?;
                let salvage = session
                    .salvage()
                    .await
                    .map_err(|error| self.failed(error))?;
                Ok(Reply::Salvaged {
                    items: salvage.items,
                    refused: salvage.refused,
                })
            }
            Command::DismissNotices => {
                let session = self.session()?;
                session
                    .dismiss_notices()
                    .await
                    .map_err(|error| self.failed(error))?;
                Ok(Reply::Done)
            }
            Command::SecondFactor { code } => {
                let code = Zeroizing::new(code);
                self.second_factor(Factor::Code(&code)).await
            }
            Command::PasskeyFactor(assertion) => {
                self.second_factor(Factor::Passkey(assertion)).await
            }
            Command::Factors => self.factors(),
            Command::BeginPasskeyUnlock => self.begin_passkey_unlock().await,
            Command::PasskeyUnlock { assertion, prf } => self.passkey_unlock(assertion, &prf).await,
            Command::CancelLogIn => {
                self.take_awaits_code();
                Ok(Reply::Done)
            }
            Command::Recovery => Ok(Reply::Recovery(view(self.session()?.recovery()))),
            Command::PutRecoveryOff => {
                let session = self.session()?;
                let put_off = session.put_recovery_off().await;
                put_off.map_err(|error| self.failed(error))?;
                Ok(Reply::Done)
            }
            Command::Arrange(ArrangeCommand::Views) => self.views().await,
            // Asked at every item: the rest of it is fetched when it is needed.
            Command::Attachment(AttachmentCommand::CutOff(item)) => {
                self.cut_off(item).await.map(Reply::Attachment)
            }
            seldom => run_seldom(self, seldom).await,
        }
    }

    async fn device_status(&self) -> Result<Reply, Failure> {
        // A browser that keeps nothing, or lost what it kept, is a device that knows nobody.
        let Ok(Some(record)) = self.device.record().await else {
            return Ok(Reply::Device(None));
        };
        let has_draft = self.device.has_draft(record.handle).await.unwrap_or(false);
        Ok(Reply::Device(Some(KnownDevice {
            label: record.label,
            has_draft,
            passkey: !record.passkeys.is_empty(),
        })))
    }

    pub(super) async fn sign_up(
        &self,
        email: Option<String>,
        password: &str,
        suite: u8,
        terms_version: &str,
        device_name: &str,
    ) -> Result<Reply, Failure> {
        let suite = read_suite(suite)?;
        let words: Vec<String> = email.iter().cloned().collect();
        if rate(password, &words).await?.score < LEAST_SCORE {
            return Err(Failure::WeakPassword);
        }
        let origin = own_origin()?;
        let wish = SignUp {
            origin: &origin,
            password,
            suite,
            email: email.as_deref(),
            terms_version,
            device_name,
            client: ClientKind::Browser,
        };
        let pins = PinKeeper::default();
        let (session, kit) = Session::sign_up(FetchTransport::home(), host(&pins), &wish)
            .await
            .map_err(from_client)?;
        let session = self.enter(session);
        remember(self.device, &kit.setup_code, &session, device_name).await;
        pins.remember(session.handle());
        let kit = draw_kit(
            &session,
            &kit.setup_code,
            Some(&kit.recovery_key),
            Some(&kit.checkpoint),
        )?;
        Ok(Reply::SignedUp {
            kit,
            unlocked: self.glance(&session).await,
        })
    }

    pub(super) async fn log_in(
        &self,
        code: &SetupCode,
        password: &str,
        keep: bool,
        device_name: &str,
    ) -> Result<Reply, Failure> {
        let handle = Handle(code.handle());
        // Without them the vault is open all the same; its freshness is unverified then.
        let seen = self.device.pins(handle).await.ok().flatten();
        let pins = PinKeeper::default();
        let origin = own_origin()?;
        let wish = LogIn {
            origin: &origin,
            code,
            password,
            device_name,
            client: ClientKind::Browser,
            pins: seen.as_deref(),
        };
        let logging_in = Session::begin_log_in(FetchTransport::home(), host(&pins), &wish)
            .await
            .map_err(from_client)?;
        let session = match logging_in {
            LoggingIn::Open(session) => self.enter(*session),
            LoggingIn::SecondFactor(pending) => {
                let keep_as = keep.then(|| device_name.to_owned());
                self.await_code(pending, keep_as, pins);
                return Err(Failure::SecondFactorRequired);
            }
        };
        if keep {
            remember(self.device, code, &session, device_name).await;
        }
        self.keep_seen(&pins, &session).await;
        Ok(Reply::Unlocked(self.glance(&session).await))
    }

    /// After a wrong code the log-in waits for another.
    async fn second_factor(&self, factor: Factor<'_>) -> Result<Reply, Failure> {
        let AwaitsCode {
            pending,
            keep_as,
            pins,
            until_ms,
        } = self.take_awaits_code().ok_or(Failure::LogInExpired)?;
        let setup_code =
            SetupCode::parse(&pending.setup_code().to_text()).map_err(from_setup_code)?;
        let finished = match factor {
            Factor::Code(code) => pending.finish(code).await,
            Factor::Passkey(assertion) => pending.finish_by_passkey(assertion).await,
        };
        let session = match finished {
            Ok(session) => self.enter(session),
            Err(refused) => {
                if let Some(pending) = refused.pending {
                    self.await_code_again(AwaitsCode {
                        pending,
                        keep_as,
                        pins,
                        until_ms,
                    });
                }
                return Err(from_client(refused.error));
            }
        };
        if let Some(device_name) = keep_as {
            remember(self.device, &setup_code, &session, &device_name).await;
        }
        self.keep_seen(&pins, &session).await;
        Ok(Reply::Unlocked(self.glance(&session).await))
    }

    /// Keeps what a session sees from now on, if this device knows its account, and which
    /// passkeys open it.
    pub(super) async fn keep_seen(&self, pins: &PinKeeper, session: &Open) {
        if self.keep_passkeys(session).await {
            pins.remember(session.handle());
        }
    }

    async fn log_out(&self) -> Result<(), Failure> {
        if let Ok(session) = self.session() {
            session.log_out().await.map_err(from_client)?;
        }
        self.leave();
        Ok(())
    }

    pub(super) fn changed(
        &self,
        session: &Open,
        result: Result<(), keyarc_client::ClientError>,
    ) -> Result<Reply, Failure> {
        result.map_err(|error| self.failed(error))?;
        tell_changed(session);
        Ok(Reply::Done)
    }

    async fn keep_form(&self, form: Option<&ItemDraft>) -> Result<Reply, Failure> {
        let session = self.session()?;
        let handle = session.handle();
        match form {
            Some(form) => {
                let sealed = session
                    .seal_form(form)
                    .map_err(|error| self.failed(error))?;
                self.device
                    .keep_draft(handle, &sealed)
                    .await
                    .map_err(from_store)?;
            }
            None => self.device.drop_draft(handle).await.map_err(from_store)?,
        }
        Ok(Reply::Done)
    }

    /// Gives the form back and forgets it: from here on the page has it, and keeps it again at
    /// the next lock.
    async fn take_form(&self) -> Result<Reply, Failure> {
        let session = self.session()?;
        let handle = session.handle();
        let Some(sealed) = self.device.draft(handle).await.map_err(from_store)? else {
            return Ok(Reply::Draft(None));
        };
        let form = session.open_form(&sealed).map(Box::new);
        self.device.drop_draft(handle).await.map_err(from_store)?;
        Ok(Reply::Draft(form))
    }

    pub(super) async fn glance(&self, session: &Open) -> Unlocked {
        let now = session.unlocked();
        Unlocked {
            label: now.label,
            revision: now.revision,
            items: now.items,
            notices: now.notices,
            unreadable: now.unreadable,
            trust: now.trust,
            has_draft: self
                .device
                .has_draft(session.handle())
                .await
                .unwrap_or(false),
            suite: now.suite.to_byte(),
            ask_for_kit: matches!(session.recovery(), RecoveryState::InForce { ask: true, .. }),
            rekey_begun_at_ms: session.rekey_begun_at_ms(),
        }
    }
}

/// Keeps the setup code on this device. A browser that refuses keeps nobody out: the code stands
/// in the recovery kit, and the next log-in asks for it.
pub(super) async fn remember(
    device: DeviceStore,
    code: &SetupCode,
    session: &Open,
    device_name: &str,
) {
    if let Ok(mut record) = DeviceRecord::seal(code, &session.unlocked().label, device_name).await {
        record.passkeys = passkey_ids(session);
        let _ = device.keep(&record).await;
    }
}

/// Rates a password against what is known about the person, their address taken apart.
pub(super) async fn rate(password: &str, inputs: &[String]) -> Result<Strength, Failure> {
    let mut words = vec!["keyarc".to_owned()];
    for input in inputs {
        words.push(input.clone());
        let parts = input
            .split(|c: char| !c.is_alphanumeric())
            .filter(|part| part.len() > 2);
        words.extend(parts.map(str::to_owned));
    }
    rate_password(password, &words).await.map_err(from_strength)
}

pub(super) fn read_suite(byte: u8) -> Result<Suite, Failure> {
    Suite::from_byte(byte)
        .ok_or_else(|| Failure::Browser("This way to derive keys is not known.".into()))
}

pub(super) fn own_origin() -> Result<String, Failure> {
    origin().ok_or_else(|| Failure::Browser("The address of this page is not known.".into()))
}

pub(super) fn tell_changed(session: &Open) {
    tell(Event::Changed {
        revision: session.unlocked().revision,
    });
}
