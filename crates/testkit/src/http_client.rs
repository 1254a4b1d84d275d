//! HTTP as tests speak it.

use std::time::Duration;

/// A client that goes where it is told: it follows no redirect and asks no proxy. It gives up after a
/// minute.
///
/// Where the whole workspace is built at once, reqwest has TLS for the programs that speak to
/// distant servers, and then makes no client before there is a provider of cryptography.
pub fn http_client() -> reqwest::Client {
    // Fails when there is one already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .build()
        .expect("a client")
}
