//! What can be saved from a vault that is not to be believed as a whole.

use keyarc_vault::{Item, UnlockedVault};
use keyarc_wire::{DetailsRequest, ItemId};

use super::{Session, read::vault_failure};
use crate::{ClientError, Host, Stage, Transport};

/// Items whose details are fetched at once.
const AT_ONCE: usize = 50;

/// Items that verify one by one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Salvage {
    /// Each was sealed by this account under its own name and version. Whether it is the newest
    /// version, and whether others are missing, nobody can tell.
    pub items: Vec<Item>,
    /// Items that the server shows and that do not verify.
    pub refused: u32,
}

impl<T: Transport, H: Host> Session<T, H> {
    /// Fetches everything that the server shows and opens what verifies by itself, whether or
    /// not it makes the vault that was signed. Nothing of it enters the open vault.
    pub async fn salvage(&self) -> Result<Salvage, ClientError> {
        let _turn = self.turn.lock().await;
        let id = self.look(|vault| vault.id());
        let fetched = self.noted(self.api.changes(id, 0, None, self.host.now_ms()).await);
        let changes = fetched.map_err(vault_failure)?;
        let twin = self.look(UnlockedVault::locked_twin);
        let mut vault = twin.unlock(&self.root).map_err(|_| ClientError::Tampered)?;
        let report = vault.apply(changes.iter());
        let mut salvage = Salvage {
            items: Vec::new(),
            refused: report.unreadable + report.refused,
        };
        let ids = vault.item_ids();
        for (done, chunk) in ids.chunks(AT_ONCE).enumerate() {
            let percent = done * AT_ONCE * 100 / ids.len().max(1);
            self.host.progress(Stage::Opening, percent as u8);
            let found = self.salvage_some(&vault, chunk).await?;
            salvage.refused += (chunk.len() - found.len()) as u32;
            salvage.items.extend(found);
        }
        self.host.progress(Stage::Opening, 100);
        Ok(salvage)
    }

    async fn salvage_some(
        &self,
        vault: &UnlockedVault,
        items: &[ItemId],
    ) -> Result<Vec<Item>, ClientError> {
        let request = DetailsRequest {
            item_ids: items.to_vec(),
        };
        let answer = self
            .api
            .details(vault.id(), &request, self.host.now_ms())
            .await;
        let mut details = self.noted(answer).map_err(vault_failure)?.details;
        // One of each: a server that sends an item twice is believed once.
        details.sort_unstable_by_key(|details| details.item_id);
        details.dedup_by_key(|details| details.item_id);
        Ok(details
            .iter()
            .filter(|details| items.contains(&details.item_id))
            .filter_map(|details| vault.open_details(details).ok())
            .collect())
    }
}
