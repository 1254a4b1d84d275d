//! The vault worker: takes commands from the page and runs them. Keys and plaintext live in this
//! worker's memory and go when it is terminated. Nothing is logged.

mod arrange;
mod attachment;
mod check;
mod commands;
mod copying;
mod export;
mod failure;
mod health;
mod import;
mod kit;
mod link;
mod material;
mod moment;
mod passkey;
mod password;
mod qr;
mod recovery;
mod rekey;
mod reminders;
mod reminding;
mod saving;
mod seldom;
mod state;
mod taking;
mod tokens;
mod uploads;
mod versions;
mod views;

use std::rc::Rc;

use keyarc_app::worker::{Event, Message, Request, read_message, write_message};
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use state::{VaultWorker, pins_are_kept};

/// Takes commands until the worker is terminated.
pub(crate) fn run() {
    // After a panic nothing in memory is to be relied on. The page is told, and ends us.
    std::panic::set_hook(Box::new(|_| post(&Message::Died)));
    let worker = Rc::new(VaultWorker::default());
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let Some(request) = read_message::<Request>(&event.data()) else {
            return;
        };
        let worker = Rc::clone(&worker);
        spawn_local(async move {
            let answer = Rc::clone(&worker).run(request.command).await;
            reminding::tell_soon(&worker);
            taking::take_now_and_then(&worker);
            copying::copy_soon(&worker);
            // What is reported as done survives a page that is closed upon it.
            pins_are_kept().await;
            post(&Message::Reply(request.id, Box::new(answer)));
        });
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    post(&Message::Ready);
}

/// Tells the page that something happened.
fn tell(event: Event) {
    post(&Message::Event(event));
}

fn post(message: &Message) {
    if let Some((bytes, handed_over)) = write_message(message) {
        // A page that is gone cannot be told anything.
        let _ = scope().post_message_with_transfer(&bytes, &handed_over);
    }
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}
