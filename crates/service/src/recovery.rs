//! Recovery keys: making and revoking them, and coming back by one without the password.
//!
//! A recovery key is as good as the password, so that a recovery is a log-in in every way:
//! counted, refused alike whatever is wrong, and followed by the second factor where there is
//! one. It gives no session before new keys are in force.

use std::net::IpAddr;

use keyarc_auth::{Change, LoginPurpose, NewKeys};
use keyarc_store::{NewRecovery, NewRecoveryKey, RecoveryOutcome, RecoveryRow, UsedNonce};
use keyarc_wire::{
    ChangeRecoveryRequest, FinishRecoveryRequest, Fixed, KeepRecoveryNoteRequest, RecoverRequest,
    RecoverResponse, limits,
};

use crate::{
    Context, ServiceError, Services, account, password, proof, rate, second_factor,
    session::{Beginning, DUMMY_KEY, LoggedIn},
    validate,
};

/// Gives what the recovery key opens, or asks for the second factor.
pub async fn begin(
    services: &Services,
    address: IpAddr,
    request: &RecoverRequest,
) -> Result<RecoverResponse, ServiceError> {
    let handle = request.handle;
    let proof = &request.proof;
    if let Some(second) = &request.second_factor {
        let token = second_factor::check_token(services, handle, proof, &second.token)?;
        let proven = check(services, request).await?;
        second_factor::use_code(services, proven.account_id, &second.code).await?;
        if !services.store().use_nonce(&token).await? {
            return Err(ServiceError::LoginRefused);
        }
        return answer(services, request, proven);
    }
    rate::log_in(services, address, handle).await?;
    let nonce = proof::check_challenge(services, handle, proof)?;
    let proven = check(services, request).await?;
    if proven.second_factor {
        return Err(
            second_factor::require(services, proven.account_id, handle, proof, &nonce).await?,
        );
    }
    if !services.store().use_nonce(&nonce).await? {
        return Err(ServiceError::LoginRefused);
    }
    answer(services, request, proven)
}

/// Puts new keys in force by the recovery key, ends every session of the account and begins one.
/// `previous` is the session token that the browser still had.
pub async fn finish(
    services: &Services,
    address: IpAddr,
    request: &FinishRecoveryRequest,
    previous: Option<&str>,
) -> Result<LoggedIn, ServiceError> {
    let handle = request.handle;
    rate::log_in(services, address, handle).await?;
    validate::device_name(&request.device_name)?;
    let new = password::check_keys(
        &request.keyset,
        request.auth_public_key.0,
        services.now_ms(),
    )?;
    let nonce = proof::check_challenge(services, handle, &request.proof)?;
    let known = services.store().recovery(handle).await?;
    let key = known.as_ref().map_or(DUMMY_KEY, |row| row.auth_public_key);
    let ticket = request.ticket.0;
    let expires_at_ms = services
        .keys()
        .check_recovery(&ticket, handle.as_bytes(), &key, services.now_ms())
        .map_err(|_| ServiceError::LoginRefused)?;
    let ticket = UsedNonce {
        nonce: ticket,
        expires_at_ms,
    };
    let change = Change::Recovery(NewKeys {
        version: request.keyset.version,
        auth_public_key: request.auth_public_key.0,
        wrapped_root_key: request.keyset.wrapped_root_key.as_ref(),
        keyring: request.keyset.keyring.as_ref(),
    });
    proof::check_change(change, handle, &request.proof, &key)?;
    let proven = known.ok_or(ServiceError::LoginRefused)?;

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
        .recover(&proven, &new, &begun.session, [&nonce, &ticket], ended)
        .await?
    {
        RecoveryOutcome::Changed => {}
        RecoveryOutcome::NonceUsed => return Err(ServiceError::LoginRefused),
        RecoveryOutcome::Conflict => return Err(ServiceError::KeysConflict),
    }
    let account = account::response(services, proven.account_id, begun.session.id).await?;
    Ok(begun.into_logged_in(account))
}

