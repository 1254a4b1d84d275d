//! Pages rendered on the server.

use keyarc_testkit::{TempDb, TestServer};
use reqwest::{Method, StatusCode};

use crate::common::{Answer, get, send};

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml");

async fn visit(server: &TestServer, path: &str) -> Answer {
    send(server, Method::GET, path, &[HTML], "").await
}

#[tokio::test]
async fn public_pages_have_no_script_and_a_policy_that_allows_none() {
    let server = TestServer::start().await;
    for path in [
        "/",
        "/features",
        "/security",
        "/self-hosting",
        "/docs/api",
        "/privacy",
    ] {
        let answer = visit(&server, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert!(answer.text().starts_with("<!DOCTYPE html>"), "{path}");
        assert!(!answer.text().contains("<script"), "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("script-src 'none'; style-src 'self'"),
            "{path}: {policy}"
        );
    }
}

#[tokio::test]
async fn public_pages_come_compressed_and_are_not_sent_twice() {
    let server = TestServer::start().await;
    let plain = get(&server, "/").await;
    for encoding in ["br", "gzip"] {
        let headers = [HTML, ("accept-encoding", encoding)];
        let packed = send(&server, Method::GET, "/", &headers, "").await;
        assert_eq!(packed.header("content-encoding"), encoding);
        assert!(
            packed.body.len() * 2 < plain.body.len(),
            "{}",
            packed.body.len()
        );
        let etag = packed.header("etag").to_owned();
        let headers = [
            HTML,
            ("accept-encoding", encoding),
            ("if-none-match", &etag),
        ];
        let again = send(&server, Method::GET, "/", &headers, "").await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{encoding}");
    }
}

#[tokio::test]
async fn the_theme_has_documents_of_its_own() {
    let server = TestServer::start().await;
    for _ in 0..2 {
        let dark = send(
            &server,
            Method::GET,
            "/",
            &[HTML, ("cookie", "theme=dark")],
            "",
        )
        .await;
        assert!(dark.text().contains("data-theme=\"dark\""));
        assert!(
            dark.header("vary").contains("cookie")
                || dark.headers.get_all("vary").iter().count() > 1
        );
        assert!(
            !visit(&server, "/")
                .await
                .text()
                .contains("data-theme=\"dark\"")
        );
    }
}

#[tokio::test]
async fn vault_pages_carry_a_fresh_nonce_that_their_policy_names() {
    let server = TestServer::start().await;
    let mut nonces = Vec::new();
    let paths = [
        "/log-in",
        "/sign-up",
        "/recover",
        "/vault",
        "/vault/import",
        "/vault/export",
        "/settings",
        "/log-in",
    ];
    for path in paths {
        let answer = visit(&server, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("cache-control"), "no-store");
        let policy = answer.header("content-security-policy");
        let nonce = policy
            .split("'nonce-")
            .nth(1)
            .and_then(|rest| rest.split('\'').next())
            .expect("a nonce")
            .to_owned();
        assert!(nonce.len() >= 16, "{nonce}");
        assert!(policy.contains("trusted-types keyarc-worker"), "{policy}");
        let html = answer.text();
        for script in html.split("<script").skip(1) {
            let tag = script.split('>').next().expect("a tag");
            assert!(
                tag.contains(&format!("nonce=\"{nonce}\"")),
                "{path}: <script{tag}>"
            );
        }
        assert!(
            !html.contains(" style=\""),
            "{path}: an inline style, which the policy blocks"
        );
        nonces.push(nonce);
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), paths.len());
}

#[tokio::test]
async fn people_get_pages_for_errors_and_programs_get_json() {
    let server = TestServer::start().await;
    let page = visit(&server, "/no/such/page").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.text().starts_with("<!DOCTYPE html>"));
    assert!(!page.text().contains("/no/such/page"));
    let problem = get(&server, "/no/such/page").await;
    assert_eq!(problem.header("content-type"), "application/problem+json");
    // The API answers in JSON whoever asks.
    let api = visit(&server, "/api/none").await;
    assert_eq!(api.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn the_design_page_is_for_development_only() {
    let development = TestServer::start().await;
    assert_eq!(visit(&development, "/design").await.status, StatusCode::OK);
    let production = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.environment = keyarc_server::config::Environment::Production;
    })
    .await;
    assert_eq!(
        visit(&production, "/design").await.status,
        StatusCode::NOT_FOUND
    );
}
