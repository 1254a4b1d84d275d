use leptos::prelude::*;
use leptos_meta::Title;

use crate::ui::{EmptyState, Icon};

/// For addresses inside the app that lead nowhere.
#[component]
pub fn NotFound() -> impl IntoView {
    view! { class="v",
        <Title text=t!("Not found · KeyArc") />
        <main class="lone" id="main">
            <EmptyState icon=Icon::Search title=t!("There is nothing at this address")>
                <p>{t!("The link may be old, or mistyped. Nothing of yours is affected.")}</p>
                <a class="btn btn-go" href="/vault">
                    {t!("Go to the vault")}
                </a>
            </EmptyState>
        </main>
    }
}
