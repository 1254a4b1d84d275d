//! `edit`: an editor on a file in memory, which is gone in the end.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    fixture::{Shell, refused},
    terminal::{at_terminal, terminal, until},
};

/// An editor that does what a script says: the file is `$1`.
fn editor(shell: &Shell, script: &str) -> PathBuf {
    let path = shell.work().join("my editor");
    fs::write(&path, format!("#!/bin/sh\nset -e\n{script}\n")).expect("writes");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("changes");
    path
}

async fn edit(shell: &Shell, words: &[&str], script: &str) -> Output {
    let path = editor(shell, script);
    let quoted = format!("'{}'", path.display());
    let words = [&["edit"], words].concat();
    shell
        .typed_with(&words, "", &[("VISUAL", quoted.as_ref())])
        .await
}

/// Where the editor found its file.
fn told_path(shell: &Shell) -> PathBuf {
    let told = fs::read_to_string(shell.work().join("path")).expect("was told");
    PathBuf::from(told.trim())
}

const TELL: &str = "printf '%s' \"$1\" > path; stat -c '%a' \"$1\" \"$(dirname \"$1\")\" > modes; cp \"$1\" seen; ";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_is_edited_in_memory_and_nothing_is_left() {
    let shell = Shell::logged_in().await;
    let script = format!(
        "{TELL} sed -i 's/canary pass word/the next one/; s/ada@example.org/b@example.org/' \"$1\"; cp \"$1\" \"$1~\""
    );
    let out = edit(&shell, &["Registry"], &script).await;
    assert!(out.status.success(), "{out:?}");
    assert_eq!(String::from_utf8_lossy(&out.stderr), "Changed Registry\n");
    assert_eq!(
        shell.prints(&["get", "-n", "Registry"]).await,
        "the next one"
    );
    let words = ["get", "-n", "Registry", "-f", "Recovery address"];
    assert_eq!(shell.prints(&words).await, "b@example.org");
    let seen = fs::read_to_string(shell.work().join("seen")).expect("reads");
    assert_eq!(
        seen,
        "password = \"canary pass word\"\nusername = \"ada\"\nurl = \"https://registry.example\"\nnotes = \"\"\n\n[fields]\n\"Recovery address\" = \"ada@example.org\"\n"
    );
    assert_eq!(
        fs::read_to_string(shell.work().join("modes")).expect("reads"),
        "600\n700\n"
    );
    let path = told_path(&shell);
    assert!(
        !path.parent().expect("a folder").exists(),
        "{}",
        path.display()
    );
    assert!(path.starts_with("/dev/shm"), "{}", path.display());
    // What it was stays.
    let words = ["get", "-n", "Registry", "--version", "1"];
    assert_eq!(shell.prints(&words).await, "canary pass word");

    let out = edit(
        &shell,
        &["Service"],
        "printf 'REGION=us\\nNEW=\"a b\"\\n' > \"$1\"",
    )
    .await;
    assert!(out.status.success(), "{out:?}");
    let words = ["env", "Service", "--format", "dotenv"];
    assert_eq!(shell.prints(&words).await, "NEW='a b'\nREGION=us\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_changed_or_given_up_is_not_written() {
    let shell = Shell::logged_in().await;
    let version = async || shell.prints(&["history", "Registry", "--json"]).await;
    let before = version().await;
    let out = edit(&shell, &["Registry"], "true").await;
    assert!(out.status.success(), "{out:?}");
    assert_eq!(
        String::from_utf8_lossy(&out.stderr),
        "Nothing was changed.\n"
    );
    let (code, said) = refused(
        &edit(
            &shell,
            &["Registry"],
            &format!("{TELL} echo x > \"$1\"; exit 3"),
        )
        .await,
    );
    assert_eq!(code, 1);
    assert!(said.contains("nothing was changed"), "{said}");
    assert!(!told_path(&shell).exists());
    let (code, _) = refused(&edit(&shell, &["Nothing"], "true").await);
    assert_eq!(code, 4);
    let (code, _) = refused(&edit(&shell, &["Stripe"], "true").await);
    assert_eq!(code, 5);
    assert_eq!(version().await, before);
}

/// What is kept of what was written.
fn kept(said: &str) -> (PathBuf, String) {
    let path = said.split_once("kept in ").expect("is told").1;
    let path = PathBuf::from(path.split_once(", in memory").expect("is told").0);
    let text = fs::read_to_string(&path).expect("is kept");
    (path, text)
}

fn removed(path: &Path) {
    fs::remove_dir_all(path.parent().expect("a folder")).expect("removes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_typed_is_lost_to_a_mistake_or_another_device() {
    let shell = Shell::logged_in().await;
    let script = "printf 'password = \"canary typed\\n' > \"$1\"";
    let (code, said) = refused(&edit(&shell, &["Registry"], script).await);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("line 1") && !said.contains("canary typed"),
        "{said}"
    );
    let (path, text) = kept(&said);
    assert_eq!(text, "password = \"canary typed\n");
    removed(&path);

    // Meanwhile somebody else, who is this editor.
    let own = env!("CARGO_BIN_EXE_keyarc");
    let script =
        format!("printf theirs | '{own}' set Registry; sed -i 's/canary pass word/mine/' \"$1\"");
    let (code, said) = refused(&edit(&shell, &["Registry"], &script).await);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("changed elsewhere"), "{said}");
    let (path, text) = kept(&said);
    assert!(text.contains("mine"), "{text}");
    removed(&path);
    assert_eq!(shell.prints(&["get", "-n", "Registry"]).await, "theirs");

    // A rule of the vault is a mistake like any other.
    let long = format!("printf 'A%s=1\\n' '{}' > \"$1\"", "B".repeat(300));
    let (code, said) = refused(&edit(&shell, &["Service"], &long).await);
    assert_eq!(code, 2, "{said}");
    removed(&kept(&said).0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_leaves_nothing_behind() {
    let shell = Shell::logged_in().await;
    let path = editor(&shell, &format!("{TELL} touch ready; exec sleep 60"));
    for signal in [Signal::TERM, Signal::HUP] {
        let ready = shell.work().join("ready");
        let _ = fs::remove_file(&ready);
        let mut command = shell.command(&["edit", "Registry"]);
        command.env("EDITOR", format!("'{}'", path.display()));
        let child = command
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let child = child.expect("it starts");
        let id = i32::try_from(child.id())
            .ok()
            .and_then(Pid::from_raw)
            .expect("an id");
        let ended = tokio::task::spawn_blocking(move || {
            while !ready.exists() {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            // Keys are the editor's.
            kill_process(id, Signal::INT).expect("is sent");
            kill_process(id, signal).expect("is sent");
            child.wait_with_output().expect("it ends")
        });
        let (code, _) = refused(&ended.await.expect("it ends"));
        assert_eq!(code, 1);
        let file = told_path(&shell);
        assert!(!file.parent().expect("a folder").exists());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_at_a_terminal_is_asked_whether_to_mend_it() {
    let shell = Shell::logged_in().await;
    // Wrong at first, and mended the second time on top of what was written.
    let script = format!(
        "{TELL} if [ -e wrong ]; then sed -i 's/^pasword/password/' \"$1\"; else touch wrong; sed -i 's/^password = .*/pasword = \"mended\"/' \"$1\"; fi"
    );
    let path = editor(&shell, &script);
    for (answer, code, value) in [("n\r", 2, "canary pass word"), ("\r", 0, "mended")] {
        let _ = fs::remove_file(shell.work().join("wrong"));
        let (mut here, there) = terminal();
        let mut command = at_terminal(&shell, &["edit", "Registry"], &there);
        command.env("VISUAL", format!("'{}'", path.display()));
        let mut child = command.spawn().expect("it starts");
        let ended = tokio::task::spawn_blocking(move || {
            let mut shown = String::new();
            until(&mut here, &mut shown, "Edit it again? [Y/n] ");
            here.write_all(answer.as_bytes()).expect("types");
            (shown, child.wait().expect("it ends").code(), here)
        });
        let (shown, ended, _here) = ended.await.expect("it ends");
        assert_eq!(ended, Some(code), "{shown}");
        assert!(shown.contains("did you mean password?"), "{shown}");
        assert!(!told_path(&shell).exists(), "nobody wants it any more");
        assert_eq!(shell.prints(&["get", "-n", "Registry"]).await, value);
    }
}
