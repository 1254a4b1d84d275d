//! Commands that most visits never give. Their code is a part of its own, which is fetched when the
//! first of them comes.

use std::{future::Future, pin::Pin, rc::Rc};

use keyarc_app::worker::{Command, Failure, Reply};
use keyarc_client::Host as _;
use keyarc_vault::generate::generate;
use leptos::wasm_split::SplitLoaderError;
use zeroize::Zeroizing;

use super::{
    material::make_pair,
    password::measure_suites,
    qr::read_qr,
    state::{PinKeeper, VaultWorker, host},
};

const UNKNOWN: &str = "The page gave a command that the vault worker does not know. Reload it.";

/// A command that is being carried out.
pub(super) type Running = Pin<Box<dyn Future<Output = Result<Reply, Failure>>>>;

/// Carries a command out once the code for it is there.
pub(super) async fn run_seldom(
    worker: Rc<VaultWorker>,
    command: Command,
) -> Result<Reply, Failure> {
    match seldom(worker, Box::new(command)).await {
        Ok(running) => running.await,
        Err(_) => Err(Failure::PartMissing),
    }
}

#[cfg(feature = "split")]
#[leptos::wasm_split::wasm_split(seldom, wasm_split_path = ::leptos::wasm_split, fallible)]
fn seldom(worker: Rc<VaultWorker>, command: Box<Command>) -> Result<Running, SplitLoaderError> {
    Ok(Box::pin(async move { worker.carry_out(*command).await }))
}

#[cfg(not(feature = "split"))]
#[expect(clippy::unused_async, reason = "as where it has to be fetched")]
async fn seldom(
    worker: Rc<VaultWorker>,
    command: Box<Command>,
) -> Result<Running, SplitLoaderError> {
    Ok(Box::pin(async move { worker.carry_out(*command).await }))
}

impl VaultWorker {
    async fn carry_out(&self, command: Command) -> Result<Reply, Failure> {
        match command {
            Command::SignUp {
                email,
                password,
                suite,
                terms_version,
                device_name,
            } => {
                let password = Zeroizing::new(password);
                self.sign_up(email, &password, suite, &terms_version, &device_name)
                    .await
            }
            Command::Export(command) => self.export(command).await.map(Reply::Export),
            Command::Moment(command) => self.moment(command).await.map(Reply::Moment),
            Command::Attachment(command) => self.attach(command).await.map(Reply::Attachment),
            Command::Reminders(command) => self.reminders(command).await.map(Reply::Reminders),
            Command::Tokens(command) => self.tokens(command).await.map(Reply::Tokens),
            Command::Import(command) => self.import(command).await.map(Reply::Import),
            Command::MakeKit(wish) => self.make_kit(wish).await,
            Command::ChangePassword(wish) => self.change_password(wish).await,
            Command::MeasureSuites => Ok(Reply::Measured(measure_suites().await)),
            Command::OpenLink => self.open_link().await,
            Command::AwaitLink => self.await_link().await,
            Command::ReceiveLink => self.receive_link().await,
            Command::CloseLink => self.close_link().await,
            Command::LogInLinked {
                password,
                remember,
                device_name,
            } => {
                let password = Zeroizing::new(password);
                self.log_in_linked(&password, remember, &device_name).await
            }
            Command::JoinLink { code } => self.join_link(&code).await,
            Command::FinishLink { same } => self.finish_link(same).await,
            Command::PasskeyRemoved(id) => {
                let session = self.session()?;
                session.forget_passkey(&id);
                self.keep_passkeys(&session).await;
                Ok(Reply::Done)
            }
            Command::ProvePassword { password } => {
                self.prove_password(&Zeroizing::new(password)).await
            }
            Command::BeginPasskey { password } => {
                self.begin_passkey(&Zeroizing::new(password)).await
            }
            Command::AddPasskey {
                token,
                name,
                attestation,
                prf,
            } => self.add_passkey(token, &name, attestation, prf).await,
            Command::BeginRecovery { kit } => self.begin_recovery(&Zeroizing::new(kit)).await,
            Command::RecoveryCode { code } => self.recovery_code(&Zeroizing::new(code)).await,
            Command::FinishRecovery {
                password,
                remember,
                device_name,
            } => {
                let password = Zeroizing::new(password);
                self.finish_recovery(&password, remember, &device_name)
                    .await
            }
            Command::CancelRecovery => {
                self.recovering.borrow_mut().take();
                Ok(Reply::Done)
            }
            Command::MakeRecoveryKey { password } => {
                self.make_recovery_key(&Zeroizing::new(password)).await
            }
            Command::PutRecoveryKey { password } => {
                self.put_recovery_key(&Zeroizing::new(password)).await
            }
            Command::RevokeRecoveryKey { password } => {
                self.revoke_recovery_key(&Zeroizing::new(password)).await
            }
            Command::ProveRecoveryKey { typed } => {
                self.prove_recovery_key(&Zeroizing::new(typed)).await
            }
            Command::MakeKeys(wish) => self.make_keys(wish).await,
            Command::Rekey { current } => self.rekey(&Zeroizing::new(current)).await,
            Command::DropRekey => self.drop_rekey().await,
            Command::Generate(recipe) => {
                let made = generate(&recipe, &mut host(&PinKeeper::default()).rng());
                let made = made.map_err(|error| Failure::Browser(error.to_string()))?;
                Ok(Reply::Generated(made))
            }
            Command::Health(command) => self.look_at_health(command).await,
            Command::Check(command) => self.check(command).await,
            Command::InspectKeyMaterial(source) => self.inspect(*source).await,
            Command::ReadQr(picture) => read_qr(Zeroizing::new(picture)).await,
            Command::MakeKeyPair(recipe) => make_pair(&recipe).await,
            Command::Versions(item) => self.versions(item).await,
            Command::CompareVersion(wish) => self.compare_version(wish).await,
            Command::RestoreVersion { item, version } => self.restore_version(item, version).await,
            Command::AddSample => self.add_sample().await,
            Command::EmptyOldTrash => self.empty_old_trash().await,
            Command::Arrange(command) => self.arranged(command).await,
            Command::AcceptShown => {
                let accepted = self.session()?.accept_shown().await;
                accepted.map_err(|error| self.failed(error))?;
                Ok(Reply::Done)
            }
            // The others are carried out where they come in.
            _ => Err(Failure::Browser(UNKNOWN.to_owned())),
        }
    }
}
