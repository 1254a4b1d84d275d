//! Files on their way to items.

use futures::{StreamExt as _, channel::mpsc};
use keyarc_wire::{AttachmentId, ItemId};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use super::words::{another_file, unread, upload_problem};
use crate::{
    state::{Toasts, Upload, Uploads},
    worker::{
        AttachmentCommand, AttachmentReply, BegunUpload, Command, Failure, Piece, Reply, Worker,
    },
};

/// One file at a time: a line is not made faster by sharing it.
static TURN: futures::lock::Mutex<()> = futures::lock::Mutex::new(());

/// What sends files.
#[derive(Clone, Copy)]
pub(super) struct Sender {
    pub(super) worker: Worker,
    pub(super) uploads: Uploads,
    pub(super) toasts: Toasts,
}

impl Sender {
    /// Attaches a file to an item; with `upload`, as the rest of one that was cut off.
    pub(super) fn attach(self, item: ItemId, file: web_sys::File, upload: Option<AttachmentId>) {
        let (again, mut wished) = mpsc::unbounded();
        let row = Upload {
            key: self.uploads.fresh_key(),
            item,
            name: ArcRwSignal::new(file.name()),
            size: file.size() as u64,
            done: ArcRwSignal::new(0),
            problem: ArcRwSignal::new(None),
            id: ArcRwSignal::new(upload),
            given_up: ArcRwSignal::new(false),
            again,
        };
        let key = row.key;
        // What is here must not hold the row's own end of the line: the line ends with the list.
        let task = Carrying {
            sender: self,
            key,
            item,
            file,
            name: row.name.clone(),
            done: row.done.clone(),
            id: row.id.clone(),
            given_up: row.given_up.clone(),
        };
        let problem = row.problem.clone();
        self.uploads.push(row);
        spawn_local(async move {
            loop {
                let ended = {
                    let _turn = TURN.lock().await;
                    task.carry().await
                };
                match ended {
                    Ok(true) => {
                        let name = task.name.get_untracked();
                        self.toasts.say(t!("“{name}” is attached.", name));
                        return self.uploads.remove(key);
                    }
                    // Given up, or the vault is locked: nobody is left to be told.
                    Ok(false) | Err(Halt::Failed(Failure::Locked)) => {
                        return self.uploads.remove(key);
                    }
                    Err(halt) => problem.set(Some(halt.words())),
                }
                if wished.next().await.is_none() {
                    return;
                }
                problem.set(None);
            }
        });
    }

    /// Gives an upload up, whatever it is doing.
    pub(super) fn give_up(self, upload: &Upload) {
        upload.given_up.set(true);
        if let Some(id) = upload.id.get_untracked() {
            let worker = self.worker;
            spawn_local(async move {
                // Without an answer the server drops it after a day.
                let _ = ask(worker, AttachmentCommand::Discard(id)).await;
            });
        }
        self.uploads.remove(upload.key);
    }
}

/// A file that is being sent.
struct Carrying {
    sender: Sender,
    key: u32,
    item: ItemId,
    file: web_sys::File,
    name: ArcRwSignal<String>,
    done: ArcRwSignal<u64>,
    id: ArcRwSignal<Option<AttachmentId>>,
    given_up: ArcRwSignal<bool>,
}

/// Why an upload waits.
enum Halt {
    Failed(Failure),
    AnotherFile,
    Unread,
}

impl Halt {
    fn words(&self) -> String {
        match self {
            Self::Failed(failure) => upload_problem(failure),
            Self::AnotherFile => another_file().to_owned(),
            Self::Unread => unread().to_owned(),
        }
    }
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Carrying {
    /// Sends what is missing, and attaches the file. `false` when it was given up meanwhile.
    async fn carry(&self) -> Result<bool, Halt> {
        let Sender {
            worker, uploads, ..
        } = self.sender;
        if !uploads.is_listed(self.key) {
            return Ok(false);
        }
        let Some(BegunUpload { id, name, cuts }) = self.begin().await? else {
            return Ok(false);
        };
        self.id.set(Some(id));
        self.name.set(name);
        for (number, two) in cuts.windows(2).enumerate() {
            if !uploads.is_listed(self.key) {
                // It was given up before it had an id.
                if self.given_up.get_untracked() {
                    let _ = ask(worker, AttachmentCommand::Discard(id)).await;
                }
                return Ok(false);
            }
            let piece = read(&self.file, two[0] as f64, two[1] as f64).await?;
            let command = AttachmentCommand::Send {
                upload: id,
                number: number as u32,
                piece,
            };
            match ask(worker, command).await? {
                AttachmentReply::Sent => self.done.set(two[1]),
                AttachmentReply::AnotherFile => return Err(Halt::AnotherFile),
                _ => return Ok(false),
            }
        }
        ask(worker, AttachmentCommand::Finish(id)).await?;
        Ok(true)
    }

    /// Begins the upload, or goes on with it. `None` when it was given up meanwhile.
    async fn begin(&self) -> Result<Option<BegunUpload>, Halt> {
        let worker = self.sender.worker;
        let size = self.file.size() as u64;
        if let Some(upload) = self.id.get_untracked() {
            match ask(worker, AttachmentCommand::GoOn { upload, size }).await {
                Ok(AttachmentReply::Begun(begun)) => return Ok(Some(begun)),
                Ok(AttachmentReply::AnotherFile) => return Err(Halt::AnotherFile),
                Ok(_) => return Ok(None),
                // It is not kept on this device any more: from the beginning then.
                Err(Failure::NotFound) => self.id.set(None),
                Err(failure) => return Err(failure.into()),
            }
        }
        let command = AttachmentCommand::Begin {
            item: self.item,
            name: self.file.name(),
            media_type: self.file.type_(),
            size,
        };
        match ask(worker, command).await? {
            AttachmentReply::Begun(begun) => Ok(Some(begun)),
            _ => Ok(None),
        }
    }
}

/// Some bytes of a file.
async fn read(file: &web_sys::File, from: f64, to: f64) -> Result<Piece, Halt> {
    let part = file.slice_with_f64_and_f64(from, to);
    let part = part.map_err(|_| Halt::Unread)?;
    let buffer = JsFuture::from(part.array_buffer()).await;
    let buffer = buffer.map_err(|_| Halt::Unread)?;
    let array = js_sys::Uint8Array::new(buffer.unchecked_ref());
    let piece = Piece(array.to_vec());
    array.fill(0, 0, array.length());
    Ok(piece)
}

/// Asks the worker.
pub(super) async fn ask(
    worker: Worker,
    command: AttachmentCommand,
) -> Result<AttachmentReply, Failure> {
    match worker.call(Command::Attachment(command)).await? {
        Reply::Attachment(reply) => Ok(reply),
        _ => Err(Failure::NotFound),
    }
}
