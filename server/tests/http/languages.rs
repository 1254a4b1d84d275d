//! Languages: which one a page is in, and how somebody chooses.

use keyarc_testkit::{TempDb, TestServer};
use reqwest::{Method, StatusCode};

use crate::common::{Answer, send};

const GERMAN: &str = "msgid \"\"\nmsgstr \"Language: de\\nX-Name: Deutsch\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n\"\n\n\
    msgid \"Log in\"\nmsgstr \"Anmelden\"\n";

struct Site {
    _folder: tempfile::TempDir,
    server: TestServer,
}

async fn site() -> Site {
    let folder = tempfile::tempdir().expect("a folder");
    let languages = folder.path().join("languages");
    std::fs::create_dir(&languages).expect("made");
    std::fs::write(languages.join("de.po"), GERMAN).expect("written");
    // A mistake in one language leaves the others as they are.
    std::fs::write(languages.join("fr.po"), "msgid nothing").expect("written");
    let root = folder.path().to_owned();
    let server = TestServer::start_with(TempDb::sqlite().await, |config| {
        config.site_root = Some(root);
    })
    .await;
    Site {
        _folder: folder,
        server,
    }
}

impl Site {
    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("accept", "text/html")];
        all.extend_from_slice(headers);
        send(&self.server, Method::GET, path, &all, "").await
    }
}

#[tokio::test]
async fn public_pages_are_in_the_language_that_is_asked_for() {
    let site = site().await;
    for _ in 0..2 {
        let german = site
            .get("/", &[("accept-language", "de-AT,en;q=0.5")])
            .await;
        assert_eq!(german.header("content-language"), "de");
        assert!(german.text().contains("<html lang=\"de\""));
        assert!(german.text().contains("Anmelden"));
        let vary: Vec<_> = german.headers.get_all("vary").iter().collect();
        assert!(
            vary.iter()
                .any(|value| value.as_bytes().ends_with(b"accept-language")),
            "{vary:?}"
        );
        for headers in [
            [("accept-language", "fr"), ("cookie", "a=b")],
            [("accept-language", "de"), ("cookie", "language=en")],
        ] {
            let english = site.get("/", &headers).await;
            assert_eq!(english.header("content-language"), "en");
            assert!(english.text().contains("Log in") && !english.text().contains("Anmelden"));
        }
    }
    let missing = site
        .get("/no-such-page", &[("accept-language", "de")])
        .await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.text().contains("<html lang=\"de\""));
}

#[tokio::test]
async fn the_app_is_told_its_words_and_their_hash() {
    let site = site().await;
    let german = site
        .get("/log-in", &[("cookie", "theme=dark; language=de")])
        .await;
    let html = german.text();
    assert!(
        html.contains("lang=\"de\"") && html.contains("data-languages=\"en English;de Deutsch\"")
    );
    assert!(
        html.contains("fetch(\"/languages/de.po\", { integrity: \"sha256-"),
        "{html}"
    );
    let words = site.get("/languages/de.po", &[]).await;
    assert_eq!(
        words.header("content-type"),
        "text/x-gettext-translation; charset=utf-8"
    );
    assert_eq!(words.text(), GERMAN);

    let english = site.get("/log-in", &[("accept-language", "de")]).await;
    assert!(english.text().contains("/languages/de.po"));
    let english = site.get("/log-in", &[]).await;
    assert!(!english.text().contains("/languages/"));
    // What a release is compared by does not depend on who compares.
    let asked_for = site.get("/log-in?language=de", &[]).await;
    assert!(asked_for.text().contains("/languages/de.po"));
}

#[tokio::test]
async fn a_choice_is_kept_in_a_cookie_and_leads_back_to_a_page_of_this_server() {
    let site = site().await;
    let chosen = site.get("/language/de?page=/security", &[]).await;
    assert_eq!(chosen.status, StatusCode::SEE_OTHER);
    assert_eq!(chosen.header("location"), "/security");
    assert!(
        chosen
            .header("set-cookie")
            .starts_with("language=de; Path=/;")
    );
    for elsewhere in [
        "https://evil.example/",
        "//evil.example",
        "/no-such-page",
        "/log-in",
        "",
    ] {
        let path = format!("/language/en?page={elsewhere}");
        assert_eq!(
            site.get(&path, &[]).await.header("location"),
            "/",
            "{elsewhere}"
        );
    }
    for unknown in ["fr", "DE", "de;x"] {
        let answer = site.get(&format!("/language/{unknown}"), &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{unknown}");
        assert!(answer.headers.get("set-cookie").is_none());
    }
}
