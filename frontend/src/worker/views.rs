use keyarc_app::worker::{ArrangeReply, Failure, Reply};
use keyarc_vault::{SavedView, ViewStep, change_views};

use super::{
    failure::from_store,
    state::{Open, VaultWorker},
};

impl VaultWorker {
    pub(super) async fn views(&self) -> Result<Reply, Failure> {
        let session = self.session()?;
        let views = self.kept_views(&session).await;
        Ok(Reply::Arrange(ArrangeReply::Views(views)))
    }

    /// Changes what is kept at that moment, so that two tabs do not undo each other's views.
    pub(super) async fn change_views(&self, step: ViewStep) -> Result<Reply, Failure> {
        let session = self.session()?;
        let mut views = self.kept_views(&session).await;
        change_views(&mut views, step).map_err(Failure::Draft)?;
        self.keep_views(&session, &views).await?;
        Ok(Reply::Arrange(ArrangeReply::Views(views)))
    }

    /// The views on this device. One that keeps nothing has none.
    pub(super) async fn kept_views(&self, session: &Open) -> Vec<SavedView> {
        let vault = session.look(|vault| vault.id());
        let sealed = self.device.views(vault).await.ok().flatten();
        sealed
            .and_then(|sealed| session.open_views(&sealed))
            .unwrap_or_default()
    }

    pub(super) async fn keep_views(
        &self,
        session: &Open,
        views: &[SavedView],
    ) -> Result<(), Failure> {
        let vault = session.look(|vault| vault.id());
        let sealed = session.seal_views(views);
        let sealed = sealed.map_err(|error| self.failed(error))?;
        let kept = self.device.keep_views(vault, &sealed).await;
        kept.map_err(from_store)
    }
}
