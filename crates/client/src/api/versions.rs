//! The endpoints of what items were.

use keyarc_wire::{
    HistoriesRequest, HistoriesResponse, ItemVersionsRequest, ItemVersionsResponse, MomentRequest,
    MomentResponse, VaultId, VersionDetailsRequest, VersionDetailsResponse, limits, paths,
};

use super::{Api, ApiFailure, SMALL_ANSWER, encode, json_body, post};
use crate::Transport;

impl<T: Transport> Api<T> {
    /// Versions of an item that were replaced, a page of them.
    pub async fn item_versions(
        &self,
        vault: VaultId,
        request: &ItemVersionsRequest,
        now_ms: u64,
    ) -> Result<ItemVersionsResponse, ApiFailure> {
        let call = post(paths::item_versions(vault), Some(encode(request)?));
        json_body(&self.call(call, now_ms).await?)
    }

    /// Versions of many items that were replaced, a page of them.
    pub async fn histories(
        &self,
        vault: VaultId,
        request: &HistoriesRequest,
        now_ms: u64,
    ) -> Result<HistoriesResponse, ApiFailure> {
        let mut call = post(paths::histories(vault), Some(encode(request)?));
        call.max_response = SMALL_ANSWER + limits::HISTORIES_PER_PAGE * limits::OVERVIEW * 2;
        json_body(&self.call(call, now_ms).await?)
    }

    /// What items were at a moment, a page of those that have changed since.
    pub async fn moment(
        &self,
        vault: VaultId,
        request: &MomentRequest,
        now_ms: u64,
    ) -> Result<MomentResponse, ApiFailure> {
        let mut call = post(paths::moment(vault), Some(encode(request)?));
        call.max_response = SMALL_ANSWER + limits::MOMENT_PER_PAGE * limits::OVERVIEW * 2;
        json_body(&self.call(call, now_ms).await?)
    }

    /// The details that replaced versions had.
    pub async fn version_details(
        &self,
        vault: VaultId,
        request: &VersionDetailsRequest,
        now_ms: u64,
    ) -> Result<VersionDetailsResponse, ApiFailure> {
        let mut call = post(paths::version_details(vault), Some(encode(request)?));
        call.max_response = SMALL_ANSWER
            + request
                .versions
                .len()
                .saturating_mul(limits::DETAILS / 2 * 3);
        json_body(&self.call(call, now_ms).await?)
    }
}
