use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Promise, Reflect, Uint8Array};
use keyarc_wire::{API_VERSION, API_VERSION_HEADER};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Headers, ReadableStreamDefaultReader, RequestCache, RequestCredentials,
    RequestInit, RequestRedirect, Response, Url,
};

use crate::{HttpRequest, HttpResponse, Method, Transport, TransportError, transport::is_loopback};

#[wasm_bindgen]
extern "C" {
    /// The one of a page, of a worker, or of a program without a browser.
    #[wasm_bindgen(catch, js_name = fetch)]
    fn fetch(url: &str, init: &RequestInit) -> Result<Promise, JsValue>;
}

/// HTTP by `fetch`.
#[derive(Debug, Clone)]
pub struct FetchTransport {
    /// Stands before every path. Empty for the origin that the code came from.
    origin: String,
    credentials: RequestCredentials,
}

/// Servers on other machines are spoken to over TLS alone, and an origin has nothing after its port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no origin that can be spoken to")]
pub struct FetchOriginError;

impl FetchTransport {
    /// To the origin that the code came from, with the session cookie.
    pub fn home() -> Self {
        Self {
            origin: String::new(),
            credentials: RequestCredentials::SameOrigin,
        }
    }

    /// To an origin such as `https://keyarc.example`, as [`crate::Machine`] needs it: without cookies.
    pub fn to(origin: &str) -> Result<Self, FetchOriginError> {
        let url = Url::new(origin).map_err(|_| FetchOriginError)?;
        let is_safe = match url.protocol().as_str() {
            "https:" => true,
            "http:" => is_loopback(&url.hostname()),
            _ => false,
        };
        if !is_safe || url.origin() != origin {
            return Err(FetchOriginError);
        }
        Ok(Self {
            origin: origin.to_owned(),
            credentials: RequestCredentials::Omit,
        })
    }

    async fn exchange(
        &self,
        request: HttpRequest,
        abort: &AbortController,
    ) -> Result<HttpResponse, TransportError> {
        let response = self.call(&request, abort).await.map_err(no_answer)?;
        let header = |name| {
            response
                .headers()
                .get(name)
                .ok()
                .flatten()
                .unwrap_or_default()
        };
        let announced = header("content-length").parse::<usize>();
        if announced.is_ok_and(|length| length > request.max_response) {
            abort.abort();
            return Err(TransportError::TooLarge);
        }
        let body = match read(&response, request.max_response).await {
            Ok(body) => body,
            Err(error) => {
                abort.abort();
                return Err(error);
            }
        };
        Ok(HttpResponse {
            status: response.status(),
            content_type: HttpResponse::media_type(&header("content-type")),
            retry_after: header("retry-after").parse().ok(),
            body,
        })
    }

    async fn call(
        &self,
        request: &HttpRequest,
        abort: &AbortController,
    ) -> Result<Response, JsValue> {
        let headers = Headers::new()?;
        headers.set("accept", request.accept)?;
        headers.set(API_VERSION_HEADER, &API_VERSION.to_string())?;
        if request.body.is_some() {
            headers.set("content-type", request.body_type)?;
        }
        let init = RequestInit::new();
        init.set_method(match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
        });
        init.set_headers(&headers);
        // The mode stays `cors`: with `same-origin` and a strict referrer policy the browser would
        // send `Origin: null`, and the server's defence against other sites would refuse it. The
        // worker's content security policy keeps the request at its origin.
        init.set_credentials(self.credentials);
        init.set_redirect(RequestRedirect::Error);
        init.set_cache(RequestCache::NoStore);
        init.set_signal(Some(&abort.signal()));
        if let Some(body) = &request.body {
            init.set_body(&Uint8Array::from(body.as_slice()));
        }
        let url = format!("{}{}", self.origin, request.path);
        JsFuture::from(fetch(&url, &init)?).await?.dyn_into()
    }
}

impl Transport for FetchTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let abort = AbortController::new().map_err(no_answer)?;
        let patience = TimeoutFuture::new(request.patience.millis());
        let exchange = Box::pin(self.exchange(request, &abort));
        match select(exchange, patience).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => {
                abort.abort();
                Err(TransportError::NoAnswer)
            }
        }
    }
}

fn no_answer(_: JsValue) -> TransportError {
    TransportError::NoAnswer
}

/// Reads piece by piece, so that an endless answer ends at the limit. The pieces wait outside
/// this module's memory until their number is known: a buffer that grew with them would take up
/// to three times as much of it, and it never shrinks.
async fn read(response: &Response, limit: usize) -> Result<Vec<u8>, TransportError> {
    let Some(stream) = response.body() else {
        return Ok(Vec::new());
    };
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let mut pieces: Vec<Uint8Array> = Vec::new();
    let mut length = 0;
    loop {
        let piece = JsFuture::from(reader.read()).await.map_err(no_answer)?;
        if Reflect::get(&piece, &"done".into())
            .map_err(no_answer)?
            .is_truthy()
        {
            return Ok(joined(pieces, length));
        }
        let value = Reflect::get(&piece, &"value".into()).map_err(no_answer)?;
        let value: Uint8Array = value.dyn_into().map_err(no_answer)?;
        length += value.length() as usize;
        if length > limit {
            return Err(TransportError::TooLarge);
        }
        pieces.push(value);
    }
}

fn joined(pieces: Vec<Uint8Array>, length: usize) -> Vec<u8> {
    let mut body = vec![0; length];
    let mut rest = body.as_mut_slice();
    for piece in pieces {
        let (here, after) = rest.split_at_mut(piece.length() as usize);
        piece.copy_to(here);
        rest = after;
    }
    body
}
