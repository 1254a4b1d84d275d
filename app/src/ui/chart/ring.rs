use leptos::prelude::*;

use super::hundredths;

/// A circle that is filled as far as a part is of the whole, with the share in its middle.
#[component]
pub fn Ring(
    /// What is drawn, in words.
    #[prop(into)]
    label: String,
    /// The part.
    part: u32,
    /// The whole.
    whole: u32,
) -> impl IntoView {
    let share = hundredths(part, whole);
    // A radius at which the circumference is 100, so that shares are lengths.
    let radius = "15.9155";
    view! { class="v",
        <svg class="share-ring" viewBox="0 0 36 36" role="img" aria-label=label>
            <circle class="share-ring-back" cx="18" cy="18" r=radius></circle>
            <circle
                class="share-ring-part"
                cx="18"
                cy="18"
                r=radius
                stroke-dasharray=format!("{share} {}", 100 - share)
                transform="rotate(-90 18 18)"
            ></circle>
            <text class="share-ring-words" x="18" y="20.4" text-anchor="middle">
                {format!("{share} %")}
            </text>
        </svg>
    }
}
