//! Change of password: new keys in the place of the old ones.

use std::net::IpAddr;

use keyarc_signature::VerifyingKey;
use keyarc_store::{NewKeyset, PasswordOutcome};
use keyarc_wire::ChangePasswordRequest;

use crate::{Context, ServiceError, account, proof, rate, session::DUMMY_KEY};

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
    let new = check(request, services.now_ms())?;
    let nonce = proof::check_challenge(services, request.handle, &request.proof)?;
    let known = services.store().login_key(request.handle).await?;
    // The handle of another account is as good as one that nobody has.
    let known = known.filter(|known| known.account_id == context.actor.account_id);
    let key = known.map_or(DUMMY_KEY, |known| known.auth_public_key);
    proof::check_password_change(request, &key)?;
    let proven = known.ok_or(ServiceError::LoginRefused)?;

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

/// Everything about a change that can be checked without the database.
fn check(request: &ChangePasswordRequest, now_ms: u64) -> Result<NewKeyset, ServiceError> {
    let auth_public_key = request.auth_public_key.0;
    if VerifyingKey::from_bytes(&auth_public_key).is_err() {
        return Err(ServiceError::invalid(
            "auth_public_key",
            "must be an Ed25519 public key",
        ));
    }
    if request.keyset.version < 2 {
        return Err(ServiceError::invalid("keyset.version", "must be 2 or more"));
    }
    account::check_keyset(&request.keyset)?;
    Ok(NewKeyset {
        keyset: request.keyset.clone(),
        auth_public_key,
        changed_at_ms: now_ms,
    })
}
