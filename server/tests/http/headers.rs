//! Security headers on every kind of response.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use keyarc_testkit::{TempDb, TestServer};
use keyarc_wire::{ErrorCode, paths};
use reqwest::{Method, StatusCode};
use sha2::{Digest as _, Sha256};

use crate::common::{Answer, get, post, send};

#[track_caller]
fn assert_guarded(what: &str, answer: &Answer) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
    ] {
        assert_eq!(answer.header(name), value, "{what}: {name}");
    }
    assert!(
        answer.header("permissions-policy").contains("camera=()"),
        "{what}"
    );
    let policy = answer.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; "),
        "{what}: {policy}"
    );
    assert!(
        policy.contains("frame-ancestors 'none'"),
        "{what}: {policy}"
    );
    assert!(
        !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
        "{what}"
    );
    assert_eq!(
        answer
            .headers
            .get_all("content-security-policy")
            .iter()
            .count(),
        1,
        "{what}"
    );
    assert!(!answer.header("x-request-id").is_empty(), "{what}");
    assert!(answer.headers.get("server").is_none(), "{what}");
}

#[tokio::test]
async fn every_kind_of_response_has_them() {
    let site = tempfile::tempdir().expect("a folder");
    std::fs::write(site.path().join("robots.txt"), "User-agent: *\n").expect("written");
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.site_root = Some(site.path().to_owned());
    })
    .await;
    for path in [
        "/",
        "/log-in",
        "/no/such/page",
        "/robots.txt",
        "/vault-worker/old.js",
        "/health",
        "/api/none",
    ] {
        assert_guarded(path, &get(&server, path).await);
    }
    assert_guarded("401", &get(&server, paths::ACCOUNT).await);
    assert_guarded("400", &post(&server, paths::CHALLENGE, "{}").await);
    assert_guarded("405", &get(&server, paths::LOGIN).await);
    let foreign = [("origin", "https://evil.example")];
    assert_guarded(
        "403",
        &send(&server, Method::POST, paths::LOGIN, &foreign, "").await,
    );
}

