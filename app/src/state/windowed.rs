use std::{future::Future, ops::Range, pin::Pin, sync::Arc};

use leptos::{prelude::*, task::spawn_local};

use super::items::window_for;

/// Some rows of a long list.
#[derive(Clone)]
pub struct Window<R> {
    /// How many rows the list has.
    pub total: u32,
    /// Which of them these begin with.
    pub offset: u32,
    /// The rows.
    pub rows: Vec<R>,
}

type Coming<R> = Pin<Box<dyn Future<Output = Option<Window<R>>>>>;
type Fetch<R> = Arc<dyn Fn(u32) -> Coming<R> + Send + Sync>;

/// A long list that the worker has, and a window of it that the page has.
pub struct Windowed<R: Send + Sync + 'static> {
    view: RwSignal<Window<R>>,
    /// Counts up with each question; late answers to older ones are dropped.
    asked: StoredValue<u32>,
    fetch: StoredValue<Fetch<R>>,
}

impl<R: Send + Sync + 'static> Clone for Windowed<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R: Send + Sync + 'static> Copy for Windowed<R> {}

impl<R: Clone + Send + Sync + 'static> Windowed<R> {
    /// A list of so many rows, none of which is here yet. `fetch` gets the window that begins
    /// with a row.
    pub fn new<F>(total: u32, fetch: impl Fn(u32) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<Window<R>>> + 'static,
    {
        let fetch: Fetch<R> = Arc::new(move |offset| Box::pin(fetch(offset)));
        Self {
            view: RwSignal::new(Window {
                total,
                offset: 0,
                rows: Vec::new(),
            }),
            asked: StoredValue::new(0),
            fetch: StoredValue::new(fetch),
        }
    }

    /// How many rows the list has.
    pub fn total(self) -> u32 {
        self.view.with(|view| view.total)
    }

    /// The row at a position, when it is in the window.
    pub fn row(self, at: u32) -> Option<R> {
        self.view.with(|view| {
            let place = at.checked_sub(view.offset)?;
            view.rows.get(usize::try_from(place).ok()?).cloned()
        })
    }

    /// Makes sure that these rows are on their way.
    pub fn need(self, visible: &Range<u32>) {
        let (loaded, total) = self.view.with_untracked(|view| {
            let length = u32::try_from(view.rows.len()).unwrap_or(u32::MAX);
            (view.offset..view.offset.saturating_add(length), view.total)
        });
        if let Some(offset) = window_for(visible, &loaded, total) {
            self.ask(offset);
        }
    }

    /// Asks for the window that begins with a row: the list is another one.
    pub fn ask(self, offset: u32) {
        let question = self.asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        });
        let coming = self.fetch.with_value(|fetch| fetch(offset));
        spawn_local(async move {
            let window = coming.await;
            // Neither an old question's, nor when the page is left.
            if self.asked.try_get_value() == question
                && let Some(window) = window
            {
                let _ = self.view.try_set(window);
            }
        });
    }
}
