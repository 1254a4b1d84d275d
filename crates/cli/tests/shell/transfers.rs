//! `import` and `export`: files into the vault and out of it.

use std::{fs, io::Write as _, os::unix::fs::PermissionsExt as _, path::PathBuf};

use serde_json::Value;

use crate::{
    fixture::{LIVE, Shell, TEST, refused},
    terminal::{at_terminal, terminal, until},
};

fn write(shell: &Shell, name: &str, text: &str) -> PathBuf {
    let path = shell.work().join(name);
    fs::write(&path, text).expect("writes");
    path
}

async fn count(shell: &Shell) -> usize {
    let listed: Value = serde_json::from_str(&shell.prints(&["ls", "--json"]).await).expect("JSON");
    listed.as_array().expect("a list").len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_shown_first_and_written_once_somebody_agrees() {
    let shell = Shell::logged_in().await;
    write(
        &shell,
        "app.env",
        "OPENAI_KEY=canary-one\nEVIL\u{202e}=x\nDATABASE=canary-two\nBROKEN='not closed\nDATABASE=canary-two\n",
    );
    let words = ["import", "app.env", "--folder", "Apps", "--dry-run"];
    let text = shell.prints(&words).await;
    assert!(
        text.contains("OpenAI key") && text.contains("DATABASE"),
        "{text}"
    );
    assert!(!text.contains("canary"), "{text}");
    assert_eq!(count(&shell).await, 7, "nothing is written");
    let (code, said) = shell.refuses(&words[..2]).await;
    assert_eq!(code, 2);
    assert!(said.contains("--yes") && said.contains("line 4"), "{said}");
    assert!(
        !said.contains("canary") && !said.contains('\u{202e}'),
        "{said}"
    );
    assert_eq!(count(&shell).await, 7, "nothing is written");

    let words = [
        "import", "app.env", "--folder", "Apps", "--tag", "new", "--yes", "--json",
    ];
    let told: Value = serde_json::from_str(&shell.prints(&words).await).expect("JSON");
    assert_eq!(told["added"], 2);
    assert_eq!(
        shell.prints(&["get", "-n", "Apps/DATABASE"]).await,
        "canary-two"
    );
    // What is there already is not added again.
    let out = shell.run(&["import", "app.env", "--yes"]).await;
    assert!(out.status.success(), "{out:?}");
    assert!(
        String::from_utf8_lossy(&out.stderr).contains("Added 0 items"),
        "{out:?}"
    );

    let words = [
        "import", "-", "--format", "env", "--as-set", "Worker", "--yes",
    ];
    let out = shell.typed(&words, "A=1\nB=2\n").await;
    assert!(out.status.success(), "{out:?}");
    assert_eq!(
        shell.prints(&["env", "Worker", "--format", "dotenv"]).await,
        "A=1\nB=2\n"
    );

    for (words, code, told) in [
        (vec!["import", "nowhere.env", "--yes"], 1, "cannot read"),
        (
            vec!["import", "app.env", "--format", "bitwarden-jsn"],
            2,
            "did you mean bitwarden-json",
        ),
        (
            vec!["import", "app.env", "--format", "1pux", "--yes"],
            2,
            "app.env",
        ),
        (vec!["import", "-", "--stdin"], 2, "either"),
    ] {
        let (is, said) = shell.refuses(&words).await;
        assert_eq!(is, code, "{words:?}: {said}");
        assert!(said.contains(told), "{words:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_goes_out_and_comes_back() {
    let shell = Shell::logged_in().await;
    let (code, said) = shell.refuses(&["export", "-o", "all.keyarc"]).await;
    assert_eq!(code, 2, "{said}");
    let words = ["export", "--stdin", "-o", "all.keyarc"];
    let (code, said) = refused(&shell.typed(&words, "too short\n").await);
    assert_eq!(code, 2, "{said}");
    let out = shell.typed(&words, "a long password of its own\n").await;
    assert!(out.status.success(), "{out:?}");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(said.contains("7 items"), "{said}");
    let path = shell.work().join("all.keyarc");
    let bytes = fs::read(&path).expect("reads");
    assert!(
        !bytes
            .windows(LIVE.len())
            .any(|part| part == LIVE.as_bytes())
    );
    let mode = fs::metadata(&path).expect("is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // It does not go in the place of what is there.
    let (code, said) = refused(&shell.typed(&words, "a long password of its own\n").await);
    assert_eq!(code, 2);
    assert!(said.contains("--force"), "{said}");
    assert_eq!(fs::read(&path).expect("reads"), bytes);

    // Into another account.
    let other = Shell::logged_in().await;
    for name in ["Registry", "Service", "Second factor"] {
        other.prints(&["rm", name]).await;
    }
    let from = path.to_str().expect("UTF-8");
    let words = ["import", from, "--yes", "--stdin", "--json"];
    let (code, said) = refused(&other.typed(&words, "another password\n").await);
    assert_eq!(code, 8, "{said}");
    let (code, said) = other.refuses(&["import", from, "--yes"]).await;
    assert_eq!(code, 2, "{said}");
    let out = other.typed(&words, "a long password of its own\n").await;
    assert!(out.status.success(), "{out:?}");
    let told: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(told["added"], 3, "{told}");
    assert_eq!(
        other.prints(&["get", "-n", "Registry"]).await,
        "canary pass word"
    );

    // One for the setup code opens by itself where that is known.
    shell
        .prints(&["export", "--setup-code", "-o", "own.keyarc"])
        .await;
    shell.prints(&["rm", "Registry"]).await;
    shell.prints(&["import", "own.keyarc", "--yes"]).await;
    assert_eq!(
        shell.prints(&["get", "-n", "Registry"]).await,
        "canary pass word"
    );
    let own = shell.work().join("own.keyarc");
    let words = ["import", own.to_str().expect("UTF-8"), "--yes", "--stdin"];
    let (code, _) = refused(&other.typed(&words, "KA1-WRONG\n").await);
    assert_eq!(code, 8);
    let out = other.typed(&words, &format!("{}\n", shell.code)).await;
    assert!(out.status.success(), "{out:?}");
    // Spoilt, it is refused whole.
    let mut spoilt = bytes.clone();
    let at = spoilt.len() / 2;
    spoilt[at] ^= 1;
    fs::write(&path, spoilt).expect("writes");
    let words = ["import", from, "--yes", "--stdin"];
    let (code, _) = refused(&other.typed(&words, "a long password of its own\n").await);
    assert!(code == 2 || code == 8, "{code}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_out_in_clear_is_agreed_to_and_told() {
    let shell = Shell::logged_in().await;
    for format in ["env", "json", "csv", "bitwarden"] {
        let words = ["export", "--format", format];
        let (code, said) = shell.refuses(&words).await;
        assert_eq!(code, 2);
        assert!(
            said.contains("in clear") && said.contains("--yes"),
            "{said}"
        );
        let out = shell.run(&[&words[..], &["--yes"]].concat()).await;
        assert!(out.status.success(), "{out:?}");
        let text = String::from_utf8(out.stdout).expect("UTF-8");
        assert!(
            text.contains(LIVE) && text.contains(TEST),
            "{format}: {text}"
        );
    }
    let words = [
        "export",
        "--format",
        "json",
        "--yes",
        "--environment",
        "test",
        "-o",
        "some.json",
    ];
    let out = shell.run(&words).await;
    assert!(out.status.success(), "{out:?}");
    let path = shell.work().join("some.json");
    let text = fs::read_to_string(&path).expect("reads");
    assert!(text.contains(TEST) && !text.contains(LIVE), "{text}");
    let mode = fs::metadata(&path).expect("is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(shell.refuses(&words).await.0, 2, "it is there");
    shell.prints(&[&words[..], &["--force"]].concat()).await;
    let out = shell
        .run(&["export", "--format", "env", "--yes", "Registry"])
        .await;
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(said.contains("items of the kind login (1)"), "{said}");
    let (code, _) = shell
        .refuses(&["export", "--format", "json", "--yes", "nothing like it"])
        .await;
    assert_eq!(code, 4);
    let (code, _) = shell
        .refuses(&["export", "--format", "json", "--yes", "--setup-code"])
        .await;
    assert_eq!(code, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_comes_in_by_one_write() {
    let shell = Shell::logged_in().await;
    let lines: String = (0..3_000)
        .map(|at| format!("NAME_{at}=value-{at}\n"))
        .collect();
    write(&shell, "large.env", &lines);
    let out = shell.run(&["import", "large.env", "--yes"]).await;
    assert!(out.status.success(), "{out:?}");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(
        said.contains("2960 more") && said.contains("Added 3000 items"),
        "{said}"
    );
    assert_eq!(
        shell.prints(&["get", "-n", "NAME_2999"]).await,
        "value-2999"
    );
    let out = shell.run(&["history", "NAME_1", "--json"]).await;
    let versions: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    assert_eq!(versions.as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_at_a_terminal_is_asked_first() {
    let shell = Shell::logged_in().await;
    write(&shell, "app.env", "NEW_ONE=canary-one\n");
    for (words, question, answer, code) in [
        (&["import", "app.env"][..], "Add 1 item? [y/N] ", "\r", 2),
        (&["import", "app.env"], "Add 1 item? [y/N] ", "y\r", 0),
        (
            &["export", "--format", "json", "-o", "a.json"],
            "Go on? [y/N] ",
            "no\r",
            2,
        ),
        (
            &["export", "--format", "json", "-o", "a.json"],
            "Go on? [y/N] ",
            "yes\r",
            0,
        ),
    ] {
        let (mut here, there) = terminal();
        let mut child = at_terminal(&shell, words, &there)
            .spawn()
            .expect("it starts");
        let ended = tokio::task::spawn_blocking(move || {
            let mut shown = String::new();
            until(&mut here, &mut shown, question);
            here.write_all(answer.as_bytes()).expect("types");
            (shown, child.wait().expect("it ends").code(), here)
        });
        let (shown, ended, _here) = ended.await.expect("it ends");
        assert_eq!(ended, Some(code), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
    }
    assert_eq!(shell.prints(&["get", "-n", "NEW_ONE"]).await, "canary-one");
    assert!(shell.work().join("a.json").is_file());
}
