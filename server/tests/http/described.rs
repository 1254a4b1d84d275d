//! The description of the API: that it is served, and that it has the server's routes, their
//! methods and their statuses, no fewer and no more. That answers are what it says is held wherever
//! the other tests ask the server something.

use std::collections::{BTreeMap, BTreeSet};

use keyarc_testkit::{TestServer, build};
use keyarc_wire::{ErrorCode, paths};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::common::{Answer, get, send};

/// Endpoints that stand with the pages, and are for programs.
const BESIDE_PAGES: [(Method, &str); 4] = [
    (Method::GET, paths::DESCRIPTION),
    (Method::GET, paths::FEED_ROUTE),
    (Method::GET, paths::UNSUBSCRIBE_ROUTE),
    (Method::POST, paths::UNSUBSCRIBE_ROUTE),
];

async fn description(server: &TestServer) -> Value {
    get(server, paths::DESCRIPTION).await.json()
}

/// The methods of each path.
fn described(description: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let paths = description["paths"].as_object().expect("paths");
    let methods = |item: &Value| {
        let members = item.as_object().expect("a path").keys();
        members
            .filter(|name| *name != "parameters")
            .map(|method| method.to_uppercase())
            .collect()
    };
    paths
        .iter()
        .map(|(path, item)| (path.clone(), methods(item)))
        .collect()
}

#[tokio::test]
async fn every_route_has_an_entry_and_every_entry_a_route() {
    let server = TestServer::start().await;
    let mut routes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let listed = keyarc_server::api::listed();
    let beside = BESIDE_PAGES.map(|(method, path)| (method, path, false));
    let description = description(&server).await;
    for (method, path, is_keyed) in listed.chain(beside) {
        let methods = routes.entry(path.to_owned()).or_default();
        assert!(methods.insert(method.to_string()), "{method} {path} twice");
        let operation = &description["paths"][path][method.as_str().to_lowercase()];
        let parameters = operation["parameters"].as_array();
        let is_described = parameters
            .into_iter()
            .flatten()
            .any(|parameter| parameter["$ref"] == "#/components/parameters/IdempotencyKey");
        assert_eq!(is_described, is_keyed, "{method} {path}");
    }
    assert_eq!(described(&description), routes);
}

#[tokio::test]
async fn the_real_server_offers_what_is_described_and_nothing_else() {
    let server = TestServer::start().await;
    let id = build::vault_id(1).to_string();
    for (pattern, methods) in described(&description(&server).await) {
        let path = pattern
            .replace("{vault_id}", &id)
            .replace("{attachment_id}", &id)
            .replace("{number}", "0")
            .replace("{token}", &id);
        let answer = send(&server, Method::DELETE, &path, &[], "").await;
        answer.error(ErrorCode::MethodNotAllowed);
        // Whoever may `GET` may ask for the headers alone.
        let offered: BTreeSet<String> = answer
            .header("allow")
            .split(',')
            .filter(|method| *method != "HEAD")
            .map(str::to_owned)
            .collect();
        assert_eq!(offered, methods, "{path}");
    }
}

#[tokio::test]
async fn each_code_has_the_status_that_is_described() {
    let server = TestServer::start().await;
    let description = description(&server).await;
    let mut seen = BTreeSet::new();
    for item in description["paths"].as_object().expect("paths").values() {
        for operation in item.as_object().expect("a path").values() {
            let responses = operation["responses"].as_object();
            for (status, response) in responses.into_iter().flatten() {
                let Some(place) = response["$ref"].as_str() else {
                    continue;
                };
                let refusal = description.pointer(place.trim_start_matches('#'));
                let refusal = refusal.expect("a response");
                let codes = &refusal["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]
                    ["code"]["enum"];
                for code in codes.as_array().expect("codes") {
                    let code: ErrorCode = serde_json::from_value(code.clone()).expect("a code");
                    let real = keyarc_server::error::status(code);
                    assert_eq!(real.as_str(), status, "{code:?}");
                    seen.insert(format!("{code:?}"));
                }
            }
        }
    }
    assert!(seen.len() > 15, "{seen:?}");
}

#[tokio::test]
async fn it_comes_compressed_and_is_not_sent_twice() {
    let server = TestServer::start().await;
    let plain = get(&server, paths::DESCRIPTION).await;
    assert_eq!(plain.header("content-type"), "application/json");
    assert_eq!(plain.header("cache-control"), "public, no-cache");
    assert_eq!(plain.json::<Value>()["openapi"], "3.1.1");
    let ask = async |headers: &[(&str, &str)]| -> Answer {
        send(&server, Method::GET, paths::DESCRIPTION, headers, "").await
    };
    let packed = ask(&[("accept-encoding", "br")]).await;
    assert_eq!(packed.header("content-encoding"), "br");
    assert!(packed.body.len() < 40_000, "{}", packed.body.len());
    let etag = packed.header("etag").to_owned();
    let again = ask(&[("accept-encoding", "br"), ("if-none-match", &etag)]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    // It says nothing of anybody, and yet is not for other sites.
    let foreign = ask(&[("sec-fetch-site", "cross-site")]).await;
    foreign.error(ErrorCode::CrossSite);
}

#[tokio::test]
async fn its_page_fits_its_budget() {
    let server = TestServer::start().await;
    let headers = [("accept", "text/html"), ("accept-encoding", "gzip")];
    let page = send(&server, Method::GET, "/docs/api", &headers, "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header("content-encoding"), "gzip");
    assert!(page.body.len() < 60_000, "{}", page.body.len());
}
