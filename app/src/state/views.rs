use keyarc_vault::{SavedView, ViewStep};
use leptos::{prelude::*, task::spawn_local};

use super::{VaultPhase, use_session};
use crate::worker::{ArrangeCommand, ArrangeReply, Command, Failure, Reply, Worker, use_worker};

/// The lists that this person keeps under a name, on this device.
#[derive(Clone, Copy)]
pub struct Views {
    kept: RwSignal<Vec<SavedView>>,
    worker: Worker,
}

impl Views {
    /// In the order they were made.
    pub fn list(self) -> Vec<SavedView> {
        self.kept.get()
    }

    /// Keeps, replaces or forgets one.
    pub async fn change(self, step: ViewStep) -> Result<(), Failure> {
        let command = Command::Arrange(ArrangeCommand::ChangeViews(step));
        if let Reply::Arrange(ArrangeReply::Views(kept)) = self.worker.call(command).await? {
            self.kept.set(kept);
        }
        Ok(())
    }
}

/// Makes the views available. Needs the session.
pub fn provide_views() {
    let session = use_session();
    let views = Views {
        kept: RwSignal::new(Vec::new()),
        worker: use_worker(),
    };
    provide_context(views);
    let open = Memo::new(move |_| session.phase() == VaultPhase::Unlocked);
    Effect::new(move |_| {
        if !open.get() {
            views.kept.set(Vec::new());
            return;
        }
        spawn_local(async move {
            // Without an answer there are none to show; the list works all the same.
            let reply = views
                .worker
                .call(Command::Arrange(ArrangeCommand::Views))
                .await;
            if let Ok(Reply::Arrange(ArrangeReply::Views(kept))) = reply
                && open.get_untracked()
            {
                views.kept.set(kept);
            }
        });
    });
}

/// See [`provide_views`].
pub fn use_views() -> Views {
    expect_context()
}
