//! How findings are told.

use keyarc_lookup::printable;
use serde_json::{Value, json};

use super::{FINGERPRINT, Finding};

/// A line for each finding: `path:line  what it is  what may be shown  fingerprint`.
pub fn lines(findings: &[Finding]) -> String {
    let of_blob = |found: &Finding| match &found.blob {
        Some(blob) => format!("{}:", blob.get(..12).unwrap_or(blob)),
        None => String::new(),
    };
    findings
        .iter()
        .map(|found| {
            format!(
                "{}{}:{}  {}  {}  {FINGERPRINT}{}\n",
                of_blob(found),
                printable(&found.path),
                found.line,
                found.label,
                printable(&found.hint),
                found.fingerprint
            )
        })
        .collect()
}

/// SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).
pub fn sarif(findings: &[Finding]) -> Value {
    let mut rules: Vec<&str> = findings.iter().map(|found| found.label.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    let rules: Vec<Value> = rules
        .into_iter()
        .map(|label| json!({ "id": id(label), "shortDescription": { "text": label } }))
        .collect();
    let results: Vec<Value> = findings.iter().map(result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "keyarc",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": results,
        }],
    })
}

fn result(found: &Finding) -> Value {
    json!({
        "ruleId": id(&found.label),
        "level": "error",
        "message": { "text": format!("{} {}", found.label, found.hint) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&found.path) },
            "region": { "startLine": found.line },
        }}],
        "partialFingerprints": { "keyarc/v1": found.fingerprint },
    })
}

/// `Stripe live secret key` → `stripe-live-secret-key`.
fn id(label: &str) -> String {
    let words = label.split(|c: char| !c.is_alphanumeric());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("-")
}

/// A path as a reference of RFC 3986.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}
