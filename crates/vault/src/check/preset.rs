//! The presets: what is known of providers, as data. Parsed once, when the first test is made.

use std::sync::OnceLock;

use serde::Deserialize;

use super::{CheckDefinition, CheckHeader, CheckMethod, CheckOutcome, Placement, address::Address};

/// Whether a provider lets a page in a browser ask (CORS).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Browsers {
    /// It does.
    Yes,
    /// It does not, so that nothing is sent.
    No,
    /// Not known: trying tells.
    #[default]
    Unknown,
}

/// What is known of one provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Preset {
    /// Its id in the recognition data.
    pub(super) provider: String,
    #[serde(default)]
    method: CheckMethod,
    url: String,
    /// Beginnings of the keys that it is for; all of the provider's when there are none.
    #[serde(default)]
    starts: Vec<String>,
    /// Beginnings of keys that it is not for.
    #[serde(default)]
    not: Vec<String>,
    /// How many characters its keys have.
    length: Option<usize>,
    place: Placement,
    #[serde(default)]
    name: String,
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    pub(super) browsers: Browsers,
    /// What the answer to a key that works holds.
    #[serde(default)]
    text: String,
    #[serde(default)]
    pub(super) answers: Vec<Rule>,
}

/// What one answer means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// Its status.
    from: u16,
    /// What its body holds; nothing in particular when there is none.
    pub(super) text: Option<String>,
    pub(super) means: CheckOutcome,
}

impl Rule {
    pub(super) fn fits(&self, status: u16) -> bool {
        self.from == status
    }
}

impl Preset {
    /// Whether it is for a key like this one.
    pub(super) fn fits(&self, key: &str) -> bool {
        let begins = |starts: &[String]| starts.iter().any(|start| key.starts_with(start.as_str()));
        (self.starts.is_empty() || begins(&self.starts))
            && !begins(&self.not)
            && self.length.is_none_or(|length| key.len() == length)
    }

    /// The request that it asks for.
    pub(super) fn definition(&self) -> CheckDefinition {
        let header = |(name, value): &(String, String)| CheckHeader {
            name: name.clone(),
            value: value.clone(),
        };
        CheckDefinition {
            method: self.method,
            url: self.url.clone(),
            placement: self.place,
            name: self.name.clone(),
            prefix: self.prefix.clone(),
            headers: self.headers.iter().map(header).collect(),
            pattern: self.text.clone(),
            ..CheckDefinition::default()
        }
    }

    /// Whether it asks the same host, so that answers mean the same.
    pub(super) fn is_at(&self, origin: &str) -> bool {
        Address::parse(&self.url).is_ok_and(|own| own.origin == origin)
    }
}

/// Every preset.
pub(super) fn presets() -> &'static [Preset] {
    static PRESETS: OnceLock<Vec<Preset>> = OnceLock::new();
    // A test parses the same text, so that it cannot be wrong here.
    PRESETS.get_or_init(|| serde_json::from_str(include_str!("presets.json")).unwrap_or_default())
}

/// The preset of a provider.
pub(super) fn preset(provider: &str) -> Option<&'static Preset> {
    presets().iter().find(|preset| preset.provider == provider)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{check::check_definition, provider};

    #[test]
    fn every_preset_is_of_a_known_provider_and_keeps_the_rules() {
        let parsed: Vec<Preset> = serde_json::from_str(include_str!("presets.json")).unwrap();
        assert!(parsed.len() >= 50, "{}", parsed.len());
        assert_eq!(parsed.len(), presets().len());
        let mut seen = HashSet::new();
        for preset in &parsed {
            let id = &preset.provider;
            assert!(seen.insert(id.clone()), "{id} stands twice");
            assert!(provider(id).is_some_and(|known| !known.generic), "{id}");
            check_definition(&preset.definition()).unwrap_or_else(|error| panic!("{id}: {error}"));
            assert!(preset.url.starts_with("https://"), "{id}");
            // The bits of an answer: the pattern, a rule each, and "expired".
            assert!(preset.answers.len() <= 8, "{id}");
            for rule in &preset.answers {
                assert!((200..=499).contains(&rule.from), "{id}");
                assert_ne!(rule.text.as_deref(), Some(""), "{id}");
            }
        }
    }

    #[test]
    fn some_are_known_to_let_browsers_ask_and_some_not_to() {
        let count = |browsers| presets().iter().filter(|p| p.browsers == browsers).count();
        assert!(count(Browsers::Yes) >= 10);
        assert!(count(Browsers::No) >= 8);
    }

    #[test]
    fn a_preset_is_for_its_own_sort_of_key() {
        let fits = |id: &str, key: &str| preset(id).is_some_and(|preset| preset.fits(key));
        assert!(fits("stripe", "sk_live_x") && fits("stripe", "rk_test_x"));
        assert!(!fits("stripe", "pk_live_x") && !fits("stripe", "whsec_x"));
        assert!(fits("openai", "sk-proj-x") && !fits("openai", "sk-admin-x"));
        assert!(fits("cloudflare", &"a".repeat(40)) && !fits("cloudflare", &"a".repeat(37)));
        assert!(!fits("google", "GOCSPX-x"));
        assert!(!fits("nobody", "x"));
    }
}
