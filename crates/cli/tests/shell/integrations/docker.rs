//! The container's entry point, as process 1 where the system lets tests have one.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{Machine, ended, shipped, yaml};
use crate::fixture::{LIVE, refused};

/// What stands behind an instruction of a Dockerfile, the last time.
fn instruction<'a>(text: &'a str, name: &str) -> &'a str {
    let mut lines = text.lines().rev();
    let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("there is no {name}"))
}

fn words(text: &str, name: &str) -> Vec<String> {
    serde_json::from_str(instruction(text, name)).expect("the exec form, which has no shell")
}

/// What comes before a command so that it is process 1 and its secrets are mounted as an engine of
/// containers mounts them; `None` where the system allows nobody to do that.
fn container() -> Option<Vec<String>> {
    let ways: [&[&str]; 2] = [&[], &["--user", "--map-root-user"]];
    ways.into_iter().find_map(|way| {
        let always = ["unshare", "--mount", "--pid", "--fork", "--kill-child"];
        let unshare = [&always[..], way, &["sh", "-c"]].concat();
        let mount = "mount -t tmpfs none /run && mkdir /run/secrets && mount -t tmpfs none /run/secrets && cp \"$0\" /run/secrets/keyarc_token && chmod 444 /run/secrets/keyarc_token && mount -o remount,ro none /run/secrets";
        let mut tried = Command::new(unshare[0]);
        tried.args(&unshare[1..]).args([mount, "/dev/null"]);
        let works = tried.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        works.then(|| {
            let mut all: Vec<String> = unshare.into_iter().map(str::to_owned).collect();
            all.push(format!("{mount} && exec \"$@\""));
            all
        })
    })
}

/// The entry point of the example with another command, in its environment.
fn entry(machine: &Machine, container: Option<&[String]>, command: &[&str]) -> Command {
    let dockerfile = shipped("docker/example.Dockerfile");
    let compose = yaml::document(&shipped("docker/compose.yaml"));
    let mut entry = words(&dockerfile, "ENTRYPOINT");
    assert_eq!(entry[0], "/usr/local/bin/keyarc");
    env!("CARGO_BIN_EXE_keyarc").clone_into(&mut entry[0]);
    let token = machine.token_file();
    let (variable, place) = instruction(&dockerfile, "ENV")
        .split_once('=')
        .expect("a variable");
    assert_eq!(compose["services"]["app"]["secrets"][0], "keyarc_token");
    assert_eq!(place, "/run/secrets/keyarc_token");
    let mut all = match container {
        Some(before) => {
            let mut all = machine.bare(&before[0]);
            all.args(&before[1..])
                .arg(&token)
                .args(&entry)
                .env(variable, place);
            all
        }
        None => {
            let mut all = machine.bare(&entry[0]);
            all.args(&entry[1..]).env(variable, &token);
            all
        }
    };
    all.args(command)
        .envs(yaml::pairs(&compose["services"]["app"]["environment"]))
        .env("KEYARC_SERVER", machine.shell.server.origin());
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_of_a_container_takes_the_place_of_keyarc_with_its_secrets() {
    let machine = Machine::new().await;
    let script = r#"
        test -z "$KEYARC_TOKEN$KEYARC_TOKEN_FILE" || exit 1
        trap 'echo ended; exit 5' TERM
        echo "$$ $STRIPE_KEY $DATABASE_URL"
        while :; do sleep 0.05; done"#;
    let start = machine.stub("start.sh", script);
    let start = start.to_str().expect("UTF-8");
    assert_eq!(
        words(&shipped("docker/example.Dockerfile"), "CMD"),
        ["/app/start.sh"]
    );
    let container = container();
    for way in [None, container.as_deref()] {
        let mut child = entry(&machine, way, &[start])
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let is_first = way.is_some();
        let told = tokio::task::spawn_blocking(move || {
            let mut from = BufReader::new(child.stdout.take().expect("a pipe"));
            let mut line = String::new();
            from.read_line(&mut line).expect("it speaks");
            // Of `unshare` it is the only child.
            let own = child.id();
            let children = format!("/proc/{own}/task/{own}/children");
            let id = match is_first {
                true => fs::read_to_string(children)
                    .expect("a child")
                    .trim()
                    .parse(),
                false => own.to_string().parse(),
            };
            let id = id.ok().and_then(Pid::from_raw).expect("an id");
            kill_process(id, Signal::TERM).expect("is sent");
            let mut rest = String::new();
            from.read_to_string(&mut rest).expect("reads");
            (line, rest, child.wait().expect("it ends").code(), own)
        });
        let (line, rest, code, own) = told.await.expect("it ends");
        let id = if is_first { 1 } else { own };
        assert_eq!(line, format!("{id} {LIVE} postgres://db\n"));
        assert_eq!((rest.as_str(), code), ("ended\n", Some(5)));

        let out = ended(entry(&machine, way, &["sh", "-c", "exit 7"])).await;
        assert_eq!(out.status.code(), Some(7));
        let mut missing = entry(&machine, way, &["echo", "ran"]);
        missing.env("MORE", "keyarc://personal/Nothing/value");
        assert_eq!(refused(&ended(missing).await).0, 4);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_in_a_file_is_taken_from_nobody_elses_eyes() {
    let machine = Machine::new().await;
    let file = machine.token_file();
    let get = |file: &std::path::Path| {
        let mut command = machine.bare("keyarc");
        command
            .args(["get", "Registry"])
            .env("KEYARC_SERVER", machine.shell.server.origin())
            .env("KEYARC_TOKEN_FILE", file);
        command
    };
    assert_eq!(
        super::printed(ended(get(&file)).await),
        "canary pass word\n"
    );
    let (code, said) = refused(&ended(get(&machine.shell.work().join("nowhere"))).await);
    assert_eq!(code, 1, "{said}");
    let mut both = get(&file);
    both.env("KEYARC_TOKEN", &machine.token);
    let (code, said) = refused(&ended(both).await);
    assert_eq!(code, 2, "{said}");
    let mut without = get(&file);
    without.env_remove("KEYARC_SERVER");
    let (code, said) = refused(&ended(without).await);
    assert_eq!((code, said.contains("KEYARC_SERVER")), (2, true), "{said}");
    let other = super::private(&machine.shell.work().join("other"), "kas1_canary");
    let (code, said) = refused(&ended(get(&other)).await);
    assert_eq!((code, said.contains("canary")), (2, false), "{said}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("changes");
    let (code, said) = refused(&ended(get(&file)).await);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("chmod 600"), "{said}");
}
