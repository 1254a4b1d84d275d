//! A server that lies gets nothing printed, and no command run.

use keyarc_testkit::{Proxy, mutate::Answer};
use keyarc_vault::{Content, ItemDraft};

use crate::fixture::{PASSWORD, Shell};

/// Another character in the middle of the first sealed details of an answer.
fn spoil(answer: &mut Answer) {
    let Ok(mut said) = serde_json::from_slice::<serde_json::Value>(&answer.body) else {
        return;
    };
    if let Some(sealed) = said["details"][0]["details"].as_str() {
        let at = sealed.len() / 2;
        let other = if &sealed[at..=at] == "A" { "B" } else { "A" };
        let spoilt = [&sealed[..at], other, &sealed[at + 1..]].concat();
        said["details"][0]["details"] = spoilt.into();
        answer.body = said.to_string().into_bytes();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_verify_or_is_older_is_not_printed_and_runs_nothing() {
    let (proxy, server) = Proxy::with_server(|_| {}).await;
    let origin = proxy.origin();
    let shell = Shell::at(server, &origin).await;
    let words = ["login", "--stdin", "--server", &origin];
    let typed = format!("{}\n{PASSWORD}\n", shell.code);
    let out = shell.typed(&words, &typed).await;
    assert!(out.status.success(), "{out:?}");
    let get = ["get", "Registry"];
    let run = [
        "run",
        "--set",
        "A=keyarc://personal/Registry/password",
        "--",
        "echo",
        "ran",
    ];
    let lie = || {
        proxy.lie(|asked, answer| {
            if asked.path.ends_with("/details") {
                spoil(answer);
            }
        });
    };
    lie();
    for words in [&get[..], &run] {
        let (code, said) = shell.refuses(words).await;
        assert_eq!(code, 9, "{words:?}: {said}");
    }
    proxy.tell_the_truth();
    assert_eq!(shell.prints(&run).await, "ran\n");
    assert_eq!(shell.prints(&get).await, "canary pass word\n");

    // What was read is remembered, and the server is only asked whether it is the newest.
    let asked = |what: &str| {
        proxy
            .said()
            .iter()
            .filter(|(path, _)| path.contains(what))
            .count()
    };
    let before = (asked("/details"), asked("/changes"));
    lie();
    assert_eq!(shell.prints(&run).await, "ran\n");
    // The second time it is opened while the server answers.
    for _ in 0..2 {
        assert_eq!(shell.prints(&get).await, "canary pass word\n");
    }
    assert_eq!(
        (asked("/details"), asked("/changes")),
        (before.0, before.1 + 3)
    );
    proxy.tell_the_truth();
    let out = shell.typed(&["set", "Registry"], "another one").await;
    assert!(out.status.success(), "{out:?}");
    lie();
    assert_eq!(shell.refuses(&get).await.0, 9);
    proxy.tell_the_truth();
    assert_eq!(shell.prints(&get).await, "another one\n");

    // Somebody else changes it: what is opened while the server answers is not told then.
    let browser = shell.browser_at(&origin).await;
    for other in ["by another device", "and once more"] {
        shell.prints(&get).await;
        browser.sync().await.expect("syncs");
        let called = browser.look(|vault| vault.called("registry"));
        let item = browser.reveal(called[0].id).await.expect("opens");
        let mut draft = ItemDraft::of(&item);
        if let Content::Login { password, .. } = &mut draft.content {
            other.clone_into(password);
        }
        browser.save(&draft).await.expect("saves");
        assert_eq!(shell.prints(&get).await, format!("{other}\n"));
    }

    // The vault as it was before this machine changed it.
    let is_changes = |path: &str| path.contains("/changes");
    let said = proxy.said();
    let (_, before) = said
        .into_iter()
        .find(|(path, _)| is_changes(path))
        .expect("the vault was fetched");
    let out = shell.typed(&["set", "Registry"], "the next one").await;
    assert!(out.status.success(), "{out:?}");
    shell.prints(&["lock"]).await;
    proxy.lie(move |asked, answer| {
        if is_changes(&asked.path) {
            *answer = before.clone();
        }
    });
    let unlock = ["unlock", "--stdin"];
    shell.typed(&unlock, &format!("{PASSWORD}\n")).await;
    let (code, said) = shell.refuses(&get).await;
    assert_eq!(code, 9, "{said}");
}
