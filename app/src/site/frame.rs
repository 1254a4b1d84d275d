//! What every public page has around it.

use leptos::prelude::*;

use super::Page;
use crate::{language::text, languages::Languages};

const NAVIGATION: [(&str, &str); 3] = [
    ("/features", mark!("Features")),
    ("/security", mark!("Security")),
    ("/self-hosting", mark!("Self-hosting")),
];

pub(super) fn header(current: Page) -> impl IntoView {
    view! {
        <header class="site-header">
            <div class="site-page site-header-row">
                <a class="site-brand" href="/" aria-current=marks(current, "/")>
                    {mark()}
                    "KeyArc"
                </a>
                <nav class="site-nav" aria-label=t!("Main")>{links(Some(current), &NAVIGATION)}</nav>
                <div class="site-acts">
                    <a class="site-plain" href="/log-in">{t!("Log in")}</a>
                    <a class="site-button go" href="/sign-up">{t!("Create a vault")}</a>
                </div>
            </div>
        </header>
    }
}

/// `language` is the tag of the language that the page is shown in.
pub(super) fn footer(page: Page, languages: &Languages, language: &str) -> impl IntoView {
    const MORE: [(&str, &str); 3] = [
        ("/docs/api", mark!("API")),
        ("/privacy", mark!("Privacy")),
        ("/terms", mark!("Terms")),
    ];
    view! {
        <footer class="site-footer">
            <div class="site-page site-footer-row">
                <p>
                    {t!(
                        "KeyArc {version}. Open source, MIT or Apache-2.0.", version = env!("CARGO_PKG_VERSION")
                    )}
                </p>
                <nav class="site-nav" aria-label=t!("Footer")>
                    {links(None, &NAVIGATION)} {links(None, &MORE)}
                </nav>
                {choice(page, languages, language)}
            </div>
        </footer>
    }
}

/// The languages, when there are several.
fn choice(page: Page, languages: &Languages, language: &str) -> impl IntoView + use<> {
    let back = page.path().unwrap_or("/");
    let links: Vec<_> = languages
        .names()
        .map(|(tag, name)| {
            let here = (tag == language).then_some("true");
            let href = format!("/language/{tag}?page={back}");
            view! { <a href=href lang=tag aria-current=here>{name}</a> }
        })
        .collect();
    (links.len() > 1).then(|| {
        view! { <nav class="site-nav" aria-label=t!("Language")>{links}</nav> }
    })
}

fn links(current: Option<Page>, links: &'static [(&'static str, &'static str)]) -> impl IntoView {
    links
        .iter()
        .map(|&(path, label)| {
            let here = current.and_then(|page| marks(page, path));
            view! { <a href=path aria-current=here>{text(label)}</a> }
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
