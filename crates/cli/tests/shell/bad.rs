//! Input that nobody should give, and what becomes of it.

use std::{
    ffi::OsStr,
    fs,
    io::{Read as _, Write as _},
    os::unix::{ffi::OsStrExt as _, process::ExitStatusExt as _},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    fixture::{LIVE, PASSWORD, SETUP_KEY, Shell, TEST, keeper_of, keepers_of, refused},
    json,
};

const STRIPE: &str = "STRIPE=keyarc://personal/Payments/Stripe/value?environment=production";

/// With bytes on standard input.
async fn given(mut command: Command, typed: Vec<u8>) -> Output {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let ended = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().expect("it starts");
        let mut input = child.stdin.take().expect("a pipe");
        // While it reads it may print, and while it is written to it may have refused.
        let writing = thread::spawn(move || input.write_all(&typed));
        let out = child.wait_with_output().expect("it ends");
        let _ = writing.join().expect("it ends");
        out
    });
    ended.await.expect("it ends")
}

async fn made(shell: &Shell, name: &str, value: &[u8]) {
    let out = given(shell.command(&["new", name]), value.to_vec()).await;
    assert!(out.status.success(), "{name}: {out:?}");
}

fn pid(child: &Child) -> Pid {
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    id.expect("an id")
}

/// Starts a command and waits until it says that it is there.
fn ready(mut command: Command) -> Child {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut said = [0; 6];
    let from = child.stdout.as_mut().expect("a pipe");
    from.read_exact(&mut said).expect("it says so");
    assert_eq!(&said, b"ready\n");
    child
}

