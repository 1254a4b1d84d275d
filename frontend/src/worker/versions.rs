use keyarc_app::{
    compare::{Difference, differences},
    worker::{CompareVersion, Failure, Reply},
};
use keyarc_vault::ItemDraft;
use keyarc_wire::ItemId;

use super::{commands::tell_changed, state::VaultWorker};

/// Two states field by field. Unless secrets are wanted, they stay here.
pub(super) fn compared(then: &ItemDraft, now: &ItemDraft, reveal: bool) -> Vec<Difference> {
    let rows = differences(then, now).into_iter();
    match reveal {
        true => rows.collect(),
        false => rows.map(Difference::without_secrets).collect(),
    }
}

impl VaultWorker {
    pub(super) async fn versions(&self, item: ItemId) -> Result<Reply, Failure> {
        let session = self.session()?;
        let known = session.unlocked().revision;
        let versions = session.versions(item).await;
        // It may have found out that something changed elsewhere.
        if session.unlocked().revision != known {
            tell_changed(&session);
        }
        Ok(Reply::Versions(
            versions.map_err(|error| self.failed(error))?,
        ))
    }

    pub(super) async fn compare_version(&self, wish: CompareVersion) -> Result<Reply, Failure> {
        let CompareVersion {
            item,
            version,
            reveal,
        } = wish;
        let session = self.session()?;
        let then = session.version(item, version).await;
        let then = then.map_err(|error| self.failed(error))?;
        let now = session.reveal(item).await;
        let now = now.map_err(|error| self.failed(error))?;
        let (then, now) = (ItemDraft::of(&then), ItemDraft::of(&now));
        Ok(Reply::Compared(compared(&then, &now, reveal)))
    }

    pub(super) async fn restore_version(
        &self,
        item: ItemId,
        version: u64,
    ) -> Result<Reply, Failure> {
        let session = self.session()?;
        let restored = session.restore_version(item, version).await;
        let replaced = restored.map_err(|error| self.not_saved(error))?;
        tell_changed(&session);
        Ok(Reply::VersionRestored { replaced })
    }

    pub(super) async fn empty_old_trash(&self) -> Result<Reply, Failure> {
        let session = self.session()?;
        let emptied = session.empty_old_trash().await;
        let count = emptied.map_err(|error| self.failed(error))?;
        if count > 0 {
            tell_changed(&session);
        }
        Ok(Reply::TrashEmptied(count))
    }
}
