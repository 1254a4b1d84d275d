//! Accounts: sign-up and what a client needs to unlock.

use std::net::IpAddr;

use keyarc_auth::LoginPurpose;
use keyarc_signature::{UserBundle, VaultManifest};
use keyarc_store::{NewAccount, SignUpOutcome};
use keyarc_wire::{
    AccountId, AccountResponse, Bytes, ClientKind, KeepPinsRequest, Keyset, SessionId,
    SignUpRequest, UnlockingPasskey, limits,
};

use crate::{
    Context, ServiceError, Services, proof, rate, recovery,
    session::{Beginning, LoggedIn},
    validate,
};

/// Makes an account, its vault and its first browser session. `previous` is the session token
/// that the browser still had, whose session ends.
///
/// An e-mail address that another account has is answered like any other; that account gets a
/// notice.
pub async fn sign_up(
    services: &Services,
    address: IpAddr,
    request: &SignUpRequest,
    previous: Option<&str>,
) -> Result<LoggedIn, ServiceError> {
    rate::sign_up(services, address).await?;
    let account = check(services, request)?;
    let nonce = proof::check_challenge(services, request.handle, &request.proof)?;
    let key = &request.auth_public_key.0;
    proof::check_signature(LoginPurpose::SignUp, request.handle, &request.proof, key)?;

    let begun = Beginning::new(
        services,
        address,
        ClientKind::Browser,
        &request.device_name,
        previous,
    )?;
    let ended = begun.ended.as_ref();
    match services
        .store()
        .sign_up(&account, &begun.session, &nonce, ended)
        .await?
    {
        SignUpOutcome::Made => {}
        SignUpOutcome::NonceUsed => return Err(ServiceError::LoginRefused),
        SignUpOutcome::HandleTaken => return Err(ServiceError::HandleTaken),
        SignUpOutcome::AccountExists => {
            return Err(ServiceError::invalid(
                "bundle",
                "must not belong to an account already",
            ));
        }
        SignUpOutcome::VaultExists => {
            return Err(ServiceError::invalid(
                "vault.id",
                "must be chosen at random",
            ));
        }
    }
    let account = response(services, account.id, begun.session.id).await?;
    Ok(begun.into_logged_in(account))
}

/// The actor's account.
pub async fn get(context: &Context) -> Result<AccountResponse, ServiceError> {
    response(
        &context.services,
        context.actor.account_id,
        context.actor.session_id,
    )
    .await
}

/// Keeps what one of the actor's devices has seen, for the others.
pub async fn keep_pins(context: &Context, request: &KeepPinsRequest) -> Result<(), ServiceError> {
    validate::envelope(&request.pins, limits::PINS, || "pins".into())?;
    let services = &context.services;
    let account = context.actor.account_id;
    Ok(services
        .store()
        .keep_pins(account, &request.device.0, &request.pins, services.now_ms())
        .await?)
}

/// Forgets the notices that were shown.
pub async fn dismiss_notices(context: &Context) -> Result<(), ServiceError> {
    Ok(context
        .services
        .store()
        .dismiss_notices(context.actor.account_id)
        .await?)
}

/// Everything about a sign-up that can be checked without the database.
fn check(services: &Services, request: &SignUpRequest) -> Result<NewAccount, ServiceError> {
    validate::device_name(&request.device_name)?;
    if request.terms_version != services.policy().terms_version {
        return Err(ServiceError::invalid(
            "terms_version",
            "must be the version in force",
        ));
    }
    let email_key = request.email.as_deref().map(validate::email).transpose()?;
    let id = check_bundle(request)?;
    validate::public_key(&request.auth_public_key.0, "auth_public_key")?;
    if request.keyset.version != 1 {
        return Err(ServiceError::invalid("keyset.version", "must be 1"));
    }
    check_keyset(&request.keyset)?;
    validate::envelope(&request.vault.wrapped_key, limits::WRAPPED_KEY, || {
        "vault.wrapped_key".into()
    })?;
    check_first_manifest(request, id)?;
    Ok(NewAccount {
        id,
        handle: request.handle,
        auth_public_key: request.auth_public_key.0,
        bundle: request.bundle.clone(),
        keyset: request.keyset.clone(),
        vault: request.vault.clone(),
        recovery: request
            .recovery
            .as_ref()
            .map(recovery::check_key)
            .transpose()?,
        email: request.email.clone(),
        email_key,
        terms_version: request.terms_version.clone(),
        created_at_ms: services.now_ms(),
    })
}

/// The vault begins empty, which its owner signs.
fn check_first_manifest(request: &SignUpRequest, id: AccountId) -> Result<(), ServiceError> {
    let wrong = || {
        ServiceError::invalid(
            "vault.manifest",
            "must be version 0 of this vault, empty, signed by the account's key",
        )
    };
    let bundle = UserBundle::decode(request.bundle.as_ref()).map_err(|_| wrong())?;
    let manifest = VaultManifest::decode(&request.vault.manifest.0).map_err(|_| wrong())?;
    let body = manifest.body();
    let is_first = body.vault == request.vault.id.0
        && (body.version, body.key_epoch, body.items) == (0, 1, 0)
        && (body.root, body.team_head) == ([0; 32], [0; 32]);
    if !is_first || bundle.user_id() != id.0 || manifest.verify(&bundle.signing_key()).is_err() {
        return Err(wrong());
    }
    Ok(())
}

/// Wrapped keys must at least look like it.
pub(crate) fn check_keyset(keyset: &Keyset) -> Result<(), ServiceError> {
    for (sealed, field) in [
        (&keyset.wrapped_root_key, "keyset.wrapped_root_key"),
        (&keyset.keyring, "keyset.keyring"),
    ] {
        validate::envelope(sealed, limits::WRAPPED_KEY, || field.into())?;
    }
    Ok(())
}

/// The account's id is the hash of its genesis bundle, so that nobody can choose one.
fn check_bundle(request: &SignUpRequest) -> Result<AccountId, ServiceError> {
    let bundle = UserBundle::decode(request.bundle.as_ref())
        .and_then(|bundle| bundle.verify().map(|()| bundle))
        .map_err(|_| {
            ServiceError::invalid("bundle", "must be a genesis bundle signed by its own key")
        })?;
    Ok(AccountId(bundle.user_id()))
}

/// The account as its owner's client needs it.
pub(crate) async fn response(
    services: &Services,
    account_id: AccountId,
    session_id: SessionId,
) -> Result<AccountResponse, ServiceError> {
    // A session whose account is gone is no session.
    let account = services
        .store()
        .account(account_id)
        .await?
        .ok_or(ServiceError::Unauthenticated)?;
    let passkeys = services.store().passkeys(account_id).await?;
    Ok(AccountResponse {
        id: account_id,
        email: account.email,
        bundle: account.bundle,
        rotations: account.rotations,
        keyset: account.keyset,
        vaults: account.vaults,
        session_id,
        created_at_ms: account.created_at_ms,
        notices: account.notices,
        pins: account.pins,
        recovery: account.recovery,
        rekey_begun_at_ms: account.rekey_begun_at_ms,
        reminders: account.reminders,
        machine_tokens: account.machine_tokens,
        machine_writes: account.machine_writes,
        passkeys: passkeys
            .into_iter()
            .filter_map(|passkey| {
                Some(UnlockingPasskey {
                    credential_id: Bytes(passkey.credential_id),
                    wrapped_root_key: passkey.unlock?.wrapped_root_key,
                })
            })
            .collect(),
    })
}
