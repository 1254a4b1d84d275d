//! Fuzzy search: which rows a text finds, how well, and which characters of a name it hit.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{Atom, AtomKind, CaseMatching, Normalization},
};

use crate::haystack::{CharSet, Haystack};

/// Longest search text in characters; the rest of a longer one is ignored.
const TEXT_MAX: usize = 200;

/// A search text, taken apart. Every word must be found somewhere in a row.
pub(crate) struct Pattern {
    words: Vec<(CharSet, Atom)>,
}

impl Pattern {
    /// `None` when the text has nothing to search for.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let end = text
            .char_indices()
            .nth(TEXT_MAX)
            .map_or(text.len(), |(at, _)| at);
        let words: Vec<_> = text[..end]
            .split_whitespace()
            .map(|word| {
                let atom = Atom::new(
                    word,
                    CaseMatching::Ignore,
                    Normalization::Smart,
                    AtomKind::Fuzzy,
                    false,
                );
                (CharSet::needed(word), atom)
            })
            .collect();
        (!words.is_empty()).then_some(Self { words })
    }
}

/// The matcher and its buffers, kept between searches: making them costs more than a search.
pub(crate) struct Searcher {
    matcher: Matcher,
    chars: Vec<char>,
}

impl Searcher {
    pub(crate) fn new() -> Self {
        Self {
            matcher: Matcher::new(Config::DEFAULT),
            chars: Vec::new(),
        }
    }

    /// How well an item fits; `None` when it does not. A hit in the name counts a quarter more
    /// than the same one elsewhere.
    pub(crate) fn score(&mut self, pattern: &Pattern, haystack: Haystack<'_>) -> Option<u16> {
        let mut total = 0_u16;
        for (needed, atom) in &pattern.words {
            let mut best = None;
            if haystack.name_chars.has_all(*needed) {
                best = self
                    .field(atom, haystack.name())
                    .map(|score| score + score / 4);
            }
            if haystack.other_chars.has_all(*needed) {
                for field in haystack.others() {
                    best = best.max(self.field(atom, field));
                }
            }
            total = total.saturating_add(best?);
        }
        Some(total)
    }

    /// The character positions in a name that the words hit, ascending.
    pub(crate) fn positions(&mut self, pattern: &Pattern, name: &str) -> Vec<u32> {
        let mut hits = Vec::new();
        for (_, atom) in &pattern.words {
            let haystack = Utf32Str::new(name, &mut self.chars);
            // Words that the name does not have were found in another field.
            let _ = atom.indices(haystack, &mut self.matcher, &mut hits);
        }
        hits.sort_unstable();
        hits.dedup();
        hits
    }

    fn field(&mut self, atom: &Atom, text: &str) -> Option<u16> {
        atom.score(Utf32Str::new(text, &mut self.chars), &mut self.matcher)
    }
}
