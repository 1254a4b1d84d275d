//! What an item holds, by the names that references call it.

use keyarc_vault::{Content, FieldType, Item, Totp, TotpCode, TotpError, Variable};
use zeroize::Zeroizing;

use crate::{failure::Failure, printable::printable};

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

/// The value of a name, or what is meant without one.
pub fn value(item: &Item, field: Option<&str>, now_ms: u64) -> Result<Zeroizing<String>, Failure> {
    let mut all = values(item, now_ms);
    let name = &item.summary.name;
    let Some(field) = field.or(meant(&item.content)) else {
        let names = all.iter().map(|value| value.name.clone()).take(8).collect();
        return Err(Failure::NotFound {
            what: format!("value that {name} stands for: name one of its variables with --field"),
            nearest: names,
        });
    };
    let same = |value: &Value| value.name == field;
    let alike = |value: &Value| value.name.eq_ignore_ascii_case(field);
    let at = all
        .iter()
        .position(same)
        .or_else(|| all.iter().position(alike));
    match at {
        Some(at) => Ok(all.swap_remove(at).text),
        None => Err(Failure::NotFound {
            what: format!("field {field} in {name}"),
            nearest: crate::wanted::nearest(field, all.iter().map(|value| value.name.as_str())),
        }),
    }
}

/// The code that a setup key gives now.
fn code_of(key: &str, now_ms: u64) -> Result<Zeroizing<String>, TotpError> {
    Ok(Zeroizing::new(Totp::parse(key)?.code(now_ms).code))
}

/// The names and values of an environment set.
pub fn variables(item: &Item) -> Result<Vec<(String, String)>, Failure> {
    match &item.content {
        Content::EnvironmentSet { variables } => {
            let pair = |one: &Variable| (one.name.clone(), one.value.clone());
            Ok(variables.iter().map(pair).collect())
        }
        _ => Err(Failure::Usage(format!(
            "{} is no environment set: its values are printed by `keyarc get`",
            printable(&item.summary.name)
        ))),
    }
}

/// The code of an item that is of this kind, or has a field with a setup key.
pub fn one_time_code(item: &Item, field: Option<&str>, now_ms: u64) -> Result<TotpCode, Failure> {
    let name = &item.summary.name;
    let keys: Vec<(&str, &str)> = match (&item.content, field) {
        (Content::Totp { key }, None) => vec![("code", key)],
        _ => item
            .fields
            .iter()
            .filter(|own| own.field_type == FieldType::Totp)
            .filter(|own| field.is_none_or(|field| own.name.eq_ignore_ascii_case(field)))
            .map(|own| (own.name.as_str(), own.value.as_str()))
            .collect(),
    };
    match keys.as_slice() {
        [(_, key)] => Totp::parse(key).map(|totp| totp.code(now_ms)).map_err(|_| {
            Failure::Usage(format!(
                "the setup key of {} cannot be read",
                printable(name)
            ))
        }),
        [] => Err(Failure::NotFound {
            what: format!("setup key for one-time codes in {name}"),
            nearest: Vec::new(),
        }),
        several => {
            let names: Vec<String> = several.iter().map(|(name, _)| printable(name)).collect();
            Err(Failure::Usage(format!(
                "{} has several setup keys: {}. Name one with --field",
                printable(name),
                names.join(", ")
            )))
        }
    }
}
