//! Pages of the vault app: an empty skeleton with a fresh nonce, never anything of a vault.

use any_spawner::Executor;
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderValue, header};
use keyarc_app::shell::{DESIGN_PATH, PATHS, VaultPage, vault_shell};
use leptos::prelude::{expect_context, use_nonce};
use leptos_axum::{ResponseOptions, render_app_async_with_context};

use super::{packed::pack_once, policy};
use crate::{error::Failure, state::AppState};

/// Longest document in bytes; a skeleton has some thousands.
const LONGEST: usize = 1024 * 1024;

/// A route for each page of the app.
pub(super) fn routes(development: bool) -> Router<AppState> {
    // Rendering spawns. Whoever assembled a router before has set the executor already.
    let _ = Executor::init_tokio();
    PATHS
        .into_iter()
        .chain(development.then_some(DESIGN_PATH))
        .fold(Router::new(), |router, path| router.route(path, get(serve)))
}

async fn serve(State(state): State<AppState>, request: Request) -> Result<Response, Failure> {
    let site = state.site();
    let live = site.is_live();
    let page = VaultPage {
        built: site.built().clone(),
        languages: site.languages().clone(),
        options: site.leptos_options().clone(),
        development: state.is_development(),
    };
    let accepted = request.headers().clone();
    let render = render_app_async_with_context(
        move || {
            let policy = use_nonce().and_then(|nonce| policy::vault(&nonce, live));
            // Without a policy of its own the page gets the one that allows nothing.
            if let Some(policy) = policy {
                let response = expect_context::<ResponseOptions>();
                response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
            }
        },
        move || vault_shell(page.clone()),
    );
    let (parts, body) = render(request).await.into_parts();
    let html = to_bytes(body, LONGEST)
        .await
        .map_err(|_| Failure::internal())?;
    let mut response = match parts.status.is_success() {
        true => pack_once(html, &accepted),
        false => Body::from(html).into_response(),
    };
    *response.status_mut() = parts.status;
    response.headers_mut().extend(parts.headers);
    // Each copy has a nonce of its own, and a page of a vault belongs in no cache.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