/// What other processes may see of one, and none of the secrets.
fn shows_no_secret(id: u32) {
    for name in ["cmdline", "environ"] {
        let shown = fs::read(format!("/proc/{id}/{name}")).expect("reads");
        for secret in [PASSWORD, LIVE, TEST, SETUP_KEY] {
            let found = shown
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!found, "{name} of {id} has {secret}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_unlock_at_once_one_holds_the_keys() {
    let shell = Shell::logged_in().await;
    for _ in 0..3 {
        shell.prints(&["lock"]).await;
        let typed = format!("{PASSWORD}\n");
        let unlock = || shell.typed(&["unlock", "--stdin"], &typed);
        let (one, two, three) = tokio::join!(unlock(), unlock(), unlock());
        let codes = [one, two, three].map(|out| {
            let said = String::from_utf8_lossy(&out.stderr).into_owned();
            let code = out.status.code().expect("it ends by itself");
            assert!(code == 0 || said.contains("unlocked already"), "{said}");
            code
        });
        assert!(codes.contains(&0), "{codes:?}");
        assert_eq!(keepers_of(&shell.home()).len(), 1);
        let words = ["get", "-n", "Service", "-f", "REGION"];
        assert_eq!(shell.prints(&words).await, "eu");
    }
    // Two homes have one each.
    let other = Shell::logged_in().await;
    made(&other, "Only here", b"of the other").await;
    assert_eq!(
        other.prints(&["get", "-n", "Only here"]).await,
        "of the other"
    );
    assert_eq!(shell.refuses(&["get", "Only here"]).await.0, 4);
    assert_ne!(keeper_of(&shell.home()), keeper_of(&other.home()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_ignores_signals_is_waited_for() {
    let shell = Shell::logged_in().await;
    let script = "trap '' TERM INT HUP QUIT; echo ready; sleep 1; echo $STRIPE; exit 5";
    for mask in [&[][..], &["--mask"]] {
        let before = [&["run"], mask, &["--no-env-file", "--set", STRIPE, "--"]].concat();
        let words = [&before[..], &["sh", "-c", script]].concat();
        let command = shell.command(&words);
        let ended = tokio::task::spawn_blocking(move || {
            let child = ready(command);
            for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT] {
                kill_process(pid(&child), signal).expect("is sent");
            }
            child.wait_with_output().expect("it ends")
        });
        let out = ended.await.expect("it ends");
        assert_eq!(out.status.code(), Some(5), "{mask:?}: {out:?}");
        let printed = String::from_utf8(out.stdout).expect("UTF-8");
        assert_eq!(printed == "********\n", !mask.is_empty(), "{printed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_with_line_ends_and_nul_come_as_they_are_or_not_at_all() {
    let shell = Shell::logged_in().await;
    made(&shell, "Nul", b"canary\0nul").await;
    made(&shell, "Lines", b"canary\r\n\tone\n\ntwo\n\n").await;
    assert_eq!(shell.prints(&["get", "-n", "Nul"]).await, "canary\0nul");
    let lines = "canary\r\n\tone\n\ntwo\n";
    assert_eq!(shell.prints(&["get", "-n", "Lines"]).await, lines);
    let template = "{{ keyarc://personal/Nul/value }}|{{ keyarc://personal/Lines/value }}";
    let filled = given(shell.command(&["inject"]), template.into()).await;
    assert_eq!(
        filled.stdout,
        format!("canary\0nul|{lines}").into_bytes(),
        "{filled:?}"
    );
    let set = "LINES=keyarc://personal/Lines/value";
    let print = ["--", "sh", "-c", "printf %s \"$LINES\""];
    let run = [&["run", "--set", set][..], &print].concat();
    assert_eq!(shell.prints(&run).await, lines);
    fs::write(
        shell.work().join(".env"),
        "LINES=keyarc://personal/Lines/value\n",
    )
    .expect("writes");
    let script = "eval \"$(\"$0\" env)\"; printf %s \"$LINES\"";
    let eval = shell.command(&[]);
    let program = eval.get_program().to_owned();
    let mut sh = Command::new("sh");
    sh.args(["-c", script])
        .arg(&program)
        .envs(
            eval.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(shell.work());
    let out = tokio::task::spawn_blocking(move || sh.output().expect("it starts"));
    assert_eq!(out.await.expect("it ends").stdout, lines.as_bytes());

    // No environment can hold one.
    let set = "NUL=keyarc://personal/Nul/value";
    for words in [
        &["run", "--set", set, "--", "echo", "ran"][..],
        &["run", "--mask", "--set", set, "--", "echo", "ran"],
    ] {
        let (code, said) = shell.refuses(words).await;
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("NUL: its value has a NUL in it"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
    fs::write(
        shell.work().join("nul.env"),
        "NUL=keyarc://personal/Nul/value\n",
    )
    .expect("writes");
    for format in ["shell", "dotenv", "docker", "github"] {
        let words = ["env", "--env-file", "nul.env", "--format", format];
        let (code, said) = shell.refuses(&words).await;
        assert_eq!(code, 2, "{format}: {said}");
        assert!(said.contains("NUL") && !said.contains("canary"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_utf_8_is_refused_where_it_would_be_kept_and_else_left_alone() {
    let shell = Shell::logged_in().await;
    let odd = b"canary\xff\xfe";
    for words in [
        &["new", "Odd"][..],
        &["set", "Registry"],
        &["inject"],
        &["import", "-", "--format", "env", "--yes"],
    ] {
        let (code, said) = refused(&given(shell.command(words), odd.to_vec()).await);
        assert_eq!(code, 2, "{words:?}: {said}");
        assert!(!said.contains("canary"), "{words:?}: {said}");
    }
    assert_eq!(
        shell.prints(&["get", "-n", "Registry"]).await,
        "canary pass word"
    );
    fs::write(shell.work().join("odd.env"), b"A=canary\xff\n").expect("writes");
    for words in [
        &["run", "--env-file", "odd.env", "--", "echo", "ran"][..],
        &["env", "--env-file", "odd.env"],
        &["inject", "-i", "odd.env"],
    ] {
        let (code, said) = shell.refuses(words).await;
        assert_eq!(code, 2, "{words:?}: {said}");
        assert!(said.contains("odd.env is no text"), "{words:?}: {said}");
    }
    let argument = OsStr::from_bytes(b"Odd\xff");
    let mut get = shell.command(&["get"]);
    get.arg(argument);
    let (code, _) = refused(&given(get, Vec::new()).await);
    assert_eq!(code, 2);
    // A variable and an argument of the command are its own matter.
    let words = ["run", "--", "sh", "-c", "printf '%s|%s' \"$ODD\" \"$0\""];
    let mut run = shell.command(&words);
    run.arg(argument).env("ODD", OsStr::from_bytes(odd));
    let out = given(run, Vec::new()).await;
    assert_eq!(out.stdout, b"canary\xff\xfe|Odd\xff", "{out:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_values_come_whole_and_are_never_cut() {
    let shell = Shell::logged_in().await;
    let large: String = (0..900_000_u32)
        .map(|at| char::from(b'a' + (at % 23) as u8))
        .collect();
    made(&shell, "Large", large.as_bytes()).await;
    assert!(shell.prints(&["get", "-n", "Large"]).await == large);
    let all = json(&shell.prints(&["get", "Large", "--json"]).await);
    assert!(all["fields"]["value"] == large.as_str());
    // Twelve of them, in a template of a megabyte.
    let text = "text ".repeat(200_000);
    let template = "{{ keyarc://personal/Large/value }}".repeat(12) + &text;
    let out = given(shell.command(&["inject"]), template.into()).await;
    assert!(out.stdout == (large.repeat(12) + &text).into_bytes());
    let template = "{{ keyarc://personal/Large/value }}".repeat(12);
    let words = ["inject", "-o", "large.txt"];
    let out = given(shell.command(&words), template.into()).await;
    assert!(out.status.success(), "{out:?}");
    let written = fs::read_to_string(shell.work().join("large.txt")).expect("reads");
    assert!(written == large.repeat(12));
    // More than one value may have is not cut.
    for size in [1024 * 1024 + 1, 10_000_000] {
        for words in [&["new", "Larger"][..], &["set", "Registry"]] {
            let out = given(shell.command(words), vec![b'x'; size]).await;
            let (code, said) = refused(&out);
            assert_eq!(code, 2, "{words:?}: {said}");
            assert!(said.contains("at most 1 MB"), "{words:?}: {said}");
        }
    }
    assert_eq!(shell.refuses(&["get", "Larger"]).await.0, 4);
    assert_eq!(
        shell.prints(&["get", "-n", "Registry"]).await,
        "canary pass word"
    );

    made(&shell, "Fits", &large.as_bytes()[..100_000]).await;
    let set = "FITS=keyarc://personal/Fits/value";
    let words = ["run", "--set", set, "--", "sh", "-c", "echo ${#FITS}"];
    assert_eq!(shell.prints(&words).await, "100000\n");
    // Linux takes 128 kB of one variable, and other systems a megabyte of all.
    let values = ["LARGE", "A", "B"].map(|name| format!("{name}=keyarc://personal/Large/value"));
    let sets = values.each_ref().map(|value| ["--set", value.as_str()]);
    for mask in [&[][..], &["--mask"]] {
        let words = [&["run"], mask, &sets.concat(), &["--", "echo", "ran"]].concat();
        let (code, said) = shell.refuses(&words).await;
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("larger than this system allows"), "{said}");
        assert!(said.contains("alone has 900000 bytes"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_lead_elsewhere_write_nothing_there() {
    let shell = Shell::logged_in().await;
    for (name, is_made) in [
        ("escaped\u{1b}[2J", false),
        ("escaped\u{202e}", false),
        ("../../escaped", true),
    ] {
        let words = ["new", name, "--folder", "../..", "-e", "../e"];
        let out = given(shell.command(&words), b"canary".to_vec()).await;
        assert_eq!(out.status.success(), is_made, "{name:?}: {out:?}");
    }
    let inside = shell.work().join("a/b");
    fs::create_dir_all(&inside).expect("makes");
    for format in ["json", "csv", "env", "bitwarden", "archive"] {
        let words = ["export", "--format", format, "-o", format];
        let more: &[&str] = match format {
            "archive" => &["--setup-code"],
            _ => &["--yes"],
        };
        let mut command = shell.command(&[&words[..], more].concat());
        command.current_dir(&inside);
        let out = given(command, Vec::new()).await;
        assert!(out.status.success(), "{format}: {out:?}");
    }
    let mut files = Vec::new();
    let mut folders = vec![shell.work()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path.strip_prefix(&inside).ok().map(PathBuf::from)),
            }
        }
    }
    files.sort();
    let expected = ["archive", "bitwarden", "csv", "env", "json"].map(|name| Some(name.into()));
    assert_eq!(files, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_process_shows_a_secret_to_others() {
    let shell = Shell::logged_in().await;
    shows_no_secret(keeper_of(&shell.home()));
    let script = "printf 'ready\n'; read -r line; echo $STRIPE";
    let words = ["run", "--mask", "--no-env-file", "--set", STRIPE, "--"];
    let mut command = shell.command(&[&words[..], &["sh", "-c", script]].concat());
    command.stdin(Stdio::piped());
    let mut server = shell.command(&["mcp"]);
    fs::write(shell.home().join("mcp.toml"), "folders = [\"\"]\n").expect("writes");
    let own = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600);
    fs::set_permissions(shell.home().join("mcp.toml"), own).expect("changes");
    server.stdin(Stdio::piped()).stdout(Stdio::piped());
    let ended = tokio::task::spawn_blocking(move || {
        let mut child = ready(command);
        shows_no_secret(child.id());
        drop(child.stdin.take());
        let out = child.wait_with_output().expect("it ends");
        assert_eq!(out.stdout, b"********\n");

        let mut child = server.spawn().expect("it starts");
        let mut to = child.stdin.take().expect("a pipe");
        let ask = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_items","arguments":{}}}"#;
        writeln!(to, "{ask}").expect("is asked");
        let mut from = child.stdout.take().expect("a pipe");
        from.read_exact(&mut [0; 8]).expect("it answers");
        shows_no_secret(child.id());
        drop(to);
        child.wait().expect("it ends")
    });
    ended.await.expect("it ends");
}

/// A shell that wants core dumps, and becomes the program.
fn dumping(shell: &Shell, words: &[&str]) -> Command {
    let inner = shell.command(words);
    let mut sh = Command::new("sh");
    sh.args(["-c", "ulimit -c unlimited 2>/dev/null; exec \"$@\"", "sh"])
        .arg(inner.get_program())
        .args(inner.get_args())
        .envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(shell.work())
        .stdin(Stdio::piped());
    sh
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_leaves_nothing_behind() {
    let shell = Shell::logged_in().await;
    let script = "printf 'ready\n'; read -r line";
    let run = ["run", "--no-env-file", "--set", STRIPE];
    let masked = [&run[..], &["--mask", "--", "sh", "-c", script]].concat();
    let plain = [&run[..], &["--", "sh", "-c", script]].concat();
    let commands = [masked, plain].map(|words| dumping(&shell, &words));
    let ended = tokio::task::spawn_blocking(move || {
        commands.map(|command| {
            let mut child = ready(command);
            kill_process(pid(&child), Signal::ABORT).expect("is sent");
            let status = child.wait().expect("it ends");
            assert_eq!(status.signal(), Some(6));
            status.core_dumped()
        })
    });
    let [masked, plain] = ended.await.expect("it ends");
    assert!(!masked, "it holds secrets");
    // What `run` becomes is the command's own matter, where the system writes dumps at all.
    let limit = fs::read_to_string("/proc/self/limits").expect("reads");
    let core = limits_of_core(&limit);
    assert!(plain || core.1 == "0", "{core:?}");

    let keeper = keeper_of(&shell.home());
    let known = fs::read_to_string(format!("/proc/{keeper}/limits")).expect("reads");
    assert_eq!(limits_of_core(&known), ("0".to_owned(), "0".to_owned()));
    let id = i32::try_from(keeper).ok().and_then(Pid::from_raw);
    kill_process(id.expect("an id"), Signal::ABORT).expect("is sent");
    while !keepers_of(&shell.home()).is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for folder in [PathBuf::from("/"), shell.home()] {
        for entry in fs::read_dir(folder).expect("a folder") {
            let name = entry.expect("an entry").file_name();
            let name = name.to_string_lossy().into_owned();
            assert!(!name.ends_with(&format!(".{keeper}")), "{name}");
        }
    }
}

/// The soft and the hard one.
#[cfg(target_os = "linux")]
fn limits_of_core(limits: &str) -> (String, String) {
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let mut words = line.expect("it is told").split_whitespace().skip(4);
    let mut next = || words.next().expect("two of them").to_owned();
    (next(), next())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_logged() {
    let shell = Shell::logged_in().await;
    for words in [
        &["get", "-n", "Stripe", "-e", "production"][..],
        &[
            "run",
            "--set",
            STRIPE,
            "--",
            "sh",
            "-c",
            "printf %s $STRIPE",
        ],
    ] {
        let mut command = shell.command(words);
        command
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full");
        let out = given(command, Vec::new()).await;
        assert_eq!(String::from_utf8_lossy(&out.stdout), LIVE);
        assert_eq!(String::from_utf8_lossy(&out.stderr), "");
    }
}
