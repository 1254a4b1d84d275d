//! The template for GitLab, its lines run by a shell as a runner does it.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

use super::{Machine, ended, shipped, yaml};
use crate::fixture::LIVE;

/// A job that was put together of the template and the example.
struct Job {
    variables: BTreeMap<String, String>,
    lines: Vec<String>,
}

fn job() -> Job {
    let template = yaml::document(&shipped("gitlab/keyarc.gitlab-ci.yml"));
    let example = yaml::document(&shipped("gitlab/example.gitlab-ci.yml"));
    let included = example["include"][0]["local"].as_str().expect("a file");
    assert!(included.ends_with("/keyarc.gitlab-ci.yml"), "{included}");
    let deploy = &example["deploy"];
    let base = &template[deploy["extends"].as_str().expect("a template")];
    let of = |value: &Value| yaml::pairs(value).into_iter();
    let variables = of(&example["variables"]).chain(of(&deploy["variables"]));
    let mut lines = yaml::texts(&base["before_script"]);
    lines.extend(yaml::texts(&deploy["script"]));
    Job {
        variables: variables.collect(),
        lines,
    }
}

impl Job {
    /// One shell for all lines, which ends at the first that fails.
    fn command(&self, machine: &Machine) -> Command {
        let mut command = machine.bare("sh");
        command
            .arg("-c")
            .arg(format!("set -e\n{}", self.lines.join("\n")));
        command.envs(&self.variables);
        command.env("KEYARC_SERVER", machine.shell.server.origin());
        command
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_runs_its_command_with_secrets_and_shows_none_of_them() {
    let machine = Machine::new().await;
    let script = r#"printf 'key %s\n' "$STRIPE_KEY"; printf '%s\n' "$DATABASE_URL" >&2; test -z "$KEYARC_TOKEN"; test "$STRIPE_KEY" = sk_live_canary_51f0"#;
    let deploy = machine.stub("deploy", script);
    std::fs::rename(deploy, machine.shell.work().join("deploy.sh")).expect("moves");
    let job = job();
    let mut command = job.command(&machine);
    command.env("KEYARC_TOKEN", &machine.token);
    let out = ended(command).await;
    assert!(out.status.success(), "{out:?}");
    let shown = format!(
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(shown.contains("key ********\n"), "{shown}");
    for secret in [LIVE, "postgres://db", machine.token.as_str()] {
        assert!(!shown.contains(secret), "{shown}");
    }

    // The job ends before its command when there is nothing to run it with.
    let out = ended(job.command(&machine)).await;
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(said.contains("KEYARC_TOKEN"), "{said}");
    let mut command = job.command(&machine);
    command
        .env("KEYARC_TOKEN", &machine.token)
        .env("PATH", "/usr/bin:/bin");
    let out = ended(command).await;
    assert_eq!(out.status.code(), Some(4), "{out:?}");
    machine.revoke().await;
    let mut command = job.command(&machine);
    command.env("KEYARC_TOKEN", &machine.token);
    let out = ended(command).await;
    assert_eq!(out.status.code(), Some(8), "{out:?}");
    assert!(
        !String::from_utf8_lossy(&out.stdout).contains("key "),
        "{out:?}"
    );
}
