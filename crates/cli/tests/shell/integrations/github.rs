//! The composite action, run step by step as a runner does it.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Output};

use serde_json::Value;

use super::{Machine, ended, path, shipped, yaml};
use crate::fixture::{LIVE, TEST};

/// A job on a runner: its folders and the files that steps write into.
struct Job {
    machine: Machine,
    action: Value,
    inputs: BTreeMap<String, String>,
    search_path: std::ffi::OsString,
}

/// What came of a step.
struct Done {
    out: Output,
    env: BTreeMap<String, String>,
    output: BTreeMap<String, String>,
    path: String,
}

impl Job {
    fn new(machine: Machine, inputs: &[(&str, &str)]) -> Self {
        let action = yaml::document(&shipped("github/action.yml"));
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        for (name, input) in action["inputs"].as_object().expect("inputs") {
            assert!(input["description"].is_string(), "{name}");
            let is_required = input["required"] == "true";
            assert_ne!(is_required, input["default"].is_string(), "{name}");
            if let Some(default) = input["default"].as_str() {
                all.insert(name.clone(), default.to_owned());
            }
        }
        let server = machine.shell.server.origin();
        let given = [("server", server.as_str()), ("token", &machine.token)];
        for (name, value) in given.iter().chain(inputs) {
            assert!(action["inputs"][name].is_object(), "{name}");
            all.insert((*name).to_owned(), (*value).to_owned());
        }
        for folder in ["workspace", "temp"] {
            fs::create_dir_all(machine.shell.work().join(folder)).expect("a folder");
        }
        Self {
            search_path: machine.search_path(),
            machine,
            action,
            inputs: all,
        }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.machine.shell.work().join(name)
    }

    /// `${{ inputs.name }}` and the like; nothing else is used where a value is put.
    fn expand(&self, text: &str) -> String {
        let Some(inner) = text.strip_prefix("${{ ") else {
            return text.to_owned();
        };
        let inner = inner.strip_suffix(" }}").expect("one expression");
        match inner.strip_prefix("inputs.") {
            Some(name) => self.inputs[name].clone(),
            None => {
                assert_eq!(inner, "runner.temp");
                self.folder("temp").display().to_string()
            }
        }
    }

    async fn step(&self, at: usize) -> Done {
        let step = &self.action["runs"]["steps"][at];
        assert_eq!(
            step["shell"], "bash",
            "a step of a composite action names its shell"
        );
        let script = step["run"].as_str().expect("a script");
        assert!(!script.contains("${{"), "what is put into a script is run");
        let file = self.folder("temp").join(format!("{at}.sh"));
        fs::write(&file, script).expect("writes");
        let mut command = self.machine.bare("bash");
        // As the runner calls it.
        command
            .args(["--noprofile", "--norc", "-e", "-o", "pipefail"])
            .arg(&file);
        let folder = step["working-directory"].as_str();
        let folder = folder.map_or(self.folder("workspace"), |text| self.expand(text).into());
        command.current_dir(folder).env("PATH", &self.search_path);
        for name in ["GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH"] {
            fs::write(self.folder(name), "").expect("writes");
            command.env(name, self.folder(name));
        }
        command
            .env("GITHUB_ACTION_PATH", path("github"))
            .env("RUNNER_TEMP", self.folder("temp"));
        if step["env"].is_object() {
            for (name, value) in yaml::pairs(&step["env"]) {
                command.env(name, self.expand(&value));
            }
        }
        let out = ended(command).await;
        let read = |name: &str| fs::read_to_string(self.folder(name)).expect("reads");
        Done {
            out,
            env: taken_over(&read("GITHUB_ENV")),
            output: taken_over(&read("GITHUB_OUTPUT")),
            path: read("GITHUB_PATH"),
        }
    }
}

