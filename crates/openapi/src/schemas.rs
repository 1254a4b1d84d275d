//! The schemas of bodies: of requests as the server reads them, of answers as it writes them.

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::words;

/// Where schemas of their own stand in the document.
const PLACE: &str = "/components/schemas";

/// A generator for each direction: a field with a default may be left out by who sends it, and is
/// there all the same in what the server sends.
pub(crate) struct Schemas {
    pub(crate) taken: SchemaGenerator,
    pub(crate) given: SchemaGenerator,
}

impl Schemas {
    pub(crate) fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|own| {
                own.definitions_path = PLACE.into();
                own.meta_schema = None;
            })
        };
        Self {
            taken: settings().for_deserialize().into_generator(),
            given: settings().for_serialize().into_generator(),
        }
    }

    /// Every schema that has a name. One that goes both ways is the same in both: a test refuses
    /// what is marked here.
    pub(crate) fn into_components(mut self) -> Map<String, Value> {
        let mut components = self.taken.take_definitions(true);
        for (name, mut schema) in self.given.take_definitions(true) {
            what_is_left_out_is_not_null(&mut schema);
            match components.get(&name) {
                Some(taken) if *taken != schema => {
                    components.insert(name + "Given", schema);
                }
                _ => {
                    components.insert(name, schema);
                }
            }
        }
        for schema in components.values_mut() {
            words::rewrite(schema);
            tidy(schema);
        }
        components
    }
}

/// A field of an answer that can be absent is so where Rust has `None`: it is never null.
fn what_is_left_out_is_not_null(schema: &mut Value) {
    let required = schema["required"].clone();
    let is_required = |name: &str| {
        required
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one == name))
    };
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (_, property) in properties.iter_mut().filter(|(name, _)| !is_required(name)) {
        if let Some(Value::Array(kinds)) = property.get_mut("type") {
            kinds.retain(|kind| kind != "null");
            if let [one] = kinds.as_slice() {
                property["type"] = one.clone();
            }
        }
        if let Some(Value::Array(choices)) = property.get_mut("anyOf") {
            choices.retain(|choice| choice["type"] != "null");
            if let [one] = choices.as_slice() {
                let one = one.clone();
                if let Some(members) = property.as_object_mut() {
                    members.remove("anyOf");
                    members.extend(one.as_object().cloned().unwrap_or_default());
                }
            }
        }
    }
}

/// Says the largest number of each width, and leaves out defaults, which are what absence means.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let largest = match members.get("format").and_then(Value::as_str) {
                Some("uint16") => Some(u32::from(u16::MAX)),
                Some("uint32") => Some(u32::MAX),
                _ => None,
            };
            if let Some(largest) = largest {
                members.insert("maximum".to_owned(), json!(largest));
            }
            if ["type", "anyOf", "$ref"]
                .iter()
                .any(|key| members.contains_key(*key))
            {
                members.remove("default");
            }
            members.values_mut().for_each(tidy);
        }
        Value::Array(entries) => entries.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// As a member of the document.
pub(crate) fn value(schema: Schema) -> Value {
    schema.to_value()
}
