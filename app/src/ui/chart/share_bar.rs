use leptos::prelude::*;

use super::hundredths;

/// A line that is filled as far as a part is of the whole. The numbers stand beside it, so that
/// it is silent.
#[component]
pub fn ShareBar(
    /// The part.
    part: u32,
    /// The whole.
    whole: u32,
    /// The part is nothing to worry about.
    #[prop(optional)]
    calm: bool,
) -> impl IntoView {
    let share = hundredths(part, whole);
    view! { class="v",
        <svg class="share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
            <rect class="share-back" width="100" height="4"></rect>
            <rect
                class="share-part"
                class:is-calm=calm
                width=share.to_string()
                height="4"
            ></rect>
        </svg>
    }
}
