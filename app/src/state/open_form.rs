use keyarc_vault::ItemDraft;
use keyarc_wire::ItemId;
use leptos::prelude::*;

/// The form on screen, as the lock needs it: what is half-written must be sealed first.
#[derive(Clone, Copy)]
pub struct OpenForm {
    dirty: RwSignal<Option<ItemDraft>>,
    restore: RwSignal<Option<ItemDraft>>,
    /// Counts what was to be restored, so that a form that is open already gives way.
    restored: RwSignal<u32>,
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

    /// The form of this item begins anew, with this in it.
    pub fn set_restore(self, draft: ItemDraft) {
        self.restore.set(Some(draft));
        self.restored.update(|count| *count += 1);
    }

    /// Changes whenever a form is to begin anew.
    pub fn restored(self) -> u32 {
        self.restored.get()
    }

    /// What the form of this item begins with, if something waits for it.
    pub fn take_restore(self, item: Option<ItemId>) -> Option<ItemDraft> {
        let fits = self
            .restore
            .with_untracked(|draft| draft.as_ref().is_some_and(|draft| draft.id == item));
        fits.then(|| self.restore.try_update(Option::take).flatten())
            .flatten()
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
        restored: RwSignal::new(0),
    });
}

/// See [`provide_open_form`].
pub fn use_open_form() -> OpenForm {
    expect_context()
}
