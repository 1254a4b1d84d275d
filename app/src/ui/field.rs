use leptos::{ev, html, prelude::*};

/// A label, a control, and what there is to say about it.
#[component]
pub fn Field(
    /// The control's id.
    #[prop(into)]
    id: String,
    /// What goes in.
    #[prop(into)]
    label: Signal<String>,
    /// Help that stays.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// The control. It names `{id}-hint` and `{id}-error` in `aria-describedby`.
    children: Children,
) -> impl IntoView {
    let hint_id = format!("{id}-hint");
    let error_id = format!("{id}-error");
    view! { class="v",
        <div class="field" class:has-error=move || error.get().is_some()>
            <label class="field-label" for=id>
                {move || label.get()}
            </label>
            {children()}
            {move || {
                hint.get()
                    .map(|hint| view! { class="v", <p class="field-hint" id=hint_id.clone()>{hint}</p> })
            }}
            {move || {
                error
                    .get()
                    .map(|error| {
                        view! { class="v",
                            <p class="field-error" id=error_id.clone() role="alert">
                                {error}
                            </p>
                        }
                    })
            }}
        </div>
    }
}

/// The `aria-describedby` of a control in a [`Field`].
pub(super) fn described_by(
    id: &str,
    hint: Signal<Option<String>>,
    error: Signal<Option<String>>,
) -> impl Fn() -> Option<String> + Clone + Send + Sync + 'static + use<> {
    let hint_id = format!("{id}-hint");
    let error_id = format!("{id}-error");
    move || {
        let hint = hint.with(Option::is_some).then_some(hint_id.as_str());
        let error = error.with(Option::is_some).then_some(error_id.as_str());
        match (error, hint) {
            (None, None) => None,
            (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
            (Some(error), Some(hint)) => Some(format!("{error} {hint}")),
        }
    }
}

/// One line of text.
#[component]
pub fn TextInput(
    /// Unique in the page.
    #[prop(into)]
    id: String,
    /// What goes in.
    #[prop(into)]
    label: Signal<String>,
    /// What is in it.
    value: RwSignal<String>,
    /// The input's type.
    #[prop(default = "text")]
    kind: &'static str,
    /// For password managers and keyboards; `off` unless told.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Which keys a keyboard on the screen shows.
    #[prop(optional, into)]
    inputmode: Option<&'static str>,
    /// Choices to complete from, by the id of a `datalist`.
    #[prop(optional, into)]
    list: Option<&'static str>,
    /// Shown while it is empty.
    #[prop(optional, into)]
    placeholder: Option<&'static str>,
    /// For what one might copy.
    #[prop(optional)]
    mono: bool,
    /// Help that stays.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// It must be filled.
    #[prop(optional)]
    required: bool,
    /// The element.
    #[prop(optional)]
    node_ref: NodeRef<html::Input>,
    /// Told after each change.
    #[prop(optional, into)]
    on_input: Option<Callback<()>>,
) -> impl IntoView {
    let described = described_by(&id, hint, error);
    view! { class="v",
        <Field id=id.clone() label=label hint=hint error=error>
            <input
                class="input"
                class:is-mono=mono
                id=id
                r#type=kind
                autocomplete=autocomplete
                inputmode=inputmode
                autocapitalize="none"
                spellcheck="false"
                list=list
                placeholder=placeholder
                aria-required=required.then_some("true")
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby=described
                prop:value=move || value.get()
                node_ref=node_ref
                on:input=move |event| {
                    value.set(event_target_value(&event));
                    if let Some(on_input) = on_input {
                        on_input.run(());
                    }
                }
            />
        </Field>
    }
}

/// Several lines of text.
#[component]
pub fn TextArea(
    /// Unique in the page.
    #[prop(into)]
    id: String,
    /// What goes in.
    #[prop(into)]
    label: Signal<String>,
    /// What is in it.
    value: RwSignal<String>,
    /// Lines shown.
    #[prop(default = 4)]
    rows: u32,
    /// Shown while it is empty.
    #[prop(optional, into)]
    placeholder: Option<&'static str>,
    /// For what one might copy.
    #[prop(optional)]
    mono: bool,
    /// Help that stays.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// The element.
    #[prop(optional)]
    node_ref: NodeRef<html::Textarea>,
    /// Told after each change.
    #[prop(optional, into)]
    on_input: Option<Callback<()>>,
    /// May take a paste for itself.
    #[prop(optional, into)]
    on_paste: Option<Callback<ev::ClipboardEvent>>,
) -> impl IntoView {
    let described = described_by(&id, hint, error);
    view! { class="v",
        <Field id=id.clone() label=label hint=hint error=error>
            <textarea
                class="input input-area"
                class:is-mono=mono
                id=id
                rows=rows.to_string()
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                placeholder=placeholder
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby=described
                prop:value=move || value.get()
                node_ref=node_ref
                on:input=move |event| {
                    value.set(event_target_value(&event));
                    if let Some(on_input) = on_input {
                        on_input.run(());
                    }
                }
                on:paste=move |event| {
                    if let Some(on_paste) = on_paste {
                        on_paste.run(event);
                    }
                }
            ></textarea>
        </Field>
    }
}

/// Puts the focus on an input when it appears. The `autofocus` attribute works only for what
/// was in the page from the start.
pub fn focus_on_mount(input: NodeRef<html::Input>) {
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            // It fails for elements that cannot have it; then focus stays where it is.
            let _ = input.focus();
        }
    });
}
