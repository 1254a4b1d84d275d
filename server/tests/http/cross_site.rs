//! Requests that another site makes in a visitor's name.

use keyarc_testkit::TestServer;
use keyarc_wire::{ErrorCode, paths};
use reqwest::{Method, StatusCode};

use crate::common::{Person, send};

#[tokio::test]
async fn only_the_own_site_may_act_with_the_cookie() {
    let server = TestServer::start().await;
    let person = Person::signed_up(&server, 1).await;
    let (_, cookie) = person.credential.clone().expect("a cookie");
    let own = server.origin();
    let same_machine = format!("http://localhost:{}", server.address().port());

    let refused: [&[(&str, &str)]; 7] = [
        &[("origin", "https://evil.example")],
        &[
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ],
        &[("origin", "null"), ("sec-fetch-site", "cross-site")],
        &[("origin", &own), ("sec-fetch-site", "cross-site")],
        &[("origin", &own), ("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[],
    ];
    for headers in refused {
        let headers = [headers, &[("cookie", cookie.as_str())]].concat();
        let answer = send(&server, Method::POST, paths::LOGOUT, &headers, "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
        answer.error(ErrorCode::CrossSite);
    }
    // The session is still there.
    assert_eq!(person.get(paths::ACCOUNT).await.status, StatusCode::OK);

    let accepted: [&[(&str, &str)]; 2] = [
        &[("origin", &same_machine), ("sec-fetch-site", "same-origin")],
        &[("origin", &own), ("sec-fetch-site", "same-origin")],
    ];
    for headers in accepted {
        let headers = [headers, &[("cookie", cookie.as_str())]].concat();
        let answer = send(&server, Method::POST, paths::NOTICES_DISMISS, &headers, "").await;
        assert_eq!(
            answer.status,
            StatusCode::NO_CONTENT,
            "{headers:?}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn other_sites_cannot_even_read_the_api() {
    let server = TestServer::start().await;
    for site in ["cross-site", "same-site"] {
        let headers = [("sec-fetch-site", site), ("sec-fetch-mode", "no-cors")];
        let answer = send(&server, Method::GET, paths::ACCOUNT, &headers, "").await;
        answer.error(ErrorCode::CrossSite);
    }
}

#[tokio::test]
async fn nothing_invites_other_origins() {
    let server = TestServer::start().await;
    let headers = [
        ("origin", "https://evil.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ];
    let answer = send(&server, Method::OPTIONS, paths::LOGIN, &headers, "").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(
        answer
            .headers
            .keys()
            .all(|name| !name.as_str().starts_with("access-control"))
    );
}
