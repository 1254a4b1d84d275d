//! The comments of the types, as people read them who do not read Rust.

use keyarc_wire::limits;
use serde_json::Value;

/// What a comment calls by name is a number here.
const LIMITS: [(&str, usize); 23] = [
    ("ATTACHMENTS_PER_ITEM", limits::ATTACHMENTS_PER_ITEM),
    ("ATTACHMENT_CHUNK", limits::ATTACHMENT_CHUNK),
    ("CREDENTIAL_ID", limits::CREDENTIAL_ID),
    ("DETAILS_PER_REQUEST", limits::DETAILS_PER_REQUEST),
    ("DEVICE_NAME", limits::DEVICE_NAME),
    ("EARLIER_PER_ITEM", limits::EARLIER_PER_ITEM),
    ("EARLIER_PER_WRITE", limits::EARLIER_PER_WRITE),
    ("HISTORIES_PER_PAGE", limits::HISTORIES_PER_PAGE),
    ("ITEMS_PER_STAGE", limits::ITEMS_PER_STAGE),
    ("ITEMS_PER_WRITE", limits::ITEMS_PER_WRITE),
    ("LINK_MESSAGE", limits::LINK_MESSAGE),
    ("MACHINE_CHANGE", limits::MACHINE_CHANGE),
    ("MACHINE_CHANGES", limits::MACHINE_CHANGES),
    (
        "MACHINE_DETAILS_PER_REQUEST",
        limits::MACHINE_DETAILS_PER_REQUEST,
    ),
    ("MACHINE_NETWORKS", limits::MACHINE_NETWORKS),
    ("MACHINE_NOTE", limits::MACHINE_NOTE),
    ("MACHINE_USES_PER_PAGE", limits::MACHINE_USES_PER_PAGE),
    ("MOMENT_PER_PAGE", limits::MOMENT_PER_PAGE),
    ("REMINDERS", limits::REMINDERS),
    (
        "VERSION_DETAILS_PER_REQUEST",
        limits::VERSION_DETAILS_PER_REQUEST,
    ),
    ("VERSIONS_PER_PAGE", limits::VERSIONS_PER_PAGE),
    ("WAITING_PER_PAGE", limits::WAITING_PER_PAGE),
    ("WEBHOOK_URL", limits::WEBHOOK_URL),
];

/// Rewrites every description below.
pub(crate) fn rewrite(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "description" => *text = plain(text),
                    other => rewrite(other),
                }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(rewrite),
        _ => {}
    }
}

/// A comment without its line ends and without the paths of Rust: a limit becomes its number, a
/// variant what it is in JSON.
fn plain(comment: &str) -> String {
    let paragraphs: Vec<String> = comment
        .split("\n\n")
        .map(|paragraph| paragraph.trim().replace('\n', " "))
        .collect();
    let joined = paragraphs.join("\n\n");
    let mut text = String::new();
    let mut rest = joined.as_str();
    while let Some((before, from)) = rest.split_once("[`") {
        let Some((path, after)) = from.split_once("`]") else {
            break;
        };
        text.push_str(before);
        text.push_str(&named(path));
        rest = after;
    }
    text.push_str(rest);
    text
}

fn named(path: &str) -> String {
    let mut parts = path.rsplit("::");
    let last = parts.next().unwrap_or(path);
    match parts.next() {
        Some("limits") if last == "REMINDER_LEADS" => list(&limits::REMINDER_LEADS),
        Some("limits") => match LIMITS.iter().find(|(name, _)| *name == last) {
            Some((_, number)) => thousands(*number),
            // Stays as it is, for the test that refuses it.
            None => format!("[`{path}`]"),
        },
        Some(owner) if owner.starts_with(|first: char| first.is_ascii_uppercase()) => {
            format!("`{}`", snake_case(last))
        }
        _ => format!("`{last}`"),
    }
}

fn list(numbers: &[u16]) -> String {
    let numbers: Vec<String> = numbers.iter().map(u16::to_string).collect();
    numbers.join(", ")
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_rust_says_is_said_in_json() {
        for (comment, expected) in [
            (
                "At most\n[`crate::limits::ITEMS_PER_WRITE`].",
                "At most 20,000.",
            ),
            (
                "With [`ErrorCode::ManifestStale`].",
                "With `manifest_stale`.",
            ),
            (
                "From [`crate::RecoverResponse`].",
                "From `RecoverResponse`.",
            ),
            ("As in [`ItemWrite::attachments`].", "As in `attachments`."),
            ("One.\n\nTwo\nlines.", "One.\n\nTwo lines."),
            (
                "Some of [`crate::limits::REMINDER_LEADS`].",
                "Some of 0, 1, 3, 7, 14, 30, 60, 90.",
            ),
            ("[`crate::limits::NONE`]", "[`crate::limits::NONE`]"),
        ] {
            assert_eq!(plain(comment), expected);
        }
    }

    #[test]
    fn long_numbers_have_commas() {
        let told: Vec<String> = [0, 999, 1_000, 1_048_670].map(thousands).into();
        assert_eq!(told, ["0", "999", "1,000", "1,048,670"]);
    }
}
