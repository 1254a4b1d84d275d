use keyarc_vault::{SelectStep, Selected};
use keyarc_wire::ItemId;
use leptos::{prelude::*, task::spawn_local};

use super::{Items, use_items};
use crate::worker::{ArrangeCommand, ArrangeReply, Command, Reply, Worker, use_worker};

/// What is selected in the list. The worker holds the items, however many; here is how many, and
/// which of the rows on screen.
#[derive(Clone, Copy)]
pub struct Selection {
    told: RwSignal<Selected>,
    /// A finger selects instead of opening.
    by_touch: RwSignal<bool>,
    /// Where a range began, and where it ends.
    range: StoredValue<Option<(u32, u32)>>,
    /// Counts up with each question; late answers to older ones are dropped.
    asked: StoredValue<u32>,
    /// The worker was told to select something, and has not said yet what came of it.
    selecting: StoredValue<bool>,
    items: Items,
    worker: Worker,
}

impl Selection {
    /// How many items.
    pub fn count(self) -> u32 {
        self.told.with(|told| told.count)
    }

    /// How many of them are not in the list that is shown.
    pub fn hidden(self) -> u32 {
        self.told.with(|told| told.hidden)
    }

    /// Whether a row on screen is selected.
    pub fn has(self, id: ItemId) -> bool {
        self.told.with(|told| told.rows.contains(&id))
    }

    /// Whether rows are being selected: there are some, or a finger is about to.
    pub fn is_on(self) -> bool {
        self.by_touch.get() || self.count() > 0
    }

    /// Whether there is something to clear: as [`Self::is_on`], and what is on its way. Tracks
    /// nothing.
    pub fn is_begun(self) -> bool {
        self.selecting.get_value() || untrack(|| self.is_on())
    }

    /// Whether a finger selects.
    pub fn is_by_touch(self) -> bool {
        self.by_touch.get()
    }

    /// Selects by touch from now on.
    pub fn begin_touch(self) {
        self.by_touch.set(true);
    }

    /// Selects a row, or takes it out.
    pub fn toggle(self, id: ItemId, row: u32) {
        self.range.set_value(Some((row, row)));
        self.step(SelectStep::Toggle(id));
    }

    /// Selects all rows from where the range began to this one. `from` begins it, if nothing has.
    pub fn extend(self, from: u32, to: u32) {
        let known = self.range.get_value();
        let anchor = known.map_or(from, |(anchor, _)| anchor);
        self.range.set_value(Some((anchor, to)));
        self.step(SelectStep::Range {
            anchor,
            last: known.map(|(_, last)| last),
            to,
        });
    }

    /// Selects everything that the list finds.
    pub fn all(self) {
        self.range.set_value(None);
        self.step(SelectStep::All);
    }

    /// Selects nothing.
    pub fn clear(self) {
        self.by_touch.set(false);
        self.range.set_value(None);
        if self.selecting.get_value() || self.told.with_untracked(|told| told.count > 0) {
            self.told.set(Selected::default());
            self.step(SelectStep::Clear);
        }
    }

    fn forget(self) {
        self.asked.update_value(|asked| *asked += 1);
        self.range.set_value(None);
        self.by_touch.set(false);
        self.selecting.set_value(false);
        self.told.set(Selected::default());
    }

    fn step(self, step: SelectStep) {
        let Some(window) = self.items.window() else {
            return;
        };
        match step {
            SelectStep::Look => {}
            SelectStep::Clear => self.selecting.set_value(false),
            _ => self.selecting.set_value(true),
        }
        let number = self.asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        });
        spawn_local(async move {
            let command = ArrangeCommand::Select { step, window };
            let reply = self.worker.call(Command::Arrange(command)).await;
            if self.asked.try_get_value() != number {
                return;
            }
            let _ = self.selecting.try_set_value(false);
            // A vault that was locked meanwhile has nothing selected.
            if let Ok(Reply::Arrange(ArrangeReply::Selected(told))) = reply {
                self.told.set(told);
            }
        });
    }
}

/// Makes the selection available. Needs the items.
pub fn provide_selection() {
    let items = use_items();
    let selection = Selection {
        told: RwSignal::new(Selected::default()),
        by_touch: RwSignal::new(false),
        range: StoredValue::new(None),
        asked: StoredValue::new(0),
        selecting: StoredValue::new(false),
        items,
        worker: use_worker(),
    };
    provide_context(selection);
    // Another window has other rows, and what changed elsewhere may be selected no more.
    Effect::new(move |_| {
        items.follow_window();
        if selection.told.with_untracked(|told| told.count == 0) {
            return;
        }
        if items.window().is_some() {
            selection.step(SelectStep::Look);
        } else {
            selection.forget();
        }
    });
}

/// See [`provide_selection`].
pub fn use_selection() -> Selection {
    expect_context()
}
