//! Without the server: what the process that holds the keys kept in its memory.

use std::time::Duration;

use keyarc_testkit::Proxy;
use serde_json::Value;

use super::{away, json};
use crate::fixture::{PASSWORD, Shell};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_holds_the_keys_answers_on_from_memory() {
    let (proxy, server) = Proxy::with_server(|_| {}).await;
    let origin = proxy.origin();
    let shell = Shell::at(server, &origin).await;
    let login = ["login", "--stdin", "--server", &origin];
    let typed = format!("{}\n{PASSWORD}\n", shell.code);
    let keeping = [("KEYARC_CACHE", "24h".as_ref())];
    let out = shell.typed_with(&login, &typed, &keeping).await;
    assert!(out.status.success(), "{out:?}");
    let get = ["get", "Registry"];
    let value = "canary pass word\n";
    assert_eq!(shell.prints(&get).await, value);

    away(&proxy);
    // Not what was fetched this moment, but what was kept.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let out = shell.run(&get).await;
    assert_eq!(String::from_utf8_lossy(&out.stdout), value, "{out:?}");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.contains("cannot be reached") && said.contains(" ago"),
        "{said}"
    );
    assert_eq!(
        shell
            .prints(&["totp", "Second factor", "--offline"])
            .await
            .len(),
        7
    );
    for words in [&["history", "Registry"][..], &["rm", "Registry"]] {
        assert_eq!(shell.refuses(words).await.0, 7, "{words:?}");
    }
    let (code, said) = shell.refuses(&["rm", "Registry", "--offline"]).await;
    assert_eq!(code, 7);
    assert!(said.contains("--offline"), "{said}");
    let status = json(&shell.prints(&["status", "--json"]).await);
    assert_eq!(status["kept"]["not_used"], Value::Null);
    assert!(
        status["kept"]["bytes"]
            .as_u64()
            .is_some_and(|bytes| bytes > 1_000)
    );
    assert_eq!(status["kept"]["path"], Value::Null);
    let out = shell.run(&["doctor", "--json", "--offline"]).await;
    let told = json(&String::from_utf8_lossy(&out.stdout));
    assert_eq!(told["well"], true, "{told}");

    proxy.tell_the_truth();
    let asked = proxy.asked().len();
    assert_eq!(shell.prints(&["get", "Registry", "--offline"]).await, value);
    assert_eq!(proxy.asked().len(), asked);
    let browser = shell.browser_at(&origin).await;
    let registry = browser.look(|vault| {
        let all = vault.item_ids().into_iter();
        let mut rows = all.filter_map(|id| vault.summary(id));
        rows.find(|row| row.name == "Registry")
            .expect("is there")
            .id
    });
    browser.trash(&[registry]).await.expect("trashes");
    assert_eq!(shell.refuses(&get).await.0, 4, "the server is there again");
    assert_eq!(shell.refuses(&["get", "Registry", "--offline"]).await.0, 4);

    // Where nothing was to be kept, nothing is answered.
    shell.prints(&["lock"]).await;
    let unlock = ["unlock", "--stdin"];
    for words in [&unlock[..], &["login", "--server", &origin]] {
        let words = [words, &["--offline"]].concat();
        assert_eq!(shell.refuses(&words).await.0, 7, "{words:?}");
    }
    let (code, said) = shell.refuses(&["get", "Service", "--offline"]).await;
    assert_eq!(code, 7);
    assert!(said.contains("locked"), "{said}");
    let typed = format!("{PASSWORD}\n");
    let out = shell.typed(&unlock, &typed).await;
    assert!(out.status.success(), "{out:?}");
    let get = ["get", "Service", "-f", "REGION"];
    let (code, said) = shell.refuses(&[&get[..], &["--offline"]].concat()).await;
    assert_eq!(code, 7);
    assert!(said.contains("KEYARC_CACHE was not set"), "{said}");
    away(&proxy);
    let (code, said) = shell.refuses(&get).await;
    assert_eq!(
        (code, said.as_str()),
        (7, "keyarc: the server cannot be reached\n")
    );
    proxy.tell_the_truth();

    // And nothing that is older than was said.
    shell.prints(&["lock"]).await;
    let short = [("KEYARC_CACHE", "1s".as_ref())];
    let out = shell.typed_with(&unlock, &typed, &short).await;
    assert!(out.status.success(), "{out:?}");
    away(&proxy);
    tokio::time::sleep(Duration::from_millis(2_300)).await;
    let (code, said) = shell.refuses(&get).await;
    assert_eq!(code, 7);
    assert!(said.contains("older than KEYARC_CACHE says"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lie_is_not_hidden_by_what_was_kept() {
    let (proxy, server) = Proxy::with_server(|_| {}).await;
    let origin = proxy.origin();
    let shell = Shell::at(server, &origin).await;
    let login = ["login", "--stdin", "--server", &origin];
    let typed = format!("{}\n{PASSWORD}\n", shell.code);
    let keeping = [("KEYARC_CACHE", "24h".as_ref())];
    let out = shell.typed_with(&login, &typed, &keeping).await;
    assert!(out.status.success(), "{out:?}");
    proxy.lie(|asked, answer| {
        if asked.path.contains("/changes") {
            answer.body = b"KAC2nonsense".to_vec();
        }
    });
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(shell.refuses(&["get", "Registry"]).await.0, 9);
    proxy.tell_the_truth();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(
        shell.prints(&["get", "Registry"]).await,
        "canary pass word\n"
    );
}
