//! Files that are attached to items: what goes to the server is sealed here, chunk by chunk, and
//! what comes is opened here.

use std::collections::HashSet;

use keyarc_app::worker::{AttachmentCommand, AttachmentReply, BegunUpload, Failure, Piece};
use keyarc_client::{ClientError, Stoppable};
use keyarc_vault::{AttachmentChange, AttachmentReader, UPLOADS_MAX, Upload};
use keyarc_wire::{AttachmentId, ItemId};

use super::{
    commands::tell_changed,
    state::{Open, VaultWorker},
    uploads::{Attaching, Going, hold_of},
};
use crate::browser::Hold;

impl Attaching {
    /// An upload with one of its chunks noted, and whether the chunk is to be kept and to be sent.
    fn note(&self, id: AttachmentId, number: u32, content: &[u8]) -> Option<Noted> {
        let mut uploads = self.uploads.borrow_mut();
        let going = uploads.get_mut(&id)?;
        Some(match going.upload.note(number, content) {
            Err(_) => Noted::AnotherFile,
            Ok(is_new) => Noted::Known {
                upload: going.upload.clone(),
                is_new,
                is_there: going.received.contains(&number),
            },
        })
    }
}

/// What came of noting a chunk.
enum Noted {
    AnotherFile,
    Known {
        upload: Upload,
        is_new: bool,
        is_there: bool,
    },
}

impl VaultWorker {
    /// Carries out what the page asks of an attachment.
    pub(super) async fn attach(
        &self,
        command: AttachmentCommand,
    ) -> Result<AttachmentReply, Failure> {
        let session = self.session()?;
        match command {
            AttachmentCommand::Begin {
                item,
                name,
                media_type,
                size,
            } => {
                let upload = session.new_upload(item, (&name, &media_type, size));
                let upload = upload.map_err(|error| self.not_sent(error))?;
                self.begin_upload(&session, upload).await
            }
            AttachmentCommand::GoOn { upload, size } => {
                let here = {
                    let uploads = self.attaching.uploads.borrow();
                    uploads.get(&upload).map(|going| going.upload.clone())
                };
                let known = match here {
                    Some(here) => Some(here),
                    None => {
                        let kept = self.kept_uploads(&session).await;
                        kept.into_iter().find(|one| one.id() == upload)
                    }
                };
                match known.ok_or(Failure::NotFound)? {
                    kept if kept.size() == size => self.begin_upload(&session, kept).await,
                    _ => Ok(AttachmentReply::AnotherFile),
                }
            }
            AttachmentCommand::Send {
                upload,
                number,
                piece,
            } => self.send_piece(&session, upload, number, &piece).await,
            AttachmentCommand::Finish(upload) => self.finish_upload(&session, upload).await,
            AttachmentCommand::Discard(upload) => {
                // Whatever waits for the server sees that it is gone.
                let own = self.attaching.uploads.borrow_mut().remove(&upload);
                let _hold = match own {
                    Some(going) => going.hold,
                    None => held_here(upload).await?,
                };
                self.drop_upload(&session, upload).await;
                let given_up = session.discard_upload(upload).await;
                given_up.map_err(|error| self.failed(error))?;
                Ok(AttachmentReply::Done)
            }
            AttachmentCommand::CutOff(item) => self.cut_off(item).await,
            AttachmentCommand::Rename { item, file, name } => {
                let change = AttachmentChange::Rename { id: file, name };
                self.change_files(&session, item, change).await
            }
            AttachmentCommand::Remove { item, file } => {
                let found = session.attachment(item, file).await;
                let (attachment, at) = found.map_err(|error| self.failed(error))?;
                let change = AttachmentChange::Remove(file);
                let reply = self.change_files(&session, item, change).await?;
                let mut removed = self.attaching.removed.borrow_mut();
                removed.push((item, attachment, at));
                Ok(reply)
            }
            AttachmentCommand::PutBack(file) => {
                let removed = {
                    let mut removed = self.attaching.removed.borrow_mut();
                    let at = removed.iter().position(|(_, one, _)| one.id == file);
                    at.map(|at| removed.remove(at))
                };
                let (item, attachment, at) = removed.ok_or(Failure::NotFound)?;
                let change = AttachmentChange::Put { attachment, at };
                self.change_files(&session, item, change).await
            }
            AttachmentCommand::Open { item, file } => {
                let found = session.attachment(item, file).await;
                let (attachment, _) = found.map_err(|error| self.failed(error))?;
                let reader = AttachmentReader::begin(&attachment);
                let reader = reader.map_err(|_| Failure::Tampered)?;
                let mut reading = self.attaching.reading.borrow_mut();
                // Two who read would take each other's pieces.
                if reading.contains_key(&file) {
                    let words = "This file is being downloaded already.";
                    return Err(Failure::Browser(words.into()));
                }
                reading.insert(file, Some(reader));
                Ok(AttachmentReply::Done)
            }
            AttachmentCommand::Next(file) => self.next_piece(&session, file).await,
            AttachmentCommand::Close(file) => {
                self.attaching.reading.borrow_mut().remove(&file);
                Ok(AttachmentReply::Done)
            }
        }
    }

