use std::{net::SocketAddr, time::Duration};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
};
use keyarc_lookup::printable;
use serde::Serialize;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{
    caller::{CallerSecret, Callers, Verdict},
    copy::{HeldCopy, Told},
    request::{Asked, NoRequest},
};
use crate::failure::Failure;

/// Where values are.
const PATH: &str = "/v1/secret";
/// Where probes ask whether there is anybody.
const HEALTH: &str = "/healthz";
/// How long a request may take to come.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most characters that a line of the log shows of what was asked for.
const SHOWN: usize = 200;

/// Whoever asks is answered from here.
pub struct Answers {
    copy: HeldCopy,
    callers: Callers,
    environment: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    value: Told,
}

#[derive(Serialize)]
struct Refusal<'a> {
    code: &'a str,
    message: &'a str,
}

/// Why there is no value.
#[derive(Debug, PartialEq, Eq)]
struct No {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Answers {
    /// `environment` is that of what names none.
    pub fn new(copy: HeldCopy, secret: CallerSecret, environment: Option<String>) -> Self {
        Self {
            copy,
            callers: Callers::new(secret),
            environment,
        }
    }

    /// Answers a request, and tells standard error what was asked for and what came of it.
    pub async fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Response<Full<Bytes>> {
        if request.uri().path() == HEALTH && request.method() == Method::GET {
            return with(StatusCode::NO_CONTENT, Full::default());
        }
        let (of, outcome) = match self.callers.judge(request.headers()) {
            Verdict::Known => self.asked(request).await,
            Verdict::Unknown => {
                let message = "send the secret of callers: Authorization: Bearer …";
                let no = No::new(StatusCode::UNAUTHORIZED, "unauthenticated", message);
                (String::new(), Err(no))
            }
            // No line for each: whoever asks too often would fill the log.
            Verdict::TooOften => {
                let message = "too many requests: try again in a second";
                return No::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message).response();
            }
        };
        match outcome {
            Ok(told) => {
                eprintln!("keyarc: 200{of} for {peer}");
                value(told)
            }
            Err(no) => {
                eprintln!("keyarc: {} {}{of} for {peer}", no.status.as_u16(), no.code);
                no.response()
            }
        }
    }

    /// What was asked for, for the log, and what came of it.
    async fn asked(&self, request: Request<Incoming>) -> (String, Result<Told, No>) {
        let nobody = String::new();
        if request.uri().path() != PATH {
            let message = "values are at /v1/secret";
            return (
                nobody,
                Err(No::new(StatusCode::BAD_REQUEST, "invalid_request", message)),
            );
        }
        if !matches!(*request.method(), Method::GET | Method::POST) {
            let message = "ask by GET or by POST";
            let status = StatusCode::METHOD_NOT_ALLOWED;
            return (nobody, Err(No::new(status, "method_not_allowed", message)));
        }
        let read = timeout(PATIENCE, Asked::read(request)).await;
        let asked = match read.unwrap_or(Err(NoRequest::Wrong("the body did not come"))) {
            Ok(asked) => asked,
            Err(why) => return (nobody, Err(why.into())),
        };
        let of = shown(&asked);
        let wanted = match asked.wanted(self.environment.as_deref()) {
            Ok(wanted) => wanted,
            Err(why) => {
                let no = No::new(StatusCode::BAD_REQUEST, "invalid_request", &why);
                return (of, Err(no));
            }
        };
        (of, self.copy.tell(&wanted).await.map_err(No::from))
    }
}

/// What was asked for, which is no secret, as it may stand in a log.
fn shown(asked: &Asked) -> String {
    let mut text = format!(" {}", asked.key);
    if !asked.property.is_empty() {
        text = format!("{text} {}", asked.property);
    }
    printable(&text).chars().take(SHOWN).collect()
}

impl No {
    fn new(status: StatusCode, code: &'static str, message: &str) -> Self {
        Self {
            status,
            code,
            message: message.to_owned(),
        }
    }

    fn response(&self) -> Response<Full<Bytes>> {
        let told = Refusal {
            code: self.code,
            message: &self.message,
        };
        let body = serde_json::to_vec(&told).unwrap_or_default();
        let mut response = with(self.status, Full::new(body.into()));
        let header = match self.status {
            StatusCode::UNAUTHORIZED => Some((WWW_AUTHENTICATE, "Bearer")),
            StatusCode::METHOD_NOT_ALLOWED => Some((ALLOW, "GET, POST")),
            StatusCode::TOO_MANY_REQUESTS => Some((RETRY_AFTER, "1")),
            _ => None,
        };
        if let Some((name, value)) = header {
            let headers = response.headers_mut();
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

impl From<NoRequest> for No {
    fn from(why: NoRequest) -> Self {
        match why {
            NoRequest::Wrong(why) => Self::new(StatusCode::BAD_REQUEST, "invalid_request", why),
            NoRequest::TooLong => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "a body has at most 16 kB",
            ),
        }
    }
}

impl From<Failure> for No {
    /// The operator takes 404 for “it was deleted”, and may delete what it made of it: nothing but that
    /// the vault has no such value may have this status.
    fn from(failure: Failure) -> Self {
        let (status, code) = match &failure {
            Failure::NotFound { .. } => (StatusCode::NOT_FOUND, "not_found"),
            Failure::Ambiguous { .. } => (StatusCode::CONFLICT, "ambiguous"),
            Failure::Usage(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
            Failure::Unreachable | Failure::Distrusted(_) => {
                (StatusCode::BAD_GATEWAY, "unreachable")
            }
            Failure::Refused(_) | Failure::SessionEnded => {
                (StatusCode::BAD_GATEWAY, "token_refused")
            }
            Failure::Untrusted(_) => (StatusCode::BAD_GATEWAY, "untrusted"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
        };
        Self::new(status, code, &failure.to_string())
    }
}

fn value(told: Told) -> Response<Full<Bytes>> {
    let mut body = Zeroizing::new(Vec::new());
    let written = serde_json::to_writer(&mut *body, &Answer { value: told });
    match written {
        // Wiped once it is sent.
        Ok(()) => with(StatusCode::OK, Full::new(Bytes::from_owner(body))),
        Err(_) => {
            let message = "the value cannot be written";
            No::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", message).response()
        }
    }
}

fn with(status: StatusCode, body: Full<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status != StatusCode::NO_CONTENT {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_what_the_vault_does_not_have_is_taken_for_deleted() {
        let of = |failure: Failure| {
            let no = No::from(failure);
            (no.status.as_u16(), no.code)
        };
        let missing = Failure::NotFound {
            what: "item x".to_owned(),
            nearest: Vec::new(),
        };
        assert_eq!(of(missing), (404, "not_found"));
        let text = || "x".to_owned();
        for (failure, expected) in [
            (
                Failure::Ambiguous {
                    what: text(),
                    candidates: Vec::new(),
                },
                (409, "ambiguous"),
            ),
            (Failure::Usage(text()), (400, "invalid_request")),
            (Failure::Unreachable, (502, "unreachable")),
            (Failure::Distrusted(text()), (502, "unreachable")),
            (Failure::Refused(text()), (502, "token_refused")),
            (Failure::SessionEnded, (502, "token_refused")),
            (Failure::Untrusted(text()), (502, "untrusted")),
            (Failure::Other(text()), (500, "failed")),
            (Failure::Machine(text()), (500, "failed")),
        ] {
            assert_eq!(of(failure), expected);
        }
    }
}
