use std::collections::HashMap;

use keyarc_auth::{LoginPurpose, LoginStatement};
use keyarc_crypto::{AccountContext, Checkpoint, Keyring, RootKey, SetupCode, Suite, UnlockKeys};
use keyarc_signature::{ROTATED_LEN, UserBundle, VaultManifest};
use keyarc_vault::LockedVault;
use keyarc_wire::{
    AccountId, AccountResponse, Bytes, ChallengeRequest, ClientKind, ErrorCode, Fixed, Handle,
    LoginProof, LoginRequest, LoginResponse, SecondFactorChallenge, SignUpRequest,
    UnlockingPasskey, VaultId, limits,
};
use rand_core::{CryptoRng, Rng as _};
use zeroize::Zeroizing;

use super::{
    Belief, NewKit, Session, belief::pins_context, machine::Tokens, new_account::NewAccount,
    passkey::Way, password::derive, reminders::Reminding, second_factor::PendingLogIn,
};
use crate::{Api, ApiFailure, ClientError, Host, Pins, Stage, Transport, Trust, api::is_token};

/// A handle has 48 random bits; several that are taken in a row are no accident.
const HANDLE_TRIES: u32 = 3;

/// What makes an account.
pub struct SignUp<'a> {
    /// The origin of the server, for example `https://keyarc.example`.
    pub origin: &'a str,
    /// The master password. Whether it is strong enough is the caller's to say.
    pub password: &'a str,
    /// How keys are derived from it.
    pub suite: Suite,
    /// For display and notices.
    pub email: Option<&'a str>,
    /// The version of the terms that were agreed to.
    pub terms_version: &'a str,
    /// What the owner sees in the list of sessions.
    pub device_name: &'a str,
    /// Where the session is kept.
    pub client: ClientKind,
}

/// What opens an account.
pub struct LogIn<'a> {
    /// The origin of the server, for example `https://keyarc.example`.
    pub origin: &'a str,
    /// From the recovery kit, or from this device.
    pub code: &'a SetupCode,
    /// The master password.
    pub password: &'a str,
    /// What the owner sees in the list of sessions.
    pub device_name: &'a str,
    /// Where the session is kept.
    pub client: ClientKind,
    /// What this device saw before, as [`Host::keep_pins`] was given it.
    pub pins: Option<&'a [u8]>,
}

/// How far a log-in came.
pub enum LoggingIn<T, H> {
    /// All the way.
    Open(Box<Session<T, H>>),
    /// The password is right; a code is missing.
    SecondFactor(Box<PendingLogIn<T, H>>),
}

impl<T: Transport, H: Host> Session<T, H> {
    /// Makes an account with an empty vault, and opens it. The codes of the kit are in nobody
    /// else's hands.
    pub async fn sign_up(
        transport: T,
        host: H,
        wish: &SignUp<'_>,
    ) -> Result<(Self, NewKit), ClientError> {
        let api = Api::new(transport);
        let mut tries = 0;
        loop {
            tries += 1;
            let code = SetupCode::make(wish.suite, &mut host.rng());
            let unlock = derive(&host, wish.password, &code).await?;
            let fresh = NewAccount::make(&host, &unlock)?;
            host.progress(Stage::Sending, 0);
            let who = Proving {
                origin: wish.origin,
                code: &code,
                unlock: &unlock,
            };
            let request = SignUpRequest {
                handle: Handle(code.handle()),
                bundle: fresh.bundle.clone(),
                auth_public_key: Fixed(unlock.auth().public_key()),
                keyset: fresh.keyset.clone(),
                vault: fresh.vault.clone(),
                recovery: Some(fresh.recovery.clone()),
                email: wish.email.map(str::to_owned),
                terms_version: wish.terms_version.to_owned(),
                proof: who.prove(&api, &host, LoginPurpose::SignUp).await?,
                device_name: wish.device_name.to_owned(),
            };
            let mut account = match api.sign_up(&request).await {
                Ok(answer) if answer.session_token.is_none() => answer.account,
                Ok(_) => return Err(ClientError::Tampered),
                Err(failure)
                    if failure.code() == Some(ErrorCode::HandleTaken) && tries < HANDLE_TRIES =>
                {
                    continue;
                }
                Err(failure) => return Err(failure.into()),
            };
            if wish.client == ClientKind::Api {
                let request = who
                    .log_in_request(&api, &host, wish.device_name, wish.client)
                    .await?;
                account = match log_in(&api, &request).await? {
                    Answer::Account(account) => *account,
                    // An account that is made this moment has none.
                    Answer::SecondFactor(_) => return Err(ClientError::Tampered),
                };
            }
            if !fresh.matches(&account) {
                return Err(ClientError::Tampered);
            }
            host.progress(Stage::Sending, 100);
            let session = Self::open(Entering {
                api,
                host,
                account,
                way: Way::Password(&unlock),
                code: &code,
                pins: None,
                floor: None,
            })?;
            session.begin(&fresh.vault.manifest)?;
            let kit = NewKit {
                checkpoint: session.checkpoint()?,
                recovery_key: fresh.recovery_key,
                setup_code: code,
            };
            return Ok((session, kit));
        }
    }

