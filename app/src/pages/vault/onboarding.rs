use keyarc_vault::{Content, Facets, ItemDraft, Scope};
use leptos::{ev, prelude::*};

use super::actions::use_actions;
use crate::{
    state::{Mode, Place},
    ui::{Icon, IconView},
};

/// Whether there is nothing in the vault at all, and nothing is being made.
pub(super) fn is_new_vault(facets: &Facets, place: &Place) -> bool {
    facets.all == 0
        && facets.trash == 0
        && place.scope == Scope::All
        && place.mode == Mode::View
        && !place.is_narrowed()
        && place.folder.is_none()
        && place.tag.is_none()
        && place.environment.is_none()
}

/// What an empty vault shows: one field that takes the first key.
#[component]
pub(super) fn Onboarding() -> impl IntoView {
    let actions = use_actions();
    let take = move |text: String| {
        let text = text.trim().to_owned();
        if !text.is_empty() {
            actions.resume(draft_of(text));
        }
    };
    let pasted = move |event: ev::ClipboardEvent| {
        let text = pasted_text(&event);
        if let Some(text) = text {
            event.prevent_default();
            take(text);
        }
    };
    view! { class="v",
        <div class="onboarding">
            <div class="state-icon">
                <IconView icon=Icon::Key />
            </div>
            <h2>"Paste your first key"</h2>
            <p>"KeyArc recognises its provider and fills in the rest, on this device."</p>
            <form method="post" on:submit=move |event| event.prevent_default()>
                <label class="sr-only" for="first-key">
                    "Paste your first key"
                </label>
                <input
                    class="input is-mono is-concealed"
                    id="first-key"
                    r#type="text"
                    autocomplete="off"
                    placeholder="sk-… ghp_… AKIA… postgres://…"
                    on:paste=pasted
                    on:change=move |event| take(event_target_value(&event))
                />
            </form>
            <p class="onboarding-more">
                "Or " <a href="/vault/import">"import a .env file"</a> ", or "
                <button class="link" r#type="button" on:click=move |_| actions.new_item()>
                    "fill in a form"
                </button> "."
            </p>
        </div>
    }
}

/// The text of a paste.
pub(super) fn pasted_text(event: &ev::ClipboardEvent) -> Option<String> {
    let data = js_sys::Reflect::get(event, &"clipboardData".into()).ok()?;
    let data: web_sys::DataTransfer = wasm_bindgen::JsCast::dyn_into(data).ok()?;
    data.get_data("text").ok()
}

fn draft_of(value: String) -> ItemDraft {
    ItemDraft::new("", Content::ApiKey { value })
}
