//! Machine tokens: made by somebody with an account, used on a machine that knows none.

use std::process::Output;

use keyarc_testkit::{Delivery, Proxy, mutate::Answer};
use keyarc_wire::{
    Change, ChangesDecoder, encode_change, encode_changes_end, encode_changes_start,
    encode_details, encode_grant, encode_manifest, encode_waiting, paths,
};
use serde_json::{Value, json};

use crate::fixture::{LIVE, PASSWORD, SETUP_KEY, Shell, refused};

/// Somebody who has logged in through something that can lie.
pub async fn behind_proxy() -> (Proxy, Shell) {
    let (proxy, server) = Proxy::with_server(|_| {}).await;
    let origin = proxy.origin();
    let shell = Shell::at(server, &origin).await;
    let words = ["login", "--stdin", "--server", &origin];
    let typed = format!("{}\n{PASSWORD}\n", shell.code);
    let out = shell.typed(&words, &typed).await;
    assert!(out.status.success(), "{out:?}");
    (proxy, shell)
}

/// What is printed of a token that is made, without the line end.
pub async fn make(shell: &Shell, words: &[&str]) -> String {
    let all = [&["token", "create"], words].concat();
    let printed = shell.prints(&all).await;
    let token = printed.strip_suffix('\n').expect("a line");
    assert!(token.starts_with("kat1_") && token.len() == 96, "{token}");
    token.to_owned()
}

/// On a machine with a token, a server and nothing else.
async fn by_token(shell: &Shell, server: &str, token: &str, words: &[&str]) -> Output {
    let mut command = shell.command(words);
    command
        .env("KEYARC_HOME", shell.work().join("nothing"))
        .env("KEYARC_TOKEN", token)
        .env("KEYARC_SERVER", server);
    let out = tokio::task::spawn_blocking(move || command.output().expect("it starts"));
    let out = out.await.expect("it ends");
    let secret = token.split('_').nth(2).unwrap_or(token).trim();
    for shown in [&out.stdout, &out.stderr] {
        let shown = String::from_utf8_lossy(shown);
        assert!(secret.is_empty() || !shown.contains(secret), "{shown}");
    }
    out
}

async fn reads(shell: &Shell, server: &str, token: &str, words: &[&str]) -> String {
    let out = by_token(shell, server, token, words).await;
    assert!(out.status.success(), "{words:?}: {out:?}");
    String::from_utf8(out.stdout).expect("UTF-8")
}