    async fn begin_upload(
        &self,
        session: &Open,
        upload: Upload,
    ) -> Result<AttachmentReply, Failure> {
        let id = upload.id();
        let own = self.attaching.uploads.borrow_mut().remove(&id);
        let hold = match own {
            Some(going) => going.hold,
            None => held_here(id).await?,
        };
        let going = Going {
            upload: upload.clone(),
            received: HashSet::new(),
            hold,
        };
        self.attaching.uploads.borrow_mut().insert(id, going);
        let begun = session
            .begin_upload(&upload, || self.attaching.goes_on(id))
            .await;
        let received = match begun {
            Ok(Stoppable::Done(received)) => received,
            Ok(Stoppable::Stopped) => return Ok(AttachmentReply::Stopped),
            Err(error) => {
                self.attaching.uploads.borrow_mut().remove(&id);
                return Err(self.not_sent(error));
            }
        };
        let mut uploads = self.attaching.uploads.borrow_mut();
        let Some(going) = uploads.get_mut(&id) else {
            return Ok(AttachmentReply::Stopped);
        };
        going.received.extend(received);
        let layout = upload.layout();
        let begins = (0..layout.chunks()).map(|number| layout.content(number).start);
        Ok(AttachmentReply::Begun(BegunUpload {
            id,
            name: upload.name().to_owned(),
            cuts: begins.chain([upload.size()]).collect(),
        }))
    }

    async fn send_piece(
        &self,
        session: &Open,
        id: AttachmentId,
        number: u32,
        piece: &Piece,
    ) -> Result<AttachmentReply, Failure> {
        let noted = self.attaching.note(id, number, &piece.0);
        let (upload, is_new, is_there) = match noted {
            None => return Ok(AttachmentReply::Stopped),
            Some(Noted::AnotherFile) => return Ok(AttachmentReply::AnotherFile),
            Some(Noted::Known {
                upload,
                is_new,
                is_there,
            }) => (upload, is_new, is_there),
        };
        if is_new {
            // Before it is sent: what is sealed once under this key must not be sealed otherwise.
            self.keep_upload(session, &upload).await;
        }
        if is_there {
            return Ok(AttachmentReply::Sent);
        }
        let sent = session
            .send_chunk(&upload, number, &piece.0, || self.attaching.goes_on(id))
            .await;
        match sent.map_err(|error| self.not_sent(error))? {
            Stoppable::Stopped => Ok(AttachmentReply::Stopped),
            Stoppable::Done(()) => {
                let mut uploads = self.attaching.uploads.borrow_mut();
                if let Some(going) = uploads.get_mut(&id) {
                    going.received.insert(number);
                }
                Ok(AttachmentReply::Sent)
            }
        }
    }

