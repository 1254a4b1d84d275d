//! Second factors: an authenticator app, passkeys, and recovery codes for when they are lost.
//!
//! A second factor stands between the proof of the key and the first ciphertext. The server can
//! check it and therefore stores what it needs to: it protects from somebody who has password
//! and setup code, and not from the server.

use std::net::IpAddr;

use keyarc_auth::{
    LoginPurpose, RECOVERY_CODES, RecoveryCode, SealedTotpSecret, SecondFactorCode, TotpSecret,
};
use keyarc_store::{
    BeginOutcome, FactorUse, LoginKey, NewSecondFactor, SecondFactorChange, SecondFactorRow,
    StoredTotpSecret, UsedNonce,
};
use keyarc_wire::{
    AccountId, Bytes, Fixed, FreshProof, Handle, LoginProof, LoginRequest, PasskeyFactorRequest,
    QrCode, RecoveryCodes, SecondFactorChallenge, SecondFactorKind, SecondFactorRequest,
    SecondFactorStatus, TotpEnrolment, limits,
};
use qrcodegen::QrCodeEcc;

use crate::{
    Context, ServiceError, Services, account, passkey, proof, rate,
    session::{Beginning, LoggedIn},
    validate, webauthn,
};

/// What apps show above the code.
const ISSUER: &str = "KeyArc";
/// How many secrets are encrypted anew between two looks at the database.
const RESEALED_AT_A_TIME: u32 = 100;

/// The answer to a right proof of an account that has a second factor: no session and no
/// ciphertext. The nonce is used up, so that the proof is worth nothing more without the token.
pub(crate) async fn require(
    services: &Services,
    account_id: AccountId,
    handle: Handle,
    proof: &LoginProof,
    nonce: &UsedNonce,
) -> Result<ServiceError, ServiceError> {
    if !services.store().use_nonce(nonce).await? {
        return Err(ServiceError::LoginRefused);
    }
    let store = services.store();
    let factor = store.second_factor(account_id).await?;
    // Only those of the host that the client talks to: no other can sign there.
    let host = webauthn::host(services, &proof.origin);
    let passkeys: Vec<Bytes> = store
        .passkeys(account_id)
        .await?
        .into_iter()
        .filter(|passkey| host.as_ref() == Some(&passkey.host))
        .map(|passkey| Bytes(passkey.credential_id))
        .collect();
    let mut factors = Vec::new();
    if !passkeys.is_empty() {
        factors.push(SecondFactorKind::Passkey);
    }
    if factor.is_some_and(|factor| factor.totp.is_some()) {
        factors.push(SecondFactorKind::Totp);
    }
    factors.push(SecondFactorKind::RecoveryCode);
    let token = services.keys().issue_second_factor(
        handle.as_bytes(),
        &proof.signature.0,
        services.now_ms(),
        services.random()?,
    );
    Ok(ServiceError::SecondFactorRequired(SecondFactorChallenge {
        token: Fixed(token.nonce),
        expires_at_ms: token.expires_at_ms,
        factors,
        passkeys,
    }))
}

/// The second half of a log-in. `address` is the client's; `previous` the session token that the
/// browser still had, whose session ends.
///
/// The token says that the first half was right less than five minutes ago. It serves for one
/// session; after a wrong code it serves again.
pub async fn log_in(
    services: &Services,
    address: IpAddr,
    request: &SecondFactorRequest,
    previous: Option<&str>,
) -> Result<LoggedIn, ServiceError> {
    let (token, known) = first_half(services, &request.log_in, &request.token).await?;
    let account_id = known.account_id;
    let factor = services.store().second_factor(account_id).await?;
    // Turned off since: then the first half suffices, and is to be done again.
    let factor = factor.ok_or(ServiceError::LoginRefused)?;
    let change = accept(services, account_id, &factor, &request.code).await?;
    let logged_in = begin(
        services,
        address,
        &request.log_in,
        (&known, &token, FactorUse::Code(&change)),
        previous,
    )
    .await?
    .ok_or(ServiceError::SecondFactorRefused)?;
    accepted(services, account_id).await;
    Ok(logged_in)
}

