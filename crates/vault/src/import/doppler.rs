//! Doppler's JSON (`doppler secrets download`) and the JSON of its interface, where a secret has
//! a `raw` and a `computed` value:
//!
//! ```text
//! {"DOPPLER_PROJECT": "shop", "DOPPLER_CONFIG": "prd", "STRIPE_KEY": "sk_live_…"}
//! {"secrets": {"STRIPE_KEY": {"raw": "…", "computed": "…", "note": "…"}}}
//! ```
//! Its `.env` and YAML downloads are read as any `.env` or YAML is. The three names that say where
//! secrets belong become folder, environment and tag; references between secrets stay as Doppler
//! resolved them.

use super::{
    Reading, Unreadable,
    node::Node,
    shape::{Sheet, variable},
};

const PROJECT: &str = "DOPPLER_PROJECT";
const CONFIG: &str = "DOPPLER_CONFIG";
const ENVIRONMENT: &str = "DOPPLER_ENVIRONMENT";

/// Whether a JSON object has Doppler's own names.
pub(super) fn fits(keys: &[String]) -> bool {
    [PROJECT, CONFIG]
        .iter()
        .all(|wanted| keys.iter().any(|key| key == wanted))
}

/// Reads Doppler's JSON.
pub(crate) fn read_doppler(text: &str) -> Result<Reading, Unreadable> {
    let root = Node::parse(text)?;
    let secrets = root
        .get("secrets")
        .filter(|secrets| !secrets.entries().is_empty());
    let secrets = secrets.unwrap_or(&root);
    if secrets.entries().is_empty() {
        return Err(Unreadable::Malformed("it holds no names with values"));
    }
    let own = |name: &str| secrets.get(name).and_then(value).unwrap_or_default();
    let (project, config) = (own(PROJECT), own(CONFIG));
    let environment = environment(match own(ENVIRONMENT) {
        "" => config,
        environment => environment,
    });
    let mut reading = Reading::default();
    for (place, (name, node)) in (1..).zip(secrets.entries()) {
        if reading.is_full() {
            break;
        }
        if [PROJECT, CONFIG, ENVIRONMENT].contains(&name.as_str()) {
            continue;
        }
        let Some(value) = value(node) else {
            reading.tell(place, "has a value that is no text");
            continue;
        };
        let mut sheet = Sheet {
            name: name.clone(),
            folder: project.replace('/', "-"),
            password: value.to_owned(),
            ..Sheet::default()
        };
        sheet.note(node.word("note"));
        // A branch of an environment has a name of its own.
        if config != own(ENVIRONMENT) && !config.is_empty() {
            sheet.tags.push(config.to_owned());
        }
        let mut draft = sheet.secret();
        draft.environment.clone_from(&environment);
        reading.add(place, draft, variable(name));
    }
    Ok(reading)
}

fn value(node: &Node) -> Option<&str> {
    match node {
        Node::Object(_) => node.get("computed").or_else(|| node.get("raw"))?.scalar(),
        node => node.scalar(),
    }
}

/// Doppler's short names as the ones that KeyArc has for the same.
fn environment(name: &str) -> Option<String> {
    let name = match name {
        "" => return None,
        "prd" => "production",
        "stg" => "staging",
        "dev" => "development",
        name => name,
    };
    Some(name.to_owned())
}
