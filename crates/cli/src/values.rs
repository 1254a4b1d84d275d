//! What an item holds, by the names that references call it.

use keyarc_lookup::printable;
use keyarc_vault::{Content, FieldType, Item, Totp, TotpCode, Variable};
use zeroize::Zeroizing;

use crate::failure::Failure;

pub use keyarc_lookup::{meant, values};

/// The value of a name, or what is meant without one.
pub fn value(item: &Item, field: Option<&str>, now_ms: u64) -> Result<Zeroizing<String>, Failure> {
    if let Some(field) = field.or(meant(&item.content)) {
        return Ok(keyarc_lookup::value(item, field, now_ms)?);
    }
    let name = &item.summary.name;
    let all = values(item, now_ms).into_iter();
    Err(Failure::NotFound {
        what: format!("value that {name} stands for: name one of its variables with --field"),
        nearest: all.map(|value| value.name).take(8).collect(),
    })
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
