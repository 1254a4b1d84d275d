//! `login --link`: a machine that knows nobody, and an unlocked device elsewhere.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::unix::process::ExitStatusExt as _,
    process::{Child, Command},
};

use keyarc_client::{ClientError, NativeHost, NativeTransport, Session};
use keyarc_crypto::LinkCode;
use keyarc_testkit::{Proxy, mutate::Answer};
use keyarc_wire::paths;
use serde_json::json;

use crate::{
    fixture::{PASSWORD, Shell},
    terminal::{at_terminal, terminal, until, until_hidden},
};

const CODE: &str = "under \"Link a new device\":\r\n\r\n    ";
const WORDS: &str = "in this order?\r\n\r\n    ";
const SAME: &str = "They are the same: [y/N] ";
const ASKS: &str = "Master password: ";

type Browser = Session<NativeTransport, NativeHost>;

/// The program at a terminal that is its own, and somebody who reads and types there.
struct Person {
    child: Child,
    here: File,
    shown: String,
}

impl Person {
    fn begins(shell: &Shell, server: &str) -> Self {
        let (here, there) = terminal();
        let own = env!("CARGO_BIN_EXE_keyarc");
        // Passwords are asked for at the terminal that controls a process.
        let words = ["take-terminal", own, "login", "--link", "--server", server];
        let mut command: Command = at_terminal(shell, &words, &there);
        command.env("TERM", "xterm");
        let child = command.spawn().expect("it starts");
        Self {
            child,
            here,
            shown: String::new(),
        }
    }

    /// Waits until something is shown that was not before, types, and gives what was shown.
    async fn at(mut self, wanted: &'static str, typed: &'static str) -> (Self, String) {
        tokio::task::spawn_blocking(move || {
            until(&mut self.here, &mut self.shown, wanted);
            if wanted == ASKS {
                until_hidden(&self.here);
            }
            self.here.write_all(typed.as_bytes()).expect("types");
            let shown = std::mem::take(&mut self.shown);
            (self, shown)
        })
        .await
        .expect("it is shown")
    }

    /// Its exit code, and what it says at last.
    async fn ends(mut self) -> (i32, String) {
        tokio::task::spawn_blocking(move || {
            let mut rest = Vec::new();
            // The error is that nobody has the other end any more.
            let _ = self.here.read_to_end(&mut rest);
            let code = self.child.wait().expect("it ends").code();
            let said = self.shown + &String::from_utf8_lossy(&rest);
            (code.expect("by itself"), said)
        })
        .await
        .expect("it ends")
    }
}

fn after<'a>(shown: &'a str, mark: &str) -> &'a str {
    let (_, rest) = shown.split_once(mark).expect("it is shown");
    rest.split("\r\n").next().expect("a line")
}

/// What the machine shows is typed in the browser, and both show words.
async fn meet(
    person: Person,
    browser: &Browser,
    origin: &str,
) -> (Person, keyarc_client::JoinedLink, String) {
    let (person, shown) = person.at("left.", "").await;
    assert!(
        shown.contains(&format!("open {origin}/settings")),
        "{shown}"
    );
    // A camera may have it too.
    assert!(shown.contains('▀'), "{shown}");
    let code = LinkCode::parse(after(&shown, CODE)).expect("a code");
    let joined = browser.join_link(origin, code).await.expect("joins");
    let (person, shown) = person.at(SAME, "").await;
    let words = after(&shown, WORDS).to_owned();
    (person, joined, words)
}

