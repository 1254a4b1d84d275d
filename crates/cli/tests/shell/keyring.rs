//! The system's keyring: GNOME's, on a bus of its own, which knows no other service.

use std::{
    ffi::OsStr,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use keyarc_client::{ChangePassword, Host as _, NativeHost};
use keyarc_crypto::{SetupCode, Suite};
use tempfile::TempDir;

use crate::{
    fixture::{PASSWORD, Shell, refused},
    json,
};

/// Opens the keyring itself.
const OF_KEYRING: &str = "a password of the keyring";
const PATIENCE: Duration = Duration::from_secs(20);
const GET: [&str; 3] = ["get", "-n", "Registry"];
const KEEP: [&str; 3] = ["unlock", "--keyring", "--stdin"];

/// Somebody's session at a machine.
struct Desk {
    folder: TempDir,
    bus: Child,
    service: Option<Child>,
}

impl Drop for Desk {
    fn drop(&mut self) {
        for child in self.service.iter_mut().chain([&mut self.bus]) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Desk {
    /// A bus, and a keyring that is open.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let address = address(folder.path());
        let configuration = folder.path().join("bus.conf");
        let text = format!(
            "<busconfig><type>session</type><listen>{address}</listen><auth>EXTERNAL</auth>\
             <policy context='default'><allow send_destination='*' eavesdrop='true'/>\
             <allow eavesdrop='true'/><allow own='*'/></policy></busconfig>"
        );
        fs::write(&configuration, text).expect("writes");
        let mut bus = Command::new("dbus-daemon");
        bus.arg("--nofork").arg("--config-file").arg(&configuration);
        let bus = begun(&mut bus);
        let mut desk = Self {
            folder,
            bus,
            service: None,
        };
        until("the bus", || {
            desk.ask("org.freedesktop.DBus.GetId", &[]).is_some()
        });
        desk.log_in(true);
        desk
    }

    /// Starts the keyring, which is opened as by a log-in, or stays closed.
    fn log_in(&mut self, opens: bool) {
        let path = self.folder.path();
        let mut service = Command::new("gnome-keyring-daemon");
        service.args(["--foreground", "--components=secrets"]);
        service.args(opens.then_some("--unlock"));
        for (variable, value) in [
            ("HOME", path.to_owned()),
            ("XDG_RUNTIME_DIR", path.to_owned()),
            ("XDG_DATA_HOME", path.join("data")),
        ] {
            service.env(variable, value);
        }
        service.env("DBUS_SESSION_BUS_ADDRESS", address(path));
        let mut service = begun(service.stdin(Stdio::piped()));
        let mut input = service.stdin.take().expect("a pipe");
        input.write_all(OF_KEYRING.as_bytes()).expect("types");
        drop(input);
        self.service = Some(service);
        until("the keyring", || self.entries().is_some());
    }

    fn log_out(&mut self) {
        let mut service = self.service.take().expect("it runs");
        service.kill().expect("is sent");
        service.wait().expect("it ends");
        until("the end of the keyring", || self.entries().is_none());
    }

    /// How many entries of KeyArc there are; `None` when nobody answers.
    fn entries(&self) -> Option<usize> {
        let method = "org.freedesktop.Secret.Service.SearchItems";
        let of = "dict:string:string:application,keyarc";
        let answer = self.ask(method, &[of])?;
        Some(answer.matches("object path").count())
    }

    fn ask(&self, method: &str, arguments: &[&str]) -> Option<String> {
        let (destination, path) = match method.starts_with("org.freedesktop.DBus") {
            true => ("org.freedesktop.DBus", "/org/freedesktop/DBus"),
            false => ("org.freedesktop.secrets", "/org/freedesktop/secrets"),
        };
        let answer = Command::new("dbus-send")
            .arg(format!("--bus={}", address(self.folder.path())))
            .arg("--print-reply")
            .arg(format!("--dest={destination}"))
            .args([path, method])
            .args(arguments)
            .output()
            .expect("dbus-send is there: `cargo x test unit` installs it");
        let said = String::from_utf8_lossy(&answer.stdout).into_owned();
        answer.status.success().then_some(said)
    }

    async fn run(&self, shell: &Shell, words: &[&str], typed: &str) -> Output {
        let address = address(self.folder.path());
        at(shell, &address, words, typed).await
    }

    async fn prints(&self, shell: &Shell, words: &[&str]) -> String {
        let out = self.run(shell, words, "").await;
        assert!(out.status.success(), "{words:?}: {out:?}");
        String::from_utf8(out.stdout).expect("UTF-8")
    }

    /// Somebody has the keyring open the vault.
    async fn keeps(&self, shell: &Shell) {
        let out = self.run(shell, &KEEP, &format!("{PASSWORD}\n")).await;
        assert!(out.status.success(), "{out:?}");
        assert_eq!(self.entries(), Some(1));
    }
}

fn address(folder: &Path) -> String {
    format!("unix:path={}", folder.join("bus").display())
}

async fn at(shell: &Shell, address: &str, words: &[&str], typed: &str) -> Output {
    let bus: [(&str, &OsStr); 1] = [("DBUS_SESSION_BUS_ADDRESS", address.as_ref())];
    shell.typed_with(words, typed, &bus).await
}

fn begun(command: &mut Command) -> Child {
    let program = command.get_program().to_owned();
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{program:?}: {error}; `cargo x test unit` installs dbus and gnome-keyring")
        })
}

#[expect(clippy::disallowed_methods, reason = "other programs take their time")]
fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what} does not come");
        thread::sleep(Duration::from_millis(50));
    }
}

