//! Saving an item, and knowing a key by its shape. Whoever only reads needs neither, so that their
//! code is a part of its own, which is fetched when the vault has been open for a moment.

use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use keyarc_app::worker::{Failure, Reply};
use keyarc_vault::ItemDraft;
use leptos::wasm_split::SplitLoaderError;
use wasm_bindgen_futures::spawn_local;
use zeroize::Zeroizing;

use super::{commands::tell_changed, seldom::Running, state::VaultWorker};

/// How long after the vault was opened the code is fetched: after what the page needs.
const FETCH_AFTER_MS: u32 = 1_000;
/// How often the code is asked for while somebody waits for it.
const TRIES: usize = 3;

/// What is wished for.
pub(super) enum Wish {
    /// See [`Command::Save`](keyarc_app::worker::Command::Save).
    Save(Box<ItemDraft>),
    /// See [`Command::Recognise`](keyarc_app::worker::Command::Recognise).
    Recognise(Zeroizing<String>),
}

/// What grants a wish.
type Grant = fn(Rc<VaultWorker>, Wish) -> Running;

#[cfg(feature = "split")]
#[leptos::wasm_split::wasm_split(saving, wasm_split_path = ::leptos::wasm_split, fallible)]
fn saving() -> Result<Grant, SplitLoaderError> {
    Ok(grant)
}

#[cfg(not(feature = "split"))]
#[expect(clippy::unused_async, reason = "as where it has to be fetched")]
async fn saving() -> Result<Grant, SplitLoaderError> {
    Ok(grant)
}

/// Grants a wish once the code for it is there.
pub(super) async fn run_saving(worker: Rc<VaultWorker>, wish: Wish) -> Result<Reply, Failure> {
    let grant = match &wish {
        Wish::Save(_) => saving_in_the_end(&worker).await?,
        Wish::Recognise(_) => saving().await.map_err(|_| Failure::PartMissing)?,
    };
    grant(worker, wish).await
}

/// The code, once the server is there to send it: what is saved while it is away is kept and saved
/// when it returns. A server that answers and does not send it is of another version.
async fn saving_in_the_end(worker: &VaultWorker) -> Result<Grant, Failure> {
    for _ in 0..TRIES {
        if let Ok(grant) = saving().await {
            return Ok(grant);
        }
        let back = worker.session()?.await_server().await;
        back.map_err(|error| worker.failed(error))?;
    }
    Err(Failure::PartMissing)
}

/// Fetches the code, so that it is there even when the server is gone by then.
pub(super) fn fetch_saving_soon() {
    spawn_local(async {
        TimeoutFuture::new(FETCH_AFTER_MS).await;
        // Saving asks again, and says what is wrong.
        let _ = saving().await;
    });
}

fn grant(worker: Rc<VaultWorker>, wish: Wish) -> Running {
    Box::pin(async move {
        match wish {
            Wish::Save(mut draft) => {
                // Whoever pastes and saves at once did not wait for it to be recognised.
                draft.name_provider();
                worker.save(&draft).await
            }
            Wish::Recognise(value) => Ok(Reply::Recognised(keyarc_vault::recognise(&value))),
        }
    })
}

impl VaultWorker {
    async fn save(&self, draft: &ItemDraft) -> Result<Reply, Failure> {
        let session = self.session()?;
        let item = session
            .save(draft)
            .await
            .map_err(|error| self.not_saved(error))?;
        tell_changed(&session);
        Ok(Reply::Saved(Box::new(item)))
    }
}
