use keyarc_vault::ItemDraft;
use keyarc_wire::ItemId;
use leptos::prelude::*;

/// What a form begins with.
#[derive(Clone)]
pub struct Start {
    /// What stands in it.
    pub draft: ItemDraft,
    /// Somebody wrote it and did not save it, so that it is worth keeping as it is.
    pub unsaved: bool,
}

/// The form on screen, as the lock needs it: what is half-written must be sealed first.
#[derive(Clone, Copy)]
pub struct OpenForm {
    dirty: RwSignal<Option<ItemDraft>>,
    start: RwSignal<Option<Start>>,
    /// Counts the starts, so that a form that is open already gives way.
    starts: RwSignal<u32>,
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

    /// What a lock has to keep: what would be lost now, or what was given back and has no form yet.
    pub fn unsaved(self) -> Option<ItemDraft> {
        self.dirty().or_else(|| {
            let waiting = self.start.try_get_untracked().flatten();
            waiting
                .filter(|start| start.unsaved)
                .map(|start| start.draft)
        })
    }

    /// The form of this item begins anew, with this in it.
    pub fn set_start(self, start: Start) {
        self.start.set(Some(start));
        self.starts.update(|count| *count += 1);
    }

    /// Changes whenever a form is to begin anew.
    pub fn starts(self) -> u32 {
        self.starts.get()
    }

    /// What the form of this item begins with, if something waits for it.
    pub fn take_start(self, item: Option<ItemId>) -> Option<Start> {
        let fits = self
            .start
            .with_untracked(|start| start.as_ref().is_some_and(|start| start.draft.id == item));
        fits.then(|| self.start.try_update(Option::take).flatten())
            .flatten()
    }

    /// Drops everything, as a lock must.
    pub fn clear(self) {
        self.dirty.set(None);
        self.start.set(None);
    }
}

/// Makes the open form available.
pub fn provide_open_form() {
    provide_context(OpenForm {
        dirty: RwSignal::new(None),
        start: RwSignal::new(None),
        starts: RwSignal::new(0),
    });
}

/// See [`provide_open_form`].
pub fn use_open_form() -> OpenForm {
    expect_context()
}
