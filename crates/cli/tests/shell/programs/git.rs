//! Git asks `keyarc git-credential`, the real one, for a password and for a clone.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Output, Stdio},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use keyarc_vault::ItemDraft;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::{login, token, with};
use crate::fixture::{Shell, refused};

const GITHUB: &str = "ghp_canary0123456789abcdefghijklmnopqrstu";

/// Git with this program as its only helper, which asks nobody.
fn git(shell: &Shell, words: &[&str]) -> Command {
    let helper = format!(
        "credential.helper={} git-credential",
        env!("CARGO_BIN_EXE_keyarc")
    );
    let mut command = Command::new("git");
    command
        .args(["-c", "credential.helper=", "-c", &helper])
        .args(words)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("KEYARC_HOME", shell.home())
        .env("HOME", shell.work())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .current_dir(shell.work());
    command
}

async fn fill(shell: &Shell, more: &[&str], asked: &str) -> Output {
    let words = [more, &["credential", "fill"]].concat();
    let mut command = git(shell, &words);
    let asked = asked.to_owned();
    let run = move || {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("git starts");
        let mut input = child.stdin.take().expect("a pipe");
        let _ = std::io::Write::write_all(&mut input, asked.as_bytes());
        drop(input);
        child.wait_with_output().expect("it ends")
    };
    tokio::task::spawn_blocking(run).await.expect("it ends")
}

fn of(environment: &str, draft: ItemDraft) -> ItemDraft {
    ItemDraft {
        environment: Some(environment.to_owned()),
        ..draft
    }
}

/// A question, the arguments of the helper, what it answers, and what it says.
type Case = (
    &'static str,
    &'static [&'static str],
    Option<(&'static str, &'static str)>,
    &'static str,
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn git_is_told_what_is_for_precisely_that_place_and_nothing_else() {
    let shell = with(vec![
        token("GitHub", "github", GITHUB, &[]),
        login(
            "GitHub's pages",
            "https://github.com/login",
            "ada",
            "canary-site",
        ),
        token(
            "Ours",
            "gitlab",
            "glpat-canary-own",
            &[("URL", "https://git.example:8443")],
        ),
        login("Wiki", "wiki.example", "ada", "canary-ada"),
        login("Wiki, old", "https://wiki.example", "bob", "canary-bob"),
        login("Team", "https://paths.example/team", "team", "canary-team"),
        login("All", "https://paths.example", "all", "canary-all"),
        of(
            "test",
            login("Box", "https://box.example", "t", "canary-box-test"),
        ),
        of(
            "live",
            login("Box", "https://box.example", "l", "canary-box-live"),
        ),
        token(
            "Lines",
            "gitlab",
            "canary\nhost=evil.example",
            &[("url", "https://lines.example")],
        ),
        login("NUL", "https://nul.example", "ada", "canary\0nul"),
        login("In clear", "http://clear.example", "ada", "canary-clear"),
        login("\u{200b}One", "https://two.example", "a", "canary-one"),
        login("Other", "https://two.example", "b", "canary-two"),
        login(
            "Nameless",
            "https://nameless.example",
            "",
            "canary-nameless",
        ),
    ])
    .await;
    let cases: [Case; 20] = [
        // A token goes before a password, which GitHub does not take.
        ("host=github.com", &[], Some(("x-access-token", GITHUB)), ""),
        (
            "host=github.com\nusername=ada",
            &[],
            Some(("ada", "canary-site")),
            "",
        ),
        (
            "host=github.com\nusername=bob",
            &[],
            Some(("bob", GITHUB)),
            "",
        ),
        ("host=github.com:8443", &[], None, "could not read"),
        ("host=evil.github.com", &[], None, "could not read"),
        (
            "host=git.example:8443",
            &[],
            Some(("oauth2", "glpat-canary-own")),
            "",
        ),
        ("host=git.example", &[], None, "could not read"),
        // What says that it is of another place is not for the provider's.
        ("host=gitlab.com", &[], None, "could not read"),
        ("host=wiki.example", &[], None, "Wiki, Wiki, old"),
        (
            "host=wiki.example\nusername=bob",
            &[],
            Some(("bob", "canary-bob")),
            "",
        ),
        (
            "host=wiki.example\nusername=eve",
            &[],
            None,
            "could not read",
        ),
        (
            "host=paths.example\npath=team/site.git",
            &["-c", "credential.useHttpPath=true"],
            Some(("team", "canary-team")),
            "",
        ),
        (
            "host=paths.example\npath=teams/site.git",
            &["-c", "credential.useHttpPath=true"],
            Some(("all", "canary-all")),
            "",
        ),
        ("host=box.example", &[], None, "Box (live), Box (test)"),
        ("host=lines.example", &[], None, "line end"),
        ("host=nul.example", &[], None, "or a NUL"),
        ("host=two.example", &[], None, "\u{fffd}One"),
        ("host=nameless.example", &[], None, "says no user name"),
        ("protocol=http\nhost=clear.example", &[], None, "in clear"),
        ("protocol=ssh\nhost=github.com", &[], None, "could not read"),
    ];
    for (asked, more, expected, said) in cases {
        let out = fill(&shell, more, &format!("protocol=https\n{asked}\n\n")).await;
        let told = String::from_utf8_lossy(&out.stdout).into_owned();
        let says = String::from_utf8_lossy(&out.stderr).into_owned();
        match expected {
            Some((username, password)) => {
                assert!(out.status.success(), "{asked}: {says}");
                let lines = format!("\nusername={username}\npassword={password}\n");
                assert!(told.ends_with(&lines), "{asked}: {told}");
            }
            None => {
                assert!(!out.status.success(), "{asked}: {told}");
                assert!(says.contains(said), "{asked}: {says}");
                assert!(
                    !told.contains("canary") && !says.contains("canary"),
                    "{told}{says}"
                );
                assert!(!says.contains('\u{200b}'), "{says}");
            }
        }
    }
    let box_of = "protocol=https\nhost=box.example\n\n";
    let words = ["git-credential", "get", "-e", "test"];
    let out = shell.typed(&words, box_of).await;
    assert_eq!(out.stdout, b"username=t\npassword=canary-box-test\n");
    let words = ["git-credential", "get", "-e", "other"];
    let (code, said) = refused(&shell.typed(&words, box_of).await);
    assert_eq!(
        (code, said.as_str()),
        (0, ""),
        "never that of another environment"
    );

    // What Git says goes nowhere, and what it may yet ask for is no mistake.
    let before = shell.prints(&["ls", "--json"]).await;
    for operation in ["store", "erase", "capability"] {
        let asked = "protocol=https\nhost=wiki.example\nusername=bob\npassword=canary-bob\n\n";
        let out = shell.typed(&["git-credential", operation], asked).await;
        assert_eq!(refused(&out), (0, String::new()), "{operation}");
    }
    assert_eq!(shell.prints(&["ls", "--json"]).await, before);
    for asked in [
        "protocol=https\nhost=github.com\r\n\n",
        "protocol=https\nhost=github.com\0\n\n",
    ] {
        let (code, _) = refused(&shell.typed(&["git-credential", "get"], asked).await);
        assert_eq!(code, 2, "{asked:?}");
    }

    // Under the name by which Git finds it.
    let linked = shell.work().join("git-credential-keyarc");
    symlink(env!("CARGO_BIN_EXE_keyarc"), &linked).expect("links");
    let helper = format!("credential.helper={}", linked.display());
    let out = fill(
        &shell,
        &["-c", "credential.helper=", "-c", &helper],
        "protocol=https\nhost=github.com\n\n",
    )
    .await;
    assert!(
        String::from_utf8_lossy(&out.stdout).contains(GITHUB),
        "{out:?}"
    );

    shell.prints(&["lock"]).await;
    let out = fill(&shell, &[], "protocol=https\nhost=github.com\n\n").await;
    let says = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(
        !out.status.success() && says.contains("keyarc unlock"),
        "{says}"
    );
}

