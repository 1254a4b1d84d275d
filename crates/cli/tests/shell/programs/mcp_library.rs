//! The client library of the Model Context Protocol speaks to `keyarc mcp`, and tries to get a value out.

use std::process::Stdio;

use rmcp::{
    RoleClient, ServiceExt as _,
    model::CallToolRequestParams,
    service::{RunningService, ServiceError},
};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::mcp::{CANARY, REFERENCE, with_agents};
use crate::fixture::Shell;

/// A program that was made with the library.
struct Client {
    child: Child,
    library: RunningService<RoleClient, ()>,
}

impl Client {
    /// One that has said who it is, and knows whom it speaks to.
    async fn start(shell: &Shell) -> Self {
        let mut child = Command::from(shell.command(&["mcp"]))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let input = child.stdin.take().expect("a pipe");
        let output = child.stdout.take().expect("a pipe");
        let library = ().serve((output, input)).await.expect("they agree");
        Self { child, library }
    }

    /// What a tool answers, and whether it says that something went wrong. Nothing of it is a value.
    async fn call(&self, name: &'static str, arguments: Value) -> (Value, bool) {
        let Value::Object(arguments) = arguments else {
            panic!("arguments are an object");
        };
        let asked = CallToolRequestParams::new(name).with_arguments(arguments);
        let answer = self.library.call_tool(asked).await.expect("it answers");
        no_value(&format!("{answer:?}"));
        let text = answer.content.first().and_then(|part| part.as_text());
        let told = serde_json::from_str(&text.expect("a text").text).expect("JSON");
        (told, answer.is_error == Some(true))
    }

    async fn ends(mut self) {
        self.library.cancel().await.expect("it stops");
        assert!(self.child.wait().await.expect("it ends").success());
    }
}

/// In any of the spellings that a program prints.
fn no_value(said: &str) {
    for secret in [CANARY, "canary", "Y2FuYXJ5", "63616e617279"] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_made_with_the_library_gets_no_value_out() {
    let shell = with_agents().await;
    let client = Client::start(&shell).await;
    let server = client.library.peer_info().expect("it said who it is");
    no_value(&format!("{server:?}"));
    let tools = client.library.list_all_tools().await.expect("it lists");
    no_value(&format!("{tools:?}"));
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    assert_eq!(
        names,
        [
            "list_items",
            "describe_item",
            "check_reference",
            "run_command"
        ]
    );

    let (told, is_error) = client.call("list_items", json!({})).await;
    assert_eq!(
        (told["items"].as_array().map(Vec::len), is_error),
        (Some(3), false)
    );
    let (told, is_error) = client.call("describe_item", json!({ "item": "Key" })).await;
    assert_eq!((&told["kind"], is_error), (&json!("api_key"), false));
    let (told, _) = client
        .call("check_reference", json!({ "reference": REFERENCE }))
        .await;
    assert_eq!(told["exists"], true);

    // A command has the value, and whoever asked for it has not.
    for script in [
        "printf %s \"$KEY\"",
        "printf %s \"$KEY\" >&2",
        "printf %s \"$KEY\" | base64",
        "printf %s \"$KEY\" | od -An -v -tx1 | tr -d ' \\n'",
        "env",
    ] {
        let asked = json!({ "argv": ["sh", "-c", script], "variables": { "KEY": REFERENCE } });
        let (told, is_error) = client.call("run_command", asked).await;
        assert!(!is_error, "{script}: {told}");
        assert!(told.to_string().contains("****"), "{script}: {told}");
    }
    let length = json!({
        "argv": ["sh", "-c", "printf %s \"$KEY\" | wc -c"],
        "variables": { "KEY": REFERENCE },
    });
    let (told, _) = client.call("run_command", length).await;
    assert!(
        told.to_string().contains(&CANARY.len().to_string()),
        "{told}"
    );

    // What was not allowed is not run, and what is asked for in other ways is not there.
    for argv in [
        json!(["cat", "/proc/self/environ"]),
        json!(["echo", REFERENCE]),
        json!([]),
    ] {
        let asked = json!({ "argv": argv, "variables": { "KEY": REFERENCE } });
        let (told, is_error) = client.call("run_command", asked).await;
        assert!(is_error, "{argv}: {told}");
    }
    let asked = CallToolRequestParams::new("get_value");
    let refused = client.library.call_tool(asked).await;
    assert!(
        matches!(refused, Err(ServiceError::McpError(_))),
        "{refused:?}"
    );
    no_value(&format!("{refused:?}"));
    no_value(&format!("{:?}", client.library.list_all_resources().await));
    no_value(&format!("{:?}", client.library.list_all_prompts().await));
    client.ends().await;
}
