use keyarc_wire::{Bytes, FreshProof, RecoveryCodes, SecondFactorStatus as Status, TotpEnrolment};
use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use super::RpcError;

/// Whether the account has a second factor.
#[server(prefix = "/rpc", endpoint = "second-factor/status", input = Json, output = Json)]
pub async fn second_factor_status() -> Result<Status, RpcError> {
    use super::host::{caller, refuse};

    keyarc_service::second_factor::status(&caller()?)
        .await
        .map_err(refuse)
}

/// A secret for an authenticator app. Nothing is stored yet. Takes a proof of the password.
#[server(prefix = "/rpc", endpoint = "second-factor/begin", input = Json, output = Json)]
pub async fn begin_second_factor(fresh: FreshProof) -> Result<TotpEnrolment, RpcError> {
    use super::host::{address, caller, refuse};

    keyarc_service::second_factor::begin_totp(&caller()?, address()?, &fresh)
        .await
        .map_err(refuse)
}

/// Puts the app in force with a first code of it, and gives the recovery codes.
#[server(prefix = "/rpc", endpoint = "second-factor/confirm", input = Json, output = Json)]
pub async fn confirm_second_factor(
    sealed_secret: Bytes,
    code: String,
) -> Result<RecoveryCodes, RpcError> {
    use super::host::{caller, refuse};

    keyarc_service::second_factor::confirm_totp(&caller()?, &sealed_secret, &code)
        .await
        .map_err(refuse)
}

/// New recovery codes in the place of those before.
#[server(prefix = "/rpc", endpoint = "second-factor/renew-codes", input = Json, output = Json)]
pub async fn renew_recovery_codes(code: String) -> Result<RecoveryCodes, RpcError> {
    use super::host::{caller, refuse};

    keyarc_service::second_factor::renew_recovery_codes(&caller()?, &code)
        .await
        .map_err(refuse)
}

/// Removes the second factor.
#[server(prefix = "/rpc", endpoint = "second-factor/turn-off", input = Json, output = Json)]
pub async fn turn_off_second_factor(code: String) -> Result<(), RpcError> {
    use super::host::{caller, refuse};

    keyarc_service::second_factor::turn_off(&caller()?, &code)
        .await
        .map_err(refuse)
}
