//! Public pages: rendered once per page, theme and language, then kept.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use keyarc_app::site::{Page, Visit, respond, respond_trouble};

use super::{negotiate::wants_html, packed::Packed, policy};
use crate::{error::PROBLEM_MEDIA_TYPE, middleware::cross_site::is_api, state::AppState};

/// Status, theme and language tell documents apart, with the path of those that have one. The
/// number of keys is the number of pages times those of themes and languages: what visitors ask
/// for cannot make it grow.
type Key = (
    Option<&'static str>,
    StatusCode,
    Option<&'static str>,
    &'static str,
);

/// Pages that were rendered already.
#[derive(Debug, Default)]
pub(super) struct PageCache(Mutex<HashMap<Key, Arc<Packed>>>);

/// `GET` of a public page, or the 404 page for a path that is none.
pub(super) fn serve(state: &AppState, path: &str, headers: &HeaderMap) -> Response {
    let origins = state.origins();
    let origin = origins.first().map_or("", |origin| origin.as_str());
    show(state, origin, Page::at(path), headers)
}

/// Shows people a page instead of an error meant for programs.
pub async fn errors_for_people(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let asks = *request.method() == Method::GET
        && !is_api(request.uri().path())
        && wants_html(request.headers());
    if !asks {
        return next.run(request).await;
    }
    let headers = request.headers().clone();
    let response = next.run(request).await;
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|t| t == PROBLEM_MEDIA_TYPE);
    if !is_problem {
        return response;
    }
    let status = response.status();
    let mut page = show(&state, "", Page::Trouble(status), &headers);
    *page.status_mut() = status;
    if let Some(wait) = response.headers().get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    page
}

fn show(state: &AppState, origin: &str, page: Page, headers: &HeaderMap) -> Response {
    let style = state.site().built().style.clone();
    let languages = state.site().languages();
    let visit = Visit::new(style.clone(), languages, origin, page, headers);
    let key = (
        page.path(),
        page.status(),
        visit.theme.attribute(),
        visit.language,
    );
    let cache = &state.site().pages().0;
    let known = cache
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&key)
        .cloned();
    let packed = known.unwrap_or_else(|| {
        let document = match page.path() {
            Some(path) => respond(style, languages, origin, path, headers),
            None => respond_trouble(style, languages, origin, page.status(), headers),
        };
        let packed = Arc::new(Packed::new(document.into_body()));
        if !state.site().is_live() {
            let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
            cache.insert(key, Arc::clone(&packed));
        }
        packed
    });
    let mut response = packed.respond(headers);
    if page.status() != StatusCode::OK {
        *response.status_mut() = page.status();
    }
    let out = response.headers_mut();
    let mut set = |name, value| out.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, "text/html; charset=utf-8");
    set(header::CACHE_CONTROL, "no-cache");
    set(header::CONTENT_SECURITY_POLICY, policy::PUBLIC);
    set(header::CONTENT_LANGUAGE, visit.language);
    out.append(
        header::VARY,
        HeaderValue::from_static("cookie, accept-language"),
    );
    response
}