fn note(shell: &Shell) -> PathBuf {
    shell.home().join("keyring.json")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keyring_opens_the_vault_until_it_is_to_forget() {
    let shell = Shell::logged_in().await;
    let mut desk = Desk::new();
    desk.keeps(&shell).await;
    let status = json(&desk.prints(&shell, &["status", "--json"]).await);
    assert_eq!(status["keyring"], true);
    let out = desk.run(&shell, &["lock"], "").await;
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(said.contains("keyarc lock --forget"), "{said}");
    // Nobody is there to be asked for anything.
    assert_eq!(desk.prints(&shell, &GET).await, "canary pass word");
    let status = json(&desk.prints(&shell, &["status", "--json"]).await);
    assert_eq!(status["unlocked"], true);
    assert_eq!(status["freshness_verified"], true);

    // The machine starts again, and somebody logs in there.
    desk.prints(&shell, &["lock"]).await;
    desk.log_out();
    desk.log_in(true);
    desk.prints(&shell, &["unlock"]).await;
    assert_eq!(shell.prints(&GET).await, "canary pass word");

    // Kept anew it takes the place of what was there.
    desk.keeps(&shell).await;
    let out = desk.run(&shell, &["lock", "--forget"], "").await;
    assert!(out.status.success(), "{out:?}");
    assert_eq!(desk.entries(), Some(0));
    assert!(!note(&shell).exists());
    let (code, said) = refused(&desk.run(&shell, &GET, "").await);
    assert_eq!(code, 3, "{said}");
    assert!(!said.contains("keyring"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_account_the_keyring_forgets_too() {
    let shell = Shell::new().await;
    let desk = Desk::new();
    let origin = shell.server.origin();
    let words = ["login", "--stdin", "--keyring", "--server", &origin];
    let out = desk
        .run(&shell, &words, &format!("{}\n{PASSWORD}\n", shell.code))
        .await;
    assert!(out.status.success(), "{out:?}");
    assert_eq!(desk.entries(), Some(1));
    desk.prints(&shell, &["lock"]).await;
    assert_eq!(desk.prints(&shell, &GET).await, "canary pass word");
    desk.prints(&shell, &["logout"]).await;
    assert_eq!(desk.entries(), Some(0));
    assert!(!note(&shell).exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_password_makes_what_is_kept_worthless() {
    let shell = Shell::logged_in().await;
    let desk = Desk::new();
    let wrong = desk.run(&shell, &KEEP, "another password\n").await;
    assert_eq!(refused(&wrong).0, 8);
    assert!(!note(&shell).exists());
    desk.keeps(&shell).await;
    let origin = shell.server.origin();
    let change = ChangePassword {
        origin: &origin,
        current: PASSWORD,
        new: "velvet harbour copper thistle",
        suite: Suite::Pbkdf2Sha256,
    };
    let browser = shell.browser().await;
    browser.change_password(&change).await.expect("changes");
    shell.prints(&["lock"]).await;
    let (code, said) = refused(&desk.run(&shell, &GET, "").await);
    assert_eq!(code, 8, "{said}");
    assert!(said.contains("keyarc unlock --keyring"), "{said}");
    // Once: it is not tried again and again.
    assert_eq!(desk.entries(), Some(0));
    assert_eq!(refused(&desk.run(&shell, &GET, "").await).0, 3);
    let out = desk
        .run(&shell, &KEEP, "velvet harbour copper thistle\n")
        .await;
    assert!(out.status.success(), "{out:?}");
    shell.prints(&["lock"]).await;
    assert_eq!(desk.prints(&shell, &GET).await, "canary pass word");

    // It belongs to the setup code that lies here.
    shell.prints(&["lock"]).await;
    let own = SetupCode::parse(&shell.code).expect("a setup code");
    let other = own.with_fresh_secret(own.suite(), &mut NativeHost.rng());
    let text = format!(
        "{{\"server\":\"{origin}\",\"setup_code\":\"{}\"}}",
        &*other.to_text()
    );
    fs::write(shell.home().join("account.json"), text).expect("writes");
    assert_eq!(refused(&desk.run(&shell, &GET, "").await).0, 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_keyring_answers_the_password_does_it() {
    let shell = Shell::logged_in().await;
    let nowhere = "unix:path=/nowhere/bus";
    let typed = format!("{PASSWORD}\n");
    let out = at(&shell, nowhere, &KEEP, &typed).await;
    let (code, said) = refused(&out);
    assert_eq!(code, 1);
    assert!(said.contains("keyring cannot be used"), "{said}");
    assert!(!note(&shell).exists());

    let mut desk = Desk::new();
    desk.keeps(&shell).await;
    shell.prints(&["lock"]).await;
    // Elsewhere than at that desk; a keyring that is closed, with nobody to open it; and none.
    let bus = address(desk.folder.path());
    let asked = async |bus: &str| {
        let (code, said) = refused(&at(&shell, bus, &GET, "").await);
        assert_eq!(code, 3, "{said}");
        assert!(said.contains("keyring cannot be used"), "{said}");
    };
    asked(nowhere).await;
    desk.log_out();
    asked(&bus).await;
    desk.log_in(false);
    asked(&bus).await;
    let out = at(&shell, &bus, &["lock", "--forget"], "").await;
    assert_eq!(refused(&out).0, 1);
    assert!(note(&shell).exists(), "it can be tried again");
    let out = at(&shell, &bus, &["unlock", "--stdin"], &typed).await;
    assert!(out.status.success(), "{out:?}");
    assert_eq!(shell.prints(&GET).await, "canary pass word");

    // The account goes all the same, and what is left is told.
    let (code, said) = refused(&at(&shell, &bus, &["logout"], "").await);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("the account is forgotten here"), "{said}");
    assert_eq!(shell.refuses(&["status"]).await.0, 6);
}
