//! The texts in the sources: what `t!`, `tn!`, `tc!` and `mark!` are given.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, bail};
use keyarc_catalogue::flat;

use crate::files;

/// What tells texts apart: the context, and the text (for one, where it depends on a count).
pub type Key = (Option<String>, String);

/// A text for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// The text for other counts.
    pub plural: Option<String>,
    /// The files it stands in, below the sources of the app.
    pub files: Vec<String>,
}

/// Every text in the sources below a folder.
pub fn messages(folder: &Path) -> anyhow::Result<BTreeMap<Key, Message>> {
    let mut found: BTreeMap<Key, Message> = BTreeMap::new();
    for path in files::below(folder)? {
        if path.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
        let said = of(&text).with_context(|| format!("the texts of {name}"))?;
        for (key, plural) in said {
            let message = found.entry(key).or_default();
            match (&message.plural, plural) {
                (_, None) => {}
                (Some(known), Some(other)) if *known != other => {
                    bail!("{name}: “{known}” and “{other}” have the same text for one")
                }
                (_, plural) => message.plural = plural,
            }
            if message.files.last() != Some(&name) {
                message.files.push(name.clone());
            }
        }
    }
    Ok(found)
}

/// The texts of one file, tests and comments aside, each with its form for other counts.
fn of(source: &str) -> anyhow::Result<Vec<(Key, Option<String>)>> {
    let source = source
        .split("#[cfg(test)]\nmod ")
        .next()
        .unwrap_or_default();
    let mut found = Vec::new();
    let mut rest = source;
    let mut before = ' ';
    while let Some(char) = rest.chars().next() {
        let begins = !before.is_alphanumeric() && before != '_';
        before = char;
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
            continue;
        }
        let name = ["t", "tn", "tc", "mark"].into_iter().find(|name| {
            begins
                && rest
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with("!("))
        });
        let Some(name) = name else {
            rest = match char {
                '"' => literal(rest).map_or(&rest[1..], |(_, rest)| rest),
                char => &rest[char.len_utf8()..],
            };
            continue;
        };
        rest = &rest[name.len() + 2..];
        // The macro's own arms.
        if rest.starts_with("@") || rest.starts_with("$") {
            continue;
        }
        let first = match name {
            "tn" => after_argument(rest).context("`tn!` has a count and two texts")?,
            _ => rest,
        };
        let Some((text, behind)) = literal(first) else {
            bail!(
                "`{name}!` wants a text that stands there: {:.40}",
                first.trim_start()
            );
        };
        let second = behind.trim_start().strip_prefix(',').and_then(literal);
        let said = match (name, second) {
            ("tn", Some((plural, _))) => ((None, text), Some(plural)),
            ("tc", Some((english, _))) => ((Some(text), english), None),
            ("tn" | "tc", None) => bail!("`{name}!` wants two texts: {text}"),
            _ => ((None, text), None),
        };
        let ((context, text), plural) = said;
        let key = (context, flat(&text).into_owned());
        found.push((key, plural.map(|plural| flat(&plural).into_owned())));
        rest = behind;
    }
    Ok(found)
}

/// What follows the first argument and its comma.
fn after_argument(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (at, char) in text.char_indices() {
        match char {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 => return Some(&text[at + 1..]),
            _ => {}
        }
    }
    None
}

/// A string literal that a text begins with, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let inner = text.trim_start().strip_prefix('"')?;
    let mut out = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((out, &inner[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'u' => {
                    let rest = &inner[at + 2..];
                    let (code, _) = rest.strip_prefix('{')?.split_once('}')?;
                    out.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
                    for _ in 0..code.len() + 2 {
                        chars.next();
                    }
                }
                // A line that goes on below begins there with its first letter.
                '\n' => {
                    let rest = &inner[at + 2..];
                    let space = rest.chars().take_while(|char| char.is_whitespace()).count();
                    for _ in 0..space {
                        chars.next();
                    }
                }
                char => out.push(char),
            },
            char => out.push(char),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<(Key, Option<String>)> {
        of(source).expect("texts")
    }

    fn plain(text: &str) -> (Key, Option<String>) {
        ((None, text.to_owned()), None)
    }

    #[test]
    fn every_macro_is_read() {
        assert_eq!(
            texts("t!(\"Save\"); say(t!(\"{a} b\", a = 1))"),
            [plain("Save"), plain("{a} b")]
        );
        assert_eq!(
            texts("mark!( \"One \\\"two\\\" \\u{2026}\" )"),
            [plain("One \"two\" …")]
        );
        let context = ((Some("verb".to_owned()), "Open".to_owned()), None);
        assert_eq!(texts("tc!(\"verb\", \"Open\")"), [context]);
        let counted = (
            (None, "{count} item".to_owned()),
            Some("{count} items".to_owned()),
        );
        assert_eq!(
            texts("tn!(f(a, b),\n  \"{count} item\",\n  \"{count} items\", c)"),
            [counted]
        );
    }

    #[test]
    fn long_texts_are_one_line() {
        assert_eq!(texts("t!(\"One \\\n      two\")"), [plain("One two")]);
        assert_eq!(texts("t!(\"One\n      two\")"), [plain("One two")]);
    }

    #[test]
    fn other_macros_comments_strings_and_tests_are_not_texts() {
        assert_eq!(
            texts(
                "format!(\"a\"); // t!(\"b\")\nlet x = \"t!(\";\n#[cfg(test)]\nmod tests { t!(\"c\") }"
            ),
            []
        );
    }

    #[test]
    fn what_is_no_literal_is_refused() {
        for bad in ["t!(name)", "tn!(1, \"a\")", "tc!(\"a\")"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
