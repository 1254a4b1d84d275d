//! That the document is what is checked in, and keeps the rules of OpenAPI 3.1.
#![expect(
    clippy::expect_used,
    reason = "what cannot be set up must end its test"
)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

fn written() -> Value {
    serde_json::from_str(include_str!("../../../docs/openapi.json")).expect("JSON")
}

/// The operations, each with its path, the path's own parameters and its method.
fn operations(document: &Value) -> Vec<(&str, Vec<Value>, &str, &Value)> {
    let mut all = Vec::new();
    for (path, item) in object(&document["paths"]) {
        let shared = item["parameters"].as_array().cloned().unwrap_or_default();
        for (method, operation) in object(item) {
            if method != "parameters" {
                all.push((path.as_str(), shared.clone(), method.as_str(), operation));
            }
        }
    }
    all
}

#[track_caller]
fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}

fn each<'a>(value: &'a Value, place: &str, see: &mut impl FnMut(&str, &'a Value)) {
    see(place, value);
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                each(member, &format!("{place}/{name}"), see);
            }
        }
        Value::Array(entries) => {
            for (at, entry) in entries.iter().enumerate() {
                each(entry, &format!("{place}/{at}"), see);
            }
        }
        _ => {}
    }
}

#[test]
fn the_copy_that_is_checked_in_is_current() {
    assert!(
        written() == keyarc_openapi::document(),
        "docs/openapi.json is out of date: run `cargo x openapi`"
    );
}

#[test]
fn every_reference_resolves() {
    let document = written();
    let mut count = 0;
    each(&document, "", &mut |place, value| {
        if let Some(target) = value.get("$ref").and_then(Value::as_str) {
            let pointer = target.strip_prefix('#').expect("within the document");
            assert!(document.pointer(pointer).is_some(), "{place}: {target}");
            count += 1;
        }
    });
    assert!(count > 100, "{count}");
}

#[test]
fn every_component_is_used() {
    let document = written();
    let mut used = BTreeSet::new();
    each(&document, "", &mut |_, value| {
        if let Some(target) = value.get("$ref").and_then(Value::as_str) {
            used.insert(target);
        }
    });
    for kind in ["schemas", "responses", "headers"] {
        for name in object(&document["components"][kind]).keys() {
            let target = format!("#/components/{kind}/{name}");
            assert!(used.contains(target.as_str()), "{target}");
        }
    }
}

#[test]
fn a_type_that_goes_both_ways_is_the_same_in_both() {
    let document = written();
    let schemas = object(&document["components"]["schemas"]);
    let apart: Vec<_> = schemas
        .keys()
        .filter(|name| name.ends_with("Given"))
        .collect();
    assert_eq!(apart, [""; 0], "one name for two types");
}

#[test]
fn operations_are_told_apart_and_described() {
    let document = written();
    let tags: Vec<_> = document["tags"].as_array().expect("tags").iter().collect();
    let schemes = object(&document["components"]["securitySchemes"]);
    let mut ids = BTreeSet::new();
    for (path, _, method, operation) in operations(&document) {
        let what = format!("{method} {path}");
        assert!(METHODS.contains(&method), "{what}");
        let id = operation["operationId"].as_str().expect("an id");
        assert!(ids.insert(id), "{id} is there twice");
        assert!(
            id.chars().all(|letter| letter.is_ascii_alphabetic()),
            "{id}"
        );
        for field in ["summary", "description"] {
            let text = operation[field].as_str().unwrap_or_default();
            assert!(text.len() > 3, "{what} lacks its {field}");
        }
        for tag in operation["tags"].as_array().expect("tags") {
            assert!(tags.iter().any(|known| known["name"] == *tag), "{what}");
        }
        for way in operation["security"].as_array().expect("a list") {
            assert!(
                object(way).keys().all(|way| schemes.contains_key(way)),
                "{what}"
            );
        }
        let responses = object(&operation["responses"]);
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{what}"
        );
        for (status, response) in responses {
            let number: u16 = status.parse().expect("a status");
            assert!((100..600).contains(&number), "{what}: {status}");
            let is_told = response["$ref"].is_string() || response["description"].is_string();
            assert!(is_told, "{what}: {status}");
        }
        let body = operation.get("requestBody");
        assert!(
            body.is_none_or(|body| method != "get" && body["content"].is_object()),
            "{what}"
        );
    }
}

