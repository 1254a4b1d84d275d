use leptos::prelude::*;
use leptos_meta::Title;

use crate::ui::{EmptyState, Icon};

/// For addresses inside the app that lead nowhere.
#[component]
pub fn NotFound() -> impl IntoView {
    view! { class="v",
        <Title text="Not found · KeyArc" />
        <main class="lone" id="main">
            <EmptyState icon=Icon::Search title="There is nothing at this address">
                <p>"The link may be old, or mistyped. Nothing of yours is affected."</p>
                <a class="btn btn-go" href="/vault">
                    "Go to the vault"
                </a>
            </EmptyState>
        </main>
    }
}
