//! Terraform's `external` data source, and variables that stay out of its state.

use serde_json::{Value, json};

use super::{Machine, ended, fed, printed, shipped};
use crate::fixture::{LIVE, refused};

/// The program and the query of the example.
fn example() -> (Vec<String>, Value) {
    let text = shipped("terraform/external.tf");
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("program = "));
    let program = serde_json::from_str(line.expect("a program")).expect("a list");
    let query = text.split("query = {\n").nth(1).expect("a query");
    let lines = query.lines().take_while(|line| line.trim() != "}");
    let pair = |line: &str| {
        let (name, value) = line.split_once('=').expect("a name and a value");
        let value = serde_json::from_str(value.trim()).expect("a text");
        (name.trim().to_owned(), value)
    };
    (program, Value::Object(lines.map(pair).collect()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_source_is_an_object_of_texts_or_an_error() {
    let machine = Machine::with_hostile(&[("A", "one\n\"two\" \\ ${x} %{y} ä\u{2028}")]).await;
    let (program, query) = example();
    let command = |words: &[String]| {
        let mut command = machine.with_token(&words[0]);
        command.args(&words[1..]);
        command
    };
    let told = printed(fed(command(&program), &query.to_string()).await);
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(
        told,
        json!({ "stripe": LIVE, "database_url": "postgres://db" })
    );
    let text = shipped("terraform/external.tf");
    let used = text
        .split("data.external.keyarc.result.")
        .nth(1)
        .expect("it is used");
    let used = used.split_whitespace().next().expect("a name");
    assert!(told[used].is_string(), "{used}");

    for (query, expected) in [
        (json!({}), json!({})),
        (
            json!({ "a": "keyarc://personal/Hostile/A", "b": "Registry", "same": "Registry" }),
            json!({
                "a": "one\n\"two\" \\ ${x} %{y} ä\u{2028}",
                "b": "canary pass word",
                "same": "canary pass word",
            }),
        ),
    ] {
        let told = printed(fed(command(&program), &query.to_string()).await);
        assert_eq!(
            serde_json::from_str::<Value>(&told).expect("JSON"),
            expected
        );
    }
    let long = format!("{{\"a\":\"{}\"}}", "a".repeat(70_000));
    for (query, code, told) in [
        (r#"{"a":"keyarc://personal/Nothing/value"}"#, 4, "Nothing"),
        (r#"{"a":"Stripe of nobody"}"#, 4, "Stripe of nobody"),
        (r#"{"a":"Hostile"}"#, 4, "variables"),
        (r#"{"a":"keyarc://personal/x"}"#, 2, "a: "),
        (r#"{"a":1}"#, 2, "JSON object"),
        (r#"["a"]"#, 2, "JSON object"),
        ("", 2, "JSON object"),
        (long.as_str(), 2, "64 kB"),
    ] {
        let (is, said) = refused(&fed(command(&program), query).await);
        assert_eq!(is, code, "{query}: {said}");
        assert!(said.contains(told) && said.lines().count() == 1, "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
    let without: Vec<String> = program[..2].to_vec();
    let both = r#"{"a":"Stripe"}"#;
    assert_eq!(refused(&fed(command(&without), both).await).0, 5);
    machine.revoke().await;
    assert_eq!(refused(&fed(command(&program), both).await).0, 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_variable_reaches_terraform_through_its_environment() {
    let machine = Machine::new().await;
    let text = shipped("terraform/variables.tf");
    assert!(text.contains("ephemeral = true") && text.contains("variable \"stripe\""));
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("#   keyarc run "));
    machine.stub(
        "terraform",
        r#"printf '%s %s%s\n' "$1" "$TF_VAR_stripe" "${#TF_VAR_stripe}""#,
    );
    let mut command = machine.with_token("sh");
    command
        .arg("-c")
        .arg(format!("keyarc run {}", line.expect("the command")))
        .env("KEYARC_ENVIRONMENT", "production");
    assert_eq!(printed(ended(command).await), "apply ********19\n");
}
