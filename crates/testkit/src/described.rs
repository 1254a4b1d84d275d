//! Whether what a server says is what the description of the API says.

use std::{collections::HashMap, sync::LazyLock};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// As it is checked in, and served.
const DESCRIPTION: &str = include_str!("../../../docs/openapi.json");

static DESCRIBED: LazyLock<Described> = LazyLock::new(Described::read);

/// Holds an answer against the description: its status, its media type, its headers, and every
/// field of its body, none of which may be more than is described. What is no path of the API
/// passes, and so does a body that came compressed.
///
/// # Panics
///
/// When the answer is another.
#[track_caller]
pub fn assert_described(
    method: &str,
    target: &str,
    status: u16,
    header: impl Fn(&str) -> Option<String>,
    body: &[u8],
) {
    if let Err(difference) = DESCRIBED.check(method, target, status, header, body) {
        panic!("{method} {target} answered {status}, which is not described: {difference}");
    }
}

/// Of all schemas those that one names, and those that these name: with all of them in each, the
/// validators would take a hundred megabytes.
fn named_by(schema: &Value, schemas: &Value) -> Map<String, Value> {
    let mut found = Map::new();
    let mut ahead = Vec::new();
    references(schema, &mut ahead);
    while let Some(name) = ahead.pop() {
        if !found.contains_key(&name) {
            references(&schemas[&name], &mut ahead);
            let named = schemas[&name].clone();
            found.insert(name, named);
        }
    }
    found
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match member.as_str().filter(|_| key == "$ref") {
                    Some(place) => found.extend(place.rsplit('/').next().map(str::to_owned)),
                    None => references(member, found),
                }
            }
        }
        Value::Array(entries) => entries.iter().for_each(|entry| references(entry, found)),
        _ => {}
    }
}

struct Described {
    document: Value,
    /// By the place of the media type in the document.
    validators: HashMap<String, Validator>,
}

impl Described {
    fn read() -> Self {
        let document: Value = serde_json::from_str(DESCRIPTION).expect("the description is JSON");
        let mut schemas = document["components"]["schemas"].clone();
        close(&mut schemas);
        let mut validators = HashMap::new();
        for (path, item) in members(&document["paths"]) {
            for (method, operation) in members(item) {
                for (status, response) in members(&operation["responses"]) {
                    let response = resolved(&document, response);
                    for (media_type, media) in members(&response["content"]) {
                        let mut schema = media["schema"].clone();
                        if schema.is_null() {
                            continue;
                        }
                        schema["components"] = json!({ "schemas": named_by(&schema, &schemas) });
                        let validator = jsonschema::validator_for(&schema).expect("a schema");
                        let place = place(path, method, status, media_type);
                        validators.insert(place, validator);
                    }
                }
            }
        }
        Self {
            document,
            validators,
        }
    }

    fn check(
        &self,
        method: &str,
        target: &str,
        status: u16,
        header: impl Fn(&str) -> Option<String>,
        body: &[u8],
    ) -> Result<(), String> {
        let path = target.split('?').next().unwrap_or(target);
        let Some(pattern) = self.pattern_of(path) else {
            return Ok(());
        };
        let method = method.to_lowercase();
        let operation = &self.document["paths"][pattern][&method];
        if operation.is_null() {
            return match status {
                // Before it is looked at what is asked for, or who asks.
                403 | 405 | 429 => Ok(()),
                _ => Err("the method is not offered".to_owned()),
            };
        }
        let status = status.to_string();
        let response = &operation["responses"][&status];
        if response.is_null() {
            return Err("the status is not among the answers".to_owned());
        }
        let response = resolved(&self.document, response);
        for (name, described) in members(&response["headers"]) {
            let described = resolved(&self.document, described);
            if described["required"] == true && header(name).is_none() {
                return Err(format!("there is no {name}"));
            }
        }
        let media_type = header("content-type").unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        let content = &response["content"];
        if content.is_null() {
            return match body.is_empty() {
                true => Ok(()),
                false => Err("there is a body".to_owned()),
            };
        }
        if content.get(media_type).is_none() {
            // People get a page where programs get a problem.
            let is_page = media_type == "text/html" && !path.starts_with("/a");
            return match is_page {
                true => Ok(()),
                false => Err(format!("{media_type:?} is not among the media types")),
            };
        }
        if header("content-encoding").is_some_and(|encoding| encoding != "identity") {
            return Ok(());
        }
        let place = place(pattern, &method, &status, media_type);
        let Some(validator) = self.validators.get(&place) else {
            return Ok(());
        };
        let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        // Where, and not what: a body may hold a secret.
        validator
            .validate(&body)
            .map_err(|error| format!("at {}: {}", error.instance_path(), error.schema_path()))
    }

    /// The path of the document that stands for a path: the one with the fewest places to fill in.
    fn pattern_of(&self, path: &str) -> Option<&str> {
        let parts: Vec<&str> = path.split('/').collect();
        members(&self.document["paths"])
            .map(|(pattern, _)| pattern)
            .filter(|pattern| {
                let own: Vec<&str> = pattern.split('/').collect();
                own.len() == parts.len()
                    && own
                        .iter()
                        .zip(&parts)
                        .all(|(own, part)| own.starts_with('{') || own == part)
            })
            .min_by_key(|pattern| pattern.matches('{').count())
    }
}

fn place(path: &str, method: &str, status: &str, media_type: &str) -> String {
    format!("{method} {path} {status} {media_type}")
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(name, member)| (name.as_str(), member))
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    value["$ref"]
        .as_str()
        .and_then(|target| document.pointer(target.strip_prefix('#')?))
        .unwrap_or(value)
}

/// Makes a field that is not described a fault, which for clients it is not.
fn close(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.contains_key("properties") && members.contains_key("type") {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(entries) => entries.iter_mut().for_each(close),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: &str, target: &str, status: u16, body: &str) -> Result<(), String> {
        let media_type = match status {
            200 => "application/json",
            _ => "application/problem+json",
        };
        let header = |name: &str| {
            Some(match name {
                "content-type" => media_type.to_owned(),
                "content-encoding" => return None,
                _ => "1".to_owned(),
            })
        };
        DESCRIBED.check(method, target, status, header, body.as_bytes())
    }

    #[test]
    fn what_is_described_passes_and_nothing_else() {
        let good = r#"{"nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","expires_at_ms":1}"#;
        assert_eq!(check("POST", "/auth/challenge", 200, good), Ok(()));
        for spoilt in [
            good.replace("AAA\",", "AA\","),
            good.replace("expires_at_ms", "expires"),
            good.replace('}', ",\"more\":1}"),
            String::new(),
        ] {
            assert!(
                check("POST", "/auth/challenge", 200, &spoilt).is_err(),
                "{spoilt}"
            );
        }
        let problem = r#"{"code":"not_found","message":"m","action":"a"}"#;
        assert_eq!(check("POST", "/api/link/join", 404, problem), Ok(()));
        assert!(check("POST", "/auth/challenge", 404, problem).is_err());
        let other = problem.replace("not_found", "conflict");
        assert!(check("POST", "/api/link/join", 404, &other).is_err());
    }

    #[test]
    fn paths_are_found_by_their_places() {
        let vault = "/api/vaults/5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
        for (path, pattern) in [
            (
                format!("{vault}/versions"),
                "/api/vaults/{vault_id}/versions",
            ),
            (
                format!("{vault}/versions/details"),
                "/api/vaults/{vault_id}/versions/details",
            ),
        ] {
            assert_eq!(DESCRIBED.pattern_of(&path), Some(pattern));
        }
        assert_eq!(DESCRIBED.pattern_of("/health"), None);
    }
}
