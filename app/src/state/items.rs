use std::{ops::Range, sync::Arc};

use keyarc_vault::{Facets, ItemSummary, ListQuery, ListView};
use keyarc_wire::ItemId;
use leptos::{prelude::*, task::spawn_local};

use crate::worker::{Command, Failure, Reply, Worker, use_worker};

/// Rows the page asks for at a time: a few screens.
pub const WINDOW: u32 = 80;
/// Windows begin at multiples of this, so that scrolling asks seldom.
const STEP: u32 = 20;

/// Whether the list can be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ListStatus {
    /// The first answer is on its way.
    #[default]
    Loading,
    /// It can.
    Ready,
    /// It cannot.
    Failed(Failure),
}

/// A window of the list. Rows are shared: each is looked at in many places, at every key of a
/// search.
#[derive(Default)]
struct Loaded {
    /// How many rows the whole list has.
    total: u32,
    /// Which row the window begins with.
    offset: u32,
    rows: Vec<Arc<ItemSummary>>,
}

impl From<ListView> for Loaded {
    fn from(view: ListView) -> Self {
        Self {
            total: view.total,
            offset: view.offset,
            rows: view.rows.into_iter().map(Arc::new).collect(),
        }
    }
}

/// The page's view of the vault: a window of the list and the counts for the navigation. All
/// searching and sorting is the worker's.
#[derive(Clone, Copy)]
pub struct Items {
    query: RwSignal<Option<ListQuery>>,
    view: RwSignal<Loaded>,
    status: RwSignal<ListStatus>,
    facets: RwSignal<Facets>,
    /// The row that the keyboard is on.
    cursor: RwSignal<Option<u32>>,
    /// Counts up with each question; late answers to older ones are dropped.
    asked: StoredValue<u32>,
    worker: Worker,
}

impl Items {
    /// How many rows the list has.
    pub fn total(self) -> u32 {
        self.view.with(|view| view.total)
    }

    /// Whether the list can be shown.
    pub fn status(self) -> ListStatus {
        self.status.get()
    }

    /// Counts for the navigation.
    pub fn facets(self) -> Signal<Facets> {
        self.facets.into()
    }

    /// The search text of the list shown. It is ahead of the URL while somebody types, and is
    /// not in the URL at all when it may be a secret.
    pub fn text(self) -> String {
        self.query.with(|query| {
            query
                .as_ref()
                .map(|query| query.text.clone())
                .unwrap_or_default()
        })
    }

    /// A row, when it is in the window.
    pub fn row(self, index: u32) -> Option<Arc<ItemSummary>> {
        self.view.with(|view| row_of(view, index).cloned())
    }

    /// The id of a row, when it is in the window.
    pub fn id_at(self, index: u32) -> Option<ItemId> {
        self.view
            .with_untracked(|view| row_of(view, index).map(|row| row.id))
    }

    /// An item's row, when it is in the window.
    pub fn find(self, id: ItemId) -> Option<Arc<ItemSummary>> {
        self.view
            .with(|view| view.rows.iter().find(|row| row.id == id).cloned())
    }

    /// Where an item stands in the list, when it is in the window.
    pub fn index_of(self, id: ItemId) -> Option<u32> {
        self.view.with_untracked(|view| {
            let at = view.rows.iter().position(|row| row.id == id)?;
            Some(view.offset + u32::try_from(at).ok()?)
        })
    }

    /// The list that is shown and the window of it that is here; `None` before the first. Does
    /// not follow them.
    pub fn window(self) -> Option<ListQuery> {
        let mut query = self.query.get_untracked()?;
        self.view.with_untracked(|view| {
            query.offset = view.offset;
            query.limit = u32::try_from(view.rows.len()).unwrap_or(u32::MAX);
        });
        Some(query)
    }

    /// Follows the window: whoever calls this runs again when there is another.
    pub fn follow_window(self) {
        self.view.track();
    }

    /// The row that the keyboard is on.
    pub fn cursor(self) -> RwSignal<Option<u32>> {
        self.cursor
    }

    /// Shows another list, from its beginning; the one that is shown stays as it is.
    pub fn show(self, query: ListQuery) {
        if self
            .query
            .with_untracked(|shown| shown.as_ref() == Some(&query))
        {
            return;
        }
        let first = self.query.with_untracked(Option::is_none);
        if first {
            self.ask_facets();
        }
        self.query.set(Some(query));
        self.cursor.set(None);
        self.ask(0);
    }

