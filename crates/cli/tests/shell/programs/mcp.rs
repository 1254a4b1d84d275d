//! A coding agent speaks to `keyarc mcp`, and tries to get a value out.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::PermissionsExt as _,
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use keyarc_vault::ItemDraft;
use serde_json::{Value, json};

use super::{login, token, with};
use crate::fixture::Shell;

pub const CANARY: &str = "canary-4f1c/9+b7 \u{e4}";
pub const REFERENCE: &str = "keyarc://personal/Agents/Key/value";

/// An agent.
struct Agent {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    id: u64,
}

impl Agent {
    /// One that has said who it is.
    fn start(shell: &Shell) -> Self {
        let mut agent = Self::silent(shell);
        let began = agent.ask(
            "initialize",
            json!({
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": { "name": "A test", "version": "1" },
            }),
        );
        assert_eq!(began["result"]["protocolVersion"], "2025-06-18");
        agent.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        agent
    }

    fn silent(shell: &Shell) -> Self {
        let mut child = shell
            .command(&["mcp"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("it starts");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        Self {
            child,
            input,
            output,
            id: 0,
        }
    }

    fn say(&mut self, message: &Value) {
        self.write(&format!("{message}\n"));
    }

    fn write(&mut self, text: &str) {
        let input = self.input.as_mut().expect("a pipe");
        input.write_all(text.as_bytes()).expect("writes");
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("reads");
        assert!(!line.contains("canary"), "{line}");
        serde_json::from_str(&line).expect("JSON")
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.id += 1;
        let id = self.id;
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let answer = self.hear();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// What a tool answers, and whether it says that something went wrong.
    fn call(&mut self, name: &str, arguments: Value) -> (Value, bool) {
        let answer = self.ask(
            "tools/call",
            json!({ "name": name, "arguments": arguments }),
        );
        let text = answer["result"]["content"][0]["text"].as_str();
        let text = text.unwrap_or_else(|| panic!("{answer}"));
        let told = serde_json::from_str(text).expect("JSON");
        (told, answer["result"]["isError"] == true)
    }

    fn run(&mut self, argv: &[&str], variables: Value) -> (Value, bool) {
        self.call(
            "run_command",
            json!({ "argv": argv, "variables": variables }),
        )
    }

    fn ends(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().expect("it ends").success());
    }
}

fn in_folder(folder: &str, draft: ItemDraft) -> ItemDraft {
    ItemDraft {
        folder: folder.to_owned(),
        ..draft
    }
}

fn allow(shell: &Shell, text: &str) {
    let path = shell.home().join("mcp.toml");
    fs::write(&path, text).expect("writes");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("changes");
}

const CONFIG: &str = r#"
folders = ["Agents"]
environments = ["test"]

[[command]]
argv = ["sh", "-c"]
more-arguments = true
approval = false
timeout-seconds = 20

[[command]]
argv = ["sleep", "100"]
approval = false
timeout-seconds = 1

[[command]]
argv = ["echo", "asked"]
"#;

pub async fn with_agents() -> Shell {
    let live = ItemDraft {
        environment: Some("live".to_owned()),
        ..in_folder("Agents", token("Live", "stripe", "canary-live", &[]))
    };
    let shell = with(vec![
        in_folder(
            "Agents",
            token("Key", "stripe", CANARY, &[("Account", "canary-account")]),
        ),
        in_folder("Agents", token("Short", "stripe", "can", &[])),
        in_folder(
            "Agents/Deep",
            login("Login", "https://a.example", "ada", "canary-deep"),
        ),
        in_folder("Agents, not", token("Other", "stripe", "canary-other", &[])),
        live,
    ])
    .await;
    allow(&shell, CONFIG);
    shell
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_sees_names_of_what_it_may_know_and_no_value() {
    let shell = with_agents().await;
    let mut agent = Agent::start(&shell);
    let tools = agent.ask("tools/list", json!({}));
    let tools = tools["result"]["tools"].as_array().expect("a list").clone();
    let names: Vec<&str> = tools
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "list_items",
            "describe_item",
            "check_reference",
            "run_command"
        ]
    );

    let names = |told: &Value| -> Vec<String> {
        let items = told["items"].as_array().expect("a list");
        items
            .iter()
            .filter_map(|item| item["name"].as_str().map(str::to_owned))
            .collect()
    };
    let (told, _) = agent.call("list_items", json!({}));
    assert_eq!(names(&told), ["Key", "Short", "Login"], "{told}");
    let (told, _) = agent.call("list_items", json!({ "words": "STRIPE key" }));
    assert_eq!(names(&told), ["Key"]);
    let (told, _) = agent.call("list_items", json!({ "folder": "Agents/Deep" }));
    assert_eq!(names(&told), ["Login"]);
    let (told, _) = agent.call("describe_item", json!({ "item": "Key" }));
    assert_eq!(told["fields"], json!(["value", "Account"]));
    assert_eq!(told["kind"], "api_key");

    // What is outside is not there, and not offered either.
    for item in ["Other", "Live", "Registry", "Payments/Stripe", "Keyy"] {
        let (told, is_error) = agent.call("describe_item", json!({ "item": item }));
        assert!(is_error, "{item}: {told}");
        let why = told["error"].as_str().expect("why");
        assert!(
            !why.contains("several") && !why.contains("Did you mean Registry"),
            "{why}"
        );
    }
    for (reference, exists) in [
        (REFERENCE, true),
        ("keyarc://personal/Agents/Key/account", true),
        ("keyarc://personal/Agents/Key/password", false),
        ("keyarc://personal/Registry/password", false),
        (
            "keyarc://personal/Agents/Live/value?environment=live",
            false,
        ),
    ] {
        let (told, is_error) = agent.call("check_reference", json!({ "reference": reference }));
        assert!(!is_error, "{told}");
        assert_eq!(told["exists"], exists, "{reference}: {told}");
    }
    let (_, is_error) = agent.call("check_reference", json!({ "reference": "Key" }));
    assert!(is_error);
    agent.ends();

    // Locked: said so, and nothing else happens.
    shell.prints(&["lock"]).await;
    let mut agent = Agent::start(&shell);
    let (told, is_error) = agent.call("list_items", json!({}));
    assert!(
        is_error
            && told["error"]
                .as_str()
                .is_some_and(|why| why.contains("locked")),
        "{told}"
    );
    agent.ends();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_gets_secrets_and_its_output_has_none() {
    let shell = with_agents().await;
    let mut agent = Agent::start(&shell);
    let key = json!({ "KEY": REFERENCE });
    // Each prints the value in another way; that it had the right one is told by its length.
    for script in [
        "printf %s \"$KEY\"",
        "printf %s \"$KEY\" >&2",
        "printf %s \"$KEY\" | base64",
        "printf 'a:%s' \"$KEY\" | base64 -w0",
        "printf %s \"$KEY\" | od -An -v -tx1 | tr -d ' \\n'",
        "env",
        "printf %s \"$KEY\" | { head -c 9; sleep 0.3; cat; }",
        "echo \"{\\\"key\\\": \\\"$KEY\\\"}\"",
        "printf %s \"$KEY\" | sed 's,/,%2F,;s,+,%2B,;s, ,%20,;s,ä,%C3%A4,'",
        "cat /proc/self/environ",
        "for i in 1 2 3; do printf %s \"$KEY\"; done",
        "head -c 65530 /dev/zero | tr '\\0' x; printf %s \"$KEY\"",
        "exec 3>&1; printf %s \"$KEY\" >&3",
    ] {
        let script = format!("test ${{#KEY}} = 18 -o ${{#KEY}} = 19 || exit 9; {script}");
        let (told, is_error) = agent.run(&["sh", "-c", &script], key.clone());
        assert!(!is_error && told["exit_code"] == 0, "{script}: {told}");
        let whole = format!("{}{}", told["stdout"], told["stderr"]);
        let is_masked = whole.contains("****") || told["truncated"] == true;
        assert!(is_masked, "{script}: {told}");
        for part in ["4f1c", "Y2FuYXJ5", "63616e617279", "c/9", "2F9"] {
            assert!(!whole.contains(part), "{script}: {told}");
        }
    }
    // Several values, among them one of a file of which nothing else is taken.
    let file = format!(
        "KEY={REFERENCE}\nLD_PRELOAD=/tmp/x.so\nLOGIN=keyarc://personal/Agents/Deep/Login/password\n"
    );
    fs::write(shell.work().join("vars"), file).expect("writes");
    let script = "echo \"$LD_PRELOAD|$LOGIN|${KEYARC_HOME-none}\"";
    let wish = json!({ "argv": ["sh", "-c", script], "env_file": "vars" });
    let (told, is_error) = agent.call("run_command", wish);
    assert!(!is_error, "{told}");
    assert_eq!(told["stdout"], "|********|none\n");

    for (argv, variables, said) in [
        (vec!["sh"], json!({}), "not among those"),
        (vec!["sh", "-ec", "env"], json!({}), "not among those"),
        (vec!["./sh", "-c", "env"], json!({}), "not among those"),
        (vec!["env"], json!({}), "not among those"),
        (vec!["sleep", "100", "200"], json!({}), "not among those"),
        (vec![], json!({}), "not among those"),
        (vec!["sh", "-c", "a\0b"], json!({}), "NUL"),
        (
            vec!["sh", "-c", "env"],
            json!({ "A": "keyarc://personal/Registry/password" }),
            "no item Registry",
        ),
        (
            vec!["sh", "-c", "env"],
            json!({ "A": "keyarc://personal/Agents/Live/value" }),
            "no item",
        ),
        (
            vec!["sh", "-c", "env"],
            json!({ "A": "keyarc://personal/Agents/Short/value" }),
            "could not be masked",
        ),
        (
            vec!["sh", "-c", "env"],
            json!({ "A": "plain" }),
            "references for values",
        ),
        (
            vec!["sh", "-c", "env"],
            json!({ "A=B": REFERENCE }),
            "letters, digits",
        ),
        (
            vec!["sh", "-c", "env"],
            json!({ "A": "keyarc://personal/x" }),
            "an item and a field",
        ),
        // Nobody can be asked.
        (vec!["echo", "asked"], json!({}), "nobody said yes"),
    ] {
        // Without a terminal, wherever the test itself runs.
        let (told, is_error) = match argv.first() {
            Some(&"echo") => {
                allow(
                    &shell,
                    &format!("{CONFIG}\n").replacen('\n', "\naskpass = \"/bin/false\"\n", 1),
                );
                let mut other = Agent::start(&shell);
                let told = other.run(&argv, variables);
                other.ends();
                told
            }
            _ => agent.run(&argv, variables),
        };
        assert!(is_error, "{argv:?}: {told}");
        let why = told["error"].as_str().expect("why");
        assert!(why.contains(said), "{argv:?}: {why}");
    }
    for file in ["nowhere", "/dev/zero", "/dev/stdin", "."] {
        let (_, is_error) = agent.call(
            "run_command",
            json!({ "argv": ["sh", "-c", ""], "env_file": file }),
        );
        assert!(is_error, "{file}");
    }

    let (told, _) = agent.run(&["sleep", "100"], json!({}));
    assert_eq!(
        (&told["timed_out"], &told["exit_code"]),
        (&json!(true), &Value::Null)
    );
    let (told, _) = agent.run(&["sh", "-c", "kill -TERM $$"], json!({}));
    assert_eq!(told["exit_code"], 143);
    let (told, _) = agent.run(
        &["sh", "-c", "head -c 10000000 /dev/zero; exit 3"],
        json!({}),
    );
    assert_eq!(
        (&told["truncated"], &told["exit_code"]),
        (&json!(true), &json!(3))
    );
    // What is left in the background does not hold the answer back.
    let (told, _) = agent.run(&["sh", "-c", "sleep 100 & echo done"], json!({}));
    assert_eq!(told["stdout"], "done\n");
    let (told, _) = agent.run(&["sh", "-c", "cat; echo end"], json!({}));
    assert_eq!(
        told["stdout"], "end\n",
        "its input is empty, not that of the protocol"
    );
    agent.ends();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_asked_about_the_whole_command() {
    let shell = with_agents().await;
    let asked = shell.work().join("asked");
    let program = shell.work().join("ask");
    let script = format!(
        "#!/bin/sh\nprintf '%s' \"$1\" > '{}'\nexit $(cat '{}')\n",
        asked.display(),
        shell.work().join("code").display()
    );
    fs::write(&program, script).expect("writes");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("changes");
    allow(
        &shell,
        &format!("askpass = \"{}\"\n{CONFIG}", program.display()),
    );
    let mut agent = Agent::start(&shell);
    for (code, is_run) in [("0", true), ("1", false)] {
        fs::write(shell.work().join("code"), code).expect("writes");
        let (told, is_error) = agent.run(&["echo", "asked"], json!({ "KEY": REFERENCE }));
        assert_eq!(!is_error, is_run, "{told}");
        let question = fs::read_to_string(&asked).expect("reads");
        for part in ["A test", "echo asked", &format!("KEY = {REFERENCE}")] {
            assert!(question.contains(part), "{question}");
        }
        assert!(!question.contains("canary"), "{question}");
    }
    agent.ends();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_protocol_is_spoken_and_nonsense_is_told() {
    let shell = with_agents().await;
    let mut agent = Agent::silent(&shell);
    assert_eq!(agent.ask("ping", Value::Null)["result"], json!({}));
    assert_eq!(
        agent.ask("tools/list", Value::Null)["error"]["code"],
        -32_600
    );
    for (wanted, answered) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-11-25", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
    ] {
        let began = agent.ask("initialize", json!({ "protocolVersion": wanted }));
        assert_eq!(began["result"]["protocolVersion"], answered);
    }
    assert_eq!(
        agent.ask("resources/list", Value::Null)["error"]["code"],
        -32_601
    );
    assert_eq!(
        agent.ask("server/discover", Value::Null)["error"]["code"],
        -32_601
    );
    for params in [
        json!({ "name": "get_value", "arguments": { "item": "Key" } }),
        json!({}),
        json!({ "name": "describe_item", "arguments": { "item": "Key", "reveal": true } }),
        json!({ "name": "describe_item", "arguments": {} }),
        json!({ "name": "run_command", "arguments": { "argv": "sh" } }),
    ] {
        assert_eq!(agent.ask("tools/call", params)["error"]["code"], -32_602);
    }
    for (text, code) in [("{\n", -32_700), ("[]\n", -32_600), ("\n", -32_700)] {
        agent.write(text);
        assert_eq!(agent.hear()["error"]["code"], code, "{text}");
    }
    // What is given up is ended and not answered, and others are answered meanwhile.
    let wait = json!({ "name": "run_command", "arguments": { "argv": ["sh", "-c", "sleep 15; touch late"] } });
    agent.say(&json!({ "jsonrpc": "2.0", "id": "slow", "method": "tools/call", "params": wait }));
    assert_eq!(agent.ask("ping", Value::Null)["result"], json!({}));
    agent.say(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": "slow" } }));
    let (told, _) = agent.run(&["sh", "-c", "echo next"], json!({}));
    assert_eq!(told["stdout"], "next\n");
    assert!(!shell.work().join("late").exists());
    agent.write(&"x".repeat(1024 * 1024));
    let mut rest = String::new();
    agent.output.read_line(&mut rest).expect("reads");
    assert_eq!(rest, "", "it hangs up on what has no end");

    // Only a file of the person's own allows anything.
    fs::write(shell.work().join("mcp.toml"), CONFIG).expect("writes");
    fs::remove_file(shell.home().join("mcp.toml")).expect("removes");
    let (code, said) = shell.refuses(&["mcp"]).await;
    assert_eq!(code, 2, "{said}");
    allow(&shell, "folders = 1");
    assert_eq!(shell.refuses(&["mcp"]).await.0, 2);
    let path = shell.home().join("mcp.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("changes");
    let (code, said) = shell.refuses(&["mcp"]).await;
    assert!(code == 1 && said.contains("chmod 600"), "{said}");
}
