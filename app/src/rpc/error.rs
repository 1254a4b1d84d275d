use keyarc_wire::{ApiError, ErrorCode};
use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

/// The API's one error, as server functions carry it. Boxed, since most calls succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(transparent)]
#[error("{0}")]
pub struct RpcError(pub Box<ApiError>);

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