    /// Proves the account's key, opens what comes, and fetches the vault. A vault that is not what
    /// was signed stays closed: the session's [`trust`](Self::trust) is [`Trust::Broken`], nothing is
    /// shown, and [`salvage`](Self::salvage) is what is left to do. An
    /// account with a second factor gives [`ClientError::SecondFactorRequired`].
    pub async fn log_in(transport: T, host: H, wish: &LogIn<'_>) -> Result<Self, ClientError> {
        match Self::begin_log_in(transport, host, wish).await? {
            LoggingIn::Open(session) => Ok(*session),
            LoggingIn::SecondFactor(_) => Err(ClientError::SecondFactorRequired),
        }
    }

    /// The same for whoever can ask a person for a code.
    pub async fn begin_log_in(
        transport: T,
        host: H,
        wish: &LogIn<'_>,
    ) -> Result<LoggingIn<T, H>, ClientError> {
        let api = Api::new(transport);
        let unlock = match derive(&host, wish.password, wish.code).await {
            // No account can have such a password.
            Err(ClientError::Derivation) if wish.password.is_empty() => {
                return Err(ClientError::WrongPassword);
            }
            other => other?,
        };
        host.progress(Stage::Fetching, 0);
        let who = Proving {
            origin: wish.origin,
            code: wish.code,
            unlock: &unlock,
        };
        let request = who.log_in_request(&api, &host, wish.device_name, wish.client);
        let request = request.await?;
        Self::begin_proven(api, host, unlock, wish.code, wish.pins, request).await
    }

    /// Sends a log-in, and opens what comes.
    pub(super) async fn begin_proven(
        api: Api<T>,
        host: H,
        unlock: UnlockKeys,
        code: &SetupCode,
        pins: Option<&[u8]>,
        request: LoginRequest,
    ) -> Result<LoggingIn<T, H>, ClientError> {
        match log_in(&api, &request).await? {
            Answer::Account(account) => {
                let session = Self::open(Entering {
                    api,
                    host,
                    account: *account,
                    way: Way::Password(&unlock),
                    code,
                    pins,
                    floor: None,
                })?;
                session.fetch().await?;
                Ok(LoggingIn::Open(Box::new(session)))
            }
            Answer::SecondFactor(challenge) => {
                let code = SetupCode::parse(&code.to_text()).map_err(|_| ClientError::Tampered)?;
                Ok(LoggingIn::SecondFactor(Box::new(PendingLogIn::new(
                    api,
                    host,
                    unlock,
                    code,
                    request,
                    challenge,
                    pins.map(<[u8]>::to_vec),
                ))))
            }
        }
    }

    /// Fetches the vault of a session that has just begun.
    pub(super) async fn fetch(&self) -> Result<(), ClientError> {
        self.host.progress(Stage::Fetching, 50);
        match self.sync().await {
            // The account is open, its vault is not: the caller sees it by `trust`.
            Err(ClientError::Tampered) if self.trust() == Trust::Broken => {}
            synced => drop(synced?),
        }
        self.host.progress(Stage::Opening, 100);
        self.tell_others().await;
        Ok(())
    }

    /// Takes the manifest of a vault that was made just now.
    fn begin(&self, manifest: &Bytes) -> Result<(), ClientError> {
        let manifest = VaultManifest::decode(&manifest.0).map_err(|_| ClientError::Tampered)?;
        {
            let mut belief = self.belief.borrow_mut();
            belief.trust = Trust::Fresh;
            belief.trust_of_head = Trust::Fresh;
        }
        self.advance(manifest);
        Ok(())
    }

