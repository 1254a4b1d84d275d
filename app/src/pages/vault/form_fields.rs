use std::time::Duration;

use keyarc_vault::Kind;
use leptos::{ev, html, prelude::*, task::spawn_local};

use super::{
    form_model::{ENVIRONMENT_ID, FormModel, NAME_ID},
    onboarding::pasted_text,
};
use crate::{
    state::{Debounce, kind_from, kind_word, use_items, use_toasts},
    ui::{
        Badge, BadgeTone, Checkbox, Field, PasswordField, Select, TextArea, TextInput,
        focus_on_mount,
    },
    words,
    worker::{Command, Reply, use_worker},
};

/// An item holds no more than this (see the limit of its sealed details).
const PASTE_MAX: usize = 1_000_000;

/// All fields. Which of them are shown depends on the kind.
#[component]
pub(super) fn FormFields(form: FormModel) -> impl IntoView {
    let name = NodeRef::<html::Input>::new();
    let is_new = form.id.is_none();
    if !is_new || form.secret.with_untracked(String::is_empty) {
        focus_on_mount(name);
    }
    let recognise = use_recognition(form);
    // A secret pasted elsewhere brought this form: it is recognised at once.
    if is_new && !form.secret.with_untracked(String::is_empty) {
        recognise.run(());
    }
    let kind = form.kind;
    let limit = use_paste_limit();
    view! { class="v",
        <TextInput
            id=NAME_ID
            label="Name"
            value=form.name
            error=form.error_of("name")
            required=true
            node_ref=name
        />
        <Select
            id="form-kind"
            label="Kind"
            value=Signal::derive(move || kind_word(kind.get()).to_owned())
            options=kind_options()
            on_change=move |value: String| {
                if let Some(chosen) = kind_from(&value) {
                    kind.set(chosen);
                }
            }
        />
        {move || match kind.get() {
            Kind::ApiKey => {
                view! { class="v",
                    <PasswordField
                        id="form-secret"
                        label="Secret"
                        value=form.secret
                        error=form.error_of("content")
                        on_input=recognise
                        on_paste=limit
                    />
                    <Recognised form=form />
                }
                    .into_any()
            }
            Kind::Login => {
                view! { class="v",
                    <TextInput id="form-username" label="Username" value=form.username />
                    <PasswordField
                        id="form-password"
                        label="Password"
                        value=form.password
                        error=form.error_of("content")
                        on_paste=limit
                    />
                    <TextInput id="form-address" label="Address" kind="url" value=form.url mono=true />
                }
                    .into_any()
            }
            Kind::Note => {
                view! { class="v",
                    <TextArea
                        id="form-text"
                        label="Text"
                        value=form.text
                        rows=10
                        error=form.error_of("content")
                        on_paste=limit
                    />
                }
                    .into_any()
            }
            Kind::EnvironmentSet => {
                view! { class="v",
                    <TextArea
                        id="form-variables"
                        label="Variables"
                        value=form.variables
                        rows=10
                        mono=true
                        placeholder="NAME=value"
                        hint=Some("One NAME=value a line, as in a .env file.".to_owned())
                        error=Signal::derive(move || {
                            form.error_of("variables").get().or(form.error_of("content").get())
                        })
                        on_paste=limit
                    />
                }
                    .into_any()
            }
        }}
        <div class="field-pair">
            <TextInput
                id="form-folder"
                label="Folder"
                value=form.folder
                list="known-folders"
                placeholder="Checkout/Payments"
                error=form.error_of("folder")
            />
            <TextInput
                id=ENVIRONMENT_ID
                label="Environment"
                value=form.environment
                list="known-environments"
                placeholder="production"
                error=form.error_of("environment")
            />
        </div>
        <div class="field-pair">
            <TextInput
                id="form-tags"
                label="Tags"
                value=form.tags
                placeholder="llm, billing"
                hint=Some("Separated by commas.".to_owned())
                error=form.error_of("tags")
            />
            <DateInput form=form />
        </div>
        <TextArea
            id="form-notes"
            label="Notes"
            value=form.notes
            rows=4
            hint=Some("Sealed with the secret.".to_owned())
            error=form.error_of("notes")
            on_paste=limit
        />
        <Checkbox id="form-favourite" checked=form.favourite>
            "Favourite"
        </Checkbox>
        <Known />
    }
}

