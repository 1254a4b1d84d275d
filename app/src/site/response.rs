use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use leptos::prelude::*;

use super::{Page, Visit, site_shell};
use crate::{
    built::Asset,
    languages::{Chosen, Languages},
};

/// The comment that stands between the parts of a view.
const MARKER: &str = "<!>";

/// Answers a request for a path: with its page, or with the 404 page.
///
/// `origin` is where this KeyArc is reached, without a final slash. The caller adds the security
/// headers; `script-src 'none'` and `style-src 'self'` fit every page.
pub fn respond(
    style: Asset,
    languages: &Languages,
    origin: &str,
    path: &str,
    headers: &HeaderMap,
) -> Response<String> {
    let visit = Visit::new(style, languages, origin, Page::at(path), headers);
    answer(visit, languages.choose(headers))
}

/// Answers with the error page for a status, where a person and not a program asked.
pub fn respond_trouble(
    style: Asset,
    languages: &Languages,
    origin: &str,
    status: StatusCode,
    headers: &HeaderMap,
) -> Response<String> {
    let visit = Visit::new(style, languages, origin, Page::Trouble(status), headers);
    answer(visit, languages.choose(headers))
}

fn answer(visit: Visit, language: Chosen<'_>) -> Response<String> {
    let status = visit.page.status();
    let html = Owner::new_root(None).with(|| {
        provide_context(language.spoken());
        site_shell(visit).to_html()
    });
    // These find the places of a view again when a script takes the page over, which none does here: on
    // the page of the API they are two thirds of all nodes. In text and attributes it is escaped.
    let html = html.replace(MARKER, "");
    let mut response = Response::new(html);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, "text/html; charset=utf-8");
    set(header::CONTENT_LANGUAGE, language.tag());
    // Theme and language stand in a cookie; a stored page must be asked about before it is shown
    // again.
    set(header::VARY, "cookie, accept-language");
    set(header::CACHE_CONTROL, "no-cache");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://keyarc.example";

    fn style() -> Asset {
        Asset {
            path: "/pkg/keyarc.css".to_owned(),
            integrity: Some("sha256-AAAA".to_owned()),
        }
    }

    fn get(path: &str) -> Response<String> {
        respond(
            style(),
            &Languages::default(),
            ORIGIN,
            path,
            &HeaderMap::new(),
        )
    }

    /// The values of an attribute, in order.
    fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
        let start = format!(" {attribute}=\"");
        html.split(&start)
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect()
    }

    #[test]
    fn no_page_has_a_script_a_style_or_a_handler_or_what_only_scripts_need() {
        for page in Page::ALL {
            let html = get(page.path().expect("a path")).into_body();
            for forbidden in [
                "<script",
                "<style",
                " style=",
                " onclick",
                " onload",
                "javascript:",
                MARKER,
            ] {
                assert!(!html.contains(forbidden), "{page:?} contains {forbidden}");
            }
            assert!(html.starts_with("<!DOCTYPE html>"), "{page:?}");
        }
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        for page in Page::ALL {
            let html = get(page.path().expect("a path")).into_body();
            for attribute in ["src", "srcset", "href"] {
                for value in values(&html, attribute) {
                    let local = value.starts_with('/') || value.starts_with('#');
                    assert!(local || value.starts_with(ORIGIN), "{page:?}: {value}");
                }
            }
        }
    }

    #[test]
    fn every_link_leads_somewhere() {
        // Not pages of this crate: the vault's own, and what the server serves to programs.
        let app = ["/sign-up", "/log-in", "/api/openapi.json"];
        for page in Page::ALL {
            let html = get(page.path().expect("a path")).into_body();
            let body = html.split("<body").nth(1).expect("a body");
            for link in values(body, "href") {
                let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
                let target = match path {
                    "" => html.clone(),
                    _ if app.contains(&path) || path.starts_with("/language/") => continue,
                    _ => {
                        let target = get(path);
                        assert_eq!(target.status(), StatusCode::OK, "{page:?}: {link}");
                        target.into_body()
                    }
                };
                let id = format!(" id=\"{fragment}\"");
                assert!(
                    fragment.is_empty() || target.contains(&id),
                    "{page:?}: {link}"
                );
            }
        }
    }

    #[test]
    fn headings_descend_one_step_at_a_time_from_one_h1() {
        let shown = Page::ALL.into_iter().chain([
            Page::Trouble(StatusCode::NOT_FOUND),
            Page::Trouble(StatusCode::SERVICE_UNAVAILABLE),
        ]);
        for page in shown {
            let html = answer(
                Visit::new(
                    style(),
                    &Languages::default(),
                    ORIGIN,
                    page,
                    &HeaderMap::new(),
                ),
                Chosen(None),
            )
            .into_body();
            let levels: Vec<u8> = html
                .split("<h")
                .skip(1)
                .filter_map(|rest| rest.bytes().next().filter(u8::is_ascii_digit))
                .collect();
            assert_eq!(
                levels.iter().filter(|level| **level == b'1').count(),
                1,
                "{page:?}"
            );
            assert_eq!(levels.first(), Some(&b'1'), "{page:?}");
            for pair in levels.windows(2) {
                assert!(pair[1] <= pair[0] + 1, "{page:?}: {levels:?}");
            }
        }
    }

    #[test]
    fn ids_are_unique() {
        for page in Page::ALL {
            let html = get(page.path().expect("a path")).into_body();
            let mut ids = values(&html, "id");
            let count = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), count, "{page:?}");
        }
    }

    #[test]
    fn an_unknown_path_is_404_and_is_not_indexed() {
        let response = get("/no/such/page");
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        let html = response.into_body();
        assert!(html.contains("noindex") && !html.contains("rel=\"canonical\""));
        // A path is the visitor's text: the page does not repeat it.
        assert!(!html.contains("/no/such/page"));
    }

    #[test]
    fn trouble_keeps_its_status() {
        for status in [
            StatusCode::INTERNAL_SERVER_ERROR,
            StatusCode::SERVICE_UNAVAILABLE,
        ] {
            let response = respond_trouble(
                style(),
                &Languages::default(),
                ORIGIN,
                status,
                &HeaderMap::new(),
            );
            assert_eq!(response.status(), status);
            assert!(response.into_body().contains(status.as_str()));
        }
    }

    #[test]
    fn the_theme_comes_from_the_cookie() {
        let mut headers = HeaderMap::new();
        let of = |headers: &HeaderMap| {
            respond(style(), &Languages::default(), ORIGIN, "/", headers).into_body()
        };
        let html = of(&headers);
        assert!(!html.contains("data-theme"));
        assert!(html.contains("vault-light.webp") && html.contains("vault-dark.webp"));

        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; theme=dark"));
        let html = of(&headers);
        assert!(
            html.contains("<html lang=\"en\" data-theme=\"dark\">"),
            "{}",
            &html[..200]
        );
        assert!(!html.contains("src=\"/images/vault-light.webp\""));
    }

    #[test]
    fn the_landing_page_is_light() {
        // The budget of HTML and style sheet together is 20 KB compressed; text packs to about
        // a third.
        let length = get("/").into_body().len();
        assert!(length < 20_000, "{length}");
    }

    #[test]
    fn the_page_of_the_api_has_every_operation_and_type() {
        let html = get("/docs/api").into_body();
        let description: serde_json::Value =
            serde_json::from_str(crate::site::DESCRIPTION).expect("JSON");
        let types = description["components"]["schemas"].as_object();
        for name in types.expect("types").keys() {
            assert!(html.contains(&format!(" id=\"type-{name}\"")), "{name}");
        }
        let paths = description["paths"].as_object().expect("paths");
        let operations = paths
            .values()
            .flat_map(|path| path.as_object().expect("a path").values())
            .filter_map(|operation| operation["operationId"].as_str());
        for id in operations {
            assert!(html.contains(&format!(" id=\"{id}\"")), "{id}");
        }
        // Backticks are what the words of the description have for code.
        assert!(!html.contains('`'));
    }

    #[test]
    fn the_canonical_address_is_the_public_one() {
        let html = get("/security").into_body();
        assert!(html.contains("<link rel=\"canonical\" href=\"https://keyarc.example/security\""));
        let html = get("/").into_body();
        assert!(html.contains("<link rel=\"canonical\" href=\"https://keyarc.example/\""));
    }
}
