//! A file on its way to where somebody keeps it. It is handed to the browser only once all of it
//! was found to be the file that was attached.

use keyarc_vault::FileRow;
use keyarc_wire::ItemId;
use leptos::{prelude::*, task::spawn_local};

use super::{
    uploads::ask,
    words::{download_problem, not_taken},
};
use crate::{
    state::Toasts,
    ui::{blob_of, save_blobs},
    worker::{AttachmentCommand, AttachmentReply, Failure, Worker},
};

/// How far it is: bytes, while it is on its way.
#[derive(Clone, Copy)]
pub(super) struct Download(RwSignal<Option<u64>>);

impl Download {
    pub(super) fn new() -> Self {
        Self(RwSignal::new(None))
    }

    /// Bytes that are there, while it is on its way.
    pub(super) fn done(self) -> Option<u64> {
        self.0.get()
    }

    /// Fetches the file and hands it to the browser.
    pub(super) fn begin(self, worker: Worker, toasts: Toasts, item: ItemId, file: FileRow) {
        if self.0.get_untracked().is_some() {
            return;
        }
        self.0.set(Some(0));
        spawn_local(async move {
            let fetched = self.fetch(worker, item, &file).await;
            let _ = self.0.try_set(None);
            if !matches!(fetched, Ok(Some(_))) {
                // The worker forgets its key.
                let _ = ask(worker, AttachmentCommand::Close(file.id)).await;
            }
            match fetched {
                Ok(Some(parts)) => match save_blobs(&file.name, &parts) {
                    Ok(()) => {
                        toasts.say(t!("“{name}” was handed to the browser.", name = file.name))
                    }
                    Err(_) => toasts.fail(not_taken()),
                },
                Ok(None) | Err(Failure::Locked) => {}
                Err(failure) => toasts.fail(download_problem(&file.name, &failure)),
            }
        });
    }

    /// Stops it.
    pub(super) fn stop(self, worker: Worker, file: &FileRow) {
        let id = file.id;
        let _ = self.0.try_set(None);
        spawn_local(async move {
            let _ = ask(worker, AttachmentCommand::Close(id)).await;
        });
    }

    /// All pieces; `None` when it was stopped.
    async fn fetch(
        self,
        worker: Worker,
        item: ItemId,
        file: &FileRow,
    ) -> Result<Option<js_sys::Array>, Failure> {
        ask(
            worker,
            AttachmentCommand::Open {
                item,
                file: file.id,
            },
        )
        .await?;
        let parts = js_sys::Array::new();
        let mut done = 0;
        loop {
            match ask(worker, AttachmentCommand::Next(file.id)).await? {
                AttachmentReply::Piece(Some(piece)) => {
                    done += piece.0.len() as u64;
                    let part = blob_of(&piece.0);
                    let part = part.map_err(|_| Failure::Browser(not_taken().to_owned()))?;
                    parts.push(part.as_ref());
                    // Whoever went elsewhere gets the file all the same; whoever stopped it does not.
                    if self.0.try_get_untracked() == Some(None) {
                        return Ok(None);
                    }
                    let _ = self.0.try_set(Some(done));
                }
                AttachmentReply::Piece(None) => return Ok(Some(parts)),
                _ => return Ok(None),
            }
        }
    }
}