    /// Checks an account's keys and opens them. Whatever is missing or does not fit is refused:
    /// no key is ever made to replace one.
    pub(super) fn open(entering: Entering<'_, T, H>) -> Result<Self, ClientError> {
        let Entering {
            api,
            host,
            mut account,
            way,
            code,
            pins,
            floor,
        } = entering;
        let context = AccountContext {
            account_id: account.id.0,
            keyset_version: account.keyset.version,
        };
        let root = way.root_key(&account, &context)?;
        let keyring = root
            .unwrap_keyring(&account.keyset.keyring.0, &context)
            .map_err(|_| ClientError::Tampered)?;
        let bundle = check_identity(&account.bundle, &account.rotations, account.id, &keyring)?;
        // Every account has exactly its personal vault so far.
        let [info] = <[_; 1]>::try_from(std::mem::take(&mut account.vaults))
            .map_err(|_| ClientError::Tampered)?;
        let key_epoch = info.key_epoch;
        let (belief, keyset_seen) =
            belief_of(&root, &account, info.id, pins, floor, &mut host.rng());
        if account.keyset.version < keyset_seen {
            // An older password would be the account's again.
            return Err(ClientError::Tampered);
        }
        let vault = LockedVault::new(info, account.id)
            .unlock(&root)
            .map_err(|_| ClientError::Tampered)?;
        Ok(Self {
            api,
            host,
            account: account.id,
            handle: Handle(code.handle()),
            email: account.email.filter(|address| can_be_shown(address)),
            root,
            keyring,
            bundle,
            key_epoch,
            code: code.with_suite(code.suite()).into(),
            keyset: account.keyset.into(),
            passkeys: ids(account.passkeys).into(),
            unsettled: None.into(),
            recovery: account.recovery.into(),
            rekey_begun_at_ms: account.rekey_begun_at_ms.into(),
            retired: false.into(),
            vault: vault.into(),
            kept: HashMap::new().into(),
            reads_kept: false.into(),
            remembers: 0.into(),
            belief: belief.into(),
            notices: account.notices.into(),
            reminding: Reminding::new(account.reminders).into(),
            has_tokens: account.machine_tokens.into(),
            has_writing_tokens: account.machine_writes.into(),
            tokens: Tokens::default().into(),
            turn: ().into(),
            waiting: Vec::new().into(),
            offline: false.into(),
        })
    }
}

/// An account that a session is to be opened of.
pub(super) struct Entering<'a, T, H> {
    pub(super) api: Api<T>,
    pub(super) host: H,
    pub(super) account: AccountResponse,
    pub(super) way: Way<'a>,
    pub(super) code: &'a SetupCode,
    /// What this device saw before.
    pub(super) pins: Option<&'a [u8]>,
    /// What the recovery kit knows.
    pub(super) floor: Option<Checkpoint>,
}

/// The bundle in force, if the genesis bundle is the account's, each that replaced it follows the
/// one before, and the keyring is that of the last.
pub(super) fn check_identity(
    genesis: &Bytes,
    rotations: &Bytes,
    account: AccountId,
    keyring: &Keyring,
) -> Result<UserBundle, ClientError> {
    let tampered = |_| ClientError::Tampered;
    let mut bundle = UserBundle::decode(&genesis.0).map_err(tampered)?;
    bundle.verify().map_err(tampered)?;
    let mut rotations = rotations.0.chunks_exact(ROTATED_LEN);
    for next in rotations.by_ref() {
        let next = UserBundle::decode(next).map_err(tampered)?;
        next.verify_after(&bundle).map_err(tampered)?;
        bundle = next;
    }
    let is_ours =
        rotations.remainder().is_empty() && bundle.user_id() == account.0 && keyring.is_of(&bundle);
    is_ours.then_some(bundle).ok_or(ClientError::Tampered)
}

/// The newest keyset that this device has seen of an account; 0 when it has seen none.
pub(super) fn keyset_seen(root: &RootKey, account: AccountId, pins: Option<&[u8]>) -> u32 {
    let open = |sealed: &[u8]| {
        let opened = root.open_state(&pins_context(account.0), sealed).ok()?;
        Pins::decode(&opened).ok()
    };
    pins.and_then(open).map_or(0, |pins| pins.keyset_version)
}

fn ids(passkeys: Vec<UnlockingPasskey>) -> Vec<Bytes> {
    let ids = passkeys.into_iter().map(|passkey| passkey.credential_id);
    ids.collect()
}

