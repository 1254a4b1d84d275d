//! OpenSSH asks `keyarc ssh-agent`, in the foreground and in the background.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

use keyarc_vault::{Content, ItemDraft};

use super::with;
use crate::{fixture::Shell, token::make};

/// Name, options of ssh-keygen, and what its public line begins with.
const KEYS: [(&str, &[&str], &str); 5] = [
    ("ed25519", &["-t", "ed25519"], "ssh-ed25519"),
    ("p256", &["-t", "ecdsa", "-b", "256"], "ecdsa-sha2-nistp256"),
    ("p384", &["-t", "ecdsa", "-b", "384"], "ecdsa-sha2-nistp384"),
    ("p521", &["-t", "ecdsa", "-b", "521"], "ecdsa-sha2-nistp521"),
    ("rsa", &["-t", "rsa", "-b", "2048"], "ssh-rsa"),
];

/// Makes a key, and takes its private half away from the disk.
fn made(folder: &Path, name: &str, options: &[&str]) -> ItemDraft {
    let path = folder.join(name);
    let mut command = Command::new("ssh-keygen");
    command
        .args(["-q", "-C", &format!("{name}@example"), "-f"])
        .arg(&path)
        .args(options);
    if !options.contains(&"-N") {
        command.args(["-N", ""]);
    }
    let out = command.output().expect("ssh-keygen runs");
    assert!(out.status.success(), "{out:?}");
    let private_key = fs::read_to_string(&path).expect("reads");
    fs::remove_file(&path).expect("removes");
    let public_key = fs::read_to_string(path.with_extension("pub")).expect("reads");
    ItemDraft::new(
        name,
        Content::SshKey {
            private_key,
            public_key: public_key.trim().to_owned(),
        },
    )
}

fn at(folder: &str, environment: Option<&str>, draft: ItemDraft) -> ItemDraft {
    ItemDraft {
        folder: folder.to_owned(),
        environment: environment.map(str::to_owned),
        ..draft
    }
}

/// Somebody with one key of each sort, and the folder with the public halves.
async fn with_keys() -> (Shell, tempfile::TempDir) {
    let keys = tempfile::tempdir().expect("a folder");
    let mut drafts: Vec<ItemDraft> = KEYS
        .iter()
        .map(|(name, options, _)| at("Keys", None, made(keys.path(), name, options)))
        .collect();
    drafts.push(at(
        "Keys/Live",
        Some("live"),
        made(keys.path(), "live", &["-t", "ed25519"]),
    ));
    drafts.push(made(
        keys.path(),
        "locked",
        &["-t", "ed25519", "-N", "a passphrase"],
    ));
    (with(drafts).await, keys)
}

/// An agent in the background, as a shell that evaluates what is printed has it.
struct Background {
    socket: PathBuf,
    pid: u32,
}

impl Background {
    fn of(printed: &str) -> Self {
        let script = format!("{printed}\nprintf '%s %s' \"$SSH_AUTH_SOCK\" \"$SSH_AGENT_PID\"");
        let out = Command::new("sh")
            .arg("-c")
            .arg(script)
            .output()
            .expect("runs");
        let text = String::from_utf8(out.stdout).expect("UTF-8");
        let (socket, pid) = text.split_once(' ').expect("both");
        Self {
            socket: socket.into(),
            pid: pid.parse().expect("a number"),
        }
    }

    fn run(&self, words: &[&str], askpass: Option<&Path>) -> Output {
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .env("SSH_AUTH_SOCK", &self.socket)
            .stdin(Stdio::null());
        if let Some(askpass) = askpass {
            command
                .env("SSH_ASKPASS", askpass)
                .env("SSH_ASKPASS_REQUIRE", "force");
        }
        command.output().expect("it starts")
    }

