//! `keyarc.toml`: what it picks, and what one from somebody else cannot do.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Output};

use crate::fixture::{LIVE, Shell, TEST, refused};

fn project(shell: &Shell, text: &str) {
    fs::write(shell.work().join("keyarc.toml"), text).expect("writes");
}

/// From a folder below.
async fn below(shell: &Shell, words: &[&str]) -> Output {
    let deep = shell.work().join("src/deep");
    fs::create_dir_all(&deep).expect("makes");
    let mut command = shell.command(words);
    command.current_dir(deep);
    tokio::task::spawn_blocking(move || command.output().expect("it starts"))
        .await
        .expect("it ends")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_picks_folder_environment_and_files() {
    let shell = Shell::logged_in().await;
    let origin = shell.server.origin();
    project(
        &shell,
        &format!(
            "vault = 'personal'\nfolder = 'Payments'\nenvironment = 'test'\nenv-file = 'config/dev.env'\nserver = '{origin}'\n"
        ),
    );
    let get = ["get", "-n", "Stripe"];
    let out = below(&shell, &get).await;
    assert_eq!(String::from_utf8_lossy(&out.stdout), TEST, "{out:?}");
    // A flag wins, and so does the variable.
    let words = ["get", "-n", "Stripe", "-e", "production"];
    assert_eq!(shell.prints(&words).await, LIVE);
    let by_variable = [("KEYARC_ENVIRONMENT", "production".as_ref())];
    let out = shell.typed_with(&get, "", &by_variable).await;
    assert_eq!(String::from_utf8_lossy(&out.stdout), LIVE, "{out:?}");

    fs::create_dir_all(shell.work().join("config")).expect("makes");
    fs::write(
        shell.work().join("config/dev.env"),
        "KEY=keyarc://personal/Payments/Stripe/value\nLEVEL=info\n",
    )
    .expect("writes");
    fs::write(shell.work().join(".env"), "LEVEL=other\n").expect("writes");
    let run = ["run", "--", "sh", "-c", "printf '%s %s' $KEY $LEVEL"];
    let out = below(&shell, &run).await;
    assert_eq!(String::from_utf8_lossy(&out.stdout), format!("{TEST} info"));
    let words = [
        "run",
        "--env-file",
        ".env",
        "--",
        "sh",
        "-c",
        "printf $LEVEL",
    ];
    assert_eq!(shell.prints(&words).await, "other");

    // What is made goes there, is found there first, and elsewhere where it is not there.
    let out = shell.typed(&["new", "Registry"], "of the project").await;
    assert!(out.status.success(), "{out:?}");
    assert_eq!(
        shell.prints(&["get", "-n", "registry"]).await,
        "of the project"
    );
    let words = ["get", "-n", "keyarc://personal/Registry/password"];
    assert_eq!(shell.prints(&words).await, "canary pass word");
    let words = ["get", "-n", "Service", "-f", "REGION"];
    assert_eq!(shell.prints(&words).await, "eu");
    let out = shell
        .typed(&["new", "Deep", "--folder", "Payments/EU"], "deep")
        .await;
    assert!(out.status.success(), "{out:?}");
    assert_eq!(shell.prints(&["get", "-n", "EU/Deep"]).await, "deep");
    assert_eq!(
        shell.prints(&["get", "-n", "Payments/EU/Deep"]).await,
        "deep"
    );
    assert_eq!(shell.refuses(&["get", "Strpe"]).await.0, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_of_somebody_else_leads_nowhere() {
    let shell = Shell::logged_in().await;
    let run = [
        "run",
        "--set",
        "A=keyarc://personal/Registry/password",
        "--",
        "echo",
        "ran",
    ];
    for (text, told) in [
        (
            "server = 'https://evil.example'",
            "is for https://evil.example",
        ),
        (
            "server = 'https://e\u{202e}vil.example'",
            "is for https://e\u{fffd}vil",
        ),
        ("run = 'rm -rf'", "there is no run"),
        ("enviroment = 'test'", "Did you mean environment?"),
        ("env-file = '../../secrets.env'", "env-file"),
        ("folder = ", "line 1"),
    ] {
        project(&shell, text);
        for words in [&["get", "Registry"][..], &run] {
            let (code, said) = shell.refuses(words).await;
            assert_eq!(code, 2, "{text}: {said}");
            assert!(said.contains(told), "{text}: {said}");
        }
    }
    project(&shell, "folder = 'Payments'");
    let path = shell.work().join("keyarc.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o646)).expect("changes");
    let (code, said) = refused(&shell.run(&["get", "Registry"]).await);
    assert_eq!(code, 1);
    assert!(said.contains("chmod o-w"), "{said}");
    // What opens nothing is not held up by it.
    shell.prints(&["status"]).await;
    shell.prints(&["lock"]).await;
}
