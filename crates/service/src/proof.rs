//! Checking that a client holds the key it claims.

use std::net::IpAddr;

use keyarc_auth::{Change, ChangeStatement, LoginPurpose, LoginStatement};
use keyarc_signature::VerifyingKey;
use keyarc_store::{LoginKey, UsedNonce};
use keyarc_wire::{FreshProof, Handle, LoginProof};

use crate::{Context, ServiceError, Services, rate, session::DUMMY_KEY};

/// Checks a proof's origin and nonce: whatever does not need the key. Returns the nonce, which
/// is to be used up together with what the proof is for.
pub(crate) fn check_challenge(
    services: &Services,
    handle: Handle,
    proof: &LoginProof,
) -> Result<UsedNonce, ServiceError> {
    if !services.policy().origins.contains(&proof.origin) {
        return Err(ServiceError::LoginRefused);
    }
    let expires_at_ms = services
        .keys()
        .check_challenge(&proof.server_nonce.0, handle.as_bytes(), services.now_ms())
        .map_err(|_| ServiceError::LoginRefused)?;
    Ok(UsedNonce {
        nonce: proof.server_nonce.0,
        expires_at_ms,
    })
}

/// Checks a proof's signature.
pub(crate) fn check_signature(
    purpose: LoginPurpose,
    handle: Handle,
    proof: &LoginProof,
    public_key: &[u8; 32],
) -> Result<(), ServiceError> {
    let statement = LoginStatement {
        purpose,
        origin: &proof.origin,
        handle: handle.0,
        server_nonce: proof.server_nonce.0,
        client_nonce: proof.client_nonce.0,
        time_ms: proof.time_ms,
    };
    VerifyingKey::from_bytes(public_key)
        .and_then(|key| statement.verify(&key, &proof.signature.0))
        .map_err(|_| ServiceError::LoginRefused)
}

/// Checks that whoever asks knows the password at this moment, for what a session that somebody
/// else got hold of must not do. It counts as a log-in and is refused like one.
pub(crate) async fn confirm(
    context: &Context,
    address: IpAddr,
    fresh: &FreshProof,
) -> Result<(), ServiceError> {
    let services = &context.services;
    rate::log_in(services, address, fresh.handle).await?;
    let nonce = check_challenge(services, fresh.handle, &fresh.proof)?;
    let known = services.store().login_key(fresh.handle).await?;
    // The handle of another account is as good as one that nobody has.
    let known = known.filter(|known| known.account_id == context.actor.account_id);
    let key = known.map_or(DUMMY_KEY, |known| known.auth_public_key);
    check_signature(LoginPurpose::Confirm, fresh.handle, &fresh.proof, &key)?;
    if known.is_none() || !services.store().use_nonce(&nonce).await? {
        return Err(ServiceError::LoginRefused);
    }
    Ok(())
}

/// Checks the signature of a change.
pub(crate) fn check_change(
    change: Change<'_>,
    handle: Handle,
    proof: &LoginProof,
    public_key: &[u8; 32],
) -> Result<(), ServiceError> {
    let statement = ChangeStatement {
        origin: &proof.origin,
        handle: handle.0,
        server_nonce: proof.server_nonce.0,
        client_nonce: proof.client_nonce.0,
        time_ms: proof.time_ms,
        change,
    };
    VerifyingKey::from_bytes(public_key)
        .and_then(|key| statement.verify(&key, &proof.signature.0))
        .map_err(|_| ServiceError::LoginRefused)
}

/// Checks the signature of a change that the actor makes with the key of their password, and
/// returns that key.
pub(crate) async fn of_actor(
    context: &Context,
    change: Change<'_>,
    handle: Handle,
    proof: &LoginProof,
) -> Result<LoginKey, ServiceError> {
    let known = context.services.store().login_key(handle).await?;
    // The handle of another account is as good as one that nobody has.
    let known = known.filter(|known| known.account_id == context.actor.account_id);
    let key = known.map_or(DUMMY_KEY, |known| known.auth_public_key);
    check_change(change, handle, proof, &key)?;
    known.ok_or(ServiceError::LoginRefused)
}