/// What the secret was recognised as.
#[component]
fn Recognised(form: FormModel) -> impl IntoView {
    view! { class="v",
        <p class="recognised" class:is-kept=form.id.is_none() aria-live="polite">
            {move || {
                form.recognised
                    .get()
                    .map(|found| {
                        view! { class="v",
                            <Badge tone=BadgeTone::Arc>{found.provider_name}</Badge>
                            <span>{found.label}</span>
                            <code translate="no">{found.hint}</code>
                        }
                    })
            }}
        </p>
    }
}

#[component]
fn DateInput(form: FormModel) -> impl IntoView {
    let error = form.error_of("expires_on");
    view! { class="v",
        <Field id="form-expires" label="Expires" error=error>
            <input
                class="input"
                id="form-expires"
                r#type="date"
                min="1970-01-01"
                max="9999-12-31"
                aria-invalid=move || error.get().is_some().then_some("true")
                prop:value=move || form.expires.get()
                on:change=move |event| form.expires.set(event_target_value(&event))
            />
        </Field>
    }
}

/// Folders and environments that exist, to complete from.
#[component]
fn Known() -> impl IntoView {
    let facets = use_items().facets();
    let option = |value: String| view! { class="v", <option value=value></option> };
    let environments = move || {
        let mut names: Vec<String> = ["production", "staging", "development"]
            .map(str::to_owned)
            .to_vec();
        facets.with(|facets| {
            for count in &facets.environments {
                if !names.contains(&count.name) {
                    names.push(count.name.clone());
                }
            }
        });
        names
    };
    let folders = move || {
        facets.with(|facets| {
            facets
                .folders
                .iter()
                .map(|c| c.name.clone())
                .collect::<Vec<_>>()
        })
    };
    view! { class="v",
        <datalist id="known-folders">
            {move || folders().into_iter().map(option).collect_view()}
        </datalist>
        <datalist id="known-environments">
            {move || environments().into_iter().map(option).collect_view()}
        </datalist>
    }
}

/// Asks the worker what the secret is, when typing pauses.
fn use_recognition(form: FormModel) -> Callback<()> {
    let worker = use_worker();
    let soon = Debounce::new(Duration::from_millis(120));
    Callback::new(move |()| {
        soon.call(move || {
            let Some(value) = form.secret.try_get_untracked() else {
                return;
            };
            if value.trim().is_empty() {
                form.recognise(None, None);
                return;
            }
            spawn_local(async move {
                let reply = worker.call(Command::Recognise(value.clone())).await;
                // A later value has its own answer.
                if form.secret.try_get_untracked() == Some(value)
                    && let Ok(Reply::Recognised(found)) = reply
                {
                    let focused = document().active_element().map(|element| element.id());
                    form.recognise(found, focused.as_deref());
                }
            });
        });
    })
}

/// Refuses a paste that no item can hold, before the browser lays it out.
fn use_paste_limit() -> Callback<ev::ClipboardEvent> {
    let toasts = use_toasts();
    Callback::new(move |event: ev::ClipboardEvent| {
        if pasted_text(&event).is_some_and(|text| text.len() > PASTE_MAX) {
            event.prevent_default();
            toasts.fail("That is more than the megabyte an item can hold. Nothing was changed.");
        }
    })
}

fn kind_options() -> Vec<(String, String)> {
    Kind::ALL
        .into_iter()
        .map(|kind| (kind_word(kind).to_owned(), words::kind(kind).to_owned()))
        .collect()
}