/// Puts another recovery key in force, or none. The key before is worth nothing from then on.
///
/// A session alone changes nothing: the request is signed with the password's key. It counts as a
/// log-in and is refused like one.
pub async fn change(
    context: &Context,
    address: IpAddr,
    request: &ChangeRecoveryRequest,
) -> Result<(), ServiceError> {
    let services = &context.services;
    let handle = request.handle;
    rate::log_in(services, address, handle).await?;
    let new = check_new(request.version, request.key.as_ref(), services.now_ms())?;
    let nonce = proof::check_challenge(services, handle, &request.proof)?;
    let change = Change::RecoveryKey(statement(request.version, request.key.as_ref()));
    let proven = proof::of_actor(context, change, handle, &request.proof).await?;
    match services
        .store()
        .change_recovery(&proven, &new, &nonce)
        .await?
    {
        RecoveryOutcome::Changed => Ok(()),
        RecoveryOutcome::NonceUsed => Err(ServiceError::LoginRefused),
        RecoveryOutcome::Conflict => Err(ServiceError::KeysConflict),
    }
}

/// Keeps another note about the recovery key in force.
pub async fn keep_note(
    context: &Context,
    request: &KeepRecoveryNoteRequest,
) -> Result<(), ServiceError> {
    validate::envelope(&request.note, limits::RECOVERY_NOTE, || "note".into())?;
    let store = context.services.store();
    let account = context.actor.account_id;
    if store
        .keep_recovery_note(account, request.version, &request.note)
        .await?
    {
        Ok(())
    } else {
        Err(ServiceError::KeysConflict)
    }
}

/// What a statement says of a recovery key.
pub(crate) fn statement(
    version: u32,
    key: Option<&keyarc_wire::NewRecoveryKey>,
) -> keyarc_auth::NewRecovery<'_> {
    keyarc_auth::NewRecovery {
        version,
        key: key.map(|key| keyarc_auth::NewRecoveryKey {
            auth_public_key: key.auth_public_key.0,
            wrapped_root_key: key.wrapped_root_key.as_ref(),
            note: key.note.as_ref(),
        }),
    }
}

/// Everything about a recovery key that can be checked without the database.
pub(crate) fn check_new(
    version: u32,
    key: Option<&keyarc_wire::NewRecoveryKey>,
    now_ms: u64,
) -> Result<NewRecovery, ServiceError> {
    if version == 0 {
        return Err(ServiceError::invalid(
            "recovery.version",
            "must be 1 or more",
        ));
    }
    Ok(NewRecovery {
        version,
        key: key.map(check_key).transpose()?,
        changed_at_ms: now_ms,
    })
}

/// The same of what is kept of one.
pub(crate) fn check_key(key: &keyarc_wire::NewRecoveryKey) -> Result<NewRecoveryKey, ServiceError> {
    let auth_public_key = key.auth_public_key.0;
    validate::public_key(&auth_public_key, "recovery.auth_public_key")?;
    validate::envelope(&key.wrapped_root_key, limits::WRAPPED_KEY, || {
        "recovery.wrapped_root_key".into()
    })?;
    validate::envelope(&key.note, limits::RECOVERY_NOTE, || "recovery.note".into())?;
    Ok(NewRecoveryKey {
        auth_public_key,
        wrapped_root_key: key.wrapped_root_key.clone(),
        note: key.note.clone(),
    })
}

/// An unknown handle, an account without a recovery key and a wrong one take the same path, down
/// to a verification against a key that is nobody's.
async fn check(services: &Services, request: &RecoverRequest) -> Result<RecoveryRow, ServiceError> {
    let known = services.store().recovery(request.handle).await?;
    let key = known.as_ref().map_or(DUMMY_KEY, |row| row.auth_public_key);
    proof::check_signature(LoginPurpose::Recovery, request.handle, &request.proof, &key)?;
    known.ok_or(ServiceError::LoginRefused)
}

fn answer(
    services: &Services,
    request: &RecoverRequest,
    proven: RecoveryRow,
) -> Result<RecoverResponse, ServiceError> {
    let ticket = services.keys().issue_recovery(
        request.handle.as_bytes(),
        &proven.auth_public_key,
        services.now_ms(),
        services.random()?,
    );
    Ok(RecoverResponse {
        account: proven.account_id,
        bundle: proven.bundle,
        rotations: proven.rotations,
        keyset: proven.keyset,
        version: proven.version,
        wrapped_root_key: proven.wrapped_root_key,
        ticket: Fixed(ticket.nonce),
        expires_at_ms: ticket.expires_at_ms,
    })
}
