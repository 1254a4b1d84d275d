//! The languages of pages: a file of the site for each, and the choice of a visitor.

use std::path::Path;

use axum::{
    extract::{Path as Segment, Query, State},
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderValue, header};
use keyarc_app::{
    built::Asset,
    language::Catalogue,
    languages::{COOKIE, Language, Languages},
    site::Page,
};
use serde::Deserialize;

use super::build::integrity_of;
use crate::{error::Failure, state::AppState};

/// Folder of the catalogues below the site's root.
const FOLDER: &str = "languages";
/// Where a visitor of the public pages chooses.
pub(super) const ROUTE: &str = "/language/{tag}";
/// How long the choice is kept, in seconds: a year.
const KEPT: u32 = 31_536_000;

/// Reads all catalogues, in the order of their names. One that cannot be read is told to the
/// operator and left out.
pub(super) fn find(root: Option<&Path>) -> Languages {
    let folder = root.map(|root| root.join(FOLDER));
    let listed = folder.and_then(|folder| std::fs::read_dir(folder).ok());
    let files = listed
        .into_iter()
        .flatten()
        .flatten()
        .map(|file| file.path());
    let mut files: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|ending| ending == "po"))
        .collect();
    files.sort_unstable();
    let language = |file: &Path| {
        let text = std::fs::read_to_string(file).ok()?;
        let name = file.file_name()?.to_str()?;
        match Catalogue::parse(&text) {
            Ok(catalogue) => Some(Language {
                // There is one of each for as long as the process lives.
                catalogue: Box::leak(Box::new(catalogue)),
                file: Asset {
                    path: format!("/{FOLDER}/{name}"),
                    integrity: Some(integrity_of(text.as_bytes())),
                },
            }),
            Err(error) => {
                tracing::warn!(file = name, %error, "a language cannot be read and is left out");
                None
            }
        }
    };
    Languages(files.iter().filter_map(|file| language(file)).collect())
}

/// Where a visitor comes from.
#[derive(Debug, Deserialize)]
pub(super) struct From {
    page: Option<String>,
}

/// `GET /language/{tag}?page=/features`: notes the choice in a cookie and leads back. Nothing
/// else changes, so that a link may do it.
pub(super) async fn choose(
    State(state): State<AppState>,
    Segment(tag): Segment<String>,
    Query(from): Query<From>,
) -> Response {
    let names = state.site().languages().names();
    let Some(tag) = names.map(|(known, _)| known).find(|known| *known == tag) else {
        return Failure::not_found().into_response();
    };
    // Nowhere but to a page that this server has.
    let back = from.page.as_deref().map(Page::at).and_then(Page::path);
    let mut response = Redirect::to(back.unwrap_or("/")).into_response();
    let secure = if state.is_https() { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={tag}; Path=/; Max-Age={KEPT}; SameSite=Lax{secure}");
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
