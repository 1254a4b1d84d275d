//! An item as text that a person edits, and back.
//!
//! An environment set is the lines of a `.env` file, a note is its text, and all others are a small
//! TOML document: a line for each value, and a table for the fields that a person added.

use keyarc_lookup::{nearest, printable};
use keyarc_vault::{Content, Field, FieldType, Item, ItemDraft, Variable, import};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::writes::Parts;

/// The table of the fields that a person added.
const FIELDS: &str = "fields";

/// How a form is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    /// The lines of a `.env` file.
    Lines,
    /// Its one value, as it is.
    Text,
    /// TOML.
    Table,
}

impl Shape {
    /// What editors tell the language by.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Lines => "item.env",
            Self::Text => "item.txt",
            Self::Table => "item.toml",
        }
    }
}

/// What of an item is edited, by the names that its values have.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Form {
    /// How it is written.
    #[zeroize(skip)]
    pub shape: Shape,
    /// The values of its kind, or the variables of an environment set.
    values: Vec<(String, String)>,
    /// Fields that a person added.
    fields: Vec<(String, String)>,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Form({:?}, redacted)", self.shape)
    }
}

impl Form {
    /// Of an item as it is.
    pub fn of(item: &Item) -> Self {
        let mut draft = ItemDraft::of(item);
        let fields = draft.fields.iter();
        let fields = fields
            .map(|field| (field.name.clone(), field.value.clone()))
            .collect();
        let (shape, values) = match &mut draft.content {
            Content::EnvironmentSet { variables } => {
                let pair = |one: &Variable| (one.name.clone(), one.value.clone());
                (Shape::Lines, variables.iter().map(pair).collect())
            }
            content => {
                let shape = match content {
                    Content::Note { .. } => Shape::Text,
                    _ => Shape::Table,
                };
                let parts = Parts::of(content).0.into_iter();
                let mut values: Vec<(String, String)> = parts
                    .map(|(name, value)| (name.to_owned(), value.clone()))
                    .collect();
                if shape == Shape::Table {
                    values.push(("notes".to_owned(), item.notes.clone()));
                }
                (shape, values)
            }
        };
        Self {
            shape,
            values,
            fields,
        }
    }

    /// Puts what was edited into a draft of the same item. What the form does not show stays; a
    /// field that is new is a secret.
    pub fn fill(&self, draft: &mut ItemDraft) {
        if let Content::EnvironmentSet { variables } = &mut draft.content {
            *variables = self
                .values
                .iter()
                .map(|(name, value)| Variable {
                    name: name.clone(),
                    value: value.clone(),
                })
                .collect();
            return;
        }
        let given = |name: &str| self.values.iter().find(|(own, _)| own == name);
        for (name, place) in Parts::of(&mut draft.content).0 {
            if let Some((_, value)) = given(name) {
                value.clone_into(place);
            }
        }
        if self.shape == Shape::Text {
            return;
        }
        if let Some((_, notes)) = given("notes") {
            notes.clone_into(&mut draft.notes);
        }
        let before = std::mem::take(&mut draft.fields);
        let type_of = |name: &str| {
            let own = before.iter().find(|field| field.name == name);
            own.map_or(FieldType::Secret, |field| field.field_type)
        };
        draft.fields = self
            .fields
            .iter()
            .map(|(name, value)| Field {
                name: name.clone(),
                field_type: type_of(name),
                value: value.clone(),
            })
            .collect();
    }

