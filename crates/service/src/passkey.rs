//! Passkeys: a second factor, and where the authenticator can, a way to unlock without the
//! password.
//!
//! An authenticator verifies its owner, so that a passkey is something that one has and something
//! that one is or knows. What makes it open a vault is not that, which the server could leave out,
//! but an output of the authenticator (the PRF extension) that wraps the root key on the client.

use std::net::IpAddr;

use keyarc_auth::LoginPurpose;
use keyarc_signature::VerifyingKey;
use keyarc_store::{AddPasskeyOutcome, BeginOutcome, PasskeyRow, PasskeyUnlockRow, UsedNonce};
use keyarc_wire::{
    AddPasskeyRequest, Bytes, Fixed, FreshProof, PasskeyAdded, PasskeyCreation, PasskeyInfo,
    PasskeyLoginRequest, PasskeyUnlock, limits,
};

use crate::{
    Context, ServiceError, Services, account, proof, rate, second_factor,
    session::{Beginning, DUMMY_KEY, LoggedIn},
    validate, webauthn,
};

/// Says how a passkey is to be made. Takes the password: whoever gets hold of a session must not
/// be able to stay by a passkey of their own, or lock the owner out by it.
pub async fn begin(
    context: &Context,
    address: IpAddr,
    fresh: &FreshProof,
) -> Result<PasskeyCreation, ServiceError> {
    proof::confirm(context, address, fresh).await?;
    let services = &context.services;
    let actor = &context.actor;
    let there = services.store().passkeys(actor.account_id).await?;
    let token = services.keys().issue_passkey(
        actor.account_id.as_bytes(),
        actor.session_id.as_bytes(),
        services.now_ms(),
        services.random()?,
    );
    Ok(PasskeyCreation {
        token: Fixed(token.nonce),
        expires_at_ms: token.expires_at_ms,
        exclude: there
            .into_iter()
            .map(|passkey| Bytes(passkey.credential_id))
            .collect(),
    })
}

/// Puts a passkey in force. The first second factor of an account brings recovery codes.
pub async fn add(
    context: &Context,
    request: &AddPasskeyRequest,
) -> Result<PasskeyAdded, ServiceError> {
    let services = &context.services;
    let actor = &context.actor;
    validate::name(&request.name, "name")?;
    let unlock = request.unlock.as_ref().map(check_unlock).transpose()?;
    let expires_at_ms = services
        .keys()
        .check_passkey(
            &request.token.0,
            actor.account_id.as_bytes(),
            actor.session_id.as_bytes(),
            services.now_ms(),
        )
        .map_err(|_| ServiceError::PasskeyRefused)?;
    let made = webauthn::register(
        services,
        &request.origin,
        actor.account_id,
        request.token,
        &request.attestation,
    )?;
    let passkey = PasskeyRow {
        credential_id: request.attestation.credential_id.0.clone(),
        version: 1,
        name: request.name.trim().to_owned(),
        host: made.host,
        credential: made.credential,
        unlock,
        created_at_ms: services.now_ms(),
        last_used_at_ms: None,
    };
    let (codes, hashes) = second_factor::make_recovery_codes(services, actor.account_id)?;
    let nonce = UsedNonce {
        nonce: request.token.0,
        expires_at_ms,
    };
    let recovery_codes = match services
        .store()
        .add_passkey(actor.account_id, &passkey, &hashes, &nonce)
        .await?
    {
        AddPasskeyOutcome::AddedFirst => Some(codes),
        AddPasskeyOutcome::Added => None,
        AddPasskeyOutcome::NonceUsed => return Err(ServiceError::PasskeyRefused),
        AddPasskeyOutcome::Exists => {
            return Err(ServiceError::invalid(
                "attestation",
                "must be a new passkey",
            ));
        }
        AddPasskeyOutcome::TooMany => {
            let rule = format!("must be among at most {}", limits::PASSKEYS);
            return Err(ServiceError::invalid("attestation", rule));
        }
    };
    Ok(PasskeyAdded { recovery_codes })
}

/// Gives a passkey another name.
pub async fn rename(
    context: &Context,
    credential_id: &Bytes,
    name: &str,
) -> Result<(), ServiceError> {
    validate::name(name, "name")?;
    let account_id = context.actor.account_id;
    let store = context.services.store();
    if store
        .rename_passkey(account_id, credential_id.as_ref(), name.trim())
        .await?
    {
        Ok(())
    } else {
        Err(ServiceError::NotFound)
    }
}

