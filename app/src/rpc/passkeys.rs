use keyarc_wire::{Bytes, FreshProof};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use super::RpcError;

/// Gives a passkey another name.
#[server(prefix = "/rpc", endpoint = "passkeys/rename", input = Json, output = Json)]
pub async fn rename_passkey(credential_id: Bytes, name: String) -> Result<(), RpcError> {
    use super::host::{caller, refuse};

    keyarc_service::passkey::rename(&caller()?, &credential_id, &name)
        .await
        .map_err(refuse)
}

/// Removes a passkey. Takes a proof of the password.
#[server(prefix = "/rpc", endpoint = "passkeys/remove", input = Json, output = Json)]
pub async fn remove_passkey(credential_id: Bytes, fresh: FreshProof) -> Result<(), RpcError> {
    use super::host::{address, caller, refuse};

    keyarc_service::passkey::remove(&caller()?, address()?, &credential_id, &fresh)
        .await
        .map_err(refuse)
}
