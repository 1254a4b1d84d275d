//! What an agent can ask for.

use keyarc_lookup::Wanted;
use keyarc_reference::Reference;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{config::Config, rpc::RpcError, run};
use crate::{
    commands::is_wanted,
    failure::Failure,
    home::Home,
    open,
    scope::Within,
    vault::{Answer, Question, Row},
};

/// What an agent is told that it can ask for.
pub fn list() -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    let environment = text("Of which environment, where several items have the name.");
    json!([
        tool(
            "list_items",
            "List the items of the vault that this agent may know of: names and what they are, never values.",
            json!({
                "words": text("Words that stand in the name, the folder, the provider or a tag."),
                "folder": text("Only of this folder and those in it."),
                "environment": text("Only of this environment."),
            }),
            &[],
        ),
        tool(
            "describe_item",
            "Tell what an item is: kind, provider, expiry, and the names of its fields; no value.",
            json!({ "item": text("A name, or folder/name."), "environment": environment }),
            &["item"],
        ),
        tool(
            "check_reference",
            "Tell whether a reference leads to a value, without the value.",
            json!({
                "reference": text("keyarc://personal/folder/item/field"),
                "environment": environment,
            }),
            &["reference"],
        ),
        tool(
            "run_command",
            "Run a command that a person has allowed, with secrets in its environment. Its output comes back with the secrets masked.",
            json!({
                "argv": {
                    "type": "array",
                    "items": { "type": "string" },
                    "minItems": 1,
                    "description": "The program and its arguments; no shell reads them.",
                },
                "variables": {
                    "type": "object",
                    "additionalProperties": { "type": "string" },
                    "description": "Variables whose values are references: {\"API_KEY\": \"keyarc://personal/folder/item/field\"}.",
                },
                "env_file": text("A file of variables, of which those are set whose values are references."),
                "environment": environment,
            }),
            &["argv"],
        ),
    ])
}

fn tool(name: &str, about: &str, properties: Value, required: &[&str]) -> Value {
    let only_reads = name != "run_command";
    json!({
        "name": name,
        "description": about,
        "inputSchema": {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        },
        "annotations": { "readOnlyHint": only_reads, "openWorldHint": !only_reads },
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListItems {
    words: Option<String>,
    folder: Option<String>,
    environment: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DescribeItem {
    item: String,
    environment: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckReference {
    reference: String,
    environment: Option<String>,
}

/// The tools, over the part of the vault that is allowed.
pub struct Tools {
    home: Home,
    config: Config,
}

impl Tools {
    /// For whoever is configured.
    pub fn new(home: &Home, config: Config) -> Self {
        Self {
            home: home.clone(),
            config,
        }
    }

    /// Calls a tool by its name. What goes wrong within it is its answer, as the protocol has it.
    pub async fn call(
        &self,
        params: &Value,
        client: &str,
        one_command: &Mutex<()>,
    ) -> Result<Value, RpcError> {
        let arguments = match &params["arguments"] {
            Value::Null => json!({}),
            given => given.clone(),
        };
        let outcome = match params["name"].as_str() {
            Some("list_items") => self.list_items(&read(arguments)?).await,
            Some("describe_item") => self.describe_item(&read(arguments)?).await,
            Some("check_reference") => self.check_reference(&read(arguments)?).await,
            Some("run_command") => {
                let wish = read(arguments)?;
                let _one = one_command.lock().await;
                run::run(self, &self.config, &wish, client).await
            }
            _ => return Err(RpcError::params("there is no such tool")),
        };
        let (value, is_error) = match outcome {
            Ok(value) => (value, false),
            Err(failure) => (json!({ "error": failure.to_string() }), true),
        };
        Ok(json!({
            "content": [{ "type": "text", "text": value.to_string() }],
            "isError": is_error,
        }))
    }

    /// Asks the vault, of which no more is there than is allowed.
    pub async fn ask(&self, within: Within) -> Result<Answer, Failure> {
        let question = Question::Within(self.config.scope.clone(), within);
        open::ask(&self.home, &question).await
    }

    async fn list_items(&self, wish: &ListItems) -> Result<Value, Failure> {
        let answer = self.ask(Within::Items).await?;
        let Answer::Items(rows) = &answer else {
            return Err(Failure::Other("no list came".to_owned()));
        };
        let words = wish.words.as_deref().unwrap_or_default();
        let words: Vec<&str> = words.split_whitespace().collect();
        let (folder, environment) = (wish.folder.as_deref(), wish.environment.as_deref());
        let rows = rows
            .iter()
            .filter(|row| is_wanted(row, &words, folder, environment));
        Ok(json!({ "items": rows.map(told).collect::<Vec<_>>() }))
    }

    async fn describe_item(&self, wish: &DescribeItem) -> Result<Value, Failure> {
        let wanted = Wanted::typed(&wish.item, None);
        let wanted = wanted.map_err(|error| Failure::Usage(error.to_string()))?;
        let (row, names) = self.fields(wanted, wish.environment.as_deref()).await?;
        let mut told = told(&row);
        told["fields"] = names.into();
        Ok(told)
    }

    async fn check_reference(&self, wish: &CheckReference) -> Result<Value, Failure> {
        let reference: Reference = wish
            .reference
            .parse()
            .map_err(|error| Failure::Usage(format!("{error}")))?;
        let field = reference.field.clone();
        let found = self
            .fields(reference.into(), wish.environment.as_deref())
            .await;
        match found {
            Ok((row, names)) => {
                let is_there = names.iter().any(|name| name.eq_ignore_ascii_case(&field));
                Ok(json!({ "exists": is_there, "item": told(&row) }))
            }
            Err(failure @ Failure::NotFound { .. }) => {
                Ok(json!({ "exists": false, "why": failure.to_string() }))
            }
            Err(failure) => Err(failure),
        }
    }

    async fn fields(
        &self,
        wanted: Wanted,
        environment: Option<&str>,
    ) -> Result<(Row, Vec<String>), Failure> {
        let wanted = wanted.of_environment(environment);
        let answer = self.ask(Within::Fields(wanted)).await?;
        match &answer {
            Answer::Fields { row, names } => Ok((row.clone(), names.clone())),
            _ => Err(Failure::Other("no item came".to_owned())),
        }
    }
}

fn read<T: for<'a> Deserialize<'a>>(arguments: Value) -> Result<T, RpcError> {
    serde_json::from_value(arguments).map_err(|error| RpcError::params(&error.to_string()))
}

fn told(row: &Row) -> Value {
    json!({
        "name": row.name,
        "folder": row.folder,
        "environment": row.environment,
        "kind": row.kind,
        "provider": row.provider,
        "tags": row.tags,
        "expires_on": row.expires_on,
    })
}
