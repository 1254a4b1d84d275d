use std::cell::RefCell;

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

use crate::state::use_session;

const NAME: &str = "keyarc";
const LOCK: &str = "lock";
const CHANGED: &str = "changed";

/// Tells the other tabs to lock.
pub(super) fn tell_lock() {
    tell(LOCK);
}

/// Tells the other tabs that there is something new at the server.
pub(super) fn tell_changed() {
    tell(CHANGED);
}

fn tell(word: &str) {
    CHANNEL.with_borrow(|channel| {
        if let Some(channel) = channel {
            // Without it other tabs lock by idleness and ask the server when they are looked at.
            let _ = channel.post_message(&JsValue::from_str(word));
        }
    });
}

thread_local! {
    /// One object for both directions: a message does not come back to the object that sent it,
    /// but would to another one in the same page.
    static CHANNEL: RefCell<Option<BroadcastChannel>> = const { RefCell::new(None) };
}

/// Locks when another tab does, and fetches what another tab changed.
pub(super) fn follow_other_tabs() {
    let session = use_session();
    Effect::new(move |_| {
        let Ok(channel) = BroadcastChannel::new(NAME) else {
            return;
        };
        let on_message =
            Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
                match event.data().as_string().as_deref() {
                    Some(LOCK) => session.lock_here(),
                    Some(CHANGED) => session.sync(),
                    _ => {}
                }
            });
        channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        // It lives as long as the page.
        on_message.forget();
        CHANNEL.set(Some(channel));
    });
}
