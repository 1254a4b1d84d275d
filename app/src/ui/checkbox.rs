use leptos::{html, prelude::*};

/// A box to tick, with its words.
#[component]
pub fn Checkbox(
    /// Unique in the page.
    id: &'static str,
    /// Whether it is ticked.
    checked: RwSignal<bool>,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// The element.
    #[prop(optional)]
    node_ref: NodeRef<html::Input>,
    /// The words.
    children: Children,
) -> impl IntoView {
    let error_id = format!("{id}-error");
    let described = error_id.clone();
    view! { class="v",
        <div class="check-field">
            <label class="check" for=id>
                <input
                    id=id
                    r#type="checkbox"
                    prop:checked=move || checked.get()
                    aria-invalid=move || error.get().is_some().then_some("true")
                    aria-describedby=move || error.get().is_some().then(|| described.clone())
                    node_ref=node_ref
                    on:change=move |event| checked.set(event_target_checked(&event))
                />
                <span>{children()}</span>
            </label>
            {move || {
                error
                    .get()
                    .map(|error| {
                        view! { class="v", <p class="field-error" id=error_id.clone()>{error}</p> }
                    })
            }}
        </div>
    }
}
