use leptos::prelude::*;

use super::cookie::{A_YEAR, keep_cookie};

/// The languages of this installation: their tags, and what they call themselves. The server
/// writes them into the document.
pub fn languages() -> Vec<(String, String)> {
    listed(&of_document("data-languages"))
}

/// The tag of the language that the page is in, from its beginning to its end.
pub fn spoken_language() -> String {
    of_document("lang")
}

/// Chooses a language for later pages, public ones too.
pub fn keep_language(tag: &str) {
    keep_cookie("language", tag, A_YEAR);
}

fn of_document(attribute: &str) -> String {
    let root = document().document_element();
    root.and_then(|root| root.get_attribute(attribute))
        .unwrap_or_default()
}

/// Reads `en English;de Deutsch`.
fn listed(languages: &str) -> Vec<(String, String)> {
    let one = |language: &str| {
        let (tag, name) = language.split_once(' ')?;
        Some((tag.to_owned(), name.to_owned()))
    };
    languages.split(';').filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn languages_are_read_with_their_names() {
        let pair = |tag: &str, name: &str| (tag.to_owned(), name.to_owned());
        assert_eq!(
            listed("en English;pt-BR Português do Brasil"),
            [pair("en", "English"), pair("pt-BR", "Português do Brasil")]
        );
        assert!(listed("").is_empty());
    }
}
