use std::fmt;

use keyarc_wire::{ApiError, ErrorCode};
use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

use crate::language::{known, of_server};

/// The API's one error, as server functions carry it. Boxed, since most calls succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RpcError(pub Box<ApiError>);

impl std::error::Error for RpcError {}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, action) = (of_server(&self.0.message), known(&self.0.action));
        write!(f, "{what} {action}")
    }
}

impl FromServerFnError for RpcError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self(Box::new(match error {
            ServerFnErrorErr::Request(_) => ApiError::new(
                ErrorCode::Unavailable,
                "The server cannot be reached.",
                "Check the connection and try again.",
            ),
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => ApiError::new(
                ErrorCode::InvalidRequest,
                "The request could not be read.",
                "Reload the page and try again.",
            ),
            // The text of the others may quote what was sent, so none of it is passed on.
            _ => ApiError::new(
                ErrorCode::Internal,
                "The request failed.",
                "Try again; if it goes on, tell the operator.",
            ),
        }))
    }
}
