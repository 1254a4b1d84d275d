use leptos::prelude::*;

/// Four bars that fill up. The words beside it say the same.
#[component]
pub fn Meter(
    /// What is measured.
    label: &'static str,
    /// 0 to 4; `None` shows it empty.
    #[prop(into)]
    level: Signal<Option<u8>>,
    /// What the level means.
    #[prop(into)]
    words: Signal<String>,
) -> impl IntoView {
    let class = move || match level.get() {
        None => "meter",
        Some(0) => "meter meter-0",
        Some(1) => "meter meter-1",
        Some(2) => "meter meter-2",
        Some(3) => "meter meter-3",
        Some(_) => "meter meter-4",
    };
    view! { class="v",
        <div
            class=class
            role="meter"
            aria-label=label
            aria-valuemin="0"
            aria-valuemax="4"
            aria-valuenow=move || level.get().unwrap_or(0).to_string()
            aria-valuetext=move || words.get()
        >
            <i></i>
            <i></i>
            <i></i>
            <i></i>
        </div>
    }
}
