//! The catalogues of the app's texts, one file for each language, against what its sources say.

mod source;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use keyarc_catalogue::{Catalogue, Entry, entries, quoted};
use source::{Key, Message};

use crate::{files, tidy::Violation, workspace::Workspace};

/// Where the catalogues are.
const FOLDER: &str = "public/languages";
/// The sources that speak to people.
const SOURCES: &str = "app/src";

/// Brings every catalogue in step with the sources: new texts come without a translation, those
/// that are gone go. With a tag and the language's own name a new catalogue begins. Returns how
/// many texts wait for a translation in each.
pub fn update(
    workspace: &Workspace,
    new: Option<(&str, &str)>,
) -> anyhow::Result<Vec<(String, usize)>> {
    let messages = source::messages(&workspace.root.join(SOURCES))?;
    let mut all = catalogues(workspace)?;
    if let Some((tag, name)) = new {
        let path = workspace.root.join(FOLDER).join(format!("{tag}.po"));
        anyhow::ensure!(!path.exists(), "{FOLDER}/{tag}.po is there already");
        let header = format!(
            "Language: {tag}\nX-Name: {name}\nContent-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"
        );
        let header = Entry {
            forms: vec![header],
            ..Entry::default()
        };
        fs::write(&path, written(&[header], &BTreeMap::new()))?;
        all.push(path);
    }
    let mut waiting = Vec::new();
    for path in all {
        let known = read(&path)?;
        fs::write(&path, written(&known, &messages))?;
        let left = read(&path)?;
        let left = left
            .iter()
            .filter(|entry| entry.fuzzy || entry.forms.iter().any(String::is_empty));
        waiting.push((place(workspace, &path), left.count()));
    }
    Ok(waiting)
}

/// What is missing, left over or wrong in the catalogues.
pub fn check(workspace: &Workspace) -> anyhow::Result<Vec<Violation>> {
    let messages = source::messages(&workspace.root.join(SOURCES))?;
    let mut found = Vec::new();
    for path in catalogues(workspace)? {
        let place = place(workspace, &path);
        let text = fs::read_to_string(&path)?;
        if let Err(error) = Catalogue::parse(&text) {
            found.push(Violation {
                place,
                law: error.to_string(),
            });
            continue;
        }
        let wrong = compare(&messages, &read(&path)?, forms_of(&text));
        found.extend(wrong.into_iter().map(|law| Violation {
            place: place.clone(),
            law,
        }));
    }
    Ok(found)
}

fn catalogues(workspace: &Workspace) -> anyhow::Result<Vec<PathBuf>> {
    let mut all = files::below(&workspace.root.join(FOLDER))?;
    all.retain(|path| path.extension().is_some_and(|ending| ending == "po"));
    Ok(all)
}

fn place(workspace: &Workspace, path: &Path) -> String {
    let path = path.strip_prefix(&workspace.root).unwrap_or(path);
    path.to_string_lossy().into_owned()
}

fn read(path: &Path) -> anyhow::Result<Vec<Entry>> {
    let text = fs::read_to_string(path)?;
    entries(&text).with_context(|| path.display().to_string())
}

/// How many forms a counted text has in a language, as its header says.
fn forms_of(file: &str) -> usize {
    let number = file.split_once("nplurals=").map(|(_, rest)| rest);
    let digits = number.and_then(|rest| rest.split(';').next());
    digits
        .and_then(|digits| digits.trim().parse().ok())
        .unwrap_or(2)
}

fn compare(messages: &BTreeMap<Key, Message>, known: &[Entry], forms: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    let by_key: BTreeMap<Key, &Entry> = translations(known).collect();
    for (key, message) in messages {
        let (_, english) = key;
        let Some(entry) = by_key.get(key) else {
            wrong.push(format!(
                "“{english}” is missing: run `cargo x language`, and translate it"
            ));
            continue;
        };
        if entry.fuzzy || entry.forms.iter().any(String::is_empty) {
            wrong.push(format!("“{english}” waits for its translation"));
            continue;
        }
        let expected = if message.plural.is_some() { forms } else { 1 };
        if entry.forms.len() != expected || entry.plural != message.plural {
            wrong.push(format!(
                "“{english}” has other forms: run `cargo x language`"
            ));
            continue;
        }
        let places = places(message.plural.as_deref().unwrap_or(english));
        for form in &entry.forms {
            let own = self::places(form);
            // A form for one may do without the number.
            let optional = BTreeSet::from(["count"]);
            let lost = places
                .difference(&own)
                .any(|name| message.plural.is_none() || !optional.contains(name));
            if lost || own.difference(&places).next().is_some() {
                wrong.push(format!(
                    "“{form}” has other places for values than “{english}”"
                ));
            }
            let ends = |text: &str| (text.starts_with(' '), text.ends_with(' '));
            if ends(form) != ends(english) {
                wrong.push(format!(
                    "“{form}” begins or ends otherwise than “{english}”"
                ));
            }
        }
    }
    for (key, entry) in by_key {
        if !messages.contains_key(&key) {
            wrong.push(format!(
                "“{}” is said nowhere: run `cargo x language`",
                entry.id
            ));
        }
    }
    wrong
}

