use std::future::Future;

use zeroize::Zeroizing;

/// Carries one request to the server and its answer back.
///
/// Implementations keep to [`HttpRequest::max_response`] while they read, follow no redirect,
/// and use no cache. They need not be `Send`: the browser's are not.
pub trait Transport {
    /// Sends a request and reads the whole answer, whatever its status.
    fn send(
        &self,
        request: HttpRequest,
    ) -> impl Future<Output = Result<HttpResponse, TransportError>>;
}

/// The methods in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Changes something, or reads with a body.
    Post,
    /// Puts something in its place, which may be done again.
    Put,
}

/// How long an answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// 20 seconds: a small answer.
    Short,
    /// 120 seconds: a whole vault, or a large import, over a slow line.
    Long,
}

impl Patience {
    /// Milliseconds until a request is given up.
    pub const fn millis(self) -> u32 {
        match self {
            Self::Short => 20_000,
            Self::Long => 120_000,
        }
    }
}

/// A request. It has no `Debug`: it may carry a token.
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// Path and query, beginning with `/`.
    pub path: String,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// The media type of the body, if there is one.
    pub body_type: &'static str,
    /// The one media type wanted.
    pub accept: &'static str,
    /// For `Authorization: Bearer`; absent where a cookie carries the session.
    pub bearer: Option<Zeroizing<String>>,
    /// Largest answer in bytes that will be read.
    pub max_response: usize,
    /// How long to wait.
    pub patience: Patience,
}

/// An answer.
#[derive(Debug)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// `Content-Type` without parameters, in lower case; empty when there is none.
    pub content_type: String,
    /// `Retry-After` in seconds, when the answer gives it so.
    pub retry_after: Option<u32>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The media type of a `Content-Type` value: no parameters, lower case.
    pub fn media_type(content_type: &str) -> String {
        content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    }
}

/// Whether a host is this machine itself, so that there is no line to listen on.
pub(crate) fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

/// There is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The server was not reached, or the answer did not arrive in full. The request may or may
    /// not have been carried out.
    #[error("the server did not answer")]
    NoAnswer,
    /// The answer is larger than any honest one.
    #[error("the answer is too large")]
    TooLarge,
}
