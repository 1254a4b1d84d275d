//! What reminders lead to without a session: the calendar feed, and the page that switches mails
//! off. Each is for whoever has the token in its address.

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use keyarc_app::{
    language::speaking,
    reminder_text::{DueDate, PageText, calendar, html, stop_page, stopped_page},
};
use keyarc_service::reminders;
use keyarc_wire::{ReminderId, paths};

use super::policy;
use crate::{error::Failure, state::AppState};

/// Changes with what a feed is written as, so that no cache keeps an older spelling.
const FEED_FORMAT: u32 = 2;

/// Their routes.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::FEED_ROUTE, get(feed))
        .route(paths::UNSUBSCRIBE_ROUTE, get(ask).post(unsubscribe))
}

async fn feed(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let token = name.strip_suffix(".ics").ok_or_else(Failure::not_found)?;
    let feed = reminders::feed(state.services(), token).await?;
    let language = state.site().languages().noted(feed.language.as_deref());
    let tag = format!("\"{FEED_FORMAT}-{}-{}\"", feed.revision, language.tag());
    let tag_value = HeaderValue::try_from(&tag).map_err(|_| Failure::internal())?;
    let known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| one.trim().trim_start_matches("W/") == tag);
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let due: Vec<DueDate> = feed
            .entries
            .iter()
            .map(|entry| DueDate {
                id: entry.id,
                on: entry.on,
            })
            .collect();
        let origin = state.courier().origin();
        let written = || calendar(origin, &due, feed.changed_at_ms);
        speaking(language.spoken(), written).into_response()
    };
    let out = response.headers_mut();
    let mut set = |name, value| out.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, "text/calendar; charset=utf-8");
    // Its owner's calendar keeps it, and nobody in between.
    set(header::CACHE_CONTROL, "private, no-cache");
    set(
        header::CONTENT_DISPOSITION,
        "attachment; filename=\"keyarc.ics\"",
    );
    out.insert(header::ETAG, tag_value);
    Ok(response)
}

/// Asks first: mail programs follow links by themselves, to look for harm.
async fn ask(
    State(state): State<AppState>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let token: ReminderId = token.parse().map_err(|_| Failure::not_found())?;
    let target = paths::unsubscribe(&token.to_string());
    Ok(page(&state, &headers, stop_page, |action| {
        format!(
            "<form class=\"site-acts\" method=\"post\" action=\"{target}\"><button \
             class=\"site-button go\" type=\"submit\">{action}</button></form>"
        )
    }))
}

async fn unsubscribe(
    State(state): State<AppState>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    reminders::unsubscribe(state.services(), &token).await?;
    Ok(page(&state, &headers, stopped_page, |action| {
        format!("<p class=\"site-acts\"><a class=\"site-button\" href=\"/log-in\">{action}</a></p>")
    }))
}

/// A page without a script, in the visitor's language. Nothing that somebody sent stands in it.
fn page(
    state: &AppState,
    headers: &HeaderMap,
    text: fn() -> PageText,
    act: impl FnOnce(&str) -> String,
) -> Response {
    let style = &state.site().built().style;
    let integrity = style
        .integrity
        .as_ref()
        .map(|hash| format!(" integrity=\"{hash}\""))
        .unwrap_or_default();
    let language = state.site().languages().choose(headers);
    let PageText {
        title,
        words,
        action,
    } = speaking(language.spoken(), text);
    let (tag, title, words) = (language.tag(), html(title), html(words));
    let act = act(&html(action));
    let html = format!(
        "<!DOCTYPE html><html lang=\"{tag}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" \
         content=\"light dark\"><meta name=\"robots\" content=\"noindex\"><title>{title} · \
         KeyArc</title><link rel=\"stylesheet\" href=\"{}\"{integrity}><link rel=\"icon\" \
         href=\"/favicon.svg\" type=\"image/svg+xml\"></head><body \
         class=\"site\"><main id=\"content\"><div class=\"site-page site-trouble\"><h1>{title}</h1>\
         <p>{words}</p>{act}</div></main></body></html>",
        style.path
    );
    let mut response = html.into_response();
    let out = response.headers_mut();
    let mut set = |name, value| out.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, "text/html; charset=utf-8");
    set(header::CACHE_CONTROL, "no-store");
    set(header::CONTENT_SECURITY_POLICY, policy::FORM);
    // Without a referrer a form's origin would be nobody's, and it would be refused.
    set(header::REFERRER_POLICY, "same-origin");
    response
}
