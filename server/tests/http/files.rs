//! Files of the built site.

use keyarc_testkit::{TempDb, TestServer};
use reqwest::{Method, StatusCode};

use crate::common::{Answer, get, send};

const HASHED: &str = "pkg/0123456789_-abcdefABCD/keyarc.js";

struct BuiltSite {
    _folder: tempfile::TempDir,
    server: TestServer,
}

async fn built_site() -> BuiltSite {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("site");
    std::fs::create_dir_all(root.join("pkg/sub")).expect("made");
    std::fs::create_dir_all(root.join("pkg/0123456789_-abcdefABCD")).expect("made");
    for (name, text) in [
        (HASHED, "plain script"),
        ("pkg/0123456789_-abcdefABCD/keyarc.js.br", "br script"),
        ("pkg/0123456789_-abcdefABCD/keyarc.js.gz", "gz script"),
        ("pkg/keyarc_bg.wasm", "wasm"),
        ("robots.txt", "robots"),
        ("build.txt", "0123456789_-abcdefABCD\n"),
        ("pkg/sub/.hidden.js", "hidden"),
    ] {
        std::fs::write(root.join(name), text).expect("written");
    }
    std::fs::write(folder.path().join("secret.txt"), "canary").expect("written");
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.site_root = Some(root);
    })
    .await;
    BuiltSite {
        _folder: folder,
        server,
    }
}

async fn get_with(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(server, Method::GET, path, headers, "").await
}

#[tokio::test]
async fn hashed_files_are_kept_for_ever_and_come_compressed() {
    let site = built_site().await;
    let path = format!("/{HASHED}");
    for (accept, encoding, text) in [
        ("gzip, deflate, br", "br", "br script"),
        ("gzip", "gzip", "gz script"),
        ("identity", "", "plain script"),
        ("br;q=0", "", "plain script"),
    ] {
        let answer = get_with(&site.server, &path, &[("accept-encoding", accept)]).await;
        assert_eq!(answer.text(), text, "{accept}");
        assert_eq!(answer.header("content-encoding"), encoding, "{accept}");
        assert_eq!(answer.header("content-length"), text.len().to_string());
        assert_eq!(
            answer.header("content-type"),
            "text/javascript; charset=utf-8"
        );
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        assert_eq!(answer.header("vary"), "accept-encoding");
    }
}

#[tokio::test]
async fn other_files_are_asked_about() {
    let site = built_site().await;
    let answer = get(&site.server, "/robots.txt").await;
    assert_eq!(
        answer.header("cache-control"),
        "public, max-age=0, must-revalidate"
    );
    let etag = answer.header("etag").to_owned();
    let again = get_with(&site.server, "/robots.txt", &[("if-none-match", &etag)]).await;
    assert_eq!(
        (again.status, again.body.len()),
        (StatusCode::NOT_MODIFIED, 0)
    );
    assert_eq!(again.header("etag"), etag);
    let changed = get_with(
        &site.server,
        "/robots.txt",
        &[("if-none-match", "\"other\"")],
    )
    .await;
    assert_eq!(changed.text(), "robots");
    assert_eq!(
        get(&site.server, "/pkg/keyarc_bg.wasm")
            .await
            .header("content-type"),
        "application/wasm"
    );
}

#[tokio::test]
async fn head_has_the_headers_of_get() {
    let site = built_site().await;
    let got = get(&site.server, "/robots.txt").await;
    let head = send(&site.server, Method::HEAD, "/robots.txt", &[], "").await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    for name in ["content-length", "content-type", "etag", "cache-control"] {
        assert_eq!(head.header(name), got.header(name), "{name}");
    }
}

#[tokio::test]
async fn folders_hidden_files_and_what_lies_outside_are_404() {
    let site = built_site().await;
    for path in [
        "/pkg",
        "/pkg/",
        "/pkg/sub",
        "/pkg/sub/.hidden.js",
        "/build.txt",
        "/pkg/0123456789_-abcdefABCD/keyarc.js.br",
        "/pkg/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/pkg//keyarc_bg.wasm",
    ] {
        let answer = get(&site.server, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.text().contains("canary"), "{path}");
    }
    // A client may send dots undecoded; ours would tidy them up.
    let mut raw = crate::common::connect(&site.server).await;
    crate::common::write(
        &mut raw,
        "GET /../secret.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    let wait = std::time::Duration::from_secs(5);
    let text = crate::common::read_to_end(&mut raw, wait)
        .await
        .expect("closed");
    assert!(
        text.starts_with("HTTP/1.1 404") && !text.contains("canary"),
        "{text}"
    );
}

#[tokio::test]
async fn the_worker_script_of_another_build_is_not_there() {
    let site = built_site().await;
    let old = get(&site.server, "/vault-worker/AAAAAAAAAAAAAAAAAAAAAA.js").await;
    assert_eq!(old.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_worker_script_names_the_hashed_file_and_has_its_own_policy() {
    let site = built_site().await;
    let page = get(&site.server, "/log-in").await;
    let path = page
        .text()
        .split('"')
        .find(|word| word.starts_with("/vault-worker/"))
        .expect("the page starts its worker");
    let answer = get(&site.server, path).await;
    assert_eq!(
        answer.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert!(answer.header("cache-control").contains("immutable"));
    assert!(
        answer.text().contains(&format!("from \"/{HASHED}\"")),
        "{}",
        answer.text()
    );
    let policy = answer.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self' 'wasm-unsafe-eval'; "),
        "{policy}"
    );
    assert!(policy.contains("connect-src 'self'; "), "{policy}");
    assert!(
        policy.ends_with("require-trusted-types-for 'script'; trusted-types 'none'"),
        "{policy}"
    );
}
