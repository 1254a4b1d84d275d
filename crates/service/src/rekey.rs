//! Change of all keys: root key, identity, vault key, recovery key, and every item sealed anew.
//!
//! Items are staged in batches that nothing reads. One request then puts everything in force, or
//! nothing.

use std::{collections::HashSet, net::IpAddr};

use keyarc_auth::Change;
use keyarc_signature::{SignatureError, UserBundle, VaultManifest};
use keyarc_store::{NewAccountKeys, RekeyOutcome, VaultHead};
use keyarc_wire::{Bytes, RekeyRequest, StageItemsRequest, limits};

use crate::{Context, ServiceError, identity, password, proof, rate, recovery, validate};

/// The highest version that a column holds.
const MAX_VERSION: u64 = i64::MAX as u64;

/// Keeps items aside that were sealed under a key to come.
pub async fn stage(context: &Context, request: StageItemsRequest) -> Result<(), ServiceError> {
    let count = request.items.len();
    if count > limits::ITEMS_PER_STAGE {
        let rule = format!("must have at most {} entries", limits::ITEMS_PER_STAGE);
        return Err(ServiceError::invalid("items", rule));
    }
    let mut seen = HashSet::with_capacity(count);
    for (at, item) in request.items.iter().enumerate() {
        let field = |name: &str| format!("items[{at}].{name}");
        validate::envelope(&item.overview, limits::OVERVIEW, || {
            field("overview").into()
        })?;
        validate::envelope(&item.details, limits::DETAILS, || field("details").into())?;
        if item.attachments.len() > limits::ATTACHMENTS_PER_ITEM {
            let rule = "must name fewer attachments";
            return Err(ServiceError::invalid(field("attachments"), rule));
        }
        if item.version < 2 || item.version > MAX_VERSION {
            return Err(ServiceError::invalid(field("version"), "must be a version"));
        }
        if !seen.insert(item.item_id) {
            return Err(ServiceError::invalid(field("item_id"), "must occur once"));
        }
    }
    let services = &context.services;
    let account = context.actor.account_id;
    Ok(services
        .store()
        .stage_items(account, &request.rekey.0, request.items, services.now_ms())
        .await?)
}

/// Drops what was staged.
pub async fn discard(context: &Context) -> Result<(), ServiceError> {
    let account = context.actor.account_id;
    Ok(context.services.store().discard_rekey(account).await?)
}

/// Puts new keys in force, and ends every other session of the account. The session that asks
/// goes on.
///
/// It is signed by the key that is about to be replaced, counts as a log-in, and is refused like
/// one. A vault that was written to meanwhile is [`ServiceError::ManifestStale`].
pub async fn change(
    context: &Context,
    address: IpAddr,
    request: &RekeyRequest,
) -> Result<(), ServiceError> {
    let services = &context.services;
    let handle = request.handle;
    rate::log_in(services, address, handle).await?;
    let now_ms = services.now_ms();
    let keys = password::check_keys(&request.keyset, request.auth_public_key.0, now_ms)?;
    let key = Some(&request.recovery_key);
    let recovery = recovery::check_new(request.recovery_version, key, now_ms)?;
    validate::envelope(&request.wrapped_vault_key, limits::WRAPPED_KEY, || {
        "wrapped_vault_key".into()
    })?;
    let nonce = proof::check_challenge(services, handle, &request.proof)?;
    let change = Change::Rekey(keyarc_auth::NewAccountKeys {
        rekey: request.rekey.0,
        keys: keyarc_auth::NewKeys {
            version: request.keyset.version,
            auth_public_key: request.auth_public_key.0,
            wrapped_root_key: request.keyset.wrapped_root_key.as_ref(),
            keyring: request.keyset.keyring.as_ref(),
        },
        bundle: request.bundle.as_ref(),
        vault: request.vault.0,
        key_epoch: request.key_epoch,
        wrapped_vault_key: request.wrapped_vault_key.as_ref(),
        manifest: request.manifest.as_ref(),
        recovery: recovery::statement(request.recovery_version, key),
    });
    let proven = proof::of_actor(context, change, handle, &request.proof).await?;
    let head = match services.store().vault_head(request.vault).await? {
        Some(head) if head.owner == context.actor.account_id => head,
        _ => return Err(ServiceError::NotFound),
    };
    let bundle = check_bundle(request, &head)?;
    let at = check_manifest(request, &head, &bundle)?;
    let mut rotations = head.rotations.0;
    rotations.extend_from_slice(request.bundle.as_ref());

    let new = NewAccountKeys {
        rekey: request.rekey.0,
        keys,
        rotations: Bytes(rotations),
        vault: request.vault,
        head: at,
        key_epoch: request.key_epoch,
        wrapped_vault_key: request.wrapped_vault_key.clone(),
        manifest: request.manifest.clone(),
        recovery,
    };
    let asking = context.actor.session_id;
    match services
        .store()
        .rekey(&proven, asking, &new, &nonce)
        .await?
    {
        RekeyOutcome::Changed => Ok(()),
        RekeyOutcome::NonceUsed => Err(ServiceError::LoginRefused),
        RekeyOutcome::Conflict => Err(ServiceError::KeysConflict),
        RekeyOutcome::Stale => Err(ServiceError::ManifestStale),
    }
}

/// The new bundle must follow the one in force, as every client will see.
fn check_bundle(request: &RekeyRequest, head: &VaultHead) -> Result<UserBundle, ServiceError> {
    let in_force = identity::in_force(&head.bundle, &head.rotations)?;
    UserBundle::decode(request.bundle.as_ref())
        .and_then(|bundle| bundle.verify_after(&in_force).map(|()| bundle))
        .map_err(|_| ServiceError::invalid("bundle", "must follow the bundle in force"))
}

/// The new manifest must follow the vault's head, in the next epoch, signed by the new key.
/// Returns the head's version.
fn check_manifest(
    request: &RekeyRequest,
    head: &VaultHead,
    bundle: &UserBundle,
) -> Result<u64, ServiceError> {
    let wrong = |rule: &'static str| ServiceError::invalid("manifest", rule);
    let next = VaultManifest::decode(request.manifest.as_ref())
        .map_err(|_| wrong("must be a manifest"))?;
    let last = VaultManifest::decode(head.manifest.as_ref())
        .map_err(|error: SignatureError| ServiceError::internal(error))?;
    next.verify(&bundle.signing_key())
        .map_err(|_| wrong("must be signed by the new key"))?;
    if next.body().vault != request.vault.0 || next.body().key_epoch != request.key_epoch {
        return Err(wrong("must be of this vault and its new key"));
    }
    if head.key_epoch.checked_add(1) != Some(request.key_epoch) {
        return Err(ServiceError::KeysConflict);
    }
    if !next.follows(&last) {
        return Err(ServiceError::ManifestStale);
    }
    Ok(last.body().version)
}
