//! The languages of an installation, and which of them a request gets.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, header};

use crate::{
    built::Asset,
    language::{Catalogue, Spoken},
};

/// The name of the cookie by which somebody has chosen, and of what a query asks for.
pub const COOKIE: &str = "language";
/// What every text is in without a catalogue.
pub const ENGLISH: &str = "en";

/// A language that there is a catalogue for.
#[derive(Debug, Clone)]
pub struct Language {
    /// Its texts. They stay for as long as the server runs.
    pub catalogue: &'static Catalogue,
    /// Their file, for browsers.
    pub file: Asset,
}

/// All languages but English, which needs no catalogue.
#[derive(Debug, Clone, Default)]
pub struct Languages(pub Arc<[Language]>);

/// The language of a request; none for English.
#[derive(Debug, Clone, Copy, Default)]
pub struct Chosen<'a>(pub Option<&'a Language>);

impl Chosen<'_> {
    /// Its tag, as in BCP 47.
    pub fn tag(self) -> &'static str {
        self.0.map_or(ENGLISH, |language| language.catalogue.tag())
    }

    /// What the context of a rendering needs, so that its texts are in this language.
    pub fn spoken(self) -> Spoken {
        Spoken(self.0.map(|language| language.catalogue))
    }
}

impl Languages {
    /// The tag and own name of every language, English first.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let others = self.0.iter().map(|language| {
            let catalogue: &'static Catalogue = language.catalogue;
            (catalogue.tag(), catalogue.name())
        });
        [(ENGLISH, "English")].into_iter().chain(others)
    }

    /// The language that a query asks for, `language=de`: each document has an address of its own
    /// by which a release can be compared with what is served.
    pub fn asked_for(&self, query: Option<&str>) -> Option<Chosen<'_>> {
        let mut pairs = query?.split('&');
        let tag = pairs.find_map(|pair| pair.strip_prefix(COOKIE)?.strip_prefix('='))?;
        self.tagged(tag)
    }

    /// The language that was noted with something by its tag. English where that is not there any
    /// more.
    pub fn noted(&self, tag: Option<&str>) -> Chosen<'_> {
        tag.and_then(|tag| self.tagged(tag)).unwrap_or_default()
    }

    /// The language with a tag, in whatever case.
    fn tagged(&self, tag: &str) -> Option<Chosen<'_>> {
        if tag.eq_ignore_ascii_case(ENGLISH) {
            return Some(Chosen(None));
        }
        let mut all = self.0.iter();
        let found = all.find(|language| language.catalogue.tag().eq_ignore_ascii_case(tag))?;
        Some(Chosen(Some(found)))
    }

    /// The language for a request: what was chosen by cookie, or else what the browser likes best
    /// of those that are there (RFC 9110, section 12.5.4; RFC 4647, "lookup"), or else English.
    pub fn choose(&self, headers: &HeaderMap) -> Chosen<'_> {
        let cookie = values(headers, header::COOKIE, ';')
            .find_map(|pair| pair.strip_prefix(COOKIE)?.strip_prefix('='))
            .and_then(|tag| self.tagged(tag));
        if let Some(chosen) = cookie {
            return chosen;
        }
        let mut best = (0.0, Chosen(None));
        for range in values(headers, header::ACCEPT_LANGUAGE, ',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let quality = parts.find_map(|part| part.strip_prefix("q="));
            let quality = quality.map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
            // `de-AT` is content with `de`.
            let mut shorter = Some(tag);
            let found = std::iter::from_fn(|| {
                let now = shorter?;
                shorter = now.rsplit_once('-').map(|(front, _)| front);
                Some(now)
            })
            .find_map(|tag| self.tagged(tag));
            if let Some(found) = found
                && quality > best.0
            {
                best = (quality, found);
            }
        }
        best.1
    }
}

fn values(headers: &HeaderMap, name: HeaderName, between: char) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(move |line| line.split(between))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn languages() -> Languages {
        let language = |tag: &str| {
            let file = format!(
                "msgid \"\"\nmsgstr \"Language: {tag}\\nX-Name: {tag}\\nPlural-Forms: nplurals=1; plural=0;\\n\"\n"
            );
            Language {
                catalogue: Box::leak(Box::new(Catalogue::parse(&file).expect("a catalogue"))),
                file: Asset::default(),
            }
        };
        Languages([language("de"), language("pt-BR")].into())
    }

    fn chosen(cookie: &str, accepted: &str) -> &'static str {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookie.parse().expect("a value"));
        headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().expect("a value"));
        languages().choose(&headers).tag()
    }

    #[test]
    fn the_browser_is_asked_first_and_in_its_order() {
        assert_eq!(chosen("", "de"), "de");
        assert_eq!(chosen("", "DE-at, en;q=0.5"), "de");
        assert_eq!(chosen("", "fr, en;q=0.3, pt-br;q=0.8"), "pt-BR");
        assert_eq!(chosen("", "en-GB, de;q=0.9"), "en");
        assert_eq!(chosen("", "fr;q=1, de;q=0"), "en");
        assert_eq!(chosen("", "pt"), "en");
        for odd in ["", "*", ";;", "-", "de;q=x", "--de"] {
            assert_eq!(chosen("", odd), "en", "{odd}");
        }
    }

    #[test]
    fn what_was_chosen_counts_before_it() {
        assert_eq!(chosen("theme=dark; language=en", "de"), "en");
        assert_eq!(chosen("language=pt-BR", "de"), "pt-BR");
        assert_eq!(chosen("language=\"><script>", "de"), "de");
        assert_eq!(chosen("mylanguage=de", "en"), "en");
    }

    #[test]
    fn a_query_can_ask_for_a_language() {
        let languages = languages();
        let asked = |query: &str| languages.asked_for(Some(query)).map(Chosen::tag);
        assert_eq!(asked("a=b&language=de"), Some("de"));
        assert_eq!(asked("language=en"), Some("en"));
        assert_eq!(asked("language=fr"), None);
        assert_eq!(asked("languages=de"), None);
    }

    #[test]
    fn english_is_the_first_name() {
        let languages = languages();
        let names: Vec<_> = languages.names().collect();
        assert_eq!(names[0], ("en", "English"));
        assert_eq!(names.len(), 3);
    }
}