/// The same by a passkey, which signs the token.
pub async fn log_in_by_passkey(
    services: &Services,
    address: IpAddr,
    request: &PasskeyFactorRequest,
    previous: Option<&str>,
) -> Result<LoggedIn, ServiceError> {
    let (token, known) = first_half(services, &request.log_in, &request.token).await?;
    let passkeys = services.store().passkeys(known.account_id).await?;
    let asked = &request.assertion.credential_id.0;
    let passkey = passkeys
        .iter()
        .find(|passkey| passkey.credential_id == *asked)
        .ok_or(ServiceError::PasskeyRefused)?;
    let change = webauthn::assert(
        services,
        &request.log_in.proof.origin,
        passkey,
        request.token,
        &request.assertion,
    )?;
    begin(
        services,
        address,
        &request.log_in,
        (&known, &token, FactorUse::Passkey(&change)),
        previous,
    )
    .await?
    .ok_or(ServiceError::PasskeyRefused)
}

/// Checks that the first half was right less than five minutes ago, and still is.
async fn first_half(
    services: &Services,
    log_in: &LoginRequest,
    token: &Fixed<32>,
) -> Result<(UsedNonce, LoginKey), ServiceError> {
    let token = check_token(services, log_in.handle, &log_in.proof, token)?;
    validate::device_name(&log_in.device_name)?;
    let known = services.store().login_key(log_in.handle).await?;
    let known = known.ok_or(ServiceError::LoginRefused)?;
    // The key may have changed since.
    proof::check_signature(
        LoginPurpose::Login,
        log_in.handle,
        &log_in.proof,
        &known.auth_public_key,
    )?;
    Ok((token, known))
}

