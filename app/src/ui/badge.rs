use leptos::prelude::*;

/// What a badge's colour means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BadgeTone {
    /// Nothing.
    #[default]
    Mute,
    /// It works.
    Ok,
    /// Soon.
    Warn,
    /// Too late, or broken.
    Bad,
    /// New, chosen.
    Arc,
}

impl BadgeTone {
    fn class(self) -> &'static str {
        match self {
            Self::Mute => "badge",
            Self::Ok => "badge badge-ok",
            Self::Warn => "badge badge-warn",
            Self::Bad => "badge badge-bad",
            Self::Arc => "badge badge-arc",
        }
    }
}

/// A few words with a meaning.
#[component]
pub fn Badge(
    /// What the colour means.
    #[prop(optional)]
    tone: BadgeTone,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! { class="v", <span class=tone.class()>{children()}</span> }
}

/// A label that a person gave.
#[component]
pub fn Tag(
    /// The label.
    children: Children,
) -> impl IntoView {
    view! { class="v", <span class="tag">{children()}</span> }
}

/// A key to press. Hidden from assistive technology, which gets `aria-keyshortcuts`.
#[component]
pub fn Kbd(
    /// Its name.
    #[prop(into)]
    keys: Signal<String>,
) -> impl IntoView {
    view! { class="v", <kbd class="kbd" aria-hidden="true">{move || keys.get()}</kbd> }
}

/// A dot in the colour of an environment. The name stands beside it or is its title.
#[component]
pub fn EnvironmentDot(
    /// For example `production`.
    #[prop(into)]
    environment: String,
) -> impl IntoView {
    let class = match environment.to_lowercase().as_str() {
        "production" | "prod" | "live" => "dot dot-production",
        "staging" | "stage" => "dot dot-staging",
        "development" | "dev" | "test" => "dot dot-development",
        _ => "dot",
    };
    view! { class="v", <span class=class aria-hidden="true"></span> }
}