fn translations(known: &[Entry]) -> impl Iterator<Item = (Key, &Entry)> {
    let texts = known.iter().filter(|entry| !entry.id.is_empty());
    texts.map(|entry| ((entry.context.clone(), entry.id.clone()), entry))
}

/// The names in braces.
fn places(text: &str) -> BTreeSet<&str> {
    let parts = text.split('{').skip(1);
    parts
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name)
        .collect()
}

/// A catalogue with the header and the translations of `known` for `messages`.
fn written(known: &[Entry], messages: &BTreeMap<Key, Message>) -> String {
    let by_key: BTreeMap<Key, &Entry> = translations(known).collect();
    let header = known.iter().find(|entry| entry.id.is_empty());
    let mut out = String::from(
        "# `cargo x language` keeps the texts of this file in step with those of the code.\nmsgid \"\"\nmsgstr \"\"\n",
    );
    for line in header
        .and_then(|header| header.forms.first())
        .into_iter()
        .flat_map(|text| text.lines())
    {
        let _ = writeln!(out, "{}", quoted(&format!("{line}\n")));
    }
    for (key, message) in messages {
        let (context, english) = key;
        let entry = by_key.get(key);
        let _ = writeln!(out, "\n#: {}", message.files.join(" "));
        if entry.is_some_and(|entry| entry.fuzzy) {
            out.push_str("#, fuzzy\n");
        }
        if let Some(context) = context {
            let _ = writeln!(out, "msgctxt {}", quoted(context));
        }
        let _ = writeln!(out, "msgid {}", quoted(english));
        let form = |at: usize| {
            entry
                .and_then(|entry| entry.forms.get(at))
                .map_or("", String::as_str)
        };
        match &message.plural {
            None => {
                let _ = writeln!(out, "msgstr {}", quoted(form(0)));
            }
            Some(plural) => {
                let _ = writeln!(out, "msgid_plural {}", quoted(plural));
                let forms = header
                    .and_then(|header| header.forms.first())
                    .map_or(2, |text| forms_of(text));
                for at in 0..forms {
                    let _ = writeln!(out, "msgstr[{at}] {}", quoted(form(at)));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages() -> BTreeMap<Key, Message> {
        let message = |plural: Option<&str>| Message {
            plural: plural.map(str::to_owned),
            files: vec!["list.rs".to_owned()],
        };
        BTreeMap::from([
            ((None, "Save {name}".to_owned()), message(None)),
            (
                (None, "{count} item".to_owned()),
                message(Some("{count} items")),
            ),
        ])
    }

    fn wrong(file: &str) -> Vec<String> {
        compare(&messages(), &entries(file).expect("entries"), 2)
    }

    const WHOLE: &str = "msgid \"Save {name}\"\nmsgstr \"{name} sichern\"\n\nmsgid \"{count} item\"\nmsgid_plural \"{count} items\"\nmsgstr[0] \"Ein Eintrag\"\nmsgstr[1] \"{count} Einträge\"\n";

    #[test]
    fn a_whole_catalogue_is_right_and_stays_as_it_is() {
        assert_eq!(wrong(WHOLE), Vec::<String>::new());
        let again = written(&entries(WHOLE).expect("entries"), &messages());
        assert_eq!(wrong(&again), Vec::<String>::new());
        let twice = written(&entries(&again).expect("entries"), &messages());
        assert_eq!(again, twice);
    }

    #[test]
    fn what_is_missing_left_over_or_wrong_is_told() {
        assert_eq!(wrong("").len(), 2);
        assert_eq!(
            wrong(&format!("{WHOLE}\nmsgid \"Old\"\nmsgstr \"Alt\"\n")).len(),
            1
        );
        assert_eq!(wrong(&WHOLE.replace("{name} sichern", "Sichern")).len(), 1);
        assert_eq!(wrong(&WHOLE.replace("{name} sichern", "")).len(), 1);
        assert_eq!(
            wrong(&WHOLE.replace("{name} sichern", "{name} sichern ")).len(),
            1
        );
        assert_eq!(
            wrong(&WHOLE.replace("{count} Einträge", "{number} Einträge")).len(),
            1
        );
        assert_eq!(
            wrong(&WHOLE.replace("msgstr[1] \"{count} Einträge\"\n", "")).len(),
            1
        );
        assert_eq!(wrong(&format!("#, fuzzy\n{WHOLE}")).len(), 1);
    }

    #[test]
    fn new_texts_come_and_old_ones_go() {
        let file = written(
            &entries("msgid \"Old\"\nmsgstr \"Alt\"\n").expect("entries"),
            &messages(),
        );
        assert!(file.contains("msgid \"Save {name}\"\nmsgstr \"\"\n"));
        assert!(file.contains("msgstr[1] \"\"\n") && !file.contains("Old"));
    }
}