async fn knows_nobody(shell: &Shell) {
    assert_eq!(shell.refuses(&["status"]).await.0, 6);
    assert!(!shell.home().join("account.json").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_gets_the_setup_code_from_an_unlocked_device() {
    let shell = Shell::new().await;
    let origin = shell.server.origin();
    let browser = shell.browser().await;
    let person = Person::begins(&shell, &origin);
    let (mut person, joined, words) = meet(person, &browser, &origin).await;
    assert_eq!(words, joined.words().join("  "));
    person.here.write_all(b"y\r").expect("types");
    let (person, _) = person.at("Now say on the other device", "").await;
    browser.send_setup_code(&joined).await.expect("sends");
    // A mistake does not cost the link.
    let (person, _) = person.at(ASKS, "another password\r").await;
    let (person, shown) = person.at(ASKS, "quartz lantern mosaic dolphin\r").await;
    assert!(shown.contains("the password is wrong"), "{shown}");
    let (code, said) = person.ends().await;
    assert_eq!(code, 0, "{said}");
    assert!(
        !said.contains(PASSWORD) && !said.contains(&shell.code),
        "{said}"
    );
    assert_eq!(
        shell.prints(&["get", "-n", "Registry"]).await,
        "canary pass word"
    );
    // As after a log-in by the recovery kit.
    shell.prints(&["lock"]).await;
    let out = shell
        .typed(&["unlock", "--stdin"], &format!("{PASSWORD}\n"))
        .await;
    assert!(out.status.success(), "{out:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_that_nobody_calls_the_same_end_it() {
    let shell = Shell::new().await;
    let origin = shell.server.origin();
    let browser = shell.browser().await;
    for typed in [&b"n\r"[..], b"\r", b"\x04"] {
        let person = Person::begins(&shell, &origin);
        let (mut person, joined, _) = meet(person, &browser, &origin).await;
        person.here.write_all(typed).expect("types");
        let (code, said) = person.ends().await;
        assert_eq!(code, 9, "{said}");
        assert!(said.contains("stand between"), "{said}");
        let sent = browser.send_setup_code(&joined).await;
        assert_eq!(sent.err(), Some(ClientError::LinkEnded));
    }
    knows_nobody(&shell).await;

    // On the other side.
    let person = Person::begins(&shell, &origin);
    let (mut person, joined, _) = meet(person, &browser, &origin).await;
    person.here.write_all(b"y\r").expect("types");
    let (person, _) = person.at("Now say on the other device", "").await;
    browser.refuse_link(&joined).await.expect("refuses");
    let (person, said) = person.at("gave it up", "").await;
    assert!(said.contains("the link is over"), "{said}");
    assert_eq!(person.ends().await.0, 8);

    // Whoever has enough of it.
    let person = Person::begins(&shell, &origin);
    let (mut person, _) = person.at("left.", "\u{3}").await;
    let ended = tokio::task::spawn_blocking(move || person.child.wait()).await;
    let ended = ended.expect("it ends").expect("it ends");
    assert_eq!(ended.signal(), Some(2), "{ended}");
    knows_nobody(&shell).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_wrong_passwords_end_it_and_nothing_is_kept() {
    let shell = Shell::new().await;
    let origin = shell.server.origin();
    let browser = shell.browser().await;
    let person = Person::begins(&shell, &origin);
    let (mut person, joined, _) = meet(person, &browser, &origin).await;
    person.here.write_all(b"y\r").expect("types");
    browser.send_setup_code(&joined).await.expect("sends");
    let mut person = person;
    for _ in 0..3 {
        (person, _) = person.at(ASKS, "another password\r").await;
    }
    let (person, _) = person.at("the password is wrong", "").await;
    assert_eq!(person.ends().await.0, 8);
    knows_nobody(&shell).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_ends_with_its_time_with_its_server_and_with_a_lie() {
    let (proxy, server) = Proxy::with_server(|_| {}).await;
    let origin = proxy.origin();
    let shell = Shell::at(server, &origin).await;
    let gone = |asked: &keyarc_testkit::Asked| asked.path == paths::LINK_NEW;

    proxy.lie(move |asked, answer| {
        if gone(asked) {
            *answer = Answer::refusal(404, "not_found");
        }
    });
    let person = Person::begins(&shell, &origin);
    let (person, _) = person.at("time ran out", "").await;
    assert_eq!(person.ends().await.0, 8);

    proxy.lie(move |asked, answer| {
        if gone(asked) {
            *answer = Answer::json(&json!({ "answer": "AAAA", "reveal": null, "sealed": null }));
        }
    });
    let person = Person::begins(&shell, &origin);
    let (person, _) = person.at("does not verify", "").await;
    assert_eq!(person.ends().await.0, 9);
    proxy.tell_the_truth();

    let person = Person::begins(&shell, "http://127.0.0.1:9");
    let (person, _) = person.at("cannot be reached", "").await;
    assert_eq!(person.ends().await.0, 7);
    knows_nobody(&shell).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_somebody_to_compare_words_nothing_is_linked() {
    let shell = Shell::new().await;
    let origin = shell.server.origin();
    let words = ["login", "--link", "--server", &origin];
    let (code, said) = shell.refuses(&words).await;
    assert_eq!(code, 2);
    assert!(said.contains("--stdin"), "{said}");
    let (code, said) = shell.refuses(&[&words[..], &["--stdin"]].concat()).await;
    assert_eq!(code, 2);
    assert!(said.contains("cannot be used with"), "{said}");
    knows_nobody(&shell).await;
}
