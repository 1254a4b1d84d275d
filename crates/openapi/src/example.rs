//! Examples, made of the schemas: each is of the form that its schema asks for, and none is
//! anybody's.

use serde_json::{Map, Value, json};

/// The bytes of an envelope's beginning, for what is sealed.
const SEALED: &str = "S0EBAQABfDng5DGjH-EhwA";

/// Gives every body of JSON an example.
pub(crate) fn add(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let Some(paths) = document["paths"].as_object_mut() else {
        return;
    };
    let operations = paths
        .values_mut()
        .filter_map(Value::as_object_mut)
        .flat_map(|path| path.iter_mut())
        .filter(|(name, _)| *name != "parameters")
        .map(|(_, operation)| operation);
    for operation in operations {
        if let Some(body) = operation.get_mut("requestBody") {
            illustrate(body, &schemas);
        }
        let responses = operation["responses"].as_object_mut();
        for response in responses.into_iter().flat_map(Map::values_mut) {
            illustrate(response, &schemas);
        }
    }
}

fn illustrate(body: &mut Value, schemas: &Value) {
    let Some(media) = body.pointer_mut("/content/application~1json") else {
        return;
    };
    let schema = &media["schema"];
    // Without a name it is any object.
    if schema["$ref"].is_string() {
        media["example"] = of("", schema, schemas);
    }
}

/// A value of a schema, for a field of a name.
fn of(name: &str, schema: &Value, schemas: &Value) -> Value {
    if let Some(target) = schema["$ref"].as_str() {
        let target = target.rsplit('/').next().unwrap_or_default();
        return match target {
            "Sealed" => json!(SEALED),
            _ => of(name, &schemas[target], schemas),
        };
    }
    if let Some(constant) = schema.get("const") {
        return constant.clone();
    }
    for choices in ["enum", "oneOf", "anyOf"] {
        if let Some(first) = schema[choices].as_array().and_then(|all| all.first()) {
            return match choices {
                "enum" => first.clone(),
                _ => of(name, first, schemas),
            };
        }
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("object") => {
            let properties = schema["properties"].as_object();
            let members = properties.into_iter().flatten();
            members
                .map(|(name, schema)| (name.clone(), of(name, schema, schemas)))
                .collect::<Map<_, _>>()
                .into()
        }
        Some("array") => json!([of(name, &schema["items"], schemas)]),
        Some("integer") => number(name),
        Some("boolean") => json!(false),
        _ => text(name, schema),
    }
}

fn number(name: &str) -> Value {
    match name {
        _ if name.ends_with("_ms") => json!(1_790_000_000_000_u64),
        "base_version" | "base_revision" | "received" => json!(0),
        "bytes" => json!(350),
        "on" => json!(20_717),
        "lead_days" => json!(7),
        _ => json!(1),
    }
}

fn text(name: &str, schema: &Value) -> Value {
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    match (name, pattern) {
        (_, "") => json!(match name {
            "origin" => "https://keyarc.example",
            "device_name" => "a laptop",
            "email" | "address" => "ada@example.org",
            "terms_version" => "2026-11",
            "url" | "webhook" => "https://hooks.example/in",
            "code" => "123456",
            "codes" => "XXXX-XXXX-XXXX-XXXX",
            "session_token" => "kas1_…",
            _ => "…",
        }),
        (_, hexadecimal) if hexadecimal.starts_with("^[0-9a-f]") => {
            json!(match length(hexadecimal) {
                12 => "010203040506".to_owned(),
                digits => "5a".repeat(digits / 2),
            })
        }
        // Zeros, which are `A` in base64url.
        (_, fixed) if fixed.starts_with("^[A-Za-z0-9_-]{") => {
            let last = usize::from(!fixed.ends_with("}$"));
            json!("A".repeat(length(fixed) + last))
        }
        _ => json!("AAAA"),
    }
}

/// The number in the braces of a pattern.
fn length(pattern: &str) -> usize {
    pattern
        .split_once('{')
        .and_then(|(_, rest)| rest.split_once('}'))
        .and_then(|(digits, _)| digits.parse().ok())
        .unwrap_or(0)
}
