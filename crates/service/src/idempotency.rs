//! Requests that come with an idempotency key: the same request once more gets the answer that the
//! first one got, and is not carried out again.
//!
//! The header has the name and the meaning that draft-ietf-httpapi-idempotency-key-header gives it; the
//! key is taken as it is written. What is kept are hashes of key and request, and the answer, which has
//! no secret in it: which requests take a key says the API's description.

pub use keyarc_store::KeptAnswer;
use keyarc_store::{BegunRequest, KeyOutcome, KeyedRequest};
use keyarc_wire::limits;
use sha2::{Digest as _, Sha256};

use crate::{Context, ServiceError};

/// After this time the same request may begin anew: the first one ended with its server. Bodies are
/// whole before a request begins. Should it be under way after all, the versions that it names keep
/// it from being done twice, and it does not end what took over.
const UNDER_WAY_MS: u64 = 60_000;

/// What is to be done with a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Begun {
    /// Carry it out, and [`end`] it.
    Now(Running),
    /// It was carried out before: give this answer.
    Before(KeptAnswer),
}

/// A request that is under way.
#[derive(Debug, PartialEq, Eq)]
pub struct Running(BegunRequest);

/// Begins a request with a key: 1 to [`limits::IDEMPOTENCY_KEY`] visible characters of ASCII. `asked`
/// is all that makes it the request that it is.
pub async fn begin(
    context: &Context,
    key: &[u8],
    asked: [&[u8]; 3],
) -> Result<Begun, ServiceError> {
    let is_visible = key.iter().all(u8::is_ascii_graphic);
    if key.is_empty() || key.len() > limits::IDEMPOTENCY_KEY || !is_visible {
        return Err(ServiceError::invalid(
            "Idempotency-Key",
            format!(
                "must have 1 to {} visible characters of ASCII",
                limits::IDEMPOTENCY_KEY
            ),
        ));
    }
    let mut request = Sha256::new();
    for part in asked {
        request.update((part.len() as u64).to_be_bytes());
        request.update(part);
    }
    let of = KeyedRequest {
        account: context.actor.account_id,
        key: Sha256::digest(key).into(),
        request: request.finalize().into(),
    };
    let now_ms = context.services.now_ms();
    let times = (now_ms, now_ms.saturating_sub(UNDER_WAY_MS));
    let store = context.services.store();
    let most = limits::IDEMPOTENCY_KEYS as u32;
    match store.begin_keyed(of, most, times).await? {
        KeyOutcome::Begun(begun) => Ok(Begun::Now(Running(begun))),
        KeyOutcome::Done(answer) => Ok(Begun::Before(answer)),
        KeyOutcome::UnderWay => Err(ServiceError::RequestUnderWay),
        KeyOutcome::OtherRequest => Err(ServiceError::IdempotencyKeyReused),
    }
}

/// Ends a request. With an answer, it is given again; without one nothing was changed, and the same
/// key may be used for another attempt.
pub async fn end(
    context: &Context,
    Running(begun): Running,
    answer: Option<&KeptAnswer>,
) -> Result<(), ServiceError> {
    let store = context.services.store();
    match answer {
        Some(answer) => store.end_keyed(begun, answer).await?,
        None => store.give_up_keyed(begun).await?,
    }
    Ok(())
}
