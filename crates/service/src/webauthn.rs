//! What authenticators made and signed, checked by webauthn-rs.
//!
//! Its challenges are random and its state would have to be kept. Ours are nonces and tokens under
//! a MAC that need no row, so they are put into the state in the place of its own.

use keyarc_store::{PasskeyRow, PasskeyUse};
use keyarc_wire::{AccountId, Fixed, PasskeyAssertion, PasskeyAttestation, limits};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use url::Url;
use uuid::Uuid;
use webauthn_rs::{
    Webauthn, WebauthnBuilder,
    prelude::{Passkey, PublicKeyCredential, RegisterPublicKeyCredential},
};

use crate::{ServiceError, Services};

/// The place of the challenge in the state of a registration and of an authentication.
const REGISTRATION: &str = "/rs/challenge";
const AUTHENTICATION: &str = "/ast/challenge";
/// Clients name it themselves; no authenticator reads ours.
const NAME: &str = "KeyArc";

/// A passkey that was made just now.
pub(crate) struct Registered {
    /// The host that it belongs to.
    pub(crate) host: String,
    /// Public key, counter and flags.
    pub(crate) credential: Vec<u8>,
}

/// The relying party of an origin that the server goes by: its host, and no wider.
struct Party {
    webauthn: Webauthn,
    host: String,
}

impl Party {
    fn of(services: &Services, origin: &str) -> Result<Self, ServiceError> {
        if !services.policy().origins.iter().any(|own| own == origin) {
            return Err(ServiceError::LoginRefused);
        }
        let url = Url::parse(origin).map_err(ServiceError::internal)?;
        let host = url.domain().map(str::to_owned).ok_or_else(|| {
            ServiceError::invalid("origin", "must have a name: addresses have no passkeys")
        })?;
        let webauthn = WebauthnBuilder::new(&host, &url)
            .and_then(|builder| builder.rp_name(NAME).build())
            .map_err(ServiceError::internal)?;
        Ok(Self { webauthn, host })
    }
}

/// The host that passkeys of an origin belong to; `None` for an address.
pub(crate) fn host(services: &Services, origin: &str) -> Option<String> {
    Party::of(services, origin).ok().map(|party| party.host)
}

/// Checks a passkey that was made for an account, with this challenge, at this origin, by a
/// person who was verified.
pub(crate) fn register(
    services: &Services,
    origin: &str,
    account: AccountId,
    challenge: Fixed<32>,
    made: &PasskeyAttestation,
) -> Result<Registered, ServiceError> {
    let Party { webauthn, host } = Party::of(services, origin)?;
    let id = &made.credential_id;
    if id.0.is_empty() || id.0.len() > limits::CREDENTIAL_ID {
        return Err(ServiceError::PasskeyRefused);
    }
    let (_, state) = webauthn
        .start_passkey_registration(Uuid::from_bytes(account.0), NAME, NAME, None)
        .map_err(ServiceError::internal)?;
    let state = with_challenge(&state, REGISTRATION, challenge)?;
    let answer: RegisterPublicKeyCredential = read(json!({
        "id": id,
        "rawId": id,
        "type": "public-key",
        "response": { "clientDataJSON": made.client_data, "attestationObject": made.attestation },
    }))?;
    let passkey = webauthn
        .finish_passkey_registration(&answer, &state)
        .map_err(refused)?;
    if passkey.cred_id().as_slice() != id.0 {
        return Err(ServiceError::PasskeyRefused);
    }
    Ok(Registered {
        host,
        credential: serde_json::to_vec(&passkey).map_err(ServiceError::internal)?,
    })
}

/// Checks what a passkey signed: this challenge, at this origin, by a person who was verified,
/// with a counter that has risen where there is one. Tells what is to be written in the moment
/// that it is used.
pub(crate) fn assert(
    services: &Services,
    origin: &str,
    row: &PasskeyRow,
    challenge: Fixed<32>,
    signed: &PasskeyAssertion,
) -> Result<PasskeyUse, ServiceError> {
    let Party { webauthn, host } = Party::of(services, origin)?;
    if row.host != host || row.credential_id != signed.credential_id.0 {
        return Err(ServiceError::PasskeyRefused);
    }
    let mut passkey: Passkey =
        serde_json::from_slice(&row.credential).map_err(ServiceError::internal)?;
    let (_, state) = webauthn
        .start_passkey_authentication(std::slice::from_ref(&passkey))
        .map_err(ServiceError::internal)?;
    let state = with_challenge(&state, AUTHENTICATION, challenge)?;
    let id = &signed.credential_id;
    let answer: PublicKeyCredential = read(json!({
        "id": id,
        "rawId": id,
        "type": "public-key",
        "response": {
            "clientDataJSON": signed.client_data,
            "authenticatorData": signed.authenticator_data,
            "signature": signed.signature,
            "userHandle": null,
        },
    }))?;
    let result = webauthn
        .finish_passkey_authentication(&answer, &state)
        .map_err(refused)?;
    passkey.update_credential(&result);
    Ok(PasskeyUse {
        credential_id: row.credential_id.clone(),
        base_version: row.version,
        credential: serde_json::to_vec(&passkey).map_err(ServiceError::internal)?,
        used_at_ms: services.now_ms(),
    })
}

fn with_challenge<S: Serialize + DeserializeOwned>(
    state: &S,
    place: &str,
    challenge: Fixed<32>,
) -> Result<S, ServiceError> {
    let mut value = serde_json::to_value(state).map_err(ServiceError::internal)?;
    let own = value
        .pointer_mut(place)
        .ok_or_else(|| ServiceError::internal("webauthn-rs keeps its challenge elsewhere"))?;
    *own = json!(challenge);
    serde_json::from_value(value).map_err(ServiceError::internal)
}

fn read<A: DeserializeOwned>(answer: serde_json::Value) -> Result<A, ServiceError> {
    serde_json::from_value(answer).map_err(|_| ServiceError::PasskeyRefused)
}

/// The reason is for the log: to whoever sent it all reasons are one.
fn refused(error: webauthn_rs::prelude::WebauthnError) -> ServiceError {
    tracing::info!(%error, "a passkey was refused");
    ServiceError::PasskeyRefused
}
