//! A panic costs one response, not the connection, and says nothing.

use std::{any::Any, panic::AssertUnwindSafe};

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures::FutureExt as _;

use crate::error::Failure;

/// Answers 500 when a handler panics. The hook of [`install_hook`] has logged where.
pub async fn layer(request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(payload) => {
            forget(payload);
            Failure::internal().into_response()
        }
    }
}

/// Logs the place of a panic. Its message may quote data, so it is not logged.
pub fn install_hook() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked");
    }));
}

/// Dropping a payload can panic again, beyond the reach of `catch_unwind`.
fn forget(payload: Box<dyn Any + Send>) {
    if payload.is::<&'static str>() || payload.is::<String>() {
        drop(payload);
    } else {
        #[expect(clippy::disallowed_methods, reason = "see above")]
        std::mem::forget(payload);
    }
}