/// Serves files to whoever says the right name and password, one connection after the other.
async fn serve(listener: TcpListener, folder: &Path, expected: &str) {
    let wanted = format!("Authorization: Basic {}", BASE64_STANDARD.encode(expected));
    loop {
        let (mut line, _) = listener.accept().await.expect("somebody comes");
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            match line.read_u8().await {
                Ok(byte) => asked.push(byte),
                Err(_) => break,
            }
        }
        let asked = String::from_utf8_lossy(&asked).into_owned();
        let path = asked.split([' ', '?']).nth(1).unwrap_or_default();
        let content = fs::read(folder.join(path.trim_start_matches('/')));
        let (status, more, body) = match content {
            _ if !asked.lines().any(|line| line == wanted) => (
                "401 Unauthorized",
                "WWW-Authenticate: Basic realm=\"x\"\r\n",
                Vec::new(),
            ),
            Ok(content) => ("200 OK", "", content),
            Err(_) => ("404 Not Found", "", Vec::new()),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\n{more}Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let _ = line.write_all(&[head.as_bytes(), &body].concat()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repository_behind_a_password_is_cloned() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let url = format!("http://{address}");
    let shell = with(vec![
        login("Ours", &url, "ada", "canary pass: word"),
        login("Another port", "http://127.0.0.1:1", "eve", "canary-eve"),
    ])
    .await;
    let run = |words: &[&str]| {
        let out = git(&shell, words).output().expect("git runs");
        assert!(out.status.success(), "{words:?}: {out:?}");
    };
    run(&["init", "-q", "-b", "main", "source"]);
    fs::write(shell.work().join("source/read-me"), "hello\n").expect("writes");
    run(&["-C", "source", "add", "."]);
    let author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
    run(&[&["-C", "source"], &author[..], &["commit", "-q", "-m", "x"]].concat());
    run(&["clone", "-q", "--bare", "source", "site.git"]);
    run(&["-C", "site.git", "update-server-info"]);

    let folder = shell.work();
    let server =
        tokio::spawn(async move { serve(listener, &folder, "ada:canary pass: word").await });
    let mut clone = git(&shell, &["clone", "-q", &format!("{url}/site.git"), "copy"]);
    let out = tokio::task::spawn_blocking(move || clone.output().expect("git runs"));
    let out = out.await.expect("it ends");
    assert!(out.status.success(), "{out:?}");
    server.abort();
    let copied = fs::read_to_string(shell.work().join("copy/read-me"));
    assert_eq!(copied.expect("was cloned"), "hello\n");
}
