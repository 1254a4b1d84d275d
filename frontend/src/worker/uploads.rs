//! Files on their way to items, as far as every visit looks at them: which uploads were cut off.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
};

use keyarc_app::worker::{AttachmentReply, CutOffUpload, Failure};
use keyarc_client::Host as _;
use keyarc_vault::{Attachment, AttachmentReader, Upload};
use keyarc_wire::{AttachmentId, ItemId};

use super::state::{Open, PinKeeper, VaultWorker, host};
use crate::browser::{Hold, held};

/// How long the server keeps an upload that is not finished.
const KEPT_MS: u64 = 24 * 3_600_000;

/// Files on their way.
#[derive(Default)]
pub(super) struct Attaching {
    pub(super) uploads: RefCell<HashMap<AttachmentId, Going>>,
    /// Files that are being read; without a reader while a chunk is on its way.
    pub(super) reading: RefCell<HashMap<AttachmentId, Option<AttachmentReader>>>,
    /// What was removed from items, to be put back.
    pub(super) removed: RefCell<Vec<(ItemId, Attachment, u32)>>,
}

/// An upload that goes on.
pub(super) struct Going {
    pub(super) upload: Upload,
    /// The chunks that the server has.
    pub(super) received: HashSet<u32>,
    /// Keeps other tabs from it.
    pub(super) hold: Hold,
}

/// What a tab holds that goes on with an upload.
pub(super) fn hold_of(id: AttachmentId) -> String {
    format!("keyarc-upload-{id}")
}

impl Attaching {
    /// Stops everything, and forgets all keys.
    pub(super) fn forget(&self) {
        self.uploads.take();
        self.reading.take();
        self.removed.take();
    }

    pub(super) fn goes_on(&self, id: AttachmentId) -> bool {
        self.uploads.borrow().contains_key(&id)
    }
}

impl VaultWorker {
    /// Uploads to an item that were cut off, on this device: those with which no tab goes on.
    pub(super) async fn cut_off(&self, item: ItemId) -> Result<AttachmentReply, Failure> {
        let session = self.session()?;
        let kept = self.kept_uploads(&session).await;
        let held = held().await;
        let goes_on = |id| self.attaching.goes_on(id) || held.contains(&hold_of(id));
        let is_cut_off = |one: &&Upload| one.item() == item && !goes_on(one.id());
        let cut_off = kept.iter().filter(is_cut_off).map(|one| CutOffUpload {
            id: one.id(),
            name: one.name().to_owned(),
            size: one.size(),
        });
        Ok(AttachmentReply::CutOff(cut_off.collect()))
    }

    /// Uploads that are not finished, as this device keeps them. One that keeps nothing has none,
    /// and what the server does not keep any more is left out.
    pub(super) async fn kept_uploads(&self, session: &Open) -> Vec<Upload> {
        let vault = session.look(|vault| vault.id());
        let sealed = self.device.uploads(vault).await.ok().flatten();
        let kept = sealed.and_then(|sealed| session.open_uploads(&sealed));
        let now_ms = host(&PinKeeper::default()).now_ms();
        let mut kept = kept.unwrap_or_default();
        kept.retain(|upload| now_ms.saturating_sub(upload.begun_at_ms()) < KEPT_MS);
        kept
    }
}
