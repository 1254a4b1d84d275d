//! Machine tokens: made and looked after by their owner, used by whoever holds them.
//!
//! A token opens a copy of some items that its owner's client sealed for it. The server keeps the
//! copy, which it cannot open, and gives it to who proves the token's key. What it is asked about
//! expiry, addresses and revocation it says only then. What the holder of a token that writes hands in
//! waits until its owner's client takes it, by a write of its own.

use std::{collections::HashSet, net::IpAddr};

use futures::StreamExt as _;
use ipnet::IpNet;
use keyarc_signature::VaultManifest;
use keyarc_store::{DetailsOutcome, MakeMachineTokenOutcome, NewMachineToken, WriteOutcome};
use keyarc_wire::{
    DetailsResponse, ItemWrite, MachineRequest, MachineTokenId, MachineTokensResponse,
    MachineUseKind, MachineUsesRequest, MachineUsesResponse, MakeMachineTokenRequest,
    WriteItemsRequest, WriteItemsResponse, limits,
};

mod proof;
mod waiting;

pub use waiting::{discard, hand_in, waiting};

use proof::prove_request;

use crate::{
    Context, ServiceError, Services, identity, validate,
    vault::{ChangesBody, DETAILS_BYTES, check_write, encode, follows},
};

/// The epoch of a copy's key.
const KEY_EPOCH: u32 = 1;

/// Makes a token with its copy.
///
/// A session is enough: whoever has the account's keys can read all of it, and seal any part of it for
/// anybody. A proof of the password would keep nothing from them.
pub async fn make(
    context: &Context,
    mut request: MakeMachineTokenRequest,
) -> Result<(), ServiceError> {
    let services = &context.services;
    validate::public_key(&request.auth_public_key.0, "auth_public_key")?;
    validate::envelope(&request.grant, limits::WRAPPED_KEY, || "grant".into())?;
    validate::envelope(&request.note, limits::MACHINE_NOTE, || "note".into())?;
    let wrapped_key = &request.vault.wrapped_key;
    validate::envelope(wrapped_key, limits::WRAPPED_KEY, || {
        "vault.wrapped_key".into()
    })?;
    let now_ms = services.now_ms();
    if request.expires_at_ms.is_some_and(|end| end <= now_ms) {
        return Err(ServiceError::invalid("expires_at_ms", "must be to come"));
    }
    request.networks = checked_networks(&request.networks)?;
    check_first(&request.first)?;
    check_first_manifests(context, &request).await?;
    let new = NewMachineToken {
        id: request.token_id,
        auth_public_key: request.auth_public_key.0,
        grant: request.grant,
        note: request.note,
        vault: request.vault,
        first: request.first,
        networks: request.networks,
        writes: request.writes,
        created_at_ms: now_ms,
        expires_at_ms: request.expires_at_ms,
    };
    let account = context.actor.account_id;
    match services.store().make_machine_token(account, new).await? {
        MakeMachineTokenOutcome::Made => Ok(()),
        MakeMachineTokenOutcome::TooMany => {
            let rule = format!("must be among at most {}", limits::MACHINE_TOKENS);
            Err(ServiceError::invalid("token_id", rule))
        }
        MakeMachineTokenOutcome::Exists => {
            Err(ServiceError::invalid("token_id", "must be a new one"))
        }
    }
}

/// The tokens of the account.
pub async fn list(context: &Context) -> Result<MachineTokensResponse, ServiceError> {
    let store = context.services.store();
    let tokens = store.machine_tokens(context.actor.account_id).await?;
    Ok(MachineTokensResponse { tokens })
}

/// What changed in a token's copy after a revision, as [`crate::vault::changes`] of a vault.
pub async fn changes(
    context: &Context,
    token: MachineTokenId,
    since: u64,
    manifests_from: Option<u64>,
) -> Result<ChangesBody, ServiceError> {
    let store = context.services.store();
    let account = context.actor.account_id;
    if store.machine_head(account, token).await?.is_none() {
        return Err(ServiceError::NotFound);
    }
    let rows = store.machine_changes(token, since, manifests_from).await?;
    Ok(encode(rows).boxed())
}

