//! What is shown when a page cannot be.

use http::StatusCode;
use leptos::prelude::*;

pub(super) fn not_found() -> impl IntoView {
    view! {
        <div class="site-page site-trouble">
            <p class="site-code">"404"</p>
            <h1>{t!("There is no page here")}</h1>
            <p>
                {t!("The address may be mistyped, or the page has moved. Your vault is where it was.")}
            </p>
            <p class="site-acts">
                <a class="site-button go" href="/">{t!("Go to the start")}</a>
                <a class="site-button" href="/log-in">{t!("Open your vault")}</a>
            </p>
        </div>
    }
}

pub(super) fn view(status: StatusCode) -> impl IntoView {
    let (title, text) = words(status);
    view! {
        <div class="site-page site-trouble">
            <p class="site-code">{status.as_str().to_owned()}</p>
            <h1>{title}</h1>
            <p>{text}</p>
            <p class="site-acts">
                <a class="site-button go" href="/">{t!("Go to the start")}</a>
            </p>
        </div>
    }
}

/// What happened, what is safe, what to do.
fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::TOO_MANY_REQUESTS => (
            t!("Too many requests"),
            t!(
                "This address asked for more than the server answers. Nothing was changed. Wait a \
             minute, then try again."
            ),
        ),
        StatusCode::SERVICE_UNAVAILABLE => (
            t!("The server is busy or starting"),
            t!("What it had accepted is kept. Wait a moment, then reload this page."),
        ),
        status if status.is_server_error() => (
            t!("The server made a mistake"),
            t!(
                "What is stored was not touched. Reload this page; if that does not help, tell \
             whoever runs this server what time it is now."
            ),
        ),
        _ => (
            t!("The request cannot be answered"),
            t!("Nothing was changed. Go back and try again, or begin at the start."),
        ),
    }
}
