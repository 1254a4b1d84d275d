use js_sys::JSON;
use keyarc_client::{ClientError, FetchOriginError, MachineError};
use keyarc_crypto::MachineTokenError;
use keyarc_lookup::LookupError;
use keyarc_reference::NoReference;
use serde::Serialize;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Why something could not be read. Part of the interface: the package's README lists the codes.
/// Those that a server gives have its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Code {
    InvalidOrigin,
    InvalidToken,
    InvalidReference,
    NotFound,
    Ambiguous,
    TokenRefused,
    TokenExpired,
    TokenRevoked,
    AddressRefused,
    ClockSkew,
    RateLimited,
    Unreachable,
    Tampered,
    Refused,
}

#[wasm_bindgen(typescript_custom_section)]
const CODE: &str = "
/** Why something could not be read. */
export type FailureCode =
  | 'invalid_origin'
  | 'invalid_token'
  | 'invalid_reference'
  | 'not_found'
  | 'ambiguous'
  | 'token_refused'
  | 'token_expired'
  | 'token_revoked'
  | 'address_refused'
  | 'clock_skew'
  | 'rate_limited'
  | 'unreachable'
  | 'tampered'
  | 'refused';
";

#[wasm_bindgen(typescript_custom_section)]
const FAILURE: &str = "
/** What is thrown. Nothing in it is secret. */
export interface Failure {
  code: FailureCode;
  message: string;
  nearest?: string[];
  candidates?: string[];
  retryAfterSeconds?: number;
  aheadMs?: number;
}
";

/// What is thrown. Nothing in it is secret: programs print it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    code: Code,
    message: String,
    /// What is called nearly as what is not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nearest: Vec<String>,
    /// Where the items stand that have the same name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u32>,
    /// By how much this machine's clock is ahead, in milliseconds; negative when it is behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    ahead_ms: Option<i64>,
}

impl Failure {
    fn of(code: Code, error: impl ToString) -> Self {
        Self {
            code,
            message: error.to_string(),
            nearest: Vec::new(),
            candidates: Vec::new(),
            retry_after_seconds: None,
            ahead_ms: None,
        }
    }
}

impl From<Failure> for JsValue {
    fn from(failure: Failure) -> Self {
        as_value(&failure)
    }
}

impl From<FetchOriginError> for Failure {
    fn from(_: FetchOriginError) -> Self {
        Self::of(
            Code::InvalidOrigin,
            "an origin is like https://keyarc.example, and http:// on this machine alone",
        )
    }
}

impl From<MachineTokenError> for Failure {
    fn from(error: MachineTokenError) -> Self {
        Self::of(Code::InvalidToken, error)
    }
}

impl From<NoReference> for Failure {
    fn from(error: NoReference) -> Self {
        Self::of(Code::InvalidReference, error)
    }
}

impl From<LookupError> for Failure {
    fn from(error: LookupError) -> Self {
        let message = error.to_string();
        match error {
            LookupError::NotFound { nearest, .. } => Self {
                nearest,
                ..Self::of(Code::NotFound, message)
            },
            LookupError::Ambiguous { candidates, .. } => Self {
                candidates,
                ..Self::of(Code::Ambiguous, message)
            },
        }
    }
}

impl From<MachineError> for Failure {
    fn from(error: MachineError) -> Self {
        let code = match &error {
            MachineError::Client(error) => code_of(error),
            MachineError::Refused => Code::TokenRefused,
            MachineError::Expired => Code::TokenExpired,
            MachineError::Revoked => Code::TokenRevoked,
            MachineError::AddressRefused => Code::AddressRefused,
            MachineError::ClockSkew { .. } => Code::ClockSkew,
        };
        let told = Self::of(code, &error);
        match error {
            MachineError::ClockSkew { ahead_ms } => Self {
                ahead_ms: Some(ahead_ms),
                ..told
            },
            MachineError::Client(ClientError::RateLimited { seconds }) => Self {
                retry_after_seconds: Some(seconds),
                ..told
            },
            _ => told,
        }
    }
}

fn code_of(error: &ClientError) -> Code {
    match error {
        ClientError::Unreachable => Code::Unreachable,
        ClientError::SessionEnded | ClientError::WrongPassword => Code::TokenRefused,
        ClientError::RateLimited { .. } => Code::RateLimited,
        ClientError::NotFound => Code::NotFound,
        ClientError::Tampered => Code::Tampered,
        _ => Code::Refused,
    }
}

/// What holds texts, numbers and lists of them, as a value of JavaScript's.
pub fn as_value(value: &impl Serialize) -> JsValue {
    let text = serde_json::to_string(value).ok();
    text.and_then(|text| JSON::parse(&text).ok())
        .unwrap_or_default()
}
