//! What people see: the built site's files, the worker's script, and pages rendered here. The
//! vault app's pages are empty skeletons: vault data exists in the browser only.

mod build;
mod check_frame;
mod description;
mod files;
mod language;
mod negotiate;
mod packed;
pub mod policy;
pub mod public;
mod reminders;
mod rpc;
mod vault_app;
mod worker;

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::Method;
use keyarc_app::{built::Built, languages::Languages, site::Page};
use leptos::config::{Env, LeptosOptions};

use crate::{error::Failure, middleware::cross_site::is_api, state::AppState};
pub use build::Build;
use packed::Packed;
use public::PageCache;

/// The built site.
#[derive(Debug)]
pub struct Site {
    root: Option<PathBuf>,
    build: Build,
    built: OnceLock<Built>,
    languages: OnceLock<Languages>,
    leptos: LeptosOptions,
    live: bool,
    worker_script: String,
    pages: PageCache,
    description: OnceLock<Packed>,
}

impl Site {
    /// Looks at the site's folder; without one, pages are served without their files.
    pub fn open(root: Option<&Path>) -> Self {
        let build = root.map(Build::find).unwrap_or_default();
        Self {
            root: root.map(Path::to_owned),
            worker_script: worker::script(&build),
            leptos: leptos_options(root),
            build,
            built: OnceLock::new(),
            languages: OnceLock::new(),
            // Set by cargo-leptos while it watches the sources.
            live: std::env::var_os("LEPTOS_WATCH").is_some(),
            pages: PageCache::default(),
            description: OnceLock::new(),
        }
    }

    /// What pages load. Hashed when the first page asks, so that the start waits for nothing.
    fn built(&self) -> &Built {
        self.built
            .get_or_init(|| self.build.to_built(self.root.as_deref(), self.live))
    }

    /// The languages of pages. Read when the first page asks, as above.
    pub(crate) fn languages(&self) -> &Languages {
        self.languages
            .get_or_init(|| language::find(self.root.as_deref()))
    }

    fn leptos_options(&self) -> &LeptosOptions {
        &self.leptos
    }

    /// Whether pages reload themselves when the sources change.
    fn is_live(&self) -> bool {
        self.live
    }

    fn pages(&self) -> &PageCache {
        &self.pages
    }
}

/// Where the shells find the names of the script and the style sheet.
fn leptos_options(root: Option<&Path>) -> LeptosOptions {
    let root = root
        .unwrap_or(Path::new("."))
        .to_string_lossy()
        .into_owned();
    LeptosOptions::builder()
        .output_name(build::NAME)
        .site_root(root)
        .site_pkg_dir(build::PKG)
        .env(Env::PROD)
        .build()
}

/// Routes that are not the API's.
pub fn routes(development: bool) -> Router<AppState> {
    let router = Router::new()
        .route(worker::ROUTE, get(worker::serve))
        .route(language::ROUTE, get(language::choose))
        .route(keyarc_app::check_frame::PATH, get(check_frame::serve))
        .route(keyarc_wire::paths::DESCRIPTION, get(description::serve))
        .merge(vault_app::routes(development))
        .merge(reminders::routes())
        .merge(rpc::routes());
    Page::ALL
        .iter()
        .filter_map(|page| page.path())
        .fold(router, |router, path| router.route(path, get(page)))
}

async fn page(State(state): State<AppState>, request: Request) -> Response {
    public::serve(&state, request.uri().path(), request.headers())
}

/// Whatever has no route: a file, or nothing.
pub async fn fallback(State(state): State<AppState>, request: Request) -> Response {
    let readable = matches!(*request.method(), Method::GET | Method::HEAD);
    if !readable || is_api(request.uri().path()) {
        return Failure::not_found().into_response();
    }
    let (parts, _) = request.into_parts();
    if let Some(root) = &state.site().root
        && let Some(response) = files::serve(root, &parts).await
    {
        return response;
    }
    Failure::not_found().into_response()
}
