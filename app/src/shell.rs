//! The HTML document around the vault app: the same skeleton for every path and everybody.
//!
//! The app itself is mounted in the browser. It is not part of the server, whose code can
//! therefore name neither a vault's plaintext nor a key.

use leptos::{config::LeptosOptions, nonce::use_nonce, prelude::*};

use crate::{
    built::{Asset, Built},
    languages::{Chosen, Languages},
    theme::{Theme, theme_in_cookies},
};

/// The paths of the vault app, as routes of the server. [`DESIGN_PATH`] is not among them.
pub const PATHS: [&str; 11] = [
    "/sign-up",
    "/log-in",
    "/recover",
    "/vault",
    "/vault/dashboard",
    "/vault/import",
    "/vault/export",
    "/vault/moment",
    "/vault/checks",
    "/vault/reminders",
    "/settings",
];
/// Shows every component in every state; for those who build KeyArc, in development only.
pub const DESIGN_PATH: &str = "/design";

/// What the document of the vault app depends on.
#[derive(Debug, Clone)]
pub struct VaultPage {
    /// What it loads.
    pub built: Built,
    /// The languages that there are.
    pub languages: Languages,
    /// The port of the live-reload script and the like; used while `cargo x dev` runs.
    pub options: LeptosOptions,
    /// Lets the app show its gallery of components.
    pub development: bool,
}

/// The document for every page of the vault app.
pub fn vault_shell(page: VaultPage) -> impl IntoView {
    let VaultPage {
        built,
        languages,
        options,
        development,
    } = page;
    let language = request_language(&languages);
    // Of its texts only few stand in the document itself.
    provide_context(language.spoken());
    let names: Vec<String> = languages
        .names()
        .map(|(tag, name)| format!("{tag} {name}"))
        .collect();
    let texts = language.0.map(|language| language.file.clone());
    let Built {
        style,
        script,
        parts,
        ..
    } = built.clone();
    view! {
        <!DOCTYPE html>
        <html
            lang=language.tag()
            data-languages=names.join(";")
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
                <script type="importmap" nonce=use_nonce()>
                    {import_map(&built)}
                </script>
                <link
                    rel="preload"
                    href="/fonts/geist-latin-400-700.woff2"
                    r#as="font"
                    r#type="font/woff2"
                    crossorigin="anonymous"
                />
                <link
                    id="leptos"
                    rel="stylesheet"
                    href=style.path
                    integrity=style.integrity
                />
                <link
                    rel="modulepreload"
                    href=script.path
                    integrity=script.integrity
                    nonce=use_nonce()
                />
                {parts
                    .map(|parts| {
                        view! {
                            <link
                                rel="modulepreload"
                                href=parts.path
                                integrity=parts.integrity
                                nonce=use_nonce()
                            />
                        }
                    })}
                <link rel="icon" href="/favicon.svg" r#type="image/svg+xml" />
                <AutoReload options=options />
                <script type="module" nonce=use_nonce()>
                    {boot(&built, texts.as_ref())}
                </script>
            </head>
            <body>
                <main class="start" aria-busy="true">
                    <h1 class="sr-only">"KeyArc"</h1>
                    <p id="start-failed" role="alert" hidden>
                        {t!("The vault could not be started: its code did not arrive, or is not the code that this page was made for. Nothing was opened. Reload the page; if it goes on, tell whoever runs this server.")}
                    </p>
                    <noscript>
                        <p>
                            {t!("The vault opens in your browser, which needs JavaScript and WebAssembly for it. Everything is sealed there, before it is sent.")}
                        </p>
                    </noscript>
                </main>
            </body>
        </html>
    }
}

/// What a browser must find in the scripts, however they are imported.
fn import_map(built: &Built) -> String {
    let integrity: serde_json::Map<_, _> = [Some(&built.script), built.parts.as_ref()]
        .into_iter()
        .flatten()
        .filter_map(|script| Some((script.path.clone(), script.integrity.clone()?.into())))
        .collect();
    serde_json::json!({ "integrity": integrity }).to_string()
}

/// The page's few lines of JavaScript: they fetch the WebAssembly and the script side by side,
/// have the browser check both, and start the app. The worker's address goes in here, where no
/// markup of the page can change it.
fn boot(built: &Built, texts: Option<&Asset>) -> String {
    // Paths and hashes are the build's own; JSON writes them as JavaScript does.
    let text = |value: &str| serde_json::Value::from(value).to_string();
    let script = text(&built.script.path);
    let wasm = text(&built.wasm.path);
    let worker = text(&built.worker);
    let integrity = text(built.wasm.integrity.as_deref().unwrap_or_default());
    // Without its words a page is English; it opens all the same.
    let words = match texts {
        Some(Asset { path, integrity }) => {
            let (path, integrity) = (text(path), text(integrity.as_deref().unwrap_or_default()));
            format!(
                "fetch({path}, {{ integrity: {integrity} }}).then((file) => file.text()).catch(() => '')"
            )
        }
        None => "''".to_owned(),
    };
    // The app shows which code it is: what the browser has just checked.
    format!(
        "try {{ \
         const code = fetch({wasm}, {{ integrity: {integrity} }}); \
         const words = {words}; \
         const {{ default: init, start }} = await import({script}); \
         await init({{ module_or_path: code }}); \
         start({worker}, {integrity}, await words); \
         }} catch (error) {{ \
         document.getElementById('start-failed')?.removeAttribute('hidden'); \
         throw error; \
         }}"
    )
}

/// The language that the request asks for; English outside of a request.
fn request_language(languages: &Languages) -> Chosen<'_> {
    let parts = use_context::<http::request::Parts>();
    parts.map_or(Chosen(None), |parts| {
        let asked_for = languages.asked_for(parts.uri.query());
        asked_for.unwrap_or_else(|| languages.choose(&parts.headers))
    })
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
