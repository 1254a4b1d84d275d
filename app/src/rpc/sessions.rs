use keyarc_wire::{SessionId, SessionInfo};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use super::RpcError;

/// The account's sessions, latest used first.
#[server(prefix = "/rpc", endpoint = "sessions/list", input = Json, output = Json)]
pub async fn list_sessions() -> Result<Vec<SessionInfo>, RpcError> {
    use super::host::{caller, refuse};

    keyarc_service::session::list(&caller()?)
        .await
        .map_err(refuse)
}

/// Gives one of the account's sessions another name.
#[server(prefix = "/rpc", endpoint = "sessions/rename", input = Json, output = Json)]
pub async fn rename_session(session: SessionId, name: String) -> Result<(), RpcError> {
    use super::host::{caller, refuse};

    keyarc_service::session::rename(&caller()?, session, &name)
        .await
        .map_err(refuse)
}

/// Ends one of the account's sessions, from its next request on.
#[server(prefix = "/rpc", endpoint = "sessions/revoke", input = Json, output = Json)]
pub async fn revoke_session(session: SessionId) -> Result<(), RpcError> {
    use super::host::{caller, refuse};

    keyarc_service::session::revoke(&caller()?, session)
        .await
        .map_err(refuse)
}

/// Ends all of the account's sessions but the one that asks, and tells how many there were.
#[server(prefix = "/rpc", endpoint = "sessions/revoke-others", input = Json, output = Json)]
pub async fn revoke_other_sessions() -> Result<u32, RpcError> {
    use super::host::{caller, refuse};

    keyarc_service::session::revoke_others(&caller()?)
        .await
        .map_err(refuse)
}
