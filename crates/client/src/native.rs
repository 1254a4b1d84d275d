use std::{
    error::Error,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use keyarc_wire::{API_VERSION, API_VERSION_HEADER};
use rand_core::UnwrapErr;

use crate::{
    Host, HttpRequest, HttpResponse, Method, Transport, TransportError, transport::is_loopback,
};

/// HTTP for programs, by reqwest.
///
/// Servers on other machines are spoken to over TLS alone, which the feature `tls` brings; plain
/// HTTP is accepted for loopback addresses, where there is no line to listen on.
#[derive(Clone)]
pub struct NativeTransport {
    client: reqwest::Client,
    origin: String,
    /// Why the certificate was not taken, the last time that the server was asked.
    distrust: Arc<Mutex<Option<Distrust>>>,
}

/// Why a server's certificate is not taken. To what waits for an answer it is as if there were none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    /// Nobody whom this machine trusts has signed it.
    UnknownIssuer,
    /// Its time is over, by this machine's clock.
    Expired,
    /// Its time has not come, by this machine's clock.
    NotYetValid,
    /// It is for another name.
    OtherName,
    /// Anything else.
    Other,
}

impl Distrust {
    /// What the certificate of an address was not taken for; `None` when that was not what was in
    /// the way.
    pub fn of(error: &reqwest::Error) -> Option<Self> {
        of_chain(error)
    }
}

#[cfg(not(feature = "tls"))]
fn of_chain(_: &(dyn Error + 'static)) -> Option<Distrust> {
    None
}

#[cfg(feature = "tls")]
fn of_chain(error: &(dyn Error + 'static)) -> Option<Distrust> {
    use rustls::CertificateError;
    let mut cause = Some(error);
    while let Some(error) = cause {
        match error.downcast_ref::<rustls::Error>() {
            Some(rustls::Error::InvalidCertificate(why)) => {
                return Some(match why {
                    CertificateError::UnknownIssuer => Distrust::UnknownIssuer,
                    CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                        Distrust::Expired
                    }
                    CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                        Distrust::NotYetValid
                    }
                    CertificateError::NotValidForName
                    | CertificateError::NotValidForNameContext { .. } => Distrust::OtherName,
                    _ => Distrust::Other,
                });
            }
            _ => {
                // An I/O error tells the source of what it wraps, and not what it wraps.
                let wrapped = error.downcast_ref::<std::io::Error>();
                cause = match wrapped.and_then(std::io::Error::get_ref) {
                    Some(inner) => Some(inner),
                    None => error.source(),
                };
            }
        }
    }
    None
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
        let loopback = url.host_str().is_some_and(is_loopback);
        let is_safe = match url.scheme() {
            "https" => cfg!(feature = "tls"),
            "http" => loopback,
            _ => false,
        };
        if !is_safe || url.origin().ascii_serialization() != origin {
            return Err(NativeTransportError::Origin);
        }
        Ok(Self {
            client: match url.scheme() {
                "https" => http_client()?,
                _ => loopback_client()?,
            },
            origin: origin.to_owned(),
            distrust: Arc::default(),
        })
    }

    /// Why the server's certificate was not taken, if that was why there was no answer the last
    /// time.
    pub fn distrust(&self) -> Option<Distrust> {
        *self.distrust.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, distrust: Option<Distrust>) {
        *self.distrust.lock().unwrap_or_else(PoisonError::into_inner) = distrust;
    }
}

/// For so long a server is knocked at: what has not answered by then is away.
const CONNECT: Duration = Duration::from_secs(10);

/// An HTTP client as [`NativeTransport`] has it: it goes where it is sent and nowhere else, by no
/// redirect and no proxy, and keeps no cookies. Beyond the connection it has no time limit of its own.
pub fn http_client() -> Result<reqwest::Client, NativeTransportError> {
    build(reqwest::Client::builder())
}

/// One that speaks to this machine alone, without TLS: it reads none of the system's certificates,
/// which are hundreds of files, and trusts nobody's.
fn loopback_client() -> Result<reqwest::Client, NativeTransportError> {
    let builder = reqwest::Client::builder();
    #[cfg(feature = "tls")]
    let builder = builder.tls_certs_only([]);
    build(builder)
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, NativeTransportError> {
    // Fails when there is one already, which then is this one too.
    #[cfg(feature = "tls")]
    let _ = rustls::crypto::ring::default_provider().install_default();
    builder
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .build()
        .map_err(|_| NativeTransportError::Setup)
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
            .header("accept", request.accept)
            .header(API_VERSION_HEADER, API_VERSION);
        if let Some(token) = &request.bearer {
            call = call.bearer_auth(token.as_str());
        }
        if let Some(body) = request.body {
            call = call.header("content-type", request.body_type).body(body);
        }
        let sent = call.send().await;
        self.note(sent.as_ref().err().and_then(Distrust::of));
        let mut answer = sent.map_err(|_| TransportError::NoAnswer)?;
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
