//! Files that are attached to items: sent and fetched chunk by chunk, however often the server is
//! away in between.

use keyarc_crypto::{SealError, StateContext};
use keyarc_vault::{
    ATTACHMENT_MAX, Attachment, AttachmentChange, AttachmentReader, Item, ItemDraft, Upload,
    decode_uploads, encode_uploads,
};
use keyarc_wire::{AttachmentId, AttachmentUpload, BeginAttachmentRequest, ItemId};
use zeroize::Zeroizing;

use super::{Session, items::REBASE_TRIES};
use crate::{ApiFailure, Backoff, ClientError, Host, SaveError, Transport};

/// Where uploads that are not finished are bound to: this account and nothing else.
const UPLOADS: &str = "uploads";

/// Longest pause between two attempts in seconds, whatever the server asks for.
const LONGEST_S: u32 = 60;

/// Something that somebody may stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stoppable<R> {
    /// It came to its end.
    Done(R),
    /// It was stopped while the server was away.
    Stopped,
}

impl<T: Transport, H: Host> Session<T, H> {
    /// A file of `size` bytes that is to be attached to an item. Nothing is sent yet.
    /// [`ClientError::TooLarge`] when it has more than [`ATTACHMENT_MAX`] bytes,
    /// [`ClientError::ReadOnly`] while nothing can be written.
    pub fn new_upload(
        &self,
        item: ItemId,
        (name, media_type, size): (&str, &str, u64),
    ) -> Result<Upload, ClientError> {
        if self.look(|vault| vault.summary(item).is_none()) {
            return Err(ClientError::NotFound);
        }
        if !self.trust().may_write() {
            return Err(ClientError::ReadOnly);
        }
        debug_assert!(ATTACHMENT_MAX <= u64::from(u32::MAX));
        let now = self.host.now_ms();
        Upload::begin(item, (name, media_type, size), now, &mut self.host.rng())
            .ok_or(ClientError::TooLarge)
    }

    /// Begins an upload at the server, or goes on with it. Returns which chunks are there, ascending.
    /// Waits and tries again while the server is away and `goes_on` says so.
    pub async fn begin_upload(
        &self,
        upload: &Upload,
        goes_on: impl Fn() -> bool,
    ) -> Result<Stoppable<Vec<u32>>, ClientError> {
        self.check_current()?;
        let vault = self.look(|vault| vault.id());
        let request = BeginAttachmentRequest {
            attachment_id: upload.id(),
            bytes: upload.layout().sealed_bytes(),
        };
        let begin = async || {
            let now = self.host.now_ms();
            self.api.begin_attachment(vault, &request, now).await
        };
        let begun = self.persistently(begin, goes_on).await?;
        let Stoppable::Done(AttachmentUpload { chunks, received }) = begun else {
            return Ok(Stoppable::Stopped);
        };
        let due = upload.layout().chunks();
        let ascends = received.windows(2).all(|two| two[0] < two[1]);
        if chunks != due || !ascends || received.last().is_some_and(|last| *last >= due) {
            return Err(ClientError::Tampered);
        }
        Ok(Stoppable::Done(received))
    }

    /// Seals a chunk that was noted, and sends it. Waits and tries again while the server is away
    /// and `goes_on` says so: a chunk may arrive more than once.
    ///
    /// [`ClientError::NotFound`] when the server has dropped the upload, which it does after a day.
    pub async fn send_chunk(
        &self,
        upload: &Upload,
        number: u32,
        content: &[u8],
        goes_on: impl Fn() -> bool,
    ) -> Result<Stoppable<()>, ClientError> {
        self.check_current()?;
        let vault = self.look(|vault| vault.id());
        let sealed = upload.seal(number, content, &mut self.host.rng());
        let sealed = sealed.map_err(|error| match error {
            SealError::TooLong => ClientError::TooLarge,
            SealError::Randomness => ClientError::Sealing,
        })?;
        let send = async || {
            let now = self.host.now_ms();
            let sealed = sealed.clone();
            self.api
                .put_chunk(vault, upload.id(), number, sealed, now)
                .await
        };
        self.persistently(send, goes_on).await
    }

