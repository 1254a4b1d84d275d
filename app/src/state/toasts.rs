use std::{sync::Arc, time::Duration};

use leptos::prelude::*;

use crate::worker::Failure;

/// What a toast's colour says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// It is done.
    #[default]
    Plain,
    /// It did not work.
    Bad,
}

/// What can be done about it.
///
/// It may hold a half-written form, so it is owned by the toast alone and goes with it.
#[derive(Clone)]
pub struct ToastAction {
    /// A verb.
    pub label: &'static str,
    /// Runs once; the toast goes away.
    pub run: Arc<dyn Fn() + Send + Sync>,
}

/// A short message that goes away by itself.
#[derive(Clone)]
pub struct Toast {
    /// Counts up; the key in the stack.
    pub id: u32,
    /// One sentence.
    pub text: String,
    /// It is about something copied: the text is followed by the seconds until that is cleared.
    pub countdown: bool,
    /// For how long it stays.
    pub seconds: u32,
    /// Seconds left.
    pub left: ArcRwSignal<u32>,
    /// What its colour says.
    pub tone: Tone,
    /// For example undo.
    pub action: Option<ToastAction>,
}

/// The stack of toasts.
#[derive(Clone, Copy)]
pub struct Toasts {
    stack: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

/// More than this is noise; the oldest goes.
const MOST: usize = 4;

impl Toasts {
    /// The stack, oldest first.
    pub fn list(self) -> Vec<Toast> {
        self.stack.get()
    }

    /// Says that something is done.
    pub fn say(self, text: impl Into<String>) {
        self.push(text.into(), Tone::Plain, 5, false, None);
    }

    /// Says that something did not work; stays longer.
    pub fn fail(self, text: impl Into<String>) {
        self.push(text.into(), Tone::Bad, 10, false, None);
    }

    /// Says why the worker did not do something. That the vault is locked needs no word: somebody
    /// locked it, or it was said why.
    pub fn failed(self, failure: &Failure) {
        if !matches!(failure, Failure::Locked) {
            self.fail(failure.to_string());
        }
    }

    /// Says that something is done and offers to take it back.
    pub fn undoable(self, text: impl Into<String>, undo: impl Fn() + Send + Sync + 'static) {
        let action = ToastAction {
            label: t!("Undo"),
            run: Arc::new(undo),
        };
        self.push(text.into(), Tone::Plain, 10, false, Some(action));
    }

    /// Says that something was left unfinished and offers to go on with it.
    pub fn set_aside(self, text: impl Into<String>, again: impl Fn() + Send + Sync + 'static) {
        let action = ToastAction {
            label: t!("Go on editing"),
            run: Arc::new(again),
        };
        self.push(text.into(), Tone::Plain, 10, false, Some(action));
    }

    /// Says that something was copied and counts down until it is cleared. Returns the toast's id.
    pub fn count_down(self, text: impl Into<String>, seconds: u32) -> u32 {
        self.push(text.into(), Tone::Plain, seconds, true, None)
    }

    /// Takes one away.
    pub fn dismiss(self, id: u32) {
        // A countdown may outlive the page that shows it.
        let _ = self
            .stack
            .try_update(|stack| stack.retain(|toast| toast.id != id));
    }

    /// Takes all away, as a lock must: a toast may name an item.
    pub fn clear(self) {
        self.stack.update(Vec::clear);
    }

    fn push(
        self,
        text: String,
        tone: Tone,
        seconds: u32,
        countdown: bool,
        action: Option<ToastAction>,
    ) -> u32 {
        let id = self.next.try_update_value(|next| {
            *next += 1;
            *next
        });
        let id = id.unwrap_or_default();
        let left = ArcRwSignal::new(seconds);
        self.tick(id, left.clone());
        let toast = Toast {
            id,
            text,
            countdown,
            seconds,
            left,
            tone,
            action,
        };
        self.stack.update(|stack| {
            if stack.len() >= MOST {
                stack.remove(0);
            }
            stack.push(toast);
        });
        id
    }

    fn tick(self, id: u32, left: ArcRwSignal<u32>) {
        set_timeout(
            move || {
                let seconds = left.get_untracked();
                if seconds > 1 {
                    left.set(seconds - 1);
                    self.tick(id, left);
                } else {
                    self.dismiss(id);
                }
            },
            Duration::from_secs(1),
        );
    }
}

/// Makes the stack available.
pub fn provide_toasts() {
    provide_context(Toasts {
        stack: RwSignal::new(Vec::new()),
        next: StoredValue::new(0),
    });
}

/// See [`provide_toasts`].
pub fn use_toasts() -> Toasts {
    expect_context()
}
