//! Keeps the server's dates as the vault has them, where something is on that needs them. What does
//! so is seldom needed, and comes with the other seldom commands.

use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use keyarc_app::worker::{Command, ReminderCommand};
use wasm_bindgen_futures::spawn_local;

use super::{seldom::run_seldom, state::VaultWorker};

/// How long the vault must have been quiet, in milliseconds: many changes are told together.
const QUIET_MS: u32 = 2_000;

/// Looks after each command whether the vault is another than the server was told of.
pub(super) fn tell_soon(worker: &Rc<VaultWorker>) {
    let Ok(session) = worker.session() else {
        return;
    };
    let revision = session.look(|vault| vault.revision());
    if !session.reminds() || worker.told.replace(Some(revision)) == Some(revision) {
        return;
    }
    let worker = Rc::clone(worker);
    spawn_local(async move {
        TimeoutFuture::new(QUIET_MS).await;
        // Whoever changed it since tells then.
        if worker.told.get() != Some(revision) {
            return;
        }
        let command = Command::Reminders(ReminderCommand::Tell);
        if run_seldom(Rc::clone(&worker), command).await.is_err() {
            // The next command tries again.
            worker.told.set(None);
        }
    });
}
