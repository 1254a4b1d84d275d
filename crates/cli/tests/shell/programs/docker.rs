//! Docker asks `keyarc docker-credential`.

use std::os::unix::fs::symlink;

use keyarc_vault::ItemDraft;

use super::{login, token, with};
use crate::{fixture::refused, json};

const NOT_FOUND: &str = "credentials not found in native keychain\n";

fn tagged(draft: ItemDraft) -> ItemDraft {
    ItemDraft {
        tags: vec!["docker".to_owned()],
        ..draft
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn docker_is_told_what_is_for_the_registry_and_no_more() {
    let shell = with(vec![
        token("Hub", "docker", "dckr_pat_canary", &[("username", "ada")]),
        token("GitHub", "github", "ghp_canary", &[]),
        tagged(login(
            "Here",
            "localhost:5000",
            "ada",
            "canary \"here\" \\ä",
        )),
        login("In clear", "http://127.0.0.1:5001", "ada", "canary-5001"),
        login("Shop", "https://shop.example", "ada", "canary-shop"),
        login("Two", "https://two.example", "a", "canary-a"),
        login("Two", "https://two.example", "b", "canary-b"),
    ])
    .await;
    let hub = "https://index.docker.io/v1/";
    for (server, username, secret) in [
        (hub, "ada", "dckr_pat_canary"),
        ("docker.io\n", "ada", "dckr_pat_canary"),
        ("ghcr.io", "x-access-token", "ghp_canary"),
        ("localhost:5000", "ada", "canary \"here\" \\ä"),
        ("127.0.0.1:5001", "ada", "canary-5001"),
        ("https://shop.example/v2/", "ada", "canary-shop"),
    ] {
        let out = shell.typed(&["docker-credential", "get"], server).await;
        assert!(out.status.success(), "{server}: {out:?}");
        let told = json(&String::from_utf8(out.stdout).expect("UTF-8"));
        assert_eq!(told["ServerURL"], server.trim(), "{told}");
        assert_eq!(told["Username"], username, "{server}");
        assert_eq!(told["Secret"], secret, "{server}");
        assert_eq!(told.as_object().map(serde_json::Map::len), Some(3));
    }
    for (server, code, said) in [
        ("shop.example:8443", 4, NOT_FOUND),
        ("http://shop.example", 4, NOT_FOUND),
        ("localhost:5001", 4, NOT_FOUND),
        ("a b", 4, NOT_FOUND),
        ("", 2, "no credentials server URL\n"),
        (
            "two.example",
            5,
            "https://two.example is the name of several items",
        ),
    ] {
        let out = shell.typed(&["docker-credential", "get"], server).await;
        let told = String::from_utf8_lossy(&out.stdout).into_owned();
        assert_eq!(out.status.code(), Some(code), "{server}: {told}");
        assert!(
            told.starts_with(said) && !told.contains("canary"),
            "{server}: {told}"
        );
        assert_eq!(String::from_utf8_lossy(&out.stderr), "", "{server}");
    }

    // A build hands all of the list to the daemon: no login of a shop is in it.
    let all = json(&shell.prints(&["docker-credential", "list"]).await);
    assert_eq!(
        all,
        serde_json::json!({ hub: "ada", "localhost:5000": "ada" })
    );

    let store = ["docker-credential", "store"];
    let known =
        serde_json::json!({ "ServerURL": hub, "Username": "ada", "Secret": "dckr_pat_canary" });
    let out = shell.typed(&store, &known.to_string()).await;
    assert_eq!(refused(&out).0, 0, "it is there already");
    let before = shell.prints(&["ls", "--json"]).await;
    for (server, username, secret) in [
        (hub, "ada", "new"),
        (hub, "eve", "dckr_pat_canary"),
        ("new.example", "ada", "new"),
    ] {
        let wish =
            serde_json::json!({ "ServerURL": server, "Username": username, "Secret": secret });
        let out = shell.typed(&store, &wish.to_string()).await;
        let told = String::from_utf8_lossy(&out.stdout).into_owned();
        assert_eq!(out.status.code(), Some(2), "{told}");
        assert!(
            told.contains("keyarc new") && !told.contains("canary"),
            "{told}"
        );
    }
    for operation in ["store", "erase", "keep"] {
        let out = shell.typed(&["docker-credential", operation], hub).await;
        assert_eq!(out.status.code(), Some(2), "{operation}");
    }
    assert_eq!(shell.prints(&["ls", "--json"]).await, before);

    // Under the name by which Docker finds it.
    let linked = shell.work().join("docker-credential-keyarc");
    symlink(env!("CARGO_BIN_EXE_keyarc"), &linked).expect("links");
    let mut helper = std::process::Command::new(linked);
    helper
        .arg("list")
        .env_clear()
        .env("KEYARC_HOME", shell.home());
    let out = helper.output().expect("it starts");
    assert_eq!(json(&String::from_utf8(out.stdout).expect("UTF-8")), all);

    shell.prints(&["lock"]).await;
    let out = shell.typed(&["docker-credential", "get"], hub).await;
    assert_eq!(out.status.code(), Some(3));
    assert_eq!(out.stdout, b"the vault is locked: run `keyarc unlock`\n");
}