/// What was seen of a vault before, and the newest keyset seen, on this device and on others
/// that told of it. What does not open is not the account's, or was kept back: it tells nothing either way.
fn belief_of(
    root: &RootKey,
    account: &AccountResponse,
    vault: VaultId,
    own_pins: Option<&[u8]>,
    floor: Option<Checkpoint>,
    rng: &mut impl CryptoRng,
) -> (Belief, u32) {
    let context = pins_context(account.id.0);
    let open = |sealed: &[u8]| Pins::decode(&root.open_state(&context, sealed).ok()?).ok();
    let own = own_pins.and_then(open);
    let device = own.as_ref().map_or_else(
        || {
            let mut device = [0; 16];
            rng.fill_bytes(&mut device);
            device
        },
        |own| own.device,
    );
    let others = account.pins.iter().filter_map(|sealed| open(&sealed.0));
    let all: Vec<Pins> = own.into_iter().chain(others).collect();
    let floor_seen = floor.map(|floor| floor.keyset_version);
    let keysets = all.iter().map(|pins| pins.keyset_version);
    let keyset_seen = keysets.chain(floor_seen).max();
    let belief = Belief {
        head: None,
        seen: all
            .into_iter()
            .flat_map(|pins| pins.vaults)
            .filter(|pin| pin.vault == vault)
            .collect(),
        floor,
        trust: Trust::FreshnessUnverified,
        trust_of_head: Trust::FreshnessUnverified,
        device,
        told_at_ms: 0,
        kept: None,
    };
    (belief, keyset_seen.unwrap_or(0))
}

/// The server says what the account's e-mail address is, and it is shown as the account's name:
/// nothing may hide in it that turns text around, or makes a sentence of it.
fn can_be_shown(address: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() || c.is_alphanumeric();
    address.len() <= limits::EMAIL && address.contains('@') && address.chars().all(plain)
}

/// Whoever proves the key of an account, or of one to be.
pub(super) struct Proving<'a> {
    pub(super) origin: &'a str,
    pub(super) code: &'a SetupCode,
    pub(super) unlock: &'a UnlockKeys,
}

/// What a log-in is answered with.
pub(super) enum Answer {
    Account(Box<AccountResponse>),
    SecondFactor(SecondFactorChallenge),
}

pub(super) async fn log_in<T: Transport>(
    api: &Api<T>,
    request: &LoginRequest,
) -> Result<Answer, ClientError> {
    match api.log_in(request).await {
        Ok(answer) => Ok(Answer::Account(Box::new(begun(
            api,
            request.client,
            answer,
        )?))),
        Err(ApiFailure::Refused(error)) if error.code == ErrorCode::SecondFactorRequired => error
            .second_factor
            .map(Answer::SecondFactor)
            .ok_or(ClientError::Tampered),
        Err(failure) => Err(match failure.into() {
            ClientError::SessionEnded => ClientError::WrongPassword,
            other => other,
        }),
    }
}

/// Takes the session's token where there has to be one.
pub(super) fn begun<T: Transport>(
    api: &Api<T>,
    client: ClientKind,
    answer: LoginResponse,
) -> Result<AccountResponse, ClientError> {
    match (client, answer.session_token) {
        (ClientKind::Api, Some(token)) if is_token(&token) => {
            api.use_session_token(Zeroizing::new(token));
        }
        (ClientKind::Browser, None) => {}
        // A token where scripts could read it, none where one is needed, or one that is none.
        _ => return Err(ClientError::Tampered),
    }
    Ok(answer.account)
}

impl Proving<'_> {
    pub(super) async fn log_in_request<T: Transport, H: Host>(
        &self,
        api: &Api<T>,
        host: &H,
        device_name: &str,
        client: ClientKind,
    ) -> Result<LoginRequest, ClientError> {
        Ok(LoginRequest {
            handle: Handle(self.code.handle()),
            proof: self.prove(api, host, LoginPurpose::Login).await?,
            client,
            device_name: device_name.to_owned(),
        })
    }

    async fn prove<T: Transport, H: Host>(
        &self,
        api: &Api<T>,
        host: &H,
        purpose: LoginPurpose,
    ) -> Result<LoginProof, ClientError> {
        let handle = self.code.handle();
        let challenge = api
            .challenge(&ChallengeRequest {
                handle: Handle(handle),
            })
            .await?;
        let mut client_nonce = [0; 32];
        host.rng().fill_bytes(&mut client_nonce);
        let statement = LoginStatement {
            purpose,
            origin: self.origin,
            handle,
            server_nonce: challenge.nonce.0,
            client_nonce,
            time_ms: host.now_ms(),
        };
        Ok(LoginProof {
            origin: self.origin.to_owned(),
            server_nonce: challenge.nonce,
            client_nonce: Fixed(client_nonce),
            time_ms: statement.time_ms,
            signature: Fixed(statement.sign(self.unlock.auth())),
        })
    }
}
