use std::{pin::pin, time::Duration};

use futures::future::select;
use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
use wasm_bindgen_futures::JsFuture;

/// Waits. For the browser only.
pub async fn sleep(duration: Duration) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        set_timeout(
            move || {
                // Calling a promise's resolve function cannot fail.
                let _ = resolve.call0(&wasm_bindgen::JsValue::UNDEFINED);
            },
            duration,
        );
    });
    // It never rejects.
    let _ = JsFuture::from(promise).await;
}

/// Waits for something, and no longer than this. For the browser only.
pub async fn within(limit: Duration, work: impl Future<Output = ()>) {
    select(pin!(work), pin!(sleep(limit))).await;
}

/// Runs only the last of several calls that follow each other closely.
#[derive(Clone, Copy)]
pub struct Debounce {
    pending: StoredValue<Option<TimeoutHandle>>,
    delay: Duration,
}

impl Debounce {
    /// Calls run `delay` after the last one.
    pub fn new(delay: Duration) -> Self {
        Self {
            pending: StoredValue::new(None),
            delay,
        }
    }

    /// Runs `task` later, unless another call comes before.
    pub fn call(self, task: impl FnOnce() + 'static) {
        self.cancel();
        let handle = set_timeout_with_handle(task, self.delay).ok();
        self.pending.set_value(handle);
    }

    /// Drops what waits.
    pub fn cancel(self) {
        if let Some(Some(handle)) = self.pending.try_update_value(Option::take) {
            handle.clear();
        }
    }
}
