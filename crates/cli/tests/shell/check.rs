//! `test`: each key goes to the one host that its test names, and what came of it is noted.

use std::sync::{Arc, Mutex};

use keyarc_vault::{CheckDefinition, CheckOutcome, Content, ItemDraft};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::fixture::{Shell, refused};

/// A provider on this machine: what it was asked, and how it answers each path.
struct Provider {
    host: String,
    asked: Arc<Mutex<Vec<String>>>,
}

async fn provider() -> Provider {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let host = listener.local_addr().expect("an address").to_string();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut line, _)) = listener.accept().await {
            let mut head = Vec::new();
            let mut piece = [0; 1024];
            while !head.ends_with(b"\r\n\r\n") {
                match line.read(&mut piece).await {
                    Ok(length @ 1..) => head.extend_from_slice(&piece[..length]),
                    _ => break,
                }
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let is_good =
                head.contains("Bearer canary-good") || head.contains("bearer canary-good");
            heard.lock().expect("a list").push(head);
            let answer = match path.as_str() {
                "/hangs" => continue,
                "/moved" => {
                    "302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n"
                        .to_owned()
                }
                "/endless" => format!("200 OK\r\n\r\n{}", "x".repeat(1_000_000)),
                "/expired" => {
                    "401 No\r\ncontent-length: 20\r\n\r\n{\"why\":\"Key expired\"}"[..].to_owned()
                }
                _ if is_good => "200 OK\r\ncontent-length: 2\r\n\r\n{}".to_owned(),
                _ => "401 No\r\ncontent-length: 2\r\n\r\n{}".to_owned(),
            };
            let _ = line
                .write_all(format!("HTTP/1.1 {answer}").as_bytes())
                .await;
        }
    });
    Provider { host, asked }
}

impl Provider {
    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("a list").clone()
    }

    fn draft(&self, name: &str, key: &str, path: &str) -> ItemDraft {
        let content = Content::ApiKey {
            value: key.to_owned(),
        };
        ItemDraft {
            check: Some(CheckDefinition {
                url: format!("http://{}{path}", self.host),
                ..CheckDefinition::default()
            }),
            ..ItemDraft::new(name, content)
        }
    }
}

fn outcomes(text: &str) -> Vec<(String, String)> {
    let told: Value = serde_json::from_str(text).expect("JSON");
    let word = |one: &Value, name: &str| one[name].as_str().expect("a word").to_owned();
    let rows = told.as_array().expect("a list").iter();
    let mut rows: Vec<(String, String)> = rows
        .map(|one| (word(one, "name"), word(one, "outcome")))
        .collect();
    rows.sort();
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_tested_once_somebody_agreed_and_the_result_is_noted() {
    let shell = Shell::logged_in().await;
    let provider = provider().await;
    let browser = shell.browser().await;
    for draft in [
        provider.draft("Good", "canary-good", "/"),
        provider.draft("Bad", "canary-bad", "/"),
        provider.draft("Moved", "canary-good", "/moved"),
        provider.draft("Expired", "canary-old", "/expired"),
        provider.draft("Endless", "canary-good", "/endless"),
    ] {
        browser.save(&draft).await.expect("saves");
    }
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    let (code, said) = shell.refuses(&["test", "Good"]).await;
    assert_eq!(code, 2);
    assert!(
        said.contains(&provider.host) && said.contains("--yes"),
        "{said}"
    );
    assert_eq!(provider.asked().len(), 0, "nothing is sent before");

    let text = shell.prints(&["test", "Good", "--yes"]).await;
    assert!(
        text.contains("valid (200)") && !text.contains("canary"),
        "{text}"
    );
    let asked = provider.asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].contains("user-agent: keyarc/"), "{}", asked[0]);

    // Agreed to by now, and not well.
    let words = [
        "test", "--json", "Good", "Bad", "Moved", "Expired", "Endless",
    ];
    let begun = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .expect("a clock");
    let out = shell.run(&words).await;
    let took = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .expect("a clock")
        - begun;
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    let text = String::from_utf8(out.stdout).expect("UTF-8");
    let pair = |name: &str, outcome: &str| (name.to_owned(), outcome.to_owned());
    assert_eq!(
        outcomes(&text),
        [
            pair("Bad", "invalid"),
            pair("Endless", "valid"),
            pair("Expired", "expired"),
            pair("Good", "valid"),
            pair("Moved", "unexpected"),
        ]
    );
    assert!(
        took.as_secs() >= 4,
        "a host is asked once a second: {took:?}"
    );
    let out = shell.run(&["test", "Bad"]).await;
    assert_eq!(out.status.code(), Some(1));
    let text = String::from_utf8(out.stdout).expect("UTF-8");
    assert!(text.contains("invalid (401)"), "{text}");

    browser.sync().await.expect("syncs");
    let noted = |name: &str| {
        browser.look(|vault| {
            let ids = vault.item_ids().into_iter();
            let mut rows = ids.filter_map(|id| vault.summary(id));
            let row = rows.find(|row| row.name == name).expect("is there");
            row.checks
                .first()
                .map(|result| (result.outcome, result.status))
        })
    };
    assert_eq!(noted("Good"), Some((CheckOutcome::Valid, 200)));
    assert_eq!(noted("Expired"), Some((CheckOutcome::Expired, 401)));
    assert_eq!(noted("Moved"), Some((CheckOutcome::Unexpected, 0)));

    // All: those that have a test. Nobody agreed to the providers of the others.
    let before = provider.asked().len();
    let out = shell.run(&["test", "--all"]).await;
    if out.status.code() == Some(2) {
        assert_eq!(provider.asked().len(), before, "nothing is sent before");
    } else {
        assert_eq!(provider.asked().len(), before + 5, "{out:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_tested_is_told_and_sends_nothing() {
    let shell = Shell::logged_in().await;
    for (words, code, told) in [
        (&["test", "Service"][..], 2, "only API keys and logins"),
        (&["test", "$(a 'quoted' name)"], 2, "no ready-made test"),
        (&["test", "Nothing"], 4, "there is no item Nothing"),
        (&["test", "Stripe"], 5, "several items"),
        (&["test"], 2, "required"),
        (&["test", "Stripe", "--all"], 2, "cannot be used"),
    ] {
        let (is, said) = shell.refuses(words).await;
        assert_eq!(is, code, "{words:?}: {said}");
        assert!(said.contains(told), "{words:?}: {said}");
    }
    let provider = provider().await;
    let browser = shell.browser().await;
    let gone = provider.draft("Nobody there", "canary-good", "/");
    let mut definition = gone.check.clone().expect("a definition");
    definition.url = "http://127.0.0.1:9/".to_owned();
    let gone = ItemDraft {
        check: Some(definition),
        ..gone
    };
    browser.save(&gone).await.expect("saves");
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    let out = shell.run(&["test", "--yes", "Nobody there"]).await;
    assert_eq!(out.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&out.stdout).contains("no answer"),
        "{out:?}"
    );
    shell.prints(&["lock"]).await;
    let (code, _) = refused(&shell.run(&["test", "--all"]).await);
    assert_eq!(code, 3);
}
