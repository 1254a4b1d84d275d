//! Where files come from: chosen, dropped anywhere onto the item, or pasted.

use keyarc_wire::ItemId;
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use super::{
    uploads::Sender,
    words::{Others, refused},
};
use crate::{
    state::{use_toasts, use_uploads},
    ui::{Banner, BannerTone, Button, Icon, choose_files},
    worker::use_worker,
};

/// The button, and what listens for files that are dropped or pasted.
#[component]
pub(super) fn AddFiles(
    /// The item.
    item: ItemId,
    /// The files that it has.
    here: Others,
) -> impl IntoView {
    let uploads = use_uploads();
    let sender = Sender {
        worker: use_worker(),
        uploads,
        toasts: use_toasts(),
    };
    let over = RwSignal::new(false);
    let take = move |files: &web_sys::FileList| {
        let mut problems = Vec::new();
        for file in (0..files.length()).filter_map(|at| files.get(at)) {
            let coming = untrack(|| uploads.to(item));
            let others = coming
                .iter()
                .fold(here, |others, one| others.and(&one.name.get_untracked()));
            match refused(&file.name(), file.size(), others) {
                Some(words) => problems.push(words),
                None => sender.attach(item, file, None),
            }
        }
        uploads.refuse(item, problems);
    };
    let drag = window_event_listener(ev::dragover, move |event| {
        if holds_files(&event) {
            // Without it the browser opens what is dropped.
            event.prevent_default();
            over.set(is_at_item(&event));
        }
    });
    let left = window_event_listener(ev::dragleave, move |event| {
        if event.related_target().is_none() {
            over.set(false);
        }
    });
    let drop = window_event_listener(ev::drop, move |event| {
        over.set(false);
        if !holds_files(&event) {
            return;
        }
        event.prevent_default();
        let files = event.data_transfer().and_then(|data| data.files());
        if let Some(files) = files.filter(|_| is_at_item(&event)) {
            take(&files);
        }
    });
    let paste = window_event_listener(ev::paste, move |event| {
        // A cell of a table comes as text and as a picture of it, and is meant for the field.
        if is_in_field(&event) || has_text(&event) {
            return;
        }
        let files = event.clipboard_data().and_then(|data| data.files());
        if let Some(files) = files.filter(|files| files.length() > 0) {
            event.prevent_default();
            take(&files);
        }
    });
    on_cleanup(move || {
        drag.remove();
        left.remove();
        drop.remove();
        paste.remove();
    });
    let toasts = sender.toasts;
    let choose = move |()| {
        if choose_files(true, t!("Files to attach"), take).is_err() {
            toasts.fail(t!("This browser did not let a file be chosen."));
        }
    };
    view! { class="v",
        <div class="files-add" class:is-over=move || over.get()>
            <Button icon=Icon::Plus on_press=choose>
                {t!("Attach files…")}
            </Button>
            <span class="quiet">
                {move || {
                    if over.get() {
                        t!("Drop them to attach them to this item.")
                    } else {
                        t!("Or drop them here, or paste them. Up to 100 MB each, sealed on this device.")
                    }
                }}
            </span>
        </div>
        <div role="alert">
            {move || {
                uploads
                    .refused(item)
                    .into_iter()
                    .map(|words| {
                        view! { class="v",
                            <Banner tone=BannerTone::Bad icon=Icon::Warning>
                                <bdi>{words}</bdi>
                            </Banner>
                        }
                    })
                    .collect_view()
            }}
        </div>
    }
}

fn holds_files(event: &ev::DragEvent) -> bool {
    let types = event.data_transfer().map(|data| data.types());
    types.is_some_and(|types| types.includes(&"Files".into(), 0))
}

/// Whether something happens over the open item.
fn is_in_field(event: &ev::ClipboardEvent) -> bool {
    use wasm_bindgen::JsCast;
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|element| {
        let field = element.closest("input, textarea, select, [contenteditable]");
        field.is_ok_and(|field| field.is_some())
    })
}

fn has_text(event: &ev::ClipboardEvent) -> bool {
    let text = event
        .clipboard_data()
        .and_then(|data| data.get_data("text/plain").ok());
    text.is_some_and(|text| !text.is_empty())
}

fn is_at_item(event: &ev::DragEvent) -> bool {
    let target = event.target();
    let element = target.and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| matches!(element.closest(".item"), Ok(Some(_))))
}
