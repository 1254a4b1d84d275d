//! What people read, in their language.
//!
//! The text in the code is English, and the key of its translations: `t!("Save")`. A language is
//! one file, `public/languages/<tag>.po`, in the format of GNU gettext (its manual, "The Format of
//! PO Files"), so that every tool for translators reads it. `cargo x language` keeps the files in
//! step with the code, and a law of `cargo x tidy` holds that nothing is missing in them.
//!
//! The browser's half speaks one language from its start to its end: the page is loaded anew for
//! another. The server's half speaks the language of each request.

pub use elsewhere::{is_of_several, of_server};
pub use keyarc_catalogue::{Catalogue, CatalogueError};

use std::fmt::Display;

/// A text for people: `t!("Save")` is a `&'static str`, `t!("{name} saved.", name)` and
/// `t!("Version {number}", number = 3)` are a `String`.
macro_rules! t {
    ($text:literal) => {
        $crate::language::text($text)
    };
    ($text:literal, $($name:ident $(= $value:expr)?),+ $(,)?) => {
        $crate::language::filled($text, &[$((stringify!($name), t!(@value $name $($value)?))),+])
    };
    (@value $name:ident) => {
        &$name as &dyn std::fmt::Display
    };
    (@value $name:ident $value:expr) => {
        &$value as &dyn std::fmt::Display
    };
}

/// A text that depends on a count, which stands in it as `{count}`:
/// `tn!(items, "{count} item", "{count} items")` is a `String`. Further values as in [`t!`].
#[cfg(any(feature = "csr", test))]
macro_rules! tn {
    ($count:expr, $one:literal, $other:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::language::counted(
            u64::from($count),
            $one,
            $other,
            &[$((stringify!($name), t!(@value $name $($value)?))),*],
        )
    };
}

/// A text that has several translations, with what tells them apart:
/// `tc!("button", "Open")` is a `&'static str`.
macro_rules! tc {
    ($context:literal, $text:literal) => {
        $crate::language::text_in($context, $text)
    };
}

/// Marks a text that stands in a constant; [`text`] shows it: `const NAME: &str = mark!("Name")`.
macro_rules! mark {
    ($text:literal) => {
        $text
    };
}

// Below the macros, which it says its texts by.
mod elsewhere;

/// The catalogue that is spoken now; none for English.
#[cfg(target_arch = "wasm32")]
fn spoken() -> Option<&'static Catalogue> {
    SPOKEN.get().map(|(catalogue, _)| catalogue)
}

/// The catalogue and its file.
#[cfg(target_arch = "wasm32")]
static SPOKEN: std::sync::OnceLock<(Catalogue, String)> = std::sync::OnceLock::new();

/// Speaks the language of a catalogue from now on. Once, before anything is shown; `file` is the
/// text of it, or nothing for English, which is spoken as well when it is no catalogue.
#[cfg(target_arch = "wasm32")]
pub fn speak(file: &str) {
    if file.is_empty() {
        return;
    }
    match Catalogue::parse(file) {
        Ok(catalogue) => drop(SPOKEN.set((catalogue, file.to_owned()))),
        Err(error) => leptos::logging::warn!("English is shown: {error}"),
    }
}

/// The file of the language that is spoken, for [`speak`] in a worker.
#[cfg(target_arch = "wasm32")]
pub fn words() -> &'static str {
    SPOKEN.get().map_or("", |(_, file)| file)
}

/// The file of the language that is spoken. There are no workers but in a browser.
#[cfg(not(target_arch = "wasm32"))]
pub fn words() -> &'static str {
    ""
}

/// The catalogue that is spoken now; none for English. On the server it is in the context of
/// what is rendered: see [`Spoken`].
#[cfg(not(target_arch = "wasm32"))]
fn spoken() -> Option<&'static Catalogue> {
    leptos::prelude::use_context::<Spoken>()?.0
}

/// In the context of what the server renders: the language that it is rendered in.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug, Clone, Copy)]
pub struct Spoken(pub Option<&'static Catalogue>);

/// What is said in a language where nothing is rendered: in a mail, for example.
#[cfg(not(target_arch = "wasm32"))]
pub fn speaking<R>(spoken: Spoken, say: impl FnOnce() -> R) -> R {
    leptos::prelude::Owner::new_root(None).with(|| {
        leptos::prelude::provide_context(spoken);
        say()
    })
}

/// The tag of the language that is spoken, as in BCP 47.
pub fn tag() -> &'static str {
    spoken().map_or("en", Catalogue::tag)
}

