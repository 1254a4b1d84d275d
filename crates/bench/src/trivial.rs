//! The least that an axum server can be: what KeyArc's start is compared with.

use axum::{Router, routing::get};
use tokio::net::TcpListener;

/// Serves one word until it is killed.
pub async fn serve(port: u16) -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let router = Router::new().route("/health/live", get(async || "ok"));
    axum::serve(listener, router).await.map_err(Into::into)
}
