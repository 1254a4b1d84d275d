//! The endpoints of machine tokens.

use keyarc_wire::{
    DetailsResponse, DiscardChangesRequest, HandInRequest, MachineRequest, MachineTokenId,
    MachineTokensResponse, MachineUsesRequest, MachineUsesResponse, MakeMachineTokenRequest,
    WaitingChangesRequest, WaitingChangesResponse, WriteItemsRequest, WriteItemsResponse, limits,
    paths,
};

use super::{
    Api, ApiFailure, SMALL_ANSWER, accepted, encode, for_changes, get, json_body, post, stream_of,
};
use crate::{Changes, HttpRequest, Patience, Transport, changes::CopyBody};

impl<T: Transport> Api<T> {
    /// The account's machine tokens.
    pub async fn machine_tokens(&self, now_ms: u64) -> Result<MachineTokensResponse, ApiFailure> {
        let mut call = get(paths::MACHINE_TOKENS.into());
        // Sealed notes take the most of it; those of revoked tokens come along for a while.
        call.max_response = 4 * limits::MACHINE_TOKENS * limits::MACHINE_NOTE + SMALL_ANSWER;
        json_body(&self.call(call, now_ms).await?)
    }

    /// Makes a machine token with its copy.
    pub async fn make_machine_token(
        &self,
        request: &MakeMachineTokenRequest,
        now_ms: u64,
    ) -> Result<(), ApiFailure> {
        let call = large(paths::MACHINE_TOKENS.into(), encode(request)?)?;
        self.call(call, now_ms).await.map(drop)
    }

    /// What changed in a token's copy after a revision, its newest manifest, and those from a
    /// version on.
    pub async fn machine_changes(
        &self,
        token: MachineTokenId,
        since: u64,
        manifests_from: Option<u64>,
        now_ms: u64,
    ) -> Result<Changes, ApiFailure> {
        let request = for_changes(get(paths::machine_changes(token, since, manifests_from)));
        let response = self.call(request, now_ms).await?;
        stream_of(response, |body| Changes::check(body, since))
    }

    /// Changes a token's copy, all or nothing.
    pub async fn write_machine_items(
        &self,
        token: MachineTokenId,
        request: &WriteItemsRequest,
        now_ms: u64,
    ) -> Result<WriteItemsResponse, ApiFailure> {
        let call = large(paths::machine_items(token), encode(request)?)?;
        json_body(&self.call(call, now_ms).await?)
    }

    /// Revokes a token.
    pub async fn revoke_machine_token(
        &self,
        token: MachineTokenId,
        now_ms: u64,
    ) -> Result<(), ApiFailure> {
        let call = post(paths::machine_revoke(token), None);
        self.call(call, now_ms).await.map(drop)
    }

    /// Who used a token.
    pub async fn machine_uses(
        &self,
        token: MachineTokenId,
        request: &MachineUsesRequest,
        now_ms: u64,
    ) -> Result<MachineUsesResponse, ApiFailure> {
        let call = post(paths::machine_uses(token), Some(encode(request)?));
        json_body(&self.call(call, now_ms).await?)
    }

    /// Some of what was handed in with the account's tokens and waits.
    pub async fn waiting_changes(
        &self,
        request: &WaitingChangesRequest,
        now_ms: u64,
    ) -> Result<WaitingChangesResponse, ApiFailure> {
        let mut call = post(paths::MACHINE_WAITING.into(), Some(encode(request)?));
        // Some eight megabytes and one more change, of which base64 makes four thirds.
        call.max_response = SMALL_ANSWER + 16 * limits::MACHINE_CHANGE;
        json_body(&self.call(call, now_ms).await?)
    }

    /// Discards what waits.
    pub async fn discard_changes(
        &self,
        request: &DiscardChangesRequest,
        now_ms: u64,
    ) -> Result<(), ApiFailure> {
        let call = post(paths::MACHINE_DISCARD.into(), Some(encode(request)?));
        self.call(call, now_ms).await.map(drop)
    }

    /// What a token opens, for whoever holds it.
    pub(crate) async fn machine_open(
        &self,
        request: &MachineRequest,
    ) -> Result<CopyBody, ApiFailure> {
        let call = for_changes(post(paths::MACHINE_OPEN.into(), Some(encode(request)?)));
        let response = accepted(self.transport.send(call).await?)?;
        stream_of(response, Changes::check_copy)
    }

    /// Hands changes in, for whoever holds a token.
    pub(crate) async fn hand_in(&self, request: &HandInRequest) -> Result<(), ApiFailure> {
        let body = encode(request)?;
        if body.len() > limits::MACHINE_CHANGES_BODY {
            return Err(ApiFailure::TooLarge);
        }
        let call = post(paths::MACHINE_CHANGES.into(), Some(body));
        accepted(self.transport.send(call).await?).map(drop)
    }

    /// The details of some items of what a token opens, for whoever holds it.
    pub(crate) async fn machine_details(
        &self,
        request: &MachineRequest,
    ) -> Result<DetailsResponse, ApiFailure> {
        let mut call = post(paths::MACHINE_DETAILS.into(), Some(encode(request)?));
        // Base64 takes four thirds; the rest is for the fields around it.
        let items = request.item_ids.len();
        call.max_response = SMALL_ANSWER + items.saturating_mul(limits::DETAILS / 2 * 3);
        json_body(&accepted(self.transport.send(call).await?)?)
    }
}

fn large(path: String, body: Vec<u8>) -> Result<HttpRequest, ApiFailure> {
    if body.len() > limits::WRITE_BODY {
        return Err(ApiFailure::TooLarge);
    }
    Ok(HttpRequest {
        patience: Patience::Long,
        ..post(path, Some(body))
    })
}
