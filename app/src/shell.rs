//! The HTML document around the vault app: the same skeleton for every path and everybody.
//!
//! The app itself is mounted in the browser. It is not part of the server, whose code can
//! therefore name neither a vault's plaintext nor a key.

use leptos::{config::LeptosOptions, hydration::HydrationScripts, prelude::*};
use leptos_meta::HashedStylesheet;

use crate::theme::{Theme, theme_in_cookies};

/// The paths of the vault app, as routes of the server. [`DESIGN_PATH`] is not among them.
pub const PATHS: [&str; 5] = [
    "/sign-up",
    "/log-in",
    "/vault",
    "/vault/import",
    "/settings",
];
/// Shows every component in every state; for those who build KeyArc, in development only.
pub const DESIGN_PATH: &str = "/design";

/// The document for every page of the vault app. The live-reload script and the mark that lets
/// the app show its gallery come with `development` only.
pub fn vault_shell(options: LeptosOptions, development: bool) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html
            lang="en"
            data-theme=request_theme().attribute()
            data-development=development.then_some("")
        >
            <head>
                <meta charset="utf-8" />
                <meta
                    name="viewport"
                    content="width=device-width, initial-scale=1, viewport-fit=cover"
                />
                <meta name="color-scheme" content="light dark" />
                <meta name="referrer" content="no-referrer" />
                <meta name="robots" content="noindex" />
                <title>"KeyArc"</title>
                <link
                    rel="preload"
                    href="/fonts/geist-latin-wght-normal.woff2"
                    r#as="font"
                    r#type="font/woff2"
                    crossorigin="anonymous"
                />
                <HashedStylesheet options=options.clone() id="leptos" />
                <link rel="icon" href="/favicon.svg" r#type="image/svg+xml" />
                <AutoReload options=options.clone() />
                <HydrationScripts options=options />
            </head>
            <body>
                <main class="start" aria-busy="true">
                    <h1 class="sr-only">"KeyArc"</h1>
                    <noscript>
                        <p>
                            "The vault opens in your browser, which needs JavaScript and
                            WebAssembly for it. Everything is sealed there, before it is sent."
                        </p>
                    </noscript>
                </main>
            </body>
        </html>
    }
}

/// The theme that the request asks for through its cookie; the system's outside of a request.
fn request_theme() -> Theme {
    use_context::<http::request::Parts>()
        .and_then(|parts| {
            let value = parts.headers.get(http::header::COOKIE)?;
            value.to_str().ok().map(theme_in_cookies)
        })
        .unwrap_or_default()
}
