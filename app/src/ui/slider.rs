use leptos::prelude::*;

/// A whole number between two bounds, by dragging or by arrow keys.
#[component]
pub fn Slider(
    /// Unique in the page.
    id: &'static str,
    /// What it sets.
    #[prop(into)]
    label: Signal<String>,
    /// The least.
    least: u32,
    /// The most.
    most: u32,
    /// The number.
    value: RwSignal<u32>,
) -> impl IntoView {
    view! { class="v",
        <div class="slider">
            <label class="field-label" for=id>
                {move || label.get()}
            </label>
            <input
                id=id
                r#type="range"
                min=least.to_string()
                max=most.to_string()
                prop:value=move || value.get().to_string()
                on:input=move |event| {
                    if let Ok(number) = event_target_value(&event).parse::<u32>() {
                        value.set(number.clamp(least, most));
                    }
                }
            />
            <output for=id>{move || value.get()}</output>
        </div>
    }
}