/// Removes a passkey. Takes the password and not the passkey, which may be lost. The last one of
/// an account without an authenticator app takes the recovery codes with it.
pub async fn remove(
    context: &Context,
    address: IpAddr,
    credential_id: &Bytes,
    fresh: &FreshProof,
) -> Result<(), ServiceError> {
    proof::confirm(context, address, fresh).await?;
    let account_id = context.actor.account_id;
    let store = context.services.store();
    if store
        .remove_passkey(account_id, credential_id.as_ref())
        .await?
    {
        Ok(())
    } else {
        Err(ServiceError::NotFound)
    }
}

/// Logs in by a passkey that opens the vault. `address` is the client's; `previous` the session
/// token that the browser still had, whose session ends.
///
/// Two things are proven over one nonce: the key that the passkey's output gives, which only a
/// client with the setup code can derive, and the passkey itself. They stand for the password and
/// the second factor. An unknown handle or passkey takes the path of a wrong signature, and all
/// refusals are one.
pub async fn log_in(
    services: &Services,
    address: IpAddr,
    request: &PasskeyLoginRequest,
    previous: Option<&str>,
) -> Result<LoggedIn, ServiceError> {
    rate::log_in(services, address, request.handle).await?;
    validate::device_name(&request.device_name)?;
    let nonce = proof::check_challenge(services, request.handle, &request.proof)?;
    let known = services
        .store()
        .passkey_of_handle(request.handle, request.assertion.credential_id.as_ref())
        .await?;
    let key = known
        .as_ref()
        .and_then(|(_, passkey)| passkey.unlock.as_ref())
        .map_or(DUMMY_KEY, |unlock| unlock.public_key);
    proof::check_signature(LoginPurpose::Login, request.handle, &request.proof, &key)?;
    let (account_id, passkey) = known.ok_or(ServiceError::LoginRefused)?;
    if passkey.unlock.is_none() {
        // Somebody who knows the dummy's seed.
        return Err(ServiceError::LoginRefused);
    }
    let change = webauthn::assert(
        services,
        &request.proof.origin,
        &passkey,
        request.proof.server_nonce,
        &request.assertion,
    )
    .map_err(|error| match error {
        ServiceError::PasskeyRefused => ServiceError::LoginRefused,
        other => other,
    })?;
    let begun = Beginning::new(
        services,
        address,
        request.client,
        &request.device_name,
        previous,
    )?;
    let ended = begun.ended.as_ref();
    match services
        .store()
        .begin_session_by_passkey(account_id, &begun.session, &nonce, &change, ended)
        .await?
    {
        BeginOutcome::Begun => {}
        BeginOutcome::NonceUsed | BeginOutcome::KeyChanged | BeginOutcome::FactorChanged => {
            return Err(ServiceError::LoginRefused);
        }
    }
    let account = account::response(services, account_id, begun.session.id).await?;
    Ok(begun.into_logged_in(account))
}

/// A passkey as its owner sees it.
pub(crate) fn info(passkey: PasskeyRow) -> PasskeyInfo {
    PasskeyInfo {
        credential_id: Bytes(passkey.credential_id),
        name: passkey.name,
        host: passkey.host,
        unlocks: passkey.unlock.is_some(),
        created_at_ms: passkey.created_at_ms,
        last_used_at_ms: passkey.last_used_at_ms,
    }
}

fn check_unlock(unlock: &PasskeyUnlock) -> Result<PasskeyUnlockRow, ServiceError> {
    let public_key = unlock.public_key.0;
    if public_key == DUMMY_KEY || VerifyingKey::from_bytes(&public_key).is_err() {
        return Err(ServiceError::invalid(
            "unlock.public_key",
            "must be an Ed25519 public key of the client's own",
        ));
    }
    validate::envelope(&unlock.wrapped_root_key, limits::WRAPPED_KEY, || {
        "unlock.wrapped_root_key".into()
    })?;
    Ok(PasskeyUnlockRow {
        public_key,
        wrapped_root_key: unlock.wrapped_root_key.clone(),
    })
}
