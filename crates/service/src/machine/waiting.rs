//! What is handed in with tokens that write, and waits for their owner.

use std::{collections::HashSet, net::IpAddr};

use keyarc_store::HandInOutcome;
use keyarc_wire::{
    DiscardChangesRequest, HandInRequest, WaitingChangesRequest, WaitingChangesResponse, limits,
};

use super::proof::prove_hand_in;
use crate::{Context, ServiceError, Services, validate, vault::MAX_BASE_VERSION};

/// Most bytes of changes in one answer, which is built in memory.
const WAITING_BYTES: usize = 8 * 1024 * 1024;

/// Keeps changes for the owner of a token, for whoever proves its key: all of them or none.
///
/// They are ciphertext. Whether they may be what they are is for the owner's client to say.
pub async fn hand_in(
    services: &Services,
    address: IpAddr,
    request: HandInRequest,
) -> Result<(), ServiceError> {
    check(&request)?;
    prove_hand_in(services, address, &request).await?;
    let store = services.store();
    let now_ms = services.now_ms();
    match store
        .hand_in(request.token_id, request.changes, now_ms)
        .await?
    {
        HandInOutcome::HandedIn => Ok(()),
        // It was revoked this moment.
        HandInOutcome::NoToken => Err(ServiceError::TokenRevoked),
        HandInOutcome::Conflict => Err(ServiceError::ChangesConflict),
        HandInOutcome::Full => Err(ServiceError::ChangesFull),
    }
}

/// What waits for the account, of all its tokens.
pub async fn waiting(
    context: &Context,
    request: &WaitingChangesRequest,
) -> Result<WaitingChangesResponse, ServiceError> {
    let store = context.services.store();
    let account = context.actor.account_id;
    let limit = limits::WAITING_PER_PAGE as u32;
    Ok(store
        .waiting_changes(account, request.after, limit, WAITING_BYTES)
        .await?)
}

/// Discards what waits. A second time is no error.
pub async fn discard(
    context: &Context,
    request: &DiscardChangesRequest,
) -> Result<(), ServiceError> {
    let count = request.changes.len();
    if count == 0 || count > limits::WAITING_PER_PAGE {
        let rule = format!("must have 1 to {} entries", limits::WAITING_PER_PAGE);
        return Err(ServiceError::invalid("changes", rule));
    }
    let store = context.services.store();
    store
        .discard_changes(context.actor.account_id, &request.changes)
        .await?;
    Ok(())
}

fn check(request: &HandInRequest) -> Result<(), ServiceError> {
    let count = request.changes.len();
    if count == 0 || count > limits::MACHINE_CHANGES {
        let rule = format!("must have 1 to {} entries", limits::MACHINE_CHANGES);
        return Err(ServiceError::invalid("changes", rule));
    }
    let mut seen = HashSet::with_capacity(count);
    for (at, one) in request.changes.iter().enumerate() {
        let field = |name: &str| format!("changes[{at}].{name}");
        validate::envelope(&one.change, limits::MACHINE_CHANGE, || {
            field("change").into()
        })?;
        if one.base_version > MAX_BASE_VERSION {
            return Err(ServiceError::invalid(
                field("base_version"),
                "must be a version",
            ));
        }
        if !seen.insert(one.item_id) {
            return Err(ServiceError::invalid(field("item_id"), "must occur once"));
        }
    }
    Ok(())
}
