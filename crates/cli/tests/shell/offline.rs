//! Without the server: what a machine kept of its token's copy.

mod memory;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use keyarc_testkit::{Canaries, Delivery, Proxy, TestServer, mutate::Answer};
use keyarc_wire::paths;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{
    fixture::{LIVE, PASSWORD, Shell, refused},
    tls,
    token::{CI, behind_proxy, make},
};

const GET: [&str; 2] = ["get", "Stripe"];

/// A machine with a token and a place for what it keeps.
struct Machine<'a> {
    shell: &'a Shell,
    server: String,
    token: String,
    max_age: &'static str,
    home: &'static str,
}

impl<'a> Machine<'a> {
    fn new(shell: &'a Shell, server: &str, token: &str) -> Self {
        Self {
            shell,
            server: server.to_owned(),
            token: token.to_owned(),
            max_age: "24h",
            home: "cache",
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.shell.command(words);
        command
            .env("KEYARC_HOME", self.shell.work().join("nothing"))
            .env("KEYARC_TOKEN", &self.token)
            .env("KEYARC_SERVER", &self.server)
            .env("KEYARC_CACHE", self.max_age)
            .env("KEYARC_CACHE_HOME", self.shell.work().join(self.home));
        command
    }

    async fn run(&self, words: &[&str]) -> Output {
        ran(self.command(words)).await
    }

    /// What it prints, and how many lines it says beside.
    async fn reads(&self, words: &[&str]) -> (String, usize) {
        let out = self.run(words).await;
        assert!(out.status.success(), "{words:?}: {out:?}");
        let said = String::from_utf8_lossy(&out.stderr).lines().count();
        (String::from_utf8(out.stdout).expect("UTF-8"), said)
    }

    async fn fails(&self, words: &[&str]) -> (i32, String) {
        refused(&self.run(words).await)
    }

    fn folder(&self) -> PathBuf {
        self.shell.work().join(self.home).join("tokens")
    }

    /// The file with this ending.
    fn file(&self, ending: &str) -> PathBuf {
        let id = self.token.split('_').nth(1).expect("an id");
        self.folder().join(format!("{id}.{ending}"))
    }
}

async fn ran(mut command: Command) -> Output {
    let out = tokio::task::spawn_blocking(move || command.output().expect("it starts"));
    out.await.expect("it ends")
}

fn away(proxy: &Proxy) {
    proxy.route(|_| Delivery::Lost);
}

fn mode(path: &Path) -> u32 {
    let known = fs::metadata(path).expect("is there");
    known.permissions().mode() & 0o777
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

async fn set(shell: &Shell, value: &str) {
    let words = ["set", "Stripe", "-e", "production"];
    let out = shell.typed(&words, value).await;
    assert!(out.status.success(), "{out:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_reads_on_while_its_server_is_away() {
    let (proxy, shell) = behind_proxy().await;
    let token = make(&shell, &CI).await;
    let machine = Machine::new(&shell, &proxy.origin(), &token);
    let value = format!("{LIVE}\n");
    assert_eq!(machine.reads(&GET).await, (value.clone(), 0));
    let copy = machine.file("copy");
    assert_eq!((mode(&machine.folder()), mode(&copy)), (0o700, 0o600));
    assert_eq!(mode(&machine.file("floor")), 0o600);
    let canaries = Canaries::new([
        ("value", LIVE.as_bytes()),
        ("folder", b"Payments"),
        ("environment", b"production"),
        (
            "token",
            token.split('_').nth(2).expect("a secret").as_bytes(),
        ),
        ("password", PASSWORD.as_bytes()),
        ("setup code", shell.code.as_bytes()),
        ("server", proxy.origin().as_bytes()),
    ]);
    for entry in fs::read_dir(machine.folder()).expect("a folder") {
        let kept = fs::read(entry.expect("a file").path()).expect("reads");
        assert_eq!(canaries.sightings(&kept), [""; 0]);
    }

    away(&proxy);
    for words in [
        &GET[..],
        &["get", "keyarc://personal/Payments/Stripe/value"],
    ] {
        assert_eq!(machine.reads(words).await, (value.clone(), 1), "{words:?}");
    }
    let out = machine.run(&GET).await;
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(
        said.contains("cannot be reached") && said.contains(" ago"),
        "{said}"
    );
    let reference = "A=keyarc://personal/Payments/Stripe/value";
    let run = [
        "run",
        "--set",
        reference,
        "--",
        "sh",
        "-c",
        "printf %s \"$A\"",
    ];
    assert_eq!(machine.reads(&run).await.0, LIVE);
    let listed = json(&machine.reads(&["ls", "--json"]).await.0);
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    let status = json(&machine.reads(&["status", "--json"]).await.0);
    let kept = &status["kept"];
    assert_eq!(kept["path"], copy.display().to_string());
    assert_eq!(kept["bytes"], fs::metadata(&copy).expect("is there").len());
    assert_eq!(kept["max_age_seconds"], 86_400);
    assert!(kept["age_seconds"].as_u64().is_some_and(|age| age < 600));
    assert_eq!(kept["not_used"], Value::Null);
    let (text, _) = machine.reads(&["status"]).await;
    assert!(
        text.contains("while the server cannot be reached"),
        "{text}"
    );
    // A token reads, as ever; and what is not in the copy is not there.
    assert_eq!(machine.fails(&["set", "Stripe"]).await.0, 2);
    assert_eq!(machine.fails(&["history", "Stripe"]).await.0, 2);
    assert_eq!(machine.fails(&["get", "Registry"]).await.0, 4);

    // Who does not want the network does not get it.
    proxy.tell_the_truth();
    let asked = proxy.asked().len();
    assert_eq!(
        machine.reads(&["--offline", "get", "Stripe"]).await,
        (value.clone(), 1)
    );
    assert_eq!(machine.reads(&["get", "Stripe", "--offline"]).await.1, 1);
    assert_eq!(proxy.asked().len(), asked);
    let mut command = machine.command(&["get", "Stripe", "--offline"]);
    command.env_remove("KEYARC_CACHE");
    let (code, said) = refused(&ran(command).await);
    assert_eq!(code, 7);
    assert!(said.contains("KEYARC_CACHE"), "{said}");
    assert_eq!(proxy.asked().len(), asked);

    // What changes is kept, and a server that is not there at all is away, too.
    set(&shell, "sk_live_canary_next").await;
    assert_eq!(machine.reads(&GET).await.0, "sk_live_canary_next\n");
    drop(proxy);
    assert_eq!(
        machine.reads(&GET).await,
        ("sk_live_canary_next\n".to_owned(), 1)
    );
    // Without the variable nothing is kept, and nothing that was is used.
    let mut command = machine.command(&GET);
    command.env_remove("KEYARC_CACHE");
    let (code, said) = refused(&ran(command).await);
    assert_eq!(
        (code, said.as_str()),
        (7, "keyarc: the server cannot be reached\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_kept_is_used_only_where_it_may_be() {
    let (proxy, shell) = behind_proxy().await;
    let token = make(&shell, &CI).await;
    let mut machine = Machine::new(&shell, &proxy.origin(), &token);
    away(&proxy);
    let (code, said) = machine.fails(&GET).await;
    assert_eq!(code, 7);
    assert!(said.contains("there is none"), "{said}");
    proxy.tell_the_truth();
    for wrong in ["24", "0h", "400d", "soon"] {
        machine.max_age = wrong;
        assert_eq!(machine.fails(&GET).await.0, 2, "{wrong}");
    }
    machine.max_age = "1s";
    machine.reads(&GET).await;
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    away(&proxy);
    let (code, said) = machine.fails(&GET).await;
    assert_eq!(code, 7);
    assert!(said.contains("older than KEYARC_CACHE says, by "), "{said}");
    machine.max_age = "24h";
    assert_eq!(machine.reads(&GET).await.1, 1);
    machine.server = "http://127.0.0.1:9".to_owned();
    let (code, said) = machine.fails(&GET).await;
    assert_eq!(code, 7);
    assert!(said.contains("another server"), "{said}");
    machine.server = proxy.origin();

    let copy = machine.file("copy");
    for (path, open, closed) in [
        (copy.clone(), 0o640, 0o600),
        (machine.folder(), 0o701, 0o700),
    ] {
        let change = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode));
        change(open).expect("changes");
        let (code, said) = machine.fails(&GET).await;
        assert_eq!(code, 7);
        assert!(said.contains("chmod"), "{said}");
        // The value comes all the same where the server is there.
        proxy.tell_the_truth();
        assert_eq!(machine.reads(&GET).await.0, format!("{LIVE}\n"));
        away(&proxy);
        change(closed).expect("changes back");
    }

    // What is damaged is none, and is replaced.
    let whole = fs::read(&copy).expect("reads");
    proxy.tell_the_truth();
    let other = make(&shell, &["other", "--all"]).await;
    let elsewhere = Machine::new(&shell, &proxy.origin(), &other);
    elsewhere
        .reads(&["get", "Stripe", "-e", "production"])
        .await;
    let foreign = fs::read(elsewhere.file("copy")).expect("reads");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for spoilt in [
        &whole[..whole.len() - 1],
        &[],
        &flipped,
        &foreign,
        b"KC\x01",
    ] {
        fs::write(&copy, spoilt).expect("writes");
        away(&proxy);
        let (code, said) = machine.fails(&GET).await;
        assert_eq!(code, 7);
        assert!(said.contains("damaged, or another token's"), "{said}");
        proxy.tell_the_truth();
        assert_eq!(machine.reads(&GET).await, (format!("{LIVE}\n"), 0));
        away(&proxy);
        assert_eq!(machine.reads(&GET).await, (format!("{LIVE}\n"), 1));
    }
    // So it is where what was seen is not remembered.
    fs::write(machine.file("floor"), b"").expect("writes");
    assert_eq!(machine.fails(&GET).await.0, 7);
    proxy.tell_the_truth();
    assert_eq!(machine.reads(&GET).await.1, 0);

    // An older file than the newest that was seen.
    let older = fs::read(&copy).expect("reads");
    set(&shell, "sk_live_canary_next").await;
    machine.reads(&GET).await;
    fs::write(&copy, older).expect("writes");
    away(&proxy);
    let (code, said) = machine.fails(&GET).await;
    assert_eq!(code, 7);
    assert!(said.contains("a newer state"), "{said}");
    let mut command = machine.command(&["doctor", "--json"]);
    command.env("KEYARC_HOME", shell.home());
    let told = json(&String::from_utf8_lossy(&ran(command).await.stdout));
    let findings = told["findings"].as_array().expect("a list");
    let cache = findings.iter().find(|one| one["check"] == "cache");
    let cache = cache.expect("is looked at");
    assert_eq!(cache["level"], "warning");
    assert!(
        cache["says"].to_string().contains("a newer state"),
        "{cache}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_server_that_is_away_is_stood_in_for() {
    let (proxy, shell) = behind_proxy().await;
    let token = make(&shell, &CI).await;
    let machine = Machine::new(&shell, &proxy.origin(), &token);
    machine.reads(&GET).await;
    let old = proxy.said().into_iter().rev();
    let mut old = old.filter(|(path, _)| path == paths::MACHINE_OPEN);
    let (_, old) = old.next().expect("it was asked");
    set(&shell, "sk_live_canary_next").await;
    machine.reads(&GET).await;
    let kept = fs::read(machine.file("copy")).expect("reads");

    // What it said before, whole and signed, is older than what this machine has seen.
    let shown = old.clone();
    proxy.lie(move |asked, answer| {
        if asked.path == paths::MACHINE_OPEN {
            *answer = shown.clone();
        }
    });
    assert_eq!(machine.fails(&GET).await.0, 9);
    let mut command = machine.command(&GET);
    command.env_remove("KEYARC_CACHE");
    let forgetful = ran(command).await;
    assert_eq!(
        String::from_utf8_lossy(&forgetful.stdout),
        format!("{LIVE}\n"),
        "a machine without a memory cannot tell"
    );
    proxy.tell_the_truth();
    for (status, kind, expected) in [
        (200, "application/vnd.keyarc.changes", 9),
        (200, "text/html", 9),
        (429, "application/problem+json", 8),
    ] {
        let body = match status {
            429 => br#"{"code":"rate_limited","message":"No.","action":"No."}"#.to_vec(),
            _ => b"KAC2nonsense".to_vec(),
        };
        let answer = Answer {
            status,
            content_type: kind.to_owned(),
            body,
        };
        proxy.route(move |_| Delivery::Instead(answer.clone()));
        assert_eq!(machine.fails(&GET).await.0, expected, "{kind}");
    }
    assert_eq!(fs::read(machine.file("copy")).expect("reads"), kept);
    away(&proxy);
    assert_eq!(
        machine.reads(&GET).await,
        ("sk_live_canary_next\n".to_owned(), 1)
    );
    proxy.tell_the_truth();

    // A token that is over takes what was kept with it.
    for (number, end) in [
        "UPDATE machine_tokens SET expires_at_ms = 1",
        "UPDATE machine_tokens SET expires_at_ms = NULL, revoked_at_ms = 1",
        "DELETE FROM machine_tokens",
    ]
    .into_iter()
    .enumerate()
    {
        if number > 0 {
            fs::write(machine.file("copy"), &kept).expect("writes");
            let own = fs::Permissions::from_mode(0o600);
            fs::set_permissions(machine.file("copy"), own).expect("changes");
            assert_eq!(machine.reads(&["--offline", "get", "Stripe"]).await.1, 1);
        }
        let store = shell.server.db().store();
        store.sabotage(end).await.expect("the database");
        assert_eq!(machine.fails(&GET).await.0, 8, "{end}");
        assert!(!machine.file("copy").exists(), "{end}");
        assert!(
            machine.file("floor").exists(),
            "what was seen is remembered"
        );
        let (code, said) = machine.fails(&["--offline", "get", "Stripe"]).await;
        assert_eq!(code, 7);
        assert!(said.contains("there is none"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_trusted_is_not_away() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("https://{}", listener.local_addr().expect("an address"));
    let server = TestServer::start_at(&origin).await;
    tokio::spawn(tls::relay(listener, server.address(), "certificate.pem"));
    let shell = Shell::at(server, &origin).await;
    let authority = tls::file("authority.pem");
    let trusting = [("SSL_CERT_FILE", authority.as_os_str())];
    let words = ["login", "--stdin", "--server", &origin];
    let typed = format!("{}\n{PASSWORD}\n", shell.code);
    let out = shell.typed_with(&words, &typed, &trusting).await;
    assert!(out.status.success(), "{out:?}");
    let token = make(&shell, &CI).await;
    let machine = Machine::new(&shell, &origin, &token);
    let mut command = machine.command(&GET);
    command.env("SSL_CERT_FILE", &authority);
    let out = ran(command).await;
    assert_eq!(String::from_utf8_lossy(&out.stdout), format!("{LIVE}\n"));
    assert!(machine.file("copy").exists());
    let (code, said) = machine.fails(&GET).await;
    assert_eq!(code, 7);
    assert!(said.contains("nobody whom this machine trusts"), "{said}");
    assert_eq!(machine.reads(&["--offline", "get", "Stripe"]).await.1, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_costs_no_value_and_not_what_was_kept() {
    let (proxy, shell) = behind_proxy().await;
    let token = make(&shell, &CI).await;
    let mut machine = Machine::new(&shell, &proxy.origin(), &token);
    machine.reads(&GET).await;
    let kept = fs::read(machine.file("copy")).expect("reads");
    assert!(kept.len() > 1_024, "more than may be written");
    set(&shell, "sk_live_canary_next").await;
    // Nothing larger than a block can be written, as where a disk is full.
    let program = machine.command(&GET);
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(program.get_program());
    command.args(program.get_args());
    command.env_clear().current_dir(shell.work());
    for (name, value) in program.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    let out = ran(command).await;
    assert!(out.status.success(), "{out:?}");
    assert_eq!(
        String::from_utf8_lossy(&out.stdout),
        "sk_live_canary_next\n"
    );
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.contains("is not kept") && said.contains("cannot write"),
        "{said}"
    );
    assert_eq!(fs::read(machine.file("copy")).expect("reads"), kept);
    away(&proxy);
    assert_eq!(machine.reads(&GET).await, (format!("{LIVE}\n"), 1));
    proxy.tell_the_truth();
    assert_eq!(machine.reads(&GET).await.1, 0);

    // A place that cannot be made.
    machine.home = "file/cache";
    fs::write(shell.work().join("file"), b"").expect("writes");
    assert_eq!(
        machine.reads(&GET).await,
        ("sk_live_canary_next\n".to_owned(), 1)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_that_write_at_once_leave_a_whole_file() {
    let (proxy, shell) = behind_proxy().await;
    let token = make(&shell, &CI).await;
    let machine = Machine::new(&shell, &proxy.origin(), &token);
    machine.reads(&GET).await;
    // What a command that was killed left.
    let left = machine.folder().join(".tmpAbCdEf");
    fs::write(&left, b"half").expect("writes");
    for round in 0..3 {
        let value = format!("sk_live_canary_{round}");
        set(&shell, &value).await;
        let all: Vec<_> = (0..6)
            .map(|_| tokio::spawn(ran(machine.command(&GET))))
            .collect();
        for one in all {
            let out = one.await.expect("it ends");
            assert!(out.status.success(), "{out:?}");
            assert_eq!(String::from_utf8_lossy(&out.stdout), format!("{value}\n"));
            assert_eq!(String::from_utf8_lossy(&out.stderr), "");
        }
        let (read, _) = machine.reads(&["--offline", "get", "Stripe"]).await;
        assert_eq!(read, format!("{value}\n"));
    }
    assert!(!left.exists());
    let files = fs::read_dir(machine.folder()).expect("a folder").count();
    assert_eq!(files, 3, "copy, floor and lock");
}