/// The translation of a text.
pub fn text(english: &'static str) -> &'static str {
    let found = spoken().and_then(|spoken| spoken.get(None, english));
    found.unwrap_or(english)
}

/// The translation of a text in a context.
pub fn text_in(context: &str, english: &'static str) -> &'static str {
    let found = spoken().and_then(|spoken| spoken.get(Some(context), english));
    found.unwrap_or(english)
}

/// The translation of a text with values in the places that name them.
pub fn filled(english: &'static str, values: &[(&str, &dyn Display)]) -> String {
    fill(text(english), values)
}

/// The translation of a text that depends on a count.
pub fn counted(
    count: u64,
    one: &'static str,
    other: &'static str,
    values: &[(&str, &dyn Display)],
) -> String {
    let found = spoken().and_then(|spoken| spoken.get_counted(one, count));
    let form = found.unwrap_or(if count == 1 { one } else { other });
    let shown = number(count);
    let mut all: Vec<(&str, &dyn Display)> = vec![("count", &shown)];
    all.extend_from_slice(values);
    fill(form, &all)
}

/// The translation of a text that comes from another crate, or from the server, which speak
/// English: one of those in [`elsewhere`], numbers aside. Any other text stays as it is.
pub fn known(english: &str) -> String {
    let Some(spoken) = spoken() else {
        return english.to_owned();
    };
    if let Some(found) = spoken.get(None, english) {
        return found.to_owned();
    }
    let (pattern, numbers) = without_numbers(english);
    match spoken.get(None, &pattern) {
        Some(form) if !numbers.is_empty() => {
            let names: Vec<String> = (1..=numbers.len()).map(|at| at.to_string()).collect();
            let pairs = names.iter().zip(&numbers);
            let values: Vec<(&str, &dyn Display)> = pairs
                .map(|(name, number)| (name.as_str(), number as &dyn Display))
                .collect();
            fill(form, &values)
        }
        _ => english.to_owned(),
    }
}

/// A text with `{1}`, `{2}`, … for its numbers, and these.
fn without_numbers(text: &str) -> (String, Vec<&str>) {
    let (mut pattern, mut numbers) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some(start) = rest.find(|char: char| char.is_ascii_digit()) {
        let number = &rest[start..];
        let end = number
            .find(|char: char| !char.is_ascii_digit() && char != ',')
            .unwrap_or(number.len());
        let number = number[..end].trim_end_matches(',');
        pattern.push_str(&rest[..start]);
        numbers.push(number);
        pattern.push_str(&format!("{{{}}}", numbers.len()));
        rest = &rest[start + number.len()..];
    }
    pattern.push_str(rest);
    (pattern, numbers)
}

/// A number, its thousands apart.
pub fn number(value: impl Into<u64>) -> String {
    let between = tc!("between thousands", ",");
    let digits = value.into().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * between.len());
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push_str(between);
        }
        out.push(digit);
    }
    out
}

/// Puts values into the places `{name}` of a text. A place without a value stays as it is.
fn fill(text: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let place = after.split_once('}');
        let value = place.and_then(|(name, _)| values.iter().find(|(known, _)| *known == name));
        match (place, value) {
            (Some((_, behind)), Some((_, value))) => {
                out.push_str(&value.to_string());
                rest = behind;
            }
            _ => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use leptos::prelude::{Owner, provide_context};

    use super::*;

    const GERMAN: &str = "msgid \"\"\nmsgstr \"Language: de\\nX-Name: Deutsch\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n\"\n\
        msgid \"{name} saved.\"\nmsgstr \"Gespeichert: {name}.\"\n\
        msgid \"{count} item of {name}\"\nmsgid_plural \"{count} items of {name}\"\nmsgstr[0] \"{count} Eintrag von {name}\"\nmsgstr[1] \"{count} Einträge von {name}\"\n\
        msgctxt \"between thousands\"\nmsgid \",\"\nmsgstr \".\"\n";

    #[test]
    fn english_is_the_key_and_what_is_left_without_a_catalogue() {
        let name = "a{b}";
        assert_eq!(t!("{name} saved."), "{name} saved.");
        assert_eq!(t!("{name} saved.", name), "a{b} saved.");
        assert_eq!(tn!(1_u32, "{count} item", "{count} items"), "1 item");
        assert_eq!(
            tn!(1_204_u32, "{count} item", "{count} items"),
            "1,204 items"
        );
        assert_eq!(tc!("button", "Open"), "Open");
    }

    #[test]
    fn a_catalogue_in_the_context_is_spoken() {
        let catalogue: &'static Catalogue =
            Box::leak(Box::new(Catalogue::parse(GERMAN).expect("a catalogue")));
        let name = "Eva";
        Owner::new_root(None).with(|| {
            provide_context(Spoken(Some(catalogue)));
            assert_eq!(t!("{name} saved.", name), "Gespeichert: Eva.");
            let of = |count: u32| {
                tn!(
                    count,
                    "{count} item of {name}",
                    "{count} items of {name}",
                    name
                )
            };
            assert_eq!(of(1), "1 Eintrag von Eva");
            assert_eq!(of(50_000_000), "50.000.000 Einträge von Eva");
            assert_eq!(t!("Not in it"), "Not in it");
        });
    }

    #[test]
    fn numbers_get_commas() {
        assert_eq!(number(7_u32), "7");
        assert_eq!(number(999_u32), "999");
        assert_eq!(number(1_204_u32), "1,204");
        assert_eq!(number(50_000_000_u32), "50,000,000");
    }

    #[test]
    fn texts_of_other_crates_are_known_by_their_words() {
        assert_eq!(
            without_numbers("at most 1,204 of 7, or 3."),
            (
                "at most {1} of {2}, or {3}.".to_owned(),
                vec!["1,204", "7", "3"]
            )
        );
        let file = format!(
            "{GERMAN}\nmsgid \"at most {{1}} of {{2}}\"\nmsgstr \"von {{2}} höchstens {{1}}\"\n\nmsgid \"needs a name\"\nmsgstr \"braucht einen Namen\"\n"
        );
        let catalogue: &'static Catalogue =
            Box::leak(Box::new(Catalogue::parse(&file).expect("a catalogue")));
        assert_eq!(known("needs a name"), "needs a name");
        Owner::new_root(None).with(|| {
            provide_context(Spoken(Some(catalogue)));
            assert_eq!(known("needs a name"), "braucht einen Namen");
            assert_eq!(known("at most 3 of 1,204"), "von 1,204 höchstens 3");
            assert_eq!(known("needs 3 names"), "needs 3 names");
        });
    }

    #[test]
    fn places_without_a_value_stay() {
        let value: &dyn Display = &7;
        assert_eq!(fill("{a} {b} {", &[("a", value)]), "7 {b} {");
        assert_eq!(fill("}{a}{", &[("a", value)]), "}7{");
    }
}
