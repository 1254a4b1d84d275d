use futures::channel::mpsc;
use keyarc_wire::{AttachmentId, ItemId};
use leptos::prelude::*;

/// A file on its way to an item.
#[derive(Clone)]
pub struct Upload {
    /// Counts up; the key in the list.
    pub key: u32,
    /// The item.
    pub item: ItemId,
    /// The name by which the item will know it, once that is known.
    pub name: ArcRwSignal<String>,
    /// Bytes of the file.
    pub size: u64,
    /// Bytes that are there.
    pub done: ArcRwSignal<u64>,
    /// What is wrong, while it waits for somebody.
    pub problem: ArcRwSignal<Option<String>>,
    /// Its name at the server, once the worker has begun.
    pub id: ArcRwSignal<Option<AttachmentId>>,
    /// Somebody gave it up. A lock does not: what was sent can be gone on with.
    pub given_up: ArcRwSignal<bool>,
    /// Told to try again. It ends with the upload, and so does what waits for it.
    pub again: mpsc::UnboundedSender<()>,
}

/// The files on their way. They go on while somebody looks elsewhere, and end with the lock.
#[derive(Clone, Copy)]
pub struct Uploads {
    list: RwSignal<Vec<Upload>>,
    /// Why files that were chosen last were not even begun, and for which item.
    refused: RwSignal<Option<(ItemId, Vec<String>)>>,
    next: StoredValue<u32>,
}

impl Uploads {
    /// Those to an item, the first begun first. Tracks which there are, and not how far each is.
    pub fn to(self, item: ItemId) -> Vec<Upload> {
        self.list
            .with(|all| all.iter().filter(|one| one.item == item).cloned().collect())
    }

    /// Whether one of this name goes on. Tracks that.
    pub fn has(self, id: AttachmentId) -> bool {
        self.list.with(|all| {
            let ids = all.iter().map(|one| one.id.get());
            ids.flatten().any(|one| one == id)
        })
    }

    /// Whether one was neither given up nor finished.
    pub fn is_listed(self, key: u32) -> bool {
        self.list
            .try_with_untracked(|all| all.iter().any(|one| one.key == key))
            .unwrap_or(false)
    }

    /// Adds one.
    pub fn push(self, upload: Upload) {
        self.list.update(|all| all.push(upload));
    }

    /// Takes one away.
    pub fn remove(self, key: u32) {
        let _ = self.list.try_update(|all| all.retain(|one| one.key != key));
    }

    /// Why files chosen last for an item were not begun. Tracks that.
    pub fn refused(self, item: ItemId) -> Vec<String> {
        self.refused.with(|refused| match refused {
            Some((of, words)) if *of == item => words.clone(),
            _ => Vec::new(),
        })
    }

    /// Says why files were not begun, in place of what was said before.
    pub fn refuse(self, item: ItemId, words: Vec<String>) {
        self.refused.set(Some((item, words)));
    }

    /// Takes all away, as a lock must: they have names of files.
    pub fn clear(self) {
        self.list.update(Vec::clear);
        self.refused.set(None);
    }

    /// A key that no other has.
    pub fn fresh_key(self) -> u32 {
        let next = self.next.try_update_value(|next| {
            *next += 1;
            *next
        });
        next.unwrap_or_default()
    }
}

/// Makes the files on their way known to the components below.
pub fn provide_uploads() {
    provide_context(Uploads {
        list: RwSignal::new(Vec::new()),
        refused: RwSignal::new(None),
        next: StoredValue::new(0),
    });
}

/// See [`provide_uploads`].
pub fn use_uploads() -> Uploads {
    expect_context()
}
