use std::borrow::Cow;

/// Why a file is no catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {rule}")]
pub struct CatalogueError {
    /// Counted from 1.
    pub line: usize,
    /// What it breaks.
    pub rule: &'static str,
}

/// One text of a PO file. The first one, whose text is empty, holds facts about the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// What tells it apart from the same text elsewhere (`msgctxt`).
    pub context: Option<String>,
    /// The text in the code, for a count of one where it depends on a count (`msgid`).
    pub id: String,
    /// The text for other counts (`msgid_plural`).
    pub plural: Option<String>,
    /// The translation, or one for each group of counts; empty where there is none yet.
    pub forms: Vec<String>,
    /// Whether somebody was not sure of it.
    pub fuzzy: bool,
}

/// A text with one space for all white space within it.
pub fn flat(text: &str) -> Cow<'_, str> {
    if !text.contains(['\n', '\t']) && !text.contains("  ") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            ' ' | '\n' | '\t' if out.ends_with(' ') => {}
            '\n' | '\t' => out.push(' '),
            char => out.push(char),
        }
    }
    Cow::Owned(out)
}

/// A text as a string of a PO file, the reverse of what [`entries`] does with one.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        match char {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '"' | '\\' => {
                out.push('\\');
                out.push(char);
            }
            char => out.push(char),
        }
    }
    out.push('"');
    out
}

/// What the next line with nothing but a string adds to.
#[derive(Clone, Copy)]
enum Part {
    Nothing,
    Context,
    Id,
    Plural,
    Form,
}

/// All entries of a PO file, in their order.
///
/// # Errors
/// The file is not in that format.
pub fn entries(file: &str) -> Result<Vec<Entry>, CatalogueError> {
    let mut all = Vec::new();
    let mut entry = Entry::default();
    let mut part = Part::Nothing;
    for (at, line) in file.lines().enumerate() {
        let wrong = |rule| CatalogueError { line: at + 1, rule };
        let line = line.trim();
        // An entry is over where the next one begins.
        let begins = line.is_empty()
            || line.starts_with('#')
            || line.starts_with("msgctxt")
            || line.starts_with("msgid ");
        if begins && matches!(part, Part::Form) {
            all.push(std::mem::take(&mut entry));
            part = Part::Nothing;
        }
        if line.is_empty() {
            continue;
        }
        if let Some(comment) = line.strip_prefix('#') {
            entry.fuzzy |= comment.starts_with(',') && comment.contains("fuzzy");
            continue;
        }
        let (word, quoted) = match line.find('"') {
            Some(quote) => line.split_at(quote),
            None => return Err(wrong("there is no string")),
        };
        let more =
            unquoted(quoted).ok_or(wrong("the string does not end, or has an unknown escape"))?;
        part = match word.trim_end() {
            "" => part,
            "msgctxt" => Part::Context,
            "msgid" => Part::Id,
            "msgid_plural" => Part::Plural,
            word if word == "msgstr" || word.starts_with("msgstr[") => {
                entry.forms.push(String::new());
                Part::Form
            }
            _ => return Err(wrong("the line begins with an unknown word")),
        };
        match part {
            Part::Nothing => return Err(wrong("the string belongs to nothing")),
            Part::Context => entry.context.get_or_insert_default().push_str(&more),
            Part::Id => entry.id.push_str(&more),
            Part::Plural => entry.plural.get_or_insert_default().push_str(&more),
            Part::Form => {
                if let Some(form) = entry.forms.last_mut() {
                    form.push_str(&more);
                }
            }
        }
    }
    if matches!(part, Part::Form) {
        all.push(entry);
    }
    Ok(all)
}

fn unquoted(quoted: &str) -> Option<String> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        out.push(match char {
            '\\' => match chars.next()? {
                'n' => '\n',
                't' => '\t',
                '"' => '"',
                '\\' => '\\',
                _ => return None,
            },
            '"' => return None,
            char => char,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn white_space_is_one_space() {
        assert_eq!(flat("One two"), "One two");
        assert_eq!(flat(" One\n        two "), " One two ");
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read_again(text in "[ -~äß„“\n\t]{1,40}", other in "[ -~\n]{1,20}") {
            let file = format!("msgctxt {}\nmsgid {}\nmsgstr {}\n", quoted(&other), quoted(&text), quoted(&other));
            let entry = Entry { context: Some(other.clone()), id: text, plural: None, forms: vec![other], fuzzy: false };
            prop_assert_eq!(entries(&file), Ok(vec![entry]));
        }
    }
}
