//! The program as somebody at a shell uses it, against a real server.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "what cannot be set up must end its test"
)]

mod bad;
mod cases;
mod check;
mod doctor;
mod edit;
mod fixture;
mod integrations;
#[cfg(target_os = "linux")]
mod keyring;
mod lies;
mod link;
mod mask;
mod offline;
mod print;
mod programs;
mod project;
mod terminal;
mod tls;
mod token;
mod token_writes;
mod transfers;
mod write;

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::ExitStatusExt as _},
    path::PathBuf,
    process::Command,
    thread,
    time::Duration,
};

use keyarc_crypto::Suite;
use keyarc_vault::{Content, ItemDraft};
use serde_json::Value;

use fixture::{LIVE, PASSWORD, SETUP_KEY, Shell, TEST, keeper_of, refused};

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_is_made_known_unlocked_and_locked() {
    let shell = Shell::new().await;
    let (code, said) = shell.refuses(&["get", "Registry"]).await;
    assert_eq!(code, 6);
    assert!(said.contains("keyarc login"), "{said}");

    let out = shell.log_in(&[]).await;
    assert!(out.status.success(), "{out:?}");
    let status = json(&shell.prints(&["status", "--json"]).await);
    assert_eq!(status["unlocked"], true);
    assert_eq!(status["account"], "ada@example.com");
    assert_eq!(status["items"], 7);
    assert_eq!(
        shell.prints(&["get", "Registry", "-f", "username"]).await,
        "ada\n"
    );
    let (code, _) = refused(&shell.log_in(&[]).await);
    assert_eq!(code, 2, "known already");

    shell.prints(&["lock"]).await;
    shell.prints(&["lock"]).await;
    let (code, said) = shell.refuses(&["get", "Registry"]).await;
    assert_eq!(code, 3);
    assert!(said.contains("keyarc unlock"), "{said}");
    assert_eq!(
        json(&shell.prints(&["status", "--json"]).await)["unlocked"],
        false
    );

    let out = shell
        .typed(&["unlock", "--stdin"], &format!("{PASSWORD}\n"))
        .await;
    assert!(out.status.success(), "{out:?}");
    // What was seen before tells now that this is the newest state.
    let status = json(&shell.prints(&["status", "--json"]).await);
    assert_eq!(status["freshness_verified"], true);
    shell.prints(&["logout"]).await;
    let (code, _) = shell.refuses(&["status"]).await;
    assert_eq!(code, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_opens_nothing_is_told_apart() {
    let shell = Shell::new().await;
    let origin = shell.server.origin();
    let login = ["login", "--stdin", "--server", &origin];
    let wrong = shell
        .typed(&login, &format!("{}\nanother password\n", shell.code))
        .await;
    assert_eq!(refused(&wrong).0, 8);
    let no_code = shell
        .typed(&login, &format!("KA1-WRONG\n{PASSWORD}\n"))
        .await;
    assert_eq!(refused(&no_code).0, 2);
    let one_line = shell.typed(&login, "only this\n").await;
    assert_eq!(refused(&one_line).0, 2);
    for server in [
        "http://keyarc.example",
        "keyarc.example",
        "https://keyarc.example/vault",
    ] {
        let out = shell
            .typed(&["login", "--stdin", "--server", server], "a\nb\n")
            .await;
        let (code, said) = refused(&out);
        assert_eq!(code, 2, "{said}");
    }
    let typed = format!("{}\n{PASSWORD}\n", shell.code);
    let nobody = ["login", "--stdin", "--server", "http://127.0.0.1:9"];
    assert_eq!(refused(&shell.typed(&nobody, &typed).await).0, 7);
    // Nothing of it is kept.
    assert_eq!(shell.refuses(&["status"]).await.0, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn items_are_found_by_name_folder_environment_and_reference() {
    let shell = Shell::logged_in().await;
    for (words, value) in [
        (vec!["get", "Stripe", "-e", "production"], LIVE),
        (vec!["get", "Payments/Stripe", "-e", "test"], TEST),
        (vec!["get", "stripe", "--environment", "TEST"], TEST),
        (
            vec![
                "get",
                "keyarc://personal/Payments/Stripe/value?environment=production",
            ],
            LIVE,
        ),
        (vec!["get", "Registry"], "canary pass word"),
        (
            vec!["get", "Registry", "-f", "recovery address"],
            "ada@example.org",
        ),
        (vec!["get", "keyarc://personal/Service/REGION"], "eu"),
        (vec!["get", "Service", "-f", "LINES"], "one\ntwo"),
    ] {
        assert_eq!(
            shell.prints(&words).await,
            format!("{value}\n"),
            "{words:?}"
        );
    }
    assert_eq!(
        shell
            .prints(&["get", "-n", "Service", "-f", "REGION"])
            .await,
        "eu"
    );
    // What is meant of one-time codes is the code and never the key behind it.
    let code = shell.prints(&["get", "-n", "Second factor"]).await;
    assert!(
        code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()),
        "{code}"
    );
    assert_eq!(
        shell
            .prints(&["get", "-n", "Second factor", "-f", "setup-key"])
            .await,
        SETUP_KEY
    );
    let all = json(&shell.prints(&["get", "--json", "Registry"]).await);
    assert_eq!(all["fields"]["password"], "canary pass word");
    assert_eq!(all["kind"], "login");

    for (words, code, said) in [
        (
            vec!["get", "Stripe"],
            5,
            "Payments/Stripe (production), Payments/Stripe (test)",
        ),
        (vec!["get", "Stripe", "-e", "staging"], 4, "of staging"),
        (vec!["get", "Strpe"], 4, "Did you mean Stripe?"),
        (
            vec!["get", "Registry", "-f", "pasword"],
            4,
            "Did you mean password?",
        ),
        (vec!["get", "Service"], 4, "DATABASE_URL, REGION, LINES"),
        (vec!["get", "Only a name"], 4, "no field password"),
        (
            vec!["get", "keyarc://personal/Payment/Stripe/value"],
            4,
            "Payments/Stripe",
        ),
        (
            vec!["get", "keyarc://personal/Stripe"],
            2,
            "names an item and a field",
        ),
        (vec!["get", ""], 2, "empty"),
    ] {
        let (is, says) = shell.refuses(&words).await;
        assert_eq!(is, code, "{words:?}: {says}");
        assert!(says.contains(said), "{words:?}: {says}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_has_no_secrets_and_is_narrowed() {
    let shell = Shell::logged_in().await;
    let table = shell.prints(&["ls"]).await;
    assert!(table.starts_with("NAME"), "{table}");
    assert_eq!(table.lines().count(), 8);
    let listed = shell.prints(&["ls", "--json"]).await;
    for secret in [LIVE, TEST, SETUP_KEY, "canary pass", "postgres://db"] {
        assert!(
            !table.contains(secret) && !listed.contains(secret),
            "{secret}"
        );
    }
    let rows = json(&listed);
    let names = |rows: &Value| -> Vec<String> {
        let rows = rows.as_array().expect("a list");
        rows.iter()
            .map(|row| row["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    assert_eq!(names(&rows).len(), 7);
    let members: Vec<&String> = rows[0].as_object().expect("an object").keys().collect();
    let expected = [
        "environment",
        "expires_on",
        "folder",
        "id",
        "kind",
        "name",
        "provider",
        "tags",
        "version",
    ];
    assert_eq!(members, expected);
    let some = json(
        &shell
            .prints(&["ls", "--json", "--folder", "Payments", "-e", "test"])
            .await,
    );
    assert_eq!(names(&some), ["Stripe"]);
    let found = json(&shell.prints(&["ls", "--json", "regis"]).await);
    assert_eq!(names(&found), ["Registry"]);
    assert_eq!(
        shell
            .prints(&["ls", "nothing like it"])
            .await
            .lines()
            .count(),
        1
    );
    // The same list is told again while nothing changes, and no longer.
    assert_eq!(shell.prints(&["ls"]).await, table);
    let out = shell.typed(&["new", "Made here"], "x").await;
    assert!(out.status.success(), "{out:?}");
    assert!(shell.prints(&["ls"]).await.contains("Made here"));
    let content = Content::ApiKey {
        value: "x".to_owned(),
    };
    let draft = ItemDraft::new("Made elsewhere", content);
    shell.browser().await.save(&draft).await.expect("saves");
    // Beyond the time for which a state that was fetched is fresh.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let now = shell.prints(&["ls"]).await;
    assert!(now.contains("Made elsewhere"), "{now}");
    assert_eq!(now.lines().count(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_runs_with_secrets_in_its_environment_and_is_itself() {
    let shell = Shell::logged_in().await;
    let dot_env = shell.work().join(".env");
    fs::write(
        &dot_env,
        "# for everybody\nSTRIPE=keyarc://personal/Payments/Stripe/value\nREGION=keyarc://personal/Service/REGION\nPLAIN=\"as it is\"\n",
    )
    .expect("writes");
    let print = r#"printf '%s|%s|%s' "$STRIPE" "$REGION" "$PLAIN""#;
    let words = ["run", "-e", "production", "--", "sh", "-c", print];
    assert_eq!(shell.prints(&words).await, format!("{LIVE}|eu|as it is"));
    let words = ["run", "-e", "test", "--", "sh", "-c", print];
    assert_eq!(shell.prints(&words).await, format!("{TEST}|eu|as it is"));
    let words = [
        "run",
        "--no-env-file",
        "--set",
        "R=keyarc://personal/Service/REGION",
        "--",
        "sh",
        "-c",
        r#"printf '%s%s' "$R" "$PLAIN""#,
    ];
    assert_eq!(shell.prints(&words).await, "eu");

    // Several that have the name, and nothing is run.
    let (code, _) = shell.refuses(&["run", "--", "sh", "-c", "echo ran"]).await;
    assert_eq!(code, 5);
    let (code, said) = shell
        .refuses(&[
            "run",
            "--no-env-file",
            "--set",
            "KEY=sk_live_typed",
            "--",
            "true",
        ])
        .await;
    assert_eq!(code, 2);
    assert!(!said.contains("sk_live_typed"), "{said}");
    fs::write(&dot_env, "A=keyarc://personal/Nothing/value\n").expect("writes");
    let (code, said) = shell.refuses(&["run", "--", "echo", "ran"]).await;
    assert_eq!(code, 4, "{said}");
    fs::write(&dot_env, "A='not closed\n").expect("writes");
    let (code, said) = shell.refuses(&["run", "--", "echo", "ran"]).await;
    assert_eq!(code, 2);
    assert!(said.contains("line 1"), "{said}");
    fs::remove_file(&dot_env).expect("removes");
    let (code, _) = shell
        .refuses(&["run", "--env-file", "nowhere.env", "--", "echo"])
        .await;
    assert_eq!(code, 1);
    let (code, said) = shell
        .refuses(&["run", "--", "keyarc-no-such-command"])
        .await;
    assert_eq!(code, 4, "{said}");

    let ended = shell.run(&["run", "--", "sh", "-c", "exit 42"]).await;
    assert_eq!(ended.status.code(), Some(42));
    let killed = shell.run(&["run", "--", "sh", "-c", "kill -TERM $$"]).await;
    assert_eq!(killed.status.signal(), Some(15));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_forgotten_when_nobody_asks_and_when_the_keeper_dies() {
    let shell = Shell::new().await;
    let out = shell.log_in(&["--idle", "1s"]).await;
    assert!(out.status.success(), "{out:?}");
    assert_eq!(
        shell
            .prints(&["get", "-n", "Service", "-f", "REGION"])
            .await,
        "eu"
    );
    let mut tries = 0;
    while json(&shell.prints(&["status", "--json"]).await)["unlocked"] == true {
        // Asking is what keeps it.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        tries += 1;
        assert!(tries < 20, "it never locks");
    }
    let unlock = async || {
        let out = shell
            .typed(&["unlock", "--stdin"], &format!("{PASSWORD}\n"))
            .await;
        assert!(out.status.success(), "{out:?}");
    };
    unlock().await;
    let keeper = keeper_of(&shell.home());
    let killed = Command::new("kill")
        .args(["-KILL", &keeper.to_string()])
        .status();
    assert!(killed.expect("kill runs").success());
    assert_eq!(shell.refuses(&["get", "Registry"]).await.0, 3);
    unlock().await;
    assert_eq!(
        shell
            .prints(&["get", "-n", "Service", "-f", "REGION"])
            .await,
        "eu"
    );
    let again = shell.run(&["unlock", "--stdin"]).await;
    assert!(again.status.success(), "unlocked already: {again:?}");

    // One that has locked may still be telling the server so.
    shell.prints(&["lock"]).await;
    let lock = fs::File::options()
        .write(true)
        .open(shell.home().join("keeper.lock"))
        .expect("opens");
    lock.lock().expect("locks");
    let held = thread::spawn(move || {
        thread::sleep(Duration::from_secs(1));
        drop(lock);
    });
    unlock().await;
    held.join().expect("ends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_its_owner_ended_opens_nothing_more() {
    let shell = Shell::logged_in().await;
    let origin = shell.server.origin();
    let browser = shell.browser().await;
    let change = keyarc_client::ChangePassword {
        origin: &origin,
        current: PASSWORD,
        new: "velvet harbour copper thistle",
        suite: Suite::Pbkdf2Sha256,
    };
    browser.change_password(&change).await.expect("changes");
    // Beyond the time for which a state that was fetched is fresh.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let (code, said) = shell.refuses(&["get", "Registry"]).await;
    assert_eq!(code, 8, "{said}");
    let (code, _) = shell.refuses(&["get", "Registry"]).await;
    assert_eq!(code, 3, "the keeper has ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_secret_is_kept_here_or_shown_to_other_processes() {
    let shell = Shell::logged_in().await;
    shell.prints(&["get", "Stripe", "-e", "test"]).await;
    let secrets = [
        PASSWORD,
        LIVE,
        TEST,
        SETUP_KEY,
        "canary pass",
        "postgres://db",
    ];
    let clean = |place: &str, bytes: &[u8]| {
        for secret in secrets {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{place} has {secret}");
        }
    };
    for entry in fs::read_dir(shell.home()).expect("a folder") {
        let path = entry.expect("an entry").path();
        let mode = fs::metadata(&path).expect("is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
        if path.is_file() {
            clean(
                &path.display().to_string(),
                &fs::read(&path).expect("reads"),
            );
        }
    }
    let keeper = PathBuf::from(format!("/proc/{}", keeper_of(&shell.home())));
    for name in ["cmdline", "environ"] {
        let shown = fs::read(keeper.join(name)).unwrap_or_default();
        clean(name, &shown);
        let code = shell.code.as_bytes();
        assert!(
            !shown.windows(code.len()).any(|window| window == code),
            "{name}"
        );
    }
    let limits = fs::read_to_string(keeper.join("limits")).expect("reads");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let none = core.is_some_and(|line| line.split_whitespace().nth(4) == Some("0"));
    assert!(none, "{core:?}");

    fs::set_permissions(
        shell.home().join("account.json"),
        fs::Permissions::from_mode(0o644),
    )
    .expect("changes");
    let (code, said) = shell.refuses(&["status"]).await;
    assert_eq!(code, 1);
    assert!(said.contains("chmod 600"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completions_and_help_need_no_account() {
    let shell = Shell::new().await;
    for name in ["bash", "zsh", "fish"] {
        let script = shell.prints(&["completions", name]).await;
        assert!(script.contains("keyarc"), "{name}");
        assert!(
            !script.contains("keeper"),
            "{name} offers what nobody types"
        );
    }
    assert!(shell.prints(&["man"]).await.contains("keyarc"));
    let folder = shell.work().join("man");
    assert_eq!(
        shell.refuses(&["man", "--to", "man"]).await.0,
        1,
        "it is not there"
    );
    fs::create_dir(&folder).expect("makes");
    shell.prints(&["man", "--to", "man"]).await;
    let help = shell.prints(&["--help"]).await;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.map_while(|line| line.split_whitespace().next());
    let mut pages = 0;
    for command in commands.filter(|command| *command != "help") {
        let page = fs::read_to_string(folder.join(format!("keyarc-{command}.1")));
        assert!(page.is_ok_and(|page| page.contains(command)), "{command}");
        pages += 1;
    }
    assert!(pages >= 20 && folder.join("keyarc.1").is_file(), "{pages}");
    let help = shell.prints(&["--help"]).await;
    assert!(
        help.contains("unlock") && !help.contains("keeper"),
        "{help}"
    );
    assert_eq!(shell.refuses(&["no-such-command"]).await.0, 2);
}
