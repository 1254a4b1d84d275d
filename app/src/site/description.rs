//! The description of the API, as far as its page shows it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The description of the API in OpenAPI 3.1, which `cargo x openapi` writes.
pub const DESCRIPTION: &str = include_str!("../../../docs/openapi.json");

#[derive(Debug, Default, Deserialize)]
pub(super) struct Description {
    pub(super) info: Info,
    pub(super) tags: Vec<Tag>,
    paths: BTreeMap<String, PathItem>,
    pub(super) components: Components,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Info {
    pub(super) description: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) description: String,
}

#[derive(Debug, Deserialize)]
struct PathItem {
    #[serde(default)]
    parameters: Vec<Given<Parameter>>,
    get: Option<Operation>,
    post: Option<Operation>,
    put: Option<Operation>,
}

/// Something, or the name of one that many share.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Given<T> {
    Here(T),
    /// A header of every operation of its kind, of which the beginning of the page tells.
    Shared {
        #[serde(rename = "$ref")]
        _place: String,
    },
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) schema: Schema,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Operation {
    pub(super) operation_id: String,
    pub(super) tags: Vec<String>,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) security: Vec<BTreeMap<String, Value>>,
    #[serde(default)]
    parameters: Vec<Given<Parameter>>,
    pub(super) request_body: Option<Body>,
    pub(super) responses: BTreeMap<String, Body>,
}

/// The body of a request or an answer, or the name of one that is the same elsewhere.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Body {
    #[serde(rename = "$ref")]
    pub(super) place: Option<String>,
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) content: BTreeMap<String, Media>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Media {
    #[serde(default)]
    pub(super) schema: Schema,
    pub(super) example: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Components {
    pub(super) schemas: BTreeMap<String, Schema>,
    pub(super) responses: BTreeMap<String, Body>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Schema {
    #[serde(rename = "$ref")]
    pub(super) place: Option<String>,
    #[serde(rename = "type")]
    kind: Value,
    pub(super) description: Option<String>,
    pub(super) properties: BTreeMap<String, Schema>,
    pub(super) required: Vec<String>,
    pub(super) items: Option<Box<Schema>>,
    pub(super) one_of: Vec<Schema>,
    pub(super) any_of: Vec<Schema>,
    #[serde(rename = "enum")]
    pub(super) among: Vec<Value>,
    #[serde(rename = "const")]
    pub(super) constant: Option<Value>,
}

impl Description {
    /// What is built in. A test holds that it can be read.
    pub(super) fn read() -> Self {
        serde_json::from_str(DESCRIPTION).unwrap_or_default()
    }

    /// The operations of a tag, with their methods and paths, by paths.
    pub(super) fn operations<'a>(
        &'a self,
        tag: &'a str,
    ) -> impl Iterator<Item = (&'static str, &'a str, Vec<&'a Parameter>, &'a Operation)> {
        self.paths.iter().flat_map(move |(path, item)| {
            let methods = [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put)];
            methods.into_iter().filter_map(move |(method, operation)| {
                let operation = operation.as_ref()?;
                let parameters = item.parameters.iter().chain(&operation.parameters);
                let own = parameters.filter_map(|given| match given {
                    Given::Here(parameter) => Some(parameter),
                    Given::Shared { .. } => None,
                });
                let is_here = operation.tags.iter().any(|own| own == tag);
                is_here.then(|| (method, path.as_str(), own.collect(), operation))
            })
        })
    }

    /// A response, wherever it stands.
    pub(super) fn response<'a>(&'a self, response: &'a Body) -> &'a Body {
        response
            .place
            .as_deref()
            .and_then(|place| self.components.responses.get(named(place)))
            .unwrap_or(response)
    }
}

impl Schema {
    /// `string`, `integer` and the like; nothing for what is made of others.
    pub(super) fn kinds(&self) -> Vec<&str> {
        match &self.kind {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// The last part of a reference.
pub(super) fn named(place: &str) -> &str {
    place.rsplit('/').next().unwrap_or(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_can_be_read() {
        let description: Description = serde_json::from_str(DESCRIPTION).expect("a description");
        let told: usize = description
            .tags
            .iter()
            .map(|tag| description.operations(&tag.name).count())
            .sum();
        let all: Value = serde_json::from_str(DESCRIPTION).expect("JSON");
        let all = all["paths"].as_object().expect("paths").values();
        let methods = ["get", "post", "put"];
        let all = all
            .flat_map(|path| methods.map(|method| path.get(method)))
            .flatten();
        assert_eq!(told, all.count());
        assert!(told > 40, "{told}");
    }
}
