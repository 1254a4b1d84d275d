use http::StatusCode;
use leptos::{html::meta, prelude::*, tachys::html::attribute::custom::custom_attribute};

use super::{
    Page, Visit, api, features, frame, landing, privacy, security, self_hosting, terms, trouble,
};
use crate::{language::text, languages::Languages, theme::Theme};

/// A whole document around [`Site`].
pub fn site_shell(visit: Visit) -> impl IntoView {
    let Visit {
        page,
        theme,
        languages,
        language,
        origin,
        style,
    } = visit;
    let image = format!("{origin}/images/vault-light.webp");
    let address = page.path().map(|path| format!("{origin}{path}"));
    view! {
        <!DOCTYPE html>
        <html lang=language data-theme=theme.attribute()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <title>{page.title()}</title>
                <meta name="description" content=page.description()/>
                {theme_colour(theme)}
                <link
                    rel="preload"
                    href="/fonts/geist-latin-400-700.woff2"
                    r#as="font"
                    type="font/woff2"
                    crossorigin="anonymous"
                />
                <link id="leptos" rel="stylesheet" href=style.path integrity=style.integrity/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="apple-touch-icon" href="/icons/apple-touch-icon.png"/>
                <link rel="manifest" href="/site.webmanifest"/>
                {match address {
                    Some(address) => view! {
                        <link rel="canonical" href=address.clone()/>
                        {property("og:type", "website")}
                        {property("og:site_name", "KeyArc")}
                        {property("og:title", page.title())}
                        {property("og:description", page.description())}
                        {property("og:url", address)}
                        {property("og:image", image)}
                        {property("og:image:alt", text(landing::SHOT_ALT))}
                    }
                    .into_any(),
                    None => view! { <meta name="robots" content="noindex"/> }.into_any(),
                }}
            </head>
            <body class="site">
                <Site page theme languages language/>
            </body>
        </html>
    }
}

/// A page with its header and footer.
#[component]
pub fn Site(
    /// Which page.
    page: Page,
    /// How it is lit; it decides between the two screenshots.
    theme: Theme,
    /// The languages that there are.
    languages: Languages,
    /// The tag of the one that it is shown in.
    language: &'static str,
) -> impl IntoView {
    let content = match page {
        Page::Landing => landing::view(theme).into_any(),
        Page::Features => features::view().into_any(),
        Page::Security => security::view().into_any(),
        Page::SelfHosting => self_hosting::view().into_any(),
        Page::Api => api::view().into_any(),
        Page::Privacy => privacy::view().into_any(),
        Page::Terms => terms::view().into_any(),
        Page::Trouble(StatusCode::NOT_FOUND) => trouble::not_found().into_any(),
        Page::Trouble(status) => trouble::view(status).into_any(),
    };
    view! {
        <a class="site-skip" href="#content">{t!("Skip to content")}</a>
        {frame::header(page)}
        <main id="content" tabindex="-1">{content}</main>
        {frame::footer(page, &languages, language)}
    }
}

/// What a phone paints around the page: the background of either theme.
fn theme_colour(theme: Theme) -> impl IntoView {
    const LIGHT: &str = "#f5f7f8";
    const DARK: &str = "#0d1114";
    match theme {
        Theme::Light => view! { <meta name="theme-color" content=LIGHT/> }.into_any(),
        Theme::Dark => view! { <meta name="theme-color" content=DARK/> }.into_any(),
        Theme::System => (
            theme_colour_when("(prefers-color-scheme: light)", LIGHT),
            theme_colour_when("(prefers-color-scheme: dark)", DARK),
        )
            .into_any(),
    }
}

fn theme_colour_when(media: &'static str, colour: &'static str) -> impl IntoView {
    let media = custom_attribute("media", media);
    view! { <meta name="theme-color" content=colour/> }.add_any_attr(media)
}

/// One Open Graph statement.
fn property(name: &'static str, content: impl Into<String>) -> impl IntoView {
    let name = custom_attribute("property", name);
    meta().content(content.into()).add_any_attr(name)
}
