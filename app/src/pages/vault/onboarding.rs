use keyarc_vault::{BulkChange, Content, Facets, ItemDraft, SAMPLE_FOLDER, Scope};
use leptos::{ev, prelude::*, task::spawn_local};

use super::{actions::use_actions, arranging::use_arranging};
use crate::{
    state::{Mode, Place, use_items, use_toasts},
    ui::{Button, Icon, IconView, Look},
    worker::{Arrangement, Command, Target, use_worker},
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
    let worker = use_worker();
    let toasts = use_toasts();
    let trying = RwSignal::new(false);
    let look_around = move |_| {
        if trying.get_untracked() {
            return;
        }
        trying.set(true);
        spawn_local(async move {
            if let Err(failure) = worker.call(Command::AddSample).await {
                toasts.failed(&failure);
            }
            // Once there is something, this is gone.
            let _ = trying.try_set(false);
        });
    };
    let ways = t!("Or {import}, {form}, or {sample}.");
    let (or, ways) = ways.split_once("{import}").unwrap_or_default();
    let (comma, ways) = ways.split_once("{form}").unwrap_or_default();
    let (last, end) = ways.split_once("{sample}").unwrap_or_default();
    view! { class="v",
        <div class="onboarding">
            <div class="state-icon">
                <IconView icon=Icon::Key />
            </div>
            <h2>{t!("Paste your first key")}</h2>
            <p>{t!("KeyArc recognises its provider and fills in the rest, on this device.")}</p>
            <form method="post" on:submit=move |event| event.prevent_default()>
                <label class="sr-only" for="first-key">
                    {t!("Paste your first key")}
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
                {or} <a href="/vault/import">{t!("import what you have")}</a> {comma}
                <button class="link" r#type="button" on:click=move |_| actions.new_item()>
                    {t!("fill in a form")}
                </button> {last}
                <button
                    class="link"
                    r#type="button"
                    aria-busy=move || trying.get().then_some("true")
                    on:click=look_around
                >
                    {t!("look around with sample data")}
                </button> {end}
            </p>
        </div>
    }
}

/// Says of sample items that they are, and throws them away.
#[component]
pub(super) fn SampleNote() -> impl IntoView {
    let items = use_items();
    let arranging = use_arranging();
    let is_there = Memo::new(move |_| {
        let facets = items.facets();
        facets.with(|facets| {
            facets
                .folders
                .iter()
                .any(|folder| folder.name == SAMPLE_FOLDER)
        })
    });
    let remove = move |()| {
        let target = Target::Folder(SAMPLE_FOLDER.to_owned());
        arranging.send(target, Arrangement::Change(BulkChange::Trash), None);
    };
    move || {
        is_there.get().then(|| {
            view! { class="v",
                <div class="sample-note">
                    <span>{t!("Sample data: nothing in it is real.")}</span>
                    <Button look=Look::Bare on_press=remove>
                        {t!("Throw it away")}
                    </Button>
                </div>
            }
        })
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
