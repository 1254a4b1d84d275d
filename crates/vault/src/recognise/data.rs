//! The recognition data, parsed once: who issues keys, which every list shows, and apart from it
//! what their keys look like, which only those need who recognise one.

use std::{collections::HashMap, sync::OnceLock};

use regex_lite::Regex;
use serde::Deserialize;

use crate::Kind;

/// Somebody who issues keys, or (when `generic`) a shape that names nobody.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Stands in sealed items: once given, it stays.
    pub id: String,
    /// For people.
    pub name: String,
    /// Two characters for a row.
    pub mark: String,
    /// Words that name the provider in variables' names.
    #[serde(default)]
    pub words: Vec<String>,
    /// The page on which keys are made, if it is the same for everybody.
    pub keys: Option<String>,
    /// A mere shape, such as a JWT, which is no item's provider.
    #[serde(default)]
    pub generic: bool,
}

/// What the values of a provider look like.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    /// The provider's id.
    provider: String,
    rules: Vec<Rule>,
}

/// What one sort of value looks like.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// For people.
    pub(super) label: String,
    /// Literal beginnings, of which the value has one.
    #[serde(default)]
    pub(super) starts: Vec<String>,
    /// A literal somewhere in the value: rules most values out before the pattern is tried.
    pub(super) has: Option<String>,
    /// Pattern of all that follows the beginning.
    rest: String,
    /// Words of which the variable's name must have one, where the shape alone says too little.
    #[serde(default)]
    pub(super) named: Vec<String>,
    /// The environment that the value itself names.
    pub(super) environment: Option<String>,
    /// What may be shown of it.
    #[serde(default)]
    pub(super) mask: Mask,
    /// The kind of item that fits it, where that is no API key.
    pub(super) kind: Option<Kind>,
    #[serde(skip)]
    compiled: OnceLock<Option<Regex>>,
}

/// What may be shown of a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mask {
    /// The literal beginning and the last four characters.
    #[default]
    Start,
    /// Scheme, host and path, without credentials and query.
    Url,
    /// What stands between BEGIN and the dashes.
    Pem,
    /// That it is JSON.
    Json,
}

impl Rule {
    /// Whether the value, after `start` bytes of literal beginning, has the rule's shape.
    pub(super) fn fits(&self, value: &str, start: usize) -> bool {
        if self
            .has
            .as_ref()
            .is_some_and(|literal| !value.contains(literal.as_str()))
        {
            return false;
        }
        let pattern = self.compiled.get_or_init(|| compile(&self.rest));
        pattern
            .as_ref()
            .is_some_and(|pattern| pattern.is_match(&value[start..]))
    }
}

/// Every provider and shape known.
pub fn providers() -> &'static [Provider] {
    &known().providers
}

/// A provider or shape by its id.
pub fn provider(id: &str) -> Option<&'static Provider> {
    known().by_id.get(id).map(|at| &known().providers[*at])
}

/// What sorts of value are known, for people, with the id of their provider or shape.
pub fn recognised_sorts() -> impl Iterator<Item = (&'static str, &'static str)> {
    table().rules.iter().flat_map(|of| {
        let id = of.provider.as_str();
        of.rules.iter().map(move |rule| (id, rule.label.as_str()))
    })
}

/// The rules that a value may keep, with the length of its literal beginning. Those without a
/// beginning come last.
pub(super) fn rules_for(
    value: &str,
) -> impl Iterator<Item = (&'static Provider, &'static Rule, usize)> {
    let table = table();
    let first = value.bytes().next().unwrap_or_default();
    let starting = table
        .by_first_byte
        .get(usize::from(first))
        .into_iter()
        .flatten();
    starting
        .filter(|(start, _)| value.starts_with(start.as_str()))
        .map(|(start, at)| (start.len(), *at))
        .chain(table.without_start.iter().map(|at| (0, *at)))
        .filter_map(|(start, (of, rule))| {
            let of = &table.rules[of];
            Some((provider(&of.provider)?, &of.rules[rule], start))
        })
}

