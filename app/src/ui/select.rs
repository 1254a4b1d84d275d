use leptos::prelude::*;

use super::{Field, Icon, IconView};

/// One of a few, from the browser's own list.
#[component]
pub fn Select(
    /// Unique in the page.
    #[prop(into)]
    id: String,
    /// What is chosen.
    #[prop(into)]
    label: Signal<String>,
    /// The chosen value.
    #[prop(into)]
    value: Signal<String>,
    /// Values and their words.
    #[prop(into)]
    options: Signal<Vec<(String, String)>>,
    /// Help that stays.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// Another value was chosen.
    #[prop(into)]
    on_change: Callback<String>,
) -> impl IntoView {
    let hint_id = format!("{id}-hint");
    view! { class="v",
        <Field id=id.clone() label=label hint=hint>
            <div class="select">
                <select
                    class="input"
                    id=id
                    aria-describedby=move || hint.get().is_some().then(|| hint_id.clone())
                    prop:value=move || value.get()
                    on:change=move |event| on_change.run(event_target_value(&event))
                >
                    {move || {
                        options
                            .get()
                            .into_iter()
                            .map(|(option, words)| {
                                let own = option.clone();
                                view! { class="v",
                                    <option value=option selected=move || value.get() == own>
                                        {words}
                                    </option>
                                }
                            })
                            .collect_view()
                    }}
                </select>
                <IconView icon=Icon::Chevron />
            </div>
        </Field>
    }
}
