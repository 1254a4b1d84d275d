//! Has the copies that machine tokens open follow the vault, where there are any. What does so is
//! seldom needed, and comes with the other seldom commands.

use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use keyarc_app::worker::{Command, TokenCommand};
use wasm_bindgen_futures::spawn_local;

use super::{seldom::run_seldom, state::VaultWorker};

/// How long the vault must have been quiet, in milliseconds: many changes are copied together.
const QUIET_MS: u32 = 1_000;

/// Looks after each command whether the vault is another than the one that was copied.
pub(super) fn copy_soon(worker: &Rc<VaultWorker>) {
    let Ok(session) = worker.session() else {
        return;
    };
    let revision = session.look(|vault| vault.revision());
    let before = worker.copied.replace(Some(revision));
    // What there was when the vault was opened was copied by whoever wrote it.
    let Some(before) = before.filter(|before| *before != revision) else {
        return;
    };
    if !session.has_tokens() {
        return;
    }
    let worker = Rc::clone(worker);
    spawn_local(async move {
        TimeoutFuture::new(QUIET_MS).await;
        // Whoever changed it since copies then.
        if worker.copied.get() != Some(revision) {
            return;
        }
        let command = Command::Tokens(TokenCommand::Update);
        if run_seldom(Rc::clone(&worker), command).await.is_err()
            && worker.copied.get() == Some(revision)
        {
            // The next command tries again.
            worker.copied.set(Some(before));
        }
    });
}
