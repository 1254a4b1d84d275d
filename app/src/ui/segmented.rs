use leptos::prelude::*;

/// One of a few, all visible. Radio buttons underneath, so arrows move within it.
#[component]
pub fn Segmented(
    /// Unique in the page; the radio group's name.
    name: &'static str,
    /// What is chosen.
    #[prop(into)]
    label: Signal<String>,
    /// Values and their words.
    options: Vec<(String, String)>,
    /// The chosen value.
    #[prop(into)]
    value: Signal<String>,
    /// Another value was chosen.
    #[prop(into)]
    on_change: Callback<String>,
) -> impl IntoView {
    view! { class="v",
        <fieldset class="segmented">
            <legend>{move || label.get()}</legend>
            <div class="segmented-row">
                {options
                    .into_iter()
                    .map(|(option, words)| {
                        let own = option.clone();
                        let chosen = option.clone();
                        view! { class="v",
                            <label class="segment">
                                <input
                                    r#type="radio"
                                    name=name
                                    value=option
                                    prop:checked=move || value.get() == own
                                    on:change=move |_| on_change.run(chosen.clone())
                                />
                                <span>{words}</span>
                            </label>
                        }
                    })
                    .collect_view()}
            </div>
        </fieldset>
    }
}
