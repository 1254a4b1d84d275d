use std::{
    future::Future,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rand_core::UnwrapErr;

use crate::{Host, HttpRequest, HttpResponse, Method, Transport, TransportError};

/// HTTP for programs, by reqwest.
///
/// Servers on other machines are spoken to over TLS alone, which the feature `tls` brings; plain
/// HTTP is accepted for loopback addresses, where there is no line to listen on.
#[derive(Clone)]
pub struct NativeTransport {
    client: reqwest::Client,
    origin: String,
}

/// A native transport cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NativeTransportError {
    /// The origin is neither `https://` and a host nor `http://` and a loopback host, or is the
    /// first where TLS was left out.
    #[error(
        "only https:// and a host, or http:// and a loopback host, is an origin that is spoken to"
    )]
    Origin,
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Setup,
}

impl NativeTransport {
    /// Talks to an origin, for example `https://keyarc.example` or `http://127.0.0.1:3000`. Nothing
    /// is sent yet.
    pub fn new(origin: &str) -> Result<Self, NativeTransportError> {
        let url = reqwest::Url::parse(origin).map_err(|_| NativeTransportError::Origin)?;
        let loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        let is_safe = match url.scheme() {
            "https" => cfg!(feature = "tls"),
            "http" => loopback,
            _ => false,
        };
        if !is_safe || url.origin().ascii_serialization() != origin {
            return Err(NativeTransportError::Origin);
        }
        // Fails when there is one already, which then is this one too.
        #[cfg(feature = "tls")]
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|_| NativeTransportError::Setup)?;
        Ok(Self {
            client,
            origin: origin.to_owned(),
        })
    }
}

impl Transport for NativeTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let url = format!("{}{}", self.origin, request.path);
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
        };
        let mut call = self
            .client
            .request(method, url)
            .timeout(Duration::from_millis(request.patience.millis().into()))
            .header("accept", request.accept);
        if let Some(token) = &request.bearer {
            call = call.bearer_auth(token.as_str());
        }
        if let Some(body) = request.body {
            call = call.header("content-type", request.body_type).body(body);
        }
        let mut answer = call.send().await.map_err(|_| TransportError::NoAnswer)?;
        let header = |name: &str| {
            answer
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        let mut response = HttpResponse {
            status: answer.status().as_u16(),
            content_type: HttpResponse::media_type(header("content-type").unwrap_or_default()),
            retry_after: header("retry-after").and_then(|value| value.parse().ok()),
            body: Vec::new(),
        };
        while let Some(chunk) = answer.chunk().await.map_err(|_| TransportError::NoAnswer)? {
            if response.body.len() + chunk.len() > request.max_response {
                return Err(TransportError::TooLarge);
            }
            response.body.extend_from_slice(&chunk);
        }
        Ok(response)
    }
}

/// The operating system's clock and randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct NativeHost;

impl Host for NativeHost {
    type Rng = UnwrapErr<getrandom::SysRng>;

    fn rng(&self) -> Self::Rng {
        UnwrapErr(getrandom::SysRng)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that is passed in"
    )]
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    fn sleep(&self, millis: u32) -> impl Future<Output = ()> {
        tokio::time::sleep(Duration::from_millis(millis.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_loopback_or_encrypted_and_nothing_more() {
        for origin in [
            "http://127.0.0.1:3000",
            "http://localhost:8080",
            "http://[::1]:3000",
        ] {
            assert!(NativeTransport::new(origin).is_ok(), "{origin}");
        }
        for origin in [
            "http://keyarc.example",
            "http://127.0.0.1:3000/",
            "https://keyarc.example/vault",
            "https://ada@keyarc.example",
            "ftp://127.0.0.1",
            "x",
            "",
        ] {
            assert_eq!(
                NativeTransport::new(origin).err(),
                Some(NativeTransportError::Origin),
                "{origin}"
            );
        }
        let encrypted = NativeTransport::new("https://keyarc.example");
        assert_eq!(encrypted.is_ok(), cfg!(feature = "tls"));
    }
}
