//! The KeyArc server: configuration, routes, middleware, jobs, telemetry.
//!
//! It decodes requests, calls one use case of `keyarc_service` each, and maps the answer. It
//! holds no rule about who may do what, no SQL, and never a key of a vault.
//!
//! - [`config`], [`start`]: from environment variables to a listening server;
//! - [`listen`]: the accept loop and what it asks of clients;
//! - [`middleware`]: what every request passes through;
//! - [`api`]: the REST handlers; [`health`]; [`site`]: files, worker script, pages;
//! - `reminders`: what is sent when something is due;
//! - [`error`]: the one mapping from errors to statuses.

pub mod api;
mod body;
mod caller;
pub mod config;
mod cookie;
mod dev_secret;
pub mod error;
pub mod health;
mod jobs;
pub mod listen;
pub mod middleware;
pub mod probe;
mod reminders;
pub mod site;
pub mod start;
mod state;
mod stopwatch;
pub mod telemetry;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    routing::get,
};

pub use config::Config;
pub use cookie::SessionCookie;
pub use start::{Instance, StartError};
pub use state::AppState;

/// The whole program. With the argument `health` it asks a running server whether it lives.
pub fn main() -> ExitCode {
    let outcome = match std::env::args().nth(1).as_deref() {
        None => run(),
        Some("health") => Config::load().map_err(StartError::from).map(|config| {
            if probe::is_alive(config.bind) {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }),
        Some(_) => {
            let _ = writeln!(io::stderr(), "Usage: keyarc-server [health]");
            return ExitCode::from(2);
        }
    };
    outcome.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "{error}");
        ExitCode::FAILURE
    })
}

/// Runs until SIGTERM or SIGINT.
fn run() -> Result<ExitCode, StartError> {
    let config = Config::load()?;
    telemetry::init(config.log_format, config.log_level);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(StartError::Runtime)?;
    runtime.block_on(async {
        let stop = stop_signal().map_err(StartError::Runtime)?;
        let instance = Instance::start(&config).await?;
        announce(&config, &instance);
        instance.serve(stop).await;
        Ok(ExitCode::SUCCESS)
    })
}

fn announce(config: &Config, instance: &Instance) {
    if let Ok(address) = instance.address() {
        let origin = config
            .origins(address.port())
            .first()
            .map(ToString::to_string);
        tracing::info!(%address, origin, "KeyArc is ready");
    }
    if config.site_root.is_none() {
        tracing::warn!("there is no built site: only the API is served");
    }
}

/// Ready when the process is asked to stop. Installed before the server listens.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Every route and every middleware.
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/health", get(health::report))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .merge(api::routes(&state))
        .merge(site::routes(state.is_development()))
        .fallback(site::fallback)
        .method_not_allowed_fallback(api::method_not_allowed)
        // The last one added is the outermost.
        .layer(from_fn_with_state(state.clone(), middleware::rate::layer))
        .layer(from_fn_with_state(
            state.origins(),
            middleware::cross_site::layer,
        ))
        .layer(from_fn_with_state(
            state.trusted_proxies(),
            middleware::address::layer,
        ))
        .layer(from_fn(middleware::panic::layer))
        .layer(from_fn_with_state(
            state.clone(),
            site::public::errors_for_people,
        ))
        .layer(from_fn(middleware::api_version::layer))
        .layer(from_fn_with_state(
            state.clone(),
            middleware::headers::layer,
        ))
        .layer(from_fn(middleware::access_log::layer))
        .layer(from_fn(middleware::request_id::layer))
        .with_state(state)
}
