//! All that a search looks at, one item after the other in one piece of memory: a search reads
//! it for tens of thousands of items at every keystroke, and strings spread over memory would
//! cost it several times the matching.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Which characters a text has, roughly: one bit for each ASCII letter and digit. A word can
/// only be found where all its bits are, which rules most items out without reading them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CharSet(u64);

impl CharSet {
    pub(crate) fn of(text: &str) -> Self {
        text.bytes().fold(Self::default(), |set, byte| {
            match byte.to_ascii_lowercase() {
                letter @ b'a'..=b'z' => Self(set.0 | 1 << (letter - b'a')),
                digit @ b'0'..=b'9' => Self(set.0 | 1 << (26 + digit - b'0')),
                // The matcher may take any other letter for an ASCII one (é for e).
                128.. => Self(u64::MAX),
                _ => set,
            }
        })
    }

    /// The characters a word needs. Non-ASCII letters need none, for they may match others.
    pub(crate) fn needed(word: &str) -> Self {
        Self::of(&word.chars().filter(char::is_ascii).collect::<String>())
    }

    pub(crate) fn has_all(self, needed: Self) -> bool {
        self.0 & needed.0 == needed.0
    }
}

/// Stands in no single-line field.
const SEPARATOR: char = '\n';
/// Bytes that an item's texts take, about.
const TYPICAL_TEXT: usize = 64;
/// Bytes of replaced texts below which clearing up is not worth it.
const GARBAGE_MIN: usize = 64 * 1024;

/// The searched texts of all slots. Dropping it wipes them; copies that growing left behind hold
/// names and no secret, and go when locking ends the worker.
#[derive(Default)]
pub(crate) struct Haystacks {
    /// For each item its name, then its other fields, each after a [`SEPARATOR`]; between them
    /// what was replaced since.
    text: String,
    rows: Vec<Row>,
    garbage: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Row {
    start: usize,
    name_len: usize,
    len: usize,
    name_chars: CharSet,
    other_chars: CharSet,
}

/// What a search looks at in one item.
#[derive(Clone, Copy)]
pub(crate) struct Haystack<'a> {
    text: &'a str,
    name_len: usize,
    pub(crate) name_chars: CharSet,
    /// The characters of every other field.
    pub(crate) other_chars: CharSet,
}

impl<'a> Haystack<'a> {
    pub(crate) fn name(self) -> &'a str {
        &self.text[..self.name_len]
    }

    pub(crate) fn others(self) -> impl Iterator<Item = &'a str> {
        // What comes before the first separator is nothing.
        self.text[self.name_len..].split(SEPARATOR).skip(1)
    }
}

impl Haystacks {
    pub(crate) fn reserve(&mut self, items: usize) {
        self.rows.reserve_exact(items);
        self.text.reserve(items * TYPICAL_TEXT);
    }

    pub(crate) fn get(&self, slot: u32) -> Option<Haystack<'_>> {
        let row = self.rows.get(slot as usize)?;
        Some(Haystack {
            text: &self.text[row.start..row.start + row.len],
            name_len: row.name_len,
            name_chars: row.name_chars,
            other_chars: row.other_chars,
        })
    }

    /// Sets the text of a slot, which is a known one or the next.
    pub(crate) fn set<'a>(&mut self, slot: u32, name: &str, others: impl Iterator<Item = &'a str>) {
        let start = self.text.len();
        self.text.push_str(name);
        for other in others {
            self.text.push(SEPARATOR);
            self.text.push_str(other);
        }
        let row = Row {
            start,
            name_len: name.len(),
            len: self.text.len() - start,
            name_chars: CharSet::of(name),
            other_chars: CharSet::of(&self.text[start + name.len()..]),
        };
        match self.rows.get_mut(slot as usize) {
            Some(old) => {
                self.garbage += old.len;
                *old = row;
            }
            None => self.rows.push(row),
        }
        self.clear_up();
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        if let Some(old) = self.rows.get_mut(slot as usize) {
            self.garbage += old.len;
            *old = Row::default();
        }
        self.clear_up();
    }

    /// Writes the texts anew once half of what is there is garbage, so that each change bears
    /// a constant part of the cost.
    fn clear_up(&mut self) {
        if self.garbage < GARBAGE_MIN || self.garbage * 2 < self.text.len() {
            return;
        }
        let mut text = String::with_capacity(self.text.len() - self.garbage);
        for row in &mut self.rows {
            let start = text.len();
            text.push_str(&self.text[row.start..row.start + row.len]);
            row.start = start;
        }
        self.text.zeroize();
        self.text = text;
        self.garbage = 0;
    }
}

impl Drop for Haystacks {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl ZeroizeOnDrop for Haystacks {}

impl fmt::Debug for Haystacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Haystacks({} items)", self.rows.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(haystacks: &Haystacks, slot: u32) -> (String, Vec<String>) {
        let haystack = haystacks.get(slot).unwrap();
        (
            haystack.name().to_owned(),
            haystack.others().map(str::to_owned).collect(),
        )
    }

    #[test]
    fn texts_survive_replacing_removing_and_clearing_up() {
        let mut haystacks = Haystacks::default();
        let long = "x".repeat(1_000);
        for slot in 0..200 {
            haystacks.set(
                slot,
                &format!("name {slot}"),
                [long.as_str(), "tag"].into_iter(),
            );
        }
        for slot in (0..200).filter(|slot| slot % 3 != 0) {
            haystacks.remove(slot);
        }
        haystacks.set(6, "renamed", std::iter::empty());
        assert!(haystacks.text.len() < 200 * 1_000, "the garbage is gone");
        assert_eq!(shown(&haystacks, 6), ("renamed".to_owned(), vec![]));
        assert_eq!(
            shown(&haystacks, 9),
            ("name 9".to_owned(), vec![long.clone(), "tag".to_owned()])
        );
        assert_eq!(shown(&haystacks, 10), (String::new(), vec![]));
        assert!(haystacks.get(200).is_none());
    }

    #[test]
    fn a_word_needs_its_ascii_characters() {
        let set = CharSet::of("OpenAI key 2");
        assert!(set.has_all(CharSet::needed("openai2")));
        assert!(!set.has_all(CharSet::needed("openaiq")));
        assert!(set.has_all(CharSet::needed("é-")));
        assert!(CharSet::of("café").has_all(CharSet::needed("cafe")));
    }
}
