//! What every public page has around it.

use leptos::prelude::*;

use super::Page;

const NAVIGATION: [(&str, &str); 3] = [
    ("/features", "Features"),
    ("/security", "Security"),
    ("/self-hosting", "Self-hosting"),
];

pub(super) fn header(current: Page) -> impl IntoView {
    view! {
        <header class="site-header">
            <div class="site-page site-header-row">
                <a class="site-brand" href="/" aria-current=marks(current, "/")>
                    {mark()}
                    "KeyArc"
                </a>
                <nav class="site-nav" aria-label="Main">{links(Some(current), &NAVIGATION)}</nav>
                <div class="site-acts">
                    <a class="site-plain" href="/log-in">"Log in"</a>
                    <a class="site-button go" href="/sign-up">"Create a vault"</a>
                </div>
            </div>
        </header>
    }
}

pub(super) fn footer() -> impl IntoView {
    const LEGAL: [(&str, &str); 2] = [("/privacy", "Privacy"), ("/terms", "Terms")];
    view! {
        <footer class="site-footer">
            <div class="site-page site-footer-row">
                <p>
                    "KeyArc " {env!("CARGO_PKG_VERSION")} ". Open source, MIT or Apache-2.0."
                </p>
                <nav class="site-nav" aria-label="Footer">
                    {links(None, &NAVIGATION)} {links(None, &LEGAL)}
                </nav>
            </div>
        </footer>
    }
}

fn links(current: Option<Page>, links: &'static [(&'static str, &'static str)]) -> impl IntoView {
    links
        .iter()
        .map(|(path, label)| {
            let here = current.and_then(|page| marks(page, path));
            view! { <a href=*path aria-current=here>{*label}</a> }
        })
        .collect_view()
}

fn marks(current: Page, path: &str) -> Option<&'static str> {
    (current.path() == Some(path)).then_some("page")
}

/// The arc over a key.
fn mark() -> impl IntoView {
    view! {
        <svg
            viewBox="0 0 20 20"
            width="22"
            height="22"
            fill="none"
            stroke="currentColor"
            stroke-width="2.1"
            stroke-linecap="round"
            aria-hidden="true"
        >
            <path d="M3 14.5A7.6 7.6 0 0 1 17 14.5"/>
            <circle cx="10" cy="13.6" r="2.1" fill="currentColor" stroke="none"/>
            <path d="M10 15v3.2"/>
        </svg>
    }
}
