use std::time::Duration;

use keyarc_vault::{FieldType, Kind};
use leptos::{ev, html, prelude::*, task::spawn_local};

use super::{
    form_material::{MaterialInput, MaterialRead, Reading},
    form_model::{ENVIRONMENT_ID, FieldRow, FormModel, NAME_ID},
    form_qr::QrInput,
    form_rotation::{DayInput, RotationInputs},
    generator::use_making,
    onboarding::pasted_text,
};
use crate::{
    language::known,
    state::{Debounce, kind_from, kind_word, use_items, use_toasts},
    ui::{
        Badge, BadgeTone, Button, Checkbox, ConcealedArea, Icon, IconButton, PasswordField, Select,
        TextArea, TextInput, focus_on_mount,
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
    let secret = form.part("value");
    if !is_new || secret.with_untracked(String::is_empty) {
        focus_on_mount(name);
    }
    let recognise = use_recognition(form);
    // A secret pasted elsewhere brought this form: it is recognised at once.
    if is_new && !secret.with_untracked(String::is_empty) {
        recognise.run(());
    }
    let kind = form.kind;
    let limit = use_paste_limit();
    let reading = Reading::follow(form);
    view! { class="v",
        <TextInput
            id=NAME_ID
            label=t!("Name")
            value=form.name
            error=form.error_of("name")
            required=true
            node_ref=name
        />
        <Select
            id="form-kind"
            label=t!("Kind")
            value=Signal::derive(move || kind_word(kind.get()).to_owned())
            options=kind_options()
            on_change=move |value: String| {
                if let Some(chosen) = kind_from(&value) {
                    kind.set(chosen);
                }
            }
        />
        {move || {
            if kind.get() == Kind::EnvironmentSet {
                return view! { class="v", <VariablesInput form=form on_paste=limit /> }.into_any();
            }
            let inputs = kind.get().parts().iter().map(|part| {
                let is_recognised = part.key == "value";
                let on_input = if is_recognised { recognise } else { Callback::new(|()| ()) };
                view! { class="v",
                    <ValueInput
                        id=format!("form-{}", part.key)
                        label=words::part_label(part).to_owned()
                        field_type=part.field_type
                        value=form.part(part.key)
                        error=form.error_of(part.key)
                        on_input=on_input
                        on_paste=limit
                    />
                    {is_recognised.then(|| view! { class="v", <Recognised form=form /> })}
                }
            });
            let is_read = matches!(kind.get(), Kind::Certificate | Kind::SshKey);
            view! { class="v",
                {is_read.then(|| view! { class="v", <MaterialInput reading=reading /> })}
                {(kind.get() == Kind::Totp).then(|| view! { class="v", <QrInput form=form /> })}
                {inputs.collect_view()}
                {is_read.then(|| view! { class="v", <MaterialRead reading=reading /> })}
            }
                .into_any()
        }}
        <AddedFields form=form on_paste=limit />
        <div class="field-pair">
            <TextInput
                id="form-folder"
                label=t!("Folder")
                value=form.folder
                list="known-folders"
                placeholder=t!("Checkout/Payments")
                error=form.error_of("folder")
            />
            <TextInput
                id=ENVIRONMENT_ID
                label=t!("Environment")
                value=form.environment
                list="known-environments"
                placeholder="production"
                error=form.error_of("environment")
            />
        </div>
        <div class="field-pair">
            <TextInput
                id="form-tags"
                label=t!("Tags")
                value=form.tags
                placeholder=t!("llm, billing")
                hint=Some(t!("Separated by commas.").to_owned())
                error=form.error_of("tags")
            />
            <DayInput
                id="form-expires"
                label=t!("Expires")
                value=form.expires
                error=form.error_of("expires_on")
            />
        </div>
        <RotationInputs form=form />
        <TextArea
            id="form-notes"
            label=t!("Notes")
            value=form.notes
            rows=4
            hint=Some(t!("Sealed with the secret.").to_owned())
            error=form.error_of("notes")
            on_paste=limit
        />
        <Checkbox id="form-favourite" checked=form.favourite>
            {t!("Favourite")}
        </Checkbox>
        <Known />
    }
}

/// The input for a value of a type. The one place that knows which control each type takes.
#[component]
pub(super) fn ValueInput(
    id: String,
    label: String,
    field_type: FieldType,
    value: RwSignal<String>,
    error: Signal<Option<String>>,
    on_input: Callback<()>,
    on_paste: Callback<ev::ClipboardEvent>,
) -> impl IntoView {
    match field_type {
        FieldType::Text => view! { class="v",
            <TextInput id=id label=label value=value error=error on_input=on_input />
        }
        .into_any(),
        FieldType::Url => view! { class="v",
            <TextInput id=id label=label kind="url" value=value mono=true error=error on_input=on_input />
        }
        .into_any(),
        FieldType::Secret => {
            let making = use_making();
            let take = Callback::new(move |made: String| {
                value.set(made);
                on_input.run(());
            });
            view! { class="v",
                <PasswordField
                    id=id
                    label=label
                    value=value
                    error=error
                    on_input=on_input
                    on_generate=move |()| making.begin(take)
                    on_paste=on_paste
                />
            }
            .into_any()
        }
        FieldType::Lines => view! { class="v",
            <TextArea
                id=id
                label=label
                value=value
                rows=10
                error=error
                on_input=on_input
                on_paste=on_paste
            />
        }
        .into_any(),
        FieldType::ConcealedLines => view! { class="v",
            <ConcealedArea
                id=id
                label=label
                value=value
                error=error
                on_input=on_input
                on_paste=on_paste
            />
        }
        .into_any(),
        FieldType::Totp => view! { class="v",
            <PasswordField
                id=id
                label=label
                value=value
                hint=Some(
                    t!("The key that the service shows beside its QR code, or its otpauth:// address.")
                        .to_owned(),
                )
                error=error
                on_input=on_input
                on_paste=on_paste
            />
        }
        .into_any(),
    }
}

#[component]
pub(super) fn VariablesInput(
    form: FormModel,
    on_paste: Callback<ev::ClipboardEvent>,
) -> impl IntoView {
    view! { class="v",
        <TextArea
            id="form-variables"
            label=t!("Variables")
            value=form.variables
            rows=10
            mono=true
            placeholder=t!("NAME=value")
            hint=Some(t!("One NAME=value a line, as in a .env file.").to_owned())
            error=form.error_of("variables")
            on_paste=on_paste
        />
    }
}

/// The fields that the person adds, and the button for one more.
#[component]
fn AddedFields(form: FormModel, on_paste: Callback<ev::ClipboardEvent>) -> impl IntoView {
    let error = form.error_of_all_rows();
    let add = move |()| {
        let key = form.add_field();
        focus_soon(format!("form-field-{key}-name"));
    };
    view! { class="v",
        <For each=move || form.fields.get() key=|row| row.key let:row>
            <AddedField form=form row=row on_paste=on_paste />
        </For>
        <div class="add-field">
            <Button id="form-add-field" icon=Icon::Plus on_press=add>
                {t!("Add a field")}
            </Button>
            {move || {
                error
                    .get()
                    .map(|error| view! { class="v", <p class="field-error" role="alert">{error}</p> })
            }}
        </div>
    }
}

#[component]
fn AddedField(
    form: FormModel,
    row: FieldRow,
    on_paste: Callback<ev::ClipboardEvent>,
) -> impl IntoView {
    let id = format!("form-field-{}", row.key);
    let value_id = format!("{id}-value");
    let title = move || match row.name.get() {
        name if name.trim().is_empty() => t!("New field").to_owned(),
        name => t!("Field {name}", name = words::shortened(name.trim())),
    };
    let types = FieldType::ALL.map(|one| (word_of(one), words::field_type(one).to_owned()));
    let remove = move |()| {
        form.remove_field(row.key);
        focus_soon("form-add-field".to_owned());
    };
    let remove_label = Signal::derive(move || match row.name.get() {
        name if name.trim().is_empty() => t!("Remove New field").to_owned(),
        name => t!("Remove field {name}", name = words::shortened(name.trim())),
    });
    view! { class="v",
        <div class="added-field" role="group" aria-label=title>
            <div class="added-field-head">
                <TextInput
                    id=format!("{id}-name")
                    label=t!("Field name")
                    value=row.name
                    error=form.error_of_row(row.key, "name")
                />
                <Select
                    id=format!("{id}-type")
                    label=t!("Type")
                    value=Signal::derive(move || word_of(row.field_type.get()))
                    options=types.to_vec()
                    on_change=move |word: String| {
                        let chosen = FieldType::ALL.into_iter().find(|one| word_of(*one) == word);
                        row.field_type.set(chosen.unwrap_or_default());
                    }
                />
                <IconButton icon=Icon::Close label=remove_label on_press=remove />
            </div>
            {move || {
                view! { class="v",
                    <ValueInput
                        id=value_id.clone()
                        label=t!("Value").to_owned()
                        field_type=row.field_type.get()
                        value=row.value
                        error=form.error_of_row(row.key, "value")
                        on_input=Callback::new(|()| ())
                        on_paste=on_paste
                    />
                }
            }}
        </div>
    }
}

/// What an option of the type is called in the markup.
fn word_of(field_type: FieldType) -> String {
    let word = match field_type {
        FieldType::Text => "text",
        FieldType::Secret => "secret",
        FieldType::Url => "address",
        FieldType::Lines => "several-lines",
        FieldType::ConcealedLines => "several-secret-lines",
        FieldType::Totp => "one-time-code",
    };
    word.to_owned()
}

/// Moves the focus to an element that is about to appear.
fn focus_soon(id: String) {
    request_animation_frame(move || {
        use wasm_bindgen::JsCast;
        let element = document().get_element_by_id(&id);
        if let Some(element) = element.and_then(|el| el.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = element.focus();
        }
    });
}

/// What the secret was recognised as.
#[component]
pub(super) fn Recognised(form: FormModel) -> impl IntoView {
    view! { class="v",
        <p class="recognised" class:is-kept=form.id.is_none() aria-live="polite">
            {move || {
                form.recognised
                    .get()
                    .map(|found| {
                        view! { class="v",
                            <Badge tone=BadgeTone::Arc>{found.provider_name}</Badge>
                            <span>{known(&found.label)}</span>
                            <code translate="no">{found.hint}</code>
                        }
                    })
            }}
        </p>
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
pub(super) fn use_recognition(form: FormModel) -> Callback<()> {
    let worker = use_worker();
    let soon = Debounce::new(Duration::from_millis(120));
    let secret = form.part("value");
    Callback::new(move |()| {
        soon.call(move || {
            let Some(value) = secret.try_get_untracked() else {
                return;
            };
            if value.trim().is_empty() {
                form.recognise(None, None);
                return;
            }
            spawn_local(async move {
                let reply = worker.call(Command::Recognise(value.clone())).await;
                // A later value has its own answer.
                if secret.try_get_untracked() == Some(value)
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
pub(super) fn use_paste_limit() -> Callback<ev::ClipboardEvent> {
    let toasts = use_toasts();
    Callback::new(move |event: ev::ClipboardEvent| {
        if pasted_text(&event).is_some_and(|text| text.len() > PASTE_MAX) {
            event.prevent_default();
            toasts.fail(t!(
                "That is more than the megabyte an item can hold. Nothing was changed."
            ));
        }
    })
}

fn kind_options() -> Vec<(String, String)> {
    Kind::ALL
        .into_iter()
        .map(|kind| (kind_word(kind).to_owned(), words::kind(kind).to_owned()))
        .collect()
}
