use keyarc_vault::{Content, Item, Totp, TotpError};
use zeroize::Zeroizing;

use crate::{LookupError, nearest};

/// A value of an item and the name it is asked for by.
pub struct Value {
    /// `value`, `password`, the name of a variable or of a field, …
    pub name: String,
    /// The value.
    pub text: Zeroizing<String>,
}

/// The value that is meant where no field is named. An environment set has none.
pub fn meant(content: &Content) -> Option<&'static str> {
    match content {
        Content::ApiKey { .. } => Some("value"),
        Content::Login { .. } => Some("password"),
        Content::Note { .. } => Some("text"),
        Content::EnvironmentSet { .. } => None,
        Content::Totp { .. } => Some("code"),
        Content::Certificate { .. } => Some("chain"),
        Content::SshKey { .. } => Some("private-key"),
    }
}

/// All values of an item. What it has no value of is not among them; variables and fields that a
/// person added may be empty.
pub fn values(item: &Item, now_ms: u64) -> Vec<Value> {
    let mut all = Vec::new();
    let mut push = |name: &str, text: &str| {
        all.push(Value {
            name: name.to_owned(),
            text: Zeroizing::new(text.to_owned()),
        });
    };
    let code;
    let parts: &[(&str, &str)] = match &item.content {
        Content::ApiKey { value } => &[("value", value)],
        Content::Login {
            username,
            password,
            url,
        } => &[("password", password), ("username", username), ("url", url)],
        Content::Note { text } => &[("text", text)],
        Content::EnvironmentSet { .. } => &[],
        Content::Totp { key } => {
            code = code_of(key, now_ms).unwrap_or_default();
            &[("code", &code), ("setup-key", key)]
        }
        Content::Certificate { chain, private_key } => {
            &[("chain", chain), ("private-key", private_key)]
        }
        Content::SshKey {
            private_key,
            public_key,
        } => &[("private-key", private_key), ("public-key", public_key)],
    };
    for (name, text) in parts.iter().filter(|(_, text)| !text.is_empty()) {
        push(name, text);
    }
    if let Content::EnvironmentSet { variables } = &item.content {
        for variable in variables {
            push(&variable.name, &variable.value);
        }
    }
    for field in &item.fields {
        push(&field.name, &field.value);
    }
    if !item.notes.is_empty() {
        push("notes", &item.notes);
    }
    all
}

/// The value of a name.
pub fn value(item: &Item, field: &str, now_ms: u64) -> Result<Zeroizing<String>, LookupError> {
    let mut all = values(item, now_ms);
    let same = |value: &Value| value.name == field;
    let alike = |value: &Value| value.name.eq_ignore_ascii_case(field);
    let at = all
        .iter()
        .position(same)
        .or_else(|| all.iter().position(alike));
    match at {
        Some(at) => Ok(all.swap_remove(at).text),
        None => Err(LookupError::NotFound {
            what: format!("field {field} in {}", item.summary.name),
            nearest: nearest(field, all.iter().map(|value| value.name.as_str())),
        }),
    }
}

/// The code that a setup key gives now.
fn code_of(key: &str, now_ms: u64) -> Result<Zeroizing<String>, TotpError> {
    Ok(Zeroizing::new(Totp::parse(key)?.code(now_ms).code))
}
