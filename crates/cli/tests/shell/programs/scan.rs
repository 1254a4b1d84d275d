//! Secrets in files, in what is to be committed, and in what was.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    process::Command,
};

use serde_json::Value;

use crate::{
    fixture::{Shell, refused},
    json,
};

/// In two halves, so that this file is no finding itself.
fn stripe() -> String {
    ["sk_live_", "9zQ4mT7xW2kLpR5vB8nC3dFh"].concat()
}

fn github() -> String {
    ["ghp_", "R7k2mQ9xW4tLpZ5vB8nC3dFhJ6sG1yTqA0eU"].concat()
}

fn git(shell: &Shell, words: &[&str]) {
    let out = Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"])
        .args(words)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", shell.work())
        .current_dir(shell.work())
        .output()
        .expect("git runs");
    assert!(out.status.success(), "{words:?}: {out:?}");
}

/// Exit code, standard output and what it says; a secret is in neither.
async fn scan(shell: &Shell, words: &[&str]) -> (i32, String, String) {
    let out = shell.run(&[&["scan"], words].concat()).await;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (told, said) = (text(&out.stdout), text(&out.stderr));
    for secret in [stripe(), github()] {
        assert!(
            !told.contains(&secret) && !said.contains(&secret),
            "{told}{said}"
        );
    }
    (out.status.code().expect("it ends"), told, said)
}

