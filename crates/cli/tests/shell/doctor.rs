//! `doctor`: what is well, and what is not.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Output};

use serde_json::Value;

use crate::fixture::Shell;

fn level<'a>(told: &'a Value, check: &str) -> Vec<&'a str> {
    let findings = told["findings"].as_array().expect("a list");
    findings
        .iter()
        .filter(|one| one["check"] == check)
        .map(|one| one["level"].as_str().expect("a level"))
        .collect()
}

fn told(out: &Output) -> Value {
    serde_json::from_slice(&out.stdout).unwrap_or_else(|_| panic!("{out:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_is_well_or_it_is_told_what_to_do() {
    let shell = Shell::logged_in().await;
    let words = ["doctor", "--json"];
    let out = shell.run(&words).await;
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    let all = told(&out);
    assert_eq!(all["well"], true);
    for check in [
        "account", "server", "clock", "session", "vault", "project", "files", "editing",
    ] {
        assert_eq!(level(&all, check), ["ok"], "{check}: {all}");
    }
    let text = shell.prints(&["doctor"]).await;
    assert!(text.contains("ok       server"), "{text}");
    assert!(text.contains("keyarc completions"), "{text}");

    let key = "sk_live_51MabcdefghijklmnopqrstuvwxABCDEFGHIJKLMNOPQRSTUVWX";
    fs::write(shell.work().join(".env"), format!("STRIPE_KEY={key}\n")).expect("writes");
    fs::write(
        shell.work().join("keyarc.toml"),
        "server = 'https://evil.example'",
    )
    .expect("writes");
    shell.prints(&["lock"]).await;
    let out = shell.run(&words).await;
    assert_eq!(out.status.code(), Some(1));
    let all = told(&out);
    assert_eq!(level(&all, "files"), ["warning"]);
    assert_eq!(level(&all, "project"), ["error"]);
    assert_eq!(level(&all, "vault"), ["warning"]);
    let text = all.to_string();
    assert!(
        text.contains("STRIPE_KEY (Stripe") && !text.contains("51M"),
        "{text}"
    );

    let account = shell.home().join("account.json");
    fs::set_permissions(&account, fs::Permissions::from_mode(0o644)).expect("changes");
    let out = shell.run(&["doctor"]).await;
    assert_eq!(out.status.code(), Some(1));
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(
        text.contains("error    account") && text.contains("chmod 600"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_needs_neither_account_nor_server() {
    let shell = Shell::new().await;
    let out = shell.run(&["doctor", "--json"]).await;
    assert_eq!(out.status.code(), Some(1));
    assert_eq!(level(&told(&out), "account"), ["error"]);

    fs::create_dir_all(shell.home()).expect("makes");
    fs::set_permissions(shell.home(), fs::Permissions::from_mode(0o700)).expect("changes");
    let account = shell.home().join("account.json");
    let text = format!(
        "{{\"server\":\"http://127.0.0.1:9\",\"setup_code\":\"{}\"}}",
        shell.code
    );
    fs::write(&account, text).expect("writes");
    fs::set_permissions(&account, fs::Permissions::from_mode(0o600)).expect("changes");
    let out = shell.run(&["doctor", "--json"]).await;
    assert_eq!(out.status.code(), Some(1));
    let all = told(&out);
    assert_eq!(level(&all, "server"), ["error"]);
    assert!(!all.to_string().contains(&shell.code), "{all}");
}
