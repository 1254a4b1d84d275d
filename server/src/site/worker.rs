use axum::{extract::State, response::Response};
use http::{HeaderValue, header};

use super::{Build, policy};
use crate::state::AppState;

/// The one address that the page's Trusted Types policy allows for a worker.
pub(super) const PATH: &str = "/vault-worker.js";

/// The module that starts the vault worker.
///
/// The page sends the compiled WASM module as the first message, so that it is fetched and
/// compiled once for both, and nothing else before the worker says that it is ready. What goes
/// wrong is thrown outside of the promise, where the page hears of it at once.
pub(super) fn script(build: &Build) -> String {
    let path = build.script();
    format!(
        r#"import init, {{ vault_worker }} from "{path}";

self.onmessage = async ({{ data }}) => {{
  self.onmessage = null;
  try {{
    await init({{ module_or_path: data }});
    vault_worker();
  }} catch (error) {{
    setTimeout(() => {{ throw error; }});
  }}
}};
"#
    )
}

/// `GET /vault-worker.js`. Checked anew each time: its address does not change with the build.
pub(super) async fn serve(State(state): State<AppState>) -> Response {
    let mut response = Response::new(state.site().worker_script.clone().into());
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/javascript; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(policy::WORKER),
    );
    response
}