fn write(shell: &Shell, name: &str, text: &str) {
    let path = shell.work().join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("makes");
    fs::write(path, text).expect("writes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_looked_through_but_for_what_is_left_out() {
    let shell = Shell::new().await;
    assert_eq!(scan(&shell, &[]).await.0, 0);
    let line = format!("const KEY = \"{}\";\n", stripe());
    write(&shell, "src/a.js", &format!("// first\n{line}"));
    write(
        &shell,
        "src/allowed.js",
        &line.replace('\n', " // keyarc:allow\n"),
    );
    write(&shell, ".hidden/b", &format!("token: {}\n", github()));
    write(&shell, "left-out/c", &line);
    write(&shell, "build/d", &line);
    write(&shell, "binary", &format!("\0{line}"));
    write(
        &shell,
        "large",
        &format!("{}{line}", "x\n".repeat(6 * 1024 * 1024)),
    );
    write(&shell, "odd\u{1b}[2J\nname", &line);
    write(&shell, ".gitignore", "left-out/\n");
    write(&shell, ".keyarcignore", "# of the build\nbuild/\n");
    symlink("a.js", shell.work().join("src/link")).expect("links");
    let (code, told, said) = scan(&shell, &[]).await;
    assert_eq!(code, 10, "{said}");
    let expected = [
        ".hidden/b:1  GitHub personal token  ",
        "odd\u{fffd}[2J\u{fffd}name:1  ",
        "src/a.js:2  Stripe live secret key  sk_live_…3dFh  fingerprint:",
    ];
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{told}");
    for (line, start) in lines.iter().zip(expected) {
        assert!(line.starts_with(start), "{line}");
    }
    assert!(
        said.contains("not looked at: large: larger than 10 MB"),
        "{said}"
    );
    assert!(said.contains("3 secrets were found."), "{said}");

    let (code, told, _) = scan(&shell, &["left-out/c", "src"]).await;
    assert_eq!(
        (code, told.lines().count()),
        (10, 2),
        "what is named is looked through: {told}"
    );
    let (_, told, _) = scan(&shell, &["--ignored", "left-out", "build"]).await;
    assert_eq!(told.lines().count(), 1, "{told}");

    let (code, told, _) = scan(&shell, &["--json", "src"]).await;
    let found = json(&told);
    assert_eq!(
        (code, found[0]["path"].as_str(), &found[0]["line"]),
        (10, Some("src/a.js"), &2.into())
    );
    let (_, told, _) = scan(&shell, &["--sarif", "src"]).await;
    let result = &json(&told)["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "stripe-live-secret-key");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "src/a.js");
    assert_eq!(place["region"]["startLine"], 2);

    // What is known, by what tells it from others.
    let fingerprint = found[0]["fingerprint"].as_str().expect("a text");
    write(
        &shell,
        ".keyarcignore",
        &format!("build/\nfingerprint:{fingerprint}\n"),
    );
    let (_, told, _) = scan(&shell, &[]).await;
    assert_eq!(told.lines().count(), 1, "{told}");
    assert_eq!(scan(&shell, &["src"]).await.0, 0);

    for (words, code) in [
        (&["nowhere"][..], 1),
        (&["--staged"], 1),
        (&["--history"], 1),
        (&["--staged", "src"], 2),
        (&["--move"], 2),
        (&["--yes"], 2),
    ] {
        let (is, told, said) = scan(&shell, words).await;
        assert_eq!((is, told.as_str()), (code, ""), "{words:?}: {said}");
    }
    fs::write(shell.work().join(".keyarcignore"), "[z-a]").expect("writes");
    assert_eq!(scan(&shell, &["src"]).await.0, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn git_is_looked_through_before_a_commit_and_long_after_it() {
    let shell = Shell::new().await;
    git(&shell, &["init", "-q", "-b", "main"]);
    // A repository may say that Git runs something whenever it looks.
    let ran = shell.work().join("ran");
    write(
        &shell,
        "evil",
        &format!("#!/bin/sh\ntouch '{}'\n", ran.display()),
    );
    fs::set_permissions(shell.work().join("evil"), fs::Permissions::from_mode(0o700))
        .expect("changes");
    let evil = shell.work().join("evil").display().to_string();
    git(&shell, &["config", "diff.external", &evil]);
    git(&shell, &["config", "diff.x.textconv", &evil]);
    write(&shell, ".gitattributes", "* diff=x\n");
    let line = format!("KEY = \"{}\"\n", stripe());
    write(&shell, "src/a.txt", &line);
    write(&shell, "clean.txt", "nothing\n");
    git(&shell, &["add", "src", "clean.txt"]);
    git(&shell, &["config", "core.fsmonitor", &evil]);
    // It is what is staged that counts, not what the file is by now.
    write(&shell, "src/a.txt", "nothing any more\n");
    let (code, told, said) = scan(&shell, &["--staged"]).await;
    assert_eq!(code, 10, "{said}");
    assert!(
        told.starts_with("src/a.txt:1  Stripe live secret key"),
        "{told}"
    );
    assert!(!ran.exists(), "a repository's program has run");
    git(&shell, &["config", "--unset", "core.fsmonitor"]);
    git(&shell, &["commit", "-q", "-m", "one"]);
    assert_eq!(scan(&shell, &["--staged"]).await.0, 0);

    git(&shell, &["rm", "-q", "-f", "src/a.txt"]);
    git(&shell, &["commit", "-q", "-m", "two"]);
    git(&shell, &["checkout", "-q", "-b", "other"]);
    write(&shell, "other.txt", &format!("{line}{}\n", github()));
    git(&shell, &["add", "other.txt"]);
    git(&shell, &["commit", "-q", "-m", "three"]);
    git(&shell, &["checkout", "-q", "main"]);
    assert_eq!(
        scan(&shell, &[]).await.0,
        0,
        "nothing of it stands in a file"
    );
    let (code, told, said) = scan(&shell, &["--history", "--json"]).await;
    assert_eq!(code, 10, "{said}");
    let found = json(&told);
    let all: Vec<(&str, &Value)> = found
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["path"].as_str().expect("a path"), &one["line"]))
        .collect();
    assert_eq!(all.len(), 3, "{told}");
    for one in [("src/a.txt", 1), ("other.txt", 1), ("other.txt", 2)] {
        assert!(all.contains(&(one.0, &one.1.into())), "{told}");
    }
    assert_eq!(found[0]["blob"].as_str().map(str::len), Some(40));
    write(&shell, ".keyarcignore", "other.txt\n");
    let (_, told, _) = scan(&shell, &["--history"]).await;
    assert_eq!(told.lines().count(), 1, "{told}");
    // From a folder below, too.
    write(&shell, "deep/x", &line);
    let mut below = shell.command(&["scan", "--history"]);
    below.current_dir(shell.work().join("deep"));
    assert_eq!(below.output().expect("it starts").status.code(), Some(10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_found_in_a_file_of_variables_moves_into_the_vault() {
    let shell = Shell::logged_in().await;
    let env = shell.work().join(".env");
    let before = format!(
        "# keys\nSTRIPE_KEY=\"{}\"  # live\nPORT=3000\nGITHUB_TOKEN={}\n",
        stripe(),
        github()
    );
    write(&shell, ".env", &before);
    fs::set_permissions(&env, fs::Permissions::from_mode(0o640)).expect("changes");
    let read = || fs::read_to_string(&env).expect("reads");

    for (words, code) in [
        (&["--move", ".env"][..], 2),
        (&["--move", ".env", ".env", "--yes"], 2),
        (&["--move", "evil", "--yes"], 2),
        (&["--move", ".env", "--yes", "--folder", "a\tb"], 2),
        (&["--move", ".env", "--yes", "--set", ""], 2),
    ] {
        write(&shell, "evil", "KEY=x\n");
        assert_eq!(scan(&shell, words).await.0, code, "{words:?}");
        assert_eq!(read(), before, "{words:?}");
    }
    let count = async || json(&shell.prints(&["status", "--json"]).await)["items"].clone();
    assert_eq!(count().await, 7, "nothing was moved");

    let (code, _, said) = scan(
        &shell,
        &[
            "--move", ".env", "--yes", "--folder", "/App/", "-e", "Staging",
        ],
    )
    .await;
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("STRIPE_KEY  ") && said.contains("sk_live_…3dFh"),
        "{said}"
    );
    assert_eq!(
        read(),
        "# keys\nSTRIPE_KEY=keyarc://personal/App/STRIPE_KEY/value?environment=staging  # live\nPORT=3000\nGITHUB_TOKEN=keyarc://personal/App/GITHUB_TOKEN/value?environment=staging\n"
    );
    assert_eq!(
        fs::metadata(&env).expect("is there").permissions().mode() & 0o777,
        0o640
    );
    let values = shell.prints(&["env", "--format", "json"]).await;
    assert_eq!(json(&values)["STRIPE_KEY"], stripe());
    assert_eq!(json(&values)["GITHUB_TOKEN"], github());
    let (code, _, said) = scan(&shell, &["--move", ".env", "--yes"]).await;
    assert!(code == 0 && said.contains("nothing to move"), "{said}");

    // A reference leads to one item, so that none of the name may be there.
    write(&shell, ".env", &before);
    let (code, _, said) = scan(&shell, &["--move", ".env", "--yes", "--folder", "App"]).await;
    assert!(code == 2 && said.contains("in the vault already"), "{said}");
    assert_eq!(read(), before);
    // As one environment set, through a link.
    symlink(".env", shell.work().join(".env.link")).expect("links");
    let (code, _, said) = scan(
        &shell,
        &["--move", ".env.link", "--yes", "--set", "App keys"],
    )
    .await;
    assert_eq!(code, 0, "{said}");
    assert!(
        read().contains("STRIPE_KEY=keyarc://personal/App%20keys/STRIPE_KEY  # live"),
        "{}",
        read()
    );
    let link = fs::symlink_metadata(shell.work().join(".env.link")).expect("is there");
    assert!(link.is_symlink());
    assert_eq!(
        shell
            .prints(&["get", "App keys", "-f", "GITHUB_TOKEN", "-n"])
            .await,
        github()
    );

    // What is not written as it is stays, and is told.
    write(&shell, ".env", &format!("A=\"{}\\n\"\n", stripe()));
    let (code, _, said) = scan(&shell, &["--move", ".env", "--yes"]).await;
    assert!(code == 10 && said.contains("line 1 stays"), "{said}");
    write(&shell, ".env", &before);
    shell.prints(&["lock"]).await;
    let out = shell
        .run(&["scan", "--move", ".env", "--yes", "--set", "Other"])
        .await;
    assert_eq!(refused(&out).0, 3);
    assert_eq!(read(), before);
}
