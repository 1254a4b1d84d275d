//! Change of password: new keys in the place of the old ones.

use std::net::IpAddr;

use keyarc_auth::{Change, NewKeys};
use keyarc_store::{NewKeyset, PasswordOutcome};
use keyarc_wire::{ChangePasswordRequest, Keyset};

use crate::{Context, ServiceError, account, proof, rate, validate};

/// Puts new keys in force and ends every other session of the account. The session that asks
/// goes on.
///
/// A session alone changes nothing: the request is signed by the key that is about to be
/// replaced, for these new keys. It counts as a log-in and is refused like one, so that a stolen
/// session gives no better guesses.
pub async fn change(
    context: &Context,
    address: IpAddr,
    request: &ChangePasswordRequest,
) -> Result<(), ServiceError> {
    let services = &context.services;
    rate::log_in(services, address, request.handle).await?;
    let new = check_keys(
        &request.keyset,
        request.auth_public_key.0,
        services.now_ms(),
    )?;
    let nonce = proof::check_challenge(services, request.handle, &request.proof)?;
    let change = Change::Password(NewKeys {
        version: request.keyset.version,
        auth_public_key: request.auth_public_key.0,
        wrapped_root_key: request.keyset.wrapped_root_key.as_ref(),
        keyring: request.keyset.keyring.as_ref(),
    });
    let proven = proof::of_actor(context, change, request.handle, &request.proof).await?;

    let asking = context.actor.session_id;
    match services
        .store()
        .change_password(&proven, asking, &new, &nonce)
        .await?
    {
        PasswordOutcome::Changed => Ok(()),
        PasswordOutcome::NonceUsed => Err(ServiceError::LoginRefused),
        PasswordOutcome::Conflict => Err(ServiceError::KeysConflict),
    }
}

/// Everything about new keys that can be checked without the database.
pub(crate) fn check_keys(
    keyset: &Keyset,
    auth_public_key: [u8; 32],
    now_ms: u64,
) -> Result<NewKeyset, ServiceError> {
    validate::public_key(&auth_public_key, "auth_public_key")?;
    if keyset.version < 2 {
        return Err(ServiceError::invalid("keyset.version", "must be 2 or more"));
    }
    account::check_keyset(keyset)?;
    Ok(NewKeyset {
        keyset: keyset.clone(),
        auth_public_key,
        changed_at_ms: now_ms,
    })
}