    async fn finish_upload(
        &self,
        session: &Open,
        id: AttachmentId,
    ) -> Result<AttachmentReply, Failure> {
        let (item, attachment) = {
            let uploads = self.attaching.uploads.borrow();
            let upload = &uploads.get(&id).ok_or(Failure::NotFound)?.upload;
            (upload.item(), upload.finish().ok_or(Failure::NotFound)?)
        };
        let change = AttachmentChange::Put {
            attachment,
            at: u32::MAX,
        };
        let reply = self.change_files(session, item, change).await?;
        self.attaching.uploads.borrow_mut().remove(&id);
        self.drop_upload(session, id).await;
        Ok(reply)
    }

    async fn next_piece(
        &self,
        session: &Open,
        file: AttachmentId,
    ) -> Result<AttachmentReply, Failure> {
        let reader = self
            .attaching
            .reading
            .borrow_mut()
            .get_mut(&file)
            .map(Option::take);
        let Some(Some(mut reader)) = reader else {
            return Ok(AttachmentReply::Stopped);
        };
        let goes_on = || self.attaching.reading.borrow().contains_key(&file);
        let read = session.read_chunk(file, &mut reader, goes_on).await;
        let mut reading = self.attaching.reading.borrow_mut();
        match read {
            Ok(Stoppable::Done(Some(content))) => {
                if let Some(place) = reading.get_mut(&file) {
                    *place = Some(reader);
                }
                Ok(AttachmentReply::Piece(Some(Piece(content.to_vec()))))
            }
            Ok(Stoppable::Done(None)) => {
                reading.remove(&file);
                Ok(AttachmentReply::Piece(None))
            }
            Ok(Stoppable::Stopped) => Ok(AttachmentReply::Stopped),
            Err(error) => {
                reading.remove(&file);
                Err(self.failed(error))
            }
        }
    }

    async fn change_files(
        &self,
        session: &Open,
        item: ItemId,
        change: AttachmentChange,
    ) -> Result<AttachmentReply, Failure> {
        let changed = session.change_attachments(item, &change).await;
        changed.map_err(|error| self.not_saved(error))?;
        tell_changed(session);
        Ok(AttachmentReply::Done)
    }

    /// Keeps how far an upload is, beside what other tabs keep. A browser that keeps nothing begins
    /// anew after a reload.
    async fn keep_upload(&self, session: &Open, upload: &Upload) {
        let mut kept = self.kept_uploads(session).await;
        kept.retain(|one| one.id() != upload.id());
        kept.push(upload.clone());
        let excess = kept.len().saturating_sub(UPLOADS_MAX);
        kept.drain(..excess);
        self.put_uploads(session, &kept).await;
    }

    async fn drop_upload(&self, session: &Open, id: AttachmentId) {
        let mut kept = self.kept_uploads(session).await;
        kept.retain(|one| one.id() != id);
        self.put_uploads(session, &kept).await;
    }

    async fn put_uploads(&self, session: &Open, uploads: &[Upload]) {
        let vault = session.look(|vault| vault.id());
        if let Ok(sealed) = session.seal_uploads(uploads) {
            let _ = self.device.keep_uploads(vault, &sealed).await;
        }
    }

    /// As [`Self::failed`], of a file.
    fn not_sent(&self, error: ClientError) -> Failure {
        match error {
            ClientError::TooLarge => Failure::TooLarge { limit_mb: 100 },
            ClientError::NotFound => Failure::Browser(GONE.to_owned()),
            other => self.failed(other),
        }
    }
}

/// Keeps other tabs from an upload, unless one of them goes on with it.
async fn held_here(id: AttachmentId) -> Result<Hold, Failure> {
    let hold = Hold::take(&hold_of(id)).await;
    hold.ok_or_else(|| Failure::Browser(ELSEWHERE.to_owned()))
}

const ELSEWHERE: &str = "Another tab goes on with this upload.";

const GONE: &str = "The item is gone, or the server has dropped what was sent: it keeps that for a day. Nothing was attached. Attach the file anew.";
