//! Templates: text in which `{{ keyarc://… }}` stands for a value. Every other brace is text, so that
//! templates of other programs go through as they are.

use keyarc_lookup::Wanted;
use keyarc_reference::{NoReference, Reference, SCHEME};
use zeroize::Zeroizing;

/// A template, its references found.
#[derive(Debug, PartialEq, Eq)]
pub struct Template<'a> {
    /// Text and the reference behind it.
    parts: Vec<(&'a str, Reference)>,
    /// What follows the last one.
    rest: &'a str,
}

impl<'a> Template<'a> {
    /// Finds the references of a text. What begins as one and is none is an error, with its line.
    pub fn parse(text: &'a str) -> Result<Self, (usize, NoReference)> {
        let mut parts = Vec::new();
        let (mut taken, mut from) = (0, 0);
        while let Some(open) = text[from..].find("{{").map(|at| from + at) {
            let inner = &text[open + 2..];
            if !inner.trim_start().starts_with(SCHEME) {
                from = open + 1;
                continue;
            }
            let line = text[..open].matches('\n').count() + 1;
            let close = inner.find("}}").ok_or((line, NoReference::Escape))?;
            let reference = inner[..close].trim().parse();
            parts.push((
                &text[taken..open],
                reference.map_err(|error| (line, error))?,
            ));
            taken = open + 2 + close + 2;
            from = taken;
        }
        Ok(Self {
            parts,
            rest: &text[taken..],
        })
    }

    /// What is to be asked for, in the order of the text.
    pub fn wanted(&self, environment: Option<&str>) -> Vec<Wanted> {
        let references = self.parts.iter().map(|(_, reference)| reference.clone());
        references
            .map(|one| Wanted::from(one).of_environment(environment))
            .collect()
    }

    /// The text with values in the place of references, in their order.
    pub fn filled(&self, values: &[Zeroizing<String>]) -> Zeroizing<String> {
        let texts = self.parts.iter().map(|(text, _)| text.len());
        let length = texts
            .chain(values.iter().map(|value| value.len()))
            .sum::<usize>();
        // Large enough from the start: growing would leave copies of secrets behind.
        let mut out = Zeroizing::new(String::with_capacity(length + self.rest.len()));
        for ((text, _), value) in self.parts.iter().zip(values) {
            out.push_str(text);
            out.push_str(value);
        }
        out.push_str(self.rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(text: &str, values: &[&str]) -> String {
        let values: Vec<_> = values
            .iter()
            .map(|value| Zeroizing::new((*value).to_owned()))
            .collect();
        let template = Template::parse(text).expect("a template");
        assert_eq!(template.wanted(None).len(), values.len());
        template.filled(&values).as_str().to_owned()
    }

    #[test]
    fn references_are_replaced_and_all_else_stays() {
        assert_eq!(
            filled(
                "url: {{keyarc://personal/a/value}}\nkey: \"{{ keyarc://personal/F/b/c?environment=x }}\"\n",
                &["1", "{{ keyarc://personal/a/value }}"],
            ),
            "url: 1\nkey: \"{{ keyarc://personal/a/value }}\"\n"
        );
        for text in [
            "",
            "{{",
            "{{ name }} {{{ x }}}",
            "${{ secrets.A }}",
            "keyarc://personal/a/b",
            "{ {keyarc://personal/a/b}}",
        ] {
            assert_eq!(filled(text, &[]), text);
        }
        assert_eq!(filled("{{{keyarc://personal/a/b}}}", &["v"]), "{v}");
    }

    #[test]
    fn what_begins_as_a_reference_and_is_none_is_told_with_its_line() {
        assert_eq!(
            Template::parse("a\nb {{ keyarc://personal/a }}"),
            Err((2, NoReference::Short))
        );
        assert!(Template::parse("{{ keyarc://personal/a/b").is_err());
        assert!(Template::parse("{{ keyarc://team/a/b }}").is_err());
    }

    proptest! {
        #[test]
        fn text_without_references_is_its_own_template(text in "[^k]{0,80}") {
            prop_assert_eq!(filled(&text, &[]), text);
        }
    }
}
