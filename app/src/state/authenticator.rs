//! Passkeys in the browser (WebAuthn level 3). Only a page can ask an authenticator; what comes
//! back goes to the worker at once.
//!
//! Which host a passkey belongs to, its algorithms and that its owner must be verified are fixed
//! here: no answer of the server has a say in them.

use std::fmt;

use js_sys::{Array, ArrayBuffer, Function, Object, Promise, Reflect, Uint8Array};
use keyarc_wire::{Bytes, PasskeyAssertion, PasskeyAttestation};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::worker::{PasskeyAsked, PasskeyWish, PrfOutput};

/// ES256, and RS256 for authenticators that have nothing else (RFC 9053, RFC 8812).
const ALGORITHMS: [i32; 2] = [-7, -257];
/// How long a person may take to make a passkey, in milliseconds. The server's token lives longer.
const CREATE_WITHIN_MS: u32 = 240_000;
/// How long they may take to use one: the server's nonce lives a minute.
const GET_WITHIN_MS: u32 = 55_000;

/// A passkey that was made.
pub struct MadePasskey {
    /// For the server.
    pub attestation: PasskeyAttestation,
    /// For the worker alone.
    pub prf: Option<PrfOutput>,
}

/// What a passkey signed.
pub struct SignedPasskey {
    /// For the server.
    pub assertion: PasskeyAssertion,
    /// For the worker alone.
    pub prf: Option<PrfOutput>,
}

/// Why a passkey gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasskeyTrouble {
    /// The person closed the window, took too long, or has no such passkey here. Browsers do not
    /// tell which.
    Cancelled,
    /// There is one already.
    Exists,
    /// The authenticator cannot do what is needed.
    Unable,
    /// The browser refuses.
    Refused,
}

impl std::error::Error for PasskeyTrouble {}

impl fmt::Display for PasskeyTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Cancelled => {
                t!(
                    "No passkey was used: the browser's window was closed, time ran out, or there is none of this account here."
                )
            }
            Self::Exists => t!("This authenticator holds a passkey of this account already."),
            Self::Unable => {
                t!(
                    "This authenticator cannot be used: it must be able to verify you, by a PIN, a finger or a face."
                )
            }
            Self::Refused => {
                t!("The browser did not allow it. Passkeys need a name in the address, and HTTPS.")
            }
        };
        f.write_str(text)
    }
}

impl PasskeyTrouble {
    /// By the name of the exception (WebAuthn level 3, sections 5.1.3 and 5.1.4).
    fn of(error: &JsValue) -> Self {
        let name = Reflect::get(error, &"name".into()).ok();
        match name.and_then(|name| name.as_string()).as_deref() {
            Some("NotAllowedError" | "AbortError") => Self::Cancelled,
            Some("InvalidStateError") => Self::Exists,
            Some("ConstraintError" | "NotSupportedError") => Self::Unable,
            _ => Self::Refused,
        }
    }
}

/// Whether passkeys can be had on this page: the browser knows them, and it was reached by a name.
pub fn has_passkeys() -> bool {
    let known = Reflect::has(&window(), &"PublicKeyCredential".into()).unwrap_or(false);
    known && own_host().is_some_and(|host| is_name(&host))
}

/// The host that passkeys made on this page belong to.
pub fn own_host() -> Option<String> {
    window().location().hostname().ok()
}

/// Makes a passkey, and has it evaluate its function if it can.
pub async fn make_passkey(wish: &PasskeyWish) -> Result<MadePasskey, PasskeyTrouble> {
    let made = ask("create", creation(wish)).await;
    let made = made.map_err(|error| PasskeyTrouble::of(&error))?;
    let attestation = attestation(&made).map_err(|_| PasskeyTrouble::Refused)?;
    let prf = match prf_of(&made) {
        Prf::Output(output) => Some(output),
        Prf::None => None,
        Prf::Later => evaluate(wish, &attestation.credential_id).await,
    };
    Ok(MadePasskey { attestation, prf })
}

/// Has a passkey sign.
pub async fn use_passkey(asked: &PasskeyAsked) -> Result<SignedPasskey, PasskeyTrouble> {
    let signed = ask("get", request(asked)).await;
    let signed = signed.map_err(|error| PasskeyTrouble::of(&error))?;
    let assertion = assertion(&signed).map_err(|_| PasskeyTrouble::Refused)?;
    let prf = match prf_of(&signed) {
        Prf::Output(output) => Some(output),
        Prf::None | Prf::Later => None,
    };
    Ok(SignedPasskey { assertion, prf })
}

/// Many authenticators tell when a passkey is made that they have the function, and evaluate it
/// only when it is used. What is signed for that is thrown away.
async fn evaluate(wish: &PasskeyWish, credential_id: &Bytes) -> Option<PrfOutput> {
    let asked = PasskeyAsked {
        challenge: wish.token,
        credentials: vec![credential_id.clone()],
        prf_input: Some(wish.prf_input),
    };
    use_passkey(&asked).await.ok()?.prf
}

async fn ask(method: &str, options: Result<JsValue, JsValue>) -> Result<JsValue, JsValue> {
    let credentials = Reflect::get(&window().navigator(), &"credentials".into())?;
    let method: Function = Reflect::get(&credentials, &method.into())?.dyn_into()?;
    let public_key = object(&[("publicKey", options?)])?;
    let promise: Promise = method.call1(&credentials, &public_key)?.dyn_into()?;
    JsFuture::from(promise).await
}

