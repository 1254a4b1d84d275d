//! The defence against requests that another site makes in a visitor's name.
//!
//! Browsers say where a request comes from, in `Sec-Fetch-Site` and `Origin`, and scripts cannot
//! change either. A request that says neither is not from a browser that we support, and passes
//! only when it brings no cookie. Together with `SameSite=Strict` this needs no token in forms.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, Method, Uri, header};
use keyarc_wire::ErrorCode;

use crate::{config::Origin, error::Failure};

/// Refuses what comes from another site: anything to the API, and unsafe methods everywhere.
pub async fn layer(State(origins): State<Arc<[Origin]>>, request: Request, next: Next) -> Response {
    if is_allowed(request.method(), request.uri(), request.headers(), &origins) {
        return next.run(request).await;
    }
    Failure::new(
        ErrorCode::CrossSite,
        "The request came from another site.",
        "Open KeyArc at its own address. Operators: check PUBLIC_ORIGIN.",
    )
    .into_response()
}

fn is_allowed(method: &Method, uri: &Uri, headers: &HeaderMap, origins: &[Origin]) -> bool {
    let unsafe_method = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if !unsafe_method && !is_api(uri.path()) {
        return true;
    }
    let fetch_site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    if !matches!(fetch_site, None | Some(b"same-origin" | b"none")) {
        return false;
    }
    if !unsafe_method {
        return true;
    }
    match headers.get(header::ORIGIN) {
        Some(origin) => origins
            .iter()
            .any(|own| own.as_str().as_bytes() == origin.as_bytes()),
        None => fetch_site == Some(b"same-origin") || !headers.contains_key(header::COOKIE),
    }
}

/// Whether a path belongs to programs rather than to people.
pub(crate) fn is_api(path: &str) -> bool {
    ["/api", "/auth", "/rpc"].iter().any(|prefix| {
        path.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://keyarc.example";

    fn allowed(method: &str, path: &str, headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header value"));
        }
        let origins = [Origin::parse(OWN).expect("an origin")];
        let method = method.parse().expect("a method");
        is_allowed(&method, &path.parse().expect("a path"), &map, &origins)
    }

    #[test]
    fn unsafe_methods_need_the_own_origin() {
        let post = |headers: &[_]| allowed("POST", "/auth/logout", headers);
        assert!(post(&[
            ("origin", OWN),
            ("sec-fetch-site", "same-origin"),
            ("cookie", "x=y")
        ]));
        assert!(post(&[("origin", OWN), ("cookie", "x=y")]));
        assert!(post(&[
            ("sec-fetch-site", "same-origin"),
            ("cookie", "x=y")
        ]));
        assert!(!post(&[
            ("origin", "https://evil.example"),
            ("cookie", "x=y")
        ]));
        assert!(!post(&[("origin", "https://keyarc.example.evil.example")]));
        assert!(!post(&[("origin", "http://keyarc.example")]));
        assert!(!post(&[("origin", "null")]));
        assert!(!post(&[("origin", OWN), ("sec-fetch-site", "cross-site")]));
        assert!(!post(&[("origin", OWN), ("sec-fetch-site", "same-site")]));
        assert!(!post(&[("sec-fetch-site", "none"), ("cookie", "x=y")]));
        assert!(!post(&[("cookie", "x=y")]));
    }

    #[test]
    fn programs_without_cookies_pass() {
        assert!(allowed("POST", "/auth/login", &[]));
        assert!(allowed("POST", "/api/x", &[("authorization", "Bearer x")]));
    }

    #[test]
    fn pages_may_be_linked_to_but_the_api_may_not_be_embedded() {
        let cross = [("sec-fetch-site", "cross-site")];
        assert!(allowed("GET", "/", &cross));
        assert!(allowed("GET", "/apiary", &cross));
        assert!(!allowed("GET", "/api/account", &cross));
        assert!(!allowed("POST", "/", &cross));
        assert!(allowed(
            "GET",
            "/api/account",
            &[("sec-fetch-site", "same-origin")]
        ));
        assert!(allowed("GET", "/api/account", &[]));
    }
}