    /// Gives an upload up. One that an item names stays.
    pub async fn discard_upload(&self, id: AttachmentId) -> Result<(), ClientError> {
        let vault = self.look(|vault| vault.id());
        let now = self.host.now_ms();
        let discarded = self.noted(self.api.discard_attachment(vault, id, now).await);
        match discarded.map_err(ClientError::from) {
            Err(ClientError::NotFound) => Ok(()),
            other => other,
        }
    }

    /// Changes which files an item has, as the item's next version, and returns the item. Where
    /// somebody else saves it at the same time, the change is made on top of that.
    pub async fn change_attachments(
        &self,
        item: ItemId,
        change: &AttachmentChange,
    ) -> Result<Item, SaveError> {
        let mut tries = 0;
        loop {
            let known = self.reveal(item).await?;
            let mut draft = ItemDraft::of(&known);
            if !change.apply(&mut draft.attachments) {
                return Ok(known);
            }
            tries += 1;
            match self.save(&draft).await {
                Err(SaveError::Conflict { .. }) if tries < REBASE_TRIES => {}
                outcome => return outcome,
            }
        }
    }

    /// A file of an item as it is now, with its place among them.
    pub async fn attachment(
        &self,
        item: ItemId,
        id: AttachmentId,
    ) -> Result<(Attachment, u32), ClientError> {
        let known = self.reveal(item).await?;
        let at = known.attachments.iter().position(|one| one.id == id);
        let at = at.ok_or(ClientError::NotFound)?;
        Ok((known.attachments[at].clone(), at as u32))
    }

    /// Fetches and opens the next chunk of a file; `None` after the last one, and only then the
    /// file is known to be the one that was attached. Waits and tries again while the server is
    /// away and `goes_on` says so.
    ///
    /// Whatever is not the file, missing chunks included, is [`ClientError::Tampered`].
    pub async fn read_chunk(
        &self,
        id: AttachmentId,
        reader: &mut AttachmentReader,
        goes_on: impl Fn() -> bool,
    ) -> Result<Stoppable<Option<Zeroizing<Vec<u8>>>>, ClientError> {
        match self.next_chunk(id, reader, goes_on).await {
            Err(ClientError::NotFound) => Err(ClientError::Tampered),
            read => read,
        }
    }

    /// As [`Self::read_chunk`], where a file may be missing: a chunk that the server does not show is
    /// [`ClientError::NotFound`].
    pub async fn next_chunk(
        &self,
        id: AttachmentId,
        reader: &mut AttachmentReader,
        goes_on: impl Fn() -> bool,
    ) -> Result<Stoppable<Option<Zeroizing<Vec<u8>>>>, ClientError> {
        let Some(number) = reader.next() else {
            let whole = reader.finish();
            whole.map_err(|_| ClientError::Tampered)?;
            return Ok(Stoppable::Done(None));
        };
        let vault = self.look(|vault| vault.id());
        let fetch = async || {
            let now = self.host.now_ms();
            self.api.chunk(vault, id, number, now).await
        };
        match self.persistently(fetch, goes_on).await {
            Ok(Stoppable::Done(envelope)) => {
                let opened = reader.open(envelope.as_ref());
                let content = opened.map_err(|_| ClientError::Tampered)?;
                Ok(Stoppable::Done(Some(content)))
            }
            Ok(Stoppable::Stopped) => Ok(Stoppable::Stopped),
            Err(error) => Err(error),
        }
    }

