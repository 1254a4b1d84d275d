//! Tasks and launches of Visual Studio Code.

use serde_json::Value;

use super::{Machine, ended, printed, shipped};

/// A machine whose account is unlocked, with a `.env` in the folder that is open.
async fn workspace() -> Machine {
    let machine = Machine::new().await;
    let text = "STRIPE=keyarc://personal/Payments/Stripe/value\nLEVEL=info\n";
    std::fs::write(machine.shell.work().join(".env"), text).expect("writes");
    let script = r#"printf '%s|%s|%s|%s\n' "$*" "$STRIPE" "$LEVEL" "${#STRIPE}""#;
    machine.stub("npm", script);
    machine.stub("node", script);
    machine
}

fn words(value: &Value) -> Vec<String> {
    let list = value.as_array().expect("a list").iter();
    list.map(|word| word.as_str().expect("a text").to_owned())
        .collect()
}

async fn run(machine: &Machine, program: &Value, words: Vec<String>) -> String {
    let mut command = machine.bare(program.as_str().expect("a program"));
    command.args(words).env("KEYARC_HOME", machine.shell.home());
    if command.get_args().all(|word| word != "--environment") {
        command.env("KEYARC_ENVIRONMENT", "production");
    }
    printed(ended(command).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_and_launches_run_with_secrets_that_no_panel_shows() {
    let machine = workspace().await;
    let tasks: Value = serde_json::from_str(&shipped("vscode/tasks.json")).expect("JSON");
    assert_eq!(tasks["version"], "2.0.0");
    let mut shown = Vec::new();
    for task in tasks["tasks"].as_array().expect("tasks") {
        // A process gets its arguments as they are, whatever the shell.
        assert_eq!(task["type"], "process");
        assert_eq!(task["options"]["cwd"], "${workspaceFolder}");
        shown.push(run(&machine, &task["command"], words(&task["args"])).await);
    }
    // 19 bytes, of the item for this environment.
    assert_eq!(
        shown,
        ["start|********|info|19\n", "test|********|info|19\n"]
    );

    let launch: Value = serde_json::from_str(&shipped("vscode/launch.json")).expect("JSON");
    let one = &launch["configurations"][0];
    assert_eq!(
        (&one["type"], &one["request"]),
        (&Value::from("node"), &Value::from("launch"))
    );
    let program = one["program"].as_str().expect("a program");
    let program = program.replace("${workspaceFolder}", "folder");
    let mut all = words(&one["runtimeArgs"]);
    all.push(program);
    let shown = run(&machine, &one["runtimeExecutable"], all).await;
    assert_eq!(shown, "folder/index.js|********|info|19\n");
}
