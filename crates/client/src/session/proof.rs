//! Signing what is to change.

use keyarc_auth::{Change, ChangeStatement, NewKeys};
use keyarc_signature::SigningKey;
use keyarc_wire::{ChallengeRequest, Fixed, Handle, Keyset, LoginProof};
use rand_core::Rng as _;

use super::Session;
use crate::{Api, ApiFailure, ClientError, Host, Transport};

/// Signs a change over a fresh challenge.
pub(super) async fn prove_change<T: Transport, H: Host>(
    api: &Api<T>,
    host: &H,
    origin: &str,
    handle: Handle,
    change: Change<'_>,
    key: &SigningKey,
) -> Result<LoginProof, ApiFailure> {
    let server_nonce = api.challenge(&ChallengeRequest { handle }).await?.nonce;
    let mut client_nonce = [0; 32];
    host.rng().fill_bytes(&mut client_nonce);
    let statement = ChangeStatement {
        origin,
        handle: handle.0,
        server_nonce: server_nonce.0,
        client_nonce,
        time_ms: host.now_ms(),
        change,
    };
    Ok(LoginProof {
        origin: origin.to_owned(),
        server_nonce,
        client_nonce: Fixed(client_nonce),
        time_ms: statement.time_ms,
        signature: Fixed(statement.sign(key)),
    })
}

/// What a statement says of a keyset.
pub(super) fn new_keys(keyset: &Keyset, auth_public_key: [u8; 32]) -> NewKeys<'_> {
    NewKeys {
        version: keyset.version,
        auth_public_key,
        wrapped_root_key: &keyset.wrapped_root_key.0,
        keyring: &keyset.keyring.0,
    }
}

impl<T: Transport, H: Host> Session<T, H> {
    /// Signs a change of this account.
    pub(super) async fn prove(
        &self,
        origin: &str,
        change: Change<'_>,
        key: &SigningKey,
    ) -> Result<LoginProof, ClientError> {
        let proven = prove_change(&self.api, &self.host, origin, self.handle, change, key).await;
        Ok(self.noted(proven)?)
    }
}