    async fn ends(&self) {
        let process = PathBuf::from(format!("/proc/{}", self.pid));
        for _ in 0..100 {
            // Nobody waits for it here, so that it may stay as a zombie.
            let state = fs::read_to_string(process.join("stat")).unwrap_or_default();
            if state.is_empty() || state.contains(") Z ") {
                assert!(!self.socket.exists(), "its socket stays");
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the agent does not end");
    }
}

fn text(out: &Output) -> String {
    String::from_utf8_lossy(&[&out.stdout[..], &out.stderr].concat()).into_owned()
}

/// A program that answers what it is asked as this script does.
fn script(folder: &Path, name: &str, body: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("writes");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("changes");
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openssh_signs_with_keys_that_are_on_no_disk() {
    let (shell, keys) = with_keys().await;
    let listed = shell.run(&["ssh-agent", "--", "ssh-add", "-L"]).await;
    assert!(listed.status.success(), "{listed:?}");
    let said = String::from_utf8_lossy(&listed.stderr).into_owned();
    assert!(
        said.contains("not served: locked: ") && said.contains("password"),
        "{said}"
    );
    let listed = String::from_utf8(listed.stdout).expect("UTF-8");
    assert_eq!(listed.lines().count(), KEYS.len() + 1, "{listed}");
    for (name, _, algorithm) in KEYS {
        let public = keys.path().join(name).with_extension("pub");
        let line = fs::read_to_string(&public).expect("reads");
        assert!(
            line.starts_with(algorithm) && listed.contains(line.trim()),
            "{listed}"
        );
        let message = shell.work().join(name);
        fs::write(&message, "what is signed").expect("writes");
        let key = public.display().to_string();
        let words = [
            "ssh-agent",
            "--",
            "ssh-keygen",
            "-Y",
            "sign",
            "-f",
            &key,
            "-n",
            "file",
            name,
        ];
        let out = shell.run(&words).await;
        assert!(out.status.success(), "{name}: {out:?}");
        let signers = shell.work().join("signers");
        fs::write(&signers, format!("ada@example.com {line}")).expect("writes");
        let verify = |content: &str| {
            let mut command = Command::new("ssh-keygen");
            command
                .args(["-Y", "verify", "-n", "file", "-I", "ada@example.com", "-f"])
                .arg(&signers)
                .arg("-s")
                .arg(message.with_extension("sig"))
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let mut child = command.spawn().expect("it starts");
            let mut input = child.stdin.take().expect("a pipe");
            input.write_all(content.as_bytes()).expect("writes");
            drop(input);
            child.wait().expect("it ends").success()
        };
        assert!(verify("what is signed"), "{name}");
        assert!(!verify("something else"), "{name}");
    }

    let count = async |more: &[&str]| {
        let words = [&["ssh-agent"], more, &["--", "ssh-add", "-L"]].concat();
        String::from_utf8_lossy(&shell.run(&words).await.stdout)
            .matches("@example")
            .count()
    };
    assert_eq!(count(&["--folder", "Keys/Live"]).await, 1);
    assert_eq!(count(&["--folder", "Key"]).await, 0);
    assert_eq!(count(&["-e", "test"]).await, KEYS.len());
    assert_eq!(count(&["-e", "live"]).await, KEYS.len() + 1);

    let out = shell.run(&["ssh-agent", "--", "sh", "-c", "exit 42"]).await;
    assert_eq!(out.status.code(), Some(42));
    let out = shell
        .run(&["ssh-agent", "--", "sh", "-c", "kill -TERM $$"])
        .await;
    assert_eq!(out.status.code(), Some(143));
    let out = shell
        .run(&["ssh-agent", "--", "keyarc-no-such-command"])
        .await;
    assert_eq!(out.status.code(), Some(4));
    let words = [
        "ssh-agent",
        "--",
        "sh",
        "-c",
        "printf %s \"$SSH_AUTH_SOCK\"",
    ];
    let socket = shell.prints(&words).await;
    assert!(
        !socket.is_empty() && !Path::new(&socket).exists(),
        "{socket}"
    );
    shell.prints(&["lock"]).await;
    for words in [&["ssh-agent"][..], &["ssh-agent", "--", "true"]] {
        assert_eq!(shell.refuses(words).await.0, 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_in_the_background_is_locked_and_ends_with_the_vault() {
    let (shell, keys) = with_keys().await;
    let agent = Background::of(&shell.prints(&["ssh-agent"]).await);
    let mode = |path: &Path| fs::metadata(path).expect("is there").permissions().mode() & 0o777;
    assert_eq!(mode(agent.socket.parent().expect("a folder")), 0o700);
    let listed = agent.run(&["ssh-add", "-l"], None);
    assert_eq!(text(&listed).lines().count(), KEYS.len() + 1, "{listed:?}");

    // Nothing is added or removed by whoever can ask.
    let another = keys.path().join("another");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&another)
        .status();
    assert!(made.expect("runs").success());
    assert!(
        !agent
            .run(&["ssh-add", &another.display().to_string()], None)
            .status
            .success()
    );
    assert!(!agent.run(&["ssh-add", "-D"], None).status.success());

    let right = script(keys.path(), "right", "echo a word");
    let wrong = script(keys.path(), "wrong", "echo another");
    assert!(agent.run(&["ssh-add", "-x"], Some(&right)).status.success());
    let listed = text(&agent.run(&["ssh-add", "-l"], None));
    assert!(listed.contains("no identities"), "{listed}");
    let sign = |key: &str| {
        let key = keys.path().join(key).with_extension("pub");
        let message = shell.work().join("message");
        fs::write(&message, "x").expect("writes");
        let (key, message) = (key.display().to_string(), message.display().to_string());
        let _ = fs::remove_file(format!("{message}.sig"));
        let words = [
            "ssh-keygen",
            "-Y",
            "sign",
            "-f",
            &key,
            "-n",
            "file",
            &message,
        ];
        agent.run(&words, None).status.success()
    };
    assert!(!sign("ed25519"));
    assert!(!agent.run(&["ssh-add", "-X"], Some(&wrong)).status.success());
    assert!(!sign("ed25519"));
    assert!(agent.run(&["ssh-add", "-X"], Some(&right)).status.success());
    assert!(sign("ed25519"));

    // What asks for the old hash of RSA, for a key that is not there, or for no sense, gets nothing.
    let line = fs::read_to_string(keys.path().join("rsa.pub")).expect("reads");
    let blob = line.split(' ').nth(1).expect("a key");
    let blob = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, blob).expect("Base64");
    let ask = |body: &[u8]| {
        let mut line = UnixStream::connect(&agent.socket).expect("connects");
        line.set_read_timeout(Some(Duration::from_secs(20)))
            .expect("sets");
        line.write_all(&(body.len() as u32).to_be_bytes())
            .expect("writes");
        line.write_all(body).expect("writes");
        let mut head = [0; 4];
        line.read_exact(&mut head).ok()?;
        let mut answer = vec![0; u32::from_be_bytes(head) as usize];
        line.read_exact(&mut answer).ok()?;
        Some(answer)
    };
    let string = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
    let wish = |blob: &[u8], flags: u8| {
        [
            &[13],
            &string(blob)[..],
            &string(b"data"),
            &[0, 0, 0, flags],
        ]
        .concat()
    };
    assert_eq!(ask(&wish(&blob, 0)), Some(vec![5]), "SHA-1");
    let signed = ask(&wish(&blob, 2)).expect("an answer");
    assert_eq!((signed[0], &signed[9..21]), (14, &b"rsa-sha2-256"[..]));
    let signed = ask(&wish(&blob, 4)).expect("an answer");
    assert_eq!((signed[0], &signed[9..21]), (14, &b"rsa-sha2-512"[..]));
    assert_eq!(ask(&wish(b"nothing", 0)), Some(vec![5]));
    let bind = [&[27], &string(b"session-bind@openssh.com")[..], b"anything"].concat();
    assert_eq!(ask(&bind), Some(vec![5]));
    assert_eq!(ask(&[13, 0, 0, 0, 99]), None, "it is hung up on");
    assert!(sign("p256"), "and goes on for others");

    shell.prints(&["lock"]).await;
    agent.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_is_asked_before_each_signature() {
    let (shell, keys) = with_keys().await;
    let asked = keys.path().join("asked");
    let note = format!("echo \"$SSH_ASKPASS_PROMPT: $1\" >> {}", asked.display());
    let key = keys.path().join("ed25519.pub").display().to_string();
    for (name, body, is_signed) in [
        ("yes", "exit 0", true),
        ("no", "exit 1", false),
        ("words", "echo no", false),
    ] {
        let program = script(keys.path(), name, &format!("{note}\n{body}"));
        let words = ["ssh-agent", "--confirm", "--folder", "Keys"];
        let out = shell
            .typed_with(&words, "", &[("SSH_ASKPASS", program.as_os_str())])
            .await;
        let agent = Background::of(&String::from_utf8(out.stdout).expect("UTF-8"));
        let message = shell.work().join(name);
        fs::write(&message, "x").expect("writes");
        let message = message.display().to_string();
        let words = [
            "ssh-keygen",
            "-Y",
            "sign",
            "-f",
            &key,
            "-n",
            "file",
            &message,
        ];
        let out = agent.run(&words, None);
        assert_eq!(out.status.success(), is_signed, "{name}: {out:?}");
        let ended = Command::new("kill").arg(agent.pid.to_string()).status();
        assert!(ended.expect("runs").success());
        agent.ends().await;
    }
    let asked = fs::read_to_string(&asked).expect("reads");
    let expected = "confirm: Sign with the SSH key ed25519@example?\n";
    assert_eq!(asked, expected.repeat(3));

    // Where nobody can be asked, nothing is signed; and it ends when nobody asks.
    let agent = Background::of(
        &shell
            .prints(&["ssh-agent", "--confirm", "--idle", "3s"])
            .await,
    );
    let message = shell.work().join("nobody");
    fs::write(&message, "x").expect("writes");
    let message = message.display().to_string();
    let words = [
        "ssh-keygen",
        "-Y",
        "sign",
        "-f",
        &key,
        "-n",
        "file",
        &message,
    ];
    assert!(!agent.run(&words, None).status.success());
    agent.ends().await;
}

/// Whether ssh-keygen gets a signature of a key, asking by a command with the agent's socket in its
/// environment.
fn is_signed(mut command: Command, folder: &Path, key: &Path) -> bool {
    let message = folder.join("signed by a token");
    fs::write(&message, "x").expect("writes");
    let _ = fs::remove_file(folder.join("signed by a token.sig"));
    command
        .args(["-Y", "sign", "-n", "file", "-f"])
        .arg(key)
        .arg(&message)
        .stdin(Stdio::null());
    command.output().expect("it starts").status.success()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_token_signs_with_the_keys_that_it_reads() {
    let (mut shell, keys) = with_keys().await;
    let token = make(&shell, &["deploy", "--folder", "Keys/Live"]).await;
    let server = shell.server.origin();
    let by_token = |words: &[&str]| {
        let mut command = shell.command(words);
        command
            .env("KEYARC_HOME", shell.work().join("nothing"))
            .env("KEYARC_SERVER", &server)
            .env("KEYARC_TOKEN", &token)
            .env("KEYARC_CACHE", "24h")
            .env("KEYARC_CACHE_HOME", shell.work().join("cache"));
        command
    };
    let ran = async |mut command: Command| {
        let out = tokio::task::spawn_blocking(move || command.output().expect("it starts"));
        out.await.expect("it ends")
    };
    let listed = ran(by_token(&["ssh-agent", "--", "ssh-add", "-L"])).await;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("live@example"), "{listed}");
    assert_eq!(listed.lines().count(), 1, "{listed}");
    let none = ran(by_token(&[
        "ssh-agent",
        "-e",
        "test",
        "--",
        "ssh-add",
        "-L",
    ]))
    .await;
    assert!(!text(&none).contains("@example"), "{none:?}");
    let print = ["ssh-agent", "--", "sh", "-c", "printenv KEYARC_TOKEN; true"];
    assert_eq!(
        ran(by_token(&print)).await.stdout,
        b"",
        "the command gets no token"
    );

    let live = keys.path().join("live.pub");
    let other = keys.path().join("ed25519.pub");
    let folder = shell.work();
    let out = ran(by_token(&["ssh-agent"])).await;
    let agent = Background::of(&String::from_utf8(out.stdout).expect("UTF-8"));
    let signs = |key: &Path| {
        let mut command = Command::new("ssh-keygen");
        command.env("SSH_AUTH_SOCK", &agent.socket);
        is_signed(command, &folder, key)
    };
    assert!(signs(&live));
    assert!(!signs(&other), "it reads another folder");
    // It needs nobody who holds the keys of the vault, and goes on without the server.
    shell.prints(&["lock"]).await;
    assert!(signs(&live));
    shell.server.ask_to_stop();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(signs(&live));
    fs::remove_dir_all(folder.join("cache")).expect("removes");
    assert!(!signs(&live), "there is neither a server nor a copy");
    let ended = Command::new("kill").arg(agent.pid.to_string()).status();
    assert!(ended.expect("runs").success());
    agent.ends().await;
}
