//! Who asks: from a header to a [`Context`], through the service.

use axum::extract::FromRequestParts;
use http::{header, request::Parts};
use keyarc_service::{Context, ServiceError, session::Credential};

use crate::{error::Failure, middleware::address::ClientAddress, state::AppState};

/// A request whose session is in force.
#[derive(Debug, Clone)]
pub struct Caller(pub Context);

impl FromRequestParts<AppState> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        match parts.extensions.get() {
            Some(known) => Ok(Self::clone(known)),
            None => Self::of(parts, state).await,
        }
    }
}

impl Caller {
    /// Finds out who asks, and counts the request.
    pub(crate) async fn of(parts: &Parts, state: &AppState) -> Result<Self, Failure> {
        let Some(&ClientAddress(address)) = parts.extensions.get() else {
            // The accept loop gives every request one.
            return Err(Failure::internal());
        };
        let outcome = match credential(parts, state) {
            Some(credential) => {
                keyarc_service::session::authenticate(state.services(), address, credential).await
            }
            None => Err(ServiceError::Unauthenticated),
        };
        match outcome {
            Ok(context) => {
                state.rates().check_account(context.actor.account_id)?;
                Ok(Self(context))
            }
            Err(error) => {
                if let ServiceError::Unauthenticated = error {
                    // Guessing tokens is not cheaper than being a stranger.
                    state.rates().check_stranger(address)?;
                }
                Err(Failure::from(error))
            }
        }
    }
}

/// A bearer goes before the cookie: who sets the one means it. The long-lived session token is
/// a bearer under `/auth` only, where it is exchanged for access tokens or ended.
fn credential<'a>(parts: &'a Parts, state: &AppState) -> Option<Credential<'a>> {
    let Some(value) = parts.headers.get(header::AUTHORIZATION) else {
        return state
            .cookie()
            .read(&parts.headers)
            .map(Credential::SessionToken);
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    if !token.starts_with(keyarc_auth::SESSION_TOKEN_PREFIX) {
        return Some(Credential::AccessToken(token));
    }
    parts
        .uri
        .path()
        .starts_with("/auth/")
        .then_some(Credential::SessionToken(token))
}
