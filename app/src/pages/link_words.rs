use leptos::prelude::*;

/// The words that are the same on both screens, if nobody is between them.
#[component]
pub(crate) fn LinkWords(
    /// In their order.
    words: Vec<String>,
) -> impl IntoView {
    view! { class="v",
        <ol class="link-words" data-testid="link-words" translate="no">
            {words.into_iter().map(|word| view! { class="v", <li>{word}</li> }).collect_view()}
        </ol>
    }
}