    /// The text that is edited; `None` when its shape cannot hold it.
    pub fn written(&self) -> Option<Zeroizing<String>> {
        let text = Zeroizing::new(match self.shape {
            Shape::Lines => import::render(
                self.values
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str())),
            ),
            Shape::Text => format!("{}\n", self.values.first().map_or("", |(_, text)| text)),
            Shape::Table => {
                let pairs = |pairs: &[(String, String)]| -> Table {
                    let pairs = pairs.iter();
                    pairs
                        .map(|(name, value)| (name.clone(), Value::String(value.clone())))
                        .collect()
                };
                let mut table = pairs(&self.values);
                if !self.fields.is_empty() {
                    table.insert(FIELDS.to_owned(), Value::Table(pairs(&self.fields)));
                }
                table.to_string()
            }
        });
        let same = self.read(&text).is_ok_and(|read| read == *self);
        same.then_some(text)
    }

    /// Reads a text that was edited, of which this form is what it was before. What is wrong is
    /// told with its line and without its content.
    pub fn read(&self, text: &str) -> Result<Self, String> {
        let mut form = Self {
            shape: self.shape,
            values: Vec::new(),
            fields: self.fields.clone(),
        };
        match self.shape {
            Shape::Lines => form.values = lines(text)?,
            Shape::Text => {
                // Editors end the last line.
                let text = text.strip_suffix('\n').unwrap_or(text);
                form.values.push(("text".to_owned(), text.to_owned()));
            }
            Shape::Table => {
                let mut table = table(text)?;
                form.fields = match table.remove(FIELDS) {
                    None => Vec::new(),
                    Some(Value::Table(fields)) => texts(fields)?,
                    Some(_) => return Err(format!("{FIELDS} is a table: write [{FIELDS}]")),
                };
                let names = || self.values.iter().map(|(name, _)| name.as_str());
                let mut read = texts(table)?;
                let is_unknown = |(own, _): &&(String, String)| !names().any(|name| name == own);
                if let Some((unknown, _)) = read.iter().find(is_unknown) {
                    let near = nearest(unknown, names());
                    let near = near.first().map_or_else(
                        || format!("fields of your own stand under [{FIELDS}]"),
                        |near| format!("did you mean {near}?"),
                    );
                    return Err(format!(
                        "{} is no value of this item; {near}",
                        printable(unknown)
                    ));
                }
                for name in names() {
                    let at = read.iter().position(|(own, _)| own == name);
                    let at =
                        at.ok_or_else(|| format!("{name} is missing: {name} = \"\" empties it"))?;
                    form.values.push(read.swap_remove(at));
                }
            }
        }
        Ok(form)
    }
}

fn lines(text: &str) -> Result<Vec<(String, String)>, String> {
    let parsed = import::parse(text);
    if let Some(wrong) = parsed.errors.first() {
        return Err(format!("line {}: {}", wrong.line, wrong.reason));
    }
    let mut values: Vec<(String, String)> = Vec::new();
    for one in &parsed.assignments {
        if values.iter().any(|(name, _)| *name == one.name) {
            return Err(format!(
                "line {}: {} stands there twice",
                one.line,
                printable(&one.name)
            ));
        }
        values.push((one.name.clone(), one.value.clone()));
    }
    Ok(values)
}

/// The reader's own words could quote the text.
fn table(text: &str) -> Result<Table, String> {
    text.parse::<Table>().map_err(|error| {
        let before = error
            .span()
            .map_or(text, |span| &text[..span.start.min(text.len())]);
        format!(
            "line {}: {}",
            before.matches('\n').count() + 1,
            error.message()
        )
    })
}

