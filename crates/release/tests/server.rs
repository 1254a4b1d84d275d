//! A release, compared with what a real server serves.

#![expect(
    clippy::expect_used,
    reason = "helpers of tests end a test by panicking"
)]

use std::{fs, path::Path};

use keyarc_release::{Finding, PAGES, Release, SignedRelease, check, observe, shown_by};
use keyarc_signature::SigningKey;
use keyarc_testkit::{TempDb, TestServer};
use tempfile::TempDir;

const FOLDER: &str = "AAAAAAAAAAAAAAAAAAAAAA";
const SCRIPT: &str = "pkg/AAAAAAAAAAAAAAAAAAAAAA/keyarc.js";
const WASM: &str = "pkg/AAAAAAAAAAAAAAAAAAAAAA/keyarc.wasm";

/// What a build leaves behind, in small.
fn site() -> TempDir {
    let site = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(site.path().join("pkg").join(FOLDER)).expect("made");
    for (name, text) in [
        ("build.txt", FOLDER),
        (SCRIPT, "export default () => {}"),
        (WASM, "\0asm"),
        (
            "pkg/keyarc.CCCCCCCCCCCCCCCCCCCCCC.css",
            "main { color: red }",
        ),
        ("robots.txt", "User-agent: *\n"),
    ] {
        fs::write(site.path().join(name), text).expect("written");
    }
    site
}

async fn serve(site: &Path) -> TestServer {
    let site = site.to_owned();
    TestServer::start_with(TempDb::sqlite().await, |config| {
        config.site_root = Some(site);
    })
    .await
}

/// Asks from a thread of its own, as the tool does.
async fn ask<T: Send + 'static>(
    server: &TestServer,
    question: impl FnOnce(&str) -> anyhow::Result<T> + Send + 'static,
) -> T {
    let origin = server.origin();
    let answer = tokio::task::spawn_blocking(move || question(&origin)).await;
    answer.expect("not cancelled").expect("the server answers")
}

async fn released(server: &TestServer, site: &Path) -> Release {
    let site = site.to_owned();
    ask(server, move |origin| observe(origin, &site, "0.1.0")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_serves_what_was_released_from_it() {
    let site = site();
    let server = serve(site.path()).await;
    let release = released(&server, site.path()).await;
    for file in [SCRIPT, WASM, "robots.txt"] {
        assert!(release.files.contains_key(&format!("/{file}")), "{file}");
    }
    assert!(!release.files.contains_key("/build.txt"));
    assert!(
        release
            .files
            .keys()
            .any(|path| path.starts_with("/vault-worker/"))
    );
    assert_eq!(
        release.pages.len(),
        PAGES.len() + 1,
        "and the frame for tests of keys"
    );
    assert!(release.policies["/check-frame"].contains("sandbox allow-scripts"));
    let policy = &release.policies["/log-in"];
    assert!(policy.contains("'nonce-NONCE'"), "{policy}");
    // The same again, although every page has another nonce.
    assert_eq!(released(&server, site.path()).await, release);
    let expected = release.clone();
    assert_eq!(
        ask(&server, move |origin| check(origin, &expected)).await,
        []
    );

    let signed = release.sign(&SigningKey::from_seed(&[5; 32]));
    fs::write(site.path().join("release.txt"), signed.to_text()).expect("written");
    assert_eq!(ask(&server, shown_by).await, signed);
    let read = SignedRelease::parse(&signed.to_text()).expect("well formed");
    assert_eq!(read, signed);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_script_shows_in_the_file_and_in_every_page() {
    let site = site();
    let server = serve(site.path()).await;
    let release = released(&server, site.path()).await;
    drop(server);

    fs::write(site.path().join(SCRIPT), "export default () => steal()").expect("written");
    let server = serve(site.path()).await;
    let found = ask(&server, move |origin| check(origin, &release)).await;
    // The pages differ too: they name the hash of what they load.
    let pages = PAGES.map(|path| Finding::Page(path.to_owned()));
    let expected: Vec<Finding> = [Finding::File(format!("/{SCRIPT}"))]
        .into_iter()
        .chain(pages)
        .collect();
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_file_and_a_weaker_policy_are_found() {
    let site = site();
    let server = serve(site.path()).await;
    let mut release = released(&server, site.path()).await;
    fs::remove_file(site.path().join("robots.txt")).expect("removed");
    // As a server would show that was released with a tighter one.
    let policy = release.policies.get_mut("/vault").expect("a policy");
    *policy = policy.replace("connect-src 'self'; ", "");
    let found = ask(&server, move |origin| check(origin, &release)).await;
    assert_eq!(
        found,
        [
            Finding::Missing("/robots.txt".to_owned()),
            Finding::Policy("/vault".to_owned()),
        ]
    );
}

#[test]
fn the_pages_are_those_of_the_app() {
    let mut paths = keyarc_app::shell::PATHS.to_vec();
    paths.sort_unstable();
    assert_eq!(paths, PAGES);
}
