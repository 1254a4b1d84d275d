//! Units of systemd: systemd itself looks at them, and their commands are run as it would.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Machine, ended, installed, private, shipped};
use crate::fixture::{LIVE, refused};

const KEYARC: &str = "/usr/local/bin/keyarc";

/// The values of a key in a unit, in their order; an empty one takes back what stood before.
fn values(unit: &str, key: &str) -> Vec<String> {
    let mut all = Vec::new();
    for line in unit.lines() {
        match line
            .strip_prefix(key)
            .and_then(|rest| rest.strip_prefix('='))
        {
            Some("") => all.clear(),
            Some(value) => all.push(value.to_owned()),
            None => {}
        }
    }
    all
}

fn value(unit: &str, key: &str) -> String {
    let mut all = values(unit, key);
    assert_eq!(all.len(), 1, "{key}: {all:?}");
    all.remove(0)
}

/// The folders that specifiers of a unit stand for.
struct Places {
    etc: PathBuf,
    runtime: PathBuf,
    credentials: PathBuf,
}

impl Places {
    fn of(&self, text: &str) -> String {
        let shown = |path: &Path| path.display().to_string();
        text.replace("/etc/keyarc", &shown(&self.etc))
            .replace("%i", "app")
            .replace("%t", &shown(&self.runtime))
            .replace("%d", &shown(&self.credentials))
    }
}

/// A command of a unit, with the environment and the credentials that the unit gives it.
fn command(machine: &Machine, unit: &str, places: &Places) -> std::process::Command {
    let words = places.of(&value(unit, "ExecStart"));
    let mut words = words.split(' ');
    assert_eq!(words.next(), Some(KEYARC));
    let mut command = machine.bare("keyarc");
    command.args(words).env_remove("HOME").current_dir("/");
    for file in values(unit, "EnvironmentFile") {
        for line in fs::read_to_string(places.of(&file)).expect("reads").lines() {
            let (name, value) = line.split_once('=').expect("a variable");
            command.env(name, value);
        }
    }
    for variable in values(unit, "Environment") {
        let variable = places.of(&variable);
        let (name, value) = variable.split_once('=').expect("a variable");
        command.env(name, value);
    }
    for credential in values(unit, "LoadCredential") {
        let credential = places.of(&credential);
        let (name, from) = credential.split_once(':').expect("a name and a path");
        let text = fs::read_to_string(from).expect("it is there");
        private(&places.credentials.join(name), &text);
    }
    command
}