/// Begins the session; `None` when the second factor has changed since it was read.
async fn begin(
    services: &Services,
    address: IpAddr,
    log_in: &LoginRequest,
    (known, token, factor): (&LoginKey, &UsedNonce, FactorUse<'_>),
    previous: Option<&str>,
) -> Result<Option<LoggedIn>, ServiceError> {
    let begun = Beginning::new(
        services,
        address,
        log_in.client,
        &log_in.device_name,
        previous,
    )?;
    let ended = begun.ended.as_ref();
    match services
        .store()
        .begin_session(known, &begun.session, token, Some(factor), ended)
        .await?
    {
        BeginOutcome::Begun => {}
        BeginOutcome::NonceUsed | BeginOutcome::KeyChanged => {
            return Err(ServiceError::LoginRefused);
        }
        BeginOutcome::FactorChanged => return Ok(None),
    }
    let account = account::response(services, known.account_id, begun.session.id).await?;
    Ok(Some(begun.into_logged_in(account)))
}

/// Whether the actor's account has a second factor, and which.
pub async fn status(context: &Context) -> Result<SecondFactorStatus, ServiceError> {
    let factor = of_actor(context).await?;
    let account_id = context.actor.account_id;
    let passkeys = context.services.store().passkeys(account_id).await?;
    Ok(SecondFactorStatus {
        since_ms: factor.as_ref().map(|factor| factor.created_at_ms),
        totp: factor.as_ref().is_some_and(|factor| factor.totp.is_some()),
        recovery_codes_left: factor.map_or(0, |factor| factor.recovery_codes.len() as u32),
        passkeys: passkeys.into_iter().map(passkey::info).collect(),
    })
}

/// Makes a secret for an authenticator app. Nothing is stored before a first code confirms it.
/// Takes the password: whoever gets hold of a session must not lock the owner out by an app of
/// their own. The secret comes sealed for the account, and [`confirm_totp`] takes no other, so
/// that the password stands before it as well.
pub async fn begin_totp(
    context: &Context,
    address: IpAddr,
    fresh: &FreshProof,
) -> Result<TotpEnrolment, ServiceError> {
    proof::confirm(context, address, fresh).await?;
    let services = &context.services;
    let account_id = context.actor.account_id;
    if of_actor(context)
        .await?
        .is_some_and(|factor| factor.totp.is_some())
    {
        return Err(in_force());
    }
    let account = services.store().account(account_id).await?;
    let email = account.ok_or(ServiceError::Unauthenticated)?.email;
    let secret = TotpSecret::make(services.random()?);
    let uri = secret.to_uri(ISSUER, &email.unwrap_or_else(|| own_host(services)));
    Ok(TotpEnrolment {
        secret: secret.to_text().to_string(),
        qr: draw(&uri)?,
        uri: uri.to_string(),
        sealed_secret: Bytes(seal(services, account_id, &secret)?.bytes),
    })
}

/// Puts the app's secret in force, if the code is one of it, and gives recovery codes in the place
/// of those that there were.
pub async fn confirm_totp(
    context: &Context,
    sealed_secret: &Bytes,
    code: &str,
) -> Result<RecoveryCodes, ServiceError> {
    let services = &context.services;
    let account_id = context.actor.account_id;
    let secret = services
        .keys()
        .open_totp(account_id.as_bytes(), sealed_secret.as_ref())
        .ok_or_else(|| {
            ServiceError::invalid("sealed_secret", "must be what this account was given")
        })?;
    let now_ms = services.now_ms();
    let last_step = match parse(code)? {
        SecondFactorCode::Totp(code) => secret.check(code, now_ms, 0),
        SecondFactorCode::Recovery(_) => None,
    };
    let last_step = last_step.ok_or(ServiceError::SecondFactorRefused)?;
    let sealed = seal(services, account_id, &secret)?;
    let (codes, recovery_codes) = make_recovery_codes(services, account_id)?;
    let factor = NewSecondFactor {
        totp: StoredTotpSecret {
            key_id: sealed.key_id,
            bytes: sealed.bytes,
        },
        last_step,
        recovery_codes,
        created_at_ms: now_ms,
    };
    if !services
        .store()
        .add_second_factor(account_id, &factor)
        .await?
    {
        return Err(in_force());
    }
    Ok(codes)
}

/// Makes new recovery codes; those before are worth nothing any more. Takes a code, so that a
/// session that somebody else got hold of does not suffice.
pub async fn renew_recovery_codes(
    context: &Context,
    code: &str,
) -> Result<RecoveryCodes, ServiceError> {
    let services = &context.services;
    let account_id = context.actor.account_id;
    let factor = of_actor(context).await?.ok_or(ServiceError::NotFound)?;
    let mut change = accept(services, account_id, &factor, code).await?;
    let (codes, hashes) = make_recovery_codes(services, account_id)?;
    change.recovery_codes = hashes;
    if !services
        .store()
        .change_second_factor(account_id, &change)
        .await?
    {
        return Err(ServiceError::SecondFactorRefused);
    }
    accepted(services, account_id).await;
    Ok(codes)
}

/// Removes the authenticator app. Takes a code, for the same reason. Without a passkey the recovery
/// codes go with it.
pub async fn turn_off(context: &Context, code: &str) -> Result<(), ServiceError> {
    let services = &context.services;
    let account_id = context.actor.account_id;
    let factor = of_actor(context).await?;
    let factor = factor.filter(|factor| factor.totp.is_some());
    let factor = factor.ok_or(ServiceError::NotFound)?;
    let change = accept(services, account_id, &factor, code).await?;
    if !services
        .store()
        .remove_totp(account_id, change.base_version)
        .await?
    {
        return Err(ServiceError::SecondFactorRefused);
    }
    accepted(services, account_id).await;
    Ok(())
}

/// Encrypts the secrets that are under the server's previous secret under its present one, so
/// that the previous one can be forgotten. Tells how many there were. Does nothing, and asks the
/// database nothing, when there is no previous secret.
///
/// One statement for each: this happens once in the life of a secret.
pub async fn reseal(services: &Services) -> Result<u64, ServiceError> {
    let Some(previous) = services.keys().previous_totp_key_id() else {
        return Ok(0);
    };
    let mut resealed = 0;
    let mut after = AccountId([0; 16]);
    loop {
        let page = services
            .store()
            .totp_secrets_under(&previous, after, RESEALED_AT_A_TIME)
            .await?;
        let Some((last, _)) = page.last() else {
            return Ok(resealed);
        };
        after = *last;
        for (account_id, before) in page {
            // One that is damaged stays for whoever looks into it.
            let opened = services.keys().open_totp(account_id.as_bytes(), &before);
            let Some(secret) = opened else { continue };
            let sealed = seal(services, account_id, &secret)?;
            let sealed = StoredTotpSecret {
                key_id: sealed.key_id,
                bytes: sealed.bytes,
            };
            services
                .store()
                .replace_totp_secret(account_id, &before, &sealed)
                .await?;
            resealed += 1;
        }
    }
}

/// Uses up a code of an account, for a recovery.
pub(crate) async fn use_code(
    services: &Services,
    account_id: AccountId,
    code: &str,
) -> Result<(), ServiceError> {
    let factor = services.store().second_factor(account_id).await?;
    // Turned off since: then the first half suffices, and is to be done again.
    let factor = factor.ok_or(ServiceError::LoginRefused)?;
    let change = accept(services, account_id, &factor, code).await?;
    if !services
        .store()
        .change_second_factor(account_id, &change)
        .await?
    {
        return Err(ServiceError::SecondFactorRefused);
    }
    accepted(services, account_id).await;
    Ok(())
}

/// Whatever is wrong with a token is told alike.
pub(crate) fn check_token(
    services: &Services,
    handle: Handle,
    proof: &LoginProof,
    token: &Fixed<32>,
) -> Result<UsedNonce, ServiceError> {
    let expires_at_ms = services
        .keys()
        .check_second_factor(
            token.as_ref(),
            handle.as_bytes(),
            &proof.signature.0,
            services.now_ms(),
        )
        .map_err(|_| ServiceError::LoginRefused)?;
    Ok(UsedNonce {
        nonce: token.0,
        expires_at_ms,
    })
}

/// Checks a code, and tells what is to be written in the moment that it is used. It counts as
/// wrong until [`accepted`] says otherwise.
async fn accept(
    services: &Services,
    account_id: AccountId,
    factor: &SecondFactorRow,
    code: &str,
) -> Result<SecondFactorChange, ServiceError> {
    // What cannot be a code is no guess.
    let code = parse(code)?;
    rate::code(services, account_id).await?;
    let mut change = SecondFactorChange {
        base_version: factor.version,
        last_step: factor.last_step,
        recovery_codes: factor.recovery_codes.clone(),
    };
    match code {
        SecondFactorCode::Totp(code) => {
            // Without the server's secret of the time no code can be checked; recovery codes can.
            let secret = factor
                .totp
                .as_ref()
                .and_then(|totp| {
                    services
                        .keys()
                        .open_totp(account_id.as_bytes(), &totp.bytes)
                })
                .ok_or(ServiceError::SecondFactorRefused)?;
            change.last_step = secret
                .check(code, services.now_ms(), factor.last_step)
                .ok_or(ServiceError::SecondFactorRefused)?;
        }
        SecondFactorCode::Recovery(code) => {
            let at = code
                .find(account_id.as_bytes(), &factor.recovery_codes)
                .ok_or(ServiceError::SecondFactorRefused)?;
            change.recovery_codes.remove(at);
        }
    }
    Ok(change)
}

/// A code was used. What it was used for has happened, whether or not the counter hears of it.
async fn accepted(services: &Services, account_id: AccountId) {
    if let Err(error) = rate::right_code(services, account_id).await {
        tracing::warn!(%error, "a right code stays counted as a wrong one");
    }
}

fn parse(code: &str) -> Result<SecondFactorCode, ServiceError> {
    if code.len() > limits::SECOND_FACTOR_CODE {
        return Err(ServiceError::SecondFactorRefused);
    }
    SecondFactorCode::parse(code).ok_or(ServiceError::SecondFactorRefused)
}

async fn of_actor(context: &Context) -> Result<Option<SecondFactorRow>, ServiceError> {
    let account_id = context.actor.account_id;
    Ok(context.services.store().second_factor(account_id).await?)
}

fn in_force() -> ServiceError {
    ServiceError::invalid("second_factor", "must be turned off first")
}

fn seal(
    services: &Services,
    account_id: AccountId,
    secret: &TotpSecret,
) -> Result<SealedTotpSecret, ServiceError> {
    services
        .keys()
        .seal_totp(account_id.as_bytes(), services.random()?, secret)
        .ok_or_else(|| ServiceError::internal("a TOTP secret could not be encrypted"))
}

/// New codes, and the hashes to keep of them.
pub(crate) fn make_recovery_codes(
    services: &Services,
    account_id: AccountId,
) -> Result<(RecoveryCodes, Vec<[u8; 32]>), ServiceError> {
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    let mut hashes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let code = RecoveryCode::make(services.random()?);
        hashes.push(code.hash(account_id.as_bytes()));
        codes.push(code.to_text().to_string());
    }
    Ok((RecoveryCodes { codes }, hashes))
}

/// What tells accounts without an address apart from those at other servers, in an app's list.
fn own_host(services: &Services) -> String {
    let origin = services.policy().origins.first();
    let host = origin.and_then(|origin| origin.split_once("://"));
    host.map_or_else(String::new, |(_, host)| host.to_owned())
}

/// Drawn here and not in the browser, which would have to load the code for it: the server made
/// the secret and learns nothing by it.
fn draw(text: &str) -> Result<QrCode, ServiceError> {
    let code =
        qrcodegen::QrCode::encode_text(text, QrCodeEcc::Medium).map_err(ServiceError::internal)?;
    let size = code.size();
    let mut modules = vec![0_u8; (size * size).unsigned_abs().div_ceil(8) as usize];
    for y in 0..size {
        for x in 0..size {
            if code.get_module(x, y) {
                let at = (y * size + x).unsigned_abs() as usize;
                modules[at / 8] |= 0x80 >> (at % 8);
            }
        }
    }
    Ok(QrCode {
        size: size.unsigned_abs(),
        modules: Bytes(modules),
    })
}
