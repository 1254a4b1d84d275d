//! `run --mask`: what a command prints of its secrets is hidden, and the command is itself for the
//! rest.

use std::{
    io::{Read as _, Write as _},
    process::Stdio,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    fixture::{LIVE, Shell, refused},
    terminal::{at_terminal, terminal, until},
};

const STRIPE: &str = "STRIPE=keyarc://personal/Payments/Stripe/value?environment=production";
const LINES: &str = "LINES_OF=keyarc://personal/Service/LINES";
const REGION: &str = "REGION=keyarc://personal/Service/REGION";

fn words<'a>(script: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec!["run", "--mask", "--no-env-file", "--set", STRIPE];
    words.extend_from_slice(more);
    words.extend_from_slice(&["--", "sh", "-c", script]);
    words
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_command_prints_of_its_secrets_is_hidden_in_both_streams() {
    let shell = Shell::logged_in().await;
    let script = r#"
        printf 'a %s b\377\n' "$STRIPE"
        printf '%s' "$STRIPE" | cut -c 1-9 | tr -d '\n'; sleep 0.4; printf '%s' "$STRIPE" | cut -c 10-
        printf '%s' "$STRIPE" | od -An -tx1 | tr -d ' \n'
        printf '\n'
        printf 'user:%s' "$STRIPE" | base64
        printf '%s\n' "$LINES_OF" >&2
        printf 'and %s\n' "$STRIPE" >&2
        exit 7"#;
    let out = shell
        .run(&words(script, &["--set", LINES, "--set", REGION]))
        .await;
    assert_eq!(out.status.code(), Some(7), "{out:?}");
    let lines: Vec<&[u8]> = out.stdout.split(|byte| *byte == b'\n').collect();
    assert_eq!(lines[0], b"a ******** b\xff");
    assert_eq!(lines[1], b"********", "over two pieces");
    assert_eq!(lines[2], b"********", "in hexadecimal");
    let base64 = String::from_utf8_lossy(lines[3]);
    assert!(
        base64.starts_with("dXNlc") && base64.contains("********"),
        "{base64}"
    );
    assert!(base64.len() < 20, "{base64}");
    let said = String::from_utf8(out.stderr).expect("UTF-8");
    let about = "keyarc: REGION is not masked: its value has fewer than 4 bytes\n";
    assert_eq!(said, format!("{about}********\nand ********\n"));

    // What is no reference is no secret of the vault.
    std::fs::write(shell.work().join(".env"), "LEVEL=information\n").expect("writes");
    let words = ["run", "--mask", "--", "sh", "-c", "echo $LEVEL"];
    assert_eq!(shell.prints(&words).await, "information\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_run_or_shown_when_it_cannot_be() {
    let shell = Shell::logged_in().await;
    let nothing = ["run", "--mask", "--", "keyarc-no-such-command"];
    let (code, said) = shell.refuses(&nothing).await;
    assert_eq!(code, 4, "{said}");
    let set = "A=keyarc://personal/Nothing/value";
    let (code, _) = shell
        .refuses(&["run", "--mask", "--set", set, "--", "echo", "ran"])
        .await;
    assert_eq!(code, 4);
    let out = shell.run(&words("kill -KILL $$", &[])).await;
    assert_eq!(refused(&out).0, 137);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_reach_the_command_and_what_it_prints_shows_at_once() {
    let shell = Shell::logged_in().await;
    for (signal, name) in [
        (Signal::INT, "INT"),
        (Signal::TERM, "TERM"),
        (Signal::HUP, "HUP"),
        (Signal::QUIT, "QUIT"),
    ] {
        let script = format!(
            "trap 'echo got {name}; exit 3' {name}; printf 'ready? sk_'; while :; do sleep 0.05; done"
        );
        let mut command = shell.command(&words(&script, &[]));
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut from = child.stdout.take().expect("a pipe");
        let ended = tokio::task::spawn_blocking(move || {
            // A question without a line end, although a secret begins like its end.
            let mut shown = [0; 10];
            from.read_exact(&mut shown).expect("it asks");
            assert_eq!(&shown, b"ready? sk_");
            let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
            kill_process(id.expect("an id"), signal).expect("is sent");
            let mut rest = String::new();
            from.read_to_string(&mut rest).expect("reads");
            (rest, child.wait().expect("it ends").code())
        });
        let (rest, code) = ended.await.expect("it ends");
        assert_eq!((rest.as_str(), code), (&*format!("got {name}\n"), Some(3)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_at_a_terminal_has_one_and_keys_reach_it() {
    let shell = Shell::logged_in().await;
    let script = r#"
        test -t 0 && test -t 1 && test -t 2 && stty size </dev/tty
        printf 'name? '; read -r name; echo "$name and $STRIPE"
        trap 'echo interrupted; exit 5' INT; echo waits; while :; do sleep 0.05; done"#;
    let (mut here, there) = terminal();
    let mut child = at_terminal(&shell, &words(script, &[]), &there)
        .spawn()
        .expect("it starts");
    let before = rustix::termios::tcgetattr(&there).expect("has modes");
    let ended = tokio::task::spawn_blocking(move || {
        let mut shown = String::new();
        until(&mut here, &mut shown, "name? ");
        here.write_all(b"ada\r").expect("types");
        until(&mut here, &mut shown, "waits\r\n");
        // The key, not the signal.
        here.write_all(b"\x03").expect("types");
        until(&mut here, &mut shown, "interrupted\r\n");
        // As long as this end is open, the other has modes.
        (shown, child.wait().expect("it ends").code(), here)
    });
    let ended = tokio::time::timeout(Duration::from_secs(60), ended).await;
    let (shown, code, _here) = ended.expect("in time").expect("it ends");
    assert_eq!(code, Some(5), "{shown}");
    assert!(shown.contains("33 77\r\n"), "{shown}");
    assert!(shown.contains("ada and ********\r\n"), "{shown}");
    assert!(!shown.contains(LIVE), "{shown}");
    let after = rustix::termios::tcgetattr(&there).expect("has modes");
    assert_eq!(after.local_modes, before.local_modes, "as it was");

    // Only what is a terminal is replaced by one.
    let (mut here, there) = terminal();
    let script =
        r#"test -t 1 && echo "no pipe"; test -t 2 && echo "err $STRIPE" >&2; echo "out $STRIPE""#;
    let mut command = at_terminal(&shell, &words(script, &[]), &there);
    let out = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let ended = tokio::task::spawn_blocking(move || {
        let mut shown = String::new();
        until(&mut here, &mut shown, "err ********\r\n");
        out.wait_with_output().expect("it ends")
    });
    let out = ended.await.expect("it ends");
    assert_eq!(String::from_utf8_lossy(&out.stdout), "out ********\n");
    drop(there);
}
