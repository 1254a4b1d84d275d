//! Takes what machine tokens handed in, where one of them writes. What does so is seldom needed, and comes
//! with the other seldom commands.

use std::rc::Rc;

use keyarc_app::worker::{Command, TokenCommand};
use keyarc_client::Host as _;
use wasm_bindgen_futures::spawn_local;

use super::{
    copying::copy_soon,
    seldom::run_seldom,
    state::{PinKeeper, VaultWorker, host},
};

/// So long nothing is asked after it was asked, in milliseconds. The page syncs once a minute, and when
/// somebody comes back to it.
const EVERY_MS: u64 = 30_000;

/// Looks after each command whether it is time to ask the server once more.
pub(super) fn take_now_and_then(worker: &Rc<VaultWorker>) {
    let Ok(session) = worker.session() else {
        return;
    };
    if !session.has_writing_tokens() || !session.trust().may_write() {
        return;
    }
    let now_ms = host(&PinKeeper::default()).now_ms();
    let was_asked = |at_ms: u64| now_ms.saturating_sub(at_ms) < EVERY_MS;
    if worker.looked_at_ms.get().is_some_and(was_asked) {
        return;
    }
    worker.looked_at_ms.set(Some(now_ms));
    let worker = Rc::clone(worker);
    spawn_local(async move {
        let command = Command::Tokens(TokenCommand::Waiting);
        // What fails now is tried again with one of the next commands.
        let _ = run_seldom(Rc::clone(&worker), command).await;
        copy_soon(&worker);
    });
}
