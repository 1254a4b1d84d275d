use std::collections::HashMap;

use crate::{
    plural::Rule,
    po::{CatalogueError, entries, flat},
};

/// All texts in one language.
#[derive(Debug, Clone)]
pub struct Catalogue {
    tag: String,
    name: String,
    rule: Rule,
    /// By [`key`]: one form, or one for each group of counts.
    texts: HashMap<String, Vec<String>>,
}

/// Stands between a context and its text, as in MO files.
const CONTEXT_END: char = '\u{4}';

fn key(context: Option<&str>, text: &str) -> String {
    match context {
        Some(context) => format!("{context}{CONTEXT_END}{}", flat(text)),
        None => flat(text).into_owned(),
    }
}

impl Catalogue {
    /// Reads a PO file. Texts without a translation, or with a doubtful one (`fuzzy`), are left
    /// out.
    ///
    /// # Errors
    /// The file is not in that format, or its header lacks `Language`, `X-Name` (what the
    /// language calls itself) or `Plural-Forms`.
    pub fn parse(file: &str) -> Result<Self, CatalogueError> {
        let mut texts = HashMap::new();
        let mut header = None;
        for entry in entries(file)? {
            if entry.id.is_empty() && entry.context.is_none() {
                header = entry.forms.into_iter().next();
            } else if !entry.fuzzy && entry.forms.iter().all(|form| !form.is_empty()) {
                texts.insert(key(entry.context.as_deref(), &entry.id), entry.forms);
            }
        }
        let header = header.unwrap_or_default();
        let wrong = |rule| CatalogueError { line: 1, rule };
        let field = |name: &str| {
            let mut lines = header.lines().filter_map(|line| line.split_once(':'));
            let found = lines.find(|(field, _)| *field == name);
            found.map(|(_, value)| value.trim().to_owned())
        };
        let tag = field("Language").ok_or(wrong("the header has no Language"))?;
        let is_tag = |tag: &str| {
            (2..=35).contains(&tag.len())
                && tag
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if !is_tag(&tag) {
            return Err(wrong("the header's Language is no tag like pt-BR"));
        }
        let name = field("X-Name").ok_or(wrong("the header has no X-Name"))?;
        let plural = field("Plural-Forms").ok_or(wrong("the header has no Plural-Forms"))?;
        let rule = plural
            .split_once("plural=")
            .map(|(_, rule)| rule.trim_end_matches(';'));
        let rule = rule.and_then(Rule::parse);
        Ok(Self {
            tag,
            name,
            rule: rule.ok_or(wrong("Plural-Forms cannot be read"))?,
            texts,
        })
    }

    /// Its tag, as in BCP 47: `de`.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// What the language calls itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The translation of a text.
    pub fn get(&self, context: Option<&str>, english: &str) -> Option<&str> {
        let forms = self.texts.get(&key(context, english))?;
        forms.first().map(String::as_str)
    }

    /// The translation of a text that depends on a count; the English one for 1 is its key.
    pub fn get_counted(&self, one: &str, count: u64) -> Option<&str> {
        let forms = self.texts.get(&key(None, one))?;
        let form = usize::try_from(self.rule.of(count)).ok()?;
        forms.get(form).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: &str = "# A comment\nmsgid \"\"\nmsgstr \"\"\n\"Language: de\\n\"\n\"X-Name: Deutsch\\n\"\n\"Plural-Forms: nplurals=2; plural=(n != 1);\\n\"\n\n";

    fn parse(entries: &str) -> Result<Catalogue, CatalogueError> {
        Catalogue::parse(&format!("{HEADER}{entries}"))
    }

    #[test]
    fn texts_forms_and_contexts_are_found() {
        let catalogue = parse(
            "#: somewhere\nmsgid \"Save\"\nmsgstr \"Sichern\"\n\nmsgctxt \"state\"\nmsgid \"Open\"\nmsgstr \"Offen\"\nmsgid \"{count} item\"\nmsgid_plural \"{count} items\"\nmsgstr[0] \"{count} Eintrag\"\nmsgstr[1] \"\"\n\"{count} Einträge\"\n\nmsgid \"a \\\"b\\\" c\\\\\"\nmsgstr \"d\\ne\\tf\"",
        )
        .expect("a catalogue");
        assert_eq!((catalogue.tag(), catalogue.name()), ("de", "Deutsch"));
        assert_eq!(catalogue.get(None, "Save"), Some("Sichern"));
        assert_eq!(catalogue.get(None, "Open"), None);
        assert_eq!(catalogue.get(Some("state"), "Open"), Some("Offen"));
        assert_eq!(
            catalogue.get_counted("{count} item", 1),
            Some("{count} Eintrag")
        );
        assert_eq!(
            catalogue.get_counted("{count} item", 2),
            Some("{count} Einträge")
        );
        assert_eq!(catalogue.get(None, "a \"b\" c\\"), Some("d\ne\tf"));
    }

    #[test]
    fn how_a_text_is_broken_in_the_code_does_not_matter() {
        let catalogue = parse("msgid \"One two three\"\nmsgstr \"Eins\"\n").expect("a catalogue");
        assert_eq!(catalogue.get(None, "One two\n        three"), Some("Eins"));
    }

    #[test]
    fn what_is_not_translated_is_not_there() {
        let catalogue = parse(
            "msgid \"A\"\nmsgstr \"\"\n\n#, fuzzy\nmsgid \"B\"\nmsgstr \"C\"\n\nmsgid \"D\"\nmsgstr \"E\"\n",
        );
        let catalogue = catalogue.expect("a catalogue");
        assert_eq!(catalogue.get(None, "A"), None);
        assert_eq!(catalogue.get(None, "B"), None);
        assert_eq!(catalogue.get(None, "D"), Some("E"));
    }

    #[test]
    fn the_line_of_a_mistake_is_told() {
        let line = |entries: &str| parse(entries).expect_err("a mistake").line;
        assert_eq!(line("msgid \"A\nmsgstr \"B\"\n"), 8);
        assert_eq!(line("msgid \"A\"\nmsgstr \"\\q\"\n"), 9);
        assert_eq!(line("\"A\"\n"), 8);
        assert_eq!(line("msgnothing \"A\"\n"), 8);
        let tagged = |tag: &str| {
            Catalogue::parse(&HEADER.replace("Language: de", &format!("Language: {tag}")))
        };
        for tag in ["", "d", "pt_BR", "dé", "a b", "<b>"] {
            assert!(tagged(tag).is_err(), "{tag}");
        }
        assert!(tagged("pt-BR").is_ok());
        for header in ["", "msgid \"\"\nmsgstr \"Language: de\\n\"\n"] {
            assert!(Catalogue::parse(header).is_err());
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(file in "(msgid|msgstr|msgctxt|#|\"|\\\\|[a-z ]|\n){0,60}") {
            let _ = Catalogue::parse(&file);
        }
    }
}