    /// Whether no list was shown yet.
    pub fn is_idle(self) -> bool {
        self.query.with(Option::is_none)
    }

    /// Makes sure that these rows are on their way.
    pub fn need(self, visible: &Range<u32>) {
        let window = self.view.with_untracked(|view| {
            let length = u32::try_from(view.rows.len()).unwrap_or(u32::MAX);
            (view.offset..view.offset.saturating_add(length), view.total)
        });
        let (loaded, total) = window;
        if let Some(offset) = window_for(visible, &loaded, total) {
            self.ask(offset);
        }
    }

    /// Asks again for what is shown: something changed.
    pub fn refresh(self) {
        if self.query.with_untracked(Option::is_some) {
            self.ask(self.view.with_untracked(|view| view.offset));
            self.ask_facets();
        }
    }

    /// Drops everything, as a lock must.
    pub fn clear(self) {
        self.asked.update_value(|asked| *asked += 1);
        self.query.set(None);
        self.view.set(Loaded::default());
        self.facets.set(Facets::default());
        self.status.set(ListStatus::Loading);
        self.cursor.set(None);
    }

    fn ask(self, offset: u32) {
        let Some(mut query) = self.query.get_untracked() else {
            return;
        };
        query.offset = offset;
        query.limit = WINDOW;
        let number = self.asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        });
        spawn_local(async move {
            let reply = self.worker.call(Command::List(query)).await;
            if self.asked.try_get_value() != number {
                return;
            }
            match reply {
                Ok(Reply::List(view)) => {
                    self.view.set(view.into());
                    self.status.set(ListStatus::Ready);
                }
                Ok(_) | Err(Failure::Locked) => {}
                Err(failure) => self.status.set(ListStatus::Failed(failure)),
            }
        });
    }

    fn ask_facets(self) {
        spawn_local(async move {
            // Without an answer the old counts stay, which is better than none.
            if let Ok(Reply::Facets(facets)) = self.worker.call(Command::Facets).await {
                self.facets.set(facets);
            }
        });
    }
}

fn row_of(view: &Loaded, index: u32) -> Option<&Arc<ItemSummary>> {
    let at = index.checked_sub(view.offset)?;
    view.rows.get(usize::try_from(at).ok()?)
}

/// Where the next window must begin so that it holds `visible`, or `None` when what is loaded
/// already does.
pub fn window_for(visible: &Range<u32>, loaded: &Range<u32>, total: u32) -> Option<u32> {
    let end = visible.end.min(total);
    let start = visible.start.min(end);
    if start >= end || (loaded.start <= start && end <= loaded.end) {
        return None;
    }
    // As much before as after, in steps, so that small moves do not ask again.
    let spare = WINDOW.saturating_sub(end - start) / 2;
    Some(start.saturating_sub(spare) / STEP * STEP)
}

/// Makes the list available. Needs the worker.
pub fn provide_items() {
    provide_context(Items {
        query: RwSignal::new(None),
        view: RwSignal::new(Loaded::default()),
        status: RwSignal::new(ListStatus::Loading),
        facets: RwSignal::new(Facets::default()),
        cursor: RwSignal::new(None),
        asked: StoredValue::new(0),
        worker: use_worker(),
    });
}

/// See [`provide_items`].
pub fn use_items() -> Items {
    expect_context()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_for_what_is_there() {
        assert_eq!(window_for(&(0..20), &(0..80), 1_000), None);
        assert_eq!(window_for(&(60..80), &(0..80), 1_000), None);
        assert_eq!(window_for(&(0..20), &(0..7), 7), None);
        assert_eq!(window_for(&(0..20), &(0..0), 0), None);
    }

    #[test]
    fn a_window_always_holds_what_is_visible() {
        for start in 0..2_000 {
            let visible = start..start + 24;
            if let Some(offset) = window_for(&visible, &(0..0), 50_000) {
                assert!(offset <= visible.start, "{start}");
                assert!(offset + WINDOW >= visible.end, "{start}");
            }
        }
    }

    #[test]
    fn the_end_of_the_list_is_not_asked_beyond() {
        assert_eq!(window_for(&(990..1_020), &(920..1_000), 1_000), None);
        assert_eq!(window_for(&(2_000..2_024), &(0..80), 100), None);
    }
}