fn texts(table: Table) -> Result<Vec<(String, String)>, String> {
    let text = |(name, value): (String, Value)| match value {
        Value::String(value) => Ok((name, value)),
        _ => Err(format!(
            "{} is no text: put it between quotes",
            printable(&name)
        )),
    };
    table.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(shape: Shape, values: &[(&str, &str)], fields: &[(&str, &str)]) -> Form {
        let own = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            pairs
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        Form {
            shape,
            values: own(values),
            fields: own(fields),
        }
    }

    fn login() -> Form {
        let values = [
            ("password", "canary"),
            ("username", "ada"),
            ("url", ""),
            ("notes", "one\ntwo\n"),
        ];
        form(
            Shape::Table,
            &values,
            &[("Recovery address", "a@b.example")],
        )
    }

    #[test]
    fn a_form_is_read_as_it_was_written_and_shows_its_values_in_their_order() {
        let text = login().written().expect("is written");
        assert_eq!(
            text.as_str(),
            "password = \"canary\"\nusername = \"ada\"\nurl = \"\"\nnotes = \"\"\"\none\ntwo\n\"\"\"\n\n[fields]\n\"Recovery address\" = \"a@b.example\"\n"
        );
        let note = form(Shape::Text, &[("text", "a\n\nb")], &[]);
        assert_eq!(note.written().expect("is written").as_str(), "a\n\nb\n");
        let lines = form(Shape::Lines, &[("A", "1"), ("B", "x\ny")], &[("own", "c")]);
        let text = lines.written().expect("is written");
        assert_eq!(text.as_str(), "A=1\nB=\"x\\ny\"\n");
        assert!(
            form(Shape::Lines, &[("A", "\u{1}\0")], &[])
                .written()
                .is_none()
        );
    }

    #[test]
    fn what_is_wrong_is_told_without_what_stands_there() {
        for (text, told) in [
            ("password = \"canary", "line 1"),
            (
                "password = 'canary'\nusername = \"canary\nurl = \"\"",
                "line 2",
            ),
            ("password = \"canary\"", "username is missing"),
            (
                "password = 'canary'\npasword = 'x'\nusername = ''\nurl = ''\nnotes = ''",
                "did you mean password?",
            ),
            (
                "password = 'canary'\nusername = ''\nurl = ''\nnotes = ''\nPin = 'canary'",
                "under [fields]",
            ),
            ("password = 1", "password is no text"),
            ("fields = 'canary'", "fields is a table"),
            ("password = 'canary'\npassword = 'canary'", "line 2"),
        ] {
            let error = login().read(text).expect_err(text);
            assert!(error.contains(told), "{text}: {error}");
            assert!(!error.contains("canary"), "{error}");
        }
        let set = form(Shape::Lines, &[], &[]);
        for (text, told) in [
            ("A=1\nA=2\n", "line 2: A stands there twice"),
            ("A=1\nB='canary", "line 2"),
        ] {
            let error = set.read(text).expect_err(text);
            assert!(error.contains(told) && !error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn what_was_edited_goes_into_the_item_and_the_rest_stays() {
        let mut draft = ItemDraft::new(
            "x",
            Content::Login {
                username: "ada".to_owned(),
                password: "canary".to_owned(),
                url: String::new(),
            },
        );
        draft.fields = vec![Field {
            name: "Recovery address".to_owned(),
            field_type: FieldType::Text,
            value: "a@b.example".to_owned(),
        }];
        let text = "password = 'next'\nusername = 'ada'\nurl = ''\nnotes = ''\n[fields]\n'Recovery address' = 'c'\nPin = '1'";
        login().read(text).expect("reads").fill(&mut draft);
        let Content::Login { password, .. } = &draft.content else {
            panic!("another kind");
        };
        assert_eq!(password, "next");
        let types: Vec<FieldType> = draft.fields.iter().map(|field| field.field_type).collect();
        assert_eq!(types, [FieldType::Text, FieldType::Secret]);
        assert_eq!(draft.fields[0].value, "c");
    }

    proptest! {
        #[test]
        fn every_text_of_a_table_comes_back(value in ".{0,40}", name in "[^\\p{Cc}]{1,12}", own in "(?s).{0,40}") {
            let form = form(Shape::Table, &[("value", &value), ("notes", &own)], &[(&name, &own)]);
            prop_assert!(form.written().is_some());
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(?s).{0,80}") {
            for shape in [Shape::Lines, Shape::Text, Shape::Table] {
                let _ = form(shape, &[("value", "")], &[]).read(&text);
            }
            prop_assert!(form(Shape::Text, &[], &[]).read(&text).is_ok());
        }
    }
}
