use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderValue, header};
use sha2::{Digest as _, Sha256};

use super::{Build, files::FOR_EVER, policy};
use crate::{error::Failure, state::AppState};

/// Where the worker's script is. Its name is its hash, so that it is kept for ever.
pub(super) const ROUTE: &str = "/vault-worker/{name}";

/// The path of a worker's script.
pub(super) fn path(script: &str) -> String {
    let hash = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(script)[..16]);
    format!("/vault-worker/{hash}.js")
}

/// The module that starts the vault worker.
///
/// The page sends the compiled WASM module as the first message, so that it is fetched and
/// compiled once for both, with the texts of its language, and nothing else before the worker says that it is ready. What goes
/// wrong is thrown outside of the promise, where the page hears of it at once.
pub(super) fn script(build: &Build) -> String {
    let path = build.script();
    format!(
        r#"import init, {{ vault_worker }} from "{path}";

self.onmessage = async ({{ data }}) => {{
  self.onmessage = null;
  try {{
    const [module, words] = data;
    await init({{ module_or_path: module }});
    vault_worker(words);
  }} catch (error) {{
    setTimeout(() => {{ throw error; }});
  }}
}};

// `import` is syntax, which WebAssembly has none of.
self.loadStrength = () => import("/strength/keyarc_strength.js");
"#
    )
}

/// `GET /vault-worker/….js`. Any other name is an earlier build's, and of no use.
pub(super) async fn serve(State(state): State<AppState>, Path(name): Path<String>) -> Response {
    let site = state.site();
    if site.built().worker.rsplit('/').next() != Some(&name) {
        return Failure::not_found().into_response();
    }
    let mut response = Response::new(site.worker_script.clone().into());
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, "text/javascript; charset=utf-8");
    set(header::CACHE_CONTROL, FOR_EVER);
    set(header::CONTENT_SECURITY_POLICY, policy::WORKER);
    response
}
