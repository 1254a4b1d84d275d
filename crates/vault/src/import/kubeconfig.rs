//! Kubernetes's `kubeconfig`, in YAML or JSON
//! (<https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/>).
//!
//! A user becomes an item: an API key when it has a token, else with its private key as the value,
//! a login when it has a password, a note when a program asks for it. Certificates are shown as the
//! PEM that the file has in Base64. Clusters become notes with their address and authority, and
//! contexts stand with the user whom they name. What a file only refers to (`…-file`, paths) stays
//! text.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Reading, Unreadable, node::Node, shape::Sheet, yaml};
use crate::FieldType;

const FOLDER: &str = "Kubernetes";
/// The longest text that is looked at to find out what it is.
const HEAD: usize = 64 * 1024;

/// Whether a text looks like one.
pub(super) fn fits(text: &str) -> bool {
    let end = (0..=text.len().min(HEAD))
        .rev()
        .find(|end| text.is_char_boundary(*end));
    let head = &text[..end.unwrap_or(0)];
    let plain: String = head
        .chars()
        .filter(|c| !matches!(c, ' ' | '"' | '\t'))
        .collect();
    let has = |wanted: &str| {
        plain
            .split(['\n', '{', ',', '\r'])
            .any(|line| line.starts_with(wanted))
    };
    has("kind:Config") && has("apiVersion:v1") && (has("users:") || has("clusters:"))
}

/// Reads one.
pub(crate) fn read_kubeconfig(text: &str) -> Result<Reading, Unreadable> {
    let root = match text.trim_start().starts_with('{') {
        true => Node::parse(text)?,
        false => yaml::parse(text)?,
    };
    if root.word("kind") != "Config" {
        return Err(Unreadable::Malformed(
            "it is no kubeconfig, whose kind is Config",
        ));
    }
    let mut contexts: HashMap<&str, Vec<&Node>> = HashMap::new();
    for context in list(&root, "contexts") {
        let user = context
            .get("context")
            .map_or("", |context| context.word("user"));
        contexts.entry(user).or_default().push(context);
    }
    let mut config = Config {
        root: &root,
        contexts,
        reading: Reading::default(),
        place: 0,
    };
    for user in list(&root, "users") {
        if config.reading.is_full() {
            return Ok(config.reading);
        }
        config.user(user);
    }
    for cluster in list(&root, "clusters") {
        if config.reading.is_full() {
            return Ok(config.reading);
        }
        config.cluster(cluster);
    }
    config.rest();
    Ok(config.reading)
}

struct Config<'a> {
    root: &'a Node,
    /// Those that no item tells of yet, by their users.
    contexts: HashMap<&'a str, Vec<&'a Node>>,
    reading: Reading,
    place: u32,
}

impl Config<'_> {
    fn user(&mut self, named: &Node) {
        self.place += 1;
        let name = named.word("name");
        let Some(user) = named.get("user").filter(|user| !user.entries().is_empty()) else {
            self.reading
                .tell(self.place, "is a user without credentials");
            return;
        };
        let mut sheet = sheet(name);
        let key = pem(user.word("client-key-data"));
        for (setting, node) in user.entries() {
            let text = node.scalar().unwrap_or_default();
            match setting.as_str() {
                "token" | "client-key-data" => {}
                "username" => text.clone_into(&mut sheet.username),
                "password" => text.clone_into(&mut sheet.password),
                "client-certificate-data" => {
                    sheet.filled("Client certificate", FieldType::Lines, &pem(text));
                }
                setting => other(&mut sheet, setting, node),
            }
        }
        for context in self.contexts.remove(name).unwrap_or_default() {
            self.context(&mut sheet, context);
        }
        let token = user.word("token");
        let is_login = !sheet.username.is_empty() || !sheet.password.is_empty();
        let secrets = [(token, "Token"), (key.as_str(), "Client key")];
        for (value, title) in secrets.into_iter().filter(|(value, _)| !value.is_empty()) {
            match sheet.password.is_empty() && !is_login {
                true => value.clone_into(&mut sheet.password),
                false => sheet.field(title, FieldType::Secret, value),
            }
        }
        let draft = match (is_login, sheet.password.is_empty()) {
            (true, _) => sheet.login(),
            (false, false) => sheet.secret(),
            (false, true) => sheet.text(),
        };
        self.reading.add(self.place, draft, None);
    }

    fn context(&self, sheet: &mut Sheet, named: &Node) {
        let context = named.get("context").unwrap_or(&Node::Null);
        let mut text = format!(
            "{}: cluster {}",
            named.word("name"),
            context.word("cluster")
        );
        for (name, node) in context.entries() {
            match name.as_str() {
                "cluster" | "user" => {}
                name => {
                    let value = node
                        .scalar()
                        .map_or_else(|| node.to_json().to_string(), str::to_owned);
                    text.push_str(&format!(", {name} {value}"));
                }
            }
        }
        if self.root.word("current-context") == named.word("name") {
            text.push_str(" (current)");
        }
        sheet.filled("Context", FieldType::Text, &text);
    }

    fn cluster(&mut self, named: &Node) {
        self.place += 1;
        let Some(cluster) = named
            .get("cluster")
            .filter(|node| !node.entries().is_empty())
        else {
            self.reading
                .tell(self.place, "is a cluster with nothing in it");
            return;
        };
        let mut sheet = sheet(&format!("Cluster {}", named.word("name")));
        for (setting, node) in cluster.entries() {
            let text = node.scalar().unwrap_or_default();
            match setting.as_str() {
                "server" => sheet.filled("Server", FieldType::Url, text),
                "certificate-authority-data" => {
                    sheet.filled("Certificate authority", FieldType::Lines, &pem(text));
                }
                setting => other(&mut sheet, setting, node),
            }
        }
        self.reading.add(self.place, sheet.text(), None);
    }

    /// Contexts without a user of this file, and settings that are nobody's.
    fn rest(&mut self) {
        let mut sheet = sheet("kubeconfig");
        for context in list(self.root, "contexts") {
            let user = context
                .get("context")
                .map_or("", |context| context.word("user"));
            if self.contexts.contains_key(user) {
                self.context(&mut sheet, context);
            }
        }
        for (name, node) in self.root.entries() {
            const READ: [&str; 6] = [
                "apiVersion",
                "kind",
                "users",
                "clusters",
                "contexts",
                "current-context",
            ];
            let is_empty = node.entries().is_empty()
                && node.elements().is_empty()
                && node.scalar().is_none_or(str::is_empty);
            if !is_empty && !READ.contains(&name.as_str()) {
                other(&mut sheet, name, node);
            }
        }
        if !sheet.fields.is_empty() || !sheet.notes.is_empty() {
            self.place += 1;
            self.reading.add(self.place, sheet.text(), None);
        }
    }
}

fn sheet(name: &str) -> Sheet {
    Sheet {
        name: name.to_owned(),
        folder: FOLDER.to_owned(),
        ..Sheet::default()
    }
}

fn other(sheet: &mut Sheet, setting: &str, node: &Node) {
    match node.scalar() {
        Some(text) => sheet.filled(setting, FieldType::Text, text),
        None => sheet.filled(setting, FieldType::Lines, &node.to_json()),
    }
}

fn list<'a>(node: &'a Node, name: &str) -> &'a [Node] {
    node.get(name).map_or(&[], Node::elements)
}

/// The text that stands in Base64, or what stands there when it is none.
fn pem(data: &str) -> String {
    let plain: String = data.split_whitespace().collect();
    let text = STANDARD
        .decode(plain)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    text.unwrap_or_else(|| data.to_owned())
}
