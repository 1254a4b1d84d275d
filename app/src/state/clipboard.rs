use std::{cell::RefCell, future::Future, rc::Rc, time::Duration};

use leptos::{ev, prelude::*, task::spawn_local};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use crate::{
    state::{Debounce, Toasts, use_toasts},
    worker::Failure,
};

/// A copied secret stays in the clipboard for this long.
pub const CLEAR_AFTER_SECONDS: u32 = 30;

/// Copies secrets, says so, and clears them away.
#[derive(Clone, Copy)]
pub struct Clipboard {
    toasts: Toasts,
    clear: Debounce,
    /// The clipboard must be cleared, but the page had no focus when it was time.
    owed: StoredValue<bool>,
    shown: StoredValue<Option<u32>>,
}

impl Clipboard {
    /// Copies what `secret` resolves to. `what` names it for the toast, never with its value.
    ///
    /// The browser gets the promise at once, within the key press or click that allows
    /// copying; the value may come later from the server.
    pub fn copy<F>(self, what: String, secret: F)
    where
        F: Future<Output = Result<String, Failure>> + 'static,
    {
        spawn_local(async move {
            match write_later(secret).await {
                Ok(()) => self.copied(&what),
                Err(reason) => self.toasts.fail(reason),
            }
        });
    }

    fn copied(self, what: &str) {
        if let Some(Some(earlier)) = self.shown.try_get_value() {
            self.toasts.dismiss(earlier);
        }
        let text = t!("{what} copied.", what);
        let id = self.toasts.count_down(text, CLEAR_AFTER_SECONDS);
        self.shown.set_value(Some(id));
        self.owed.set_value(false);
        self.clear.call(move || self.clear_now());
    }

    fn clear_now(self) {
        spawn_local(async move {
            let cleared = JsFuture::from(window().navigator().clipboard().write_text("")).await;
            // Browsers refuse while the page has no focus; then it is done on return.
            self.owed.set_value(cleared.is_err());
        });
    }
}

const REFUSED: &str =
    mark!("The browser did not allow copying. Reveal the value and copy it by hand.");

/// Writes a value to the clipboard that is not there yet.
async fn write_later<F>(secret: F) -> Result<(), String>
where
    F: Future<Output = Result<String, Failure>> + 'static,
{
    // The promise that the browser waits for only says "failed"; the reason comes this way.
    let reason = Rc::new(RefCell::new(None));
    let tell = Rc::clone(&reason);
    let value = future_to_promise(async move {
        match secret.await {
            Ok(text) => Ok(JsValue::from_str(&text)),
            Err(failure) => {
                *tell.borrow_mut() = Some(failure.to_string());
                Err(JsValue::UNDEFINED)
            }
        }
    });
    let written = match item_of(&value) {
        Ok(item) => {
            let items = js_sys::Array::of1(&item);
            JsFuture::from(window().navigator().clipboard().write(&items)).await
        }
        Err(_) => match JsFuture::from(value).await {
            Ok(text) => {
                let text = text.as_string().unwrap_or_default();
                JsFuture::from(window().navigator().clipboard().write_text(&text)).await
            }
            Err(error) => Err(error),
        },
    };
    match written {
        Ok(_) => Ok(()),
        Err(_) => Err(reason
            .take()
            .unwrap_or_else(|| crate::language::text(REFUSED).to_owned())),
    }
}

/// Fails in browsers that know no `ClipboardItem`.
fn item_of(value: &js_sys::Promise) -> Result<JsValue, JsValue> {
    let known = js_sys::Reflect::has(&window(), &"ClipboardItem".into())?;
    if !known {
        return Err(JsValue::UNDEFINED);
    }
    let record = js_sys::Object::new();
    js_sys::Reflect::set(&record, &"text/plain".into(), value)?;
    web_sys::ClipboardItem::new_with_record_from_str_to_str_promise(&record).map(Into::into)
}

/// Makes copying available. Needs the toasts.
pub fn provide_clipboard() {
    let clipboard = Clipboard {
        toasts: use_toasts(),
        clear: Debounce::new(Duration::from_secs(u64::from(CLEAR_AFTER_SECONDS))),
        owed: StoredValue::new(false),
        shown: StoredValue::new(None),
    };
    provide_context(clipboard);
    Effect::new(move |_| {
        window_event_listener(ev::focus, move |_| {
            if clipboard.owed.get_value() {
                clipboard.clear_now();
            }
        });
    });
}

/// See [`provide_clipboard`].
pub fn use_clipboard() -> Clipboard {
    expect_context()
}
