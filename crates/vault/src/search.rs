//! Fuzzy search: which rows a text finds, how well, and which characters of a name it hit.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{Atom, AtomKind, CaseMatching, Normalization},
};

use crate::{
    Found, FoundIn,
    entry::Entry,
    haystack::{CharSet, Haystack},
};

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

    /// What the words hit in a row: the character positions in its name, ascending, and for the
    /// words that it does not have the best of its other fields.
    pub(crate) fn hits(&mut self, pattern: &Pattern, entry: &Entry) -> (Vec<u32>, Vec<Found>) {
        let mut hits = Vec::new();
        let mut found: Vec<Found> = Vec::new();
        for (_, atom) in &pattern.words {
            let name = Utf32Str::new(&entry.record.name, &mut self.chars);
            if atom.indices(name, &mut self.matcher, &mut hits).is_some() {
                continue;
            }
            let mut best: Option<(u16, FoundIn, &str)> = None;
            for (place, text) in entry.other_places() {
                if let Some(score) = self.field(atom, text)
                    && best.is_none_or(|(highest, ..)| score > highest)
                {
                    best = Some((score, place, text));
                }
            }
            let Some((_, place, text)) = best else {
                continue;
            };
            let mut matches = Vec::new();
            let haystack = Utf32Str::new(text, &mut self.chars);
            let _ = atom.indices(haystack, &mut self.matcher, &mut matches);
            match found
                .iter_mut()
                .find(|at| at.place == place && at.text == text)
            {
                Some(known) => known.matches.append(&mut matches),
                None => found.push(Found {
                    place,
                    text: text.to_owned(),
                    matches,
                }),
            }
        }
        ascending(&mut hits);
        for Found { matches, .. } in &mut found {
            ascending(matches);
        }
        (hits, found)
    }

    fn field(&mut self, atom: &Atom, text: &str) -> Option<u16> {
        atom.score(Utf32Str::new(text, &mut self.chars), &mut self.matcher)
    }
}

fn ascending(positions: &mut Vec<u32>) {
    positions.sort_unstable();
    positions.dedup();
}