/// Changes a token's copy: all of it or nothing.
pub async fn write_items(
    context: &Context,
    token: MachineTokenId,
    request: WriteItemsRequest,
) -> Result<WriteItemsResponse, ServiceError> {
    check_copy(&request)?;
    let store = context.services.store();
    let account = context.actor.account_id;
    let head = store.machine_head(account, token).await?;
    let head = head.ok_or(ServiceError::NotFound)?;
    let signer = identity::in_force(&head.bundle, &head.rotations)?;
    let place = (head.vault, KEY_EPOCH);
    let before = follows(
        &request.manifest,
        &head.manifest,
        &signer,
        place,
        "manifest",
    )?;
    match store
        .write_machine_items(account, token, before, request)
        .await?
    {
        WriteOutcome::Written { revision } => Ok(WriteItemsResponse { revision }),
        WriteOutcome::Conflict(conflicts) => Err(ServiceError::Conflict(conflicts)),
        WriteOutcome::Stale => Err(ServiceError::ManifestStale),
        WriteOutcome::NoVault | WriteOutcome::NoAttachment | WriteOutcome::NoChange => {
            Err(ServiceError::NotFound)
        }
    }
}

/// Revokes a token, and deletes its copy. A second time is no error.
pub async fn revoke(context: &Context, token: MachineTokenId) -> Result<(), ServiceError> {
    let services = &context.services;
    let account = context.actor.account_id;
    let store = services.store();
    match store
        .revoke_machine_token(account, token, services.now_ms())
        .await?
    {
        true => Ok(()),
        false => Err(ServiceError::NotFound),
    }
}

/// Who used a token, newest first.
pub async fn uses(
    context: &Context,
    token: MachineTokenId,
    request: &MachineUsesRequest,
) -> Result<MachineUsesResponse, ServiceError> {
    let store = context.services.store();
    let account = context.actor.account_id;
    let limit = limits::MACHINE_USES_PER_PAGE as u32;
    let uses = store.machine_uses(account, token, request.before, limit);
    uses.await?.ok_or(ServiceError::NotFound)
}

/// Gives the grant and the copy to whoever proves the token's key.
pub async fn open(
    services: &Services,
    address: IpAddr,
    request: &MachineRequest,
) -> Result<ChangesBody, ServiceError> {
    if !request.item_ids.is_empty() {
        return Err(ServiceError::invalid("item_ids", "must be left out"));
    }
    prove_request(services, address, request, MachineUseKind::Opened).await?;
    let store = services.store();
    let rows = store
        .open_machine_copy(request.token_id, limits::MACHINE_DETAILS)
        .await?;
    Ok(encode(rows).boxed())
}

/// Gives the details of some items of the copy to whoever proves the token's key. Items that are
/// not in it are left out.
pub async fn details(
    services: &Services,
    address: IpAddr,
    request: &MachineRequest,
) -> Result<DetailsResponse, ServiceError> {
    let (items, most) = (&request.item_ids, limits::MACHINE_DETAILS_PER_REQUEST);
    if items.is_empty() || items.len() > most {
        let rule = format!("must have 1 to {most} entries");
        return Err(ServiceError::invalid("item_ids", rule));
    }
    if items.iter().collect::<HashSet<_>>().len() != items.len() {
        return Err(ServiceError::invalid(
            "item_ids",
            "must not name an item twice",
        ));
    }
    prove_request(services, address, request, MachineUseKind::Details).await?;
    let store = services.store();
    match store
        .machine_details(request.token_id, items, DETAILS_BYTES)
        .await?
    {
        DetailsOutcome::Found(details) => Ok(DetailsResponse { details }),
        DetailsOutcome::TooLarge => {
            let rule = format!("must name fewer items: their details exceed {DETAILS_BYTES} bytes");
            Err(ServiceError::invalid("item_ids", rule))
        }
    }
}