struct Known {
    providers: Vec<Provider>,
    by_id: HashMap<String, usize>,
}

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        // A test parses the same text, so that it cannot be wrong here.
        let providers: Vec<Provider> =
            serde_json::from_str(include_str!("providers.json")).unwrap_or_default();
        let by_id = |(at, provider): (usize, &Provider)| (provider.id.clone(), at);
        Known {
            by_id: providers.iter().enumerate().map(by_id).collect(),
            providers,
        }
    })
}

/// Where a rule stands: whose it is, and which of theirs.
type RuleAt = (usize, usize);

struct Table {
    rules: Vec<Rules>,
    /// For each first byte the beginnings that have it.
    by_first_byte: Vec<Vec<(String, RuleAt)>>,
    without_start: Vec<RuleAt>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        // A test parses the same text, so that it cannot be wrong here.
        let rules: Vec<Rules> =
            serde_json::from_str(include_str!("rules.json")).unwrap_or_default();
        let mut by_first_byte = vec![Vec::new(); 128];
        let mut without_start = Vec::new();
        for (of_at, of) in rules.iter().enumerate() {
            for (rule_at, rule) in of.rules.iter().enumerate() {
                let at = (of_at, rule_at);
                if rule.starts.is_empty() {
                    without_start.push(at);
                }
                for start in &rule.starts {
                    let first = start.bytes().next().unwrap_or_default();
                    if let Some(starts) = by_first_byte.get_mut(usize::from(first)) {
                        starts.push((start.clone(), at));
                    }
                }
            }
        }
        Table {
            rules,
            by_first_byte,
            without_start,
        }
    })
}

fn compile(rest: &str) -> Option<Regex> {
    Regex::new(&format!("^(?:{rest})$")).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_data_parses_and_every_pattern_compiles() {
        let parsed: Vec<Provider> = serde_json::from_str(include_str!("providers.json")).unwrap();
        assert_eq!(parsed.len(), providers().len());
        let parsed: Vec<Rules> = serde_json::from_str(include_str!("rules.json")).unwrap();
        assert_eq!(parsed.len(), table().rules.len());
        let mut of = HashSet::new();
        let mut rules = 0;
        for Rules {
            provider: id,
            rules: theirs,
        } in &parsed
        {
            assert!(provider(id).is_some(), "{id} is nobody");
            assert!(of.insert(id), "{id} stands twice");
            for rule in theirs {
                assert!(compile(&rule.rest).is_some(), "{id}: {}", rule.rest);
                assert!(
                    rule.starts
                        .iter()
                        .all(|start| start.is_ascii() && !start.is_empty())
                );
                rules += 1;
            }
        }
        assert!(
            providers()
                .iter()
                .filter(|provider| !provider.generic)
                .count()
                >= 60
        );
        assert!(rules >= 150);
        assert_eq!(recognised_sorts().count(), rules);
    }

    #[test]
    fn ids_are_slugs_and_marks_are_short() {
        let mut ids = HashSet::new();
        for Provider {
            id,
            name,
            mark,
            words,
            keys,
            ..
        } in providers()
        {
            assert!(ids.insert(id), "{id} stands twice");
            assert!(
                id.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            );
            assert!(!name.is_empty() && mark.chars().count() == 2, "{id}");
            assert!(
                keys.as_ref()
                    .is_none_or(|page| page.starts_with("https://")),
                "{id}"
            );
            assert!(words.iter().all(|word| {
                word.bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
            }));
        }
    }

    #[test]
    fn a_shape_without_beginning_needs_a_literal_or_a_name() {
        let all = table().rules.iter().flat_map(|of| &of.rules);
        for rule in all.filter(|rule| rule.starts.is_empty()) {
            assert!(
                rule.has.is_some() || !rule.named.is_empty(),
                "{}",
                rule.label
            );
        }
    }
}