/// Reads a file of variables as the runner does: `name=value`, or `name<<mark`, lines and the mark.
fn taken_over(text: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut lines = text.split_terminator('\n');
    while let Some(line) = lines.next() {
        let equals = line.find('=').unwrap_or(usize::MAX);
        match line.find("<<") {
            Some(at) if at < equals => {
                let (name, mark) = (&line[..at], &line[at + 2..]);
                let inside: Vec<&str> = lines.by_ref().take_while(|line| *line != mark).collect();
                all.insert(name.to_owned(), inside.join("\n"));
            }
            _ => {
                let (name, value) = line.split_once('=').expect("a variable");
                all.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    all
}

/// What the runner hides from now on. Nothing else may be on standard output.
fn masked(out: &Output) -> Vec<String> {
    let text = String::from_utf8(out.stdout.clone()).expect("UTF-8");
    let mask = |line: &str| {
        let data = line.strip_prefix("::add-mask::").expect("a mask");
        data.replace("%0D", "\r")
            .replace("%0A", "\n")
            .replace("%25", "%")
    };
    text.split_terminator('\n').map(mask).collect()
}

fn is_hidden(masks: &[String], value: &str) -> bool {
    let mut lines = value.split('\n').map(|line| line.trim_end_matches('\r'));
    lines.all(|line| line.trim().is_empty() || masks.iter().any(|mask| mask == line))
}

const HOSTILE: [(&str, &str); 8] = [
    ("A", "one\nEOF\nGITHUB_TOKEN=evil\nEOF\nPATH<<X\nevil\nX"),
    ("B", "100% %0A%0D%25 ::set-output name=x::y"),
    ("C", "::stop-commands::z\n::add-mask::\n::error::evil"),
    ("D", "\n\nafter two ends, and before one\n"),
    ("E", "keyarc_00000000000000000000000000000000\nE<<keyarc_0"),
    ("F", "with \"quotes\", 'more', $(id) `id` \\ and ä 鍵"),
    ("G", "  white space  \n\t"),
    ("H", "first\r\nsecond\r\n"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_gets_every_value_whole_and_every_line_of_it_is_masked() {
    let machine = Machine::with_hostile(&HOSTILE).await;
    let mut secrets =
        "# what is read\n\nSTRIPE_KEY=keyarc://personal/Payments/Stripe/value\n".to_owned();
    for (name, _) in HOSTILE {
        secrets.push_str(&format!("{name}=keyarc://personal/Hostile/{name}\n"));
    }
    let inputs = [
        ("secrets", secrets.as_str()),
        ("environment", "production"),
        ("output", "true"),
    ];
    let job = Job::new(machine, &inputs);
    assert_eq!(job.action["runs"]["using"], "composite");
    // What was checked out says otherwise, and has no say.
    fs::write(
        job.folder("workspace").join("keyarc.toml"),
        "environment = \"test\"\nserver = \"https://elsewhere.example\"\n",
    )
    .expect("writes");

    let found = job.step(0).await;
    assert!(found.out.status.success(), "{:?}", found.out);
    assert_eq!(found.path, "", "there is one already");
    let done = job.step(1).await;
    assert!(done.out.status.success(), "{:?}", done.out);
    let masks = masked(&done.out);
    assert_eq!(done.env["STRIPE_KEY"], LIVE);
    assert_eq!(done.env.len(), HOSTILE.len() + 1);
    assert_eq!(done.env, done.output);
    for (name, value) in HOSTILE {
        assert_eq!(done.env[name], value, "{name}");
        assert!(is_hidden(&masks, value), "{name}: {masks:?}");
    }
    assert!(is_hidden(&masks, LIVE) && !masks.iter().any(String::is_empty));
    let said = String::from_utf8_lossy(&done.out.stderr);
    assert!(
        !said.contains("evil") && !said.contains(&job.machine.token),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_that_cannot_have_all_of_its_secrets_has_none_of_them() {
    let mut job = Job::new(Machine::new().await, &[("secrets", "")]);
    let stripe = "STRIPE=keyarc://personal/Payments/Stripe/value";
    for (secrets, environment, code, told) in [
        (
            format!("{stripe}\nB=keyarc://personal/Nothing/value"),
            "test",
            4,
            "Nothing",
        ),
        (stripe.to_owned(), "", 5, "several items"),
        (
            format!("{stripe}\nB=canary-typed-in"),
            "test",
            2,
            "B: write NAME=keyarc://",
        ),
        (format!("{stripe}\nno variable"), "test", 2, "line 2"),
        (
            format!("{stripe}\nB=keyarc://personal/Stripe"),
            "test",
            2,
            "B:",
        ),
        (String::new(), "test", 2, "names no variable"),
    ] {
        job.inputs.insert("secrets".to_owned(), secrets.clone());
        job.inputs
            .insert("environment".to_owned(), environment.to_owned());
        let done = job.step(1).await;
        let said = String::from_utf8_lossy(&done.out.stderr).into_owned();
        assert_eq!(done.out.status.code(), Some(code), "{secrets}: {said}");
        assert!(said.contains(told) && !said.contains("canary"), "{said}");
        assert!(done.out.stdout.is_empty() && done.env.is_empty() && done.output.is_empty());
    }
    // Neither of both ways is a mistake of whoever wrote the workflow.
    job.inputs.insert("secrets".to_owned(), stripe.to_owned());
    job.inputs.insert("env".to_owned(), "false".to_owned());
    assert_eq!(job.step(1).await.out.status.code(), Some(2));
    job.inputs.insert("output".to_owned(), "true".to_owned());
    let done = job.step(1).await;
    assert_eq!((done.env.len(), done.output["STRIPE"].as_str()), (0, TEST));

    // Outside of a workflow there is nothing to write into.
    let mut command = job.machine.with_token("keyarc");
    command.args(["github-actions", "--env", "-e", "test"]);
    let out = super::fed(command, stripe).await;
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(2), "{said}");
    assert!(
        said.contains("GITHUB_ENV is not set") && out.stdout.is_empty(),
        "{said}"
    );

    job.machine.revoke().await;
    let done = job.step(1).await;
    assert_eq!(done.out.status.code(), Some(8), "{:?}", done.out);
    assert!(done.out.stdout.is_empty() && done.output.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_is_no_keyarc_the_version_of_the_action_is_built() {
    let mut job = Job::new(Machine::new().await, &[("secrets", "")]);
    let stubs = job.folder("stubs");
    fs::create_dir(&stubs).expect("a folder");
    let cargo = job
        .machine
        .stub("cargo", "printf '%s\\n' \"$@\" > \"$RUNNER_TEMP/asked\"");
    fs::rename(cargo, stubs.join("cargo")).expect("moves");
    let places = [stubs, "/usr/bin".into(), "/bin".into()];
    job.search_path = std::env::join_paths(places).expect("a path");
    let done = job.step(0).await;
    assert!(done.out.status.success(), "{:?}", done.out);
    let asked = fs::read_to_string(job.folder("temp").join("asked")).expect("it was asked");
    let words: Vec<&str> = asked.lines().collect();
    let root = job.folder("temp").join("keyarc");
    assert_eq!(words[..3], ["install", "--locked", "--path"]);
    assert_eq!(words[4..], ["--root", &root.display().to_string()]);
    let manifest = fs::read_to_string(PathBuf::from(words[3]).join("Cargo.toml"));
    assert!(
        manifest.is_ok_and(|text| text.contains("name = \"keyarc\"")),
        "{asked}"
    );
    assert_eq!(done.path, format!("{}\n", root.join("bin").display()));
}

#[test]
fn the_workflow_that_is_shipped_gives_the_action_what_it_takes() {
    let workflow = yaml::document(&shipped("github/example.yml"));
    let action = yaml::document(&shipped("github/action.yml"));
    let steps = workflow["jobs"]["deploy"]["steps"]
        .as_array()
        .expect("steps");
    let uses = |step: &&Value| {
        step["uses"]
            .as_str()
            .is_some_and(|uses| uses.contains("keyarc"))
    };
    let step = steps.iter().find(uses).expect("it uses the action");
    let given = step["with"].as_object().expect("inputs");
    let inputs = action["inputs"].as_object().expect("inputs");
    assert!(given.keys().all(|name| inputs.contains_key(name)));
    let required = inputs
        .iter()
        .filter(|(_, input)| input["required"] == "true");
    assert!(
        required
            .into_iter()
            .all(|(name, _)| given.contains_key(name))
    );
    let lines = given["secrets"].as_str().expect("a text").lines();
    assert_eq!(
        lines
            .filter(|line| line.contains("=keyarc://personal/"))
            .count(),
        2
    );
}
