//! `use keyarc` in a real direnv.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::symlink,
    time::{Duration, SystemTime},
};

use serde_json::Value;

use super::{Machine, ended, installed, path, shipped};
use crate::fixture::{LIVE, PASSWORD, TEST};

/// A shell that direnv is hooked into.
struct Hooked {
    machine: Machine,
    environment: BTreeMap<String, String>,
    /// Files are told apart by the second in which they were changed.
    changed: u64,
}

impl Hooked {
    async fn new() -> Self {
        let machine = Machine::new().await;
        let library = machine.shell.work().join(".config/direnv/lib");
        fs::create_dir_all(&library).expect("a folder");
        symlink(path("direnv/keyarc.sh"), library.join("keyarc.sh")).expect("links");
        fs::create_dir(machine.shell.work().join("project")).expect("a folder");
        let mut hooked = Self {
            machine,
            environment: BTreeMap::new(),
            changed: 0,
        };
        hooked.write(".envrc", &shipped("direnv/example.envrc"));
        hooked
    }

    fn write(&mut self, name: &str, text: &str) {
        let file = self.machine.shell.work().join("project").join(name);
        fs::write(&file, text).expect("writes");
        self.changed += 10;
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + self.changed);
        let file = fs::File::options().write(true).open(file).expect("opens");
        file.set_modified(time).expect("changes");
    }

    async fn direnv(&self, words: &[&str]) -> std::process::Output {
        let mut command = self.machine.bare(installed("direnv"));
        command
            .args(words)
            .current_dir(self.machine.shell.work().join("project"))
            .env("KEYARC_HOME", self.machine.shell.home())
            .envs(&self.environment);
        ended(command).await
    }

    async fn allow(&self) {
        let out = self.direnv(&["allow"]).await;
        assert!(out.status.success(), "{out:?}");
    }

    /// What is done before each prompt: whether there was anything to do, and what was said.
    async fn prompt(&mut self) -> (bool, String) {
        let out = self.direnv(&["export", "json"]).await;
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        let text = String::from_utf8(out.stdout).expect("UTF-8");
        if text.trim().is_empty() {
            return (false, said);
        }
        let changes: BTreeMap<String, Value> = serde_json::from_str(&text).expect("JSON");
        for (name, value) in changes {
            match value {
                Value::String(value) => self.environment.insert(name, value),
                _ => self.environment.remove(&name),
            };
        }
        (true, said)
    }

    fn has(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_brings_its_secrets_and_takes_them_away() {
    let mut shell = Hooked::new().await;
    shell.write(
        ".env",
        "STRIPE=keyarc://personal/Payments/Stripe/value?environment=test\nLINES='one\ntwo $(id)'\n",
    );
    let (_, said) = shell.prompt().await;
    assert!(
        shell.has("STRIPE").is_none(),
        "nobody has allowed it: {said}"
    );
    shell.allow().await;
    let (_, said) = shell.prompt().await;
    assert_eq!(shell.has("STRIPE"), Some(TEST), "{said}");
    assert_eq!(shell.has("LINES"), Some("one\ntwo $(id)"));
    assert!(!said.contains(TEST), "{said}");
    assert!(!shell.prompt().await.0, "nothing has changed");

    // Another file, another project, another state of the vault.
    shell.write(".env", "STRIPE=keyarc://personal/Payments/Stripe/value\n");
    let (_, said) = shell.prompt().await;
    assert!(said.contains("several items"), "{said}");
    assert_eq!(shell.has("STRIPE"), None, "nothing of before stays");
    shell.write("keyarc.toml", "environment = \"production\"\n");
    shell.prompt().await;
    assert_eq!(shell.has("STRIPE"), Some(LIVE));
    assert_eq!(shell.has("LINES"), None);
    shell.machine.shell.prints(&["lock"]).await;
    let (did, said) = shell.prompt().await;
    assert!(did && said.contains("keyarc unlock"), "{said}");
    assert_eq!(shell.has("STRIPE"), None);
    let out = shell
        .machine
        .shell
        .typed(&["unlock", "--stdin"], &format!("{PASSWORD}\n"))
        .await;
    assert!(out.status.success(), "{out:?}");
    let (_, said) = shell.prompt().await;
    assert_eq!(shell.has("STRIPE"), Some(LIVE), "{said}");

    // Files that are named, and none of the name that is usual.
    shell.write("other.env", "REGION=keyarc://personal/Service/REGION\n");
    shell.write("more.env", "MORE=keyarc://personal/Registry/username\n");
    shell.write(".envrc", "use keyarc other.env more.env\n");
    shell.allow().await;
    let (_, said) = shell.prompt().await;
    assert_eq!(
        (shell.has("REGION"), shell.has("MORE")),
        (Some("eu"), Some("ada")),
        "{said}"
    );
    assert_eq!(shell.has("STRIPE"), None);
    shell.write("more.env", "MORE=keyarc://personal/Registry/password\n");
    shell.prompt().await;
    assert_eq!(shell.has("MORE"), Some("canary pass word"));
}