fn creation(wish: &PasskeyWish) -> Result<JsValue, JsValue> {
    let host = own_host().unwrap_or_default();
    let algorithms = Array::new();
    for number in ALGORITHMS {
        let kind = ("type", JsValue::from("public-key"));
        algorithms.push(&object(&[kind, ("alg", number.into())])?);
    }
    object(&[
        ("challenge", bytes(&wish.token.0)),
        (
            "rp",
            object(&[("id", host.into()), ("name", "KeyArc".into())])?,
        ),
        (
            "user",
            object(&[
                ("id", bytes(&wish.user)),
                ("name", wish.label.as_str().into()),
                ("displayName", wish.label.as_str().into()),
            ])?,
        ),
        ("pubKeyCredParams", algorithms.into()),
        ("timeout", CREATE_WITHIN_MS.into()),
        ("excludeCredentials", descriptors(&wish.exclude)?),
        (
            "authenticatorSelection",
            object(&[
                ("residentKey", "preferred".into()),
                ("userVerification", "required".into()),
            ])?,
        ),
        ("attestation", "none".into()),
        ("extensions", evaluation(&wish.prf_input)?),
    ])
}

fn request(asked: &PasskeyAsked) -> Result<JsValue, JsValue> {
    let mut fields = vec![
        ("challenge", bytes(&asked.challenge.0)),
        ("rpId", own_host().unwrap_or_default().into()),
        ("timeout", GET_WITHIN_MS.into()),
        ("allowCredentials", descriptors(&asked.credentials)?),
        ("userVerification", "required".into()),
    ];
    if let Some(input) = &asked.prf_input {
        fields.push(("extensions", evaluation(input)?));
    }
    object(&fields)
}

/// `{ prf: { eval: { first } } }` (WebAuthn level 3, section 10.1.4).
fn evaluation(input: &[u8; 32]) -> Result<JsValue, JsValue> {
    let eval = object(&[("first", bytes(input))])?;
    object(&[("prf", object(&[("eval", eval)])?)])
}

fn descriptors(ids: &[Bytes]) -> Result<JsValue, JsValue> {
    let list = Array::new();
    for id in ids {
        let kind = ("type", JsValue::from("public-key"));
        list.push(&object(&[kind, ("id", bytes(&id.0))])?);
    }
    Ok(list.into())
}

fn attestation(made: &JsValue) -> Result<PasskeyAttestation, JsValue> {
    let response = Reflect::get(made, &"response".into())?;
    Ok(PasskeyAttestation {
        credential_id: buffer(made, "rawId")?,
        client_data: buffer(&response, "clientDataJSON")?,
        attestation: buffer(&response, "attestationObject")?,
    })
}

fn assertion(signed: &JsValue) -> Result<PasskeyAssertion, JsValue> {
    let response = Reflect::get(signed, &"response".into())?;
    Ok(PasskeyAssertion {
        credential_id: buffer(signed, "rawId")?,
        client_data: buffer(&response, "clientDataJSON")?,
        authenticator_data: buffer(&response, "authenticatorData")?,
        signature: buffer(&response, "signature")?,
    })
}

enum Prf {
    Output(PrfOutput),
    /// Not yet: the function is there.
    Later,
    None,
}

fn prf_of(credential: &JsValue) -> Prf {
    let of = || -> Result<Prf, JsValue> {
        let results: Function =
            Reflect::get(credential, &"getClientExtensionResults".into())?.dyn_into()?;
        let prf = Reflect::get(&results.call0(credential)?, &"prf".into())?;
        if !prf.is_object() {
            return Ok(Prf::None);
        }
        let results = Reflect::get(&prf, &"results".into())?;
        if results.is_object() {
            let first = Reflect::get(&results, &"first".into())?;
            let buffer: ArrayBuffer = first.dyn_into()?;
            let array = Uint8Array::new(&buffer);
            let output = PrfOutput(array.to_vec());
            array.fill(0, 0, array.length());
            return Ok(Prf::Output(output));
        }
        let enabled = Reflect::get(&prf, &"enabled".into())?.as_bool();
        Ok(if enabled == Some(true) {
            Prf::Later
        } else {
            Prf::None
        })
    };
    of().unwrap_or(Prf::None)
}

fn buffer(object: &JsValue, name: &str) -> Result<Bytes, JsValue> {
    let buffer: ArrayBuffer = Reflect::get(object, &name.into())?.dyn_into()?;
    Ok(Bytes(Uint8Array::new(&buffer).to_vec()))
}

fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

fn object(fields: &[(&str, JsValue)]) -> Result<JsValue, JsValue> {
    let object = Object::new();
    for (name, value) in fields {
        Reflect::set(&object, &(*name).into(), value)?;
    }
    Ok(object.into())
}

/// Not an address: those have no passkeys.
fn is_name(host: &str) -> bool {
    let is_v4 = host.split('.').all(|part| part.parse::<u8>().is_ok());
    !host.is_empty() && !is_v4 && !host.starts_with('[')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_no_passkeys() {
        for host in ["localhost", "keyarc.example", "1.example", "10.0.0.keyarc"] {
            assert!(is_name(host), "{host}");
        }
        for host in ["127.0.0.1", "10.0.0.1", "[::1]", ""] {
            assert!(!is_name(host), "{host}");
        }
    }
}
