use keyarc_vault::{DetailsError, Item, ItemDraft, OldVersion, Version};
use keyarc_wire::{
    ItemId, ItemVersion, ItemVersionsRequest, ItemVersionsResponse, SealedVersion,
    VersionDetailsRequest, limits,
};

use super::Session;
use crate::{ApiFailure, ClientError, Host, SaveError, Transport};

/// Most pages of a history that are fetched. An honest server has fewer.
const PAGES_MAX: usize = 8;
/// How often a history that was overtaken by a change is fetched anew.
const TRIES: u32 = 3;

impl<T: Transport, H: Host> Session<T, H> {
    /// What an item was, newest first, beginning with what it is now. Versions that the server
    /// does not have, and such that do not open, stand in their places.
    pub async fn versions(&self, item: ItemId) -> Result<Vec<Version>, ClientError> {
        for _ in 0..TRIES {
            let Some(kept) = self.fetch_versions(item).await? else {
                self.sync().await?;
                continue;
            };
            match self.look(|vault| vault.history(item, &kept)) {
                Ok(versions) => return Ok(versions),
                Err(DetailsError::NotFound) => return Err(ClientError::NotFound),
                Err(DetailsError::Outdated | DetailsError::Tampered) => {
                    return Err(ClientError::Tampered);
                }
            }
        }
        Err(ClientError::Tampered)
    }

    /// A version of an item with its secret. [`ClientError::NotFound`] when the server does not
    /// have it any more.
    pub async fn version(&self, item: ItemId, version: u64) -> Result<Item, ClientError> {
        if self.known_version(item)? == version {
            return self.reveal(item).await;
        }
        let old = self.old_version(item, version).await?;
        let vault = self.look(|vault| vault.id());
        let wanted = ItemVersion {
            item_id: item,
            version,
        };
        let request = VersionDetailsRequest {
            versions: vec![wanted],
        };
        let now_ms = self.host.now_ms();
        let answer = self.noted(self.api.version_details(vault, &request, now_ms).await);
        let mut details = match answer {
            Ok(answer) => answer.details,
            Err(failure) => return Err(self.absent(item, failure).await),
        };
        let only = match (details.pop(), details.is_empty()) {
            (None, _) => return Err(self.gone(item).await),
            (Some(only), true) if (only.item_id, only.version) == (item, version) => only,
            _ => return Err(ClientError::Tampered),
        };
        let opened = self.look(|vault| vault.open_version_details(&old, &only.details));
        opened.map_err(|_| ClientError::Tampered)
    }

    /// Saves a version of before as the next one, and returns the number of the version that it
    /// replaces: restoring that takes it back.
    pub async fn restore_version(&self, item: ItemId, version: u64) -> Result<u64, SaveError> {
        let replaced = self.known_version(item)?;
        let old = self.version(item, version).await?;
        let draft = ItemDraft {
            base_version: replaced,
            ..ItemDraft::of(&old)
        };
        self.save(&draft).await?;
        Ok(replaced)
    }

    fn known_version(&self, item: ItemId) -> Result<u64, ClientError> {
        let known = self.look(|vault| vault.summary(item).map(|row| row.version));
        known.ok_or(ClientError::NotFound)
    }

    /// All that the server has of an item's history; `None` when the item has changed since the
    /// last sync.
    async fn fetch_versions(
        &self,
        item: ItemId,
    ) -> Result<Option<Vec<SealedVersion>>, ClientError> {
        let known = self.known_version(item)?;
        let mut kept: Vec<SealedVersion> = Vec::new();
        for _ in 0..PAGES_MAX {
            let before = kept.last().map(|last| last.version);
            let page = self.versions_page(item, before).await?;
            if page.current_version > known || self.known_version(item)? != known {
                return Ok(None);
            }
            if page.current_version < known || (page.more && page.versions.is_empty()) {
                return Err(ClientError::Tampered);
            }
            kept.extend(page.versions);
            if !page.more {
                return Ok(Some(kept));
            }
        }
        Err(ClientError::Tampered)
    }

    async fn versions_page(
        &self,
        item: ItemId,
        before: Option<u64>,
    ) -> Result<ItemVersionsResponse, ClientError> {
        let vault = self.look(|vault| vault.id());
        let request = ItemVersionsRequest {
            item_id: item,
            before,
        };
        let now_ms = self.host.now_ms();
        let answer = self.noted(self.api.item_versions(vault, &request, now_ms).await);
        match answer {
            Ok(page) if page.versions.len() > limits::VERSIONS_PER_PAGE => {
                Err(ClientError::Tampered)
            }
            Ok(page) => Ok(page),
            Err(failure) => Err(self.absent(item, failure).await),
        }
    }

    /// The overview of one version.
    async fn old_version(&self, item: ItemId, version: u64) -> Result<OldVersion, ClientError> {
        let page = self
            .versions_page(item, Some(version.saturating_add(1)))
            .await?;
        match page.versions.first() {
            Some(sealed) if sealed.version == version => self
                .look(|vault| vault.open_version(item, sealed))
                .map_err(|_| ClientError::Tampered),
            Some(sealed) if sealed.version > version => Err(ClientError::Tampered),
            _ => Err(ClientError::NotFound),
        }
    }

    /// What it means that the server does not have something of an item. The vault, the item or
    /// the version may be meant, and only the first is more than that.
    async fn absent(&self, item: ItemId, failure: ApiFailure) -> ClientError {
        let error = ClientError::from(failure);
        match error {
            ClientError::NotFound => self.gone(item).await,
            other => other,
        }
    }

    /// As [`Self::absent`], where the server answers and has nothing.
    async fn gone(&self, item: ItemId) -> ClientError {
        // Tells when the session has ended, and takes note when the item is gone.
        match self.sync().await {
            Ok(_) => self
                .known_version(item)
                .err()
                .unwrap_or(ClientError::NotFound),
            Err(error) => error,
        }
    }
}