    /// Sends a file that comes from elsewhere, an archive for example, as a new one, before there is
    /// an item that names it: under another id and another key, so that the server does not see
    /// where it was before. `piece` gives what a chunk holds of it. What was sent is given up again
    /// when it does not come to its end, as far as the server can be reached.
    pub async fn send_anew<E: From<ClientError>>(
        &self,
        file: &Attachment,
        piece: impl AsyncFn(u32) -> Result<Zeroizing<Vec<u8>>, E>,
        goes_on: impl Fn() -> bool,
    ) -> Result<Stoppable<Attachment>, E> {
        if !self.trust().may_write() {
            return Err(ClientError::ReadOnly.into());
        }
        let now = self.host.now_ms();
        let wish = (file.name.as_str(), file.media_type.as_str(), file.size);
        // No item yet: it is kept nowhere, and goes on in this one call alone.
        let upload = Upload::begin(ItemId([0; 16]), wish, now, &mut self.host.rng());
        let mut upload = upload.ok_or(ClientError::TooLarge)?;
        let sent = self.send_whole(&mut upload, piece, goes_on).await;
        if !matches!(sent, Ok(Stoppable::Done(_))) {
            // After a day the server drops it by itself.
            let _ = self.discard_upload(upload.id()).await;
        }
        sent
    }

    async fn send_whole<E: From<ClientError>>(
        &self,
        upload: &mut Upload,
        piece: impl AsyncFn(u32) -> Result<Zeroizing<Vec<u8>>, E>,
        goes_on: impl Fn() -> bool,
    ) -> Result<Stoppable<Attachment>, E> {
        if let Stoppable::Stopped = self.begin_upload(upload, &goes_on).await? {
            return Ok(Stoppable::Stopped);
        }
        for number in 0..upload.layout().chunks() {
            let content = piece(number).await?;
            let noted = upload.note(number, &content);
            noted.map_err(|_| ClientError::Sealing)?;
            let sent = self.send_chunk(upload, number, &content, &goes_on).await?;
            if sent == Stoppable::Stopped {
                return Ok(Stoppable::Stopped);
            }
        }
        let whole = upload.finish().ok_or(ClientError::Sealing)?;
        Ok(Stoppable::Done(whole))
    }

    /// Seals uploads that are not finished, for keeping on this device.
    pub fn seal_uploads(&self, uploads: &[Upload]) -> Result<Vec<u8>, ClientError> {
        let plaintext = encode_uploads(uploads);
        self.root
            .seal_state(&self.uploads_context(), &plaintext, &mut self.host.rng())
            .map_err(|error| match error {
                SealError::TooLong => ClientError::TooLarge,
                SealError::Randomness => ClientError::Sealing,
            })
    }

    /// Opens uploads sealed by [`Self::seal_uploads`]; `None` when they are not this account's, or
    /// were sealed under keys that are not in force any more.
    pub fn open_uploads(&self, sealed: &[u8]) -> Option<Vec<Upload>> {
        let plaintext = self.root.open_state(&self.uploads_context(), sealed).ok()?;
        decode_uploads(&plaintext)
    }

    fn uploads_context(&self) -> StateContext {
        StateContext {
            owner: self.account.0,
            label: UPLOADS,
        }
    }

    /// Asks until there is an answer that says something, for as long as `goes_on` says so.
    async fn persistently<R>(
        &self,
        ask: impl AsyncFn() -> Result<R, ApiFailure>,
        goes_on: impl Fn() -> bool,
    ) -> Result<Stoppable<R>, ClientError> {
        let mut backoff = Backoff::default();
        loop {
            if !goes_on() {
                return Ok(Stoppable::Stopped);
            }
            let pause = match self.noted(ask().await).map_err(ClientError::from) {
                Ok(answer) => return Ok(Stoppable::Done(answer)),
                Err(ClientError::Unreachable) => backoff.next_ms(&mut self.host.rng()),
                // A fast line sends more chunks in a minute than one account may send requests.
                Err(ClientError::RateLimited { seconds }) => seconds.min(LONGEST_S) * 1_000,
                Err(error) => return Err(error),
            };
            self.host.sleep(pause).await;
        }
    }
}
