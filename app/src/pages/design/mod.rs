//! Every component in every state, for those who work on them. Only in a debug build (`cargo x
//! dev`): a release is a tenth smaller without it.

use leptos::prelude::*;

use crate::{pages::NotFound, vault_app::is_development};

mod components;
mod domain;

/// The gallery; elsewhere than in development there is nothing at its address.
#[component]
pub fn DesignPage() -> impl IntoView {
    // A constant, so that a release does not carry it.
    if !cfg!(debug_assertions) || !is_development() {
        return view! { class="v", <NotFound /> }.into_any();
    }
    // Some of it reads the clock, which the server and the browser would not agree on.
    let ready = RwSignal::new(false);
    Effect::new(move |_| ready.set(true));
    view! { class="v",
        <main class="page gallery" id="main">
            <div class="page-body page-wide">
                <h1>"Components"</h1>
                <Show when=move || ready.get()>
                    <components::Components />
                    <domain::Domain />
                </Show>
            </div>
        </main>
    }
    .into_any()
}

/// A part of the gallery.
#[component]
fn Part(title: &'static str, children: Children) -> impl IntoView {
    view! { class="v",
        <section class="gallery-part">
            <h2>{title}</h2>
            <div class="gallery-row">{children()}</div>
        </section>
    }
}