async fn fails(shell: &Shell, server: &str, token: &str, words: &[&str]) -> (i32, String) {
    refused(&by_token(shell, server, token, words).await)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn records(answer: &Answer) -> Vec<Change> {
    let mut decoder = ChangesDecoder::new(&answer.body).expect("a stream");
    let mut all = Vec::new();
    while let Some(change) = decoder.next().expect("a record") {
        all.push(change);
    }
    all
}

fn stream(all: &[Change]) -> Vec<u8> {
    let mut out = Vec::new();
    encode_changes_start(&mut out);
    for change in all {
        match change {
            Change::Manifest(manifest) => encode_manifest(&mut out, &manifest.0),
            Change::Details(details) => encode_details(&mut out, details),
            Change::Grant(grant) => encode_grant(&mut out, &grant.0),
            Change::Waiting(waiting) => encode_waiting(&mut out, waiting),
            Change::Item(item) => {
                let live = item.live.as_ref();
                let live = live.map(|(version, sealed)| (*version, sealed.as_ref()));
                encode_change(&mut out, &item.item_id.0, item.version, item.revision, live);
            }
        }
    }
    encode_changes_end(&mut out, all.len() as u32);
    out
}

/// What was last said to the holder of a token.
fn last_opened(proxy: &Proxy) -> Answer {
    let said = proxy.said().into_iter();
    let mut opened = said.rev().filter(|(path, _)| path == paths::MACHINE_OPEN);
    opened.next().expect("it was asked").1
}

/// A token of one item.
pub const CI: [&str; 7] = [
    "ci",
    "--folder",
    "Payments",
    "--environment",
    "production",
    "--expires",
    "2199-01-31",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_reads_what_its_token_is_for_and_nothing_else() {
    let (proxy, shell) = behind_proxy().await;
    let server = proxy.origin();
    let token = make(&shell, &CI).await;
    let get = ["get", "Stripe"];
    let value = reads(&shell, &server, &token, &get).await;
    assert_eq!(value, format!("{LIVE}\n"));
    // Of the other items not even what is sealed was sent.
    let shown = records(&last_opened(&proxy));
    let items = |is: fn(&Change) -> bool| shown.iter().filter(|change| is(change)).count();
    assert_eq!(items(|change| matches!(change, Change::Item(_))), 1);
    assert_eq!(items(|change| matches!(change, Change::Details(_))), 1);
    for words in [
        &["get", "Registry"][..],
        &["get", "Stripe", "-e", "test"],
        &["get", "keyarc://personal/Registry/password"],
        &["totp", "Second factor"],
        &["env", "Service"],
    ] {
        let (code, said) = fails(&shell, &server, &token, words).await;
        assert_eq!(code, 4, "{words:?}: {said}");
    }
    let listed = json(&reads(&shell, &server, &token, &["ls", "--json"]).await);
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    let due = json(&reads(&shell, &server, &token, &["expiring", "--json"]).await);
    assert_eq!(due[0]["name"], "Stripe");
    let status = json(&reads(&shell, &server, &token, &["status", "--json"]).await);
    assert_eq!(status["items"], 1);
    assert_eq!(status["server"], server);
    assert_eq!(status["expires_at_ms"], 7_229_260_800_000_u64);
    // A command gets the value, and not the token.
    let script = "printf '%s' \"$A\"; printenv KEYARC_TOKEN; true";
    let set = "A=keyarc://personal/Payments/Stripe/value";
    let run = ["run", "--set", set, "--", "sh", "-c", script];
    assert_eq!(reads(&shell, &server, &token, &run).await, LIVE);
    std::fs::write(
        shell.work().join("in.tpl"),
        "k={{ keyarc://personal/Payments/Stripe/value }}",
    )
    .expect("writes");
    let inject = ["inject", "-i", "in.tpl"];
    assert_eq!(
        reads(&shell, &server, &token, &inject).await,
        format!("k={LIVE}")
    );
    std::fs::write(
        shell.work().join(".env"),
        "K=keyarc://personal/Payments/Stripe/value\n",
    )
    .expect("writes");
    let env = ["env", "--format", "dotenv"];
    assert!(reads(&shell, &server, &token, &env).await.contains(LIVE));
    // Nothing is written with it, and nothing of before is read.
    for words in [
        &["new", "x", "--generate"][..],
        &["set", "Stripe"],
        &["mv", "Stripe", "--to", "x"],
        &["rm", "Stripe"],
        &["history", "Stripe"],
        &["get", "Stripe", "--version", "1"],
        &["token", "ls"],
        &["token", "create", "x", "--all"],
        &["token", "rm", "ci"],
        &["token", "uses", "ci"],
        &["edit", "Stripe"],
        &["import", ".env", "--yes"],
        &["export", "--format", "json", "--yes"],
        &["test", "Stripe", "-e", "production", "--yes"],
    ] {
        let (code, said) = fails(&shell, &server, &token, words).await;
        assert_eq!(code, 2, "{words:?}: {said}");
        assert!(said.contains("token"), "{said}");
    }
    assert!(!shell.work().join("nothing").exists(), "nothing is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_programs_ask_is_answered_from_what_a_token_reads() {
    let (proxy, shell) = behind_proxy().await;
    let all = make(&shell, &["all", "--all"]).await;
    let some = make(&shell, &CI).await;
    let question = shell.work().join("question");
    let asked = "protocol=https\nhost=registry.example\n\n";
    std::fs::write(&question, asked).expect("writes");
    for (token, answer) in [
        (&all, &["username=ada", "password=canary pass word"][..]),
        (&some, &[]),
    ] {
        let mut git = shell.command(&["git-credential", "get"]);
        git.env("KEYARC_HOME", shell.work().join("nothing"))
            .env("KEYARC_TOKEN", token)
            .env("KEYARC_SERVER", proxy.origin())
            .stdin(std::fs::File::open(&question).expect("opens"));
        let out = tokio::task::spawn_blocking(move || git.output().expect("it starts"));
        let out = out.await.expect("it ends");
        let said = String::from_utf8(out.stdout).expect("UTF-8");
        let told: Vec<&str> = said.lines().collect();
        for line in answer {
            assert!(told.contains(line), "{said}");
        }
        assert_eq!(said.contains("canary"), !answer.is_empty(), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_in_the_vault_reaches_the_machine_until_it_is_revoked() {
    let shell = Shell::logged_in().await;
    let server = shell.server.origin();
    let token = make(&shell, &CI).await;
    let all = make(&shell, &["everything", "--all"]).await;
    let get = ["get", "Stripe"];
    let set = ["set", "Stripe", "-e", "production"];
    let out = shell.typed(&set, "sk_live_canary_next").await;
    assert!(out.status.success(), "{out:?}");
    assert_eq!(
        String::from_utf8_lossy(&out.stderr).lines().count(),
        1,
        "{out:?}"
    );
    assert_eq!(
        reads(&shell, &server, &token, &get).await,
        "sk_live_canary_next\n"
    );
    let new = [
        "new",
        "Adyen",
        "--folder",
        "Payments/EU",
        "-e",
        "production",
    ];
    let out = shell.typed(&new, "canary-adyen").await;
    assert!(out.status.success(), "{out:?}");
    assert_eq!(
        reads(&shell, &server, &token, &["get", "Adyen"]).await,
        "canary-adyen\n"
    );
    shell.prints(&["mv", "Adyen", "--to", "Elsewhere"]).await;
    assert_eq!(fails(&shell, &server, &token, &["get", "Adyen"]).await.0, 4);
    assert_eq!(
        reads(&shell, &server, &all, &["get", "Adyen"]).await,
        "canary-adyen\n"
    );
    shell.prints(&["mv", "Adyen", "--to", "Payments"]).await;
    assert_eq!(
        reads(&shell, &server, &token, &["get", "Adyen"]).await,
        "canary-adyen\n"
    );
    shell.prints(&["rm", "Adyen"]).await;
    assert_eq!(fails(&shell, &server, &token, &["get", "Adyen"]).await.0, 4);
    let code = reads(&shell, &server, &all, &["totp", "Second factor"]).await;
    assert_eq!(code.trim().len(), 6, "{SETUP_KEY} gives a code");

    let listed = json(&shell.prints(&["token", "ls", "--json"]).await);
    let ci = &listed[0];
    assert_eq!(
        (&ci["name"], &ci["state"]),
        (&json!("ci"), &json!("current"))
    );
    assert_eq!(
        (&ci["folders"], &ci["items"]),
        (&json!(["Payments"]), &json!(1))
    );
    assert_eq!(ci["expires_at_ms"], 7_229_260_800_000_u64);
    assert_eq!(ci["last_use"]["kind"], "opened");
    assert_eq!(ci["last_use"]["address"], "this machine");
    let table = shell.prints(&["token", "ls"]).await;
    assert!(
        table.contains("Payments/, production") && table.contains("everything"),
        "{table}"
    );
    let uses = json(&shell.prints(&["token", "uses", "ci", "--json"]).await);
    assert!(
        uses.as_array().is_some_and(|uses| uses.len() >= 5),
        "{uses}"
    );

    shell.prints(&["token", "rm", "ci"]).await;
    let (code, said) = fails(&shell, &server, &token, &get).await;
    assert_eq!(code, 8);
    assert!(said.contains("was revoked"), "{said}");
    assert!(!reads(&shell, &server, &all, &["ls"]).await.is_empty());
    let (code, said) = shell.refuses(&["token", "rm", "ci"]).await;
    assert_eq!(code, 4, "{said}");
    let listed = json(&shell.prints(&["token", "ls", "--json"]).await);
    assert_eq!(listed[0]["state"], "revoked");
    assert_eq!(listed[0]["last_use"]["kind"], "refused_revoked");
    // Its name is free again.
    make(&shell, &CI).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_made_is_refused() {
    let shell = Shell::logged_in().await;
    make(&shell, &CI).await;
    for (words, expected) in [
        (&["ci", "--all"][..], 2),
        (&["x"], 2),
        (&["x", "--all", "--folder", "Payments"], 2),
        (&["x", "--all", "--expires", "2020-01-01"], 2),
        (&["x", "--all", "--expires", "soon"], 2),
        (&["x", "--all", "--from", "10.0.0.1/8"], 2),
        (&["x", "--all", "--from", "example.org"], 2),
        (&["", "--all"], 2),
        (&["x", "--folder", "Payment"], 4),
        (&["x", "--folder", "Payments", "-e", "staging"], 4),
    ] {
        let all = [&["token", "create"], words].concat();
        let (code, said) = shell.refuses(&all).await;
        assert_eq!(code, expected, "{words:?}: {said}");
    }
    shell.prints(&["lock"]).await;
    assert_eq!(shell.refuses(&["token", "create", "x", "--all"]).await.0, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_not_good_here_and_now_is_told_why() {
    let (proxy, shell) = behind_proxy().await;
    let server = proxy.origin();
    let get = ["get", "Stripe", "-e", "production"];
    let elsewhere = make(&shell, &["elsewhere", "--all", "--from", "10.0.0.0/8"]).await;
    let (code, said) = fails(&shell, &server, &elsewhere, &get).await;
    assert_eq!(code, 8);
    assert!(said.contains("address"), "{said}");
    let here = make(
        &shell,
        &["here", "--all", "--from", "127.0.0.1", "--from", "::1"],
    )
    .await;
    assert_eq!(
        reads(&shell, &server, &here, &get).await,
        format!("{LIVE}\n")
    );

    let now = 1_790_000_000_000_u64;
    let skew = Answer {
        status: 403,
        content_type: "application/problem+json".to_owned(),
        body: json!({
            "code": "clock_skew", "message": "No.", "action": "No.", "server_time_ms": now,
        })
        .to_string()
        .into_bytes(),
    };
    proxy.lie(move |asked, answer| {
        if asked.path == paths::MACHINE_OPEN {
            *answer = skew.clone();
        }
    });
    let (code, said) = fails(&shell, &server, &here, &get).await;
    assert_eq!(code, 8);
    assert!(said.contains("clock is") && said.contains("days"), "{said}");
    proxy.tell_the_truth();

    let store = shell.server.db().store();
    let end = "UPDATE machine_tokens SET expires_at_ms = 1";
    store.sabotage(end).await.expect("the database");
    let (code, said) = fails(&shell, &server, &here, &get).await;
    assert_eq!(code, 8);
    assert!(said.contains("has ended"), "{said}");

    let mut mistyped = here.clone().into_bytes();
    mistyped[50] = if mistyped[50] == b'7' { b'8' } else { b'7' };
    let mistyped = String::from_utf8(mistyped).expect("ASCII");
    for (token, at) in [
        (mistyped.as_str(), server.as_str()),
        (&here[..95], server.as_str()),
        ("kas1_of-a-session", server.as_str()),
        (" ", server.as_str()),
        (here.as_str(), ""),
        (here.as_str(), "keyarc.example"),
    ] {
        let (code, said) = fails(&shell, at, token, &get).await;
        assert_eq!(code, 2, "{said}");
    }
    assert_eq!(fails(&shell, "http://127.0.0.1:9", &here, &get).await.0, 7);
    // One that the server does not know.
    let remove = "DELETE FROM machine_tokens";
    store.sabotage(remove).await.expect("the database");
    let (code, said) = fails(&shell, &server, &here, &get).await;
    assert_eq!(code, 8);
    assert!(said.contains("not accepted"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_copy_that_was_touched_is_printed() {
    let (proxy, shell) = behind_proxy().await;
    let server = proxy.origin();
    let token = make(&shell, &CI).await;
    let get = ["get", "Stripe"];
    let run = [
        "run",
        "--set",
        "A=keyarc://personal/Payments/Stripe/value",
        "--",
        "echo",
        "ran",
    ];
    assert_eq!(reads(&shell, &server, &token, &run).await, "ran\n");
    let honest = records(&last_opened(&proxy));
    for at in 0..honest.len() {
        let mut spoilt = honest.clone();
        let bytes = match &mut spoilt[at] {
            Change::Item(item) => &mut item.live.as_mut().expect("live").1.0,
            Change::Manifest(manifest) => &mut manifest.0,
            Change::Details(details) => &mut details.details.0,
            Change::Grant(grant) => &mut grant.0,
            Change::Waiting(waiting) => &mut waiting.change.0,
        };
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let body = stream(&spoilt);
        proxy.lie(move |asked, answer| {
            if asked.path == paths::MACHINE_OPEN {
                answer.body.clone_from(&body);
            }
        });
        for words in [&get[..], &run] {
            let (code, said) = fails(&shell, &server, &token, words).await;
            assert_eq!(code, 9, "{at} {words:?}: {said}");
        }
    }
    proxy.tell_the_truth();
    assert_eq!(
        reads(&shell, &server, &token, &get).await,
        format!("{LIVE}\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_stands_where_a_token_could_not_be_brought_up_to_date() {
    let (proxy, shell) = behind_proxy().await;
    let server = proxy.origin();
    let token = make(&shell, &CI).await;
    let away = Answer {
        status: 503,
        content_type: "text/html".to_owned(),
        body: b"away".to_vec(),
    };
    proxy.route(move |asked| {
        let is_copy = asked.path.starts_with(paths::MACHINE_TOKENS);
        match is_copy && asked.path.ends_with("/items") {
            true => Delivery::Instead(away.clone()),
            false => Delivery::Once,
        }
    });
    let set = ["set", "Stripe", "-e", "production"];
    let out = shell.typed(&set, "sk_live_canary_next").await;
    assert!(out.status.success(), "{out:?}");
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(said.contains("token ci still reads older values"), "{said}");
    let own = ["get", "Stripe", "-e", "production"];
    assert_eq!(shell.prints(&own).await, "sk_live_canary_next\n");
    assert_eq!(
        reads(&shell, &server, &token, &["get", "Stripe"]).await,
        format!("{LIVE}\n")
    );
    proxy.route(|_| Delivery::Once);
    let listed = json(&shell.prints(&["token", "ls", "--json"]).await);
    assert_eq!(listed[0]["state"], "current");
    assert_eq!(
        reads(&shell, &server, &token, &["get", "Stripe"]).await,
        "sk_live_canary_next\n"
    );
}
