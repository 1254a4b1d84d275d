use leptos::prelude::*;

use super::{Icon, IconView};

/// Nothing is here, and what to do about it.
#[component]
pub fn EmptyState(
    /// A drawing.
    #[prop(into)]
    icon: Icon,
    /// What is not here.
    #[prop(into)]
    title: String,
    /// Why, and what to do.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! { class="v",
        <div class="state">
            <div class="state-icon">
                <IconView icon=icon />
            </div>
            <h2>{title}</h2>
            {children.map(|children| children())}
        </div>
    }
}

/// It did not work: what happened, what is safe, what to do.
#[component]
pub fn ErrorState(
    /// What happened.
    #[prop(into)]
    title: String,
    /// What is safe and what to do.
    #[prop(into)]
    detail: String,
    /// A button.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! { class="v",
        <div class="state state-bad" role="alert">
            <div class="state-icon">
                <IconView icon=Icon::Warning />
            </div>
            <h2>{title}</h2>
            <p>{detail}</p>
            {children.map(|children| children())}
        </div>
    }
}

/// Rows that are on their way. Seen only when they take longer than 100 ms.
#[component]
pub fn SkeletonRows(
    /// How many.
    #[prop(default = 8)]
    count: usize,
) -> impl IntoView {
    let row = || {
        view! { class="v",
            <div class="skeleton-row">
                <i class="skeleton skeleton-mark"></i>
                <span>
                    <i class="skeleton skeleton-name"></i>
                    <i class="skeleton skeleton-sub"></i>
                </span>
            </div>
        }
    };
    view! { class="v",
        <div class="skeleton-rows" aria-hidden="true">
            {(0..count).map(|_| row()).collect_view()}
        </div>
    }
}

/// Lines that are on their way. Seen only when they take longer than 100 ms.
#[component]
pub fn SkeletonLines(
    /// How many.
    #[prop(default = 4)]
    count: usize,
) -> impl IntoView {
    view! { class="v",
        <div class="skeleton-lines" aria-hidden="true">
            {(0..count).map(|_| view! { class="v", <i class="skeleton"></i> }).collect_view()}
        </div>
    }
}