/// Networks in their one spelling: no address within one, and none twice.
fn checked_networks(networks: &[String]) -> Result<Vec<String>, ServiceError> {
    let wrong = |rule: String| ServiceError::invalid("networks", rule);
    if networks.len() > limits::MACHINE_NETWORKS {
        let most = limits::MACHINE_NETWORKS;
        return Err(wrong(format!("must have at most {most} entries")));
    }
    let mut checked = Vec::with_capacity(networks.len());
    for text in networks {
        let network: IpNet = text
            .parse()
            .map_err(|_| wrong("must be networks as 10.0.0.0/8".to_owned()))?;
        let is_plain = network.trunc() == network && network.to_string() == *text;
        if !is_plain || checked.contains(text) {
            return Err(wrong(
                "must be networks in their shortest form, none twice".to_owned(),
            ));
        }
        checked.push(text.clone());
    }
    Ok(checked)
}

/// A change of a copy has both parts of each item, and neither histories nor attachments, and takes
/// nothing that a machine handed in.
fn check_copy(request: &WriteItemsRequest) -> Result<(), ServiceError> {
    check_write(request)?;
    if !request.earlier.is_empty() {
        return Err(ServiceError::invalid("earlier", "must be left out"));
    }
    if !request.takes.is_empty() {
        return Err(ServiceError::invalid("takes", "must be left out"));
    }
    let lacks = |write: &ItemWrite| write.details.is_none() || !write.attachments.is_empty();
    match request.writes.iter().position(lacks) {
        None => Ok(()),
        Some(at) => Err(ServiceError::invalid(
            format!("writes[{at}]"),
            "must have details, and no attachments",
        )),
    }
}

/// What comes into an empty copy: any number of items, each as its version 1.
fn check_first(first: &WriteItemsRequest) -> Result<(), ServiceError> {
    let is_empty = first.writes.is_empty() && first.purges.is_empty();
    if is_empty && first.earlier.is_empty() && first.takes.is_empty() {
        return Ok(());
    }
    check_copy(first)?;
    let is_new = |write: &ItemWrite| write.base_version == 0;
    match first.purges.is_empty() && first.writes.iter().all(is_new) {
        true => Ok(()),
        false => Err(ServiceError::invalid("first", "must make new items alone")),
    }
}

/// The manifest of the empty copy, and the one that follows it, both signed by the owner.
async fn check_first_manifests(
    context: &Context,
    request: &MakeMachineTokenRequest,
) -> Result<(), ServiceError> {
    let row = context
        .services
        .store()
        .account(context.actor.account_id)
        .await?;
    let row = row.ok_or(ServiceError::Unauthenticated)?;
    let signer = identity::in_force(&row.bundle, &row.rotations)?;
    let wrong = |rule: &'static str| ServiceError::invalid("vault.manifest", rule);
    let empty = VaultManifest::decode(&request.vault.manifest.0)
        .map_err(|_| wrong("must be a manifest"))?;
    let body = empty.body();
    if body.version != 0 || body.items != 0 || body.root != [0; 32] {
        return Err(wrong("must be that of the empty copy"));
    }
    empty
        .verify(&signer.signing_key())
        .map_err(|_| wrong("must be signed by the vault's owner"))?;
    let place = (request.vault.id, KEY_EPOCH);
    let first = &request.first.manifest;
    match follows(
        first,
        &request.vault.manifest,
        &signer,
        place,
        "first.manifest",
    ) {
        Ok(_) => Ok(()),
        Err(ServiceError::ManifestStale) => Err(ServiceError::invalid(
            "first.manifest",
            "must follow that of the empty copy",
        )),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_have_one_spelling() {
        let checked = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            checked_networks(&texts)
        };
        let good = ["10.0.0.0/8", "203.0.113.7/32", "2001:db8::/32"];
        assert_eq!(checked(&good).expect("networks"), good);
        for wrong in [
            &["10.0.0.1/8"][..],
            &["10.0.0.0"],
            &["10.0.0.0/33"],
            &["2001:DB8::/32"],
            &["10.0.0.0/8 "],
            &[""],
            &["10.0.0.0/8", "10.0.0.0/8"],
            &["example.org"],
            &["0.0.0.0/0"; limits::MACHINE_NETWORKS + 1],
        ] {
            assert!(checked(wrong).is_err(), "{wrong:?}");
        }
    }
}
