//! Infisical's JSON and CSV (`infisical export`), and the JSON of its interface:
//!
//! ```text
//! [{"key": "STRIPE_KEY", "value": "…", "secretPath": "/billing", "comment": "…", "tags": […]}]
//! {"secrets": [{"secretKey": "STRIPE_KEY", "secretValue": "…", "environment": "prod"}]}
//! Key,Value
//! ```
//! Its `.env` and YAML are read as any `.env` or YAML is. The path becomes the folder.

use super::{
    Reading, Unreadable,
    csv::{have, head, read_product},
    node::Node,
    shape::{Sheet, variable},
};

/// Whether a text begins like its JSON.
pub(super) fn fits(text: &str) -> bool {
    let head = head(text).trim_start();
    let has = |names: &[&str]| names.iter().any(|name| head.contains(name));
    match head.bytes().next() {
        Some(b'[') => {
            has(&["\"key\""])
                && has(&["\"value\""])
                && has(&[
                    "\"secretPath\"",
                    "\"workspace\"",
                    "\"skipMultilineEncoding\"",
                ])
        }
        Some(b'{') => has(&["\"secretKey\""]) && has(&["\"secretValue\""]),
        _ => false,
    }
}

/// Whether a table has the titles of its CSV, and no others.
pub(super) fn fits_csv(titles: &[String]) -> bool {
    titles.len() == 2 && have(titles, &["key", "value"])
}

/// Reads its JSON.
pub(crate) fn read_infisical(text: &str) -> Result<Reading, Unreadable> {
    let root = Node::parse(text)?;
    let list = root.get("secrets").unwrap_or(&root);
    if list.elements().is_empty() {
        return Err(Unreadable::Malformed("it holds no list of secrets"));
    }
    let mut reading = Reading::default();
    for (place, secret) in (1..).zip(list.elements()) {
        if reading.is_full() {
            break;
        }
        let first = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| secret.get(name));
            found.and_then(Node::scalar)
        };
        let (Some(key), Some(value)) =
            (first(["key", "secretKey"]), first(["value", "secretValue"]))
        else {
            reading.tell(place, "lacks a name or a value");
            continue;
        };
        let mut sheet = Sheet {
            name: key.to_owned(),
            folder: secret.word("secretPath").trim_matches('/').to_owned(),
            password: value.to_owned(),
            ..Sheet::default()
        };
        sheet.note(first(["comment", "secretComment"]).unwrap_or_default());
        for tag in secret.get("tags").map_or(&[][..], Node::elements) {
            let names = [
                tag.text().unwrap_or_default(),
                tag.word("name"),
                tag.word("slug"),
            ];
            let name = names.into_iter().find(|name| !name.is_empty());
            sheet.tags.extend(name.map(str::to_owned));
        }
        // One's own value of a shared secret.
        if secret.word("type") == "personal" {
            sheet.tags.push("personal".to_owned());
        }
        for about in secret.get("secretMetadata").map_or(&[][..], Node::elements) {
            let (name, value) = (about.word("key"), about.word("value"));
            sheet.filled(name, crate::FieldType::Text, value);
        }
        let mut draft = sheet.secret();
        draft.environment = environment(secret.word("environment"));
        reading.add(place, draft, variable(key));
    }
    Ok(reading)
}

/// Reads its CSV.
pub(crate) fn read_infisical_csv(text: &str) -> Result<Reading, Unreadable> {
    read_product(text, fits_csv, |reading, cells| {
        let key = cells.get("key");
        let sheet = Sheet {
            name: key.to_owned(),
            password: cells.get("value").to_owned(),
            ..Sheet::default()
        };
        reading.add(cells.line(), sheet.secret(), variable(key));
    })
}

/// Infisical's short names as the ones that KeyArc has for the same.
fn environment(name: &str) -> Option<String> {
    let name = match name {
        "" => return None,
        "prod" => "production",
        "dev" => "development",
        name => name,
    };
    Some(name.to_owned())
}
