//! Which provider a value belongs to, from its prefix and shape alone.
//!
//! The knowledge is data, in `rules.json`, of those whom `providers.json` names; the code here
//! applies it. Nothing is asked of any network: a value never leaves the device for being looked
//! at.

mod data;
mod entropy;
mod hint;
mod spot;

use crate::{Content, ItemDraft, Kind, Recognition};
pub use data::{Provider, provider, providers, recognised_sorts};
use data::{Rule, rules_for};
pub(crate) use hint::mask;
pub use spot::{Spotted, spot};

/// Longest value looked at, in bytes. No key is as long.
const VALUE_MAX: usize = 64 * 1024;

/// The provider id of a value that only looks random.
const RANDOM: &str = "secret";

/// Names what a value seems to be.
pub fn recognise(value: &str) -> Option<Recognition> {
    recognition(value.trim(), None)
}

/// Names what the value of a variable seems to be. The variable's name decides where the value
/// alone leaves several answers or none: an AWS secret key is any 40 characters.
pub fn recognise_named(variable: &str, value: &str) -> Option<Recognition> {
    recognition(value.trim(), Some(&VariableName::new(variable)))
}

impl ItemDraft {
    /// Names the provider of a new key that was not recognised while it was typed. A provider
    /// that is named already, and items that were saved before, stay as they are.
    pub fn name_provider(&mut self) {
        let Content::ApiKey { value } = &self.content else {
            return;
        };
        if self.id.is_none() && self.provider.is_none() {
            self.provider = recognise(value).map(|found| found.provider);
        }
    }
}

/// A shortened value that is safe to show: a prefix that names the provider, and the last four
/// characters when enough stay hidden.
pub fn hint_of(value: &str) -> String {
    let value = value.trim();
    match find(value, None) {
        Some(hit) => hit.hint(value),
        None => mask(value),
    }
}

/// A variable's name as words between underscores: `_OPENAI_API_KEY_`.
pub(crate) struct VariableName(String);

impl VariableName {
    pub(crate) fn new(name: &str) -> Self {
        let mut words = String::with_capacity(name.len() + 2);
        words.push('_');
        for c in name.chars() {
            words.push(if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            });
        }
        words.push('_');
        Self(words)
    }

    /// Whether the word, or the words joined by underscores, stand in the name.
    pub(crate) fn has(&self, words: &str) -> bool {
        self.0.match_indices(words).any(|(at, _)| {
            let before = self.0.as_bytes().get(at.wrapping_sub(1));
            let after = self.0.as_bytes().get(at + words.len());
            before == Some(&b'_') && after == Some(&b'_')
        })
    }

    fn names(&self, provider: &Provider) -> bool {
        provider.words.iter().any(|word| self.has(word))
    }

    /// What sort of secret the name promises, in words.
    fn secret(&self) -> Option<&'static str> {
        const SORTS: [(&str, &str); 12] = [
            ("API_KEY", "API key"),
            ("APIKEY", "API key"),
            ("ACCESS_TOKEN", "access token"),
            ("AUTH_TOKEN", "access token"),
            ("TOKEN", "token"),
            ("PRIVATE_KEY", "private key"),
            ("SECRET_KEY", "secret key"),
            ("SECRET", "secret"),
            ("PASSWORD", "password"),
            ("PASS", "password"),
            ("DSN", "DSN"),
            ("KEY", "key"),
        ];
        SORTS
            .iter()
            .find(|(word, _)| self.has(word))
            .map(|(_, sort)| *sort)
    }
}

/// A rule that a value keeps.
#[derive(Clone, Copy)]
struct Hit {
    provider: &'static Provider,
    rule: &'static Rule,
    /// Length of the literal beginning.
    start: usize,
}

impl Hit {
    fn hint(&self, value: &str) -> String {
        hint::with_rule(self.rule, self.start, value)
    }
}

fn recognition(value: &str, variable: Option<&VariableName>) -> Option<Recognition> {
    if value.is_empty() || value.len() > VALUE_MAX {
        return None;
    }
    let hit = find(value, variable);
    if let Some(hit) = hit.filter(|hit| !hit.provider.generic) {
        return Some(answer(
            hit.provider,
            &hit.rule.label,
            hit.rule,
            hit.hint(value),
        ));
    }
    let hint = hit.map_or_else(|| mask(value), |hit| hit.hint(value));
    // The name knows the provider and says that this is a secret; the value may know its shape.
    if let Some(variable) = variable
        && let Some(sort) = variable.secret()
        && let Some(provider) = providers().iter().find(|provider| variable.names(provider))
    {
        let sort = hit.map_or(sort, |hit| &hit.rule.label);
        return Some(Recognition {
            provider: provider.id.clone(),
            provider_name: provider.name.clone(),
            label: format!("{} {sort}", provider.name),
            kind: Kind::ApiKey,
            environment: None,
            hint,
        });
    }
    if let Some(hit) = hit {
        return Some(answer(hit.provider, &hit.rule.label, hit.rule, hint));
    }
    entropy::looks_random(value).then_some(())?;
    let provider = provider(RANDOM)?;
    Some(Recognition {
        provider: provider.id.clone(),
        provider_name: provider.name.clone(),
        label: "random secret".to_owned(),
        kind: Kind::ApiKey,
        environment: None,
        hint,
    })
}

fn answer(provider: &Provider, label: &str, rule: &Rule, hint: String) -> Recognition {
    Recognition {
        provider: provider.id.clone(),
        provider_name: provider.name.clone(),
        label: label.to_owned(),
        kind: rule.kind.unwrap_or(Kind::ApiKey),
        environment: rule.environment.clone(),
        hint,
    }
}

/// The best rule: one of a provider before a mere shape, one whose provider the variable names
/// before others, then the longest literal beginning, then the order of the data.
fn find(value: &str, variable: Option<&VariableName>) -> Option<Hit> {
    let mut best: Option<(Hit, (bool, bool, usize))> = None;
    for (provider, rule, start) in rules_for(value) {
        let merit = (
            !provider.generic,
            variable.is_some_and(|variable| variable.names(provider)),
            start,
        );
        if best.is_some_and(|(_, highest)| merit <= highest) {
            continue;
        }
        let named = rule.named.is_empty()
            || variable.is_some_and(|name| rule.named.iter().any(|words| name.has(words)));
        if named && rule.fits(value, start) {
            best = Some((
                Hit {
                    provider,
                    rule,
                    start,
                },
                merit,
            ));
        }
    }
    best.map(|(hit, _)| hit)
}