#[tokio::test]
async fn https_is_remembered_where_there_is_https() {
    let plain = TestServer::start().await;
    assert!(
        get(&plain, "/")
            .await
            .headers
            .get("strict-transport-security")
            .is_none()
    );
    let secure = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.public_origin = keyarc_server::config::Origin::parse("https://keyarc.example");
    })
    .await;
    for path in ["/", "/health", "/api/none"] {
        let answer = get(&secure, path).await;
        assert_eq!(
            answer.header("strict-transport-security"),
            "max-age=63072000",
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_is_not_there_looks_the_same_everywhere() {
    let server = TestServer::start().await;
    let foreign_vault = format!("/api/vaults/{}/changes", "0a".repeat(16));
    let mut person = crate::common::Person::new(&server, 1);
    person.sign_up().await;
    let mut bodies = Vec::new();
    for path in [
        "/api",
        "/api/",
        "/api/none",
        "/api/vaults/x/changes",
        foreign_vault.as_str(),
    ] {
        let answer = person.get(path).await;
        let mut error = answer.error(ErrorCode::NotFound);
        error.request_id = None;
        bodies.push((answer.status, error));
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    get(&server, "/auth/none").await.error(ErrorCode::NotFound);
}

#[tokio::test]
async fn another_method_is_405_with_the_methods_that_are_offered() {
    let server = TestServer::start().await;
    let answer = get(&server, paths::LOGIN).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "POST");
    answer.error(ErrorCode::MethodNotAllowed);
}

#[tokio::test]
async fn another_media_type_is_415() {
    let server = TestServer::start().await;
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let headers = [("content-type", media_type)];
        let answer = send(&server, Method::POST, paths::CHALLENGE, &headers, "{}").await;
        answer.error(ErrorCode::UnsupportedMediaType);
    }
}

#[tokio::test]
async fn well_formed_request_ids_are_kept_and_others_replaced() {
    let server = TestServer::start().await;
    let ask = async |id: &str| {
        let answer = send(
            &server,
            Method::GET,
            "/health/live",
            &[("x-request-id", id)],
            "",
        )
        .await;
        answer.header("x-request-id").to_owned()
    };
    assert_eq!(ask("client-made-id-1").await, "client-made-id-1");
    let made = ask("canary with spaces").await;
    assert!(made.len() == 24 && !made.contains("canary"), "{made}");
}

#[tokio::test]
async fn answers_about_accounts_are_not_cached() {
    let server = TestServer::start().await;
    for path in [paths::ACCOUNT, "/api/none", "/health", "/log-in"] {
        assert_eq!(
            get(&server, path).await.header("cache-control"),
            "no-store",
            "{path}"
        );
    }
}

/// The frame that tries keys: what it may do stands in its headers.
#[tokio::test]
async fn the_frame_for_tests_is_nobodys_and_reaches_only_providers() {
    let server = TestServer::start().await;
    let answer = get(&server, "/check-frame?version").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let body = answer.text();
    let script = body
        .split_once("<script>")
        .and_then(|(_, rest)| rest.split_once("</script>"))
        .map(|(script, _)| script)
        .expect("one script");
    assert!(!script.contains("<script"));
    let hash = BASE64_STANDARD.encode(Sha256::digest(script));
    assert_eq!(
        answer.header("content-security-policy"),
        format!(
            "default-src 'none'; script-src 'sha256-{hash}'; connect-src https: \
             http://localhost:* http://127.0.0.1:*; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types 'none'; \
             sandbox allow-scripts"
        )
    );
    for (name, value) in [
        ("x-frame-options", "SAMEORIGIN"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(answer.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn the_vault_itself_reaches_its_own_server_alone() {
    let server = TestServer::start().await;
    for path in keyarc_app::shell::PATHS {
        let answer = get(&server, path).await;
        let policy = answer.header("content-security-policy");
        let directive = |name: &str| -> Vec<&str> {
            let parts = policy.split("; ").filter(|part| part.starts_with(name));
            parts.collect()
        };
        assert_eq!(directive("connect-src"), ["connect-src 'self'"], "{path}");
        assert_eq!(directive("frame-src"), ["frame-src 'self'"], "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
    }
}

#[tokio::test]
async fn every_answer_of_the_api_names_its_version_and_another_is_refused() {
    let server = TestServer::start().await;
    let ask = async |path: &str, versions: &[&str]| {
        let headers: Vec<(&str, &str)> = versions
            .iter()
            .map(|version| ("keyarc-api-version", *version))
            .collect();
        send(&server, Method::GET, path, &headers, "").await
    };
    for (path, code) in [
        ("/api/account", ErrorCode::Unauthenticated),
        ("/api/not-there", ErrorCode::NotFound),
        ("/auth/login", ErrorCode::MethodNotAllowed),
    ] {
        for versions in [&[][..], &["1"]] {
            let answer = ask(path, versions).await;
            answer.error(code);
            assert_eq!(answer.header("keyarc-api-version"), "1", "{path}");
        }
        if code == ErrorCode::MethodNotAllowed {
            continue;
        }
        for versions in [&["2"][..], &[""], &["01"], &["1", "2"], &["1, 2"], &["one"]] {
            let answer = ask(path, versions).await;
            let error = answer.error(ErrorCode::UnsupportedVersion);
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
            assert_eq!(answer.header("keyarc-api-version"), "1");
            assert_eq!(error.message, "This server speaks version 1 of the API.");
        }
    }
    // Pages and health are no part of it.
    for path in ["/health", "/"] {
        let answer = ask(path, &["2"]).await;
        assert!(answer.status.is_success(), "{path}");
        assert_eq!(answer.header("keyarc-api-version"), "");
    }
}