fn set_up(machine: &Machine, memory: &Path) -> Places {
    let places = Places {
        etc: machine.shell.work().join("etc"),
        runtime: memory.join("run"),
        credentials: memory.join("credentials"),
    };
    for folder in [&places.etc, &places.runtime, &places.credentials] {
        fs::create_dir(folder).expect("a folder");
    }
    let server = format!("KEYARC_SERVER={}\n", machine.shell.server.origin());
    fs::write(places.etc.join("server.env"), server).expect("writes");
    fs::write(places.etc.join("app.env"), shipped("systemd/app.env")).expect("writes");
    private(
        &places.etc.join("app.token"),
        &format!("{}\n", machine.token),
    );
    places
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_gets_its_secrets_as_credentials_out_of_memory() {
    let machine = Machine::new().await;
    let memory = tempfile::tempdir_in("/dev/shm").expect("memory");
    let places = set_up(&machine, memory.path());
    let unit = shipped("systemd/keyarc-secrets@.service");
    let folder = places
        .runtime
        .join(value(&unit, "RuntimeDirectory").replace("%i", "app"));
    fs::create_dir_all(&folder).expect("a folder");
    assert_eq!(value(&unit, "RuntimeDirectoryMode"), "0700");

    // Open for others, or on a disk, nothing is written.
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |mode: u32| {
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).expect("changes");
    };
    mode(0o755);
    let (code, said) = refused(&ended(command(&machine, &unit, &places)).await);
    assert_eq!((code, said.contains("chmod 700")), (1, true), "{said}");
    mode(0o700);

    let out = ended(command(&machine, &unit, &places)).await;
    assert!(out.status.success() && out.stdout.is_empty(), "{out:?}");
    let service = shipped("systemd/app.service.d.conf");
    let given: Vec<String> = values(&service, "LoadCredential");
    let given: Vec<(String, String)> = given
        .iter()
        .map(|one| {
            let (name, path) = one.split_once(':').expect("a name and a path");
            let value = fs::read_to_string(places.of(path)).expect("it was written");
            (name.to_owned(), value)
        })
        .collect();
    let expected = [("stripe", LIVE), ("database-url", "postgres://db")];
    assert_eq!(
        given,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    for name in ["Requires", "After"] {
        assert_eq!(value(&service, name), "keyarc-secrets@app.service");
    }

    // One that is not there: the unit fails, and with it what requires it.
    fs::remove_file(folder.join("stripe")).expect("removes");
    let more = "more=keyarc://personal/Nothing/value\n";
    let env = places.etc.join("app.env");
    fs::write(&env, format!("{}{more}", shipped("systemd/app.env"))).expect("writes");
    let (code, said) = refused(&ended(command(&machine, &unit, &places)).await);
    assert_eq!(code, 4, "{said}");
    assert!(!folder.join("stripe").exists(), "all or nothing");
    machine.revoke().await;
    let (code, said) = refused(&ended(command(&machine, &unit, &places)).await);
    assert_eq!(code, 8, "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_reads_variables_is_run_with_them() {
    let machine = Machine::new().await;
    let memory = tempfile::tempdir_in("/dev/shm").expect("memory");
    let places = set_up(&machine, memory.path());
    fs::write(
        places.etc.join("app.env"),
        "STRIPE=keyarc://personal/Payments/Stripe/value?environment=production\n",
    )
    .expect("writes");
    let unit = shipped("systemd/app-by-run.service.d.conf");
    let app = machine.stub(
        "app",
        "printf '%s' \"$STRIPE\"; printenv KEYARC_TOKEN_FILE; exit 3",
    );
    let unit = unit.replace("/usr/local/bin/app", app.to_str().expect("UTF-8"));
    let out = ended(command(&machine, &unit, &places)).await;
    assert_eq!(
        (out.status.code(), out.stdout),
        (Some(3), LIVE.as_bytes().to_vec())
    );
}

#[test]
fn systemd_takes_the_units() {
    let folder = tempfile::tempdir().expect("a folder");
    let keyarc = env!("CARGO_BIN_EXE_keyarc");
    for drop_in in ["app.service.d.conf", "app-by-run.service.d.conf"] {
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            let text = text
                .replace(KEYARC, keyarc)
                .replace("/usr/local/bin/app", "/bin/true");
            fs::write(path, text).expect("writes");
        };
        write("app.service", "[Service]\nExecStart=/usr/local/bin/app\n");
        write(
            "keyarc-secrets@.service",
            &shipped("systemd/keyarc-secrets@.service"),
        );
        write(
            "app.service.d/keyarc.conf",
            &shipped(&format!("systemd/{drop_in}")),
        );
        let mut verify = std::process::Command::new(installed("systemd-analyze"));
        // Units of this machine are of no interest.
        verify
            .args(["verify", "--man=no", "--recursive-errors=no"])
            .args(
                ["app.service", "keyarc-secrets@app.service"].map(|name| folder.path().join(name)),
            )
            .env("SYSTEMD_UNIT_PATH", format!("{}:", folder.path().display()));
        let out = verify.output().expect("it starts");
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{drop_in}: {said}");
        for wrong in ["Unknown", "Failed to parse", "ignoring", "not executable"] {
            assert!(!said.contains(wrong), "{drop_in}: {said}");
        }
    }
}