#[test]
fn nothing_is_null() {
    let document = written();
    each(&document, "", &mut |place, value| {
        assert!(!value.is_null() || place.contains("/example/"), "{place}");
    });
}

#[test]
fn every_parameter_of_a_path_is_declared_once() {
    let document = written();
    for (path, shared, method, operation) in operations(&document) {
        let own = operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut declared = BTreeMap::new();
        for parameter in shared.iter().chain(&own) {
            let parameter = match parameter["$ref"].as_str() {
                Some(place) => document.pointer(&place[1..]).expect("it is there"),
                None => parameter,
            };
            let name = parameter["name"].as_str().expect("a name");
            let place = parameter["in"].as_str().expect("a place");
            assert!(parameter["schema"].is_object(), "{method} {path}: {name}");
            assert_eq!(
                parameter["required"] == true,
                place == "path",
                "{path}: {name}"
            );
            assert!(
                declared
                    .insert((place.to_owned(), name.to_owned()), ())
                    .is_none()
            );
        }
        let in_path: BTreeSet<_> = declared
            .keys()
            .filter(|(place, _)| place == "path")
            .map(|(_, name)| name.as_str())
            .collect();
        let named: BTreeSet<_> = path
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
            .collect();
        assert_eq!(in_path, named, "{method} {path}");
    }
}

#[test]
fn words_are_for_people_who_do_not_read_rust() {
    let document = written();
    each(&document, "", &mut |place, value| {
        if let Value::String(text) = value {
            for rust in ["[`", "crate::", "Option<", "`None`"] {
                assert!(!text.contains(rust), "{place}: {text}");
            }
        }
    });
}

#[test]
fn every_code_has_its_place() {
    let document = written();
    let codes = document["components"]["schemas"]["ErrorCode"]["oneOf"].as_array();
    let responses = document["components"]["responses"].to_string();
    for code in codes.expect("the codes") {
        let name = code["const"].as_str().expect("a code");
        // It belongs to a path, and to none of its operations.
        let everywhere = name == "method_not_allowed";
        assert_eq!(
            responses.contains(&format!("\"{name}\"")),
            !everywhere,
            "{name}"
        );
    }
}

/// A schema that stands by itself, with those that it names.
fn alone(document: &Value, schema: &Value) -> jsonschema::Validator {
    let mut whole = schema.clone();
    whole["components"] = json!({ "schemas": document["components"]["schemas"] });
    jsonschema::validator_for(&whole).expect("a schema")
}

#[test]
fn every_schema_is_one() {
    let document = written();
    for (name, schema) in object(&document["components"]["schemas"]) {
        jsonschema::meta::validate(schema).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn every_example_is_of_its_schema() {
    let document = written();
    let mut count = 0;
    each(&document, "", &mut |place, value| {
        let Some(example) = value
            .get("example")
            .filter(|_| value.get("schema").is_some())
        else {
            return;
        };
        let schema = alone(&document, &value["schema"]);
        if let Err(error) = schema.validate(example) {
            panic!("{place}: {error}");
        }
        count += 1;
    });
    assert!(count > 50, "{count}");
}

#[test]
fn bodies_are_refused_that_the_server_refuses() {
    let document = written();
    let name = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let refused = |schema: &str, body: Value| !alone(&document, &name(schema)).is_valid(&body);
    assert!(!refused(
        "ChallengeRequest",
        json!({ "handle": "010203040506" })
    ));
    assert!(refused(
        "ChallengeRequest",
        json!({ "handle": "01020304050A" })
    ));
    assert!(refused(
        "ChallengeRequest",
        json!({ "handle": "010203040506", "more": 1 })
    ));
    // Bits that stand for nothing are zero.
    assert!(!refused("Bytes16", json!("AAAAAAAAAAAAAAAAAAAAAA")));
    assert!(refused("Bytes16", json!("AAAAAAAAAAAAAAAAAAAAAB")));
    assert!(!refused("Sealed", json!("AAAAAA")) && refused("Sealed", json!("AAAAA")));
    assert!(refused("Sealed", json!("AAA=")));
}
