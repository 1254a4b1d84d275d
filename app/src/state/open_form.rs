use keyarc_vault::ItemDraft;
use leptos::prelude::*;

/// The form on screen, as the lock needs it: what is half-written must be sealed first.
#[derive(Clone, Copy)]
pub struct OpenForm {
    dirty: RwSignal<Option<ItemDraft>>,
    restore: RwSignal<Option<ItemDraft>>,
}

impl OpenForm {
    /// The form changed; `None` when nothing in it is worth keeping.
    pub fn set_dirty(self, draft: Option<ItemDraft>) {
        let _ = self.dirty.try_set(draft);
    }

    /// What would be lost now.
    pub fn dirty(self) -> Option<ItemDraft> {
        self.dirty.try_get_untracked().flatten()
    }

    /// The next form to open begins with this.
    pub fn set_restore(self, draft: ItemDraft) {
        self.restore.set(Some(draft));
    }

    /// What the form that opens now begins with, if it fits the item.
    pub fn take_restore(self) -> Option<ItemDraft> {
        self.restore.try_update(Option::take).flatten()
    }

    /// Drops everything, as a lock must.
    pub fn clear(self) {
        self.dirty.set(None);
        self.restore.set(None);
    }
}

/// Makes the open form available.
pub fn provide_open_form() {
    provide_context(OpenForm {
        dirty: RwSignal::new(None),
        restore: RwSignal::new(None),
    });
}

/// See [`provide_open_form`].
pub fn use_open_form() -> OpenForm {
    expect_context()
}
